# ruff: noqa: E501 (a table reads best with one case a line)
"""Wrong inputs: a small valid network, and a table of mistakes, each of which is one edit of it.

``CASES`` is the table. ``case.write(folder)`` writes the broken network below an empty folder and returns what
to load; ``case.fragments`` are texts that must be in what the user is told.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NETWORK = """\
title = "Three towns"
description = "A small network for tests."

[defaults]
attenuation_db_per_km = 0.21
module = "decoy-625mhz"
"""

NODES = """\
node_id,name,kind,lat_deg,lon_deg,basis,source,name_local,altitude_m,year
a,Alpha,trusted,30.0,110.0,assumed,,阿,10,2020
b,Beta,trusted,30.0,110.5,published,book,,,
c,Gamma,user,30.0,111.0,assumed,,,,
s,Switch,switch,30.0,110.2,assumed,,,,
m,Middle,measurement,30.0,110.7,assumed,,,,
m2,Second,measurement,30.0,110.8,assumed,,,,
"""

LINKS = """\
link_id,node_a,node_b,length_km,basis,source,via,arm_a_km,arm_a_loss_db,module,module_pairs,key_rate_bps,coexistence,geometry
ab,a,b,60,derived,book,s,,,,2,,,"LINESTRING (110 30, 110.5 30)"
bc,b,c,55,assumed,,m,20,4,modules/own.toml,1,900,,
"""

DEMANDS = """\
demand_id,node_a,node_b,rate_bps,service,units,priority,protection
d1,a,c,1000,,,1,none
d2,a,b,,call,20,2,
"""

SOURCES = """\
[book]
citation = "A. Author, A book, 2020"
"""

SERVICE = """\
title = "Call"
description = "A call."
unit = "subscriber"

[key_bits]
value = 128
basis = "published"
source = "book"

[keys_per_session]
value = 1
basis = "assumed"

[sessions_per_busy_hour]
value = 0.5
basis = "assumed"
"""

MODULE = """\
title = "Own module"
protocol = "bb84-decoy"
basis = "assumed"
clock_hz = 1e9
"""

OTHER = """\
title = "Another network"
"""

OTHER_NODES = """\
node_id,name,kind,lat_deg,lon_deg,basis
b,Beta,trusted,30.0,110.5,assumed
e,Epsilon,trusted,31.0,110.5,assumed
"""

OTHER_LINKS = """\
link_id,node_a,node_b,length_km,basis,module
be,b,e,130,assumed,decoy-625mhz
"""

BASE: dict[str, str] = {
    "net/network.toml": NETWORK,
    "net/nodes.csv": NODES,
    "net/links.csv": LINKS,
    "net/demands.csv": DEMANDS,
    "net/sources.toml": SOURCES,
    "net/services/call.toml": SERVICE,
    "net/modules/own.toml": MODULE,
    "other/network.toml": OTHER,
    "other/nodes.csv": OTHER_NODES,
    "other/links.csv": OTHER_LINKS,
    "other/demands.csv": "demand_id,node_a,node_b,rate_bps\n",
}

Writer = Callable[[Path], str]
"""Writes a network below an empty folder and returns what to load."""


@dataclass(frozen=True)
class Case:
    """A wrong input and what must be said of it: file, row, column and words of the message."""

    name: str
    write: Writer
    file: str | None
    row: int | None
    column: str | None
    words: str

    @property
    def fragments(self) -> tuple[str, ...]:
        place = (self.file, self.row and f"row {self.row}", self.column and f"column {self.column}")
        return tuple(str(part) for part in (*place, self.words) if part)


def write_base(folder: Path) -> str:
    """Writes the valid network."""
    for name, text in BASE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return str(folder / "net")


def edit(*edits: tuple[str, str, str]) -> Writer:
    """The valid network after edits: (file, old text, new text); the old text must be there once."""

    def write(folder: Path) -> str:
        reference = write_base(folder)
        for name, old, new in edits:
            path = folder / name
            text = path.read_bytes().decode()
            assert text.count(old) == 1, (name, old)
            path.write_bytes(text.replace(old, new).encode())
        return reference

    return write


def put(name: str, content: bytes | str) -> Writer:
    """The valid network with one file replaced or added."""

    def write(folder: Path) -> str:
        reference = write_base(folder)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reference

    return write


def without(name: str) -> Writer:
    """The valid network without one file."""

    def write(folder: Path) -> str:
        reference = write_base(folder)
        (folder / name).unlink()
        return reference

    return write


def load_from(place: str) -> Writer:
    """The valid network, and something else to load: ``{folder}`` stands for where it lies."""

    def write(folder: Path) -> str:
        write_base(folder)
        return place.format(folder=folder)

    return write


def included(*edits: tuple[str, str, str]) -> Writer:
    """The valid network including the other one, after edits."""
    return edit(("net/network.toml", "\n\n[defaults]", '\ninclude = ["../other"]\n\n[defaults]'), *edits)


def workbook_bytes(**changes: object) -> bytes:
    """The valid network as a workbook; a sheet is replaced by the rows given, or left out where None is given.

    The single cells in ``cells`` are set last: ``{("nodes", "D2"): 12}``.
    """
    import csv

    from openpyxl import Workbook

    cells: dict[tuple[str, str], object] = changes.pop("cells", {})  # type: ignore[assignment]
    info: list[list[object]] = [
        ["key", "value"],
        ["title", "Three towns"],
        ["description", "A small network for tests."],
        ["defaults.attenuation_db_per_km", 0.21],
        ["defaults.module", "decoy-625mhz"],
    ]
    tables = {"nodes": NODES, "links": LINKS, "demands": DEMANDS}
    sheets: dict[str, object] = {"network": info}
    sheets |= {name: [list(map(_cell, row)) for row in csv.reader(io.StringIO(text))] for name, text in tables.items()}
    book = Workbook()
    book.remove(book.active)
    for name, rows in (sheets | changes).items():
        if rows is not None:
            sheet = book.create_sheet(name)
            for row in rows:  # type: ignore[attr-defined]
                sheet.append(row)
    for (name, place), value in cells.items():
        book[name][place] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(text: str) -> object:
    """A cell as a person types it into Excel: a number is a number."""
    try:
        number = float(text)
    except ValueError:
        return text or None
    return int(number) if number.is_integer() else number


def workbook(content: bytes | None = None, **changes: object) -> Writer:
    """The valid network as a workbook after changes, or other bytes in its place; its own files lie beside it."""

    def write(folder: Path) -> str:
        write_base(folder)
        path = folder / "net" / "net.xlsx"
        path.write_bytes(workbook_bytes(**changes) if content is None else content)
        return str(path)

    return write


def _folder_for(name: str) -> Writer:
    """The valid network with a folder where a file belongs."""

    def write(folder: Path) -> str:
        reference = write_base(folder)
        (folder / name).unlink()
        (folder / name).mkdir()
        return reference

    return write


def renamed(old: str, new: str) -> Writer:
    """The valid network with a file under another name."""

    def write(folder: Path) -> str:
        reference = write_base(folder)
        (folder / old).rename(folder / new)
        return reference

    return write


_GEOMETRY = '"LINESTRING (110 30, 110.5 30)"'
_N, _L, _D = "net/nodes.csv", "net/links.csv", "net/demands.csv"
_T = "net/network.toml"

CASES: tuple[Case, ...] = (
    # what to load
    Case("unknown name", load_from("beijing-shanghia"), None, None, None, "did you mean 'beijing-shanghai'?"),
    Case("no name", load_from(" "), None, None, None, "no network is named"),
    Case("no such path", load_from("{folder}/nowhere"), None, None, None, "there is no network at"),
    Case("no such workbook", load_from("{folder}/net.xlsx"), None, None, None, "there is no network at"),
    Case("a file that is no network", load_from("{folder}/net/nodes.csv"), None, None, None, "is not a network"),
    Case("an impossible name", load_from("x" * 5000), None, None, None, "there is no shipped network"),
    Case("an impossible path", load_from("{folder}/\0"), None, None, None, "there is no network at"),
    # files
    Case("missing network.toml", without(_T), _T, None, None, "there is no such file"),
    Case("missing nodes", without(_N), _N, None, None, "there is no such file"),
    Case("missing links", without(_L), _L, None, None, "a header alone will do: link_id,node_a,node_b"),
    Case("misspelt demands", renamed(_D, "net/demand.csv"), _D, None, None, "the folder has 'demand.csv'; did you mean that?"),
    Case("a folder without a network", load_from("{folder}/net/modules"), "modules", None, None, "is not a network"),
    Case("empty file", put(_N, b""), _N, None, None, "is empty"),
    Case("blank file", put(_N, "\n  \n"), _N, None, None, "is empty"),
    Case("only commas", put(_N, ",,,\n"), _N, 1, None, "has no header"),
    Case("a folder for a file", _folder_for(_D), _D, None, None, "is a folder"),
    Case("undecodable bytes", put(_N, NODES.replace("Beta", "B\xe9ta").encode("latin-1", "replace")), _N, 3, None, "is neither UTF-8 nor GB18030 text"),
    Case("a bad byte in UTF-8", put(_N, NODES.encode().replace(b"Gamma", b"Gam\xff")), _N, 4, None, "is neither UTF-8"),
    Case("UTF-16", put(_N, NODES.encode("utf-16")), _N, None, None, "is UTF-16 text"),
    Case("UTF-16 without mark", put(_N, NODES.encode("utf-16-le")), _N, 1, None, "it may be UTF-16"),
    Case("NUL byte", put(_N, NODES.replace("Gamma", "Ga\0ma")), _N, 4, None, "holds a NUL byte"),
    Case("a workbook named csv", put(_N, b"PK\x03\x04rest"), _N, None, None, "is an Excel or zip file"),
    Case("an old workbook named csv", put(_N, b"\xd0\xcf\x11\xe0rest"), _N, None, None, "is an old Excel file"),
    # tables
    Case("no header", put(_N, "a,Alpha,trusted,30.0,110.0,assumed\n"), _N, 1, None, "is the name of a column"),
    Case("semicolons", put(_N, NODES.replace(",", ";")), _N, 1, None, "parted by semicolons"),
    Case("tabs", put(_N, NODES.replace(",", "\t")), _N, 1, None, "parted by tabs"),
    Case("unknown column", edit((_N, "altitude_m", "altitude")), _N, 1, "altitude", "did you mean 'altitude_m'?"),
    Case("column in capitals", edit((_N, "node_id,name,", "Node_ID,name,")), _N, 1, "Node_ID", "did you mean 'node_id'?"),
    Case("missing column", edit((_N, ",kind", ",city")), _N, 1, "kind", "the column is missing"),
    Case("column twice", edit((_N, ",altitude_m", ",name_local")), _N, 1, "name_local", "the column is there twice"),
    Case("column without a name", edit((_N, ",altitude_m", ",")), _N, 2, None, "'10' stands under no column name"),
    Case("too many cells", edit((_N, "Gamma,user", "Gamma,a town,user")), _N, 4, None, "has 11 cells, the header has 10"),
    Case("too few cells", edit((_N, "Gamma,user,", "Gamma,")), _N, 4, None, "has 9 cells, the header has 10"),
    Case("quote never closed", edit((_N, "Gamma", '"Gamma')), _N, 4, None, "never closed"),
    Case("text after a quote", edit((_N, "Gamma", '"Gam"ma')), _N, 4, None, "text follows a closing quote"),
    # cells
    Case("blank cell", edit((_N, "c,Gamma,user", "c,,user")), _N, 4, "name", "is missing"),
    Case("text for a number", edit((_N, "user,30.0", "user,north")), _N, 4, "lat_deg", "'north' is not a number"),
    Case("latitude 200", edit((_N, "user,30.0", "user,200")), _N, 4, "lat_deg", "a number from -90 to 90 degree"),
    Case("longitude -181", edit((_N, "30.0,111.0", "30.0,-181")), _N, 4, "lon_deg", "a number from -180 to 180"),
    Case("NaN", edit((_N, "user,30.0", "user,NaN")), _N, 4, "lat_deg", "'NaN' is not a finite number"),
    Case("infinity", edit((_L, "b,c,55", "b,c,inf")), _L, 3, "length_km", "'inf' is not a finite number"),
    Case("a number beyond all", edit((_L, "b,c,55", "b,c,1e999")), _L, 3, "length_km", "is not a finite number"),
    Case("decimal comma", edit((_L, "b,c,55", 'b,c,"55,5"')), _L, 3, "length_km", "a point as decimal sign, '55.5'"),
    Case("grouped thousands", edit((_D, "a,c,1000", 'a,c,"1,000,000"')), _D, 2, "rate_bps", "expected: '1000000'"),
    Case("full-width digits", edit((_L, "b,c,55", "b,c,５５")), _L, 3, "length_km", "expected: '55'"),
    Case("a unit in the cell", edit((_L, "b,c,55", "b,c,55 km")), _L, 3, "length_km", "'55 km' has a unit"),
    Case("a percentage", edit((_D, ",20,2", ",20,50%")), _D, 3, "priority", "is a percentage"),
    Case("underscored digits", edit((_D, "a,c,1000", "a,c,1_000")), _D, 2, "rate_bps", "'1_000' is not a number"),
    Case("a formula's error", edit((_L, "b,c,55", "b,c,#DIV/0!")), _L, 3, "length_km", "could not be computed"),
    Case("negative length", edit((_L, "b,c,55", "b,c,-5")), _L, 3, "length_km", "a number from 0 to 1,000,000 km"),
    Case("half a module pair", edit((_L, "own.toml,1,", "own.toml,1.5,")), _L, 3, "module_pairs", "is not a whole number"),
    Case("no module pair", edit((_L, "own.toml,1,", "own.toml,0,")), _L, 3, "module_pairs", "a whole number from 1 to"),
    Case("unknown kind", edit((_N, "Gamma,user", "Gamma,users")), _N, 4, "kind", "did you mean 'user'?"),
    Case("unknown basis", edit((_N, "110.5,published", "110.5,guessed")), _N, 3, "basis", "'guessed' is not known"),
    Case("an id with a space", edit((_N, "m2,Second", "m 2,Second")), _N, 7, "node_id", "'m 2' is not an id"),
    Case("a name too long", edit((_N, "Gamma", "G" * 2001)), _N, 4, "name", "text of at most 2,000 characters"),
    Case("a control character", edit((_N, "Gamma", "Gam\x1bma")), _N, 4, "name", "the control character U+001B"),
    Case("year 20", edit((_N, "10,2020", "10,20")), _N, 2, "year", "a whole number from 1980 to 2200"),
    Case("a relay limit of zero", edit((_N, "altitude_m,", "relay_limit_bps,"), (_N, "10,2020", "0,2020")), _N, 2, "relay_limit_bps", "a number above 0 and at most 1e+15 bit/s"),
    Case("half a port", edit((_N, "altitude_m,", "user_ports,"), (_N, "10,2020", "1.5,2020")), _N, 2, "user_ports", "is not a whole number"),
    Case("a negative port", edit((_N, "altitude_m,", "user_ports,"), (_N, "10,2020", "-1,2020")), _N, 2, "user_ports", "a whole number from 0 to 100,000"),
    Case("priority zero", edit((_D, "1000,,,1", "1000,,,0")), _D, 2, "priority", "a number above 0"),
    Case("unknown protection", edit((_D, ",none", ",1+2")), _D, 2, "protection", "did you mean '1+1'?"),
    Case("a split of any size", edit((_D, ",none", ",split-k")), _D, 2, "protection", "split-2, split-3, split-4"),
    Case("a split of one", edit((_D, ",none", ",split-1")), _D, 2, "protection", "'split-1' is not known"),
    Case("no WKT", edit((_L, _GEOMETRY, "POINT (1 2)")), _L, 2, "geometry", "is not a WKT LineString"),
    Case("latitude first", edit((_L, "110 30, 110.5 30", "30 110, 30 110.5")), _L, 2, "geometry", "is not on Earth"),
    # rows
    Case("source missing", edit((_N, "published,book", "published,")), _N, 3, "source", "needs a source"),
    Case("unknown source", edit((_N, "published,book", "published,boook")), _N, 3, "source", "did you mean 'book'?"),
    Case("link to itself", edit((_L, "ab,a,b", "ab,a,a")), _L, 2, "node_b", "are the same node"),
    Case("demand to itself", edit((_D, "d1,a,c", "d1,c,c")), _D, 2, "node_b", "are the same node"),
    Case("demand without rate", edit((_D, "a,c,1000", "a,c,")), _D, 2, "rate_bps", "either rate_bps, or service and units"),
    Case("rate and service", edit((_D, "a,b,,call", "a,b,5,call")), _D, 3, "rate_bps", "either rate_bps, or service"),
    Case("service without units", edit((_D, "call,20", "call,")), _D, 3, "units", "service and units belong together"),
    Case("arm longer than the link", edit((_L, "m,20,", "m,56,")), _L, 3, "arm_a_km", "is longer than the whole link"),
    Case("arm with more loss", edit((_L, "m,20,4", "m,20,40")), _L, 3, "arm_a_loss_db", "more than the whole link's"),
    # references
    Case("node twice", edit((_N, "m2,Second", "b,Second")), _N, 7, "node_id", "first in net/nodes.csv, row 3"),
    Case("link twice", edit((_L, "bc,b,c", "ab,b,c")), _L, 3, "link_id", "first in net/links.csv, row 2"),
    Case("demand twice", edit((_D, "d2,", "d1,")), _D, 3, "demand_id", "first in net/demands.csv, row 2"),
    Case("link to nowhere", edit((_L, "bc,b,c", "bc,b,z")), _L, 3, "node_b", "there is no node 'z'"),
    Case("demand to nowhere", edit((_D, "d1,a,c", "d1,a,z")), _D, 2, "node_b", "there is no node 'z'"),
    Case("link to a switch", edit((_L, "bc,b,c", "bc,s,c")), _L, 3, "node_a", "is a switch, which holds no keys"),
    Case("demand of a station", edit((_D, "d1,a,c", "d1,m,c")), _D, 2, "node_a", "is a measurement, which holds no keys"),
    Case("via nowhere", edit((_L, "book,s,", "book,s;t,")), _L, 2, "via", "there is no node 't'"),
    Case("via a trusted node", edit((_L, "book,s,", "book,c,")), _L, 2, "via", "is of kind user: light ends there"),
    Case("via twice", edit((_L, "book,s,", "book,s;s,")), _L, 2, "via", "is there twice"),
    Case("via two stations", edit((_L, ",m,20", ",m;m2,20")), _L, 3, "via", "passes 2 measurement stations"),
    Case("an arm without station", edit((_L, ",m,20,4", ",s,20,")), _L, 3, "arm_a_km", "passes no measurement station"),
    Case("unknown coexistence", edit((_L, "own.toml,1,900,,", "own.toml,1,900,dwdm,")), _L, 3, "coexistence", "no coexistence profile 'dwdm'"),
    Case("unknown service", edit((_D, "call,20", "cal,20")), _D, 3, "service", "did you mean 'call'?"),
    Case("unknown module", edit((_L, "modules/own.toml", "decoy-625-mhz")), _L, 3, "module", "did you mean 'decoy-625mhz'?"),
    Case("no such module file", edit((_L, "own.toml", "owm.toml")), _L, 3, "module", "no module file 'modules/owm.toml'"),
    Case("neither module nor rate", edit((_T, 'module = "decoy-625mhz"\n', "")), _L, 2, "module", "needs a module or a measured"),
    # network.toml
    Case("malformed TOML", edit((_T, 'title = "Three', "title = Three")), _T, 1, None, "is not valid TOML"),
    Case("unfinished TOML", put(_T, 'title = "Three'), _T, None, None, "is not valid TOML"),
    Case("no title", edit((_T, "title =", "title_local =")), _T, None, "title", "is missing"),
    Case("unknown key", edit((_T, "description", "descripton")), _T, 2, "descripton", "did you mean 'description'?"),
    Case("title is a number", edit((_T, '"Three towns"', "3")), _T, 1, "title", "3 is not right here"),
    Case("include is no list", edit((_T, "\n\n[def", '\ninclude = "../other"\n\n[def')), _T, 3, "include", "a list of names"),
    Case("unknown default", edit((_T, "attenuation_db_per_km", "attenuation")), _T, 5, "defaults.attenuation", "did you mean 'attenuation_db_per_km'?"),
    Case("default out of range", edit((_T, "0.21", "-0.21")), _T, 5, "defaults.attenuation_db_per_km", "from 0 to 100 dB/km"),
    Case("default of a wrong kind", edit((_T, "0.21", "[0.21]")), _T, 5, "defaults.attenuation_db_per_km", "is a list"),
    Case("default truth value", edit((_T, "0.21", "true")), _T, 5, "defaults.attenuation_db_per_km", "TRUE is a truth value"),
    Case("default link_id", edit((_T, "attenuation_db_per_km = 0.21", 'link_id = "x"')), _T, 5, "defaults.link_id", "every link has its own"),
    Case("default of an unknown module", edit((_T, "decoy-625mhz", "decoy")), _T, 6, "defaults.module", "there is no module 'decoy'"),
    # include
    Case("unknown include", edit((_T, "\n\n[def", '\ninclude = ["trunk"]\n\n[def')), _T, 3, "include", "did you mean 'trunks'?"),
    Case("missing include", edit((_T, "\n\n[def", '\ninclude = ["../no"]\n\n[def')), _T, 3, "include", "no network at '../no'"),
    Case("include of itself", edit((_T, "\n\n[def", '\ninclude = ["."]\n\n[def')), _T, 3, "include", "net → net"),
    Case("include cycle", included(("other/network.toml", "\n", '\ninclude = ["../net"]\n')), "other/network.toml", 2, "include", "net → other → net"),
    Case("contradictory positions", included(("other/nodes.csv", "30.0,110.5", "30.1,110.5")), _N, 3, "lat_deg", "30.1 in other/nodes.csv, row 2"),
    Case("contradictory kinds", included(("other/nodes.csv", "Beta,trusted", "Beta,ground")), _N, 3, "kind", "'ground' in other/nodes.csv, row 2"),
    Case("contradictory names", included(("other/nodes.csv", "Beta", "Bet")), _N, 3, "name", "'Bet' in other/nodes.csv, row 2"),
    Case("link in two networks", included(("other/links.csv", "be,b,e", "ab,b,e")), _L, 2, "link_id", "first in other/links.csv, row 2"),
    Case("mistake in an included network", included(("other/nodes.csv", "31.0", "310")), "other/nodes.csv", 3, "lat_deg", "310 is out of range"),
    # modules, services, sources
    Case("module key unknown", edit(("net/modules/own.toml", "clock_hz", "clok_hz")), "net/modules/own.toml", 4, "clok_hz", "clock_hz"),
    Case("module out of range", edit(("net/modules/own.toml", "1e9", "-1e9")), "net/modules/own.toml", 4, "clock_hz", "clock_hz is -1e+09"),
    Case("module without protocol", edit(("net/modules/own.toml", "protocol", "note")), "net/modules/own.toml", None, "protocol", "protocol is missing"),
    Case("module is no TOML", put("net/modules/own.toml", "title: x"), "net/modules/own.toml", 1, None, "is not valid TOML"),
    Case("module file empty", put("net/modules/own.toml", b""), "net/modules/own.toml", None, None, "is empty"),
    Case("module is a folder", edit((_L, "modules/own.toml", "modules/")), "net/modules", None, None, "is a folder"),
    Case("service key unknown", edit(("net/services/call.toml", "unit", "unitt")), "net/services/call.toml", 3, "unitt", "did you mean 'unit'?"),
    Case("service figure negative", edit(("net/services/call.toml", "0.5", "-0.5")), "net/services/call.toml", 15, "sessions_per_busy_hour.value", "-0.5 is out of range"),
    Case("service figure without source", edit(("net/services/call.toml", 'source = "book"\n', "")), "net/services/call.toml", 5, "key_bits", "needs a source"),
    Case("service of an unknown source", edit(("net/services/call.toml", '"book"', '"bok"')), "net/services/call.toml", 8, "key_bits.source", "did you mean 'book'?"),
    Case("service that uses no key", edit(("net/services/call.toml", "[keys_per_session]", "[session_duration_s]")), "net/services/call.toml", None, None, "uses no key"),
    Case("source without citation", edit(("net/sources.toml", "citation", "url")), "net/sources.toml", 1, "book.citation", "is missing"),
    Case("source is no table", put("net/sources.toml", 'book = "A book"'), "net/sources.toml", 1, "book", "is no table"),
    # workbooks
    Case("empty workbook", workbook(b""), "net.xlsx", None, None, "is empty"),
    Case("text named xlsx", workbook(b"title,Three towns\n"), "net.xlsx", None, None, "is not an Excel workbook"),
    Case("damaged workbook", workbook(b"PK\x03\x04" + bytes(100)), "net.xlsx", None, None, "is damaged"),
    Case("cut workbook", workbook(workbook_bytes()[:3000]), "net.xlsx", None, None, "is damaged"),
    Case("encrypted workbook", workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)), "net.xlsx", None, None, "encrypted"),
    Case("missing sheet", workbook(links=None), "net.xlsx", None, None, "the sheet 'links' is missing"),
    Case("missing network sheet", workbook(network=None), "net.xlsx", None, None, "the sheet 'network' is missing"),
    Case("empty sheet", workbook(nodes=[]), "net.xlsx sheet nodes", 1, None, "has no header"),
    Case("workbook: text for a number", workbook(cells={("nodes", "D4"): "north"}), "net.xlsx sheet nodes", 4, "lat_deg", "'north' is not a number"),
    Case("workbook: truth value", workbook(cells={("links", "D3"): True}), "net.xlsx sheet links", 3, "length_km", "TRUE is a truth value"),
    Case("workbook: date", workbook(cells={("links", "D3"): dt.date(2026, 5, 1)}), "net.xlsx sheet links", 3, "length_km", "is a date"),
    Case("workbook: formula never computed", workbook(cells={("links", "D3"): "=50+5"}), "net.xlsx sheet links", 3, "length_km", "'=50+5' was never computed"),
    Case("workbook: formula's error", workbook(cells={("links", "D3"): "#REF!"}), "net.xlsx sheet links", 3, "length_km", "could not be computed"),
    Case("workbook: unknown key", workbook(cells={("network", "A3"): "descripton"}), "net.xlsx sheet network", 3, "descripton", "did you mean 'description'?"),
    Case("workbook: key twice", workbook(cells={("network", "A3"): "title"}), "net.xlsx sheet network", 3, "title", "first in row 2"),
    Case("workbook: unknown column", workbook(cells={("nodes", "I1"): "altitude"}), "net.xlsx sheet nodes", 1, "altitude", "did you mean 'altitude_m'?"),
    Case("workbook: unknown default", workbook(cells={("network", "A4"): "defaults.atenuation"}), "net.xlsx sheet network", 4, "defaults.atenuation", "did you mean"),
)  # fmt: skip
