"""A placed page becomes findings: dates, ticks, the line 全員同日, and whatever is written where nothing belongs.

Every date is read by two readers (`parsers.fax.digits`), put together and judged (`parsers.fax.dates`); a box on a
streak or with lost lines is not read at all. Every finding that is not empty carries its picture. The row is known by
its place on a page whose code names roster and first row; a name read beside it is a second proof, never a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parsers.fax.cells import Strip, crops_of, hull, strip_of
from parsers.fax.dates import Window, WrittenDate, date_of
from parsers.fax.digits import BoxReading, DigitReader, digit_reader, stack
from parsers.fax.evidence import Album
from parsers.fax.faults import Fault
from parsers.fax.geometry import DIGITS, DatePlace, RowPlace
from parsers.fax.page import FittedPage
from parsers.fax.placement import TICK_CONFIDENCE, Choice, choices
from parsers.fax.surround import covered, crosses_boxes, handwriting, writing_below
from parsers.fax.ticks import Tick, tick_of
from parsers.findings import Decision, Field, Finding, Note, Page, PageKind, Picture, Problem

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

_DITTO_CONFIDENCE = 0.999
"""A date that stands for a row without standing in it."""
_LABEL_MM = 5.0
"""連絡欄 has its printed title at the top."""
_MESSAGE_INK_MM2 = 3.0
_DOUBTFUL_FAULTS = frozenset({Fault.LOSSY_COMPRESSION, Fault.DAMAGED_PICTURE, Fault.ROWS_UNCERTAIN, Fault.INCOMPLETE})


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one page says."""

    page: Page
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    """A date as written in its six boxes, and what the readers said of each."""

    row: int
    """No. of the row; 0 = the line 全員同日."""
    place: DatePlace
    strip: Strip
    date: WrittenDate
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """全員同日 of one field."""

    tick: Tick
    field: _Field


def read_fitted(album: Album, context: ReadingContext, reader: DigitReader | None = None) -> PageReading:
    """Read every row of a placed page.

    Args:
        album: The page as `parsers.fax.fit` placed it, and where its pictures go.
        context: Its days may object to a date; they never choose one.
        reader: Another model than the one shipped.

    Returns:
        The page, one finding for each field of each row (and one for each row ticked 対象外), notes and pictures.
    """
    page, rows = album.page, album.page.row_places()
    first_on = dict(context.first_days).get(page.code.roster, context.not_before_on)
    written, lines = _dates(page, rows, Window(first_on, context.received_on), reader or digit_reader())
    ticks = {number: tick_of(page, row.not_applicable) for number, row in rows}
    findings = [_finding(album, field, lines.get(field.place.field), ticks[field.row]) for field in written]
    findings += [
        _excluded(album, number, row, ticks[number]) for number, row in rows if ticks[number] is not Tick.EMPTY
    ]
    for number, row in rows:
        found = choices(page, row.placement) if row.placement is not None else ()
        findings += [_chosen(album, number, choice) for choice in found]
    findings.sort(key=lambda f: f.row or 0)
    notes = _notes(album, explained=_explains_itself(ticks, written))
    doubt: list[Problem] = [n.code for n in notes if n.code is Problem.EXTRA_TEXT]
    doubt += [Problem.LOW_CONFIDENCE] if _DOUBTFUL_FAULTS & set(page.faults) else []
    if doubt:
        findings = [_doubted(f, doubt) for f in findings]
    return PageReading(_page(album, notes), tuple(findings), notes, tuple(album.pictures))


def _page(album: Album, notes: Sequence[Note]) -> Page:
    page = album.page
    return Page(
        page.page,
        PageKind.FORM,
        page.code.roster,
        page.edition.name,
        page.code.page,
        page.code.pages,
        page.turned_deg,
        round(page.fit_error_mm, 3),
        tuple(dict.fromkeys(note.code for note in notes)),
        album.part,
        code=page.text,
    )


def _notes(album: Album, *, explained: bool) -> tuple[Note, ...]:
    """Writing outside the rows that a person must see."""
    page, found = album.page, []
    where = f"page {page.page}: {page.code.roster} {page.code.page}/{page.code.pages}"
    if not explained and covered(page, page.geometry.messages, _LABEL_MM) > _MESSAGE_INK_MM2:
        found.append(Note(Problem.EXTRA_TEXT, f"{where}: 連絡欄", album.part))
    if writing_below(page):
        found.append(Note(Problem.ROW_UNMATCHED, where, album.part))
    return tuple(found)


def _explains_itself(ticks: Mapping[int, Tick], written: Sequence[_Field]) -> bool:
    """Whether something on the sheet asks for words in 連絡欄: a row that does not apply, a date struck out."""
    if any(tick is not Tick.EMPTY for tick in ticks.values()):
        return True
    return any(Problem.STRUCK_OUT in field.date.problems for field in written)


# -- dates ----------------------------------------------------------------------------------------------------


def _dates(
    page: FittedPage, rows: Sequence[tuple[int, RowPlace]], window: Window, reader: DigitReader
) -> tuple[list[_Field], dict[Field, _Line]]:
    """All dates of the page; the boxes are read in one go."""
    places = [(number, row, date) for number, row in rows for date in row.dates]
    lines = [DatePlace(line.field, hull(line.digits), line.digits) for line in page.geometry.same_day]
    groups = [*lines, *(date for _, _, date in places)]
    strips = [strip_of(page, group.digits) for group in groups]
    crops = [crop for at, strip in zip(groups, strips, strict=True) for crop in crops_of(page, at.digits, strip)]
    boxes = reader.read(stack(crops))
    sixes = [boxes[at : at + DIGITS] for at in range(0, len(boxes), DIGITS)]
    dates = [
        _beset(page, at, strip, date_of(six, window, reader.accepts))
        for at, strip, six in zip(groups, strips, sixes, strict=True)
    ]
    heard = [_heard(six) for six in sixes]
    same = {
        line.field: _Line(tick_of(page, line.tick), _Field(0, lines[index], strips[index], dates[index], heard[index]))
        for index, line in enumerate(page.geometry.same_day)
    }
    fields = [
        _Field(number, place, strips[index], _beside(page, row, dates[index]), heard[index])
        for index, (number, row, place) in enumerate(places, start=len(lines))
    ]
    return fields, same


def _heard(boxes: Sequence[BoxReading]) -> tuple[str, ...]:
    """What each reader said, box by box."""
    if all(box.blank for box in boxes):
        return ()
    first = "".join(_sign(box, box.network) for box in boxes)
    second = "".join(_sign(box, box.shape) for box in boxes)
    return first, second


def _sign(box: BoxReading, answer: int) -> str:
    return "□" if box.blank else str(answer) if answer < 10 else "？"


def _beset(page: FittedPage, place: DatePlace, strip: Strip, date: WrittenDate) -> WrittenDate:
    """The date, doubted when its boxes cannot be trusted or something crosses them."""
    qualities = [page.cells[box] for box in place.digits]
    unsound = any(not quality.sound for quality in qualities)
    crossed = crosses_boxes(page, strip, place)
    if date.decision is Decision.EMPTY:
        lost = unsound and any(quality.outside or quality.borders < 2 for quality in qualities)
        problems = [Problem.EXTRA_TEXT] if crossed and not unsound else [Problem.LOW_CONFIDENCE] if lost else []
    else:
        problems = ([Problem.LOW_CONFIDENCE] if unsound else []) + ([Problem.EXTRA_TEXT] if crossed else [])
    return date.doubted(*problems) if problems else date


def _beside(page: FittedPage, row: RowPlace, date: WrittenDate) -> WrittenDate:
    """The date, doubted when somebody wrote into the remarks of its row."""
    if row.remark is not None and date.decision is not Decision.EMPTY and handwriting(page, row.remark):
        return date.doubted(Problem.EXTRA_TEXT)
    return date


def _finding(album: Album, field: _Field, line: _Line | None, tick: Tick) -> Finding:
    source, date = field, field.date
    if line is not None and date.decision is Decision.EMPTY and tick is Tick.EMPTY:
        date = _same_day(date, line)
        source = line.field if line.field.date.decision is not Decision.EMPTY else field
    if tick is not Tick.EMPTY and date.decision is not Decision.EMPTY:
        date = date.doubted(Problem.EXCLUSION_PROPOSED)
    return _made(album, field.row, source, date, field.place.field)


def _same_day(own: WrittenDate, line: _Line) -> WrittenDate:
    """What an empty row takes from the line 全員同日."""
    theirs = line.field.date
    if line.tick is Tick.EMPTY and theirs.decision is Decision.EMPTY:
        return own
    if theirs.decision is Decision.EMPTY:
        return own.doubted(Problem.DONE_WITHOUT_DATE if line.tick is Tick.TICKED else Problem.DITTO_UNRESOLVED)
    if line.tick is Tick.TICKED and theirs.value is not None:
        sure = min(theirs.confidence, _DITTO_CONFIDENCE)
        return replace(theirs, confidence=sure, problems=(Problem.DITTO,))
    return theirs.doubted(Problem.DITTO_UNRESOLVED)


def _made(album: Album, row: int, source: _Field, date: WrittenDate, field: Field) -> Finding:
    shown = None if date.decision is Decision.EMPTY else source.strip.pixels
    return Finding(
        album.page.code.roster,
        row,
        None,
        "",
        field,
        date.text,
        date.value.isoformat() if date.value is not None else None,
        date.confidence,
        date.decision,
        date.problems,
        album.evidence(hull(source.place.digits), source.readers, shown=shown),
        tuple(day.isoformat() for day in date.candidates),
    )


# -- ticks and choices ----------------------------------------------------------------------------------------


def _excluded(album: Album, number: int, row: RowPlace, tick: Tick) -> Finding:
    sure = tick is Tick.TICKED
    return Finding(
        album.page.code.roster,
        number,
        None,
        "",
        Field.NOT_APPLICABLE,
        "✓" if sure else "？",
        "true" if sure else None,
        TICK_CONFIDENCE if sure else 0.0,
        Decision.ACCEPT if sure else Decision.REVIEW,
        () if sure else (Problem.EXCLUSION_PROPOSED, Problem.LOW_CONFIDENCE),
        album.evidence(row.not_applicable, shown=album.cut(row.not_applicable)),
    )


def _chosen(album: Album, number: int, choice: Choice) -> Finding:
    shown = None if choice.decision is Decision.EMPTY else album.cut(choice.box)
    return Finding(
        album.page.code.roster,
        number,
        None,
        "",
        choice.field,
        choice.text,
        choice.value,
        choice.confidence,
        choice.decision,
        choice.problems,
        album.evidence(choice.box, shown=shown),
        choice.candidates,
    )


def _doubted(finding: Finding, problems: Sequence[Problem]) -> Finding:
    if finding.decision is Decision.EMPTY:
        return finding
    candidates = finding.candidates or ((finding.value,) if finding.value and finding.field.is_date else ())
    joined = tuple(dict.fromkeys((*finding.problems, *problems)))
    return replace(
        finding, value=None, confidence=0.0, decision=Decision.REVIEW, problems=joined, candidates=candidates
    )
