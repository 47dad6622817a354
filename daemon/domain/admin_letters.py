"""What is answered to an admin who gives instructions by mail (see `daemon.domain.letters`).

An answer never holds a trainee's name unless the policy prints names in mails to admins; rows are named by number.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.digest_letters import DigestTraining, Place, ReplyDesk
from daemon.domain.model import SourceKind, State, Status
from parsers.findings import Field


class AnswerOutcome(StrEnum):
    """What became of one command; `words.toml` [outcome] words it."""

    DONE = "done"
    SHOWN = "shown"
    """It only asks; the answer stands below."""
    ATTACHED = "attached"
    """It asks for a file, which goes with the answer."""
    REFUSED = "refused"
    """A rule of the house speaks against it; nothing changed."""
    CHANGED = "changed"
    """What it is about is no longer as the answered mail showed it."""
    NOT_SHOWN = "not-shown"
    """The answered mail does not show it."""
    REPEATED = "repeated"
    """The same command was done for the same mail before."""
    WOULD = "would"
    """Understood, and not done: another line of the mail is unclear, or the mail is to be confirmed first."""
    UNCLEAR = "unclear"
    NEEDLESS = "needless"
    """The mail to be released is no longer true: it was cancelled instead."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One command, and what became of it."""

    text: str
    """As written."""
    outcome: AnswerOutcome
    because: str = ""
    """Why not."""
    place: Place = Place()
    field: Field | None = None
    value: str = ""
    """What is recorded; ISO 8601 for dates."""
    number: int | None = None
    """Of the question or outgoing mail, when the command names several."""


@dataclass(frozen=True, slots=True)
class ListFault:
    """One thing to mend in a list before it can be taken over."""

    where: str
    """Sheet and cell, "" = the file."""
    remedy: str
    detail: str = ""
    """As written; never a name unless the policy prints names."""


@dataclass(frozen=True, slots=True)
class PlannedMail:
    """One mail as it would go out."""

    prefecture: str
    centres: tuple[tuple[str, int], ...]
    """(title, trainees) of each roster."""
    rows: int
    recipients: int
    subject: str
    mark: str = ""
    """Of everything that matters about it: what was shown is what is sent."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What 承認 would do, exactly."""

    kind: str
    """list | dispatch | results | dispatch-results | cancel-training; `words.toml` [proposal]."""
    training_id: str
    training_name: str
    course: str
    starts_on: dt.date
    ends_on: dt.date
    deadline_on: dt.date
    deadline_basis: str = ""
    new: bool = False
    """The training is set up by it."""
    file: str = ""
    """Name of the attached file."""
    faults: tuple[ListFault, ...] = ()
    """While there are any, there is nothing to approve."""
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    elsewhere: int = 0
    """Trainees who are in another open run as well."""
    completed: int = 0
    not_completed: int = 0
    mails: tuple[PlannedMail, ...] = ()
    cleanups: int = 0
    """Registrations that would have to be deleted again."""
    digest: str = ""
    """Mark of all of it: what is approved is this and nothing else."""

    @property
    def anything(self) -> bool:
        """Whether approving it would do anything."""
        counts = (self.added, self.changed, self.withdrawn, len(self.mails))
        return not self.faults and bool(self.digest) and (self.new or any(counts))

    @property
    def total(self) -> int:
        """Trainees in all mails."""
        return sum(m.rows for m in self.mails)


@dataclass(frozen=True, slots=True)
class KnownValue:
    """One recorded value of a trainee."""

    field: Field
    value: str
    status: Status
    source: SourceKind
    received_on: dt.date


@dataclass(frozen=True, slots=True)
class TraineeStatus:
    """Where one trainee stands."""

    place: Place
    state: State
    owes: tuple[Field, ...]
    values: tuple[KnownValue, ...]
    excluded_because: str = ""
    questions: tuple[int, ...] = ()
    """Numbers of open questions."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What 状況 is answered with."""

    trainings: tuple[DigestTraining, ...] = ()
    trainees: tuple[TraineeStatus, ...] = ()
    questions: int = 0
    held: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class AnswerLetter:
    """What was done, what not and why; to the admin who asked."""

    as_of: dt.datetime
    admin: str
    """As in the address book."""
    about: str
    """Subject of the mail that is answered."""
    lines: tuple[AnswerLine, ...]
    desk: ReplyDesk
    overview: Overview | None = None
    proposals: tuple[Proposal, ...] = ()
    help: bool = False
    """The language is explained below."""

    @property
    def done(self) -> int:
        """Commands that were done."""
        answered = {AnswerOutcome.DONE, AnswerOutcome.SHOWN, AnswerOutcome.ATTACHED}
        return sum(line.outcome in answered for line in self.lines)

    @property
    def not_done(self) -> int:
        """Commands that were not."""
        return len(self.lines) - self.done

    @property
    def unclear(self) -> bool:
        """Whether nothing was done because a line could not be understood."""
        return any(line.outcome is AnswerOutcome.UNCLEAR for line in self.lines)

    @property
    def open_proposal(self) -> bool:
        """Whether there is something to approve."""
        return any(p.anything for p in self.proposals)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "admin/answer"


@dataclass(frozen=True, slots=True)
class ChallengeLetter:
    """Asks an admin, at the address HQ knows, whether a mail is theirs."""

    as_of: dt.datetime
    admin: str
    about: str
    received_at: dt.datetime
    lines: tuple[AnswerLine, ...]
    files: tuple[str, ...]
    expires_at: dt.datetime
    desk: ReplyDesk

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "admin/challenge"
