"""Three strikes: work on a message is counted before it begins, so one that kills the process is noticed by its count.

After `policy.quarantine_after` attempts that ended in a crash or an exception the message waits for a person
(Mailman's rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from daemon.domain.model import LedgerMail, MailState
from daemon.errors import Unavailable
from daemon.points import reach
from daemon.ports import Kit, Transaction


def claim(kit: Kit, ledger_ids: Sequence[int]) -> list[LedgerMail]:
    """Count one more attempt on each message; returns those that may be worked on, in the same order."""
    for _ in ledger_ids:
        reach("ingest.before-claim")
    with kit.store.transaction() as tx:
        claimed = [_claim(tx, kit, tx.get_mail(ident)) for ident in ledger_ids]
    for _ in ledger_ids:
        reach("ingest.after-claim")
    return [mail for mail in claimed if mail is not None]


def _claim(tx: Transaction, kit: Kit, mail: LedgerMail) -> LedgerMail | None:
    if mail.state is not MailState.RECEIVED:
        return None
    if mail.attempts >= kit.policy.quarantine_after:
        _quarantine(tx, kit, mail)
        return None
    claimed = replace(mail, attempts=mail.attempts + 1)
    tx.save_mail(claimed)
    return claimed


def strike(kit: Kit, ledger_id: int, failure: Exception) -> None:
    """Note why the attempt failed; after the last one the message is set aside.

    A full disk or a reader that does not start is no fault of the message: such an attempt is not counted.
    """
    innocent = isinstance(failure, Unavailable)
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        # The type and place of the failure, never its text: that may quote the message.
        noted = f"{type(failure).__name__} in {_place(failure)}"
        mail = replace(mail, failure=noted, attempts=max(0, mail.attempts - innocent))
        tx.save_mail(mail)
        if mail.attempts >= kit.policy.quarantine_after:
            _quarantine(tx, kit, mail)


def _quarantine(tx: Transaction, kit: Kit, mail: LedgerMail) -> None:
    tx.save_mail(replace(mail, state=MailState.QUARANTINE))
    tx.append_event(
        kit.clock.now(), "meibod", "mail-quarantined", subject=f"mail:{mail.ledger_id}",
        payload={"attempts": mail.attempts, "failure": mail.failure},
    )  # fmt: skip


def _place(failure: Exception) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
