"""A workbook as bytes that depend on its content alone: no clock in the archive, none in the properties."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip entry can name."""
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def workbook_bytes(book: Workbook, stamp: dt.date) -> bytes:
    """Save `book` with `stamp` as its time of creation and change.

    openpyxl stamps both the zip entries and `dcterms:modified` with the present; equal rosters would never be equal
    bytes, and "is this our own sheet come back unchanged" could not be answered by a hash.
    """
    midnight = dt.datetime.combine(stamp, dt.time())
    book.properties.created = midnight
    raw = io.BytesIO()
    book.save(raw)
    frozen = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(frozen, "w", zipfile.ZIP_DEFLATED) as new:
        # Excel writes the content types first, and mail gateways that sniff expect them there.
        for entry in sorted(old.infolist(), key=lambda e: e.filename != "[Content_Types].xml"):
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>" + f"{midnight.isoformat()}Z".encode() + rb"\g<2>", data)
            info = zipfile.ZipInfo(entry.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, data)
    return frozen.getvalue()
