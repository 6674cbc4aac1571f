"""The report's page without a browser: what it says, and that foreign text stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from planner.report.answer import proof, summary
from planner.report.page import report_html, script_language
from planner.report.page_tables import MOST_ROWS, Cell, Column, make_table
from planner.report.tables import plan_tables
from planner.report.words import fold, quantity
from tests.report.map_networks import HOSTILE
from tests.report.plans import chain_plan, hostile_plan, strained_plan, trunk_plan

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and the rows of its tables by caption."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.texts, self.tables = [], [], {}, {}
        self.caption, self.row = None, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        self.texts.setdefault(tag, []).append("")
        if tag == "tr":
            self.row = []
        if tag in ("td", "th") and self.row is not None:
            self.row.append("")

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        if tag == "caption":
            self.caption = self.texts["caption"][-1]
            self.tables[self.caption] = []
        if tag == "tr":
            self.tables[self.caption].append(self.row)
            self.row = None

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if self.row and self.open[-1] not in ("tr", "tbody"):
            self.row[-1] += data


@pytest.fixture(scope="module")
def chain_page():
    return Page(report_html(chain_plan()))


def test_the_answer_comes_first_and_the_assumptions_last(chain_page):
    assert chain_page.texts["h1"][0].startswith("Test trunk")
    files, answer = chain_page.texts["li"][:12], chain_page.texts["li"][12:]
    assert files[0] == "map.html"
    assert answer[: len(summary(chain_plan()))] == list(summary(chain_plan()))
    headings = [text.split(":")[0] for text in chain_page.texts["h2"]]
    assert headings[:2] == ["Summary", "Bottlenecks"]
    assert headings[-9:] == [
        "Key-rate budget", "Demands and routes", "Trust", "Failures", "Charts", "Why no plan does better",
        "Warnings", "Data sources", "Assumptions",
    ]  # fmt: skip
    assert headings[2] == "Shanghai – Micius"


def test_figures_of_the_page_are_those_of_the_plan(chain_page):
    plan = chain_plan()
    loads = {row[0]: row for row in chain_page.tables["Utilisation of the links, the fullest first"][1:]}
    for link in plan.links.to_dict("records"):
        title = next(name for name in loads if name.startswith(plan.network.link_title(link["node_a"], link["node_b"])))
        if "(" not in title:
            assert loads[title][1] == quantity(link["key_rate_bps"], "bit/s").removesuffix("bit/s").rstrip()
            assert loads[title][2] == quantity(link["load_bps"], "bit/s").removesuffix("bit/s").rstrip()
            assert loads[title][4] == quantity(link["utilisation"], "%").removesuffix(" %")
    demands = chain_page.tables["Demands: requested and served"][1:]
    served = [quantity(rate, "bit/s").removesuffix("bit/s").rstrip() for rate in plan.demands["served_bps"]]
    assert [
        row[chain_page.tables["Demands: requested and served"][0].index("Servedbit/s")] for row in demands
    ] == served
    decibels = chain_page.tables["Loss budget of the links"]
    assert len(decibels) == len(plan.links) + 1
    assert decibels[0][1:3] == ["Lengthkm", "ChanneldB"]  # of a network with a satellite
    assert decibels[2][:3] == ["Tianjin–Cangzhou 天津–沧州", "80.0", "16.5"]


def test_key_figures_growth_and_proof_are_told():
    page = Page(report_html(trunk_plan()))
    assert f"{fold(trunk_plan().growth.factor)} ×" in page.texts["dd"]
    paragraphs = page.texts["p"]
    for paragraph in proof(trunk_plan()):
        assert paragraph in paragraphs
    assert page.tables["Links with a price; all other links are free"][1][0].startswith("Station s29–Station s30")
    assert page.texts["figure"][0].count("Station s") > 32


def test_measured_figures_are_marked(chain_page):
    marked = [attributes for _, attributes in chain_page.tags if attributes.get("class", "").endswith("measured")]
    assert len(marked) == 1 + 8, "one loss, eight rates"
    notes = " ".join(chain_page.texts["p"])
    assert "Cangzhou–Jinan" in notes, "what the model gives stands beside the measured rate"


def test_short_demands_and_warnings_are_shown():
    page = Page(report_html(strained_plan()))
    assert [a for tag, a in page.tags if tag == "td" and a.get("class") == "number short"]
    hostile = Page(report_html(hostile_plan()))
    assert [text for text in hostile.texts["li"] if text in HOSTILE] != []


def test_every_assumption_is_listed(chain_page):
    text = " ".join(chain_page.texts["li"])
    for row in plan_tables(chain_plan())["assumptions"].to_dict("records"):
        value = row["value"] if isinstance(row["value"], str) else f"{row['value']:.10g}"
        assert f"{row['column']}\u00a0{value}" in text
    assert chain_page.texts["h3"] == ["Modules", "Links", "Nodes", "Demands"]


def test_the_page_asks_for_nothing_and_runs_nothing():
    for plan in (chain_plan(), hostile_plan()):
        page = Page(report_html(plan))
        assert not [tag for tag, _ in page.tags if tag in ("script", "img", "iframe", "object", "embed", "base")]
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")], tag
            address = attributes.get("href")
            assert address is None or re.fullmatch(r"#[a-z-]+|[a-z_]+\.(html|csv|xlsx|json)|data:,", address), address


def test_the_policy_allows_our_style_and_nothing_else():
    page = Page(report_html(chain_plan()))
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.texts["style"][0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_hostile_names_are_shown_letter_for_letter_and_never_run():
    text = report_html(hostile_plan())
    page = Page(text)
    demands = page.tables["Demands: requested and served"][1:]
    assert [row[0] for row in demands] == list(HOSTILE[:-1])
    loads = " ".join(row[0] for row in page.tables["Utilisation of the links, the fullest first"])
    for name in HOSTILE:
        assert name in loads
    assert "1002001" not in text, "a template ran"
    assert "<img" not in text
    assert "</script>" not in text


def test_tables_can_be_read_aloud(chain_page):
    assert all(a.get("scope") in ("col", "row") for tag, a in chain_page.tags if tag == "th")
    tags = [tag for tag, _ in chain_page.tags]
    assert tags.count("caption") == tags.count("table") > 5
    assert ("html", {"lang": "en"}) in chain_page.tags
    assert [a for tag, a in chain_page.tags if tag == "span" and a.get("lang") == "zh"]
    assert all(a.get("aria-label") for tag, a in chain_page.tags if tag == "svg")


def test_long_tables_are_cut_with_a_word_and_empty_columns_left_out():
    rows = [(Cell(str(i)), Cell(""), Cell("x")) for i in range(MOST_ROWS + 1)]
    table = make_table("T", [Column("A"), Column("B"), Column("C")], rows, file="t.csv")
    assert len(table.rows) == MOST_ROWS
    assert [column.heading for column in table.columns] == ["A", "C"]
    assert "t.csv has all" in table.note


def test_same_plan_same_page():
    assert report_html(chain_plan()) == report_html(chain_plan())


@pytest.mark.parametrize(
    ("text", "language"), [("北京", "zh"), ("東京タワー", "ja"), ("서울", "ko"), ("Москва", "ru"), ("Rhein", None)]
)
def test_language_of_a_local_name(text, language):
    assert script_language(text) == language
