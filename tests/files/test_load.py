"""What is valid is read, whatever it looks like: encodings, workbooks, includes, defaults."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
from pathlib import Path

import pandas as pd
import pytest

from planner.errors import InputError
from planner.files import catalogue, load
from planner.network import Network
from planner.shipped import data_dir, shipped_ids
from tests.bad_inputs import BASE, DEMANDS, NODES, edit, included, put, workbook, workbook_bytes, write_base


def assert_same(one: Network, other: Network) -> None:
    for table in ("nodes", "links", "demands"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))
    assert one.modules == other.modules
    assert one.services == other.services
    assert one.sources == other.sources


def test_the_base_is_read(tmp_path: Path) -> None:
    network = load(write_base(tmp_path))
    assert network.name == "net"
    assert network.title == "Three towns"
    assert list(network.nodes["node_id"]) == ["a", "b", "c", "s", "m", "m2"]
    links = network.links.set_index("link_id")
    assert links.loc["ab", "module"] == "decoy-625mhz"
    assert links.loc["bc", "module"] == "modules/own.toml"
    assert list(links["attenuation_db_per_km"]) == [0.21, 0.21]
    assert list(links["module_pairs"]) == [2, 1]
    assert math.isnan(links.loc["ab", "key_rate_bps"])
    assert links.loc["ab", "geometry"] == "LINESTRING (110 30, 110.5 30)"
    assert list(network.demands["priority"]) == [1, 2]
    assert list(network.demands["basis"]) == ["assumed", "assumed"]
    assert sorted(network.modules) == ["decoy-625mhz", "modules/own.toml"]
    assert network.modules["modules/own.toml"].title == "Own module"
    assert list(network.services) == ["call"]
    assert network.sources["book"].citation == "A. Author, A book, 2020"
    assert network.defaults == {"net": {"attenuation_db_per_km": 0.21, "module": "decoy-625mhz"}}
    assert network.notes == ()


def test_every_file_read_is_remembered_byte_for_byte(tmp_path: Path) -> None:
    files = {file.name: file.content for file in load(write_base(tmp_path)).files}
    assert {name: content.decode() for name, content in files.items() if name.startswith("net/")} == {
        name: text for name, text in BASE.items() if name.startswith("net/")
    }
    assert "data/modules/decoy-625mhz.toml" in files
    assert list(files) == sorted(files)


def test_only_the_named_sources_are_kept(tmp_path: Path) -> None:
    reference = put("net/sources.toml", BASE["net/sources.toml"] + '\n[other]\ncitation = "x"\n')(tmp_path)
    assert "book" in load(reference).sources
    assert "other" not in load(reference).sources


@pytest.mark.parametrize("name", shipped_ids("networks"))
def test_shipped_networks_are_read_without_notes(name: str) -> None:
    network = load(name)
    assert network.name == name
    assert network.notes == ()
    assert len(network.links) > 0
    assert len(network.nodes) == network.nodes["node_id"].nunique()


def test_a_shipped_network_by_its_path_is_the_same() -> None:
    assert_same(load("trunks"), load(data_dir() / "networks" / "trunks"))


def test_catalogue_names_what_ships() -> None:
    shipped = catalogue()
    assert list(shipped) == ["networks", "modules", "services", "coexistence", "satellites"]
    for kind, entries in shipped.items():
        assert [entry["id"] for entry in entries] == shipped_ids(kind)  # type: ignore[arg-type]
        assert all(entry["title"] and entry.keys() == {"id", "title", "title_local"} for entry in entries)


# --- encodings and shapes of text ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: text.replace("\n", "  \n").encode(),
        lambda text: text.replace(",", " , ").encode(),
        lambda text: text.replace("\n", ",,\n").encode(),
        lambda text: (text + ",,,,,,,,,\n").encode(),
        lambda text: ("\n\n" + text).encode(),
        lambda text: text.replace("Alpha", '"Alpha"').encode(),
        lambda text: text.replace("30.0", "3.00e1").encode(),
        lambda text: text.replace("2020", "2020.0").encode(),
        lambda text: text.replace("111.0", "+111").encode(),
    ],
    ids=[
        *("byte-order mark", "CRLF", "CR", "no last line end", "blank lines", "trailing spaces", "padded cells"),
        *("nameless blank columns", "blank row of commas", "blank lines before", "quoted", "exponent", "year 2020.0"),
        "plus sign",
    ],
)
def test_shapes_of_csv_that_mean_the_same(tmp_path: Path, change: object) -> None:
    expected = load(write_base(tmp_path / "plain"))
    network = load(put("net/nodes.csv", change(NODES))(tmp_path / "changed"))  # type: ignore[operator]
    assert_same(network, expected)
    assert network.notes == ()


def test_columns_in_any_order(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(NODES)))
    text = io.StringIO()
    csv.writer(text).writerows(row[::-1] for row in rows)
    assert_same(load(put("net/nodes.csv", text.getvalue())(tmp_path / "x")), load(write_base(tmp_path / "y")))


def test_gb18030_is_read_with_a_note(tmp_path: Path) -> None:
    text = NODES.replace("Alpha", "北京").replace("Beta", "𠮷林镕").replace("Gamma", "合肥")
    network = load(put("net/nodes.csv", text.encode("gb18030"))(tmp_path))
    assert list(network.nodes["name"][:3]) == ["北京", "𠮷林镕", "合肥"]
    assert network.notes == ("net/nodes.csv: was read as GB18030 text; UTF-8 is the safer choice",)


def test_gb18030_in_toml(tmp_path: Path) -> None:
    network = load(
        put("net/network.toml", BASE["net/network.toml"].replace("Three towns", "三城").encode("gb18030"))(tmp_path)
    )
    assert network.title == "三城"
    assert len(network.notes) == 1


@pytest.mark.parametrize(
    "name", ["a, b", 'say "x"', "=1+1", "</script>", "NaN", "None", "null", "{{ x }}", "${x}", "`", "\\", "\u202e"]
)
def test_names_stay_letter_for_letter(tmp_path: Path, name: str) -> None:
    text = io.StringIO()
    rows = [[name if cell == "Gamma" else cell for cell in row] for row in csv.reader(io.StringIO(NODES))]
    csv.writer(text).writerows(rows)
    assert load(put("net/nodes.csv", text.getvalue())(tmp_path)).node_names["c"] == name


def test_the_row_after_a_cell_of_two_lines_is_counted_as_in_the_file(tmp_path: Path) -> None:
    write = edit(("net/nodes.csv", "a,Alpha", 'a,"Al\npha"'), ("net/nodes.csv", "c,Gamma,user,30.0", "c,Gamma,user,x"))
    with pytest.raises(InputError) as caught:
        load(write(tmp_path))
    assert [(p.row, p.column) for p in caught.value.problems] == [(2, "name"), (5, "lat_deg")]


def test_tables_with_a_header_alone(tmp_path: Path) -> None:
    write_base(tmp_path)
    for name in ("nodes", "links", "demands"):
        path = tmp_path / "net" / f"{name}.csv"
        path.write_text(path.read_text().splitlines()[0])
    network = load(tmp_path / "net")
    assert [len(network.nodes), len(network.links), len(network.demands)] == [0, 0, 0]
    assert network.links["module_pairs"].dtype == "int64"
    assert network.graph.number_of_nodes() == 0


def test_a_folder_without_demands_has_none_and_says_so(tmp_path: Path) -> None:
    write_base(tmp_path)
    (tmp_path / "net" / "demands.csv").unlink()
    network = load(tmp_path / "net")
    assert len(network.demands) == 0
    assert network.notes == ("net/demands.csv: there is no such file, so the network has no demands",)


# --- workbooks --------------------------------------------------------------------------------------------


def test_a_workbook_says_the_same_as_the_folder(tmp_path: Path) -> None:
    reference = workbook()(tmp_path)
    network = load(reference)
    assert_same(network, load(tmp_path / "net"))
    assert network.name == "net"
    assert network.defaults == load(tmp_path / "net").defaults
    assert network.notes == ()


def test_a_workbook_may_hold_other_sheets_and_says_they_are_not_read(tmp_path: Path) -> None:
    network = load(workbook(remarks=[["anything"]])(tmp_path))
    assert network.notes == ("net.xlsx: the sheet 'remarks' is not read",)


def test_numbers_as_ids_and_blank_rows_in_a_workbook(tmp_path: Path) -> None:
    sheet = [
        [],
        ["node_id", "name", "kind", "lat_deg", "lon_deg", "basis"],
        [],
        [101, 5.0, "trusted", 30, 110, "assumed"],
    ]
    header = [["link_id", "node_a", "node_b", "length_km", "basis"]]
    network = load(workbook(nodes=sheet, links=header, demands=[DEMANDS.splitlines()[0].split(",")])(tmp_path))
    assert list(network.nodes["node_id"]) == ["101"]
    assert list(network.nodes["name"]) == ["5"]


def test_computed_formulas_are_read(tmp_path: Path) -> None:
    """What Excel writes: the formula and its value; an empty text is a value."""
    import zipfile

    content = workbook_bytes(cells={("links", "D3"): "=50+5", ("nodes", "H3"): '=""'})
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            text = text.replace(b"<f>50+5</f><v />", b"<f>50+5</f><v>55</v>").replace(
                b"<f>50+5</f><v></v>", b"<f>50+5</f><v>55</v>"
            )
            text = text.replace(b'<c r="H3"><f>', b'<c r="H3" t="str"><f>')
            new.writestr(name, text)
    assert_same(load(workbook(changed.getvalue())(tmp_path)), load(tmp_path / "net"))


def test_a_workbook_that_lies_about_its_size(tmp_path: Path) -> None:
    import zipfile

    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook_bytes())) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/worksheets/"):
                start, end = text.index(b"<dimension"), text.index(b"/>", text.index(b"<dimension"))
                text = text[:start] + b'<dimension ref="A1"' + text[end:]
            new.writestr(name, text)
    assert_same(load(workbook(changed.getvalue())(tmp_path)), load(tmp_path / "net"))


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_workbook_never_ends_in_a_traceback(tmp_path: Path, seed: int) -> None:
    import random

    draw = random.Random(seed)  # noqa: S311 (nothing secret)
    content = bytearray(workbook_bytes())
    for _ in range(draw.choice([1, 3, 30])):
        content[draw.randrange(len(content))] = draw.randrange(256)
    with contextlib.suppress(InputError):
        load(workbook(bytes(content))(tmp_path))


# --- names and paths --------------------------------------------------------------------------------------


def test_a_folder_with_the_name_of_a_shipped_network_is_read_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_base(tmp_path)
    (tmp_path / "net").rename(tmp_path / "trunks")
    monkeypatch.chdir(tmp_path)
    network = load("trunks")
    assert network.title == "Three towns"
    assert network.notes == ("the folder 'trunks' is read, not the shipped network of the same name",)
    assert load("./trunks").notes == ()


def test_a_folder_that_is_no_network_does_not_hide_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trunks").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("trunks").name == "trunks"


@pytest.mark.parametrize("reference", [".", "./", "../net", "../net/../net"])
def test_paths_relative_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    write_base(tmp_path)
    monkeypatch.chdir(tmp_path / "net")
    network = load(reference)
    assert network.name == "net"
    assert {file.name.split("/")[0] for file in network.files} == {"net", "data"}


def test_network_toml_may_name_the_network(tmp_path: Path) -> None:
    assert load(edit(("net/network.toml", "\n\n[", '\nname = "towns"\n\n['))(tmp_path)).name == "towns"


# --- include ----------------------------------------------------------------------------------------------


def test_included_tables_are_joined_and_blanks_filled(tmp_path: Path) -> None:
    write = included(
        (
            "other/nodes.csv",
            "basis\nb,Beta,trusted,30.0,110.5,assumed",
            "basis,city\nb,Beta,trusted,30.0,110.5,assumed,Beta City",
        )
    )
    reference = write(tmp_path)
    text = (tmp_path / "other" / "nodes.csv").read_text()
    (tmp_path / "other" / "nodes.csv").write_text(text.replace("31.0,110.5,assumed", "31.0,110.5,assumed,"))
    network = load(reference)
    assert list(network.nodes["node_id"]) == ["b", "e", "a", "c", "s", "m", "m2"]
    node = network.nodes.set_index("node_id").loc["b"]
    assert (node["city"], node["basis"], node["source"]) == ("Beta City", "assumed", None)
    assert list(network.links["link_id"]) == ["be", "ab", "bc"]


def test_defaults_stay_with_their_own_network(tmp_path: Path) -> None:
    links = load(included()(tmp_path)).links.set_index("link_id")
    assert links.loc["be", "attenuation_db_per_km"] == 0.2
    assert links.loc["ab", "attenuation_db_per_km"] == 0.21


def test_a_module_of_an_included_network_is_counted_from_the_outer_one(tmp_path: Path) -> None:
    reference = included(("other/links.csv", "decoy-625mhz", "modules/own.toml"))(tmp_path)
    (tmp_path / "other" / "modules").mkdir()
    own = (tmp_path / "net" / "modules" / "own.toml").read_text()
    (tmp_path / "other" / "modules" / "own.toml").write_text(own.replace("Own", "Other"))
    network = load(reference)
    assert list(network.links["module"]) == ["../other/modules/own.toml", "decoy-625mhz", "modules/own.toml"]
    assert network.modules["../other/modules/own.toml"].title == "Other module"
    assert network.modules["modules/own.toml"].title == "Own module"


def test_a_local_module_comes_before_the_shipped_one_but_must_mean_the_same_everywhere(tmp_path: Path) -> None:
    reference = put("net/modules/decoy-625mhz.toml", BASE["net/modules/own.toml"])(tmp_path)
    assert load(reference).modules["decoy-625mhz"].title == "Own module"
    text = BASE["net/network.toml"].replace("\n\n[", '\ninclude = ["../other"]\n\n[')
    (tmp_path / "net" / "network.toml").write_text(text)
    with pytest.raises(
        InputError, match=r"means one thing in data/modules/decoy-625mhz.toml and another in net/modules"
    ):
        load(reference)


def test_a_diamond_of_includes(tmp_path: Path) -> None:
    write_base(tmp_path)
    for name, includes in (
        ("left", '["../other"]'),
        ("right", '["../left/../other", "../other"]'),
        ("all", '["../left", "../right"]'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "network.toml").write_text(f'title = "{name}"\ninclude = {includes}\n')
    network = load(tmp_path / "all")
    assert list(network.nodes["node_id"]) == ["b", "e"]
    assert list(network.links["link_id"]) == ["be"]
    assert {file.name.split("/")[0] for file in network.files} == {"all", "left", "right", "other", "data"}


def test_shipped_networks_and_workbooks_can_be_included(tmp_path: Path) -> None:
    workbook()(tmp_path)
    (tmp_path / "all").mkdir()
    text = 'title = "all"\ninclude = ["wuhan-hefei", "../net/net.xlsx"]\n'
    (tmp_path / "all" / "network.toml").write_text(text)
    network = load(tmp_path / "all")
    assert {"wuhan", "a"} <= set(network.nodes["node_id"])
    assert {"net/net.xlsx", "net/modules/own.toml", "data/networks/wuhan-hefei/nodes.csv"} <= {
        f.name for f in network.files
    }


def test_a_misspelt_table_of_an_including_network_is_noted(tmp_path: Path) -> None:
    (tmp_path / "network.toml").write_text('title = "x"\ninclude = ["trunks"]\n')
    (tmp_path / "node.csv").write_text("node_id\n")
    (note,) = load(tmp_path).notes
    assert "the folder has 'node.csv'; did you mean that?" in note


# --- demands, notes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_demands_from_a_file_of_their_own(tmp_path: Path, ending: str) -> None:
    reference = edit(("net/demands.csv", "a,c,1000", "a,z,many"))(tmp_path)
    path = tmp_path / f"next-year.{ending}"
    if ending == "csv":
        path.write_text(DEMANDS.replace("1000", "2000"))
    else:
        path.write_bytes(workbook_bytes(cells={("demands", "D2"): 2000}))
    network = load(reference, demands=path)
    assert network.demands["rate_bps"][0] == 2000
    assert path.name in {file.name for file in network.files}
    assert "net/demands.csv" not in {file.name for file in network.files}
    (tmp_path / "net" / "demands.csv").unlink()
    assert_same(load(reference, demands=path), network)


@pytest.mark.parametrize(
    ("length_km", "words"),
    [
        ("48", "below the great circle of 48.2 km between a and b"),
        ("482.5", "is 10 times the great circle"),
        ("48.3", None),
        ("480", None),
    ],
)
def test_lengths_that_do_not_fit_are_noted(tmp_path: Path, length_km: str, words: str | None) -> None:
    notes = load(edit(("net/links.csv", "a,b,60", f"a,b,{length_km}"))(tmp_path)).notes
    if words is None:
        assert notes == ()
    else:
        (note,) = notes
        assert words in note
        assert note.startswith("net/links.csv, row 2, column length_km: ")


def test_many_odd_lengths_are_one_note(tmp_path: Path) -> None:
    more = "".join(f"more-{n},a,b,{10 + n},assumed\n" for n in range(5))
    header = "link_id,node_a,node_b,length_km,basis\n"
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "network.toml").write_text('title = "Lengths"\n[defaults]\nkey_rate_bps = 1000\n')
    (folder / "nodes.csv").write_text(
        "node_id,name,kind,lat_deg,lon_deg,basis\na,A,trusted,30,115,assumed\nb,B,trusted,30,116,assumed\n"
    )
    (folder / "links.csv").write_text(header + more + "long,a,b,5000,assumed\n")
    (folder / "demands.csv").write_text("demand_id,node_a,node_b,rate_bps\n")
    short, long = load(folder).notes
    assert short.startswith("net/links.csv, row 2, column length_km: 5 lengths are below the great circle; the oddest")
    assert "the length of 10 km is below the great circle of 96.5 km between a and b" in short
    assert "5,000 km is 52 times the great circle" in long


@pytest.mark.parametrize(
    ("column", "node", "words"),
    [
        ("relay_limit_bps", "c", "a node of kind user passes no key on: the limit has no effect"),
        ("user_ports", "s", "a node of kind switch is no end of demands: the limit has no effect"),
        ("relay_limit_bps", "a", None),
        ("user_ports", "c", None),
    ],
)
def test_a_limit_that_limits_nothing_is_noted(tmp_path: Path, column: str, node: str, words: str | None) -> None:
    write_base(tmp_path)
    table = tmp_path / "net" / "nodes.csv"
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    rows = [f"{row},{3 if row.startswith(f'{node},') else ''}" for row in rows]
    table.write_text("\n".join([f"{header},{column}", *rows]), encoding="utf-8")
    notes = load(tmp_path / "net").notes
    assert [words in note for note in notes] == ([] if words is None else [True])


def test_lengths_to_satellites_and_within_one_place_are_not_noted(tmp_path: Path) -> None:
    write = edit(
        ("net/nodes.csv", "Alpha,trusted", "Alpha,satellite"),
        ("net/nodes.csv", "user,30.0,111.0", "user,30.0,110.5"),
        ("net/links.csv", "a,b,60", "a,b,1"),
    )
    assert load(write(tmp_path)).notes == ()


def test_a_shipped_module_means_the_shipped_sources(tmp_path: Path) -> None:
    own = BASE["net/sources.toml"] + '\n["lim-2014"]\ncitation = "Another Lim"\n'
    assert load(put("net/sources.toml", own)(tmp_path)).sources["lim-2014"].citation != "Another Lim"
    edits = (("net/nodes.csv", "published,book", "published,lim-2014"),)
    reference = edit(*edits)(tmp_path)
    (tmp_path / "net" / "sources.toml").write_text(own)
    with pytest.raises(InputError, match=r"'lim-2014' means one thing in net/sources.toml and another in data"):
        load(reference)


def test_an_unknown_source_of_a_module_given_by_path_is_a_note(tmp_path: Path) -> None:
    reference = edit(("net/modules/own.toml", "basis =", 'source = "own notes"\nbasis ='))(tmp_path)
    network = load(reference)
    (note,) = network.notes
    assert "net/modules/own.toml, row 3, column source: the source 'own notes' is not known" in note
    assert "own notes" not in network.sources


def test_a_reading_changes_nothing(tmp_path: Path) -> None:
    reference = write_base(tmp_path)
    for root, folders, files in os.walk(tmp_path):
        for name in (*folders, *files):
            (Path(root) / name).chmod(0o500 if name in folders else 0o400)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    load(reference)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    for path in tmp_path.rglob("*"):
        path.chmod(0o700)
