"""The closed set of commands, as values."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import astuple, dataclass
from enum import StrEnum

from parsers.findings import Field


class Verb(StrEnum):
    """What is to be done; `words.toml` [command] names each for people."""

    ACCEPT = "accept"
    ACCEPT_ALL = "accept-all"
    SEEN = "seen"
    """A mail, file, page or bounce has been dealt with: says nothing about a value."""
    SET = "set"
    REJECT = "reject"
    PLACE = "place"
    """Which page of which roster a picture is."""
    APPROVE = "approve"
    """What the mail being answered proposes, or asks to be confirmed."""
    DECLINE = "decline"
    STATUS = "status"
    HELP = "help"
    TEMPLATE = "template"
    """The empty list of a course, to be filled in."""
    RESULTS_TEMPLATE = "results-template"
    HANDOVER = "handover"
    """The roster for 中央年金事務所, to be printed."""
    RELEASE = "release"
    RESEND = "resend"
    """A roster mail that did not arrive, to the address as it is in the book now."""
    CANCEL_MAIL = "cancel-mail"
    HOLD = "hold"
    STOP_ALL = "stop-all"
    RESUME = "resume"
    CORRECT = "correct"
    REPORT = "report"
    CLEANED = "cleaned"
    WITHDRAW = "withdraw"
    REINSTATE = "reinstate"
    SUBSTITUTE = "substitute"
    ADD = "add"
    TRANSFER = "transfer"
    RENAME = "rename"
    DEADLINE = "deadline"
    POSTPONE = "postpone"
    CANCEL_TRAINING = "cancel-training"
    NEW_TRAINING = "new-training"
    IMPORT = "import"
    DISPATCH = "dispatch"
    RESULTS = "results"
    DISPATCH_RESULTS = "dispatch-results"
    SUBMITTED = "submitted"


ABOUT_QUESTIONS = frozenset({Verb.ACCEPT, Verb.ACCEPT_ALL, Verb.SEEN, Verb.SET, Verb.REJECT, Verb.PLACE})
"""They name questions by number: only those the answered mail shows, and only as it shows them."""
ABOUT_MAILS = frozenset({Verb.RELEASE, Verb.RESEND, Verb.CANCEL_MAIL, Verb.HOLD})
"""They name outgoing mails by number, with the same reserve."""
NAMES_PEOPLE = frozenset({Verb.SUBSTITUTE, Verb.ADD, Verb.RENAME})
"""Their lines hold names and IDs: an answer repeats only how they begin."""
READS_ONLY = frozenset({Verb.STATUS, Verb.HELP, Verb.TEMPLATE, Verb.RESULTS_TEMPLATE, Verb.HANDOVER})


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do. Only the members its verb needs are filled."""

    verb: Verb
    numbers: tuple[int, ...] = ()
    """Of questions, mails of the outbox, or the roster handed in."""
    row: str = ""
    """"回付番号/No."."""
    training: str = ""
    field: Field | None = None
    days: tuple[dt.date, ...] = ()
    words: tuple[str, ...] = ()
    """Value in words, names, places, who telephoned: in the order of the language."""
    because: str = ""

    @property
    def mark(self) -> str:
        """The same command, the same mark: what was done once for a mail of ours is not done again."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is a command, or looks like one."""

    text: str
    """As written."""
    command: Command | None = None
    """None = it looks like a command and cannot be read as one."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """All a mail asks for."""

    lines: tuple[Line, ...] = ()

    @property
    def commands(self) -> tuple[Command, ...]:
        """Those that can be read, in the order of the mail."""
        return tuple(line.command for line in self.lines if line.command is not None)

    @property
    def mark(self) -> str:
        """Of all commands together."""
        return hashlib.sha256(" ".join(c.mark for c in self.commands).encode()).hexdigest()[:16]

    @property
    def clear(self) -> bool:
        """Whether every line that looks like a command is one."""
        return all(line.command is not None for line in self.lines)
