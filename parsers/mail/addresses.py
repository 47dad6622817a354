"""Addresses of From, To, Cc and their kin (RFC 5322 §3.4), and the plus-part of an address (RFC 5233)."""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.mail.headers import Headers, decode_words

MAX_ADDRESSES = 200
_MAX_BYTES = 32_768
_LOCAL = r"[^\s<>,;:\"()\[\]@\\]{1,128}"
_DOMAIN = r"[A-Za-z0-9.\-\[\]:_\u0080-\uffff]{1,255}"
_ANGLE = re.compile(rf"<\s*(?:@[^<>:]{{1,255}}:)?\s*(\"[^\"<>]{{1,128}}\"|{_LOCAL})@({_DOMAIN})\s*>")
_BARE = re.compile(rf"(?<![^\s<>,;:\"()])(\"[^\"<>]{{1,128}}\"|{_LOCAL})@({_DOMAIN})")
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9._%+\-=])([A-Za-z0-9._%+\-=/?!#$&'*^{}|~]{1,64})"
    r"@([A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8})"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Mailbox(NamedTuple):
    """One address, lower case, and the name written with it ("" if none)."""

    address: str
    name: str


def sender(headers: Headers) -> Mailbox:
    """The author: From, else Sender; the address is "" when neither holds one."""
    for field in ("from", "sender"):
        raw = headers.raw(field)[:_MAX_BYTES]
        if raw:
            found = _addresses(raw)
            return Mailbox(found[0].lower() if found else "", _display_name(raw))
    return Mailbox("", "")


def authors(headers: Headers) -> tuple[str, ...]:
    """Every address of every From field, lower case, as often as it stands there: an honest mail has one."""
    return tuple(a.lower() for raw in headers.all_raw("from") for a in _addresses(raw[:_MAX_BYTES]))[:MAX_ADDRESSES]


def addresses(headers: Headers, *fields: str) -> tuple[str, ...]:
    """Every address of the named fields, lower case, each once, in order of appearance, at most MAX_ADDRESSES."""
    return tuple(dict.fromkeys(a.lower() for a in cased_addresses(headers, *fields)))[:MAX_ADDRESSES]


def cased_addresses(headers: Headers, *fields: str) -> tuple[str, ...]:
    """Like `addresses`, in the case they are written: the plus-part of an address may be signed."""
    found = (a for field in fields for raw in headers.all_raw(field) for a in _addresses(raw[:_MAX_BYTES]))
    return tuple(dict.fromkeys(found))[: MAX_ADDRESSES * 2]


def find_addresses(text: str) -> tuple[str, ...]:
    """Every address in running text, lower case, each once."""
    found = (_joined(m).lower() for m in _IN_TEXT.finditer(text[:_MAX_BYTES]))
    return tuple(dict.fromkeys(found))[:MAX_ADDRESSES]


def plus_part(address: str) -> str:
    """What stands between the first "+" of the local part and the "@"; "" if nothing does."""
    local = address.rpartition("@")[0]
    return local.partition("+")[2]


def _addresses(raw: bytes) -> list[str]:
    text = raw.decode("utf-8", "replace")
    # A display name may itself look like an address; what stands in angle brackets outside of quotes is meant.
    outside = _QUOTED.sub(_keep_quoted_local, text)
    found = [_joined(m) for m in _ANGLE.finditer(outside)]
    if found:
        loose = _ANGLE.sub(" ", outside)
        return found + [_joined(m) for m in _BARE.finditer(_after_names(loose))]
    return [_joined(m) for m in _BARE.finditer(outside)]


def _keep_quoted_local(match: re.Match[str]) -> str:
    follows = match.string[match.end() : match.end() + 1]
    return match.group(0) if follows == "@" else " "


def _after_names(loose: str) -> str:
    """Parts of a list that are an address and nothing else; words beside an angle address are its name."""
    return ",".join(part for part in re.split(r"[,;]", loose) if re.fullmatch(r"\s*\S+@\S+\s*", part))


def _joined(match: re.Match[str]) -> str:
    return f"{match.group(1)}@{match.group(2)}".rstrip(".")


def _display_name(raw: bytes) -> str:
    text = decode_words(raw).text
    head, bracket, _ = text.rpartition("<")
    if not bracket:
        comment = re.search(r"\(([^()]{1,200})\)", text)
        return comment.group(1).strip() if comment else ""
    name = head.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name.strip().strip("\"'").strip()[:200]
