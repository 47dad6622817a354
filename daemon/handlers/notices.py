"""The offices are told when the days of a training change or it is not held (domain.md §1.4): one mail for each.

Only offices that have their rosters are told; the others learn the true days from the request itself.
"""

from __future__ import annotations

import datetime as dt

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import NoticeKind, NoticeLetter, RosterRows
from daemon.domain.model import Dispatch, Enrollment, MailPurpose, Phase, Training
from daemon.handlers.letterwork import about, by_roster, sender
from daemon.handlers.outgoing import Draft, queue
from daemon.ports import Kit, Transaction


def tell_offices(kit: Kit, before: Training, after: Training, kind: NoticeKind) -> tuple[str, ...]:
    """Queue a notice to every office that has its rosters, after the change was made; their prefectures."""
    with kit.store.transaction() as tx:
        asked = [d for d in tx.dispatches(after.training_id) if d.phase is Phase.PRE and d.dispatched_at is not None]
        for dispatch in asked:
            _queue(tx, kit, dispatch, (before, after), kind)
    return tuple(d.prefecture for d in asked)


def _queue(
    tx: Transaction, kit: Kit, dispatch: Dispatch, change: tuple[Training, Training], kind: NoticeKind
) -> None:  # fmt: skip
    before, after = change
    office = kit.directory.offices[dispatch.prefecture]
    rows = tx.enrollments(training_id=after.training_id, prefecture=dispatch.prefecture)
    owed = [r for r in rows if r.cleanup_owed] if kind is NoticeKind.CANCELLED else []
    letter = NoticeLetter(
        kind=kind,
        office_title=office.title,
        about=about(after, dispatch.dispatch_id),
        before_on=before.deadline_on,
        dispatched_on=_dispatched_on(dispatch),
        issued_on=kit.clock.today(),
        sender=sender(kit),
        owed=_grouped(tx, kit, owed),
    )
    draft = Draft(
        purpose=MailPurpose.NOTICE,
        # The same days may be decided on twice, with others in between: each decision is told.
        dedupe_key=f"notice:{dispatch.dispatch_id}:{kind}:{_last_seq(tx)}",
        words=kit.templates.render(letter.template, letter),
        to=office.to,
        cc=office.cc,
        prefecture=dispatch.prefecture,
        training_id=after.training_id,
        stage=kind,
        dispatch_id=dispatch.dispatch_id,
        enrollments=tuple(r.enrollment_id for r in owed),
        answers=(tx.get_outbox(dispatch.outbox_id).message_id,),
    )
    queue(tx, kit, draft)


def _dispatched_on(dispatch: Dispatch) -> dt.date:
    assert dispatch.dispatched_at is not None
    return dispatch.dispatched_at.astimezone(TOKYO).date()


def _grouped(tx: Transaction, kit: Kit, rows: list[Enrollment]) -> tuple[RosterRows, ...]:
    rosters = {r.roster: tx.get_roster(r.roster) for r in rows}
    return by_roster(kit, rosters, rows, names=kit.policy.names_in_reminders)


def _last_seq(tx: Transaction) -> int:
    last = tx.last_event()
    return last.seq if last else 0
