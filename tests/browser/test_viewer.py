"""The viewer in a real browser: what-if edits, undo, the state in the address, two viewers, a killed server."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from planner.files import load
from tests.browser.live import Server
from tests.report.map_networks import HOSTILE, hostile_network

pytestmark = pytest.mark.browser

HOSTILE_NAMES = "from tests.report.map_networks import hostile_network; network = hostile_network()"
WORDS = ".whatif-banner strong"


def find(page: Any, words: str) -> None:
    page.fill(".search", words)
    page.keyboard.press("Enter")


def press(page: Any, name: str) -> None:
    """A button by the keyboard alone."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def colour_of(page: Any, link_id: str) -> str:
    number = list(load("trunks").links["link_id"]).index(link_id)
    lines = page.locator(".leaflet-overlay-pane path:not(.link-pointer)")
    return lines.nth(number).get_attribute("stroke")


def test_cut_a_span_undo_and_redo(trunks_viewer, viewers):
    viewer = viewers()
    page = viewer.open(trunks_viewer.url)
    assert page.locator(".whatif-banner").is_hidden()
    growth = page.locator(".tiles").inner_text()
    before = colour_of(page, "wuhan-ezhou")
    find(page, "taian-qufu")
    press(page, "✂ Cut this link")
    page.locator(WORDS, has_text="56 demands lost").wait_for()
    assert re.search(r"growth 0\.87 → 0 \(0\.97 for those that still have a route\)", page.locator(WORDS).inner_text())
    assert page.locator(".no-key-mark").count() == 1
    assert page.locator(".tiles").inner_text() != growth
    assert page.evaluate("document.activeElement.textContent") == "Restore this link"  # the focus stayed
    assert page.locator(".edits li").all_inner_texts()[0].startswith("Cut Tai'an – Qufu")
    press(page, "↶ Undo")
    page.locator(".no-key-mark").wait_for(state="detached")
    assert page.locator(".tiles").inner_text() == growth
    assert colour_of(page, "wuhan-ezhou") == before
    assert "#" not in page.url
    press(page, "↷ Redo")
    page.locator(".no-key-mark").wait_for()
    viewer.settle()
    viewer.assert_quiet()


def test_an_edit_is_planned_and_drawn_within_a_second(trunks_viewer, viewers):
    page = viewers().open(trunks_viewer.url)
    find(page, "jinan-taian")
    took = []
    for name in ("✂ Cut this link", "Restore this link") * 3:
        page.get_by_role("button", name=name).focus()
        began = time.monotonic()
        page.keyboard.press("Enter")
        page.locator(".no-key-mark").wait_for(state="attached" if "Cut" in name else "detached")
        took.append(time.monotonic() - began)
    assert min(took[::2]) < 1.0  # the shortest: other programs may use the machine


def test_change_a_link_and_share_the_address(trunks_viewer, viewers):
    page = viewers().open(trunks_viewer.url)
    find(page, "wuhan-ezhou")
    before = page.locator(".facts").inner_text()
    page.get_by_text("Change its modules or fibre").click()
    page.fill("[name=module_pairs]", "9")
    page.fill("[name=length_km]", "70")
    page.keyboard.press("Enter")
    page.locator(WORDS, has_text="growth 0.87 →").wait_for()
    assert page.locator(".facts").inner_text() != before
    assert "9 pairs, 70.0 km" in page.locator(".edits li").first.inner_text()
    words = page.locator(WORDS).inner_text()
    other = viewers().open(page.url)
    other.locator(WORDS).wait_for()
    assert other.locator(WORDS).inner_text() == words
    press(other, "↶ Undo")
    other.locator(".whatif-banner").wait_for(state="hidden")
    assert page.locator(WORDS).inner_text() == words
    page.get_by_role("button", name="As in the base plan").click()
    page.locator(".whatif-banner").wait_for(state="hidden")
    assert page.locator(".facts").inner_text() == before


def test_two_viewers_do_not_disturb_each_other(trunks_viewer, viewers):
    one, other = viewers(), viewers()
    first, second = one.open(trunks_viewer.url), other.open(trunks_viewer.url)
    for page, factor in ((first, "0.5"), (second, "2"), (first, "0.25"), (second, "3")):
        page.get_by_label("Scale of all demands", exact=True).fill(factor)
        page.keyboard.press("Enter")
    first.locator(WORDS, has_text="0.87 → 3.47").wait_for()
    second.locator(WORDS, has_text="0.87 → 0.29").wait_for()
    assert first.locator(".edits li").count() == second.locator(".edits li").count() == 1
    for viewer in (one, other):
        viewer.settle()
        viewer.assert_quiet()


def test_cut_a_node_compare_with_the_base_and_restore(trunks_viewer, viewers):
    page = viewers().open(trunks_viewer.url)
    find(page, "合肥")
    press(page, "✂ Cut this node")
    page.locator(WORDS, has_text="100 demands lost").wait_for()
    assert page.locator(".node.cut").count() == 1
    assert page.locator(".no-key-mark").count() == 3
    press(page, "Show base")
    page.locator(".no-key-mark").first.wait_for(state="detached")
    assert "This is the base plan" in page.locator(".whatif-banner").inner_text()
    press(page, "Show base")
    page.locator(".no-key-mark").first.wait_for()
    page.get_by_text("Which are lost").click()
    assert page.locator(".whatif-banner .rows li").count() == 100
    page.get_by_role("button", name="Remove: Cut Hefei").click()
    page.locator(".whatif-banner").wait_for(state="hidden")
    assert page.locator(".node.cut").count() == 0


def test_demands_come_change_and_go(trunks_viewer, viewers):
    viewer = viewers()
    page = viewer.open(trunks_viewer.url)
    page.get_by_text("Add a demand").click()
    page.fill("[name=node_a]", "Wuhan")
    page.fill("[name=node_b]", "上海")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator(WORDS, has_text="1 added").wait_for()
    assert "New: Wuhan – Shanghai, 1.00 kbit/s" in page.locator(".edits li").first.inner_text()
    page.get_by_role("button", name="⇄ Demands").click()
    assert "122 demands" in page.locator(".side").inner_text()
    page.locator(".demands button").first.click()
    page.get_by_label("Requested key rate").fill("0")
    page.keyboard.press("Enter")
    page.locator(".edits li").nth(1).wait_for()
    viewer.settle()
    page.locator(".demands li:not(:has(form)) > button").first.click()
    page.get_by_role("button", name="Remove this demand").click()
    page.locator(WORDS, has_text="1 removed").wait_for()
    press(page, "Reset")
    page.locator(".whatif-banner").wait_for(state="hidden")
    assert "121 demands" in page.locator(".side").inner_text()


def test_wrong_edits_are_told_and_can_be_taken_back(trunks_viewer, viewers):
    viewer = viewers()
    edits = [{"do": "cut_link", "link_id": "jinan-taian"}, {"do": "cut_link", "link_id": "<img src=x>"}]
    page = viewer.open(f"{trunks_viewer.url}#edits={encoded(edits)}")
    assert "Edit 2: there is no link '<img src=x>'" in page.locator(".problems").inner_text()
    assert page.locator(".edits li.wrong").count() == 1
    page.get_by_role("button", name="Remove: Cut <img src=x>").click()
    page.locator(WORDS, has_text="lost").wait_for()
    assert page.locator(".problems").count() == 0
    page.goto(f"{trunks_viewer.url}#edits=nonsense!")
    page.locator(".problems").wait_for()
    assert "can be read" in page.locator(".problems").inner_text()
    assert viewer.strangers == []


def encoded(edits: list[dict[str, Any]]) -> str:
    import base64

    return base64.urlsafe_b64encode(json.dumps(edits).encode()).decode().rstrip("=")


def test_the_present_state_can_be_saved(trunks_viewer, viewers, tmp_path):
    viewer = viewers()
    page = viewer.open(f"{trunks_viewer.url}#edits={encoded([{'do': 'cut_link', 'link_id': 'jinan-taian'}])}")
    page.get_by_text("Save this state").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Network (zip)").click()
    assert saved.value.suggested_filename == "trunks-network.zip"
    with zipfile.ZipFile(io.BytesIO(Path(saved.value.path()).read_bytes())) as archive:
        archive.extractall(tmp_path)
    assert "jinan-taian" not in set(load(str(tmp_path / "network")).links["link_id"])
    viewer.assert_quiet()


def test_a_killed_server_comes_back_with_the_same_state(trunks_viewer, viewers):
    page = viewers().open(trunks_viewer.url)
    find(page, "jinan-taian")
    press(page, "✂ Cut this link")
    page.locator(WORDS, has_text="lost").wait_for()
    words, url = page.locator(WORDS).inner_text(), page.url
    trunks_viewer.kill()
    press(page, "↶ Undo")  # the base plan is at hand
    page.locator(".no-key-mark").wait_for(state="detached")
    press(page, "↷ Redo")
    page.locator(".problems", has_text="does not answer").wait_for()
    trunks_viewer.start(int(re.search(r":(\d+)/", trunks_viewer.url)[1]))
    assert page.url == url
    page.reload()
    page.locator(WORDS).wait_for()
    assert page.locator(WORDS).inner_text() == words


FAILURES = ".failures > li > button"


def test_failures_follow_the_edits(trunks_viewer, viewers):
    viewer = viewers(1440, 900)
    page = viewer.open(trunks_viewer.url)
    page.get_by_role("button", name="✕ Failures").click()
    item = page.locator(FAILURES, has_text="Link Bengbu – Huainan")
    assert "62 of 121 cut off" in item.inner_text()
    item.click()
    find(page, "jinan-taian")
    press(page, "✂ Cut this link")
    page.locator(WORDS, has_text="demands lost").wait_for()
    page.locator(FAILURES, has_text="Link Bengbu – Huainan").filter(has_text="11 of 121 cut off").wait_for()
    assert page.locator(f"{FAILURES}[aria-pressed=true]").count() == 1, "what was lit stays lit"
    assert "11 of 121 demands cut off" in page.locator(".banner").first.inner_text()
    press(page, "Restore this link")
    page.locator(FAILURES, has_text="Link Bengbu – Huainan").filter(has_text="62 of 121 cut off").wait_for()
    page.get_by_role("button", name="✂ Let it fail and plan anew").click()
    page.locator(WORDS, has_text="62 demands lost").wait_for()
    assert page.locator(".edits li").all_inner_texts()[0].startswith("Cut Bengbu – Huainan")
    viewer.settle()
    viewer.assert_quiet()


def test_failures_on_a_phone_cover_nothing(trunks_viewer, viewers):
    viewer = viewers(390, 844)
    page = viewer.open(f"{trunks_viewer.url}#edits={encoded([{'do': 'scale_demands', 'factor': 1.1}])}")
    page.locator(WORDS).wait_for()
    page.get_by_role("button", name="✕ Failures").click()
    page.locator(FAILURES).nth(1).click()
    parts = (".title-panel", ".banner:not(.whatif-banner)", ".whatif", ".whatif-banner", ".leaflet-control-zoom")
    boxes = [page.locator(part).bounding_box() for part in parts]
    for one, other in combinations(boxes, 2):
        across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
        down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
        assert across <= 1 or down <= 1, (one, other)
    viewer.assert_quiet()


def test_a_node_fails_and_all_is_planned_anew(trunks_viewer, viewers):
    viewer = viewers(1440, 900)
    page = viewer.open(trunks_viewer.url)
    page.get_by_role("button", name="✕ Failures").click()
    page.locator(FAILURES, has_text="Node Hefei").click()
    page.get_by_role("button", name="✂ Let it fail and plan anew").click()
    page.locator(WORDS, has_text="demands lost").wait_for()
    assert page.locator(".node.cut").count() == 1
    assert page.locator(".failures").inner_text().count("Node Hefei") <= 1
    viewer.assert_quiet()


def test_hostile_names_stay_text(viewers):
    server = Server(HOSTILE_NAMES)
    server.start()
    try:
        viewer = viewers()
        network = hostile_network()
        edits = [
            *({"do": "cut_link", "link_id": name} for name in network.links["link_id"][:8]),
            {"do": "cut_node", "node_id": network.nodes["node_id"][3]},
            *({"do": "remove_demand", "demand_id": name} for name in network.demands["demand_id"][-2:]),
        ]
        page = viewer.open(f"{server.url}#edits={encoded(edits)}")
        page.locator(WORDS).wait_for()
        assert page.locator(".problems").count() == 0
        shown = page.locator(".edits bdi").evaluate_all("names => names.map(name => name.textContent)")
        assert set(shown) & set(HOSTILE)
        page.get_by_role("button", name="Table").click()
        page.locator(".side tbody tr").first.click()
        assert page.locator(".tools").count() == 1
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Failures").click()
        page.locator(FAILURES).first.click()
        assert set(page.locator(".failures bdi").all_text_contents()) & set(HOSTILE)
        page.get_by_role("button", name="✂ Let it fail and plan anew").click()
        viewer.settle()
        assert page.locator(".problems").count() == 0
        viewer.assert_quiet()
    finally:
        server.kill()


@pytest.mark.parametrize("size", [(1280, 800), (390, 780)])
def test_everything_can_be_reached_by_the_keyboard_and_has_a_name(trunks_viewer, viewers, size):
    page = viewers(*size).open(f"{trunks_viewer.url}#edits={encoded([{'do': 'scale_demands', 'factor': 2}])}")
    page.locator(WORDS).wait_for()
    box = page.locator(".whatif-banner").bounding_box()
    assert box["width"] > 150
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    if size[0] < 700:
        page.locator(".whatif > summary").click()
    nameless = page.locator(".whatif :is(button, input, select)").evaluate_all(
        "parts => parts.filter((part) => !(part.textContent.trim() || part.getAttribute('aria-label') || "
        "part.labels?.length)).map((part) => part.outerHTML)"
    )
    assert nameless == []
    assert page.locator(".whatif-banner").get_attribute("role") == "status"
    page.locator(".node").first.focus()
    page.keyboard.press("Control+z")
    page.locator(".whatif-banner").wait_for(state="hidden")


def open_link(page: Any) -> None:
    find(page, "wuhan-ezhou")
    page.get_by_text("Change its modules or fibre").click()


def open_node(page: Any) -> None:
    page.keyboard.press("Escape")
    find(page, "合肥")
    page.locator(".tools").wait_for()


def open_panel(page: Any) -> None:
    page.keyboard.press("Escape")
    for words in ("Add a demand", "Save this state", "Which are lost"):
        page.get_by_text(words).click()


def open_demand(page: Any) -> None:
    page.get_by_role("button", name="⇄ Demands").click()
    page.locator(".demands > li > button").first.click()


def open_failure(page: Any) -> None:
    page.get_by_role("tab", name="Failures").click()
    page.locator(FAILURES).first.click()


def dark_theme(page: Any) -> None:
    page.get_by_role("button", name="Light or dark theme").click()


def test_no_serious_barrier(trunks_viewer, viewers):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core")
    edits = [{"do": "cut_link", "link_id": "jinan-taian"}, {"do": "scale_demands", "factor": 1.5}]
    page = viewers(1280, 900).open(f"{trunks_viewer.url}#edits={encoded(edits)}")
    for step in (open_link, open_node, open_panel, open_demand, open_failure, dark_theme):
        step(page)
        found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        barriers = [
            (rule["id"], [node["target"] for node in rule["nodes"]][:5], rule["nodes"][0]["failureSummary"])
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]
        assert barriers == [], step.__name__
