"""One message being worked on, with everything at hand: what arrived, whose it is, and the open transaction."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.domain.model import LedgerMail, Phase
from daemon.handlers.correlate import Attribution
from daemon.handlers.roll import Roll
from daemon.handlers.vouching import Vouched
from daemon.ports import Kit, Transaction
from parsers.findings import Document, MessageKind, Problem


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step of `ingest` is given."""

    tx: Transaction
    kit: Kit
    mail: LedgerMail
    document: Document
    origin: Attribution
    roll: Roll
    pages: Vouched = Vouched()
    """Which pages are known to be ours."""

    @property
    def training_id(self) -> str:
        """The training the mail is most likely about, "" when nothing says so."""
        return self.origin.trainings[0] if self.origin.trainings else ""

    @property
    def is_fax(self) -> bool:
        """From a gateway of ours: what it carries is anybody's, until a page shows our seal.

        A text layer such a machine recognised by itself is nobody's typing.
        """
        return self.document.message is not None and self.document.message.kind is MessageKind.FAX

    @property
    def cause(self) -> str:
        """What the history calls this message."""
        return f"mail:{self.mail.ledger_id}"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a message changed."""

    recorded: int = 0
    confirmed: int = 0
    questions: int = 0
    new_rows: frozenset[str] = frozenset()
    """Enrollments for which a date was recorded."""
    again_rows: frozenset[str] = frozenset()
    """Enrollments whose record was repeated."""
    asked: tuple[tuple[str, tuple[Problem, ...]], ...] = ()
    """(enrollment, problems) of what it put in question."""
    noted: frozenset[str] = frozenset()
    """Enrollments about which something was written that is neither a date nor a question (予定, 未)."""
    trainings: tuple[str, ...] = ()
    """Trainings of rosters of the sender's prefecture that were found."""
    halves: tuple[tuple[str, Phase], ...] = ()
    """The same with the half of the procedure each roster belongs to."""
    blank: bool = False
    """Sheets of ours came back with nothing in them."""

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.recorded + other.recorded,
            self.confirmed + other.confirmed,
            self.questions + other.questions,
            self.new_rows | other.new_rows,
            self.again_rows | other.again_rows,
            self.asked + other.asked,
            self.noted | other.noted,
            tuple(dict.fromkeys(self.trainings + other.trainings)),
            tuple(dict.fromkeys(self.halves + other.halves)),
            self.blank or other.blank,
        )
