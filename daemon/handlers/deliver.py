"""One attempt to send one mail: claim, submit, record (I3, I4, I5). The only place that talks to SMTP.

Crash story: killed before the claim commits, nothing happened. Killed between claim and record, the row says
in-flight; `settle` finds it, calls it unknown, waits for evidence, and only then lets the same bytes go again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from daemon.domain.model import LedgerMail, MailPurpose, OutboxMail, OutboxState, Review
from daemon.domain.reminding import next_opening
from daemon.handlers.dispatch import dispatched
from daemon.handlers.handover import handed_over
from daemon.handlers.outgoing import deliver_job
from daemon.handlers.outguard import objections
from daemon.handlers.planning import calendar
from daemon.handlers.remind import REMINDERS, still_wanted
from daemon.points import reach
from daemon.ports import Kit, SubmissionOutcome, Submitted, Transaction

LADDER_S = (60, 450, 900, 1800, 3600, 7200, 14400, 14400, 28800, 28800, 43200)
"""Seconds before attempt 2, 3, …; a day and a half in all (RFC 5321 §4.5.4.1 asks for days, an office for news)."""
_KNOCK_AGAIN_S = 300
"""A row that is still due after this long gets a new job."""
KILL_SWITCH = "kill-switch"


async def deliver(kit: Kit, args: Mapping[str, Any]) -> None:
    """Send the mail `args["outbox_id"]` if it may go now; harmless when repeated."""
    reach("deliver.before-claim")
    claimed = await asyncio.to_thread(_claim, kit, int(args["outbox_id"]))
    if claimed is None:
        return
    reach("deliver.after-claim")
    raw = kit.blobs.get(claimed.sha256)
    reach("deliver.before-submit")
    outcome = await kit.submission.submit(claimed.sender, claimed.recipients, raw)
    reach("deliver.after-submit")
    await asyncio.to_thread(_record, kit, claimed, outcome)


def _claim(kit: Kit, outbox_id: int) -> OutboxMail | None:
    """Commit the intent to send; None when the mail may not go now."""
    with kit.store.snapshot() as tx:
        mail = tx.get_outbox(outbox_id)
    # The guard opens attachments in the reader process, so it runs outside the transaction; the bytes are frozen.
    against = objections(kit, mail) if mail.state is OutboxState.READY else ()
    with kit.store.transaction() as tx:
        mail = tx.get_outbox(outbox_id)
        if mail.state is not OutboxState.READY or mail.not_before_at > kit.clock.now():
            return None
        if stopped(tx, mail):
            return None
        if against:
            _hold(tx, kit, mail, f"guard: {'; '.join(against)}")
            return None
        if not _may_go(tx, kit, mail):
            return None
        now = kit.clock.now()
        claimed = replace(mail, state=OutboxState.IN_FLIGHT, attempts=mail.attempts + 1, started_at=now)
        tx.save_outbox(claimed)
        return claimed


def stopped(tx: Transaction, mail: OutboxMail) -> bool:
    """Whether the kill switch keeps the mail here. Answers to admins go: by them it is switched off again."""
    return mail.purpose is not MailPurpose.ADMIN and tx.get_fact(KILL_SWITCH) == "on"


def _may_go(tx: Transaction, kit: Kit, mail: OutboxMail) -> bool:
    """Caps, and for a reminder the question whether it is still true."""
    now = kit.clock.now()
    if mail.purpose in REMINDERS:
        opening = next_opening(now, calendar(kit), kit.policy)
        if opening > now:  # a retry after an outage must not knock at night
            tx.save_outbox(replace(mail, not_before_at=opening))
            return False
        if not still_wanted(tx, kit, mail):
            _cancel(tx, kit, mail)
            return False
    if tx.count_sent(now - dt.timedelta(hours=1)) >= kit.policy.hourly_cap:
        tx.save_outbox(replace(mail, not_before_at=now + dt.timedelta(minutes=15)))
        return False
    if mail.prefecture and _over_daily_cap(tx, kit, mail):
        _hold(tx, kit, mail, "cap-reached")
        return False
    return True


def _over_daily_cap(tx: Transaction, kit: Kit, mail: OutboxMail) -> bool:
    since = kit.clock.now() - dt.timedelta(hours=24)
    receipts = tx.count_sent(since, mail.prefecture, MailPurpose.RECEIPT)
    if mail.purpose is MailPurpose.RECEIPT:
        return receipts >= kit.policy.office_daily_receipts
    # Several trainings may start the same week: each may be dispatched once, whatever else goes out.
    if mail.purpose in {MailPurpose.DISPATCH, MailPurpose.RESULTS}:
        return tx.count_sent(since, mail.prefecture, mail.purpose) >= 3 * kit.policy.office_daily_cap
    return sum(tx.count_sent(since, mail.prefecture, p) for p in REMINDERS) >= kit.policy.office_daily_cap


def _hold(tx: Transaction, kit: Kit, mail: OutboxMail, because: str) -> None:
    tx.save_outbox(replace(mail, state=OutboxState.HELD, held_because=because))
    _event(tx, kit, mail, "mail-held", because)
    open_review(tx, kit, mail, because)


def _cancel(tx: Transaction, kit: Kit, mail: OutboxMail) -> None:
    """Something arrived since it was written; the next tick writes a new one if one is still owed."""
    tx.save_outbox(replace(mail, state=OutboxState.CANCELLED, settled_at=kit.clock.now()))
    _event(tx, kit, mail, "mail-cancelled", "no longer true")


def open_review(tx: Transaction, kit: Kit, mail: OutboxMail, detail: str) -> None:
    """Ask a person about a mail that does not go out."""
    review = Review(
        0, f"outbox:{mail.outbox_id}:{detail}", "outbox", kit.clock.now(), (), prefecture=mail.prefecture,
        training_id=mail.training_id, outbox_id=mail.outbox_id, detail=detail,
    )  # fmt: skip
    tx.add_review(review)


def _event(tx: Transaction, kit: Kit, mail: OutboxMail, kind: str, because: str = "") -> None:
    tx.append_event(
        kit.clock.now(), "meibod", kind, subject=f"outbox:{mail.outbox_id}", training_id=mail.training_id,
        prefecture=mail.prefecture, payload={"attempt": mail.attempts, "because": because},
    )  # fmt: skip


def _record(kit: Kit, claimed: OutboxMail, outcome: SubmissionOutcome) -> None:
    """Commit what became of the attempt."""
    with kit.store.transaction() as tx:
        mail = tx.get_outbox(claimed.outbox_id)
        if mail.state is not OutboxState.IN_FLIGHT or mail.attempts != claimed.attempts:
            return  # settled by somebody else while the server was slow
        _settle_attempt(tx, kit, mail, outcome)
        reach("deliver.before-record")
    reach("deliver.after-record")


def _settle_attempt(tx: Transaction, kit: Kit, mail: OutboxMail, outcome: SubmissionOutcome) -> None:
    if outcome.result in {Submitted.SENT, Submitted.UNKNOWN} and _reached_nobody(kit, mail, outcome):
        lines = tuple(outcome.refused.values())
        for_now = any(line.startswith("4") for line in lines)
        (_later if for_now else _refused)(tx, kit, mail, f"RCPT: {lines[0]}")
    elif outcome.result is Submitted.SENT:
        sent(tx, kit, mail, OutboxState.SENT, outcome.reply)
        _partly_refused(tx, kit, mail, outcome)
    elif outcome.result is Submitted.REFUSED:
        _refused(tx, kit, mail, outcome.reply)
    elif outcome.result is Submitted.UNKNOWN:
        unknown(tx, kit, mail, outcome.reply)
        _partly_refused(tx, kit, mail, outcome)
    else:
        _later(tx, kit, mail, outcome.reply)


def _reached_nobody(kit: Kit, mail: OutboxMail, outcome: SubmissionOutcome) -> bool:
    """Only our own copy was taken: that is no delivery, and its coming back proves none."""
    outside = set(mail.recipients) - {kit.letterhead.address}
    return bool(outside) and outside <= set(outcome.refused)


def sent(tx: Transaction, kit: Kit, mail: OutboxMail, state: OutboxState, reply: str) -> None:
    """The mail is out (SENT), or evidence says it went out (CONFIRMED)."""
    done = replace(mail, state=state, reply=reply, settled_at=kit.clock.now())
    tx.save_outbox(done)
    _event(tx, kit, done, f"mail-{state.value}")
    if mail.purpose in {MailPurpose.DISPATCH, MailPurpose.RESULTS}:
        dispatched(tx, kit, done)
    elif mail.purpose is MailPurpose.SUBMISSION:
        handed_over(tx, kit, done)


def _partly_refused(tx: Transaction, kit: Kit, mail: OutboxMail, outcome: SubmissionOutcome) -> None:
    for address, line in outcome.refused.items():
        review = Review(
            0, f"outbox:{mail.outbox_id}:refused:{address}", "outbox", kit.clock.now(), (),
            prefecture=mail.prefecture, training_id=mail.training_id, outbox_id=mail.outbox_id,
            detail=f"recipient-refused: {address}: {line}",
        )  # fmt: skip
        tx.add_review(review)


def _refused(tx: Transaction, kit: Kit, mail: OutboxMail, reply: str) -> None:
    refused = replace(mail, state=OutboxState.REFUSED, reply=reply, settled_at=kit.clock.now())
    tx.save_outbox(refused)
    _event(tx, kit, refused, "mail-refused", reply)
    open_review(tx, kit, refused, f"refused: {reply}")


def unknown(tx: Transaction, kit: Kit, mail: OutboxMail, reply: str) -> None:
    """Nobody knows whether the server took it; evidence is awaited before anything else happens."""
    wait = dt.timedelta(seconds=kit.policy.unknown_wait_s)
    lost = replace(
        mail, state=OutboxState.UNKNOWN, reply=reply, unknowns=mail.unknowns + 1, not_before_at=kit.clock.now() + wait
    )
    tx.save_outbox(lost)
    _event(tx, kit, lost, "mail-unknown", reply)


def _later(tx: Transaction, kit: Kit, mail: OutboxMail, reply: str) -> None:
    if mail.attempts >= kit.policy.mail_max_attempts:
        _hold(tx, kit, replace(mail, reply=reply), f"given up after {mail.attempts} attempts")
        return
    later = replace(mail, state=OutboxState.READY, reply=reply, not_before_at=kit.clock.now() + backoff(mail))
    tx.save_outbox(later)
    _event(tx, kit, later, "mail-deferred", reply)


def backoff(mail: OutboxMail) -> dt.timedelta:
    """Pause before the next attempt, spread by up to a fifth so that 47 mails do not knock at once."""
    base = LADDER_S[min(mail.attempts, len(LADDER_S)) - 1]
    draw = hashlib.sha256(f"{mail.message_id}:{mail.attempts}".encode()).digest()[0] / 255
    return dt.timedelta(seconds=round(base * (0.9 + 0.2 * draw)))


# -- unknowns --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SettleReport:
    """What the sweep did."""

    lost: int = 0
    resent: int = 0
    due: tuple[int, ...] = ()


def settle(kit: Kit, *, starting: bool = False, lease_s: int = 1800) -> SettleReport:
    """Call abandoned attempts unknown, let unknowns go again after the wait, enqueue what is due.

    `starting`: no attempt of this program can be under way, so every in-flight row is abandoned. Otherwise a row
    counts as abandoned after `lease_s` seconds, longer than any attempt can take.
    """
    now = kit.clock.now()
    lost = resent = 0
    with kit.store.transaction() as tx:
        for mail in tx.outbox(states=[OutboxState.IN_FLIGHT]):
            if starting or (mail.started_at is not None and (now - mail.started_at).total_seconds() > lease_s):
                unknown(tx, kit, mail, "the attempt was abandoned")
                lost += 1
        for mail in tx.outbox(states=[OutboxState.UNKNOWN], due_at=now):
            resent += _again(tx, kit, mail)
        ready = tx.outbox(states=[OutboxState.READY], due_at=now)
        for mail in ready:
            if stopped(tx, mail):
                continue
            tx.enqueue(deliver_job(mail.outbox_id, _knock(mail, now)))
        reach("settle.before-commit")
    reach("settle.after-commit")
    return SettleReport(lost, resent, tuple(m.outbox_id for m in ready))


def _knock(mail: OutboxMail, now: dt.datetime) -> str:
    """New each time the row became due, and every few minutes that it stays due, so that the queue takes a fresh job.

    The job before may have ended without touching the row: the database was away, the reader did not start. A job too
    many is harmless, none for ever is a mail that never leaves.
    """
    overdue = int((now - mail.not_before_at).total_seconds() // _KNOCK_AGAIN_S)
    return f"{mail.attempts}:{int(mail.not_before_at.timestamp())}:{overdue}"


def _again(tx: Transaction, kit: Kit, mail: OutboxMail) -> int:
    """No evidence came. A second request or receipt is harmless; the overdue notice is a person's decision."""
    if mail.purpose is MailPurpose.REMINDER and mail.stage in {"overdue", "weekly"}:
        _hold(tx, kit, mail, "unknown: may have been delivered")
        return 0
    tx.save_outbox(replace(mail, state=OutboxState.READY, not_before_at=kit.clock.now()))
    _event(tx, kit, mail, "mail-resend", "no evidence within the wait")
    return 1


def confirm_by_evidence(tx: Transaction, kit: Kit, message_ids: tuple[str, ...], evidence: LedgerMail) -> bool:
    """A mail that quotes, copies or reports on ours proves that ours left; True when it settled an unknown."""
    settled = False
    for ident in message_ids:
        mail = tx.find_outbox(message_id=ident)
        if mail is not None and mail.state in {OutboxState.UNKNOWN, OutboxState.IN_FLIGHT}:
            sent(tx, kit, mail, OutboxState.CONFIRMED, f"evidence: mail {evidence.ledger_id}")
            settled = True
    return settled
