"""Mail as offices write it, in bytes: a function of what is said, so that a run can be repeated byte for byte."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import formataddr

from daemon.domain.calendar import in_era
from daemon.simulation.network.reports import mail_date
from daemon.simulation.offices.incoming import Received

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA = {
    "xlsx": XLSX,
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "png": "image/png",
    "tif": "image/tiff",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a clerk writes."""

    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...] = ()
    answers: Received | None = None
    """The mail this is a reply to, quoted below as Outlook does; None = a new mail."""
    auto: bool = False
    """An absence notice."""
    old_fashioned: bool = False
    """ISO-2022-JP instead of UTF-8."""


def write(words: Words, at: dt.datetime) -> bytes:
    """The message with CRLF line ends."""
    message = _body(words, at)
    message["From"] = formataddr((str(Header(words.sender_name, _charset(words)).encode()), words.sender))
    message["To"] = words.to
    message["Subject"] = Header(words.subject, _charset(words), maxlinelen=70).encode()
    message["Date"] = mail_date(at)
    ident = _ident(words, at)
    message["Message-ID"] = f"<{ident}@{words.sender.partition('@')[2]}>"
    if words.answers is not None:
        message["In-Reply-To"] = words.answers.message_id
        message["References"] = words.answers.message_id
    if words.auto:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    for n, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary(f"----=_Part_{n}_{ident}")
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _ident(words: Words, at: dt.datetime) -> str:
    parts = [words.sender, words.subject, words.text, at.isoformat(), *(n for n, _ in words.files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _charset(words: Words) -> str:
    return "iso-2022-jp" if words.old_fashioned and _fits_jis(words) else "utf-8"


def _fits_jis(words: Words) -> bool:
    try:
        (words.text + words.subject + words.sender_name + _quoted(words)).encode("iso-2022-jp")
    except UnicodeEncodeError:
        return False
    return True


def _body(words: Words, at: dt.datetime) -> Message:
    text = MIMENonMultipart("text", "plain")
    text.set_payload(words.text + _quoted(words), _charset(words))
    if not words.files:
        return text
    whole = MIMEMultipart("mixed", boundary="x")
    whole.attach(text)
    for part in _parts(words.files, at):
        whole.attach(part)
    return whole


def _parts(files: Iterable[tuple[str, bytes]], _at: dt.datetime) -> Iterable[Message]:
    for name, data in files:
        main, _, sub = _MEDIA.get(name.rpartition(".")[2], "application/octet-stream").partition("/")
        part = MIMEBase(main, sub)
        part.set_payload(data)
        _to_base64(part)
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
        yield part


def _to_base64(part: Message) -> None:
    from email.encoders import encode_base64

    encode_base64(part)


def _quoted(words: Words) -> str:
    """The block Outlook puts above what it quotes."""
    if words.answers is None:
        return ""
    head = [
        "", "", "-----Original Message-----", f"From: {words.to}", f"Sent: {words.answers.sent_on}",
        f"To: {words.sender}", f"Subject: {words.answers.subject}", "",
    ]  # fmt: skip
    return "\n".join(head) + "\n" + words.answers.text


def signature(name: str, office: str) -> str:
    """What stands below every mail of an office."""
    return f"\n\n―――――――――――――――\n{office}\n担当　{name}\n―――――――――――――――\n"


def spoken(day: dt.date) -> str:
    """「令和8年4月7日（火）」."""
    return in_era(day)
