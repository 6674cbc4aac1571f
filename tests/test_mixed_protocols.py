"""Every protocol in one network: budget, plan, verification and pages work, whatever is mixed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.physics import key_rate
from planner.physics.parameters import ARMS, PROTOCOLS
from planner.shipped import shipped_ids
from planner.verify import verify_plan

NODES = """node_id,name,kind,lat_deg,lon_deg,basis
a,A,trusted,30,110,assumed
b,B,trusted,30.5,110,assumed
c,C,trusted,32,110,assumed
d,D,trusted,32.3,110,assumed
u,U,user,30,110.2,assumed
v,V,user,32.3,110.3,assumed
m,M,measurement,31.3,110,assumed
w,W,switch,30.2,110,assumed
"""
LINKS = """link_id,node_a,node_b,length_km,via,arm_a_km,arm_a_loss_db,extra_loss_db,module,module_pairs,basis
two,a,b,60,w,,,1,decoy-1250mhz,2,assumed
one,a,b,65,,,,0,one-decoy-2500mhz-snspd,1,assumed
sns,b,c,220,m,100,,2,sns-1000mhz-snspd,1,assumed
cal,b,c,220,m;w,,18,2,cal.toml,1,assumed
mdi,b,c,170,m,,,,mdi-1000mhz-ingaas,3,assumed
cv,c,d,35,,,,1,cv-1mhz-homodyne,1,assumed
pairs,c,d,40,,,,0,bbm92-100mhz-pairs,1,assumed
access,u,a,22,,,,2,cv-1mhz-homodyne,1,assumed
far,v,d,32,,,,0,decoy-40mhz,1,assumed
"""
DEMANDS = """demand_id,node_a,node_b,rate_bps,priority
through,a,d,9000,2
users,u,v,4000,1
short,c,d,500,1
"""
CAL = """protocol = "tf-cal"
basis = "published"
source = "curty-2019"
detector_efficiency = 0.5
dark_count_probability = 1e-9
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("mixed")
    contents = {"nodes.csv": NODES, "links.csv": LINKS, "demands.csv": DEMANDS, "cal.toml": CAL}
    contents["network.toml"] = 'title = "Mixed"\n[defaults]\nattenuation_db_per_km = 0.19\n'
    for name, content in contents.items():
        (place / name).write_text(content, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def network(folder):
    return planner.load(folder)


def test_the_network_holds_every_protocol(network):
    budget = planner.link_budget(network).set_index("link_id")
    assert set(budget["protocol"]) == set(PROTOCOLS)
    assert (budget["key_rate_bps"] > 0).all()
    assert (budget["key_rate_bps"] < budget["bound_bps"]).all()
    parts = ["error_correction_bps", "privacy_amplification_bps", "finite_size_bps", "key_rate_bps"]
    np.testing.assert_allclose(budget[parts].sum(axis=1), budget["sifted_rate_bps"], rtol=1e-9)
    assert budget["qber"].isna().to_list() == (budget["protocol"] == "cv-gaussian").to_list()


def test_the_budget_is_the_physics_of_each_link(network):
    budget = planner.link_budget(network).set_index("link_id")
    sns = key_rate("sns-1000mhz-snspd", loss_db=43.8, arm_a_loss_db=43.8 * 100 / 220)
    assert budget.loc["sns", "key_rate_bps"] == pytest.approx(float(sns.key_rate_bps), rel=1e-9)
    cal = key_rate(network.modules[budget.loc["cal", "module"]], loss_db=43.8, arm_a_loss_db=18.0)
    assert budget.loc["cal", "key_rate_bps"] == pytest.approx(float(cal.key_rate_bps), rel=1e-9)
    mdi = key_rate("mdi-1000mhz-ingaas", loss_db=32.3)
    assert budget.loc["mdi", "key_rate_bps"] == pytest.approx(3 * float(mdi.key_rate_bps), rel=1e-9)
    assert budget.loc["mdi", "bound_bps"] == pytest.approx(3 * float(mdi.bound_bps), rel=1e-9)


def test_a_plan_over_all_of_them_keeps_its_promises(network, tmp_path):
    plan = planner.make_plan(network)
    served = plan.demands.set_index("demand_id")["served_bps"]
    assert (served > 0).all()
    assert plan.growth.factor > 0
    assert plan.growth.gap == pytest.approx(0, abs=1e-6)
    used = set(plan.links.loc[plan.links["load_bps"] > 0, "link_id"])
    assert used & {"sns", "cal", "mdi"}
    assert used & {"two", "one"}
    assert {"access", "far"} <= used
    plan.save(tmp_path / "plan")
    verification = verify_plan(tmp_path / "plan")
    assert verification.ok, [check for check in verification.checks if not check.passed]
    again = planner.load(tmp_path / "plan" / "inputs")
    np.testing.assert_array_equal(
        planner.link_budget(again)["key_rate_bps"], planner.link_budget(network)["key_rate_bps"]
    )


def test_defaults_of_a_published_module_are_told_as_assumptions(network):
    from planner.report.figures import figures

    told = figures(network)
    cal = told[told["table"].str.contains("cal") & told["table"].str.startswith("modules/")].set_index("column")
    assert cal.loc["detector_efficiency", "basis"] == "published"
    assert cal.loc["detector_efficiency", "source"] == "curty-2019"
    assert cal.loc["misalignment_error", "basis"] == "assumed"
    assert cal.loc["misalignment_error", "source"] is None
    assert told.loc[told["column"] == "aopp", "value"].to_list() == ["true"]


def test_the_command_line_answers(folder):
    result = CliRunner().invoke(app, ["budget", str(folder), "--json"])
    assert result.exit_code == 0
    rows = {row["link_id"]: row for row in json.loads(result.stdout)["links"]}
    assert rows["cv"]["qber"] is None
    assert rows["sns"]["protocol"] == "tf-sns"
    for module in shipped_ids("modules"):
        told = CliRunner().invoke(app, ["rate", module, "--loss-db", "9", "--json"])
        assert told.exit_code == 0, module
        assert json.loads(told.stdout)["key_rate_bps"] > 0
        shown = CliRunner().invoke(app, ["rate", module, "--loss-db", "9"])
        words = " ".join(shown.stdout.split())
        assert "without a repeater" in words
        assert "with one station in the middle" in words


def test_words_and_truth_may_be_set_on_the_command_line():
    def rate(module, *settings):
        arguments = [part for setting in settings for part in ("--set", setting)]
        return CliRunner().invoke(app, ["rate", module, "--loss-db", "12", "--json", *arguments])

    paired, plain = (rate("sns-1000mhz-snspd", f"aopp={word}", "block_bits=1e12") for word in ("true", "false"))
    assert json.loads(paired.stdout)["key_rate_bps"] > json.loads(plain.stdout)["key_rate_bps"] > 0
    assert rate("cv-1mhz-homodyne", "detection=heterodyne").exit_code == 0
    finite = rate("sns-1000mhz-snspd", "block_bits=1e8")
    assert 0 < json.loads(finite.stdout)["key_rate_bps"] < json.loads(paired.stdout)["key_rate_bps"]
    refused = rate("mdi-1000mhz-ingaas", "block_bits=1e7")
    assert refused.exit_code == 3
    assert "no finite-key formula for mdi-decoy" in refused.stderr


def test_a_module_that_measures_at_the_end_cannot_use_the_station(folder, tmp_path):
    for name in ("nodes.csv", "network.toml", "cal.toml"):
        (tmp_path / name).write_text((folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    links = LINKS.replace("mdi-1000mhz-ingaas", "cv-1mhz-homodyne").replace("sns-1000mhz-snspd", "decoy-40mhz")
    (tmp_path / "links.csv").write_text(links, encoding="utf-8")
    with pytest.raises(planner.InputError) as caught:
        planner.link_budget(planner.load(tmp_path))
    assert len(caught.value.problems) == 2
    for word in ("'sns'", "'mdi'", "measurement station 'm'", *ARMS):
        assert word in str(caught.value)


def test_light_of_other_channels_is_modelled_where_the_receiver_is_at_the_end(folder, tmp_path):
    for name in ("nodes.csv", "network.toml", "cal.toml"):
        (tmp_path / name).write_text((folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    header, *rows = LINKS.splitlines()
    profile = {"two": "c-band-beside-10g", "sns": "c-band-beside-10g", "cv": "c-band-beside-10g"}
    lines = [f"{header},coexistence", *(f"{row},{profile.get(row.split(',')[0], '')}" for row in rows)]
    (tmp_path / "links.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(planner.InputError) as caught:
        planner.link_budget(planner.load(tmp_path))
    assert len(caught.value.problems) == 2
    for word in ("'sns'", "'cv'", "bb84-decoy or bb84-one-decoy"):
        assert word in str(caught.value)
