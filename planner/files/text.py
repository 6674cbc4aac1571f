"""Bytes become text, and text becomes TOML; what is no text says so in plain words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from planner.files.reading import Reading

_WRONG_BEGINNINGS = {
    b"PK\x03\x04": "is an Excel or zip file, not text",
    b"\xd0\xcf\x11\xe0": "is an old Excel file (.xls) or an encrypted one, not text",
    b"\xff\xfe": "is UTF-16 text",
    b"\xfe\xff": "is UTF-16 text",
}
_AS_UTF8 = "UTF-8 text (in Excel: save as 'CSV UTF-8')"


def read_text(path: Path, *, file: str, reading: Reading) -> str:
    """Reads a text file in UTF-8, with or without byte-order mark, or in GB18030 (Chinese Excel), which it notes.

    Args:
        path: The file.
        file: Its place among the inputs.
        reading: Remembers the file and takes the note.

    Returns:
        The text, without byte-order mark.

    Raises:
        InputError: The file cannot be read, is empty, or is no such text; names the row where it can.
    """
    content = reading.read(path, file=file)
    text, is_gb18030 = decode(content, file=file)
    if is_gb18030:
        reading.note(Problem("was read as GB18030 text; UTF-8 is the safer choice", file=file))
    return text


def decode(content: bytes, *, file: str) -> tuple[str, bool]:
    """Decodes UTF-8 or GB18030.

    Almost any bytes can be read as GB18030, so it is only believed where the bytes are not mostly UTF-8 and
    most characters beyond ASCII are common ones (those of GB 2312).

    Args:
        content: The bytes of a file.
        file: Its name in messages.

    Returns:
        The text, and whether it was GB18030.

    Raises:
        InputError: The bytes are neither; names the row of the first bad byte.
    """
    for beginning, message in _WRONG_BEGINNINGS.items():
        if content.startswith(beginning):
            raise InputError(Problem(message, file=file, expected=_AS_UTF8))
    if b"\0" in content:
        position = content.index(b"\0")
        guess = "; it may be UTF-16" if content.count(b"\0") > len(content) // 4 else ""
        message = f"holds a NUL byte (byte {position}), so it is not text{guess}"
        raise InputError(Problem(message, file=file, row=_row(content, position), expected=_AS_UTF8))
    try:
        text, is_gb18030 = content.decode("utf-8-sig"), False
    except UnicodeDecodeError as error:
        gb18030 = None if _is_mostly_utf8(content) else _common_gb18030(content)
        if gb18030 is None:
            bad = content[error.start : error.start + 1].hex().upper()
            message = f"is neither UTF-8 nor GB18030 text (byte {error.start} is {bad} in hexadecimal)"
            raise InputError(Problem(message, file=file, row=_row(content, error.start), expected=_AS_UTF8)) from None
        text, is_gb18030 = gb18030, True
    if not text.strip():
        raise InputError(Problem("is empty", file=file))
    return text, is_gb18030


def _row(content: bytes, position: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", content[:position])) + 1


def _is_mostly_utf8(content: bytes) -> bool:
    """Whether more characters beyond ASCII can be read as UTF-8 than not."""
    beyond = [letter for letter in content.decode("utf-8", errors="replace") if ord(letter) > 127]
    return beyond.count("\ufffd") < len(beyond) / 2


def _common_gb18030(content: bytes) -> str | None:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in text if ord(letter) > 127]
    common = sum(bool(letter.encode("gb2312", errors="ignore")) for letter in beyond)
    return text if common >= len(beyond) / 2 else None


def parse_toml(text: str, *, file: str) -> dict[str, Any]:
    """Parses TOML.

    Args:
        text: The text of the file.
        file: Its name in messages.

    Raises:
        InputError: The text is not TOML; names the row.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(Problem("is not valid TOML: nested too deeply", file=file)) from None
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number with thousands of digits
        message = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", message)
        line = found and found[1]
        row = int(line) if line else None
        reason = message if found is None or row is None else message.replace(found[0], "").strip()
        raise InputError(Problem(f"is not valid TOML: {reason}", file=file, row=row)) from None


def read_toml(path: Path, *, file: str, reading: Reading) -> tuple[dict[str, Any], str]:
    """Reads a TOML file.

    Args:
        path: The file.
        file: Its place among the inputs.
        reading: Remembers the file and takes notes.

    Returns:
        What it says, and its text.

    Raises:
        InputError: The file cannot be read or is not TOML.
    """
    text = read_text(path, file=file, reading=reading)
    return parse_toml(text, file=file), text


def toml_row(text: str, key: str) -> int | None:
    """The row of a TOML text that a dotted key stands on, where it is plain to see.

    Args:
        text: The text of the file.
        key: Such as ``title`` or ``defaults.module``.

    Returns:
        The first row that gives the key in its table, else None.
    """
    table, _, last = key.rpartition(".")
    here = ""
    for row, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(#.*)?$", line):
            here = header[1].replace('"', "").replace("'", "")
            if here == key:
                return row
        elif here == table and re.match(rf"\s*[\"']?{re.escape(last)}[\"']?\s*[.=]", line):
            return row
    return None
