"""Networks for the tests of the map: an ordinary one, one with hostile names, and plans of both."""

from __future__ import annotations

import dataclasses
from typing import Any

from planner.network import Network, build_network
from planner.physics.module import load_module
from planner.plan import Plan, make_plan
from planner.records import ChannelRecord, CoexistenceRecord, Figure, SatelliteRecord, ServiceRecord, SourceRecord
from planner.satellite import load_satellite

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "{{ lipsum.__globals__.os.getpid() }}",
    "{{1001*1001}}",
    "{% raw %}",
    "{#",
    "{{",
    "${alert(1)}",
    "`",
    "\\",
    "C:\\1`${alert(1)}",
    "=1+1",
    "\"'onmouseover=alert(1) x='",
    "line\u2028separator\u2029here",
    "\u202egnp.exe",
    "😀 👩‍👩‍👧",
    "&lt;b&gt; &amp;",
    "x" * 400,
)
"""Names that were seen to run code or to break a map, or that may."""

PLACES = (
    ("beijing", "Beijing", "北京", 39.904, 116.407),
    ("tianjin", "Tianjin", "天津", 39.125, 117.190),
    ("cangzhou", "Cangzhou", "沧州", 38.304, 116.839),
    ("jinan", "Jinan", "济南", 36.651, 117.120),
    ("xuzhou", "Xuzhou", "徐州", 34.262, 117.184),
    ("hefei", "Hefei", "合肥", 31.820, 117.227),
    ("nanjing", "Nanjing", "南京", 32.060, 118.797),
    ("shanghai", "Shanghai", "上海", 31.230, 121.474),
)


def node_row(node_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"node_id": node_id, "name": name, "kind": "trusted", "basis": "assumed"} | more


def link_row(node_a: str, node_b: str, **more: Any) -> dict[str, Any]:
    ends = {"link_id": f"{node_a}-{node_b}", "node_a": node_a, "node_b": node_b, "length_km": 80.0}
    return ends | {"basis": "assumed", "key_rate_bps": 30_000.0} | more


def chain_network() -> Network:
    """Beijing to Shanghai by way of Hefei: a measured loss, a measured rate, a dead link, all kinds of node."""
    nodes = [node_row(i, name, name_local=local, lat_deg=lat, lon_deg=lon) for i, name, local, lat, lon in PLACES]
    nodes += [
        node_row("bank", "Bank", kind="user", lat_deg=31.4, lon_deg=121.0),
        node_row("station", "Xinglong", kind="ground", lat_deg=40.39, lon_deg=117.58),
        node_row("bird", "Micius", kind="satellite", lat_deg=38.0, lon_deg=112.0),
        node_row("switch", "Switch", kind="switch", lat_deg=31.6, lon_deg=118.0),
    ]
    module = load_module("decoy-625mhz")
    own = {"key_rate_bps": None, "module": "decoy-625mhz", "module_pairs": 3}
    links = [
        link_row("beijing", "tianjin", **own, basis="published", source="report-2016"),
        link_row("tianjin", "cangzhou", **own, loss_db=16.5),
        link_row("cangzhou", "jinan", **own | {"key_rate_bps": 12_345.0}),
        link_row("jinan", "xuzhou", **own),
        link_row("xuzhou", "hefei", length_km=60.0),
        link_row("hefei", "nanjing", via="switch", length_km=70.0),
        link_row("nanjing", "shanghai", geometry="LINESTRING (118.797 32.06, 120.3 31.5, 121.474 31.23)"),
        link_row("bank", "shanghai", key_rate_bps=800.0, length_km=5.0),
        link_row("bank", "shanghai", key_rate_bps=0.0, length_km=5.0, link_id="bank-shanghai-2"),
        link_row("station", "beijing", length_km=110.0, key_rate_bps=2_000.0),
        link_row("bird", "station", length_km=900.0, key_rate_bps=900.0),
    ]  # fmt: skip
    demands = [
        {"demand_id": "d1", "node_a": "beijing", "node_b": "shanghai", "rate_bps": 4_000.0},
        {"demand_id": "d2", "node_a": "beijing", "node_b": "bank", "rate_bps": 2_000.0},
        {"demand_id": "d3", "node_a": "jinan", "node_b": "hefei", "rate_bps": 1_000.0},
    ]
    network = build_network(
        nodes=nodes, links=links, demands=demands, modules={"decoy-625mhz": module}, name="chain", title="Test trunk"
    )
    return network.replace(
        title_local="试验干线", sources={"report-2016": SourceRecord(citation="A report, 2016", secondary=True)}
    )


def hostile_network() -> Network:
    """A chain in which every text that a table can carry is hostile."""
    ids = [f"n{number}" for number in range(len(HOSTILE))]
    nodes = [
        node_row(i, name, name_local=name, city=name, lat_deg=25 + 0.7 * n, lon_deg=105 + (n % 4), source="evil")
        for n, (i, name) in enumerate(zip(ids, HOSTILE, strict=True))
    ]
    links = [
        link_row(a, b, link_id=name, source="evil", risk_groups=name.replace(";", ","), coexistence=name)
        for a, b, name in zip(ids, ids[1:], HOSTILE, strict=False)
    ]
    demands = [
        {"demand_id": name, "node_a": a, "node_b": b, "rate_bps": 10.0, "source": name}
        for a, b, name in zip(ids, ids[1:], HOSTILE, strict=False)
    ]
    everything = " ".join(HOSTILE[:-1])
    network = build_network(nodes=nodes, links=links, demands=demands, name=HOSTILE[0], title=everything)
    return network.replace(
        title_local=HOSTILE[0],
        description=everything,
        notes=HOSTILE,
        sources={"evil": SourceRecord(citation=everything)},
        coexistence={
            name: CoexistenceRecord(
                title=name,
                note=name,
                quantum_wavelength_nm=1310,
                filter_bandwidth_nm=0.1,
                filter_loss_db=1,
                isolation_db=100,
                gate_fraction=1,
                channels=(ChannelRecord(wavelength_nm=1550, launch_power_dbm=0, direction="forward"),),
            )
            for name in dict.fromkeys(network.links["coexistence"])
        },
    )


def hostile_equipment() -> Network:
    """Every text of a module, a service, a switch, a satellite or a group of modules is hostile; a link for each."""
    own = load_module("decoy-625mhz")
    modules = {
        f"m{n}": dataclasses.replace(own, module_id=f"m{n}", title=text, title_local=text, note=text, source=text)
        for n, text in enumerate(HOSTILE)
    }
    figure = Figure(value=128, basis="assumed", source=HOSTILE[0], note=HOSTILE[1])
    services = {
        f"s{n}": ServiceRecord(
            title=text,
            title_local=text,
            description=text,
            unit=text,
            key_bits=figure,
            rekey_interval_s=figure,
        )
        for n, text in enumerate(HOSTILE)
    }
    nodes = [node_row("hub", HOSTILE[0], lat_deg=30, lon_deg=110)]
    nodes += [
        node_row(f"{kind}{n}", text, kind=kind_of, lat_deg=27 + 0.3 * n, lon_deg=lon)
        for kind, kind_of, lon in (("end", "trusted", 113.0), ("switch", "switch", 111.5))
        for n, text in enumerate(HOSTILE)
    ]
    links = [
        link_row("hub", f"end{n}", via=f"switch{n}", module_group=text, module=f"m{n}", key_rate_bps=None)
        for n, text in enumerate(HOSTILE)
    ]
    demands = [
        {"demand_id": f"d{n}", "node_a": "hub", "node_b": f"end{n}", "service": f"s{n}", "units": 2.0}
        for n in range(len(HOSTILE))
    ]
    satellites = hostile_satellites()
    nodes.append(node_row("station", HOSTILE[4], kind="ground", lat_deg=31, lon_deg=109))
    for n, name in enumerate(satellites):
        nodes.append(node_row(f"bird{n}", name, kind="satellite", lat_deg=32, lon_deg=108 + n, satellite=name))
        links.append(link_row("station", f"bird{n}", length_km=900.0, key_rate_bps=1.0))
    network = build_network(nodes=nodes, links=links, demands=demands, modules=modules, satellites=satellites)
    return network.replace(services=services, sources={"evil": SourceRecord(citation=HOSTILE[0])})


def hostile_satellites() -> dict[str, SatelliteRecord]:
    """Three satellites with hostile ids; among them their texts hold every hostile name."""
    own = load_satellite("micius-2017")
    texts = [" ".join(HOSTILE[:9]), " ".join(HOSTILE[9:-1]), HOSTILE[-1]]
    return {
        name: own.model_copy(update={"title": text, "title_local": text, "note": text, "module": "m0", "source": text})
        for name, text in zip((HOSTILE[0], HOSTILE[3], HOSTILE[10]), texts, strict=True)
    }


def plan_of(network: Network) -> Plan:
    return make_plan(network)
