"""Writes `parsers/fax/editions.py` from the layout manifests: `python -m tests.fakes.form_geometry`.

Run it once when a form edition is made. An edition that has left the house never changes, and a test fails when the
templates and the written geometry differ.
"""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from parsers.forms import EDITIONS
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

TARGET = Path(__file__).parents[2] / "parsers" / "fax" / "editions.py"
_HEADER = '''"""Where each form edition prints what, in mm. By `python -m tests.fakes.form_geometry`; do not edit."""

from __future__ import annotations

from typing import Any, Final

# fmt: off
GEOMETRIES: Final[dict[str, Any]] = '''

# What the manifest does not name, from the templates: x and width of the columns, the tag beside the boxes, the footer.
_COLUMNS = {
    "pre-existing-id/1": {"number": (8.0, 12.0), "name": (20.0, 52.0), "remark": (173.0, 29.0)},
    "pre-new-id/1": {"number": (8.0, 9.0), "name": (17.0, 36.0), "remark": None},
    "post/1": {"number": (8.0, 9.0), "name": (17.0, 36.0), "remark": None},
}
_TAG = (-7.0, 0.0, 6.1, 4.0)
"""Of the tag against the first box of the date."""
_RESULT = (53.0, 0.0, 17.0, 8.0)
"""修了の有無 as printed, against the top of the row."""
_MESSAGES = (107.0, 256.8, 34.0, 25.0)
_STAMP = (143.0, 256.8, 20.0, 25.0)


def geometries() -> dict[str, Any]:
    """The geometry of every edition, as `parsers.fax.geometry` takes it."""
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms", on_trial=True)
    by_edition = {course.edition.name: course for course in reversed(Course)}
    found = {}
    for name, edition in EDITIONS.items():
        make = post_sheet if edition.after_training else roster_sheet
        sheet = make(by_edition.get(name, Course.WM_SKILL_UP), edition.rows_per_page)
        found[name] = _page(name, documents.roster(sheet).manifest["pages"][0])
    return found


def module_text() -> str:
    """The module as it must stand on disk."""
    return _HEADER + pprint.pformat(geometries(), width=118, compact=True, sort_dicts=False) + "\n# fmt: on\n"


def _page(name: str, page: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "size": _box(page["size_mm"]),
        "codes": tuple(_box(code["box_mm"]) for code in page["codes"]),
        "marks": tuple(_box(mark) for mark in page["marks"]),
        "same_day": tuple(
            {"field": field, "tick": _box(place["tick_mm"]), "digits": _digits(place)}
            for field, place in page["fields"].items()
        ),
        "rows": tuple(_row(name, row) for row in page["rows"]),
        "messages": _MESSAGES,
        "stamp": _STAMP,
    }


def _row(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    dates = [(field, place) for field, place in row["fields"].items() if place["kind"] == "date"]
    columns = _COLUMNS[name]
    _, top, _, tall = row["box_mm"]
    return {
        "box": _box(row["box_mm"]),
        **{what: None if at is None else (at[0], top, at[1], tall) for what, at in columns.items()},
        "tags": tuple(_tag(_digits(place)[0]) for _, place in dates),
        "dates": tuple({"field": f, "box": _box(p["box_mm"]), "digits": _digits(p)} for f, p in dates),
        "not_applicable": _box(row["fields"]["not_applicable"]["box_mm"]),
        **({"placement": _placement(row["fields"], top)} if "destination" in row["fields"] else {}),
    }


def _placement(fields: Mapping[str, Any], top: float) -> dict[str, Any]:
    """The upper band of a row after the training."""
    reason = fields["no_destination_reason"]
    x, y, w, h = _RESULT
    return {
        "result": (x, top + y, w, h),
        "stays": _box(fields["destination_stays"]["box_mm"]),
        "destination": _box(fields["destination"]["box_mm"]),
        "reasons": {option: _box(box) for option, box in reason["options"].items()},
        "reason_words": _box(reason["text_mm"]),
    }


def _tag(first: tuple[float, ...]) -> tuple[float, ...]:
    x, y, w, h = _TAG
    return first[0] + x, first[1] + y, w, h


def _digits(place: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(_box(box) for part in ("year", "month", "day") for box in place["cells_mm"][part])


def _box(values: Any) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


if __name__ == "__main__":
    TARGET.write_text(module_text(), encoding="utf-8")
