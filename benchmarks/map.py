"""The map against plain folium: one command, ratios of one run.

    python benchmarks/map.py [--links 1000 10000]

The same networks are drawn twice: by the planner (one page with a canvas layer) and as folium is commonly used, one
``PolyLine`` with tooltip and popup a link and one ``CircleMarker`` with a tooltip a node. The budget of the links is
computed before and counts for neither. Plain folium asks ten servers for its scripts; here it gets Leaflet from this
checkout, a stand-in of one line for the part of jQuery that its popups use, and empty files for the rest, so its
loading times are flattered. Python times are CPU seconds, browser times are wall seconds of a headless Chromium.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
from playwright.sync_api import sync_playwright

from planner.budget import link_budget
from planner.network import Network, build_network
from planner.report.courses import link_paths
from planner.report.map_data import map_document
from planner.report.map_page import map_page
from planner.report.style import MEASURES, line_width_px
from planner.shipped import maps_dir

if TYPE_CHECKING:
    import pandas as pd

POINTS = 13
"""On the course of a link."""

JQUERY = """window.$ = (text) => {
  const t = document.createElement("template");
  t.innerHTML = text.trim();
  return [t.content.firstElementChild];
};"""


DRAG = """async () => {
  const target = document.querySelector('.leaflet-container');
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const held = { bubbles: true, button: 0, buttons: 1 };
  const at = (type, x, y, on) => on.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: y, ...held }));
  const times = [];
  for (let n = 0; n < 6; n += 1) {
    const start = performance.now();
    at('mousedown', 700, 500, target);
    for (let step = 1; step <= 5; step += 1) {
      at('mousemove', 700 - 20 * step * (n % 2 ? -1 : 1), 500 + 5 * step, document.body);
      await frame();
    }
    at('mouseup', 700, 500, document.body);
    await frame();
    await frame();
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 300));
  }
  return times;
}"""
"""Drags the map by 100 pixels in five steps and waits until it is painted; milliseconds of each drag."""


def grid(links: int) -> Network:
    """A grid over the middle of China with some rows missing, each link on a course of 13 points."""
    draw = random.Random(1)  # noqa: S311 (a benchmark)
    side = math.isqrt(int(links * 0.9)) + 1
    nodes = [
        {"node_id": f"n{i}", "name": f"Station {i}", "name_local": f"站{i}", "kind": "trusted", "basis": "assumed"}
        | {"lat_deg": 22 + 20 * (i // side) / side + draw.uniform(-0.04, 0.04)}
        | {"lon_deg": 100 + 20 * (i % side) / side + draw.uniform(-0.04, 0.04)}
        for i in range(side * side)
    ]
    pairs = [(i, i + 1) for i in range(side * side) if (i + 1) % side] + [
        (i, i + side) for i in range(side * (side - 1))
    ]
    rows = []
    for number, (i, j) in enumerate(sorted(draw.sample(pairs, links))):
        rows.append(
            {"link_id": f"l{number}", "node_a": f"n{i}", "node_b": f"n{j}", "length_km": draw.uniform(30, 110)}
            | {
                "key_rate_bps": 10 ** draw.uniform(2.5, 5.3),
                "basis": "assumed",
                "geometry": _course(nodes[i], nodes[j], draw),
            }
        )
    return build_network(nodes=nodes, links=rows, title=f"Grid of {links} links")


def _course(a: dict[str, Any], b: dict[str, Any], draw: random.Random) -> str:
    steps = [k / (POINTS - 1) for k in range(POINTS)]
    bend = [0.0, *(draw.uniform(-0.01, 0.01) for _ in steps[2:]), 0.0]
    lons = [a["lon_deg"] + t * (b["lon_deg"] - a["lon_deg"]) + off for t, off in zip(steps, bend, strict=True)]
    lats = [a["lat_deg"] + t * (b["lat_deg"] - a["lat_deg"]) for t in steps]
    return "LINESTRING (" + ", ".join(f"{x:.5f} {y:.5f}" for x, y in zip(lons, lats, strict=True)) + ")"


def ours(network: Network, budget: pd.DataFrame) -> str:
    return map_page(map_document(network, budget=budget))


def plain(network: Network, budget: pd.DataFrame) -> str:
    """Plain folium: an object a link and a node, with the same colours and widths."""
    drawn = folium.Map(location=[32, 110], zoom_start=5, tiles=None)
    measure = next(m for m in MEASURES if m.key == "key_rate_bps")
    for row, path in zip(budget.to_dict("records"), link_paths(network), strict=True):
        step = measure.classify(row["key_rate_bps"])
        text = f"{row['link_id']}: {row['length_km']:.0f} km, {row['loss_db']:.1f} dB, {row['key_rate_bps']:.0f} bit/s"
        folium.PolyLine(
            [(lat, lon) for lon, lat in path],
            color=step.light if step else "#888888",
            weight=line_width_px(row["key_rate_bps"]),
            tooltip=text,
            popup=text,
        ).add_to(drawn)
    for node in network.nodes.to_dict("records"):
        place = (node["lat_deg"], node["lon_deg"])
        folium.CircleMarker(place, radius=4, fill=True, tooltip=node["name"]).add_to(drawn)
    drawn.fit_bounds([[22, 100], [42, 120]])
    return str(drawn.get_root().render())


def local(page: str) -> str:
    """Plain folium's page with its assets from here, since it shows nothing without them."""
    leaflet = (maps_dir() / "assets" / "leaflet.js").read_text(encoding="utf-8")
    style = (maps_dir() / "assets" / "leaflet.css").read_text(encoding="utf-8")
    page = re.sub(r'<script src="https://[^"]*"></script>|<link rel="stylesheet" href="https://[^"]*"/>', "", page)
    return page.replace("<head>", f"<head><style>{style}</style><script>{leaflet}</script><script>{JQUERY}</script>", 1)


def browse(page: str, folder: Path) -> tuple[float, float]:
    """Seconds until a page is painted, and milliseconds of a drag: the median of six."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_context(offline=True, viewport={"width": 1400, "height": 900}).new_page()
        tab.set_default_timeout(300_000)
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        start = time.perf_counter()
        tab.goto(file.as_uri())
        tab.wait_for_selector("canvas.many, path.leaflet-interactive", state="attached")
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        load_s = time.perf_counter() - start
        drag_ms = statistics.median(tab.evaluate(DRAG))
        browser.close()
    if errors:
        raise RuntimeError(errors[0])
    return load_s, drag_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--links", type=int, nargs="+", default=[1000, 10_000])
    heads = ("build CPU s", "µs a link", "bytes a link", "load s", "drag ms")
    print(f"{'links':>7} {'map':<8} " + " ".join(f"{head:>12}" for head in heads))
    with tempfile.TemporaryDirectory() as name:
        for links in parser.parse_args().links:
            network = grid(links)
            budget = link_budget(network)
            empty = len(
                ours(build_network(nodes=[], links=[]), link_budget(build_network(nodes=[], links=[]))).encode()
            )
            found = {}
            for title, make in (("planner", ours), ("folium", plain)):
                start = time.process_time()
                page = make(network, budget)
                cpu_s = time.process_time() - start
                size = len(page.encode()) - (empty if make is ours else 0)
                load_s, drag_ms = browse(page if make is ours else local(page), Path(name))
                found[title] = (cpu_s, 1e6 * cpu_s / links, size / links, load_s, drag_ms)
                print(f"{links:>7} {title:<8} " + " ".join(f"{value:>12.2f}" for value in found[title]))
            ratios = [theirs / mine for theirs, mine in zip(found["folium"], found["planner"], strict=True)]
            print(f"{links:>7} {'ratio':<8} " + " ".join(f"{ratio:>12.1f}" for ratio in ratios))
    print(f"Our page holds another {empty / 1000:.0f} kB whatever the network: Leaflet, viewer, basemap.")
    print("A drag is 100 pixels in five frames; at 60 frames a second the least that it can take is about 120 ms.")


if __name__ == "__main__":
    main()
