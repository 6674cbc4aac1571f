"""What the records demand, in plain words: limits of a column, and what pydantic found wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from planner.errors import Problem, nearest
from planner.files.cells import did_you_mean, plain, quoted

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_PLAIN = {
    "greater_than": "{} is out of range",
    "greater_than_equal": "{} is out of range",
    "less_than": "{} is out of range",
    "less_than_equal": "{} is out of range",
    "string_pattern_mismatch": "{} is not an id",
    "string_too_long": "{} is too long",
    "string_too_short": "is blank",
    "finite_number": "{} is not a finite number",
}
"""What pydantic's errors are called here; ``{}`` is what was read."""


def expectation(record: type[BaseModel], column: str) -> str:
    """What a field takes, in words: ``a number from 0 to 500 dB``.

    Args:
        record: The record class.
        column: One of its fields.

    Returns:
        The kind of value, its limits and its unit.
    """
    field = record.model_fields[column]
    extra = field.json_schema_extra
    unit = f" {extra['unit']}" if isinstance(extra, dict) and "unit" in extra else ""
    kinds, limits = _flatten(field.annotation, list(field.metadata))
    words = []
    for kind in kinds:
        if get_origin(kind) is Literal:
            words.append("one of " + ", ".join(map(str, get_args(kind))))
        elif kind in (int, float):
            words.append(("a whole number" if kind is int else "a number") + _range(limits) + unit)
        elif kind is bool:
            words.append("true or false")
        elif kind is str:
            words.append(_text(limits))
        elif get_origin(kind) is list:
            words.append("a list of names")
        else:
            words.append("a table")
    return " or ".join(words)


def _flatten(annotation: Any, metadata: list[Any]) -> tuple[list[Any], list[Any]]:
    """The kinds of value that an annotation allows, and all limits on them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        more = [limit for item in more for limit in getattr(item, "metadata", [item])]
        return _flatten(inner, [*metadata, *more])
    if origin in (Literal, list, dict) or not get_args(annotation):
        return [annotation], metadata
    kinds = []
    for part in get_args(annotation):
        if part not in (NoneType, Ellipsis):
            inner_kinds, metadata = _flatten(part, metadata)
            kinds.extend(inner_kinds)
    return kinds, metadata


def _limit(limits: list[Any], name: str) -> Any:
    return next((value for limit in limits if (value := getattr(limit, name, None)) is not None), None)


def _range(limits: list[Any]) -> str:
    ge, gt, le = (_limit(limits, name) for name in ("ge", "gt", "le"))
    if gt is not None:
        return f" above {plain(gt)}" + (f" and at most {plain(le)}" if le is not None else "")
    if ge is not None and le is not None:
        return f" from {plain(ge)} to {plain(le)}"
    return f" of at least {plain(ge)}" if ge is not None else ""


def _text(limits: list[Any]) -> str:
    if _limit(limits, "pattern"):
        return "letters, digits, '-', '_' and '.', beginning with a letter or digit"
    if any("wkt" in getattr(getattr(limit, "func", None), "__name__", "") for limit in limits):
        return "LINESTRING (longitude latitude, longitude latitude, ...) in degrees"
    longest = _limit(limits, "max_length")
    return "text" if longest is None else f"text of at most {longest:,} characters"


def problems_of(
    error: ValidationError,
    *,
    record: type[BaseModel],
    file: str,
    row: int | None = None,
    prefix: str = "",
    rows: Mapping[str, int | None] | None = None,
) -> Iterator[Problem]:
    """What pydantic found wrong with one record, as problems.

    Args:
        error: What pydantic raised.
        record: The class that was validated.
        file: The file that the record is in.
        row: The row of a table that the record is.
        prefix: The key of a TOML table that the record is.
        rows: The rows of dotted keys, for a record that is a file.

    Yields:
        A problem for each error; ``column`` is the field, or a dotted key.
    """
    errors = error.errors(include_url=False)
    # A misspelt key is told once, not as a missing one too.
    meant = {_explain(item, record=record)[1] for item in errors if item["type"] == "extra_forbidden"}
    for item in errors:
        column = ".".join([*([prefix] if prefix else []), *map(str, item["loc"])])
        message, expected = _explain(item, record=record)
        if item["type"] == "missing" and did_you_mean(str(item["loc"][-1])) in meant:
            continue
        place = row if rows is None else rows.get(column, rows.get(prefix))
        yield Problem(message, file=file, row=place, column=column or None, expected=expected)


def _explain(item: ErrorDetails, *, record: type[BaseModel]) -> tuple[str, str | None]:
    """The message for one error of pydantic, and what would be right."""
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    owner, name = _owner(record, item["loc"])
    right = expectation(owner, name) if name in owner.model_fields else None
    if kind == "missing":
        description = owner.model_fields[name].description
        return "is missing", f"{description} ({right})" if description else right
    if kind == "extra_forbidden":
        return "is not known here", nearest(name.lower(), owner.model_fields)
    if kind == "value_error":
        return str(context["error"]), None
    if kind == "literal_error":
        kinds = _flatten(owner.model_fields[name].annotation, [])[0]
        known = [str(literal) for part in kinds for literal in get_args(part)]
        return f"{quoted(value)} is not known", _nearest_word(str(value).lower(), known) or right
    return _PLAIN.get(kind, "{} is not right here").format(quoted(value)), right


def _nearest_word(word: str, known: list[str]) -> str | None:
    """The one known word that is nearest; None where several are equally near: ``split-k`` is as near to all splits."""
    near = difflib.get_close_matches(word, known, n=2, cutoff=0.8)
    likeness = [difflib.SequenceMatcher(None, word, one).ratio() for one in near]
    return None if len(near) > 1 and likeness[0] == likeness[1] else nearest(word, known)


def _owner(record: type[BaseModel], location: tuple[int | str, ...]) -> tuple[type[BaseModel], str]:
    """The record class that a nested field belongs to, and the field's name."""
    from pydantic import BaseModel

    for step, name in enumerate(location[:-1]):
        if isinstance(name, int):  # a place in a list
            continue
        field = record.model_fields.get(str(name))
        inner = [kind for kind in _flatten(field.annotation, [])[0] if isinstance(kind, type)] if field else []
        if len(inner) != 1 or not issubclass(inner[0], BaseModel):
            return record, str(location[step])
        record = inner[0]
    return record, str(location[-1]) if location else ""
