"""What people say instead of a sheet: a date by telephone, a correction with a reason, a clean-up that is done.

A telephone call is entered as read, never as verified: it counts as 口頭 until a sheet confirms or contradicts it
(domain.md §1.5, evidence level F). A correction overrules whatever is on record, under the name of who made it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from daemon.domain.acceptance import Case, date_guards
from daemon.domain.calendar import TOKYO
from daemon.domain.model import (
    Enrollment,
    Reading,
    Review,
    ReviewState,
    SourceKind,
    Status,
    Training,
    TrainingState,
    Value,
)
from daemon.errors import Refused
from daemon.handlers.planning import calendar, complete_or_reopen, dispatch_of, refresh
from daemon.handlers.questions import settle
from daemon.handlers.rows import known_row, reason
from daemon.ports import Kit, Transaction
from parsers.findings import Decision, Evidence, Field, Problem

DELETIONS = (Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON)
BY_TELEPHONE = "口頭"
"""Text of a reading that was said; how the register shows it."""
_SOFT = {Problem.OFFICE_CLOSED, Problem.BEFORE_DISPATCH}
"""Vetoes a person may overrule with a reason; the others are impossible, whoever says them."""


@dataclass(frozen=True, slots=True)
class Said:
    """One date a person gives, and on whose word."""

    field: Field
    on: dt.date
    by: str
    """Who enters it."""
    because: str
    said_by: str = ""
    """Who said it on the telephone; kept with the reading, never in the history. "" = whoever enters it."""


def report(kit: Kit, enrollment_id: str, said: Said) -> Enrollment:
    """A date given by telephone: enough to stop reminding, not enough to be verified. Raises Refused.

    For a trainee who has withdrawn it records that there is something to clean up.
    """
    if not said.said_by.strip():
        raise Refused("どなたからの連絡かを --said-by で指定してください")
    with kit.store.transaction() as tx:
        row, said = _prepared(tx, enrollment_id, said)
        known = row.values.get(said.field)
        if known is not None and known.status is Status.VERIFIED:
            raise Refused(f"すでに確認済の日付があります（{known.value}）。訂正は trainee correct を使ってください")
        _check(tx, kit, row, said)
        return _record(tx, kit, row, said, Status.READ, "phone-report")


def correct(kit: Kit, enrollment_id: str, said: Said) -> Enrollment:
    """Another date, whatever is on record, with the reason; open questions about the field are settled by it."""
    with kit.store.transaction() as tx:
        row, said = _prepared(tx, enrollment_id, said)
        _check(tx, kit, row, said)
        known = row.values.get(said.field)
        if known is not None and known.value == said.on.isoformat() and known.status is Status.VERIFIED:
            raise Refused(f"その日付はすでに確認済です（{known.value}）")
        return _record(tx, kit, row, said, Status.VERIFIED, "value-corrected")


def cleaned(kit: Kit, enrollment_id: str, said: Said) -> Enrollment:
    """The registration of a withdrawn trainee has been deleted on that day: nothing is owed any more."""
    with kit.store.transaction() as tx:
        row, said = _prepared(tx, enrollment_id, said)
        if not row.cleanup_owed:
            raise Refused("この受講者に後始末（登録の削除）の必要はありません")
        if said.field not in DELETIONS:
            raise Refused("兼務登録削除年月日かＩＤ削除年月日を指定してください")
        _not_the_other(row, said)
        required = tx.get_training(row.training_id).course.required
        first = max((v.on for f, v in row.values.items() if f in required), default=said.on)
        if not first <= said.on <= kit.clock.today():
            raise Refused(f"削除の日は登録の日 {first} から今日までの日を指定してください")
        row = _record(tx, kit, row, said, Status.VERIFIED, "value-recorded")
        done = replace(row, cleanup_owed=False)
        tx.save_enrollment(done)
        tx.append_event(
            kit.clock.now(), said.by, "cleanup-done", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture,
            payload={"before": True, "after": False, "field": said.field, "because": said.because},
        )  # fmt: skip
        return done


def is_by_telephone(value: Value) -> bool:
    """Whether the register shows the value as 口頭: somebody said it and no sheet has come."""
    return value.source is SourceKind.PERSON and value.status is Status.READ


def _prepared(tx: Transaction, enrollment_id: str, said: Said) -> tuple[Enrollment, Said]:
    row = known_row(tx, enrollment_id)
    return row, replace(said, because=reason(said.because, row))


def _check(tx: Transaction, kit: Kit, row: Enrollment, said: Said) -> None:
    training = tx.get_training(row.training_id)
    if training.state is TrainingState.CANCELLED and not row.excluded_because:
        raise Refused(f"研修 {row.training_id} は中止されています")
    if said.field in DELETIONS:
        _check_deletion(kit, training, row, said)
        return
    if said.field not in training.course.required:
        raise Refused(f"{said.field} はこの研修で記録する日付ではありません")
    dispatch = dispatch_of(tx, row)
    sent = dispatch.dispatched_at if dispatch else None
    others = tuple((f, v.on) for f, v in row.values.items() if f is not said.field and f.is_date)
    case = Case(
        row, training.course, SourceKind.PERSON, sent.astimezone(TOKYO).date() if sent else None, kit.clock.today(),
        row.prefecture, trusted=True, identified=True, other_dates=others,
    )  # fmt: skip
    hard = [p for p in date_guards(said.on, said.field, case, calendar(kit)) if p not in _SOFT]
    if hard:
        raise Refused(f"その日付は記録できません: {', '.join(hard)}")


def _check_deletion(kit: Kit, training: Training, row: Enrollment, said: Said) -> None:
    if not row.post_roster:
        raise Refused("削除の日は、修了の有無記載済みの名簿を送付した後に記録できます")
    if not training.ends_on <= said.on <= kit.clock.today():
        raise Refused(f"削除の日は研修最終日 {training.ends_on} から今日までの日を指定してください")
    _not_the_other(row, said)


def _not_the_other(row: Enrollment, said: Said) -> None:
    rival = next(f for f in DELETIONS if f is not said.field)
    if rival in row.values:
        raise Refused("もう一方の削除の日がすでに記録されています（どちらか一つだけです）")


def _record(tx: Transaction, kit: Kit, row: Enrollment, said: Said, status: Status, kind: str) -> Enrollment:
    now, value = kit.clock.now(), said.on.isoformat()
    known = row.values.get(said.field)
    reading_id = tx.add_reading(_reading(kit, row, said))
    new = Value(value, status, SourceKind.PERSON, reading_id, now, kit.clock.today())
    row = replace(row, values={**row.values, said.field: new}, cleanup_owed=bool(row.excluded_because))
    tx.save_enrollment(row)
    tx.append_event(
        now, said.by, kind, subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture,
        payload={
            "field": said.field, "before": known.value if known else None, "value": value, "status": status,
            "source": SourceKind.PERSON, "reading": reading_id, "because": said.because,
        },
    )  # fmt: skip
    if status is Status.VERIFIED:
        _settle_questions(tx, kit, row, said)
    row = refresh(tx, kit, tx.get_training(row.training_id), row, f"reading:{reading_id}")
    complete_or_reopen(tx, kit, row.training_id)
    return row


def _reading(kit: Kit, row: Enrollment, said: Said) -> Reading:
    return Reading(
        0, None, row.enrollment_id, row.roster, said.field, BY_TELEPHONE if said.said_by else "",
        said.on.isoformat(), 1.0, Decision.ACCEPT, "recorded", (), Evidence(), SourceKind.PERSON, kit.clock.now(),
        said.said_by or said.by,
    )  # fmt: skip


def _settle_questions(tx: Transaction, kit: Kit, row: Enrollment, said: Said) -> None:
    """What was asked about the field is answered."""
    for review in tx.reviews(enrollment_id=row.enrollment_id):
        if _is_about(review, said.field):
            state = ReviewState.ACCEPTED if review.suggestion == said.on.isoformat() else ReviewState.SET
            settle(tx, kit, review, state, said.by, said.because)


def _is_about(review: Review, field: Field) -> bool:
    return review.field is field and review.kind in {"value", "verify"}
