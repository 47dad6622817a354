"""The days of a training change: the deadline moves, the run is postponed or cancelled (domain.md §1.4).

Mail that was written and has not left names the old days, so it is taken back; the next tick writes what is true.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from daemon.domain.calendar import TOKYO
from daemon.domain.deadlines import deadline
from daemon.domain.model import (
    Dispatch,
    MailPurpose,
    OutboxMail,
    OutboxState,
    ReviewState,
    Training,
    TrainingState,
)
from daemon.domain.reminding import next_after, stage_on
from daemon.errors import Refused
from daemon.handlers.handed import watch
from daemon.handlers.planning import calendar
from daemon.handlers.prepare import exclude
from daemon.handlers.questions import settle
from daemon.handlers.rows import reason
from daemon.ports import Kit, Transaction

_BEFORE = {TrainingState.DRAFT, TrainingState.APPROVED, TrainingState.COMPLETE}
_STAYS = {OutboxState.READY, OutboxState.HELD}
"""States in which a mail can be taken back; what is in flight may have left."""


def move_deadline(kit: Kit, training_id: str, on: dt.date, by: str, because: str) -> Training:
    """Another deadline: reminders are planned anew and every later mail names the new day. Raises Refused."""
    with kit.store.transaction() as tx:
        training = _before_training(tx, training_id)
        because = reason(because, *tx.enrollments(training_id=training_id))
        if on >= training.starts_on:
            raise Refused(f"期限 {on} が研修初日 {training.starts_on} より前ではありません")
        if on < kit.clock.today():
            raise Refused(f"期限 {on} はすでに過ぎています")
        if on == training.deadline_on:
            raise Refused(f"期限はすでに {on} です")
        moved = replace(training, deadline_on=on, deadline_basis=f"管理者の変更（{because}）")
        _reschedule(tx, kit, training, moved, by)
        _event(tx, kit, moved, by, "deadline-moved", before=training.deadline_on, after=on, because=because)
        return moved


def postpone(kit: Kit, training_id: str, starts_on: dt.date, ends_on: dt.date, by: str, because: str) -> Training:
    """Other days: the deadline follows by the rule; what is registered stays on record. Raises Refused."""
    with kit.store.transaction() as tx:
        training = _before_training(tx, training_id)
        because = reason(because, *tx.enrollments(training_id=training_id))
        if ends_on < starts_on:
            raise Refused(f"最終日 {ends_on} が初日 {starts_on} より前です")
        if starts_on <= kit.clock.today():
            raise Refused(f"初日 {starts_on} は今日より後の日を指定してください")
        on, basis = deadline(starts_on, kit.policy.deadline, calendar(kit))
        moved = replace(training, starts_on=starts_on, ends_on=ends_on, deadline_on=on, deadline_basis=basis)
        _reschedule(tx, kit, training, moved, by)
        _event(tx, kit, moved, by, "training-postponed", before=_days(training), after=_days(moved), because=because)
        return moved


def cancel_training(kit: Kit, training_id: str, by: str, because: str) -> Training:
    """中止: everybody is out, registrations on record are owed a clean-up, nothing more is sent. Raises Refused."""
    with kit.store.transaction() as tx:
        training = _before_training(tx, training_id)
        rows = tx.enrollments(training_id=training_id)
        because = reason(because, *rows)
        cancelled = replace(training, state=TrainingState.CANCELLED)
        tx.save_training(cancelled)
        for row in rows:
            if not row.excluded_because:
                exclude(tx, kit, training, row, f"研修中止（{because}）", by)
        taken_back = take_back(tx, kit, training, by, set(MailPurpose))
        for dispatch in tx.dispatches(training_id):
            tx.save_dispatch(replace(dispatch, next_reminder_on=None))
        _event(tx, kit, cancelled, by, "training-cancelled", before=training.state, after=cancelled.state,
               because=because, mails=taken_back)  # fmt: skip
        watch(tx, training, TrainingState.CANCELLED)
        return cancelled


def take_back(tx: Transaction, kit: Kit, training: Training, by: str, purposes: set[MailPurpose]) -> int:
    """Cancel what waits in the outbox about the training; how many. Mail in flight is left to its outcome."""
    ours = [m for m in tx.outbox(states=_STAYS, training_id=training.training_id) if m.purpose in purposes]
    waiting = [m for m in ours if m.prefecture or m.purpose is MailPurpose.SUBMISSION]
    for mail in waiting:
        _cancel(tx, kit, mail, by)
    return len(waiting)


def _cancel(tx: Transaction, kit: Kit, mail: OutboxMail, by: str) -> None:
    now = kit.clock.now()
    tx.save_outbox(replace(mail, state=OutboxState.CANCELLED, settled_at=now))
    tx.append_event(
        now, by, "mail-cancelled", subject=f"outbox:{mail.outbox_id}", training_id=mail.training_id,
        prefecture=mail.prefecture, payload={"before": mail.state, "state": OutboxState.CANCELLED},
    )  # fmt: skip
    for review in tx.reviews(prefecture=mail.prefecture):
        if review.outbox_id == mail.outbox_id:
            settle(tx, kit, review, ReviewState.REJECTED, by, "送信を取りやめ")


def _before_training(tx: Transaction, training_id: str) -> Training:
    known = {t.training_id: t for t in tx.trainings()}
    if training_id not in known:
        raise Refused(f"研修 {training_id} は登録されていません（meibod training list で確認できます）")
    if known[training_id].state not in _BEFORE:
        raise Refused(f"研修 {training_id} の日程はもう変更できません（{known[training_id].state}）")
    return known[training_id]


def _reschedule(tx: Transaction, kit: Kit, old: Training, new: Training, by: str) -> None:
    """Reminders from the new deadline on; a first mailing that still waits would name the old one, so it must go."""
    waiting = [m for m in tx.outbox(states=_STAYS, training_id=old.training_id) if m.purpose is MailPurpose.DISPATCH]
    if waiting:
        raise Refused(
            f"送付メールが送信待ちです（送信箱 {waiting[0].outbox_id} ほか計 {len(waiting)} 通、旧日程を記載）。"
            "送信後にもう一度実行してください"
        )
    tx.save_training(new)
    take_back(tx, kit, old, by, {MailPurpose.REMINDER, MailPurpose.NOTICE})
    for dispatch in tx.dispatches(old.training_id):
        if dispatch.dispatched_at is not None:
            tx.save_dispatch(replace(dispatch, next_reminder_on=_next_on(kit, new, dispatch)))


def _next_on(kit: Kit, training: Training, dispatch: Dispatch) -> dt.date:
    """Today when a stage of the new deadline falls on it, or the next day one does."""
    assert dispatch.dispatched_at is not None
    today, sent = kit.clock.today(), dispatch.dispatched_at.astimezone(TOKYO).date()
    due = stage_on(today, sent, training.deadline_on, calendar(kit))
    if due is not None and due.on == today:
        return today
    return next_after(today, sent, training.deadline_on, calendar(kit))


def _days(training: Training) -> str:
    return f"{training.starts_on}/{training.ends_on}/{training.deadline_on}"


def _event(tx: Transaction, kit: Kit, training: Training, by: str, kind: str, **payload: object) -> None:
    ident = training.training_id
    tx.append_event(kit.clock.now(), by, kind, subject=f"training:{ident}", training_id=ident, payload=payload)
