"""The nouns of the house, as frozen values (glossary: README). The store keeps them; only `daemon.domain` changes them.

Instants end in `_at` (aware UTC), calendar dates in `_on` (Asia/Tokyo).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from parsers.findings import Decision, Evidence, Field, MessageKind, PageKind, Problem
from parsers.forms import PRE_EXISTING_ID, PRE_NEW_ID, FormEdition


class Course(StrEnum):
    """研修の種類 (the procedure, §2 and §3)."""

    WM_SKILL_UP = "wm-skill-up"
    """ＷＭ操作スキルアップ研修: has an ID."""
    INSTRUCTOR = "instructor"
    """講師養成研修: has an ID."""
    BEGINNER = "beginner"
    """年金相談実務者研修（初心者）: new ID, 指認証 in person."""

    @property
    def label(self) -> str:
        """The name of the course as the procedure writes it."""
        return _COURSE_TITLE[self]

    @property
    def edition(self) -> FormEdition:
        """The form that goes out before the training."""
        return PRE_NEW_ID if self is Course.BEGINNER else PRE_EXISTING_ID

    @property
    def required(self) -> tuple[Field, ...]:
        """Dates every row owes before the training (domain.md §1.5), in the order they may not reverse."""
        return self.edition.fields


_COURSE_TITLE = {
    Course.WM_SKILL_UP: "ＷＭ操作スキルアップ研修",
    Course.INSTRUCTOR: "講師養成研修",
    Course.BEGINNER: "年金相談実務者研修（初心者）",
}


class Phase(StrEnum):
    """Before or after the training: which half of the procedure a roster or mailing belongs to."""

    PRE = "pre"
    POST = "post"


class TrainingState(StrEnum):
    """Where one run of a course stands."""

    DRAFT = "draft"
    """Being prepared; nothing has left the house."""
    APPROVED = "approved"
    """Dispatches are in the outbox or out."""
    COMPLETE = "complete"
    """Every row is verified or excluded."""
    RESULTS = "results"
    """Results are in and POST1 is approved: placements and deletions are awaited."""
    CLOSED = "closed"
    """Every row is closed; archived."""
    CANCELLED = "cancelled"


class State(StrEnum):
    """Where one trainee in one training stands (domain.md §1.5)."""

    LISTED = "listed"
    SENT = "sent"
    BOUNCED = "bounced"
    """The mail that asked for this row came back undelivered."""
    ACKED = "acked"
    """A person wrote back without dates."""
    IN_PROGRESS = "in-progress"
    """手続中, 予定."""
    PARTIAL = "partial"
    """One of two dates is read."""
    READ = "read"
    """All required dates are read; enough to stop reminding."""
    QUERY = "query"
    """A question about this row waits for a person at HQ."""
    VERIFIED = "verified"
    SUBMITTED = "submitted"
    """On a roster that went to 中央年金事務所 (PRE6)."""
    RESULT_SET = "result-set"
    """The roster with results is out (POST1)."""
    PLACED = "placed"
    """Destination or reason is known, the deletion is not."""
    CLOSED = "closed"
    """Exactly the right deletion is on record."""
    EXCLUDED = "excluded"


class Status(StrEnum):
    """How sure a recorded value is."""

    READ = "read"
    VERIFIED = "verified"


class SourceKind(StrEnum):
    """What a value was read from (contract 3.5)."""

    XLSX = "xlsx"
    """Any typed table: xlsx, xls, ods, csv, docx."""
    PDF = "pdf"
    """Text layer of a PDF."""
    FAX = "fax"
    """A page image."""
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Training:
    """One run of a course."""

    training_id: str
    course: Course
    name: str
    starts_on: dt.date
    ends_on: dt.date
    deadline_on: dt.date
    deadline_basis: str
    """Why that day, in words for the digest and `training show`."""
    state: TrainingState
    created_at: dt.datetime
    approved_at: dt.datetime | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """One training × centre × pension office."""

    code: str
    """回付番号, ten symbols (`parsers.codes`)."""
    training_id: str
    prefecture: str
    centre: str
    """Name without 街角の年金相談センター."""
    pension_office: str
    """Name without 年金事務所."""
    edition: str
    """Name of the form edition."""
    phase: Phase = Phase.PRE


@dataclass(frozen=True, slots=True)
class Value:
    """A recorded value of one field."""

    value: str
    """ISO 8601 date for date fields."""
    status: Status
    source: SourceKind
    reading_id: int
    recorded_at: dt.datetime
    """When the daemon recorded it (≠ the day it names)."""
    received_on: dt.date
    """Day the evidence reached HQ: late reports are told from late registrations by it."""

    @property
    def on(self) -> dt.date:
        """The value as a date; raises ValueError for fields that hold none."""
        return dt.date.fromisoformat(self.value)


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One trainee in one training."""

    enrollment_id: str
    training_id: str
    roster: str
    """Code of the roster the row stands on."""
    row: int
    """No. on the roster, 1-based; never reused, never renumbered."""
    prefecture: str
    name: str
    """As HQ wrote it; compared on `parsers.names` keys, never normalised in place."""
    kana: str
    state: State
    terminal_id: str = ""
    """Already acquired ID, "" for beginners. Personal data: masked on paper, never in mail or logs."""
    e_learning_on: dt.date | None = None
    visit_on: dt.date | None = None
    note: str = ""
    values: Mapping[Field, Value] = field(default_factory=dict)
    excluded_because: str = ""
    cleanup_owed: bool = False
    """Excluded although a registration is on record: it must be deleted again (domain.md §1.4, 8)."""
    completed: bool | None = None
    """修了 (True) or 未修了 (False); None = no result yet."""
    post_roster: str = ""
    """Code of the roster with results the row stands on; "" = none yet."""
    post_row: int = 0
    """No. on that roster, 1-based; 0 = none yet."""
    replaces: str = ""
    """Enrollment this trainee stepped in for; "" = nobody."""

    def number_on(self, roster: str | None) -> int:
        """No. of the row on that roster, 1-based: that before and that after the training are two."""
        return self.post_row if roster and roster == self.post_roster else self.row


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One mailing of one training to one prefecture."""

    dispatch_id: str
    """整理番号, ten symbols; in the subject and the tokens of every mail of this thread."""
    training_id: str
    prefecture: str
    outbox_id: int
    dispatched_at: dt.datetime | None = None
    """When SMTP accepted it."""
    next_reminder_on: dt.date | None = None
    """Indexed: planning looks at nothing else. None = never."""
    bounced_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    """First mail from a person at that office about this training."""
    phase: Phase = Phase.PRE


@dataclass(frozen=True, slots=True)
class Handover:
    """One checked roster for 中央年金事務所 (PRE6)."""

    handover_id: int
    training_id: str
    number: int
    """1 = the roster itself, 2 and on = supplements."""
    made_at: dt.datetime
    enrollments: tuple[str, ...]
    xlsx_sha256: str
    pdf_sha256: str
    because: str = ""
    """Why a supplement was needed."""
    submitted_at: dt.datetime | None = None
    submitted_by: str = ""
    how: str = ""
    """mail | print; "" = not submitted yet."""
    outbox_id: int | None = None


class MailState(StrEnum):
    """Where one message of the ledger stands."""

    RECEIVED = "received"
    """Stored raw; nothing has looked inside."""
    APPLIED = "applied"
    """Understood; everything in it has its outcome."""
    REVIEW = "review"
    """At least one open question hangs on it."""
    QUARANTINE = "quarantine"
    """Crashed the work three times; waits for a person."""


@dataclass(frozen=True, slots=True)
class LedgerMail:
    """One message that reached the mailbox."""

    ledger_id: int
    mailbox: str
    uidvalidity: int
    uid: int
    sha256: str
    """Raw bytes in the blob store."""
    bytes: int
    stored_at: dt.datetime
    received_at: dt.datetime
    """INTERNALDATE: when the server got it."""
    state: MailState
    attempts: int = 0
    """How often work on it has begun without ending."""
    kind: MessageKind | None = None
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    prefecture: str = ""
    """"" = could be from anybody."""
    training_id: str = ""
    attributed_by: str = ""
    """Which evidence named the prefecture: plus-address, message-id, subject-code, roster-code, sender, person."""
    failure: str = ""
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class ReceivedPage:
    """One page of a fax or scan that reached the house: what of it arrived, and what the machines printed on it."""

    page_id: int
    ledger_id: int
    part: str
    """Attachment path inside the mail."""
    page: int
    """In that file, 1-based; two forms in one picture are two rows."""
    kind: PageKind
    roster: str
    """Code of the roster it belongs to; "" = unknown."""
    sheet: int
    """k of "page k of n" of the roster; 0 = unknown."""
    sheets: int
    sealed: bool
    """The page code was made with our key."""
    header: str
    """The lines fax machines printed above the form, as read: evidence for routing, never proof."""
    header_sha256: str
    """Blob of the picture of those lines; "" = none."""
    picture_sha256: str
    """Blob of the picture of a page that could not be placed; "" = none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that was read or said, kept for ever whatever became of it (I6)."""

    reading_id: int
    ledger_id: int | None
    enrollment_id: str | None
    roster: str | None
    field: Field
    text: str
    value: str | None
    confidence: float
    decision: Decision
    outcome: str
    """recorded, confirmed, conflict, review, empty, excluded-proposed (`domain.acceptance.Outcome`)."""
    problems: tuple[Problem, ...]
    evidence: Evidence
    source: SourceKind
    read_at: dt.datetime
    said_by: str = ""
    """Who, when a person said it."""


class ReviewState(StrEnum):
    """What became of a question."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """The suggested value was right."""
    SET = "set"
    """A person gave another value."""
    REJECTED = "rejected"
    """Nothing is to be recorded from it."""


@dataclass(frozen=True, slots=True)
class Review:
    """One question to a person."""

    review_id: int
    dedupe_key: str
    """Same question, same key: asked once however often the mail is replayed."""
    kind: str
    """value | row | attachment | mail | bounce | exclusion | outbox | verify | closing | page | pages | order"""
    opened_at: dt.datetime
    problems: tuple[Problem, ...]
    state: ReviewState = ReviewState.OPEN
    prefecture: str = ""
    training_id: str = ""
    roster: str = ""
    enrollment_id: str = ""
    field: Field | None = None
    ledger_id: int | None = None
    reading_id: int | None = None
    outbox_id: int | None = None
    text: str = ""
    """As written."""
    suggestion: str = ""
    """Value that `review accept` would record; "" = none."""
    candidates: tuple[str, ...] = ()
    detail: str = ""
    evidence: Evidence = Evidence()
    settled_at: dt.datetime | None = None
    settled_by: str = ""
    settled_because: str = ""


class OutboxState(StrEnum):
    """reliability.md §2.2."""

    HELD = "held"
    """A person must release it: approval, cap, kill switch, poison."""
    READY = "ready"
    IN_FLIGHT = "in-flight"
    SENT = "sent"
    REFUSED = "refused"
    """Permanently."""
    UNKNOWN = "unknown"
    """The server may or may not have taken it."""
    CONFIRMED = "confirmed"
    """Unknown, settled by evidence that it went out."""
    CANCELLED = "cancelled"
    """No longer wanted, before it left."""


class MailPurpose(StrEnum):
    """What an outgoing mail is for; also the name of its template folder."""

    DISPATCH = "dispatch"
    REMINDER = "reminder"
    RECEIPT = "receipt"
    DIGEST = "digest"
    ALARM = "alarm"
    RESULTS = "results"
    """POST1."""
    FOLLOW_UP = "follow-up"
    """After POST1, without the word 期限."""
    NOTICE = "notice"
    """The days of a training have changed, or it is not held."""
    SUBMISSION = "submission"
    """PRE6, to 中央年金事務所."""
    ADMIN = "admin"
    """Answers to what an admin mailed."""


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """One outgoing message with frozen bytes; every attempt sends exactly these."""

    outbox_id: int
    dedupe_key: str
    """Unique: the same intent never makes two mails."""
    purpose: MailPurpose
    state: OutboxState
    message_id: str
    sha256: str
    """Raw bytes in the blob store."""
    sender: str
    """Envelope sender."""
    recipients: tuple[str, ...]
    created_at: dt.datetime
    not_before_at: dt.datetime
    """Earliest next attempt."""
    prefecture: str = ""
    """"" = to the admins."""
    training_id: str = ""
    stage: str = ""
    enrollments: tuple[str, ...] = ()
    """Everybody named or numbered in it: the guard of I3 looks at these."""
    attempts: int = 0
    started_at: dt.datetime | None = None
    """Start of the attempt under way or last made."""
    settled_at: dt.datetime | None = None
    reply: str = ""
    """Last line of the server."""
    unknowns: int = 0
    """How often an attempt ended without our knowing."""
    held_because: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history, hash-chained (I6). `payload` is canonical JSON."""

    seq: int
    at: dt.datetime
    actor: str
    """"meibod", or who."""
    kind: str
    training_id: str
    prefecture: str
    subject: str
    """What it is about: enrollment, roster, outbox or ledger id with its kind, e.g. "enrollment:E…"."""
    payload: str
    previous: str
    hash: str
