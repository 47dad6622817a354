"""An act carried out: the mail it becomes, and a note in the truth of what the mail claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.simulation.chance import Chance
from daemon.simulation.offices import gateway
from daemon.simulation.offices.acts import (
    Absence,
    Act,
    Edit,
    Fax,
    Medium,
    Promise,
    Return,
    Say,
    SendWrong,
    Slip,
    Withdraw,
    Wrong,
)
from daemon.simulation.offices.desk import Desk, Request, Task
from daemon.simulation.offices.faxing import by_fax
from daemon.simulation.offices.filling import Filled, Written, fill_in, note, written
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
from daemon.simulation.spelling import WAYS, Entry
from parsers.findings import Field
from parsers.forms import STAYS_LABEL, SUBFIELD_STAYS

Neighbour = Callable[[Desk, Request], Task | None]
"""A roster of another prefecture that has gone astray to this office; None when there is none yet."""


def perform(desk: Desk, request: Request, act: Act, neighbour: Neighbour) -> tuple[str, bytes]:
    """The address it comes from and the raw mail. Called at the moment the office acts."""
    request.sent += 1
    chance = desk.around.chance.of("act", request.mail.message_id, str(request.sent))
    if isinstance(act, Return) and act.fax is not None:
        return _fax(desk, request, act, act.fax, chance)
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
        case Withdraw():
            return _reply(desk, request, _withdrawing(desk, request, act, chance))
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


def _withdrawing(desk: Desk, request: Request, act: Withdraw, chance: Chance) -> str:
    """One trainee is out from now on; the words name the row, as a clerk does."""
    truth = desk.around.truth
    there = [(task, line) for task in request.tasks for line in task.lines if not truth.withdrawn(line.enrollment)]
    fitting = [line for task, line in there if _is_done(desk, task, line) is act.registered]
    line = chance.pick(fitting or [line for _, line in there])
    truth.withdraw(line.enrollment, "受講辞退")
    truth.seen.add("withdrawn-after" if fitting and act.registered else "withdrawn-before")
    return act.words.format(number=f"回付番号{line.roster}のNo.{line.row}")


def _is_done(desk: Desk, task: Task, line: Line) -> bool:
    today = desk.around.clock.today()
    return all(desk.around.truth.value(line.enrollment, f, today) is not None for f in task.fields)


def _fax(desk: Desk, request: Request, act: Return, how: Fax, chance: Chance) -> tuple[str, bytes]:
    call = by_fax(desk, fill_in(desk, request, act, chance), how, chance.of("fax"))
    truth = desk.around.truth
    for one in call.seen:
        if one.value:
            truth.wrote(one.enrollment, one.field, [one.value])
    truth.faxed[call.message_id] = call.seen
    truth.pages[call.message_id] = call.places
    return gateway.ADDRESS, call.raw


# -- a roster comes back ---------------------------------------------------------------------------------------


def _return(desk: Desk, request: Request, act: Return, chance: Chance) -> Words:
    filled = fill_in(desk, request, act, chance)
    note(desk, filled)
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


# -- the file --------------------------------------------------------------------------------------------------


def _file(desk: Desk, filled: Filled, act: Return, chance: Chance) -> list[tuple[str, bytes]]:
    code = filled.task.code
    match act.medium:
        case Medium.WORKBOOK:
            return [(f"roster_{code}.xlsx", _workbook(desk, filled, act, chance))]
        case Medium.TYPED_PDF | Medium.TYPED_ACROSS:
            return [(f"roster_{code}.pdf", _typed(desk, filled, across=act.medium is Medium.TYPED_ACROSS))]
        case Medium.PRINTED_PDF:
            return [(f"名簿_{code}.pdf", printed_table(*_table(filled)))]


def _workbook(desk: Desk, filled: Filled, act: Return, chance: Chance) -> bytes:
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
    if act.edit is Edit.RENAMED and filled.task.lines:
        _rename(desk, book, filled.task)
    if act.edit is Edit.STRANGER:
        today = desk.around.clock.today()
        book.add_by_hand("追加　太郎", filled.task.fields[-1], WAYS["era"](today))
    return book.save(desk.around.clock.today())


def _rename(desk: Desk, book: Workbook, task: Task) -> None:
    """The given name of the first trainee had the wrong character."""
    line = task.lines[0]
    right = desk.around.truth.renamed(line.enrollment) or f"{line.name.partition('　')[0]}　{_RIGHT_NAME}"
    desk.around.truth.rename(line.enrollment, right)
    book.rename(line.enrollment, right)


_RIGHT_NAME = "惠理香"


def _typed(desk: Desk, filled: Filled, *, across: bool) -> bytes:
    """Digits typed into the boxes of the printed sheet."""
    manifest = desk.around.manifests[filled.task.code]
    texts: list[Typed] = []
    for page in manifest["pages"]:
        for row in page["rows"]:
            mine = [v for v in filled.values if v.line.enrollment == row["enrollment"]]
            for value in mine:
                texts += _typed_value(page["page"], row["fields"], value, across=across)
            if row["enrollment"] in filled.withdrawn:
                texts.append(_in_box(page["page"], row["fields"]["not_applicable"]["box_mm"], "✓"))
    return type_over(filled.task.paper, texts)


def _typed_value(page: int, fields: Mapping[str, Any], value: Written, *, across: bool) -> list[Typed]:
    if not value.field.is_date:
        return [_typed_placement(page, fields, value)]
    place = fields[value.field.value]
    if value.shown_on is None or value.value == "" or across:
        return [_in_box(page, place["box_mm"], _as_text(value.entry))]
    day = value.shown_on
    return into_cells(place["cells_mm"], page, f"{day.year - 2018:02}{day.month:02}{day.day:02}")


def _typed_placement(page: int, fields: Mapping[str, Any], value: Written) -> Typed:
    """A tick in the box for it, or the name of the place."""
    if value.field is Field.NO_DESTINATION_REASON:
        return _in_box(page, fields[value.field.value]["options"][value.value], "✓")
    if value.entry.content == STAYS_LABEL:
        return _in_box(page, fields[SUBFIELD_STAYS]["box_mm"], "✓")
    return Typed(page, *_in_box_mm(fields[value.field.value]["box_mm"]), str(value.entry.content), 8)


def _in_box_mm(box: Sequence[float]) -> tuple[float, float, float, float]:
    return box[0], box[1], box[2], box[3]


def _in_box(page: int, box: Sequence[float], text: str) -> Typed:
    return Typed(page, box[0], box[1], box[2], box[3], text)


def _as_text(entry: Entry) -> str:
    content = entry.content
    if isinstance(content, dt.datetime):
        content = content.date()
    if isinstance(content, dt.date):
        return f"{content.year}/{content.month}/{content.day}"
    return str(content)


def _table(filled: Filled) -> tuple[str, list[str], list[str], list[list[str]]]:
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
    filled = Filled(task, (), {})
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
    today = desk.around.clock.today()
    for line in task.lines:
        for field in task.fields:
            value = desk.around.truth.value(line.enrollment, field, today)
            if value is not None:
                book.enter(line.enrollment, field, written(task, line, field, value, "era").entry)
                desk.around.truth.wrote(line.enrollment, field, [value])
    return book.save(desk.around.clock.today())
