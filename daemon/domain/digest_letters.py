"""What the digest and the alarms say to the admins (see `daemon.domain.letters`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from daemon.domain.letter_parts import RosterRows, count_rows
from daemon.domain.model import (
    Course,
    Enrollment,
    MailPurpose,
    OutboxState,
    SourceKind,
    State,
    Status,
    TrainingState,
)
from parsers.findings import Evidence, Field, Problem


class Colour(StrEnum):
    """The row colour rule of domain.md §5, worst last but for the ended ones."""

    BLACK = "black"
    """Excluded."""
    GREEN = "green"
    """Verified, registered by the deadline."""
    GREY_GREEN = "grey-green"
    """Verified, registered late: a fact, no chasing."""
    GREY = "grey"
    """Not sent yet."""
    AMBER = "amber"
    """Waiting, deadline not passed."""
    VIOLET = "violet"
    """HQ's own work: a query, or read and not yet verified."""
    RED = "red"
    """Waiting after the deadline, or the mail bounced."""


_BY_STATE = {
    State.EXCLUDED: Colour.BLACK,
    State.LISTED: Colour.GREY,
    State.QUERY: Colour.VIOLET,
    State.READ: Colour.VIOLET,
    State.BOUNCED: Colour.RED,
    # Nothing is due on a day after the training: amber only, never red (domain.md §5).
    State.RESULT_SET: Colour.AMBER,
    State.PLACED: Colour.AMBER,
    State.CLOSED: Colour.GREEN,
}
_REGISTERED = frozenset({State.VERIFIED, State.SUBMITTED})
_REGISTRATIONS = frozenset(f for course in Course for f in course.required)


def row_colour(row: Enrollment, deadline_on: dt.date, today: dt.date) -> Colour:
    """Colour of one trainee on `today`; late is judged by the day registered, not by the day reported."""
    if row.state in _REGISTERED:
        late = any(v.on > deadline_on for f, v in row.values.items() if f in _REGISTRATIONS)
        return Colour.GREY_GREEN if late else Colour.GREEN
    if row.cleanup_owed and row.post_roster:
        return Colour.AMBER
    return _BY_STATE.get(row.state, Colour.RED if today > deadline_on else Colour.AMBER)


def worst_colour(colours: Iterable[Colour]) -> Colour:
    """Colour of a line that stands for several rows; black only when all are (or there are none)."""
    order = list(Colour)
    return max(colours, key=order.index, default=Colour.BLACK)


@dataclass(frozen=True, slots=True)
class DigestPrefecture:
    """One line of the board."""

    prefecture: str
    colour: Colour
    total: int
    """Trainees who are not excluded; after the training those with a clean-up owed as well."""
    done: int
    """Of them verified; after the training closed."""
    owed: tuple[RosterRows, ...] = ()
    """Rows that still owe something."""
    dispatched_on: dt.date | None = None
    reminded_on: dt.date | None = None
    """Last reminder that left."""
    next_reminder_on: dt.date | None = None
    held_because: tuple[str, ...] = ()
    """Codes (`reminding.Hold`) or texts: why no reminder goes out now; () = not held."""


@dataclass(frozen=True, slots=True)
class DigestTraining:
    """One training on the board."""

    training_id: str
    training_name: str
    course: str
    starts_on: dt.date
    deadline_on: dt.date
    business_days_left: int
    """Office business days in (today, deadline]; negative after it."""
    counts: Mapping[State, int]
    prefectures: tuple[DigestPrefecture, ...]
    state: TrainingState = TrainingState.APPROVED
    target_on: dt.date | None = None
    """After POST1: the day HQ hopes to have everything by (目安); no deadline, told to admins only."""

    @property
    def after(self) -> bool:
        """Whether placements and deletions are awaited, or were."""
        return self.state in {TrainingState.RESULTS, TrainingState.CLOSED}

    @property
    def total(self) -> int:
        """As on the lines of the prefectures, all together."""
        return sum(p.total for p in self.prefectures)

    @property
    def done(self) -> int:
        """Trainees who are verified; after the training those who are closed."""
        return sum(p.done for p in self.prefectures)


@dataclass(frozen=True, slots=True)
class DigestHandover:
    """A checked roster for 中央年金事務所 that is not marked as submitted (PRE6)."""

    training_id: str
    training_name: str
    number: int
    """1 = the roster itself, 2 and on = supplements."""
    rows: int
    because: str
    way: str
    """mail | print, as configured."""
    outbox_id: int | None = None
    """The mail that waits or is under way."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which row of which roster; every member may be empty when it is not known."""

    training_name: str = ""
    prefecture: str = ""
    centre_title: str = ""
    roster_code: str = ""
    row: int | None = None
    name: str = ""
    """Only when the policy prints names in the digest."""


@dataclass(frozen=True, slots=True)
class DigestChange:
    """One thing that changed since the last digest, with its whole chain of evidence (mail.md §5 S)."""

    at: dt.datetime
    place: Place
    state: State
    """State of the row after the change."""
    field: Field | None = None
    """None when only the state changed (excluded, bounced, answered …)."""
    text: str = ""
    """As written."""
    value: str = ""
    """ISO 8601 for dates."""
    status: Status | None = None
    source: SourceKind | None = None
    ledger_id: int | None = None
    evidence: Evidence = Evidence()
    said_by: str = ""
    """Who, when a person decided."""


@dataclass(frozen=True, slots=True)
class DigestPicture:
    """A picture in the mail itself, and how large it is shown."""

    sha256: str
    width_px: int
    height_px: int

    @property
    def cid(self) -> str:
        """Content-ID without brackets; short, because a header folded before its value is lost on some readers."""
        return content_id(self.sha256)


def content_id(sha256: str) -> str:
    """Content-ID, without brackets, of a picture in a mail (RFC 2392)."""
    return f"{sha256[:32]}@meibod"


@dataclass(frozen=True, slots=True)
class DigestReview:
    """One open question, with all an admin needs to answer it."""

    review_id: int
    kind: str
    """`Review.kind`."""
    opened_at: dt.datetime
    problems: tuple[Problem, ...]
    place: Place = Place()
    field: Field | None = None
    text: str = ""
    """As written."""
    suggestion: str = ""
    """What `review accept` would record; "" = there is nothing to accept."""
    candidates: tuple[str, ...] = ()
    detail: str = ""
    ledger_id: int | None = None
    evidence: Evidence = Evidence()
    outbox_id: int | None = None
    """The mail of ours it is about."""
    picture: DigestPicture | None = None
    """What the reader saw."""

    @property
    def is_glance(self) -> bool:
        """Whether it only waits for a look at its picture: read, allowed by every guard, not verified yet."""
        return self.kind == "verify" and self.picture is not None


@dataclass(frozen=True, slots=True)
class DigestCrop:
    """One picture with what was read from it, for one row or, with 全員同日, for several."""

    picture: DigestPicture
    field: Field | None
    value: str
    readers: tuple[str, ...]
    """What each reader saw, only when they differ."""
    reviews: tuple[DigestReview, ...]
    """In order of row."""


@dataclass(frozen=True, slots=True)
class DigestSheet:
    """All pictures of one roster that wait for a glance."""

    place: Place
    """Of the roster: no row."""
    crops: tuple[DigestCrop, ...]


@dataclass(frozen=True, slots=True)
class DigestHeld:
    """A mail that waits, and why."""

    because: tuple[str, ...]
    """Codes (`reminding.Hold`) or texts (`OutboxMail.held_because`)."""
    purpose: MailPurpose
    prefecture: str
    training_name: str = ""
    stage: str = ""
    outbox_id: int | None = None
    """None when the mail was not even written (the interlock of I5)."""


@dataclass(frozen=True, slots=True)
class DigestOutbox:
    """A mail whose fate is unknown, or that was refused for good."""

    outbox_id: int
    state: OutboxState
    purpose: MailPurpose
    prefecture: str
    reply: str
    """Last line of the server."""
    attempts: int
    at: dt.datetime
    training_name: str = ""


@dataclass(frozen=True, slots=True)
class DigestBounce:
    """A mail that came back."""

    prefecture: str
    address: str
    """Which recipient; the digest stays inside HQ."""
    status: str
    """Enhanced status code; "" if unknown."""
    hard: bool
    at: dt.datetime
    ledger_id: int
    training_name: str = ""
    review_id: int = 0
    """The question that is open as long as the address is not mended."""
    resend: int | None = None
    """The mail of ours that can be sent again; None = it asks for nothing, or nobody knows which it was."""


@dataclass(frozen=True, slots=True)
class DigestQuarantine:
    """A message that broke the work three times."""

    ledger_id: int
    received_at: dt.datetime
    failure: str
    """Exception type and where; no content."""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DigestPurge:
    """Something that will be removed for good because it has been kept long enough."""

    training_name: str
    """"" = mail that belongs to no training."""
    training_id: str
    files: int
    """Raw mails, documents and pictures; 0 = it is the names in the register that go."""
    rows: int
    """Trainees whose names go."""
    goes_on: dt.date


@dataclass(frozen=True, slots=True)
class DigestRows:
    """Rows of one office in one run that HQ itself must see to."""

    training_id: str
    training_name: str
    prefecture: str
    rows: tuple[RosterRows, ...]


@dataclass(frozen=True, slots=True)
class MailboxLine:
    """The completeness proof (mail.md §5 B)."""

    on_server: int
    accounted: int
    last_success_at: dt.datetime | None
    """Last full reconciliation; None = never."""

    @property
    def missing(self) -> int:
        """Messages on the server that are not in the ledger."""
        return max(0, self.on_server - self.accounted)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Last line of the hash chain: written down outside the machine, it proves nothing before it was altered."""

    seq: int
    hash: str


class AlarmCode(StrEnum):
    """Alarms that have words in `words.toml` ([alarm.CODE] what, todo)."""

    MAILBOX_STALE = "mailbox-stale"
    MAILBOX_RECREATED = "mailbox-recreated"
    MAIL_VANISHED = "mail-vanished"
    LEDGER_GAP = "ledger-gap"
    AUDIT_BROKEN = "audit-broken"
    BLOB_DAMAGED = "blob-damaged"
    DATABASE_DAMAGED = "database-damaged"
    SUBMISSION_DOWN = "submission-down"
    AUTHENTICATION_FAILED = "authentication-failed"
    OUTBOX_UNKNOWN = "outbox-unknown"
    KILL_SWITCH = "kill-switch"
    CAP_REACHED = "cap-reached"
    QUARANTINE = "quarantine"
    CLOCK_JUMPED = "clock-jumped"
    TICK_LATE = "tick-late"
    READER_BROKEN = "reader-broken"
    DISK_LOW = "disk-low"
    FAX_WITHOUT_PAGES = "fax-without-pages"
    FORGED_TOKEN = "forged-token"  # noqa: S105 - a code, not a secret


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong now."""

    what: str
    """An `AlarmCode`, or a Japanese sentence."""
    since: dt.datetime | None = None
    todo: str = ""
    """What to do; "" = as worded for the code."""
    detail: str = ""
    """Numbers, server line, command; no personal data."""


@dataclass(frozen=True, slots=True)
class ReplyDesk:
    """How a mail to the admins is answered by a link."""

    address: str
    """Where answers go."""
    ticket: str
    """Names the mail in the subject of the answer."""


SHOWN_MOST = 40
"""Questions a digest shows; an answer to it settles only what it shows."""


@dataclass(frozen=True, slots=True)
class DigestLetter:
    """Where everything stands, for the admins, once each business morning."""

    as_of: dt.datetime
    since: dt.datetime | None
    """The last digest; None = the first one."""
    trainings: tuple[DigestTraining, ...]
    mailbox: MailboxLine
    audit: AuditHead
    changes: tuple[DigestChange, ...] = ()
    """In order of time."""
    reviews: tuple[DigestReview, ...] = ()
    held: tuple[DigestHeld, ...] = ()
    outbox: tuple[DigestOutbox, ...] = ()
    """Unknown and refused ones only."""
    bounces: tuple[DigestBounce, ...] = ()
    quarantine: tuple[DigestQuarantine, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    sent: Mapping[MailPurpose, int] = field(default_factory=dict)
    """Mails that left since the last digest, by purpose."""
    received: int = 0
    """Mails that came in since the last digest."""
    handovers: tuple[DigestHandover, ...] = ()
    """Rosters for 中央年金事務所 that wait to be submitted."""
    purges: tuple[DigestPurge, ...] = ()
    """Announced removals, told every day until they are done or stopped."""
    cleanups: tuple[DigestRows, ...] = ()
    """Registrations to delete in cancelled runs: nothing asks for them any more, HQ has it done by hand."""
    by_telephone: tuple[DigestRows, ...] = ()
    """口頭: dates that were said and for which no sheet has come; nobody is reminded of them."""
    desk: ReplyDesk | None = None
    """None = it cannot be answered (a preview on the terminal)."""
    crops_left: int = 0
    """Values that wait for a glance and found no room in the mail."""

    @property
    def shown(self) -> tuple[DigestReview, ...]:
        """The questions it shows: so many doubts, and every picture there is room for."""
        return (*self.doubts[:SHOWN_MOST], *(r for r in self.questions if r.is_glance))

    @property
    def glances(self) -> tuple[DigestReview, ...]:
        """Those of them that only wait for a glance: read, allowed by every guard, not verified yet."""
        return tuple(r for r in self.shown if r.kind == "verify" and r.suggestion)

    @property
    def sheets(self) -> tuple[DigestSheet, ...]:
        """The pictures that wait for a glance, roster by roster."""
        places: dict[str, list[DigestReview]] = {}
        for review in self.reviews:
            if review.is_glance:
                places.setdefault(review.place.roster_code, []).append(review)
        return tuple(
            DigestSheet(replace(found[0].place, row=None, name=""), _crops(found)) for found in places.values()
        )

    @property
    def doubts(self) -> tuple[DigestReview, ...]:
        """The questions that ask for more than a glance."""
        return tuple(r for r in self.questions if not r.is_glance)

    @property
    def questions(self) -> tuple[DigestReview, ...]:
        """The reviews, without those about a mail that stands among the held or the stuck ones anyway."""
        shown = {h.outbox_id for h in self.held} | {m.outbox_id for m in self.outbox}
        return tuple(r for r in self.reviews if r.outbox_id is None or r.outbox_id not in shown)

    @property
    def todo_count(self) -> int:
        """Things only a person can settle."""
        by_hand = tuple(h for h in self.handovers if h.outbox_id is None)
        waiting = (self.alarms, self.questions, self.outbox, self.bounces, self.quarantine, by_hand, self.cleanups)
        released_by_hand = sum(h.outbox_id is not None for h in self.held)
        return sum(len(items) for items in waiting) + released_by_hand + self.crops_left

    @property
    def owing_count(self) -> int:
        """Rows that still owe something, over all trainings."""
        return sum(count_rows(p.owed) for t in self.trainings for p in t.prefectures)

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "digest/daily"


def _crops(reviews: Iterable[DigestReview]) -> tuple[DigestCrop, ...]:
    """The same picture with the same value is shown once, for all its rows."""
    groups: dict[tuple[str, Field | None, str], list[DigestReview]] = {}
    for review in reviews:
        assert review.picture is not None
        groups.setdefault((review.picture.sha256, review.field, review.suggestion), []).append(review)
    found = []
    for (_, field_, value), rows in groups.items():
        picture, seen = rows[0].picture, tuple(dict.fromkeys(rows[0].evidence.readers))
        assert picture is not None
        found.append(DigestCrop(picture, field_, value, seen if len(seen) > 1 else (), tuple(rows)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class AlarmLetter:
    """Told at once, not with the digest."""

    alarm: Alarm
    as_of: dt.datetime
    node: str = ""
    """Name of the machine, when there are several."""

    @property
    def template(self) -> str:
        """Name for `Templates.render`."""
        return "alarm/now"
