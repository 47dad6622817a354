"""A roster on paper: faxed on to the centre, filled in with a pen, faxed to HQ, mailed by HQ's gateway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from daemon.domain.calendar import TOKYO
from daemon.simulation.chance import Chance
from daemon.simulation.fax import FINE, NORMAL, Sheet, Stamp, Stroke, Weather, draw_pass, fax, placed, printed, write
from daemon.simulation.fax.hand import Hand, draw_hand
from daemon.simulation.fax.penwork import Entry, Filling, Mark, Placement, Way, fill
from daemon.simulation.installation import HQ
from daemon.simulation.network.reports import message_id_of
from daemon.simulation.offices import gateway
from daemon.simulation.offices.acts import Fax, Part, Slip
from daemon.simulation.offices.desk import Desk, Task
from daemon.simulation.offices.filling import PLACEMENT, Filled, Written
from daemon.simulation.offices.paper import cover_sheet
from daemon.simulation.offices.truth import Faxed
from parsers.fax.geometry import geometry_of
from parsers.findings import Field
from parsers.forms import EDITIONS, STAYS_LABEL

_PRINTER_DPI = 300
_SURNAMES = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺")
_NO_DAY = {Slip.DONE_ONLY: Way.DONE, Slip.DITTO: Way.DITTO}
_IN_WORDS = frozenset({Slip.PLANNED, Slip.ALREADY, Slip.YEAR_2008})
_MARKER_MM = 3.0


@dataclass(frozen=True, slots=True)
class Call:
    """One fax as HQ gets it."""

    raw: bytes
    """The gateway's mail."""
    message_id: str
    seen: tuple[Faxed, ...]
    """What stands on its pages."""
    places: tuple[tuple[str, int] | None, ...]
    """Roster and page of each page, None for a cover sheet."""


def by_fax(desk: Desk, filled: Sequence[Filled], how: Fax, chance: Chance) -> Call:
    """Everything from the printer to the gateway's mail. Same chance, same bytes."""
    rng = np.random.default_rng(chance.whole(0, 2**31))
    sheets = list(_sheets(desk, filled, how))
    number = _number(desk)
    fed = len(sheets) + how.cover
    pages = [_received(desk, sheet, how, rng) for sheet in sheets]
    if how.cover:
        pages.insert(0, printed(cover_sheet(desk.office.title, fed), 0, _PRINTER_DPI))
    counted = [(1, 1)] * fed if how.part is Part.LAST else [(n, fed) for n in range(1, fed + 1)]
    lines = [_header(desk.around.clock.now(), number, *count) for count in counted]
    places = [*([None] if how.cover else []), *((s.task.code, s.page["page"]) for s in sheets)]
    arrive = {Part.ALL: slice(None), Part.WITHOUT_LAST: slice(0, -1), Part.LAST: slice(-1, None)}[how.part]
    sent = [_sent(page, line, how, rng) for page, line in zip(pages[arrive], lines[arrive], strict=True)]
    raw = gateway.mailed(sent, number, HQ, desk.around.clock.now(), pdf=how.pdf)
    _remember(desk, filled, how)
    seen = tuple(
        one for sheet in sheets if (sheet.task.code, sheet.page["page"]) in places[arrive] for one in sheet.seen
    )
    return Call(raw, message_id_of(raw), seen, tuple(places[arrive]))


def _header(at: dt.datetime, number: str, page: int, pages: int) -> str:
    """The line the sending machine prints on every page; a page that is lost on the way is in the count."""
    return f"{at.astimezone(TOKYO):%Y-%m-%d %H:%M}   FROM {number}   P.{page:03d}/{pages:03d}"


def _number(desk: Desk) -> str:
    """The number the centre's machine sends."""
    chance = desk.around.chance.of("fax number", desk.prefecture)
    return f"0{chance.whole(11, 98)}-{chance.whole(200, 999)}-{chance.whole(1000, 9999)}"


def _remember(desk: Desk, filled: Sequence[Filled], how: Fax) -> None:
    kinds = {
        "coarse": how.coarse, "upside-down": how.upside_down, "cover": how.cover, "codes-lost": how.codes_lost,
        "page-missing": how.part is Part.WITHOUT_LAST, "page-later": how.part is Part.LAST, "pdf": how.pdf,
        "several-rosters": len(filled) > 1, "same-day": how.same_day,
        "clean": how in {Fax(), Fax(pdf=True)} and not any(v.slip for one in filled for v in one.values),
        **{str(v.slip): True for one in filled for v in one.values if v.slip is not None},
    }  # fmt: skip
    desk.around.truth.seen |= {f"fax:{name}" for name, happened in kinds.items() if happened}


# -- the pages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One printed page and what is to be written on it."""

    task: Task
    page: Mapping[str, Any]
    """As in the layout manifest."""
    filling: Filling
    seen: tuple[Faxed, ...]


def _sheets(desk: Desk, filled: Iterable[Filled], how: Fax) -> Iterator[_Sheet]:
    for one in filled:
        code = one.task.code
        seal = desk.around.chance.of("seal", code).pick(_SURNAMES)
        for page in desk.around.manifests[code]["pages"]:
            values = [v for v in one.values if any(r["enrollment"] == v.line.enrollment for r in page["rows"])]
            seen = tuple(Faxed(code, page["page"], v.line.enrollment, v.field, v.value) for v in values)
            yield _Sheet(one.task, page, _filling(page, one, values, how, seal), seen)


def _hand(desk: Desk, task: Task) -> Hand:
    """One clerk at the pension office fills in a whole roster."""
    return draw_hand(np.random.default_rng(desk.around.chance.of("hand", task.code).whole(0, 2**31)))


def _received(desk: Desk, sheet: _Sheet, how: Fax, rng: np.random.Generator) -> Sheet:
    """Prefecture to centre by fax, then the pen of the pension office."""
    geometry = geometry_of(EDITIONS[desk.around.manifests[sheet.task.code]["form"]].number)
    assert geometry is not None
    paper = printed(sheet.task.paper, sheet.page["page"] - 1, _PRINTER_DPI)
    first = draw_pass(rng, NORMAL if how.coarse else FINE, Weather().calm(), size_mm=paper.size_mm)
    received = fax(paper, replace(first, header=""), rng)
    marks = fill(geometry, sheet.filling, _hand(desk, sheet.task), rng)
    if how.codes_lost:
        marks += [_scribbled(box) for box in geometry.codes]
    where = placed(paper.size_mm, replace(first, header=""))
    return write(received, [_moved(mark, where) for mark in marks])


def _sent(sheet: Sheet, header: str, how: Fax, rng: np.random.Generator) -> Sheet:
    """Centre to HQ by fax."""
    last = draw_pass(rng, NORMAL if how.coarse else FINE, Weather().calm(), size_mm=sheet.size_mm)
    return fax(sheet, replace(last, header=header, turned_deg=180 if how.upside_down else 0), rng)


def _moved(mark: Mark, where: np.ndarray) -> Mark:
    """The mark where the received copy of the form shows the place it is meant for."""
    if isinstance(mark, Stroke):
        return replace(mark, points_mm=[_through(where, x, y) for x, y in mark.points_mm])
    x, y, w, h = mark.box_mm
    left, top = _through(where, x, y)
    right, bottom = _through(where, x + w, y + h)
    return Stamp(mark.gray, (left, top, right - left, bottom - top))


def _through(where: np.ndarray, x: float, y: float) -> tuple[float, float]:
    point = where @ np.array([x, y, 1.0])
    return float(point[0]), float(point[1])


def _scribbled(box: tuple[float, float, float, float]) -> Stroke:
    """A thick marker over a page code."""
    x, y, w, h = box
    steps = 14
    points = [(x + (w if n % 2 else 0.0), y + h * n / (steps - 1)) for n in range(steps)]
    return Stroke(points, _MARKER_MM)


# -- what stands on them ---------------------------------------------------------------------------------------


def _filling(page: Mapping[str, Any], filled: Filled, values: Sequence[Written], how: Fax, seal: str) -> Filling:
    rows = {row["enrollment"]: n for n, row in enumerate(page["rows"])}
    same = _same_day(values, len(rows)) if how.same_day else {}
    out = {rows[e]: e for e in filled.withdrawn if e in rows}
    message = "、".join(f"No.{page['rows'][n]['row']} {filled.withdrawn[e]}" for n, e in sorted(out.items()))
    return Filling(
        {(rows[v.line.enrollment], v.field): _entry(v) for v in values if v.field.is_date and v.field not in same},
        same_day=same,
        not_applicable=frozenset(out),
        placements=_placements(rows, values),
        message=message,
        confirmed_by=seal if values else "",
    )


def _same_day(values: Iterable[Written], rows: int) -> dict[Field, dt.date]:
    """Fields in which every row of the page says the same day."""
    days: dict[Field, list[dt.date]] = {}
    for value in values:
        if value.shown_on is not None and value.slip in {None, Slip.DITTO}:
            days.setdefault(value.field, []).append(value.shown_on)
    return {field: found[0] for field, found in days.items() if len(found) == rows and len(set(found)) == 1}


def _entry(value: Written) -> Entry:
    if value.slip in _NO_DAY:
        return Entry(_NO_DAY[value.slip])
    if value.slip in _IN_WORDS or value.shown_on is None:
        return Entry(Way.WORDS, text=str(value.entry.content))
    if value.slip is Slip.STRUCK:
        return Entry(Way.CORRECTED, value.shown_on, value.shown_on + dt.timedelta(days=1))
    return Entry(Way.DATE, value.shown_on)


def _placements(rows: Mapping[str, int], values: Iterable[Written]) -> dict[int, Placement]:
    found = {}
    for value in values:
        if value.field is Field.NO_DESTINATION_REASON:
            found[rows[value.line.enrollment]] = Placement(reason=value.value)
        elif value.field in PLACEMENT:
            text = str(value.entry.content)
            stays = text == STAYS_LABEL
            found[rows[value.line.enrollment]] = Placement(stays, "" if stays else text)
    return found
