"""What cannot wait for the digest: told to the admins at once, once a day for each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from daemon.domain.letters import Alarm, AlarmCode, AlarmLetter
from daemon.domain.model import MailPurpose, MailState, OutboxState, Review
from daemon.handlers.deliver import KILL_SWITCH
from daemon.handlers.intake import mailbox_line
from daemon.handlers.outgoing import Draft, queue
from daemon.ports import Kit, Transaction
from parsers.findings import Problem

_AT_ONCE = {
    Problem.FAX_WITHOUT_PAGES: AlarmCode.FAX_WITHOUT_PAGES,
    Problem.SEAL_DIFFERS: AlarmCode.FORGED_TOKEN,
}
"""Questions that are alarms as well, while they are open."""
_STUCK_ATTEMPTS = 4
"""A mail refused so often is no hiccup of the relay: about half an hour."""


def raise_alarms(kit: Kit, found: Iterable[Alarm] = ()) -> list[int]:
    """Queue a mail for each alarm that stands now and has not been told today; the new outbox ids.

    `found`: what the daily proof brought to light. When mail itself is what is broken nobody is reached this way;
    `meibod-check.timer` watches from outside (reference reliability.md §6).
    """
    if not kit.directory.admins:
        return []
    with kit.store.transaction() as tx:
        alarms = [*found, *standing(tx, kit)]
        ids = [_tell(tx, kit, alarm) for alarm in alarms]
    return [i for i in ids if i is not None]


def standing(tx: Transaction, kit: Kit) -> list[Alarm]:
    """What is wrong now, from the rows alone."""
    return [*_mailbox(tx, kit), *_outbox(tx), *_ledger(tx)]


def _mailbox(tx: Transaction, kit: Kit) -> list[Alarm]:
    line, found = mailbox_line(tx), []
    age = None if line.last_success_at is None else kit.clock.now() - line.last_success_at
    if age is not None and age > dt.timedelta(seconds=kit.policy.sync_fresh_s):
        found.append(Alarm(AlarmCode.MAILBOX_STALE, since=line.last_success_at))
    if line.missing:
        found.append(Alarm(AlarmCode.LEDGER_GAP, detail=str(line.missing)))
    return found


def _outbox(tx: Transaction) -> list[Alarm]:
    if tx.get_fact(KILL_SWITCH) == "on":
        return [Alarm(AlarmCode.KILL_SWITCH)]
    stuck = [m for m in tx.outbox(states=[OutboxState.READY]) if m.attempts >= _STUCK_ATTEMPTS]
    return [Alarm(AlarmCode.SUBMISSION_DOWN, min(m.created_at for m in stuck), detail=stuck[0].reply)] if stuck else []


def _ledger(tx: Transaction) -> list[Alarm]:
    quarantined = tx.mails(state=MailState.QUARANTINE)
    found = [Alarm(AlarmCode.QUARANTINE, quarantined[0].stored_at, detail=str(len(quarantined)))] if quarantined else []
    return [*found, *_faxes(tx)]


def _faxes(tx: Transaction) -> list[Alarm]:
    """Somebody believes to have answered, or somebody makes pages of ours: neither waits until tomorrow morning."""
    waiting: dict[AlarmCode, list[Review]] = {}
    for review in tx.reviews():
        for problem in review.problems:
            if problem in _AT_ONCE:
                waiting.setdefault(_AT_ONCE[problem], []).append(review)
    return [Alarm(code, found[0].opened_at, detail=_mails(found)) for code, found in waiting.items()]


def _mails(reviews: list[Review]) -> str:
    return ", ".join(f"mail {ident}" for ident in dict.fromkeys(r.ledger_id for r in reviews))


def _tell(tx: Transaction, kit: Kit, alarm: Alarm) -> int | None:
    letter = AlarmLetter(alarm, kit.clock.now())
    draft = Draft(
        purpose=MailPurpose.ALARM,
        dedupe_key=f"alarm:{alarm.what}:{kit.clock.today()}",
        words=kit.templates.render(letter.template, letter),
        to=tuple(a.address for a in kit.directory.admins),
    )
    return queue(tx, kit, draft)
