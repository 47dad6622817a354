"""Builders of synthetic mails: raw bytes as mailers write them, without Python's own ideas of correctness."""

import base64

from parsers.mail.message import ParsedMail, read_message
from parsers.reading import ReadingContext

CONTEXT = ReadingContext(fax_senders=("fax@gateway.example",), own_addresses=("roster@hq.example",))
XLSX = b"PK\x03\x04" + b"x" * 200


def mail(
    headers: str = "", body: bytes | str = b"", *, sender: str = "a.sato@pref.example", end: bytes = b"\r\n"
) -> bytes:
    """A mail from `sender` (no From at all when ""), further header lines as one string, lines joined with `end`."""
    head = [f"From: {sender}"] if sender else []
    head += [line for line in headers.strip("\n").split("\n") if line]
    raw = body.encode() if isinstance(body, str) else body
    return end.join(line.encode() for line in head) + end * 2 + raw.replace(b"\r\n", b"\n").replace(b"\n", end)


def said(text: str, headers: str = "", **kwargs: str) -> bytes:
    """A plain UTF-8 mail that says `text`."""
    return mail(f"{headers}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", text, **kwargs)


def part(head: str | bytes, data: bytes | str = b"", *, encode: bool = False) -> bytes:
    """One section: header lines, empty line, body (base64 when `encode`)."""
    lines = head if isinstance(head, bytes) else head.encode()
    raw = data.encode() if isinstance(data, str) else data
    if encode:
        lines += b"\nContent-Transfer-Encoding: base64"
        raw = base64.encodebytes(raw)
    return lines + b"\n\n" + raw


def multipart(kind: str, *sections: bytes, boundary: str = "=_edge") -> tuple[str, bytes]:
    """Content-Type line and body of a multipart."""
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\n" + section + b"\n" for section in sections) + mark + b"--\n"
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"', body


def nested(kind: str, *sections: bytes, boundary: str = "=_inner") -> bytes:
    """A multipart as a section of another one."""
    line, body = multipart(kind, *sections, boundary=boundary)
    return part(line, body)


def with_parts(headers: str, kind: str, *sections: bytes, **kwargs: str) -> bytes:
    """A whole mail made of sections."""
    line, body = multipart(kind, *sections)
    return mail(f"{headers}\nMIME-Version: 1.0\n{line}", body, **kwargs)


def text(words: str) -> bytes:
    """A plain text section."""
    return part("Content-Type: text/plain; charset=utf-8", words)


def attached(name: str = "roster.xlsx", data: bytes = XLSX, media: str = "application/octet-stream") -> bytes:
    """An attachment with an ASCII name."""
    head = f'Content-Type: {media}; name="{name}"\nContent-Disposition: attachment; filename="{name}"'
    return part(head, data, encode=True)


def read(raw: bytes) -> ParsedMail:
    """`read_message` with the context of the tests."""
    return read_message(raw, CONTEXT)
