"""What is to stand on the sheets an office sends back: the truth as of today, with whatever the clerk gets wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.simulation.chance import Chance
from daemon.simulation.offices.acts import Muddle, Return, Slip
from daemon.simulation.offices.desk import Desk, Request, Task
from daemon.simulation.offices.workbook import Line
from daemon.simulation.spelling import DONE, WAYS, Entry, planned, two_digit_year_trap
from parsers.findings import Field
from parsers.forms import REASONS, STAYS_LABEL

PLACEMENT = (Field.DESTINATION, Field.NO_DESTINATION_REASON)
DELETIONS = (Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON)
_REGISTRATIONS = (Field.ID_REGISTERED_ON, Field.CONCURRENT_REGISTERED_ON)


@dataclass(frozen=True, slots=True)
class Written:
    """What is to stand in one field."""

    line: Line
    field: Field
    value: str
    """What it says, as the register writes it; "" = it names nothing that may be recorded."""
    entry: Entry
    """As typed into a cell."""
    shown_on: dt.date | None = None
    """The day that can be seen, whether it may be recorded or not."""
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """One roster with everything that is to be written on it."""

    task: Task
    values: tuple[Written, ...]
    withdrawn: Mapping[str, str]
    """Enrollment → why; ticked 対象外."""


def fill_in(desk: Desk, request: Request, act: Return, chance: Chance) -> list[Filled]:
    """Which values stand where; slips replace values that are done, or stand where nothing is done yet."""
    slips = [s for s, count in act.slips.items() for _ in range(count)]
    muddles = list(act.muddles)
    found = []
    for task in request.tasks:
        way = chance.pick(act.ways)
        values = []
        for value in _done(desk, task, way):
            if not chance.happens(act.share):
                continue
            spelled = _spelt(value, chance.pick(act.ways)) if act.each_own_way else value
            slip = slips.pop(0) if slips and value.field in _REGISTRATIONS else None
            values.append(_slipped(desk, request, spelled, slip))
        values = _muddled(desk, task, values, muddles, way)
        found.append(Filled(task, tuple(_dittoed(values, act)), _withdrawn(desk, task)))
    return found


def note(desk: Desk, filled: Iterable[Filled]) -> None:
    """Tell the truth what the mail claims."""
    for one in filled:
        for value in one.values:
            if value.value:
                desk.around.truth.wrote(value.line.enrollment, value.field, [value.value])


def _withdrawn(desk: Desk, task: Task) -> dict[str, str]:
    """Before the training they are ticked out; afterwards their registration is to be deleted like any other."""
    if task.after:
        return {}
    truth = desk.around.truth
    return {line.enrollment: why for line in task.lines if (why := truth.withdrawn(line.enrollment))}


def _done(desk: Desk, task: Task, way: str) -> Iterator[Written]:
    today = desk.around.clock.today()
    for line in task.lines:
        for field in task.fields:
            value = desk.around.truth.value(line.enrollment, field, today)
            if value is not None:
                yield written(task, line, field, value, way)


def written(task: Task, line: Line, field: Field, value: str, way: str) -> Written:
    """One true value, spelt in that way when it is a day."""
    if field.is_date:
        day = dt.date.fromisoformat(value)
        return Written(line, field, value, WAYS[way](day), day)
    return Written(line, field, value, Entry(_words(task, field, value)))


def _words(task: Task, field: Field, value: str) -> str:
    """A placement as people write it."""
    if field is Field.NO_DESTINATION_REASON:
        return REASONS[value]
    if value == task.centre:
        return STAYS_LABEL
    return value if value.endswith("年金事務所") else f"街角の年金相談センター{value}"


def _spelt(value: Written, way: str) -> Written:
    return replace(value, entry=WAYS[way](value.shown_on)) if value.shown_on is not None else value


# -- what goes wrong with one value ----------------------------------------------------------------------------


def _slipped(desk: Desk, request: Request, value: Written, slip: Slip | None) -> Written:
    """The value as the clerk got it wrong; what names no day that may be recorded has the value ""."""
    day = value.shown_on
    if slip is None or slip is Slip.DITTO or day is None:
        return value
    desk.around.truth.seen.add(f"slip:{slip}")
    if slip is Slip.WRONG_DAY:
        other = _another_day(desk, request, value, day)
        if other != day:
            desk.around.truth.mislead(value.line.enrollment, value.field, other)
        return replace(value, value=other.isoformat(), entry=WAYS["era"](other), shown_on=other, slip=slip)
    if slip is Slip.STRUCK:
        return replace(value, slip=slip)
    if slip is Slip.ALREADY:
        return replace(value, value="", entry=Entry("既登録"), shown_on=None, slip=slip)
    entry, shown_on = _wrong_entry(desk, request, value.line, day, slip)
    return replace(value, value="", entry=entry, shown_on=shown_on, slip=slip)


def _wrong_entry(desk: Desk, request: Request, line: Line, day: dt.date, slip: Slip) -> tuple[Entry, dt.date | None]:
    calendar, today = desk.around.calendar, desk.around.clock.today()
    late, early = calendar.add(today, 2), calendar.add(request.on, -20)
    entries: dict[Slip, tuple[Entry, dt.date | None]] = {
        Slip.DONE_ONLY: (Entry(DONE[line.row % len(DONE)]), None),
        Slip.PLANNED: (planned(calendar.add(today, 3)), None),
        Slip.YEAR_2008: (two_digit_year_trap(day), None),
        Slip.AFTER_RECEIPT: (WAYS["era"](late), late),
        Slip.BEFORE_DISPATCH: (WAYS["era"](early), early),
    }
    return entries[slip]


def _another_day(desk: Desk, request: Request, value: Written, day: dt.date) -> dt.date:
    """A business day that could be right: between the request and today, in order with the row's other date."""
    calendar, today = desk.around.calendar, desk.around.clock.today()
    truth, ident = desk.around.truth, value.line.enrollment
    for step in (-1, 1):
        other = calendar.add(day, step)
        rest = [truth.planned(ident, f) for f in _REGISTRATIONS if f is not value.field]
        first = value.field is Field.ID_REGISTERED_ON
        in_order = all(d is None or (d >= other if first else d <= other) for d in rest)
        if request.on <= other <= today and in_order:
            return other
    return day


def _dittoed(values: Sequence[Written], act: Return) -> list[Written]:
    """〃 wherever the row above, same column, says the same day."""
    if Slip.DITTO not in act.slips:
        return list(values)
    found: list[Written] = []
    above: dict[Field, Written] = {}
    for value in values:
        before = above.get(value.field)
        same = before is not None and before.value == value.value != "" and before.line.row == value.line.row - 1
        found.append(replace(value, entry=Entry("〃"), slip=Slip.DITTO) if same else value)
        above[value.field] = value
    return found


# -- what goes wrong with one row after the training -----------------------------------------------------------


def _muddled(desk: Desk, task: Task, values: Sequence[Written], muddles: list[Muddle], way: str) -> list[Written]:
    """The rows as the clerk muddled them; takes from `muddles` what found a row."""
    found: list[Written] = []
    for line in task.lines:
        mine = [v for v in values if v.line == line]
        whole = any(v.field in PLACEMENT for v in mine) and any(v.field in DELETIONS for v in mine)
        if muddles and whole:
            muddle = muddles.pop(0)
            desk.around.truth.seen.add(f"muddle:{muddle}")
            mine = _muddle(desk, task, mine, muddle, way)
        found += mine
    return found


def _muddle(desk: Desk, task: Task, values: Sequence[Written], muddle: Muddle, way: str) -> list[Written]:
    deletion = next(v for v in values if v.field in DELETIONS)
    others = [v for v in values if v is not deletion]
    other = DELETIONS[1 - DELETIONS.index(deletion.field)]
    assert deletion.shown_on is not None
    wrong = replace(deletion, field=other, value="")
    match muddle:
        case Muddle.OTHER_DELETION:
            return [*others, wrong]
        case Muddle.BOTH_DELETIONS:
            return [*others, deletion, wrong]
        case Muddle.NO_DELETION:
            return others
        case Muddle.NO_PLACEMENT:
            return [v for v in values if v.field not in PLACEMENT]
        case Muddle.TOO_EARLY:
            early = desk.around.calendar.add(task.sent_on, -15)
            return [*others, replace(deletion, value="", entry=WAYS[way](early), shown_on=early)]
