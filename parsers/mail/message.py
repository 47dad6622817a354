"""One mail: raw bytes in, what it says about itself and its attachments out.

Judges by headers and structure only; media types are those declared. Whoever reads the parts corrects them by
content. Same bytes and context, same answer; never raises, whatever the bytes hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsers.findings import Message, Note

if TYPE_CHECKING:
    from parsers.reading import ReadingContext


@dataclass(frozen=True, slots=True)
class MailPart:
    """One leaf of a mail that is not its text, decoded."""

    path: str
    """Section number as IMAP counts it, with the name when there is one: "2", "2.1/roster.xlsx"."""
    name: str
    """For display, never a path: no / \\ NUL, bidi or control characters, at most 120 characters; never empty."""
    declared: str
    """Media type as declared, lower case; "application/octet-stream" when there is none."""
    data: bytes
    """Transfer encoding undone."""
    is_message: bool
    """A mail attached whole (message/rfc822); `read_message(part.data, …)` reads it."""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """All that `read_message` found."""

    message: Message
    notes: tuple[Note, ...]
    """Problems of the mail as a whole or of one part (`Note.part` = `MailPart.path`)."""
    parts: tuple[MailPart, ...]
    """What may be read for dates, in the order of the mail. Empty for BOUNCE and RECEIPT: what they carry is our own."""


def read_message(raw: bytes, context: ReadingContext) -> ParsedMail:
    """Take one mail apart (RFC 5322, RFC 2045–2049, RFC 2231, and what Japanese mailers make of them)."""
    raise NotImplementedError
