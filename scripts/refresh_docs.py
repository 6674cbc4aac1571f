"""Brings the documentation in step with the program; `make refresh-docs` runs it, a test holds the pages to it.

Every page is read from the top, in an empty folder of its own:

- what stands between ``<!-- begin NAME -->`` and ``<!-- end -->`` is generated from the code (PARTS below);
- a block ```` ```console ```` holds commands behind ``$ ``; they are run, and what they print is put under them;
- a block ```` ```python ```` is run, all blocks of a page one after the other in one process; what it prints is put
  into the block ```` ```text output ```` behind it, where there is one;
- a block with ``file=NAME`` behind its language is written into that file.

Commands that change the machine or do not end (installing, serving) belong into ```` ```sh ```` blocks, which are only
shown.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100

_BLOCK = re.compile(
    r"^<!-- begin (?P<part>\S+) -->\n.*?^<!-- end -->$|^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


def pages() -> list[Path]:
    """The pages of the documentation and the README, sorted."""
    return sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


class Page:
    """One reading of a page: its folder, and what is waiting to be put under the block that comes next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = ""
        self.printed = ""

    def refresh(self, text: str) -> str:
        """The text with every generated part and every output made anew."""
        return _BLOCK.sub(self._block, text)

    def _block(self, match: re.Match[str]) -> str:
        if match["part"]:
            return f"<!-- begin {match['part']} -->\n{part(match['part'])}\n<!-- end -->"
        language, *attributes = match["info"].split()[:3] or [""]
        body = match["body"]
        for attribute in attributes:
            if attribute.startswith("file="):
                target = self.folder / attribute.removeprefix("file=")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body, encoding="utf-8")
        if language == "console":
            body = self.console(body)
        elif language == "python":
            self._python(body)
        elif language == "text" and "output" in attributes:
            body = self.printed
        return f"```{match['info']}\n{body}```"

    def console(self, body: str) -> str:
        """The commands of a console block, each with what it prints today under it."""
        commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n", body, re.MULTILINE)
        return "\n".join(f"$ {command}\n{self._run(['bash', '-c', command])}" for command in commands)

    def _python(self, body: str) -> None:
        """Runs the blocks so far in one process and keeps what the last of them printed."""
        mark = "-- what the next block prints --"
        self.script += f"print({mark!r})\n{body}"
        self.printed = self._run([sys.executable, "-c", self.script]).rpartition(f"{mark}\n")[2]

    def _run(self, command: list[str]) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            "TERM": "dumb",
            "MPLBACKEND": "Agg",
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        lines = [line.rstrip() for line in done.stdout.strip("\n").splitlines()]
        if "Traceback (most recent call last):" in lines:
            raise RuntimeError(f"{command[-1]}\n{done.stdout}")
        return "".join(f"{line}\n" for line in lines)


def refreshed(page: Path) -> str:
    """A page as it should be today."""
    with tempfile.TemporaryDirectory() as folder:
        return Page(Path(folder)).refresh(page.read_text(encoding="utf-8"))


# --- the generated parts ---------------------------------------------------------------------------------------


def part(name: str) -> str:
    """A generated part by its name, such as ``help:plan`` or ``table:links``."""
    kind, _, argument = name.partition(":")
    return PARTS[kind](argument)


def command_names() -> list[str]:
    """The commands of the command line, in the order of its help."""
    from typer.main import get_command

    from planner.cli import app

    return list(get_command(app).commands)


def _help(command: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        shown = Page(Path(folder)).console(f"$ planner {command} --help\n".replace("  ", " "))
    return f"```text\n{shown}```"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; a bar inside a cell would end it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _schema_rows(record: str) -> Iterator[list[str]]:
    from planner import records

    schema = getattr(records, record).model_json_schema()
    required = set(schema.get("required", ()))
    for name, field in schema["properties"].items():
        choices = [field, *field.get("anyOf", ())]
        found = {key: value for choice in reversed(choices) for key, value in choice.items()}
        default = "required" if name in required else _default(field.get("default"))
        yield [
            f"`{name}`",
            _kind(found),
            found.get("unit", "").replace("um2", "µm²"),
            _limits(found),
            default,
            found.get("description", ""),
        ]


def _default(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return "figure"
    names = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}
    several = "list of tables" if "$ref" in field.get("items", {}) else "list of texts"
    names |= {"array": several, "object": "table"}
    kinds = [choice.get("type", "figure") for choice in field.get("anyOf", [field])]
    return names.get(next(kind for kind in kinds if kind != "null"), "figure")


def _limits(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return ", ".join(f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field)


def _table(record: str) -> str:
    header = ["name", "type", "unit", "limits", "default", "meaning"]
    return _markdown(header, list(_schema_rows(record)))


def _parameters(kind: str) -> str:
    """The module keys: ``settings`` (optimised where absent) or ``device`` (all others)."""
    from planner.physics.module import PARAMETERS, PROTOCOLS

    rows = []
    for key, known in PARAMETERS.items():
        if known.setting == (kind == "settings"):
            default = "optimised" if known.setting else _default(known.default)
            users = [protocol for protocol in PROTOCOLS if protocol in known.protocols]
            others = [protocol for protocol in PROTOCOLS if protocol not in known.protocols]
            protocols = ", ".join(users) if len(others) > 1 else " but ".join(["all", *others])
            limits = ", ".join(_default(choice) for choice in known.choices) or _interval(known)
            rows.append([f"`{key}`", known.unit, limits, default, protocols, known.meaning])
    return _markdown(["key", "unit", "permitted", "where absent", "protocols", "meaning"], rows)


def _interval(known: Any) -> str:
    low = "" if known.low == -math.inf else f"{'>' if known.low_open else '≥'} {known.low:g}"
    high = "" if known.high == math.inf else f"{'<' if known.high_open else '≤'} {known.high:g}"
    return ", ".join(limit for limit in (low, high) if limit)


def _protocols(_: str) -> str:
    from planner.physics.module import PROTOCOLS

    return ", ".join(f"`{protocol}`" for protocol in PROTOCOLS)


def _relays(_: str) -> str:
    from planner.records import RELAY_KINDS

    return ", ".join(f"`{kind}`" for kind in sorted(RELAY_KINDS))


def _cases(family: str) -> str:
    """The published cases of a file: what is compared, with which tolerance, and why that one."""
    from planner.validation import load_cases

    rows = []
    for case_id, case in load_cases()[family].items():
        gated = [part for part in case.parts if case.strong and part.gated]
        tolerances = ", ".join(dict.fromkeys(str(part.tolerance) for part in gated)) or "shown only"
        why = case.because if case.strong else f"{case.because}; {case.reason}"
        rows.append([case_id, case.title, f"`{case.source}`", ", ".join(case.provenance), tolerances, why])
    return _markdown(["case", "what", "source", "numbers", "tolerance", "because"], rows)


PARTS: dict[str, Callable[[str], str]] = {
    "cases": _cases,
    "help": _help,
    "table": _table,
    "parameters": _parameters,
    "protocols": _protocols,
    "relays": _relays,
}


def validation_picture() -> str:
    """The picture of `planner validate`, as docs/pictures/validation.svg has it."""
    from planner.report.validation_plot import validation_svg
    from planner.validation import device_points, model_curves, validate

    return validation_svg(validate(), devices=device_points(), curves=model_curves())


PICTURES: dict[str, Callable[[], str]] = {"validation.svg": validation_picture}
"""Pictures that the program draws; those of the map are photographs of a browser."""


def main() -> None:
    """Writes every page and every drawn picture that is out of step."""
    if not sys.argv[1:]:
        for name, draw in PICTURES.items():
            (ROOT / "docs" / "pictures" / name).write_text(draw(), encoding="utf-8")
    wanted = [Path(name).resolve() for name in sys.argv[1:]] or pages()
    for page in wanted:
        new = refreshed(page)
        if new != page.read_text(encoding="utf-8"):
            page.write_text(new, encoding="utf-8")
            print(f"refreshed {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
