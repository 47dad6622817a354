"""What each outgoing mail says, as frozen values: the only interface between the handlers and the words.

A handler builds a letter and hands it to `ports.Templates.render(letter.template, letter)`. Letters carry facts
(dates, counts, codes of closed lists), never sentences: those live in `mail_templates`. A member that may hold
either a code or a text says so; a code found in `mail_templates/words.toml` is worded, any other text stands as is.

Nothing here may hold a terminal ID (ＩＤ). Names of trainees appear only in the members called `name`, which are
empty unless the policy prints names, and no template puts them into a subject.

Instants are aware UTC (`…_at`, shown in Asia/Tokyo), calendar dates are `date` in Asia/Tokyo (`…_on`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from daemon.domain.admin_letters import (
    AnswerLetter,
    AnswerLine,
    AnswerOutcome,
    ChallengeLetter,
    KnownValue,
    ListFault,
    Overview,
    PlannedMail,
    Proposal,
    TraineeStatus,
)
from daemon.domain.digest_letters import (
    Alarm,
    AlarmCode,
    AlarmLetter,
    AuditHead,
    Colour,
    DigestBounce,
    DigestChange,
    DigestCrop,
    DigestHandover,
    DigestHeld,
    DigestLetter,
    DigestOutbox,
    DigestPicture,
    DigestPrefecture,
    DigestPurge,
    DigestQuarantine,
    DigestReview,
    DigestRows,
    DigestSheet,
    DigestTraining,
    MailboxLine,
    Place,
    ReplyDesk,
    row_colour,
    worst_colour,
)
from daemon.domain.letter_parts import RosterRows, Row, Sender, Subject, count_rows
from daemon.domain.reminding import FollowUp, Stage
from parsers.findings import Problem

__all__ = [
    "Alarm",
    "AlarmCode",
    "AlarmLetter",
    "AnswerLetter",
    "AnswerLine",
    "AnswerOutcome",
    "AuditHead",
    "ChallengeLetter",
    "Colour",
    "DigestBounce",
    "DigestChange",
    "DigestCrop",
    "DigestHandover",
    "DigestHeld",
    "DigestLetter",
    "DigestOutbox",
    "DigestPicture",
    "DigestPrefecture",
    "DigestPurge",
    "DigestQuarantine",
    "DigestReview",
    "DigestRows",
    "DigestSheet",
    "DigestTraining",
    "DispatchLetter",
    "DispatchedRoster",
    "FollowUp",
    "FollowUpLetter",
    "HandoverLetter",
    "KnownValue",
    "Letter",
    "ListFault",
    "MailboxLine",
    "NoticeKind",
    "NoticeLetter",
    "Overview",
    "Place",
    "PlannedMail",
    "Proposal",
    "ReceiptLetter",
    "ReminderLetter",
    "ReplyDesk",
    "ResultsLetter",
    "RosterRows",
    "Row",
    "Sender",
    "Stage",
    "Subject",
    "TraineeStatus",
    "count_rows",
    "row_colour",
    "worst_colour",
]

# -- 依頼 (PRE1) -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DispatchedRoster:
    """One attached roster."""

    centre_title: str
    pension_office_title: str
    roster_code: str
    rows: int
    """Trainees on it."""


@dataclass(frozen=True, slots=True)
class DispatchLetter:
    """The request that carries the rosters of one prefecture (PRE1)."""

    office_title: str
    """As addressed, without 御中."""
    about: Subject
    rosters: tuple[DispatchedRoster, ...]
    sender: Sender
    issued_on: dt.date
    document_no: str = ""
    """文書番号; "" = none."""

    @property
    def total(self) -> int:
        """Trainees on all rosters together."""
        return sum(r.rows for r in self.rosters)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "dispatch/new-id" if self.about.new_id else "dispatch/existing-id"


# -- 督促 ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReminderLetter:
    """Asks one prefecture for the rows still missing, and only for those."""

    stage: Stage
    office_title: str
    about: Subject
    dispatched_on: dt.date
    """Day the rosters went out."""
    issued_on: dt.date
    business_days_left: int
    """Office business days in (issued_on, deadline]; 0 on the day, negative after it."""
    missing: tuple[RosterRows, ...]
    total: int
    """Trainees of this prefecture who are not excluded."""
    sender: Sender
    attachments: int = 0
    """Rosters attached once more; 0 = the text points at the first mail."""

    @property
    def missing_count(self) -> int:
        """Rows still missing."""
        return count_rows(self.missing)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return f"reminder/{self.stage.value}"


# -- after the training (POST1) --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultsLetter:
    """Carries the rosters with results of one prefecture: placement or reason, then the deletion (POST1)."""

    office_title: str
    """As addressed, without 御中."""
    about: Subject
    rosters: tuple[DispatchedRoster, ...]
    sender: Sender
    issued_on: dt.date
    completed: int
    """修了."""
    not_completed: int
    """未修了: their registration is deleted all the same."""
    withdrawn: int
    """Withdrew after they were registered."""
    again: bool = False
    """Some of these rosters went out before, with another result."""

    @property
    def total(self) -> int:
        """Trainees on all rosters together."""
        return sum(r.rows for r in self.rosters)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "results/again" if self.again else "results/first"


@dataclass(frozen=True, slots=True)
class FollowUpLetter:
    """Asks for what has not come back after the training: no deadline, nothing is late."""

    stage: FollowUp
    office_title: str
    about: Subject
    dispatched_on: dt.date
    issued_on: dt.date
    missing: tuple[RosterRows, ...]
    total: int
    """Trainees of this prefecture on the rosters with results."""
    sender: Sender

    @property
    def missing_count(self) -> int:
        """Rows still missing."""
        return count_rows(self.missing)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return f"follow-up/{self.stage.value}"


@dataclass(frozen=True, slots=True)
class HandoverLetter:
    """Carries the checked roster to 中央年金事務所 (PRE6, ⑦)."""

    office_title: str
    """As addressed, without 御中."""
    training_name: str
    course: str
    starts_on: dt.date
    ends_on: dt.date
    number: int
    """1 = the roster itself, 2 and on = supplements."""
    rows: int
    """Trainees on it."""
    because: str
    """Why a supplement was needed."""
    sender: Sender
    issued_on: dt.date

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "submission/supplement" if self.number > 1 else "submission/roster"


class NoticeKind(StrEnum):
    """What has changed; also the name of the template."""

    DEADLINE = "deadline"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NoticeLetter:
    """Tells one prefecture that has its rosters that the days have changed, or that the training is not held."""

    kind: NoticeKind
    office_title: str
    """As addressed, without 御中."""
    about: Subject
    """With the new days."""
    before_on: dt.date
    """The deadline until now."""
    dispatched_on: dt.date
    """Day the rosters went out."""
    issued_on: dt.date
    sender: Sender
    owed: tuple[RosterRows, ...] = ()
    """Cancelled: rows that are registered by now, which must be deleted again."""

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return f"notice/{self.kind.value}"


# -- 受領 ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReceiptLetter:
    """Tells the sender of a return what was confirmed and what is missing. One letter per training.

    A fax is told of to the office its rosters went to, when everything on it is settled: `faxed_at` says so.
    """

    office_title: str
    """Who is thanked, without 御中: the prefectural office, or the centre that wrote."""
    sender: Sender
    received_on: dt.date
    """Day the mail, or the first of the faxes, reached HQ."""
    attachments: int
    """Files that came with it."""
    about: Subject | None
    """None when the mail could not be placed: only the variant "nothing-read" allows it."""
    confirmed: int = 0
    """Rows of this prefecture and training with all required dates on record, this mail included."""
    total: int = 0
    """Trainees of this prefecture in this training who are not excluded."""
    new: int = 0
    """Rows for which this very mail brought a date that was recorded."""
    again: int = 0
    """Rows for which it repeated what was on record (original and copy)."""
    missing: tuple[RosterRows, ...] = ()
    """Rows nothing is known of, or one of two dates is missing."""
    under_check: tuple[RosterRows, ...] = ()
    """Rows whose entry HQ must look at first; `Row.problems` says why."""
    unread: tuple[Problem, ...] = ()
    """Why files could not be read (encrypted, no roster inside …), each once."""
    faxed_at: tuple[dt.datetime, ...] = ()
    """When each fax it is about was received, in order; () = it answers a mail."""
    settled: tuple[RosterRows, ...] = ()
    """Rows confirmed from these faxes that owe nothing any more; () in an answer to a mail."""

    @property
    def template(self) -> str:
        """Name for `Templates.render`: complete, partial or nothing-read."""
        understood = self.new or self.again or self.under_check or self.confirmed >= self.total
        if self.about is None or not understood:
            return "receipt/nothing-read"
        done = self.confirmed >= self.total and not self.under_check
        return "receipt/complete" if done else "receipt/partial"


Letter: TypeAlias = (
    DispatchLetter
    | ReminderLetter
    | ReceiptLetter
    | ResultsLetter
    | FollowUpLetter
    | HandoverLetter
    | NoticeLetter
    | DigestLetter
    | AlarmLetter
    | AnswerLetter
    | ChallengeLetter
)
