"""JSON and XML from anywhere: what is damaged or hostile is refused in plain words, and nothing is fetched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEEPEST = 100
"""Elements inside elements; no format of a network comes near."""


def parse_json(text: str, *, file: str) -> Any:
    """Parses JSON, strictly: no NaN, no name twice in an object.

    Args:
        text: The document.
        file: The file's name in messages.

    Returns:
        Mappings, lists, texts, numbers, true, false and None.

    Raises:
        InputError: It is no JSON, is nested too deeply, or holds an endless number.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise InputError(Problem(f"is not valid JSON: {error.msg}", file=file, row=error.lineno)) from None
    except RecursionError:
        raise InputError(Problem("is not read: JSON nested too deeply", file=file)) from None
    except ValueError as error:  # ours below, and what int() says of a number with thousands of digits
        raise InputError(Problem(f"is not valid JSON: {error}", file=file)) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the name '{twice[:60]}' is there twice in one object")
    return found


def parse_xml(content: bytes, *, file: str) -> Element:
    """Parses XML without a document type: so no entity can grow in memory, and no other file is opened.

    Args:
        content: The document.
        file: The file's name in messages.

    Returns:
        The root element.

    Raises:
        InputError: It is no XML, declares a document type, or is nested too deeply.
    """
    from xml.etree.ElementTree import fromstring

    _scan(content, file=file)
    return fromstring(content)  # noqa: S314 (scanned)


def _scan(content: bytes, *, file: str) -> None:
    from xml.parsers import expat

    parser = expat.ParserCreate()
    depth = 0

    def no_doctype(*_: object) -> NoReturn:
        message = "declares a document type (DTD), through which entities come; that is not read"
        expected = "the file without its <!DOCTYPE ...>"
        raise InputError(Problem(message, file=file, row=parser.CurrentLineNumber, expected=expected))

    def enter(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise InputError(Problem("is not read: XML nested too deeply", file=file, row=parser.CurrentLineNumber))

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = no_doctype
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(content, True)  # noqa: FBT003 (the whole document at once)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise InputError(Problem(f"is not valid XML: {reason}", file=file, row=error.lineno)) from None
    except (ValueError, LookupError) as error:  # an encoding that is not known
        raise InputError(Problem(f"is not valid XML: {error}", file=file)) from None


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: Element, *path: str) -> str | None:
    """The text of an element inside, by local names; None where it is not there or blank."""
    here: Element | None = element
    for name in path:
        here = next((child for child in here if local_name(child) == name), None) if here is not None else None
    text = "" if here is None else (here.text or "").strip()
    return text or None
