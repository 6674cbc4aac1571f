"""SNDlib's native text: sections of entries in round brackets (sndlib.put.poznan.pl, "native format")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.errors import InputError, Problem
from planner.files.cells import quoted
from planner.files.foreign.draft import Draft, Site, Span, Want

FORMAT = "SNDlib native text"
_COSTS = 4  # numbers of a link before the list of its modules: capacities and costs, none of them a length


class _Tokens:
    """Words and brackets, each with its row."""

    def __init__(self, text: str, *, file: str) -> None:
        self.file = file
        self.row = 1
        self._all = self._split(text)

    @staticmethod
    def _split(text: str) -> Iterator[tuple[int, str]]:
        for row, line in enumerate(text.splitlines(), start=1):
            for token in re.findall(r"[()]|[^\s()]+", line.partition("#")[0]):
                yield row, token

    def next(self) -> str | None:
        """The next token; None at the end."""
        self.row, token = next(self._all, (self.row, None))
        return token

    def need(self, expected: str | None = None) -> str:
        """The next token, which must be ``expected`` where that is given, and a word where not."""
        token = self.next()
        if token is None:
            raise self.error("ends in the middle of an entry", expected or "a word")
        is_right = token == expected if expected else token not in {"(", ")"}
        if not is_right:
            raise self.error(f"{quoted(token)} is not right here", expected or "a word")
        return token

    def error(self, message: str, expected: str | None = None) -> InputError:
        return InputError(Problem(message, file=self.file, row=self.row, expected=expected))

    def skip_bracket(self) -> None:
        """Leaves the bracket that is open."""
        depth = 1
        while depth:
            token = self.next()
            if token is None:
                raise self.error("ends inside a bracket", "')'")
            depth += {"(": 1, ")": -1}.get(token, 0)


def read_sndlib_native(text: str, *, file: str) -> Draft:
    """Parses SNDlib's native text.

    Coordinates are longitude and latitude; lengths are not in the file. A demand's value is multiplied by its
    routing unit.

    Args:
        text: The document.
        file: The file's name in messages.

    Returns:
        What it says.

    Raises:
        InputError: It does not follow the format; names the row.
    """
    draft = Draft(file=file, format=FORMAT)
    first, _, rest = text.lstrip().partition("\n")
    if not re.search(r"type:\s*network\b", first):
        raise InputError(Problem("is SNDlib text, but no network", file=file, row=1, expected="type: network"))
    named = re.search(r"^#\s*network\s+(\S+)\s*$", rest, re.MULTILINE)
    draft.title = named[1] if named else None
    before = len(text) - len(text.lstrip())
    tokens = _Tokens("\n" * (text[:before].count("\n") + 1) + rest, file=file)
    readers = {"NODES": _node, "LINKS": _link, "DEMANDS": _demand}
    while (section := tokens.next()) is not None:
        tokens.need("(")
        if section not in readers:
            tokens.skip_bracket()
            continue
        while (key := tokens.next()) != ")":
            if key is None or key == "(":
                raise tokens.error(f"the section {section} is not right here", "an entry, or ')' at its end")
            readers[section](tokens, key, draft)
    return draft


def _two(tokens: _Tokens) -> tuple[str, str]:
    tokens.need("(")
    pair = tokens.need(), tokens.need()
    tokens.need(")")
    return pair


def _node(tokens: _Tokens, key: str, draft: Draft) -> None:
    place = f"row {tokens.row}"
    x, y = _two(tokens)
    lon_deg = draft.number(x, place=place, what="longitude")
    lat_deg = draft.number(y, place=place, what="latitude")
    draft.sites.append(Site(key, key.replace("_", " "), lat_deg, lon_deg, place))


def _link(tokens: _Tokens, _: str, draft: Draft) -> None:
    place = f"row {tokens.row}"
    ends = _two(tokens)
    for _number in range(_COSTS):
        draft.number(tokens.need(), place=place, what="capacity or cost")
    tokens.need("(")
    tokens.skip_bracket()
    draft.spans.append(Span(*ends, None, place))


def _demand(tokens: _Tokens, _: str, draft: Draft) -> None:
    place = f"row {tokens.row}"
    ends = _two(tokens)
    routing_unit = draft.number(tokens.need(), place=place, what="routing unit")
    value = draft.number(tokens.need(), place=place, what="demand value")
    tokens.need()  # the most hops of a path
    if routing_unit is not None and value is not None:
        draft.wants.append(Want(*ends, routing_unit * value, place))
