"""The layout manifest (contract 3.3): what the template reported, sorted by page, row and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.adapters.documents.facts import row_number
from daemon.domain.model import Enrollment
from daemon.ports import RosterSheet

_PAGE_MM = [210, 297]
_DIGITS = 1000
"""Positions are rounded to a micrometre."""


def manifest_of(sheet: RosterSheet, places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The manifest of one roster from the places its template reported."""
    numbers = sorted({place["page"] for place in places})
    return {
        "form": sheet.roster.edition,
        "roster": sheet.roster.code,
        "training": sheet.training.training_id,
        "pages": [_page(sheet, [p for p in places if p["page"] == n], n, len(numbers)) for n in numbers],
    }


def _page(sheet: RosterSheet, places: Sequence[Mapping[str, Any]], number: int, pages: int) -> dict[str, Any]:
    return {
        "page": number,
        "pages": pages,
        "size_mm": _PAGE_MM,
        "codes": [{"text": p["text"], "box_mm": _box(p)} for p in _all(places, "code")],
        "marks": [_box(p) for p in _all(places, "mark")],
        "rows": [
            _row(person, places, p)
            for p in _all(places, "row")
            for person in sheet.rows
            if row_number(sheet, person) == p["row"]
        ],
        "fields": {
            p["field"]: {
                "kind": "same-day",
                "tick_mm": _box(p),
                "cells_mm": _cells([d for d in _all(places, "digit") if "row" not in d and d["field"] == p["field"]]),
            }
            for p in _all(places, "same-tick")
        },
    }


def _row(person: Enrollment, places: Sequence[Mapping[str, Any]], place: Mapping[str, Any]) -> dict[str, Any]:
    own = [p for p in places if p.get("row") == place["row"]]
    fields: dict[str, Any] = {
        p["field"]: {
            "kind": "date",
            "box_mm": _box(p),
            "cells_mm": _cells([d for d in _all(own, "digit") if d["field"] == p["field"]]),
        }
        for p in _all(own, "date")
    }
    fields |= {p["field"]: {"kind": "tick", "box_mm": _box(p)} for p in _all(own, "tick")}
    fields |= {p["field"]: {"kind": "text", "box_mm": _box(p)} for p in _all(own, "text")}
    fields |= {p["field"]: _choice(p, own) for p in _all(own, "choice")}
    return {
        "row": place["row"],
        "enrollment": person.enrollment_id,
        "name": person.name,
        "box_mm": _box(place),
        "fields": fields,
    }


def _choice(place: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Boxes to tick and, in `text_mm`, the room for words beside the last of them."""
    parts = [p for p in own if p.get("field") == place["field"]]
    return {
        "kind": "choice",
        "box_mm": _box(place),
        "options": {p["option"]: _box(p) for p in _all(parts, "option")},
        "text_mm": next(_box(p) for p in _all(parts, "words")),
    }


def _cells(digits: Sequence[Mapping[str, Any]]) -> dict[str, list[list[float]]]:
    parts: dict[str, list[list[float]]] = {"year": [], "month": [], "day": []}
    for digit in sorted(digits, key=lambda d: int(d["at"])):
        parts[digit["part"]].append(_box(digit))
    return parts


def _all(places: Sequence[Mapping[str, Any]], what: str) -> list[Mapping[str, Any]]:
    return [p for p in places if p["what"] == what]


def _box(place: Mapping[str, Any]) -> list[float]:
    return [round(value * _DIGITS) / _DIGITS for value in place["box"]]
