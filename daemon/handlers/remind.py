"""Reminders by stage, and the interlock that keeps them in the house while anything is in doubt (I5)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import FollowUpLetter, ReminderLetter
from daemon.domain.lifecycle import owes
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    MailPurpose,
    OutboxMail,
    OutboxState,
    Phase,
    State,
    Training,
    TrainingState,
)
from daemon.domain.reminding import (
    Doubts,
    Due,
    FollowUp,
    Hold,
    Stage,
    follow_up_on,
    holds,
    next_after,
    next_follow_up_after,
    stage_on,
    within_hours,
)
from daemon.handlers.letterwork import about, by_roster, sender
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.planning import calendar, could_be_answers, mailing
from daemon.points import reach
from daemon.ports import Kit, Transaction

KILL_SWITCH = "kill-switch"
SYNCED = "mailbox-synced-at"
REMINDERS = frozenset({MailPurpose.REMINDER, MailPurpose.FOLLOW_UP})
"""Mails that ask again: held by the interlock, at most one a day and office."""
_REQUESTS = frozenset({MailPurpose.DISPATCH, MailPurpose.RESULTS})
_OPEN = {Phase.PRE: TrainingState.APPROVED, Phase.POST: TrainingState.RESULTS}
_UNDER_WAY = (OutboxState.READY, OutboxState.IN_FLIGHT, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class RemindReport:
    """What one planning tick did."""

    queued: tuple[int, ...] = ()
    held: int = 0
    moved_on: int = 0
    """Offices that owe nothing at this stage."""


def remind(kit: Kit) -> RemindReport:
    """Plan every reminder that has fallen due. Cost grows with what is due, not with what exists."""
    now = kit.clock.now()
    if not within_hours(now, calendar(kit), kit.policy):
        return RemindReport()
    with kit.store.snapshot() as tx:
        due = tx.dispatches_due(kit.clock.today())
    queued: list[int] = []
    held = moved_on = 0
    for dispatch in due:
        with kit.store.transaction() as tx:
            outcome = _plan(tx, kit, dispatch.dispatch_id)
            reach("remind.before-commit")
        reach("remind.after-commit")
        if outcome.outbox_id is not None:
            queued.append(outcome.outbox_id)
        held += outcome.held
        moved_on += outcome.outbox_id is None and not outcome.held
    return RemindReport(tuple(queued), held, moved_on)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What became of one office; neither = it owes nothing at this stage."""

    outbox_id: int | None = None
    held: bool = False


def _plan(tx: Transaction, kit: Kit, dispatch_id: str) -> _Planned:
    dispatch = tx.find_dispatch(dispatch_id)
    today = kit.clock.today()
    if dispatch is None or dispatch.next_reminder_on is None or dispatch.next_reminder_on > today:
        return _Planned()
    training = tx.get_training(dispatch.training_id)
    due = _stage(kit, training, dispatch)
    missing = rows_to_ask(tx, training, dispatch.prefecture, dispatch.phase)
    wanted = due is not None and missing and not (due.stage is Stage.UPCOMING and dispatch.answered_at is not None)
    if training.state is not _OPEN[dispatch.phase] or not wanted or due is None:
        _advance(tx, kit, training, dispatch)
        return _Planned()
    reasons = doubts(tx, kit, dispatch)
    _remember_hold(tx, kit, dispatch, reasons)
    if reasons:
        return _Planned(held=True)
    outbox_id = _write(tx, kit, training, dispatch, due, missing)
    _advance(tx, kit, training, dispatch)
    return _Planned(outbox_id)


def _stage(kit: Kit, training: Training, dispatch: Dispatch) -> Due | None:
    assert dispatch.dispatched_at is not None
    on = dispatch.dispatched_at.astimezone(TOKYO).date()
    if dispatch.phase is Phase.POST:
        return follow_up_on(kit.clock.today(), on, kit.policy, calendar(kit))
    return stage_on(kit.clock.today(), on, training.deadline_on, calendar(kit))


def rows_to_ask(tx: Transaction, training: Training, prefecture: str, phase: Phase = Phase.PRE) -> list[Enrollment]:
    """Rows that owe something in that half of the procedure and are nobody's open question."""
    rows = tx.enrollments(training_id=training.training_id, prefecture=prefecture)
    mine = [r for r in rows if bool(r.post_roster) is (phase is Phase.POST)]
    return [r for r in mine if owes(r, training.course) and r.state not in {State.QUERY, State.LISTED}]


def _advance(tx: Transaction, kit: Kit, training: Training, dispatch: Dispatch) -> None:
    tx.save_dispatch(replace(dispatch, next_reminder_on=_next_on(kit, training, dispatch)))


def _next_on(kit: Kit, training: Training, dispatch: Dispatch) -> dt.date | None:
    """When to look at the office again; None = never, by itself."""
    assert dispatch.dispatched_at is not None
    on, today = dispatch.dispatched_at.astimezone(TOKYO).date(), kit.clock.today()
    if training.state is TrainingState.CANCELLED:
        return None
    if dispatch.phase is Phase.POST:
        following = next_follow_up_after(today, on, kit.policy, calendar(kit))
        return following if training.state is TrainingState.RESULTS else None
    return None if today > training.ends_on else next_after(today, on, training.deadline_on, calendar(kit))


def doubts(tx: Transaction, kit: Kit, dispatch: Dispatch, *, besides: int | None = None) -> tuple[Hold, ...]:
    """Every reason why this office must not be reminded now; `besides` is the outbox row that asks."""
    now = kit.clock.now()
    where = dispatch.prefecture
    synced = tx.get_fact(SYNCED)
    outgoing = tx.outbox(states=_UNDER_WAY, prefecture=where)
    last_day = now.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    reminded = [
        m
        for m in tx.outbox(prefecture=where, since=last_day)
        if m.purpose in REMINDERS and m.outbox_id != besides and m.state is not OutboxState.CANCELLED
    ]
    return holds(
        now,
        Doubts(
            synced_at=dt.datetime.fromisoformat(synced) if synced else None,
            unread=tx.count_unread(("", where)),
            reviews=could_be_answers(tx, where),
            bounced=dispatch.bounced_at is not None,
            in_doubt_outgoing=sum(m.purpose in REMINDERS | _REQUESTS and m.outbox_id != besides for m in outgoing),
            stopped=tx.get_fact(KILL_SWITCH) == "on",
            reminded_today=bool(reminded) or any(tx.count_sent(last_day, where, p) > 0 for p in REMINDERS),
        ),
        kit.policy,
    )


def hold_fact(dispatch_id: str) -> str:
    """Name of the fact that says why the office's reminder is held; the digest words it."""
    return f"hold:{dispatch_id}"


def _remember_hold(tx: Transaction, kit: Kit, dispatch: Dispatch, reasons: tuple[Hold, ...]) -> None:
    name, text = hold_fact(dispatch.dispatch_id), json.dumps([r.value for r in reasons])
    if tx.get_fact(name) in {text, None if not reasons else text}:
        return
    tx.set_fact(name, text)
    tx.append_event(
        kit.clock.now(), "meibod", "reminder-held" if reasons else "reminder-freed",
        subject=f"dispatch:{dispatch.dispatch_id}", training_id=dispatch.training_id, prefecture=dispatch.prefecture,
        payload={"because": [r.value for r in reasons]},
    )  # fmt: skip


def _write(
    tx: Transaction, kit: Kit, training: Training, dispatch: Dispatch, due: Due, missing: list[Enrollment]
) -> int | None:
    office = kit.directory.offices[dispatch.prefecture]
    letter = _letter(tx, kit, training, dispatch, due, missing)
    first = tx.get_outbox(dispatch.outbox_id)
    approval = due.stage is Stage.OVERDUE and kit.policy.overdue_needs_approval
    draft = Draft(
        purpose=MailPurpose.FOLLOW_UP if dispatch.phase is Phase.POST else MailPurpose.REMINDER,
        dedupe_key=_key(tx, f"reminder:{dispatch.dispatch_id}:{due.stage}:{due.on}"),
        words=kit.templates.render(letter.template, letter),
        to=office.to,
        cc=office.cc,
        prefecture=dispatch.prefecture,
        training_id=training.training_id,
        stage=due.stage,
        dispatch_id=dispatch.dispatch_id,
        enrollments=tuple(e.enrollment_id for e in missing),
        answers=(first.message_id,),
        held_because="approval" if approval else "",
    )
    return queue(tx, kit, draft)


def _key(tx: Transaction, key: str) -> str:
    """`key`, or the next free one when its mail was cancelled: the doubt has passed and the stage is still owed."""
    free, again = key, 0
    while (taken := tx.find_outbox(dedupe_key=free)) is not None and taken.state is OutboxState.CANCELLED:
        again += 1
        free = f"{key}:{again}"
    return free


def _letter(
    tx: Transaction, kit: Kit, training: Training, dispatch: Dispatch, due: Due, missing: list[Enrollment]
) -> ReminderLetter | FollowUpLetter:
    assert dispatch.dispatched_at is not None
    rosters = {r.code: r for r in tx.rosters(training.training_id, dispatch.prefecture)}
    everybody = tx.enrollments(training_id=training.training_id, prefecture=dispatch.prefecture)
    today, sent_on = kit.clock.today(), dispatch.dispatched_at.astimezone(TOKYO).date()
    office = kit.directory.offices[dispatch.prefecture].title
    subject = about(training, dispatch.dispatch_id, dispatch.phase)
    rows = by_roster(kit, rosters, missing, names=kit.policy.names_in_reminders)
    if isinstance(due.stage, FollowUp):
        total = sum(bool(r.post_roster) for r in everybody)
        return FollowUpLetter(due.stage, office, subject, sent_on, today, rows, total, sender(kit))
    return ReminderLetter(
        stage=due.stage,
        office_title=office,
        about=subject,
        dispatched_on=sent_on,
        issued_on=today,
        business_days_left=calendar(kit).between(today, training.deadline_on),
        missing=rows,
        total=sum(r.state is not State.EXCLUDED for r in everybody),
        sender=sender(kit),
    )


def _out_of_date(kit: Kit, mail: OutboxMail) -> bool:
    """Whether the mail speaks of another day than today ("two days left"); what a person approves counts no days."""
    written_on = mail.created_at.astimezone(TOKYO).date()
    return mail.stage != Stage.OVERDUE and written_on != kit.clock.today()


def still_wanted(tx: Transaction, kit: Kit, mail: OutboxMail) -> bool:
    """Asked again in the transaction that claims the mail: no reminder to somebody who has answered since (I5)."""
    training = tx.get_training(mail.training_id)
    rows = [tx.get_enrollment(e) for e in mail.enrollments]
    true = all(owes(r, training.course) and r.state is not State.QUERY for r in rows) and not _out_of_date(kit, mail)
    phase = Phase.POST if mail.purpose is MailPurpose.FOLLOW_UP else Phase.PRE
    true = true and training.state is _OPEN[phase]
    dispatch = mailing(tx, mail.training_id, mail.prefecture, phase)
    if dispatch is None:
        return False
    reasons = doubts(tx, kit, dispatch, besides=mail.outbox_id)
    if not true or reasons:
        # Looked at again by the next tick, which writes what is true then.
        tx.save_dispatch(replace(dispatch, next_reminder_on=kit.clock.today()))
        return False
    return True
