"""Excel workbooks as bytes: the same content gives the same ones, whenever it is saved."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 (Excel's times have no zone)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def saved_workbook(book: Workbook) -> bytes:
    """Saves a workbook with fixed times of its making and of its parts.

    Args:
        book: The workbook.

    Returns:
        The .xlsx file.
    """
    book.properties.creator = "planner"
    book.properties.created = book.properties.modified = _MADE
    raw, packed = io.BytesIO(), io.BytesIO()
    book.save(raw)
    stamp = f"{_MADE:%Y-%m-%dT%H:%M:%SZ}".encode()  # saving puts in the time of now
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            new.writestr(entry, content)
    return packed.getvalue()
