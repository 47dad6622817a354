"""Faxes about which nothing is open any more: the offices that are to be told what was understood.

A gateway cannot be answered, and a date read from a page counts when a person has looked. So a fax is acknowledged
when its last question closes; the offices on its pages wait on a list, which the next ticks look through
(`handlers.acknowledge_fax`). Facts, no letters.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.domain.model import LedgerMail, MailState
from daemon.ports import Kit, Transaction
from parsers.findings import MessageKind

_LOOK = "fax-receipts-look"
_HIDES_NOTHING = frozenset({"pages"})
"""Kinds of questions about a fax behind which no answer of an office waits: the page they ask for is not here."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """One office in one training to which a settled fax belongs."""

    training_id: str
    prefecture: str
    since: dt.datetime
    """When a fax of the office was settled last."""


def is_unsettled(tx: Transaction, mail: LedgerMail) -> bool:
    """Whether something on the mail still waits for a person, or to be read again."""
    open_ = any(q.kind not in _HIDES_NOTHING for q in tx.reviews(ledger_id=mail.ledger_id))
    return open_ or mail.state is MailState.RECEIVED


def look_again(tx: Transaction, kit: Kit, mail: LedgerMail) -> None:
    """The mail was read, or a question about it closed: when it is a fax and settled, its offices may have news."""
    if mail.kind is not MessageKind.FAX or is_unsettled(tx, mail):
        return
    now = kit.clock.now()
    found = {(w.training_id, w.prefecture): w for w in concerned(tx)}
    found |= {office: Concerned(*office, now) for office in _offices(tx, mail)}
    _save(tx, found.values())


def _offices(tx: Transaction, mail: LedgerMail) -> set[tuple[str, str]]:
    """By the rows its values belong to: a fax may bring rosters of several offices."""
    idents = {r.enrollment_id for r in tx.readings(ledger_id=mail.ledger_id)}
    rows = [tx.get_enrollment(ident) for ident in idents if ident is not None]
    return {(row.training_id, row.prefecture) for row in rows}


def concerned(tx: Transaction) -> list[Concerned]:
    """The offices that have not been looked at since a fax of theirs was settled, longest first."""
    lines: list[tuple[str, str, str]] = json.loads(tx.get_fact(_LOOK) or "[]")
    return [Concerned(training, office, dt.datetime.fromisoformat(since)) for training, office, since in lines]


def looked_at(tx: Transaction, office: Concerned) -> None:
    """Nothing is to be told to the office until another fax of it is settled."""
    _save(tx, (w for w in concerned(tx) if w != office))


def _save(tx: Transaction, offices: Iterable[Concerned]) -> None:
    lines = [(w.training_id, w.prefecture, w.since.isoformat()) for w in sorted(offices, key=lambda w: w.since)]
    text = json.dumps(lines, ensure_ascii=False)
    if text != (tx.get_fact(_LOOK) or "[]"):
        tx.set_fact(_LOOK, text)
