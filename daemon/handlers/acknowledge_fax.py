"""The receipt for what came by fax: to the office the roster went to, in the thread of its dispatch (PRE5, POST5).

Written when a fax is settled, not when it arrives: what was read counts when a person has looked. What is settled for
an office within a few minutes is one letter: the pages of a morning, its centres, one 「全件OK」. A value is told once,
whatever is read, replayed or faxed again later; the letter and the note that it was told are one transaction.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import ReceiptLetter
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    LedgerMail,
    MailPurpose,
    Phase,
    Status,
    Training,
    TrainingState,
    Value,
)
from daemon.handlers.account import Account, account, fax_of, grouped, values_of
from daemon.handlers.letterwork import about, sender
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.planning import closed_fact, mailing
from daemon.handlers.settled import Concerned, concerned, is_unsettled, looked_at
from daemon.ports import Kit, Transaction

QUIET = dt.timedelta(minutes=10)
"""So long nothing more must have been settled for the office: an admin works through the questions one by one."""
_BEFORE = frozenset({TrainingState.APPROVED, TrainingState.COMPLETE})
_AFTER = frozenset({TrainingState.RESULTS, TrainingState.CLOSED})


@dataclass(frozen=True, slots=True)
class _News:
    """A value that came by fax, is settled, and has not been told."""

    row: Enrollment
    value: Value
    fax: LedgerMail


def acknowledge_faxes(kit: Kit) -> tuple[int, ...]:
    """Queue the receipts that have fallen due; their numbers in the outbox. Harmless when repeated."""
    now = kit.clock.now()
    with kit.store.snapshot() as tx:
        # An office whose time lies ahead is due: the clock was set back.
        due = [w for w in concerned(tx) if w.since > now or now - w.since >= QUIET]
    queued: list[int] = []
    for office in due:
        with kit.store.transaction() as tx:
            queued += _look_at(tx, kit, office)
    return tuple(queued)


def _look_at(tx: Transaction, kit: Kit, office: Concerned) -> list[int]:
    """One letter for each half of the procedure there is news of."""
    if office not in concerned(tx):
        return []  # something more was settled meanwhile
    queued, waits = [], False
    for stands in _accounts(tx, office):
        news = _news(tx, stands, office.since)
        if news and _is_unreachable(kit, stands.dispatch):
            waits = True  # told when a person has mended the address
        elif news:
            queued.append(_tell(tx, kit, stands, news))
    if not waits:
        looked_at(tx, office)
    return [ident for ident in queued if ident is not None]


def _accounts(tx: Transaction, office: Concerned) -> list[Account]:
    training = tx.get_training(office.training_id)
    rows = tx.enrollments(training_id=office.training_id, prefecture=office.prefecture)
    sent = [mailing(tx, office.training_id, office.prefecture, phase) for phase in Phase]
    return [account(tx, training, dispatch, rows) for dispatch in sent if dispatch is not None]


def _is_unreachable(kit: Kit, dispatch: Dispatch) -> bool:
    return dispatch.bounced_at is not None or dispatch.prefecture not in kit.directory.offices


# -- what is new -----------------------------------------------------------------------------------------------


def told_by_fax(tx: Transaction, dispatch: Dispatch) -> list[int]:
    """The values (by reading) that receipts for faxes have told the office in this thread."""
    found: list[int] = json.loads(tx.get_fact(_told_fact(dispatch)) or "[]")
    return found


def _told_fact(dispatch: Dispatch) -> str:
    return f"told-by-fax:{dispatch.dispatch_id}"


def _news(tx: Transaction, stands: Account, settled_at: dt.datetime) -> list[_News]:
    """In order of roster and row; `settled_at`: when a fax of the office was settled last."""
    over, told = _over(tx, stands), set(told_by_fax(tx, stands.dispatch))
    if over is None:
        return []
    found = []
    for row in stands.rows:
        for value in values_of(row, stands.dispatch.phase):
            late = _is_late(over.get(row.enrollment_id), value, settled_at)
            if late or value.status is not Status.VERIFIED or value.reading_id in told:
                continue
            fax = fax_of(tx, value)
            if fax is not None and not is_unsettled(tx, fax):
                found.append(_News(row, value, fax))
    return found


def _is_late(over_at: dt.datetime | None, value: Value, settled_at: dt.datetime) -> bool:
    """What ended the half is told; what came later is nobody's answer to us, and an old fax read again is no news."""
    return over_at is not None and (value.recorded_at > over_at or settled_at - over_at > QUIET)


def _over(tx: Transaction, stands: Account) -> dict[str, dt.datetime] | None:
    """Enrollment → when the half was over for it: ⑦, or the end of the run. None = for everybody, or it is not held."""
    training = stands.training
    if stands.dispatch.phase is Phase.POST:
        return _closed(tx, stands) if training.state in _AFTER else None
    return _handed_in(tx, training) if training.state in _BEFORE else None


def _closed(tx: Transaction, stands: Account) -> dict[str, dt.datetime]:
    known = tx.get_fact(closed_fact(stands.training.training_id))
    if known is None or stands.training.state is not TrainingState.CLOSED:
        return {}
    return dict.fromkeys((r.enrollment_id for r in stands.rows), dt.datetime.fromisoformat(known))


def _handed_in(tx: Transaction, training: Training) -> dict[str, dt.datetime]:
    found: dict[str, dt.datetime] = {}
    for handover in tx.handovers(training.training_id):
        if handover.submitted_at is not None:
            found = dict.fromkeys(handover.enrollments, handover.submitted_at) | found
    return found


# -- the letter ------------------------------------------------------------------------------------------------


def _tell(tx: Transaction, kit: Kit, stands: Account, news: Sequence[_News]) -> int | None:
    dispatch = stands.dispatch
    office = kit.directory.offices[dispatch.prefecture]
    letter = _letter(tx, kit, stands, news)
    told = sorted(n.value.reading_id for n in news)
    draft = Draft(
        purpose=MailPurpose.RECEIPT,
        dedupe_key=f"receipt:{dispatch.dispatch_id}:fax:{_short(told)}",
        words=kit.templates.render(letter.template, letter),
        to=office.to,
        cc=office.cc,
        prefecture=dispatch.prefecture,
        training_id=dispatch.training_id,
        stage=letter.template.split("/")[1],
        dispatch_id=dispatch.dispatch_id,
        enrollments=tuple(r.enrollment_id for r in stands.rows),
        answers=(tx.get_outbox(dispatch.outbox_id).message_id,),
    )
    tx.set_fact(_told_fact(dispatch), json.dumps(sorted({*told_by_fax(tx, dispatch), *told})))
    return queue(tx, kit, draft)


def _short(readings: Sequence[int]) -> str:
    return hashlib.sha256(" ".join(map(str, readings)).encode()).hexdigest()[:20]


def _letter(tx: Transaction, kit: Kit, stands: Account, news: Sequence[_News]) -> ReceiptLetter:
    rows = {n.row.enrollment_id for n in news}
    faxed_at = tuple(sorted({n.fax.received_at for n in news}))
    dispatch = stands.dispatch
    return ReceiptLetter(
        office_title=kit.directory.offices[dispatch.prefecture].title,
        sender=sender(kit),
        received_on=faxed_at[0].astimezone(TOKYO).date(),
        attachments=0,
        about=about(stands.training, dispatch.dispatch_id, dispatch.phase),
        confirmed=len(stands.confirmed),
        total=len(stands.rows),
        new=len(rows),
        missing=grouped(tx, kit, stands, stands.missing),
        under_check=grouped(tx, kit, stands, stands.asked),
        faxed_at=faxed_at,
        settled=grouped(tx, kit, stands, (r for r in stands.confirmed if r.enrollment_id in rows)),
    )
