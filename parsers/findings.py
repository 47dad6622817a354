"""What a reader hands back: one `Document` per file, pages, findings, problems (contract 3.4).

Everything here is a frozen value without behaviour beyond turning into JSON and back. A finding says what was
written, where, how sure the reader is that `value` is what was written, and the reader's own view of legibility
(`decision`). Whether a value enters the register is decided in `daemon.domain`, never here.

Positions are millimetres, origin top-left of the page as printed. Pages, sheets and rows count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in mm."""


class Field(StrEnum):
    """A place on the roster that an office fills in (design 3.3)."""

    ID_REGISTERED_ON = "id_registered_on"
    """新規登録年月日"""
    CONCURRENT_REGISTERED_ON = "concurrent_registered_on"
    """兼務登録年月日"""
    COMPLETED = "completed"
    """修了の有無"""
    DESTINATION = "destination"
    """今後配属予定のセンター名 (or a pension office)"""
    NO_DESTINATION_REASON = "no_destination_reason"
    """配属予定のない理由"""
    CONCURRENT_DELETED_ON = "concurrent_deleted_on"
    """兼務登録削除年月日"""
    ID_DELETED_ON = "id_deleted_on"
    """ＩＤ削除年月日"""
    NOT_APPLICABLE = "not_applicable"
    """対象外 (the tick of a row)"""

    @property
    def is_date(self) -> bool:
        """Whether the field holds a calendar date."""
        return self.value.endswith("_on")


class Decision(StrEnum):
    """The reader's view of one finding."""

    ACCEPT = "accept"
    """Legible, one meaning."""
    REVIEW = "review"
    """Something is written, and a person must look."""
    EMPTY = "empty"
    """Nothing is written, or a word that means "not yet"."""


class PageKind(StrEnum):
    """What a page or worksheet turned out to be."""

    FORM = "form"
    """A page of one of our rosters."""
    TEXT = "text"
    """Readable text that is no roster of ours."""
    BLANK = "blank"
    COVER = "cover"
    FOREIGN = "foreign"
    """Somebody else's form, or a picture without our code."""


class MessageKind(StrEnum):
    """What a mail is, judged by its headers and structure (contract 3.4)."""

    RETURN = "return"
    """Carries at least one attachment that may be a roster."""
    REPLY = "reply"
    """Written by a person, nothing attached."""
    FAX = "fax"
    """From a configured fax gateway."""
    BOUNCE = "bounce"
    AUTO_REPLY = "auto-reply"
    RECEIPT = "receipt"
    """開封確認 (MDN) or a fax-send receipt: never evidence."""
    LIST = "list"
    OWN = "own"
    """Our own mail come back: canary, copy to ourselves."""
    UNKNOWN = "unknown"


class Problem(StrEnum):
    """The closed list of problem codes. Mail templates and the CLI hold the Japanese sentence for each."""

    # -- the file as a whole
    ENCRYPTED_ATTACHMENT = "encrypted-attachment"
    UNREADABLE_ATTACHMENT = "unreadable-attachment"
    """The bytes claim a known format and cannot be opened."""
    UNSUPPORTED_TYPE = "unsupported-type"
    IMAGE_NOT_READ = "image-not-read"
    """A page image (fax, scan, photograph): no reader for it in this version."""
    TOO_LARGE = "too-large"
    """Over a limit of size, pages, rows, or expansion."""
    READER_KILLED = "reader-killed"
    """The reading process died or ran over its limits."""
    READER_FAILED = "reader-failed"
    """A bug in the reader: an exception nobody expected."""
    NO_ROSTER_FOUND = "no-roster-found"
    AMBIGUOUS_COLUMNS = "ambiguous-columns"
    """Two columns claim the same field, or a header could not be told."""
    UNKNOWN_FORM_EDITION = "unknown-form-edition"
    BAD_ROSTER_CODE = "bad-roster-code"
    """Something looks like a roster code and its check symbols are wrong."""
    SEVERAL_ROSTER_CODES = "several-roster-codes"
    DRAWING_OVER_CELLS = "drawing-over-cells"
    """A shape, picture or text box lies over cells to be read."""
    HIDDEN_CONTENT = "hidden-content"
    MACROS_IGNORED = "macros-ignored"
    NESTED_TOO_DEEP = "nested-too-deep"
    ATTACHMENT_MISSING = "attachment-missing"
    """The text promises an attachment and there is none (添付忘れ, 無害化 gateway)."""
    CHARSET_GUESSED = "charset-guessed"
    NAME_GUESSED = "name-guessed"
    MALFORMED_MAIL = "malformed-mail"
    OTHER_FILE_NOT_READ = "other-file-not-read"
    # -- one row
    ROW_UNMATCHED = "row-unmatched"
    """A row that names nobody we know on this roster (追加受講者, written in by hand)."""
    ROW_DUPLICATED = "row-duplicated"
    NAME_DIFFERS = "name-differs"
    NAME_VARIANT = "name-variant"
    """Same key class (斎/斉, 辺/邊), kana or row number must confirm."""
    KEY_DIFFERS = "key-differs"
    """Hidden key and visible row number or name disagree."""
    EXCLUSION_PROPOSED = "exclusion-proposed"
    """対象外, 辞退, 取消, 欠席 … stands in the row."""
    # -- one value
    NOT_A_DATE = "not-a-date"
    IMPOSSIBLE_DATE = "impossible-date"
    """31 February, 令和0年, month 13."""
    AMBIGUOUS_DATE = "ambiguous-date"
    """More than one day fits ("8.4.1", "4/1" with no single year)."""
    TWO_DATES = "two-dates"
    WEEKDAY_DIFFERS = "weekday-differs"
    OTHER_ERA = "other-era"
    """平成 or 昭和."""
    TWO_DIGIT_YEAR_TRAP = "two-digit-year-trap"
    """2008: somebody typed 8/4/1 and the spreadsheet made it 2008."""
    DONE_WITHOUT_DATE = "done-without-date"
    """済 alone."""
    PLANNED_ONLY = "planned-only"
    """予定: never counts as done."""
    NOT_DONE_YET = "not-done-yet"
    ALREADY_REGISTERED = "already-registered"
    """既登録, 前回登録済: 改めて registration is required."""
    DITTO = "ditto"
    """〃, 同上 or a merged cell: resolved to the cell above."""
    DITTO_UNRESOLVED = "ditto-unresolved"
    STRUCK_OUT = "struck-out"
    FORMULA_VALUE = "formula-value"
    ERROR_VALUE = "error-value"
    CELL_COMMENT = "cell-comment"
    TRACKED_CHANGE = "tracked-change"
    """Written under change tracking, and the change is not accepted yet."""
    EXTRA_TEXT = "extra-text"
    """Words beside the date that we do not understand."""
    SAME_AS_SENT = "same-as-sent"
    """The sheet is byte for byte, or cell for cell, the one we sent."""
    # -- what stands in the fields of the time after the training
    UNKNOWN_PLACE = "unknown-place"
    """A place that is neither a centre nor a pension office we know, or is not spelt like one."""
    AMBIGUOUS_PLACE = "ambiguous-place"
    """More than one place fits, or several are named."""
    PLACE_NOT_CHECKED = "place-not-checked"
    """No list of centres and offices was at hand: the text is as written."""
    UNKNOWN_REASON = "unknown-reason"
    """配属予定のない理由 in words that are none of 退職, 転出, その他."""
    SEVERAL_CHOICES = "several-choices"
    """More than one box of a choice is ticked, or a tick and other words disagree."""
    UNKNOWN_RESULT = "unknown-result"
    """修了の有無 says neither 修了 nor 未修了 nor 辞退."""
    # -- decided by the domain
    BEFORE_DISPATCH = "before-dispatch"
    AFTER_RECEIPT = "after-receipt"
    ORDER_REVERSED = "order-reversed"
    """新規 after 兼務."""
    OFFICE_CLOSED = "office-closed"
    OTHER_PREFECTURE = "other-prefecture"
    """The row belongs to another prefecture than the sender."""
    SENDER_UNKNOWN = "sender-unknown"
    CONFLICTS_WITH_RECORD = "conflicts-with-record"
    ROSTER_UNKNOWN = "roster-unknown"
    TRAINEE_EXCLUDED = "trainee-excluded"
    TRAINING_NOT_OPEN = "training-not-open"
    LOW_CONFIDENCE = "low-confidence"
    FIELD_NOT_EXPECTED = "field-not-expected"
    BEFORE_TRAINING_END = "before-training-end"
    """A deletion before the last day of the training."""
    PLACEMENT_MISSING = "placement-missing"
    """A deletion without a destination or a reason: which of the two deletions is right cannot be told."""
    DESTINATION_AND_REASON = "destination-and-reason"
    BOTH_DELETIONS = "both-deletions"
    DELETION_DOES_NOT_FIT = "deletion-does-not-fit"
    """ID deleted although there is a destination, or kept although there is none."""
    CLAIM_WITHOUT_SHEET = "claim-without-sheet"
    """A date in a sentence of a mail: the proof is the office's sheet."""
    REPLY_NEEDS_READING = "reply-needs-reading"
    COMMAND_NOT_PROVEN = "command-not-proven"
    """It reads like an instruction of an admin, and nothing proves that it is one."""
    COMMAND_FAILED = "command-failed"
    """An instruction of an admin could not be carried out, however often it was tried."""
    SEAL_DIFFERS = "seal-differs"
    """The page code was not made with our key: forged, from another installation, or misread."""
    PAGE_UNPLACED = "page-unplaced"
    """A page picture nobody could place: a person names roster and page."""
    NAMED_PAGE_DIFFERS = "named-page-differs"
    """A person named the page, and the picture does not fit that form or shows a code of another page."""
    PAGES_MISSING = "pages-missing"
    """The fax had more pages than arrived."""
    FAX_WITHOUT_PAGES = "fax-without-pages"
    """A mail of a fax gateway with no page, or with blank ones only: somebody believes to have answered."""


@dataclass(frozen=True, slots=True)
class Note:
    """A problem with a file or mail as a whole."""

    code: Problem
    detail: str = ""
    """For an admin; may hold file names, never shown in logs."""
    part: str = ""
    """Attachment path inside the mail or archive, e.g. "2/roster.xlsx"; "" = the file itself."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value was read. Unused members are empty, never guessed."""

    part: str = ""
    """Attachment path inside the mail or archive; "" = the file itself."""
    page: int | None = None
    box_mm: Box | None = None
    sheet: str = ""
    cell: str = ""
    crop_sha256: str = ""
    """Blob of the picture of the cell as the reader saw it."""
    readers: tuple[str, ...] = ()
    """What each reader of a picture saw for itself, box by box: "080410", "□" an empty box, "？" no digit."""
    fit_error_mm: float | None = None
    """Residual of the fit of the page: how far the boxes may lie from where they were cut out."""
    page_sha256: str = ""
    """Of the pixels of the page as they came out of the file."""
    named_by: str = ""
    """Who said which page this is, when its codes are lost; "" = the page itself."""

    @property
    def is_picture(self) -> bool:
        """Whether it was read off a picture of a page: no text stands behind it."""
        return bool(self.crop_sha256 or self.readers or self.page_sha256)


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands in one field of one row."""

    roster: str | None
    """Roster code, or None when the file does not identify itself."""
    row: int | None
    """No. of the row on the roster (1-based), as printed, not as found."""
    enrollment: str | None
    """Hidden key when the file carries it."""
    name: str
    """Name as written in the row, "" if none."""
    field: Field
    text: str
    """As written."""
    value: str | None
    """ISO 8601 date for date fields; "true" for a tick; text else. None when there is none or it is unsure which."""
    confidence: float
    """Calibrated probability that `value` is what was written; 0 when value is None."""
    decision: Decision
    problems: tuple[Problem, ...] = ()
    evidence: Evidence = Evidence()
    candidates: tuple[str, ...] = ()
    """ISO values a person may choose from; never applied by themselves."""
    kana: str = ""
    """フリガナ as written in the row, "" if none."""
    centre: str = ""
    """Centre as written on the sheet or row, "" if none: a second proof, never a key."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page or worksheet."""

    page: int
    kind: PageKind
    roster: str | None = None
    form: str | None = None
    sheet: int | None = None
    """k of "page k of n" of the roster."""
    sheets: int | None = None
    turned_deg: int = 0
    fit_error_mm: float | None = None
    problems: tuple[Problem, ...] = ()
    part: str = ""
    header: str = ""
    """What fax machines printed above the form, as read: evidence for routing, never proof."""
    header_sha256: str = ""
    """Picture of that line."""
    guesses: tuple[str, ...] = ()
    """Roster codes printed on a page whose page code is lost: for the person who names the roster."""
    code: str = ""
    """The 20 symbols of the page code as read: whoever has the key checks the seal. "" = none was read."""
    picture_sha256: str = ""
    """Picture of a page that could not be placed, for the person who names it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes that were read."""

    name: str
    sha256: str
    media: str
    """Media type by content, never by declaration."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One leaf of a mail, decoded."""

    name: str
    sha256: str
    bytes: int
    media: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """One recipient of a delivery status notification (RFC 3464 §2.3)."""

    address: str
    status: str
    """Enhanced status code, e.g. "5.1.1"; "" if unknown."""
    hard: bool


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery status notification."""

    action: str
    """failed | delayed | delivered"""
    recipients: tuple[BouncedRecipient, ...] = ()
    original_message_id: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Everything in a mail that may name one of our own mails or rosters; unverified."""

    references: tuple[str, ...] = ()
    """Message-IDs of In-Reply-To and References, nearest first, with angle brackets."""
    plus: tuple[str, ...] = ()
    """Plus-parts of To/Cc/Delivered-To addresses."""
    codes: tuple[str, ...] = ()
    """Strings shaped like our ten-symbol codes with valid check symbols, from subject, then body, then quoted text."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a mail says about itself (contract 3.4)."""

    kind: MessageKind
    subject: str = ""
    sender: str = ""
    """Address of From, lower case; "" when there is none."""
    sender_name: str = ""
    said: str = ""
    """Text without quotes, signatures kept."""
    attachments: tuple[Attachment, ...] = ()
    bounce: Bounce | None = None
    message_id: str = ""
    sent_at: str = ""
    """Date header as ISO 8601 with offset, "" if unusable."""
    tokens: Tokens = Tokens()
    automatic_reason: str = ""
    """Which header or word made it automatic."""
    asks_no_reply: bool = False
    """True when nothing may ever be answered to this mail (RFC 3834 §2): automatic, bulk, null sender."""
    recipients: tuple[str, ...] = ()
    authentication: str = ""
    """The topmost Authentication-Results header, raw."""
    above: int = 0
    """How many characters of `said` stand above everything quoted."""
    hides_text: bool = False
    """Among them may be some that a reader of the mail does not see (HTML styled to hide them)."""
    authors: tuple[str, ...] = ()
    """Every address of every From field, lower case, as often as it stands there."""

    @property
    def opening(self) -> str:
        """What was written above everything quoted."""
        return self.said[: self.above]


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of a page as a reader saw it."""

    png: bytes

    @property
    def sha256(self) -> str:
        """The hash evidence and pages name it by."""
        return sha256(self.png).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """All that was found in one file."""

    source: Source
    pages: tuple[Page, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Note, ...] = ()
    message: Message | None = None
    pictures: tuple[Picture, ...] = ()
    """What the evidence shows; kept as blobs, no part of the JSON document."""


_APART = frozenset({"pictures"})
"""Bytes: they travel beside the JSON, not in it."""


def to_json(value: object) -> Any:
    """Turn any value of this module into JSON-ready dicts and lists; `Message.sender` becomes "from" (contract 3.4)."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value) if f.name not in _APART)
        keep = {"sender": "from"} if isinstance(value, Message) else {}
        shown = {keep.get(k, k): to_json(v) for k, v in pairs}
        if isinstance(value, Document) and value.message is None:
            shown.pop("message")
        return shown
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_json(v) for v in value]
    return value


def document_from_json(raw: Mapping[str, Any]) -> Document:
    """Inverse of `to_json` for a `Document` without pictures; raises `KeyError`, `TypeError` or `ValueError` else."""
    message = raw.get("message")
    return Document(
        source=Source(**raw["source"]),
        pages=tuple(_page(p) for p in raw["pages"]),
        findings=tuple(_finding(f) for f in raw["findings"]),
        problems=tuple(Note(Problem(n["code"]), n["detail"], n["part"]) for n in raw["problems"]),
        message=None if message is None else _message(message),
    )


def _page(raw: Mapping[str, Any]) -> Page:
    fixed = {"kind": PageKind(raw["kind"]), "problems": _problems(raw["problems"]), "guesses": tuple(raw["guesses"])}
    return Page(**{**raw, **fixed})


def _problems(raw: list[str]) -> tuple[Problem, ...]:
    return tuple(Problem(p) for p in raw)


def evidence_from_json(raw: Mapping[str, Any]) -> Evidence:
    """Inverse of `to_json` for an `Evidence`."""
    box = raw.get("box_mm")
    placed = None if box is None else (box[0], box[1], box[2], box[3])
    return Evidence(**{**raw, "box_mm": placed, "readers": tuple(raw.get("readers", ()))})


def _finding(raw: Mapping[str, Any]) -> Finding:
    return Finding(
        **{
            **raw,
            "field": Field(raw["field"]),
            "decision": Decision(raw["decision"]),
            "problems": _problems(raw["problems"]),
            "evidence": evidence_from_json(raw["evidence"]),
            "candidates": tuple(raw["candidates"]),
        }
    )


def _message(raw: Mapping[str, Any]) -> Message:
    values = dict(raw)
    values["sender"] = values.pop("from")
    bounce = values["bounce"]
    if bounce is not None:
        bounce = Bounce(
            bounce["action"],
            tuple(BouncedRecipient(**r) for r in bounce["recipients"]),
            bounce["original_message_id"],
        )
    tokens = values["tokens"]
    return Message(
        **{
            **values,
            "kind": MessageKind(values["kind"]),
            "attachments": tuple(Attachment(**a) for a in values["attachments"]),
            "bounce": bounce,
            "tokens": Tokens(*(tuple(tokens[k]) for k in ("references", "plus", "codes"))),
            "recipients": tuple(values["recipients"]),
            "authors": tuple(values["authors"]),
        }
    )
