"""What the handlers need from outside, one Protocol per outside thing. Adapters implement them, fakes stand in.

Ports speak in values of `daemon.domain` and `parsers.findings`; no adapter type crosses them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from daemon.domain.directory import Directory
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    Event,
    Handover,
    LedgerMail,
    MailState,
    OutboxMail,
    OutboxState,
    Reading,
    ReceivedPage,
    Review,
    ReviewState,
    Roster,
    State,
    Training,
)
from daemon.domain.policy import Policy
from parsers.findings import Document, Problem
from parsers.listing import ListedTrainee, ListingProblem
from parsers.reading import ReadingContext
from parsers.results import ListedResult


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> dt.datetime:
        """This instant, aware UTC."""

    def today(self) -> dt.date:
        """The calendar day in Asia/Tokyo."""


# -- mail in ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One message as the server handed it out."""

    uid: int
    raw: bytes
    received_at: dt.datetime
    """INTERNALDATE, aware UTC."""


@dataclass(frozen=True, slots=True)
class MailboxView:
    """What the server says about the mailbox after SELECT/EXAMINE."""

    mailbox: str
    uidvalidity: int
    uids: tuple[int, ...]
    """All UIDs on the server at that moment, or those asked for, ascending."""


class MailboxError(Exception):
    """The mailbox cannot be reached or the session broke; the connection is gone. Always transient for the caller."""

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """How long the server asked us to stay away ("Suggested Backoff Time"); None = it did not say."""


class Mailbox(Protocol):
    """One IMAP session, owned by one thread. After any MailboxError the next call connects anew.

    Nothing is ever flagged, moved, expunged: EXAMINE (read-only) and BODY.PEEK only.
    """

    def search(self, from_uid: int = 1) -> MailboxView:
        """UIDs >= from_uid on the server now, by UID window."""

    def fetch(self, uid: int) -> FetchedMail | None:
        """The whole message, None when it vanished or came without a body (retry later)."""

    def wait(self, seconds: float) -> None:
        """Return when something may have changed, or after `seconds`: a hint, never a truth."""

    def close(self) -> None:
        """Log out if possible; never raises."""


# -- mail out --------------------------------------------------------------------------------------------------


class Submitted(StrEnum):
    """The three outcomes of SMTP, refusal split by permanence (I4)."""

    SENT = "sent"
    REFUSED_FOR_NOW = "refused-for-now"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The connection broke after the first byte of DATA."""


@dataclass(frozen=True, slots=True)
class SubmissionOutcome:
    """What became of one attempt."""

    result: Submitted
    reply: str
    """Server's line, or what happened to the connection; no addresses."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Recipients refused while others were taken: address → server line."""


class Submission(Protocol):
    """Mail submission (RFC 6409)."""

    async def submit(self, sender: str, recipients: Sequence[str], raw: bytes) -> SubmissionOutcome:
        """One attempt with exactly these bytes. Never raises for what a server or network does."""


# -- blobs -----------------------------------------------------------------------------------------------------


class Blobs(Protocol):
    """Content-addressed bytes, durable when `put` returns."""

    def put(self, data: bytes) -> str:
        """Store (tmp, fsync, rename, fsync of the folder); returns the SHA-256 in hex. Idempotent."""

    def get(self, sha256: str) -> bytes:
        """The bytes; raises KeyError when there are none, BlobDamaged when the hash no longer fits."""

    def put_many(self, many: Iterable[bytes]) -> list[str]:
        """`put` for each, in order, for less."""

    def has(self, sha256: str) -> bool:
        """Whether the blob is there (not whether it is whole)."""

    def all(self) -> Iterator[str]:
        """Every stored hash."""

    def remove(self, sha256: str) -> None:
        """Take the blob away for good (`handlers.tombstones`); harmless when there is none."""


# -- the store -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done, by name and row ids only (no personal data)."""

    name: str
    """deliver | ingest | tick"""
    key: str
    """Same key, same job: the second is dropped."""
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HighWater:
    """How far a mailbox has been read."""

    mailbox: str
    uidvalidity: int
    uid: int
    """Every UID <= this is in the ledger."""
    reconciled_at: dt.datetime | None
    """Last time `on the server == in the ledger` was proven."""


class Transaction(Protocol):
    """One database transaction. Leaving the block commits, an exception rolls back. Never held over the network.

    `get_*` raise KeyError for unknown ids. `save_*` insert or replace by primary key. `add_*` insert and return the
    new id (the id field of the argument is ignored); those with a dedupe key return None when the key exists.
    Lists come in a stable order: by id, or as said.
    """

    # trainings and rosters
    def save_training(self, training: Training) -> None: ...
    def get_training(self, training_id: str) -> Training: ...
    def trainings(self) -> list[Training]: ...
    def save_roster(self, roster: Roster) -> None: ...
    def get_roster(self, code: str) -> Roster: ...
    def find_roster(self, code: str) -> Roster | None: ...
    def rosters(self, training_id: str, prefecture: str | None = None) -> list[Roster]: ...

    # enrollments, in order of roster and row
    def save_enrollment(self, enrollment: Enrollment) -> None:
        """Insert or replace the row and all its values."""

    def save_enrollments(self, enrollments: Iterable[Enrollment]) -> None:
        """`save_enrollment` for each, in a few statements: for lists."""

    def get_enrollment(self, enrollment_id: str) -> Enrollment: ...
    def find_enrollment(self, enrollment_id: str) -> Enrollment | None: ...
    def enrollments(
        self, *, training_id: str | None = None, prefecture: str | None = None, roster: str | None = None
    ) -> list[Enrollment]: ...
    def count_by_state(self, training_id: str, prefecture: str | None = None) -> Mapping[State, int]: ...

    # dispatches
    def save_dispatch(self, dispatch: Dispatch) -> None: ...
    def find_dispatch(self, dispatch_id: str) -> Dispatch | None: ...
    def dispatches(self, training_id: str | None = None, prefecture: str | None = None) -> list[Dispatch]: ...
    def first_dispatched_at(self) -> dt.datetime | None:
        """When the earliest mailing left, None while none has."""

    def dispatches_due(self, on: dt.date) -> list[Dispatch]:
        """Those with next_reminder_on <= on; by index, cost grows with what is due."""

    # handovers to 中央年金事務所, by id
    def add_handover(self, handover: Handover) -> int: ...
    def save_handover(self, handover: Handover) -> None: ...
    def handovers(self, training_id: str) -> list[Handover]: ...

    # the ledger
    def add_mail(self, mail: LedgerMail) -> int | None:
        """None when (mailbox, uidvalidity, uid) is already there."""

    def save_mail(self, mail: LedgerMail) -> None: ...
    def get_mail(self, ledger_id: int) -> LedgerMail: ...
    def mails(
        self,
        *,
        state: MailState | None = None,
        prefecture: str | None = None,
        training_id: str | None = None,
        since: dt.datetime | None = None,
        limit: int | None = None,
    ) -> list[LedgerMail]: ...
    def count_mails(self) -> Mapping[MailState, int]: ...
    def count_unread(self, prefectures: Iterable[str]) -> int:
        """Mails of these senders ("" = could be from anybody) that nobody has understood: received or set aside."""

    def mails_like(self, sha256: str, message_id: str) -> list[LedgerMail]:
        """Those with the same raw bytes or the same Message-ID ("" matches nothing)."""

    def uids(self, mailbox: str, uidvalidity: int, from_uid: int = 1) -> set[int]: ...
    def high_water(self, mailbox: str) -> HighWater | None:
        """The newest epoch of the mailbox."""

    def save_high_water(self, mark: HighWater) -> None: ...

    # readings, documents, reviews
    def add_reading(self, reading: Reading) -> int: ...
    def get_reading(self, reading_id: int) -> Reading: ...
    def readings(self, *, ledger_id: int | None = None, enrollment_id: str | None = None) -> list[Reading]: ...
    def redact_readings(self, enrollment_id: str) -> int:
        """Empty the words of everything read or said about the row (`person erase`); values stay. How many."""

    def save_pages(self, ledger_id: int, pages: Iterable[ReceivedPage]) -> None:
        """The pages of that mail, in place of what was known of them; their ids are ignored."""

    def pages(self, *, ledger_id: int | None = None, roster: str | None = None) -> list[ReceivedPage]: ...
    def problems_read(self, enrollment_ids: Iterable[str]) -> Mapping[str, frozenset[Problem]]:
        """Enrollment → every problem any of its readings had; those without any are left out."""

    def add_review(self, review: Review) -> int | None: ...
    def open_questions(self, enrollment_ids: Iterable[str]) -> list[Review]:
        """Open reviews about any of these rows."""

    def count_questions(self, prefectures: Iterable[str]) -> Mapping[str, int]:
        """Kind → how many open reviews there are about these prefectures ("" = nobody could place them)."""

    def save_review(self, review: Review) -> None: ...
    def get_review(self, review_id: int) -> Review: ...
    def reviews(
        self,
        *,
        state: ReviewState | None = ReviewState.OPEN,
        prefecture: str | None = None,
        training_id: str | None = None,
        ledger_id: int | None = None,
        enrollment_id: str | None = None,
    ) -> list[Review]: ...

    # the outbox
    def add_outbox(self, mail: OutboxMail) -> int | None: ...
    def save_outbox(self, mail: OutboxMail) -> None: ...
    def get_outbox(self, outbox_id: int) -> OutboxMail: ...
    def find_outbox(self, *, message_id: str = "", dedupe_key: str = "") -> OutboxMail | None: ...
    def outbox(
        self,
        *,
        states: Iterable[OutboxState] | None = None,
        prefecture: str | None = None,
        training_id: str | None = None,
        due_at: dt.datetime | None = None,
        since: dt.datetime | None = None,
    ) -> list[OutboxMail]:
        """`due_at`: only those with not_before_at <= due_at. `since`: created at or after."""

    def count_outbox(self) -> Mapping[OutboxState, int]: ...
    def count_sent(self, since: dt.datetime, prefecture: str | None = None, purpose: str | None = None) -> int:
        """Mails that left or may have left (sent, confirmed, unknown, in flight), last attempt begun since then."""

    # history and small facts
    def append_event(
        self,
        at: dt.datetime,
        actor: str,
        kind: str,
        *,
        subject: str = "",
        training_id: str = "",
        prefecture: str = "",
        payload: Mapping[str, Any] | None = None,
    ) -> Event:
        """Append to the hash chain."""

    def events(
        self,
        *,
        subject: str | None = None,
        training_id: str | None = None,
        since_seq: int = 0,
        limit: int | None = None,
    ) -> list[Event]: ...
    def last_event(self) -> Event | None: ...
    def get_fact(self, name: str) -> str | None:
        """A small named value: kill switch, last digest day, job stamps."""

    def set_fact(self, name: str, value: str) -> None: ...

    # work
    def enqueue(self, job: Job) -> None:
        """Hand a job to the work queue within this transaction: it exists if and only if the block commits.

        A process without a work queue (every command but `run`) drops it; the sweeper derives it from the rows.
        """


class Store(Protocol):
    """The database."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Read and write; serialised on SQLite (BEGIN IMMEDIATE)."""

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """Read only; does not queue behind writers."""

    def check(self) -> list[str]:
        """Integrity of the database file or connection; one sentence per problem, empty = sound."""


# -- work ------------------------------------------------------------------------------------------------------

Handler: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Does one kind of job; its argument is `Job.args`. Must be safe to run again: a crash repeats it."""


class Work(Protocol):
    """The queue behind `Transaction.enqueue`: at least once, in no promised order, a few at a time.

    What it knows is disposable, because the rows of the domain are the truth: a job that fails is logged by the name of
    its error and not repeated here; whoever planned it looks at the row again and plans a new one under a new key.
    """

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Begin to run jobs on the present event loop, those a crash left behind first. `handlers`: by `Job.name`."""

    async def stop(self, timeout_s: float) -> None:
        """Take no more jobs, give running ones `timeout_s`, cancel the rest; those begin again at the next start."""

    def reap(self) -> int:
        """Say that this process lives, take over the jobs of dead ones; how many. Call it about once a minute."""

    def prune(self, finished_before: dt.datetime) -> int:
        """Forget jobs that ended before then, and their keys; how many."""


# -- reading, writing ------------------------------------------------------------------------------------------


class ReaderPool(Protocol):
    """Runs the parsers in another process with limits on time, memory and output."""

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        """Read one file or mail. Never raises for what the bytes do: a killed reader is a problem in the result."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RosterSheet:
    """Everything that stands on one roster (domain.md §1.6)."""

    training: Training
    roster: Roster
    centre_title: str
    office_title: str
    """Prefectural office as addressed."""
    rows: tuple[Enrollment, ...]
    """In order of row; excluded rows are left out."""
    issued_on: dt.date
    document_no: str
    reply_fax: str
    reply_mail: str
    contact: str


@dataclass(frozen=True, slots=True)
class RosterFiles:
    """The two documents of one roster and the layout manifest of the PDF (contract 3.3)."""

    xlsx: bytes
    pdf: bytes
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TraineeLine:
    """One trainee on a list that goes over all prefectures."""

    prefecture: str
    centre_title: str
    """As addressed, e.g. 街角の年金相談センター厚木（オフィス）."""
    office_title: str
    """The pension office as written, e.g. 厚木年金事務所."""
    person: Enrollment


@dataclass(frozen=True, slots=True)
class HandoverSheet:
    """Everything that stands on one checked roster for 中央年金事務所 (⑦, PRE6)."""

    training: Training
    number: int
    """1 = the roster itself, 2 and on = 追加・訂正分（第 number - 1 回）."""
    made_on: dt.date
    because: str
    """Why a supplement was needed; "" on the roster itself."""
    rows: tuple[TraineeLine, ...]
    """In the order to be printed; numbered from 1. Dates are taken from `Enrollment.values`."""
    document_no: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class HandoverFiles:
    """The checked roster as a workbook and on paper."""

    xlsx: bytes
    pdf: bytes


class Documents(Protocol):
    """Makes rosters; deterministic: same sheet, same bytes."""

    def roster(self, sheet: RosterSheet) -> RosterFiles:
        """Raises MissingGlyphs (a Refused) when a name cannot be printed.

        For a sheet of edition "post/1" rows are numbered by `Enrollment.post_row`; 修了の有無 is printed
        from `completed`, for a row with `excluded_because` as 辞退.
        """

    def handover(self, sheet: HandoverSheet) -> HandoverFiles:
        """The checked roster for 中央年金事務所. Raises MissingGlyphs (rows numbered as printed)."""

    def results_register(self, training: Training, rows: Sequence[TraineeLine]) -> bytes:
        """The xlsx HQ fills in with 修了/未修了 before `results import`; what is known already is filled in."""

    def read_results(self, name: str, data: bytes) -> tuple[list[ListedResult], list[ListingProblem]]:
        """What stands in a filled-in register of results (xlsx, csv), and all that is wrong with it as a table."""

    def missing_glyphs(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Text → the characters of it our font lacks; only texts that lack any."""

    def list_template(self, course: str) -> bytes:
        """The xlsx HQ fills in before `roster import`."""

    def read_list(self, name: str, data: bytes) -> tuple[list[ListedTrainee], list[ListingProblem]]:
        """What stands in a filled-in list, and what is wrong with it as a table."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's words."""

    subject: str
    text: str
    html: str = ""


class Templates(Protocol):
    """Every word sent to people."""

    def render(self, name: str, letter: object) -> Rendered:
        """`name` is "<purpose>/<variant>", e.g. "reminder/check"; `letter` a value of `daemon.domain.letters`."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who we are on every mail."""

    organisation: str
    contact: str
    """部署, 担当, 電話."""
    address: str
    """From and the mailbox replies come to."""
    display_name: str
    fax: str
    domain: str
    """Right-hand side of our Message-IDs."""
    plus_addressing: bool
    bcc_self: bool
    """A copy to our own mailbox: evidence that settles unknowns."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a handler is given: the ports plus the frozen choices."""

    clock: Clock
    store: Store
    blobs: Blobs
    documents: Documents
    templates: Templates
    reader: ReaderPool
    submission: Submission
    directory: Directory
    policy: Policy
    letterhead: Letterhead
    key: bytes
    """Installation secret: roster codes, Message-IDs, plus-addresses."""
