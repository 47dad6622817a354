"""A person settles questions: accept the suggestion, give another value, or record nothing (design §2, step 4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from daemon.domain import closing
from daemon.domain.acceptance import Case, date_guards
from daemon.domain.calendar import TOKYO
from daemon.domain.model import (
    Enrollment,
    MailState,
    Phase,
    Reading,
    Review,
    ReviewState,
    SourceKind,
    Status,
    Training,
    Value,
)
from daemon.errors import Refused
from daemon.handlers import ending, pages
from daemon.handlers.bounced import resolved
from daemon.handlers.planning import calendar, complete_or_reopen, dispatch_of, refresh, refresh_office
from daemon.handlers.prepare import exclude
from daemon.handlers.questions import settle
from daemon.points import reach
from daemon.ports import Kit, Transaction
from parsers.findings import Decision, Field, Problem
from parsers.forms import REASONS, STAYS
from parsers.places import read_place

_SOFT = {Problem.OFFICE_CLOSED, Problem.BEFORE_DISPATCH}
"""Vetoes a person may overrule by naming the date; the others are impossible, whoever says them."""


def accept(kit: Kit, review_id: int, by: str, because: str = "") -> Review:
    """Record what the question suggests; raises Refused when there is nothing to accept."""
    with kit.store.transaction() as tx:
        review = _open(tx, review_id)
        if review.kind == "exclusion":
            return _exclude(tx, kit, review, by, because)
        if review.kind == ending.KIND:
            return _end(tx, kit, review, by, because)
        if review.kind == pages.KIND and review.suggestion:
            pages.place_in(tx, kit, review, review.suggestion, by, because)
            return tx.get_review(review_id)
        if review.kind in {"mail", "attachment", "bounce", "outbox", "page", "pages", "order"}:
            return _seen(tx, kit, review, by, because)
        if not review.suggestion or not review.enrollment_id or review.field is None:
            raise Refused(f"#{review_id} には採用できる候補がありません。review set で値を指定してください")
        closed = _record(tx, kit, review, review.suggestion, by, because or "提案どおり")
        reach("review.before-commit")
    reach("review.after-commit")
    return closed


def set_value(kit: Kit, review_id: int, value: str, by: str, because: str = "", *, enrollment_id: str = "") -> Review:
    """Record another value than suggested, or name the row a stray value belongs to."""
    with kit.store.transaction() as tx:
        review = _open(tx, review_id)
        if review.field is None:
            raise Refused(f"#{review_id} は値の質問ではありません。accept か reject で処理してください")
        if enrollment_id:
            row = tx.get_enrollment(enrollment_id)
            review = replace(
                review, enrollment_id=row.enrollment_id, prefecture=row.prefecture, training_id=row.training_id
            )
        if not review.enrollment_id:
            raise Refused(f"#{review_id} はどの受講者か不明です。--row 回付番号/No. を指定してください")
        value = _spelt(tx, kit, review, value)
        closed = _record(tx, kit, review, value, by, because or "管理者が入力")
        reach("review.before-commit")
    reach("review.after-commit")
    return closed


def reject(kit: Kit, review_id: int, by: str, because: str = "") -> Review:
    """Record nothing from it; a value that was only read is withdrawn (its reading stays, I6)."""
    with kit.store.transaction() as tx:
        review = _open(tx, review_id)
        if review.kind == "verify":
            _withdraw(tx, kit, review, by)
        if review.kind == ending.KIND:
            ending.refuse(tx, kit, tx.get_enrollment(review.enrollment_id), by)
        closed = settle(tx, kit, review, ReviewState.REJECTED, by, because or "記録しない")
        _after(tx, kit, closed, by)
        reach("review.before-commit")
    reach("review.after-commit")
    return closed


def _open(tx: Transaction, review_id: int) -> Review:
    try:
        review = tx.get_review(review_id)
    except KeyError:
        raise Refused(f"#{review_id} という確認事項はありません") from None
    if review.state is not ReviewState.OPEN:
        raise Refused(f"#{review_id} は {review.settled_by} により処理済みです（{review.settled_because}）")
    return review


def _record(tx: Transaction, kit: Kit, review: Review, value: str, by: str, because: str) -> Review:
    row = tx.get_enrollment(review.enrollment_id)
    training = tx.get_training(row.training_id)
    assert review.field is not None
    _check(tx, kit, training, row, review, value)
    reading_id = _person_says(tx, kit, review, row, value, by)
    known = row.values.get(review.field)
    source = _source(tx, review, value)
    now = kit.clock.now()
    new = Value(value, Status.VERIFIED, source, reading_id, now, _received_on(tx, kit, review))
    row = _without_rival(tx, kit, row, review.field, by)
    # Registered after all, and out: that registration is owed a clean-up (domain.md §1.4, 8).
    owed = row.cleanup_owed or bool(row.excluded_because)
    tx.save_enrollment(replace(row, values={**row.values, review.field: new}, cleanup_owed=owed))
    tx.append_event(
        now, by, "value-recorded", subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture,
        payload={
            "field": review.field, "before": known.value if known else None, "value": value, "status": Status.VERIFIED,
            "source": source, "reading": reading_id, "review": review.review_id, "because": because,
        },
    )  # fmt: skip
    state = ReviewState.ACCEPTED if value == review.suggestion else ReviewState.SET
    closed = settle(tx, kit, review, state, by, because)
    _siblings(tx, kit, row, review, by)
    _after(tx, kit, closed, by)
    return closed


def _check(tx: Transaction, kit: Kit, training: Training, row: Enrollment, review: Review, value: str) -> None:
    """A person may overrule soft guards, never write an impossible date."""
    assert review.field is not None
    later = review.field in closing.FIELDS
    if row.excluded_because and later and not row.cleanup_owed:
        raise Refused(f"この受講者は対象外です（{row.excluded_because}）")
    if later and not row.post_roster:
        raise Refused("修了結果の名簿を送付する前の受講者です")
    if review.field is Field.COMPLETED:
        raise Refused("修了の有無は meibod results import で変更してください")
    if not review.field.is_date:
        _check_words(kit, review.field, value)
        return
    try:
        on = dt.date.fromisoformat(value)
    except ValueError:
        raise Refused(f"日付は 2026-04-01 の形式で指定してください: {value}") from None
    dispatch = dispatch_of(tx, row, Phase.POST if later else Phase.PRE)
    sent = dispatch.dispatched_at if dispatch else None
    others = tuple((f, v.on) for f, v in row.values.items() if f is not review.field and f.is_date)
    case = Case(
        row, training.course, SourceKind.PERSON, sent.astimezone(TOKYO).date() if sent else None, kit.clock.today(),
        row.prefecture, trusted=True, identified=True, other_dates=others,
    )  # fmt: skip
    hard = [p for p in date_guards(on, review.field, case, calendar(kit)) if p not in _SOFT]
    placed = row.values.keys() & set(closing.PLACEMENT)
    if later and placed and not closing.fits(review.field, placed):
        hard.append(Problem.DELETION_DOES_NOT_FIT)
    if hard:
        raise Refused(f"その日付は記録できません: {', '.join(hard)}")


def _person_says(tx: Transaction, kit: Kit, review: Review, row: Enrollment, value: str, by: str) -> int:
    assert review.field is not None
    said = Reading(
        reading_id=0,
        ledger_id=review.ledger_id,
        enrollment_id=row.enrollment_id,
        roster=row.roster,
        field=review.field,
        text=review.text,
        value=value,
        confidence=1.0,
        decision=Decision.ACCEPT,
        outcome="recorded",
        problems=review.problems,
        evidence=review.evidence,
        source=SourceKind.PERSON,
        read_at=kit.clock.now(),
        said_by=by,
    )
    return tx.add_reading(said)


def _source(tx: Transaction, review: Review, value: str) -> SourceKind:
    """An accepted suggestion keeps its source; a value a person wrote is that person's."""
    if review.reading_id is None or value != review.suggestion:
        return SourceKind.PERSON
    return tx.get_reading(review.reading_id).source


def _received_on(tx: Transaction, kit: Kit, review: Review) -> dt.date:
    if review.ledger_id is None:
        return kit.clock.today()
    return tx.get_mail(review.ledger_id).received_at.astimezone(TOKYO).date()


def _siblings(tx: Transaction, kit: Kit, row: Enrollment, review: Review, by: str) -> None:
    """Other open questions about the same field are answered by the same decision."""
    for other in tx.reviews(enrollment_id=row.enrollment_id):
        if other.review_id != review.review_id and other.field is review.field and other.kind not in _OWN_DECISION:
            settle(tx, kit, other, ReviewState.REJECTED, by, f"#{review.review_id} で決定")


_OWN_DECISION = {"exclusion", "closing"}


def _without_rival(tx: Transaction, kit: Kit, row: Enrollment, field: Field, by: str) -> Enrollment:
    """One placement, one deletion: what a person decides takes the place of the other one."""
    other = closing.rival(field)
    if other is None or other not in row.values:
        return row
    tx.append_event(
        kit.clock.now(), by, "value-withdrawn", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture,
        payload={"field": other, "value": row.values[other].value, "because": f"{field}"},
    )  # fmt: skip
    return replace(row, values={f: v for f, v in row.values.items() if f is not other})


def _check_words(kit: Kit, field: Field, value: str) -> None:
    """Places are those of the masters, reasons those of the form."""
    if field is Field.NO_DESTINATION_REASON and value not in REASONS:
        raise Refused(f"理由は {' / '.join(f'{code}（{word}）' for code, word in REASONS.items())} で指定してください")
    if field is Field.DESTINATION and place_named(kit, value) != value:
        raise Refused(f"「{value}」というセンターまたは年金事務所は一覧にありません")


def _spelt(tx: Transaction, kit: Kit, review: Review, value: str) -> str:
    """What a person types for a placement, as the register writes it; anything else as it is."""
    if review.field is Field.NO_DESTINATION_REASON:
        return next((code for code, word in REASONS.items() if word == value.strip()), value)
    if review.field is not Field.DESTINATION:
        return value
    if value == STAYS:
        return tx.get_roster(tx.get_enrollment(review.enrollment_id).roster).centre
    return place_named(kit, value) or value


def place_named(kit: Kit, text: str) -> str | None:
    """The value that names the place, None when the masters hold no such place or more than one."""
    centres = [c.name for c in kit.directory.centres.values()]
    found = read_place(text, centres, [o.name for o in kit.directory.pension_offices.values()])
    return None if found.value == STAYS else found.value


def _end(tx: Transaction, kit: Kit, review: Review, by: str, because: str) -> Review:
    row = tx.get_enrollment(review.enrollment_id)
    ending.accept(tx, kit, row, review, by, because or "完了とする")
    closed = settle(tx, kit, review, ReviewState.ACCEPTED, by, because or "完了とする")
    _after(tx, kit, closed, by)
    return closed


def _withdraw(tx: Transaction, kit: Kit, review: Review, by: str) -> None:
    row = tx.get_enrollment(review.enrollment_id)
    assert review.field is not None
    known = row.values.get(review.field)
    if known is None or known.status is Status.VERIFIED:
        return
    left: dict[Field, Value] = {f: v for f, v in row.values.items() if f is not review.field}
    tx.save_enrollment(replace(row, values=left))
    tx.append_event(
        kit.clock.now(), by, "value-withdrawn", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture, payload={"field": review.field, "value": known.value},
    )  # fmt: skip


def _exclude(tx: Transaction, kit: Kit, review: Review, by: str, because: str) -> Review:
    if not review.enrollment_id:
        raise Refused(f"#{review.review_id} はどの受講者か不明です。名簿を確認し trainee exclude で指定してください")
    row = tx.get_enrollment(review.enrollment_id)
    training = tx.get_training(row.training_id)
    closed = settle(tx, kit, review, ReviewState.ACCEPTED, by, because or "対象外とする")
    exclude(tx, kit, training, row, because or review.text or "対象外", by)
    _after(tx, kit, closed, by)
    return closed


def _seen(tx: Transaction, kit: Kit, review: Review, by: str, because: str) -> Review:
    """A mail, file, bounce or outgoing mail a person has dealt with."""
    closed = settle(tx, kit, review, ReviewState.ACCEPTED, by, because or "対応済み")
    _after(tx, kit, closed, by)
    return closed


def _after(tx: Transaction, kit: Kit, review: Review, by: str) -> None:
    """What hangs on the question is brought up to date."""
    if review.kind == "bounce":
        resolved(tx, kit, review, by)
    if review.enrollment_id:
        row = tx.get_enrollment(review.enrollment_id)
        training = tx.get_training(row.training_id)
        refresh(tx, kit, training, row, f"review:{review.review_id}")
        complete_or_reopen(tx, kit, row.training_id)


def place_mail(kit: Kit, ledger_id: int, prefecture: str, by: str) -> None:
    """A person says whose mail it is; its open questions hold that office only from now on."""
    if prefecture not in kit.directory.offices:
        raise Refused(f"宛先台帳に「{prefecture}」がありません")
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        tx.save_mail(replace(mail, prefecture=prefecture, attributed_by="person"))
        for review in tx.reviews(ledger_id=ledger_id):
            if not review.prefecture:
                tx.save_review(replace(review, prefecture=prefecture))
        tx.append_event(
            kit.clock.now(), by, "mail-placed", subject=f"mail:{ledger_id}", prefecture=prefecture,
            payload={"before": mail.prefecture},
        )  # fmt: skip
        for dispatch in tx.dispatches(mail.training_id or None, prefecture):
            refresh_office(tx, kit, dispatch.training_id, prefecture, f"mail:{ledger_id}")


def release_quarantine(kit: Kit, ledger_id: int, by: str) -> None:
    """A person read the message; nothing more is to be done with it by machine."""
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        if mail.state is not MailState.QUARANTINE:
            raise Refused(f"メール {ledger_id} は隔離されていません（{mail.state}）")
        tx.save_mail(replace(mail, state=MailState.APPLIED))
        tx.append_event(kit.clock.now(), by, "mail-released", subject=f"mail:{ledger_id}")
