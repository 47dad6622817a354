"""The leaves of a mail that are not its text: names, bytes, and whether one of them could be a returned roster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from parsers.findings import Attachment
from parsers.mail.bodies import section_name
from parsers.mail.headers import split_headers
from parsers.mail.parameters import display_name
from parsers.mail.structure import Section

PASTED_PICTURE_BYTES = 150_000
"""A picture shown inside the text is a logo below this size; a pasted photograph of a page is larger."""
INLINE_PICTURE_BYTES = 15_000
"""The same for pictures that are only marked inline."""
_SUFFIXES = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/ms-tnef": ".dat",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "image/tiff": ".tif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
}
_NEVER_A_ROSTER = re.compile(
    r"text/(?:x-)?v?card|text/directory|text/calendar|application/ics|application/(?:x-)?pkcs7-signature|"
    r"application/pgp-(?:signature|keys|encrypted)|audio/.*|video/.*|message/(?:external-body|partial)|"
    r"application/x-msmetafile"
)
_NEVER_BY_NAME = re.compile(r"ATT\d{3,}\.(?:txt|html?|bin|c)|.*\.(?:vcf|ics|p7s|asc|sig|emz|wmz)", re.IGNORECASE)
MESSAGE_TYPES = ("message/rfc822", "message/global", "message/news")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One attachment."""

    path: str
    """Section number, and "/" and the name when it has one of its own."""
    name: str
    """Never empty: a nameless part is called after its number, an attached mail after its subject."""
    name_guessed: bool
    declared: str
    data: bytes
    is_message: bool
    may_be_roster: bool

    def listed(self) -> Attachment:
        """The leaf as a line of `Message.attachments`."""
        return Attachment(self.name, sha256(self.data).hexdigest(), len(self.data), self.declared, self.path)


def read_leaf(section: Section, cids: frozenset[str]) -> Leaf:
    """Decode one attachment; `cids` are the Content-IDs that the HTML text shows."""
    data = section.data()
    name, guessed = section_name(section)
    own_name = "_" * len(name) if name in (".", "..") else name
    is_message = section.media in MESSAGE_TYPES
    return Leaf(
        path=f"{section.number}/{own_name}" if own_name else section.number,
        name=own_name or _called(section, data),
        name_guessed=guessed,
        declared=section.media,
        data=data,
        is_message=is_message,
        may_be_roster=_may_be_roster(section, own_name, data, cids),
    )


def _called(section: Section, data: bytes) -> str:
    if section.media in MESSAGE_TYPES:
        subject = display_name(split_headers(data, 0, min(len(data), 65_536))[0].text("subject"))[:100]
        if subject:
            return f"{subject}.eml"
    return f"part-{section.number}{_SUFFIXES.get(section.media, '')}"


def _may_be_roster(section: Section, name: str, data: bytes, cids: frozenset[str]) -> bool:
    if _NEVER_A_ROSTER.fullmatch(section.media) or _NEVER_BY_NAME.fullmatch(name):
        return False
    if section.media.startswith("image/") and section.media not in ("image/tiff", "image/tif"):
        return not _is_decoration(section, data, cids)
    return True


def _is_decoration(section: Section, data: bytes, cids: frozenset[str]) -> bool:
    """A logo or a line of a signature: shown in the text, part of its page, or small and inline."""
    content_id = section.headers.raw("content-id").decode("latin-1").strip("<> \t").lower()
    related = section.parent is not None and section.parent.media == "multipart/related"
    if (content_id and content_id in cids) or related:
        return len(data) < PASTED_PICTURE_BYTES
    inline = section.disposition.value == "inline" or bool(content_id)
    return inline and len(data) < INLINE_PICTURE_BYTES
