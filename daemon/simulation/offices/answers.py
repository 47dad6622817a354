"""An act carried out: the mail it becomes, and a note in the truth of what the mail claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from daemon.simulation.chance import Chance
from daemon.simulation.offices.acts import (
    Absence,
    Act,
    Edit,
    Medium,
    Promise,
    Return,
    Say,
    SendWrong,
    Slip,
    Wrong,
)
from daemon.simulation.offices.desk import Desk, Request, Task
from daemon.simulation.offices.paper import (
    Typed,
    into_cells,
    photograph,
    printed_table,
    type_over,
    word_file,
)
from daemon.simulation.offices.workbook import HEADERS, Line, Workbook
from daemon.simulation.offices.writing import Words, signature, write
from daemon.simulation.spelling import DONE, WAYS, Entry, planned, two_digit_year_trap
from parsers.findings import Field

Neighbour = Callable[[Desk, Request], Task | None]
"""A roster of another prefecture that has gone astray to this office; None when there is none yet."""
_NEVER = dt.date(1900, 1, 1)
"""Stands for "no day": what is written may never enter the register."""


@dataclass(frozen=True, slots=True)
class _Value:
    """What is to stand in one field."""

    line: Line
    field: Field
    day: dt.date
    entry: Entry


@dataclass(frozen=True, slots=True)
class _Filled:
    """One roster with everything that is to be written on it."""

    task: Task
    values: tuple[_Value, ...]
    withdrawn: Mapping[str, str]
    """Enrollment → why."""


def perform(desk: Desk, request: Request, act: Act, neighbour: Neighbour) -> tuple[str, bytes]:
    """The address it comes from and the raw mail. Called at the moment the office acts."""
    request.sent += 1
    chance = desk.around.chance.of("act", request.mail.message_id, str(request.sent))
    words = _words(desk, request, act, chance, neighbour)
    return words.sender, write(words, desk.around.clock.now())


def _words(desk: Desk, request: Request, act: Act, chance: Chance, neighbour: Neighbour) -> Words:
    match act:
        case Return():
            return _return(desk, request, act, chance)
        case SendWrong():
            return _reply(desk, request, _HANDING_BACK, _wrong_file(desk, request, act.what, neighbour))
        case Say():
            return _reply(desk, request, act.words)
        case Promise():
            return _reply(
                desk, request, "お世話になっております。\n登録が済みましたので、名簿を添付にてお送りいたします。"
            )
        case Absence():
            text = (
                "ただいま不在にしております。来週月曜日より出社いたします。お急ぎの場合は代表電話までご連絡ください。"
            )
            return Words(
                desk.address, _clerk(desk), request.mail.reply_to, f"自動応答: {request.mail.subject}", text, auto=True
            )


_HANDING_BACK = "お世話になっております。\n標記の件、名簿を返送いたします。\nご確認のほどよろしくお願いいたします。"


def _clerk(desk: Desk) -> str:
    return f"{desk.prefecture}会 運営部"


def _reply(desk: Desk, request: Request, text: str, files: tuple[tuple[str, bytes], ...] = ()) -> Words:
    return Words(
        desk.address, _clerk(desk), request.mail.reply_to, f"RE: {request.mail.subject}",
        text + signature("運営部", desk.office.title), files, request.mail,
    )  # fmt: skip


# -- a roster comes back ---------------------------------------------------------------------------------------


def _return(desk: Desk, request: Request, act: Return, chance: Chance) -> Words:
    filled = _fill_in(desk, request, act, chance)
    _note(desk, filled)
    files = tuple(f for n, one in enumerate(filled) for f in _file(desk, one, act, chance.of("file", str(n))))
    text = (act.words or _HANDING_BACK) + signature("運営部", desk.office.title)
    sender, name = desk.address, _clerk(desk)
    if act.by_centre:
        sender, name = desk.address.replace("@", "-centre@"), "街角の年金相談センター"
    subject = f"RE: {request.mail.subject}"
    if act.new_mail:
        subject = "受講者名簿の返送について"
    return Words(
        sender, name, request.mail.reply_to, subject, text, files, None if act.new_mail else request.mail,
        old_fashioned=act.old_fashioned,
    )  # fmt: skip


def _fill_in(desk: Desk, request: Request, act: Return, chance: Chance) -> list[_Filled]:
    """Which values stand where; slips replace entries of values that are done, or stand where nothing is done yet."""
    slips = [s for s, count in act.slips.items() for _ in range(count)]
    found = []
    for task in request.tasks:
        way = chance.pick(act.ways)
        done = [v for v in _done(desk, task) if chance.happens(act.share)]
        values = []
        for line, field, day in done:
            spelled = chance.pick(act.ways) if act.each_own_way else way
            entry = WAYS[spelled](day)
            slip = slips.pop(0) if slips else None
            values.append(_slipped(desk, request, _Value(line, field, day, entry), slip))
        withdrawn = {
            line.enrollment: reason for line in task.lines if (reason := desk.around.truth.withdrawn(line.enrollment))
        }
        found.append(_Filled(task, tuple(_dittoed(values, act)), withdrawn))
    return found


def _done(desk: Desk, task: Task) -> Iterable[tuple[Line, Field, dt.date]]:
    today = desk.around.clock.today()
    for line in task.lines:
        for field in task.fields:
            day = desk.around.truth.registered(line.enrollment, field, today)
            if day is not None:
                yield line, field, day


def _slipped(desk: Desk, request: Request, value: _Value, slip: Slip | None) -> _Value:
    """The value as the clerk got it wrong; what names no day that may be recorded claims `_NEVER`."""
    if slip is None or slip is Slip.DITTO:
        return value
    line, field, day = value.line, value.field, value.day
    if slip is Slip.WRONG_DAY:
        other = _another_day(desk, request, value)
        if other != day:
            desk.around.truth.mislead(line.enrollment, field, other)
        return _Value(line, field, other, WAYS["era"](other))
    calendar, today = desk.around.calendar, desk.around.clock.today()
    entries = {
        Slip.DONE_ONLY: Entry(DONE[line.row % len(DONE)]),
        Slip.PLANNED: planned(calendar.add(today, 3)),
        Slip.YEAR_2008: two_digit_year_trap(day),
        Slip.AFTER_RECEIPT: WAYS["era"](calendar.add(today, 2)),
        Slip.BEFORE_DISPATCH: WAYS["era"](calendar.add(request.on, -20)),
    }
    return _Value(line, field, _NEVER, entries[slip])


def _another_day(desk: Desk, request: Request, value: _Value) -> dt.date:
    """A business day that could be right: between the request and today, in order with the row's other date."""
    line, field, day = value.line, value.field, value.day
    calendar, today = desk.around.calendar, desk.around.clock.today()
    for step in (-1, 1):
        other = calendar.add(day, step)
        rest = [desk.around.truth.planned(line.enrollment, f) for f in HEADERS if f is not field]
        in_order = all(d is None or (d >= other if field is Field.ID_REGISTERED_ON else d <= other) for d in rest)
        if request.on <= other <= today and in_order:
            return other
    return day


def _dittoed(values: Sequence[_Value], act: Return) -> list[_Value]:
    """〃 wherever the row above, same column, says the same day."""
    if Slip.DITTO not in act.slips:
        return list(values)
    found: list[_Value] = []
    above: dict[Field, _Value] = {}
    for value in values:
        before = above.get(value.field)
        same = before is not None and before.day == value.day != _NEVER and before.line.row == value.line.row - 1
        found.append(_Value(value.line, value.field, value.day, Entry("〃")) if same else value)
        above[value.field] = value
    return found


def _note(desk: Desk, filled: Iterable[_Filled]) -> None:
    for one in filled:
        for value in one.values:
            if value.day != _NEVER:
                desk.around.truth.wrote(value.line.enrollment, value.field, [value.day])


# -- the file --------------------------------------------------------------------------------------------------


def _file(desk: Desk, filled: _Filled, act: Return, chance: Chance) -> list[tuple[str, bytes]]:
    code = filled.task.code
    match act.medium:
        case Medium.WORKBOOK:
            return [(f"roster_{code}.xlsx", _workbook(desk, filled, act, chance))]
        case Medium.TYPED_PDF | Medium.TYPED_ACROSS:
            return [(f"roster_{code}.pdf", _typed(desk, filled, across=act.medium is Medium.TYPED_ACROSS))]
        case Medium.PRINTED_PDF:
            return [(f"名簿_{code}.pdf", printed_table(*_table(filled)))]


def _workbook(desk: Desk, filled: _Filled, act: Return, chance: Chance) -> bytes:
    book = Workbook(filled.task.workbook)
    for value in filled.values:
        book.enter(value.line.enrollment, value.field, value.entry)
    for enrollment, reason in filled.withdrawn.items():
        book.tick_out(enrollment, reason)
    if act.edit is Edit.SORTED and Slip.DITTO not in act.slips:
        order = {line.enrollment: chance.whole(0, 999) for line in book.lines()}
        book.sort(lambda line: (order[line.enrollment], line.row))
    if act.edit is Edit.SHORTENED and filled.values:
        named = {v.line.enrollment for v in filled.values} | set(filled.withdrawn)
        book.remove([line.enrollment for line in filled.task.lines if line.enrollment not in named])
    if act.edit is Edit.STRANGER:
        today = desk.around.clock.today()
        book.add_by_hand("追加　太郎", filled.task.fields[-1], WAYS["era"](today))
    return book.save(desk.around.clock.today())


def _typed(desk: Desk, filled: _Filled, *, across: bool) -> bytes:
    """Digits typed into the boxes of the printed sheet."""
    manifest = desk.around.manifests[filled.task.code]
    texts: list[Typed] = []
    for page in manifest["pages"]:
        for row in page["rows"]:
            mine = [v for v in filled.values if v.line.enrollment == row["enrollment"]]
            for value in mine:
                texts += _typed_value(page["page"], row["fields"][value.field.value], value, across=across)
            if row["enrollment"] in filled.withdrawn:
                texts.append(_in_box(page["page"], row["fields"]["not_applicable"]["box_mm"], "✓"))
    return type_over(filled.task.paper, texts)


def _typed_value(page: int, place: Mapping[str, object], value: _Value, *, across: bool) -> list[Typed]:
    box, cells = place["box_mm"], place["cells_mm"]
    assert isinstance(box, Sequence)
    assert isinstance(cells, Mapping)
    if value.day == _NEVER or across:
        return [_in_box(page, box, _as_text(value.entry))]
    day = value.day
    return into_cells(cells, page, f"{day.year - 2018:02}{day.month:02}{day.day:02}")


def _in_box(page: int, box: Sequence[float], text: str) -> Typed:
    return Typed(page, box[0], box[1], box[2], box[3], text)


def _as_text(entry: Entry) -> str:
    content = entry.content
    if isinstance(content, dt.datetime):
        content = content.date()
    if isinstance(content, dt.date):
        return f"{content.year}/{content.month}/{content.day}"
    return str(content)


def _table(filled: _Filled) -> tuple[str, list[str], list[str], list[list[str]]]:
    """Title, heading lines, headers and rows of a printed workbook."""
    task = filled.task
    shown = {(v.line.enrollment, v.field): _as_text(v.entry) for v in filled.values}
    rows = [
        [
            str(line.row),
            line.name,
            *(shown.get((line.enrollment, f), "") for f in task.fields),
            filled.withdrawn.get(line.enrollment, ""),
        ]
        for line in task.lines
    ]
    head = ["No.", "氏名", *(HEADERS[f] for f in task.fields), "備考"]
    return "受講者名簿", [f"回付番号　{task.code}"], head, rows


# -- files that are no answer ----------------------------------------------------------------------------------


def _wrong_file(desk: Desk, request: Request, what: Wrong, neighbour: Neighbour) -> tuple[tuple[str, bytes], ...]:
    task = request.tasks[0]
    filled = _Filled(task, (), {})
    match what:
        case Wrong.BLANK:
            return ((f"roster_{task.code}.xlsx", task.workbook),)
        case Wrong.WORD:
            names = [line.name for line in task.lines]
            return (("登録のご報告.docx", word_file(["下記の者の登録が完了しました。", *names])),)
        case Wrong.PHOTO:
            return (("IMG_0412.png", photograph(*_table(filled))),)
        case Wrong.FOREIGN:
            other = neighbour(desk, request) or task
            return ((f"roster_{other.code}.xlsx", _of_the_neighbour(desk, other)),)


def _of_the_neighbour(desk: Desk, task: Task) -> bytes:
    """Another prefecture's roster, filled in by whoever did: HQ may not take it from this office."""
    book = Workbook(task.workbook)
    for line, field, day in _done(desk, task):
        book.enter(line.enrollment, field, WAYS["era"](day))
        desk.around.truth.wrote(line.enrollment, field, [day])
    return book.save(desk.around.clock.today())
