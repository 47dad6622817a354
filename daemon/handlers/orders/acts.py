"""What each command changes: by the handlers of the command line, under the admin's name and the mail's number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from daemon.domain.commands import Command, Verb
from daemon.domain.policy import HandoverWay
from daemon.errors import Refused
from daemon.handlers import cases, handover, outbox, pages, rename, resend, review, said, schedule
from daemon.handlers.orders.intents import known_training
from daemon.handlers.rows import find_row
from daemon.ports import Kit
from parsers.findings import Field


def _accept(kit: Kit, command: Command, by: str) -> None:
    review.accept(kit, command.numbers[0], by, command.because)


def _seen(kit: Kit, command: Command, by: str) -> None:
    with kit.store.snapshot() as tx:
        about = tx.get_review(command.numbers[0])
    if about.suggestion or about.field is not None:
        raise Refused(f"#{about.review_id} は値の確認事項です。OK・日付・却下のどれかで指示してください")
    review.accept(kit, about.review_id, by, command.because)


def _set(kit: Kit, command: Command, by: str) -> None:
    value = command.days[0].isoformat() if command.days else command.words[0]
    row = _row(kit, command) if command.row else ""
    review.set_value(kit, command.numbers[0], value, by, command.because, enrollment_id=row)


def _reject(kit: Kit, command: Command, by: str) -> None:
    review.reject(kit, command.numbers[0], by, command.because)


def _place(kit: Kit, command: Command, by: str) -> None:
    pages.place_page(kit, command.numbers[0], command.row, by)


def _release(kit: Kit, command: Command, by: str) -> None:
    outbox.release(kit, command.numbers[0], by)


def _resend(kit: Kit, command: Command, by: str) -> None:
    resend.resend(kit, command.numbers[0], by, command.because)


def _cancel_mail(kit: Kit, command: Command, by: str) -> None:
    outbox.cancel(kit, command.numbers[0], by, command.because or "管理者が取消")


def _hold(kit: Kit, command: Command, by: str) -> None:
    outbox.hold(kit, command.numbers[0], by, command.because)


def _stop(kit: Kit, _command: Command, by: str) -> None:
    outbox.stop_all(kit, by)


def _resume(kit: Kit, _command: Command, by: str) -> None:
    outbox.resume(kit, by)


# -- one trainee -----------------------------------------------------------------------------------------------


def _row(kit: Kit, command: Command) -> str:
    with kit.store.snapshot() as tx:
        return find_row(tx, command.row).enrollment_id


def _words(kit: Kit, command: Command, by: str) -> said.Said:
    caller = command.words[0] if command.verb is Verb.REPORT else ""
    return said.Said(_field(kit, command), command.days[0], by, command.because, caller)


def _field(kit: Kit, command: Command) -> Field:
    """The date meant, when only one can be."""
    if command.field is not None:
        return command.field
    with kit.store.snapshot() as tx:
        row = find_row(tx, command.row)
        required = tx.get_training(row.training_id).course.required
    if len(required) != 1 or row.post_roster:
        raise Refused("どの年月日か（新規・兼務・兼務削除・ID削除）を、回付番号/No. の次に書いてください")
    return required[0]


def _correct(kit: Kit, command: Command, by: str) -> None:
    said.correct(kit, _row(kit, command), _words(kit, command, by))


def _report(kit: Kit, command: Command, by: str) -> None:
    said.report(kit, _row(kit, command), _words(kit, command, by))


def _cleaned(kit: Kit, command: Command, by: str) -> None:
    said.cleaned(kit, _row(kit, command), _words(kit, command, by))


def _withdraw(kit: Kit, command: Command, by: str) -> None:
    cases.withdraw(kit, _row(kit, command), by, command.because)


def _reinstate(kit: Kit, command: Command, by: str) -> None:
    cases.reinstate(kit, _row(kit, command), by, command.because)


def _person(command: Command) -> cases.Person:
    name, kana, terminal_id, *_ = command.words
    return cases.Person(name, kana, terminal_id, command.days[0] if command.days else None)


def _substitute(kit: Kit, command: Command, by: str) -> None:
    cases.substitute(kit, _row(kit, command), _person(command), by, command.because)


def _add(kit: Kit, command: Command, by: str) -> None:
    place = cases.Place(*command.words[3:])
    cases.add_trainee(kit, known_training(kit, command.training).training_id, place, _person(command), by,
                      command.because)  # fmt: skip


def _transfer(kit: Kit, command: Command, by: str) -> None:
    cases.transfer(kit, _row(kit, command), cases.Place(*command.words), by, command.because)


def _rename(kit: Kit, command: Command, by: str) -> None:
    rename.rename(kit, _row(kit, command), (command.words[0], command.words[1]), by, command.because)


# -- one training ----------------------------------------------------------------------------------------------


def _deadline(kit: Kit, command: Command, by: str) -> None:
    schedule.move_deadline(kit, command.training, command.days[0], by, command.because)


def _postpone(kit: Kit, command: Command, by: str) -> None:
    schedule.postpone(kit, command.training, command.days[0], command.days[1], by, command.because)


def _submitted(kit: Kit, command: Command, by: str) -> None:
    on: dt.date | None = command.days[0] if command.days else None
    handover.mark(kit, command.training, command.numbers[0], by, way=HandoverWay.PRINT, on=on)


EFFECTS: Mapping[Verb, Callable[[Kit, Command, str], None]] = {
    Verb.ACCEPT: _accept,
    Verb.SEEN: _seen,
    Verb.SET: _set,
    Verb.REJECT: _reject,
    Verb.PLACE: _place,
    Verb.RELEASE: _release,
    Verb.RESEND: _resend,
    Verb.CANCEL_MAIL: _cancel_mail,
    Verb.HOLD: _hold,
    Verb.STOP_ALL: _stop,
    Verb.RESUME: _resume,
    Verb.CORRECT: _correct,
    Verb.REPORT: _report,
    Verb.CLEANED: _cleaned,
    Verb.WITHDRAW: _withdraw,
    Verb.REINSTATE: _reinstate,
    Verb.SUBSTITUTE: _substitute,
    Verb.ADD: _add,
    Verb.TRANSFER: _transfer,
    Verb.RENAME: _rename,
    Verb.DEADLINE: _deadline,
    Verb.POSTPONE: _postpone,
    Verb.SUBMITTED: _submitted,
}
"""One transaction each, which `steps.run` stamps. Everything else is shown first (`proposals`), or only asked."""
