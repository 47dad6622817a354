"""What goes to a reading child and what it may send back.

To the child, one memory file: four bytes of length, a JSON head, then the bytes to read. From the child, one pipe:
eight bytes of length, then the JSON of a `Document` and its pictures. Everything that comes back is untrusted.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import struct
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from parsers.findings import Document, Picture, document_from_json, to_json
from parsers.reading import NamedPage, ReadingContext

_HEAD = struct.Struct("!I")
_LENGTH = struct.Struct("!Q")


class Op(StrEnum):
    """Which function of the reader module is asked for; the values are their names."""

    FILE = "read_file"
    OUTLINE = "read_outline"
    PART = "read_part"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading child may use (reliability.md §5.2)."""

    wall_s: float = 120.0
    cpu_s: int = 60
    memory_bytes: int = 3 * 512 * 1024 * 1024
    file_bytes: int = 64 * 1024 * 1024
    output_bytes: int = 32 * 1024 * 1024
    open_files: int = 64
    processes: int = 32
    """Counts all processes and threads of the user; not enforced for root."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to read."""

    op: Op
    name: str
    data: bytes
    context: ReadingContext
    part: str = ""


class BadAnswer(ValueError):
    """The child sent something that is no document."""


def pack_request(request: Request, limits: Limits) -> bytes:
    """Bytes for the memory file."""
    head = {
        "op": request.op,
        "name": request.name,
        "part": request.part,
        "context": _context_to_json(request.context),
        "limits": asdict(limits),
    }
    raw = json.dumps(head).encode()
    return b"".join((_HEAD.pack(len(raw)), raw, request.data))


def unpack_request(raw: bytes) -> tuple[Request, Limits]:
    """Inverse of `pack_request`."""
    (size,) = _HEAD.unpack_from(raw)
    start = _HEAD.size
    head = json.loads(raw[start : start + size])
    request = Request(
        Op(head["op"]), head["name"], raw[start + size :], _context_from_json(head["context"]), head["part"]
    )
    return request, Limits(**head["limits"])


def pack_answer(document: Document) -> bytes:
    """Bytes for the pipe."""
    answer = {
        "document": to_json(document),
        "pictures": [base64.b64encode(picture.png).decode("ascii") for picture in document.pictures],
    }
    raw = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(raw)) + raw


def unpack_answer(raw: bytes) -> Document:
    """The document a child sent; raises BadAnswer when it is cut short or is none."""
    if len(raw) < _LENGTH.size or len(raw) - _LENGTH.size != _LENGTH.unpack_from(raw)[0]:
        raise BadAnswer("cut short")
    try:
        answer = json.loads(raw[_LENGTH.size :].decode("utf-8", "surrogatepass"))
        pictures = tuple(Picture(base64.b64decode(one, validate=True)) for one in answer["pictures"])
        return replace(document_from_json(answer["document"]), pictures=pictures)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise BadAnswer(type(e).__name__) from e


def _context_to_json(context: ReadingContext) -> dict[str, Any]:
    shown = asdict(context) | {"first_days": [(roster, day.isoformat()) for roster, day in context.first_days]}
    return {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in shown.items()}


def _context_from_json(raw: dict[str, Any]) -> ReadingContext:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
    for day in ("received_on", "not_before_on"):
        if values[day] is not None:
            values[day] = dt.date.fromisoformat(values[day])
    values["first_days"] = tuple((roster, dt.date.fromisoformat(day)) for roster, day in raw["first_days"])
    values["named"] = tuple(NamedPage(**page) for page in raw["named"])
    return ReadingContext(**values)
