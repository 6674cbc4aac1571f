"""The report in a real browser without a network."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from planner.report.page import report_html
from tests.report.map_networks import HOSTILE, hostile_equipment, plan_of
from tests.report.plans import SPANS, chain_plan, hostile_plan, strained_plan, trunk_plan

pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def trunk_page():
    return report_html(trunk_plan())


def test_hostile_names_are_shown_letter_for_letter_and_do_no_harm(offline_page):
    page = offline_page.open(report_html(hostile_plan()))
    captions = page.locator("caption")
    tables = {captions.nth(i).text_content(): captions.nth(i).locator("..") for i in range(captions.count())}
    first = "Demands: requested and served"
    assert tables[first].locator("tbody th").all_text_contents() == list(HOSTILE[:-1])
    everything = page.evaluate("document.body.textContent")
    for name in HOSTILE:
        assert name in everything
    assert page.title().startswith(HOSTILE[0])
    tips = page.evaluate("[...document.querySelectorAll('svg title')].map(e => e.textContent)")
    assert set(HOSTILE) <= set(tips)
    page.hover("svg text.name", force=True)
    assert page.evaluate("document.querySelectorAll('img, script, iframe').length") == 0
    offline_page.assert_quiet()


def test_hostile_modules_and_services_do_no_harm(offline_page):
    page = offline_page.open(report_html(plan_of(hostile_equipment())))
    everything = page.evaluate("document.body.textContent")
    assert all(name in everything for name in HOSTILE)
    assert page.evaluate("document.querySelectorAll('img, script, iframe').length") == 0
    offline_page.assert_quiet()


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("plan", [trunk_plan, hostile_plan], ids=["trunk", "hostile"])
def test_the_page_never_scrolls_sideways(offline_page, plan, width):
    page = offline_page.open(report_html(plan()), width=width)
    assert page.evaluate(OVERFLOW) <= 0
    offline_page.assert_quiet()


def test_it_is_light_or_dark_as_the_reader_likes(offline_page, trunk_page):
    grounds, bars = [], []
    for scheme in ("light", "dark"):
        page = offline_page.open(trunk_page, color_scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        bars.append(page.evaluate("getComputedStyle(document.querySelector('svg .loss-0')).fill"))
        offline_page.assert_quiet()
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 23, 30)"]
    assert bars[0] != bars[1]


def test_the_style_is_let_in_by_the_policy_and_a_leak_is_not(offline_page, trunk_page):
    leaked = trunk_page.replace("<main>", "<main><img src=x onerror=alert(1)><script>alert(2)</script>")
    page = offline_page.open(leaked)
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    assert offline_page.dialogs == []
    assert len(offline_page.errors) >= 2


def test_figures_of_31_spans_do_not_run_into_each_other(offline_page, trunk_page):
    page = offline_page.open(trunk_page)
    rows = page.evaluate(
        """() => {
            const rows = new Map();
            for (const text of document.querySelector('.wide svg').querySelectorAll('text.figure')) {
                const box = text.getBBox();
                const y = text.getAttribute('y');
                rows.set(y, [...(rows.get(y) ?? []), [box.x, box.x + box.width]]);
            }
            return [...rows.values()].filter(row => row.length > 20);
        }"""
    )
    assert len(rows) == 3
    for row in rows:
        assert len(row) == SPANS
        assert all(left[1] <= right[0] for left, right in pairwise(sorted(row)))


def test_no_text_of_a_picture_is_cut_off(offline_page):
    for plan in (trunk_plan, chain_plan, strained_plan):
        page = offline_page.open(report_html(plan()), width=1280)
        outside = page.evaluate(
            """() => [...document.querySelectorAll('svg')].flatMap(svg => {
                const frame = svg.getBoundingClientRect();
                return [...svg.querySelectorAll('text')].filter(text => {
                    const box = text.getBoundingClientRect();
                    return box.left < frame.left - 2 || box.right > frame.right + 2
                        || box.top < frame.top - 2 || box.bottom > frame.bottom + 2;
                }).map(text => text.textContent);
            })"""
        )
        assert outside == []


def test_it_prints_on_a4_with_the_strip_across(offline_page, trunk_page):
    page = offline_page.open(trunk_page)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    sheets = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", printed)}
    assert {(0, 0, 595, 842), (0, 0, 842, 595)} == {(a, b, c, d if d != 841 else 842) for a, b, c, d in sheets}
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})
    tables = page.evaluate(
        "[...document.querySelectorAll('table')].map(t => [t.scrollWidth, t.parentNode.clientWidth])"
    )
    assert all(needed <= there + 1 for needed, there in tables), "no table is wider than the sheet"


def test_wide_tables_scroll_and_can_be_reached_by_keyboard(offline_page, trunk_page):
    page = offline_page.open(trunk_page, width=390)
    regions = page.evaluate(
        "[...document.querySelectorAll('.scroll')].map(e => [e.tabIndex, e.getAttribute('aria-label'), "
        "e.scrollWidth > e.clientWidth, getComputedStyle(e).overflowX])"
    )
    assert all(tab == 0 and label and overflow == "auto" for tab, label, _, overflow in regions)
    assert any(scrolls for _, _, scrolls, _ in regions)
