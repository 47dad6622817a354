"""Pages that would unfold without end: forms that draw themselves, or one another over and over.

PDFium follows forms (ISO 32000-1 §8.10) to a fixed depth while it loads a page: two calls at each level are a billion
objects before anything is drawn. Counted here first, from the operators alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pypdf.generic import ContentStream, DictionaryObject, StreamObject

from parsers.errors import ParserError
from parsers.findings import Problem

_DRAWN_MOST = 50_000
"""Forms drawn on one page, those within forms included."""
_DEPTH_MOST = 24
_CALLS = re.compile(rb"/([^\s/\[\]<>(){}%]+)\s+Do\b")


def check_nesting(page: DictionaryObject) -> None:
    """Raise ParserError for a page on which forms draw themselves, or more than `_DRAWN_MOST` are drawn."""
    contents = page.get("/Contents")
    if contents is None:
        return
    known: dict[int, int] = {}
    own = page.get("/Resources")
    _drawn(contents.get_object(), own.get_object() if own is not None else None, known, ())


def _drawn(content: Any, resources: Any, known: dict[int, int], path: tuple[int, ...]) -> int:
    """How many forms a content stream draws."""
    forms = dict(_forms(resources))
    if not forms:
        return 0
    if len(path) > _DEPTH_MOST:
        raise ParserError(Problem.TOO_LARGE, "pdf: forms within forms")
    total = 0
    for name, calls in Counter(_CALLS.findall(_operators(content))).items():
        if (form := forms.get(name)) is not None:
            total += calls * (1 + _within(form, resources, known, path))
        if total > _DRAWN_MOST:
            raise ParserError(Problem.TOO_LARGE, "pdf: forms drawn too often")
    return total


def _within(form: StreamObject, outer: Any, known: dict[int, int], path: tuple[int, ...]) -> int:
    """How many forms a form draws; without resources of its own it has those around it."""
    number = form.indirect_reference.idnum if form.indirect_reference else id(form)
    if number in path:
        raise ParserError(Problem.TOO_LARGE, "pdf: a form that draws itself")
    if number not in known:
        own = form.get("/Resources")
        resources = own.get_object() if own is not None else outer
        known[number] = _drawn(form, resources, known, (*path, number))
    return known[number]


def _forms(resources: Any) -> Iterator[tuple[bytes, StreamObject]]:
    """Name as written in operators, and form."""
    listed = resources.get("/XObject") if isinstance(resources, DictionaryObject) else None
    listed = listed.get_object() if listed is not None else None
    if not isinstance(listed, DictionaryObject):
        return
    for name, entry in listed.items():
        found = entry.get_object()
        if isinstance(found, StreamObject) and found.get("/Subtype") == "/Form":
            yield str(name)[1:].encode("latin-1", "replace"), found


def _operators(content: Any) -> bytes:
    """The bytes of a content stream, or of several in a row."""
    if isinstance(content, StreamObject) and not isinstance(content, ContentStream):
        return content.get_data()
    if isinstance(content, list):
        return b"\n".join(_operators(part.get_object()) for part in content)
    return b""
