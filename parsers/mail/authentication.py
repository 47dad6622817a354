"""Whether the server that received a mail vouches for its author: the topmost Authentication-Results (RFC 8601).

Only the header of the server we trust counts, by its authserv-id; that server must remove forged ones that bear its
name (RFC 8601 §5). What passes must be aligned with the author's domain (RFC 7489 §3.1): the same domain, or one above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

_MAX_CHARACTERS = 20_000
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PAIR = re.compile(r"(?P<name>[A-Za-z][\w.\-]*)\s*=\s*(?P<value>[^\s;]+)")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9\-.]*[a-z0-9])?")


class Verdict(StrEnum):
    """What the server says of the author."""

    PASSED = "passed"
    FAILED = "failed"
    """It says that the mail is not by its author."""
    UNKNOWN = "unknown"
    """It says nothing, or it is not the server we trust."""


class _Method(NamedTuple):
    name: str
    result: str
    properties: dict[str, str]


def author_verdict(header: str, authserv_id: str, author: str) -> Verdict:
    """Judge the topmost Authentication-Results `header` of a mail by `author`; `authserv_id` "" trusts no server."""
    domain = author.rpartition("@")[2].lower()
    server, _, rest = _plain(header[:_MAX_CHARACTERS]).partition(";")
    named = server.split()
    if not authserv_id or not domain or not named or named[0].lower() != authserv_id.lower():
        return Verdict.UNKNOWN
    methods = list(_methods(rest))
    if any(m.name == "dmarc" and m.result == "fail" for m in methods):
        return Verdict.FAILED
    if any(m.result == "pass" and _vouches(m, domain) for m in methods):
        return Verdict.PASSED
    failed = any(m.name in _VOUCHED and m.result in {"fail", "permerror"} for m in methods)
    return Verdict.FAILED if failed else Verdict.UNKNOWN


def _plain(header: str) -> str:
    """Without comments, quoted strings emptied of what could be taken for structure (RFC 8601 §2.2)."""
    out: list[str] = []
    depth = at = 0
    while at < len(header):
        quoted = _QUOTED.match(header, at) if header[at] == '"' else None
        if header[at] == "\\" and depth:
            at += 2
            continue
        if quoted is not None and not depth:
            out.append(re.sub(r"[\s;=()]", "_", quoted.group(1)))
            at = quoted.end()
            continue
        depth += {"(": 1, ")": -1 if depth else 0}.get(header[at], 0)
        if not depth and header[at] != ")":
            out.append(header[at])
        at += 1
    # A comment that never ends swallows the rest: nothing after it counts.
    return re.sub(r"\s+", " ", "".join(out))


def _methods(rest: str) -> Iterator[_Method]:
    for part in rest.split(";"):
        pairs = [(m["name"].lower(), m["value"].lower()) for m in _PAIR.finditer(part)]
        if pairs and part.strip().lower().startswith(pairs[0][0]):
            yield _Method(pairs[0][0], pairs[0][1], dict(reversed(pairs[1:])))


_VOUCHED = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
}
"""Method → properties that name the domain it speaks of, the more exact first."""


def _vouches(method: _Method, domain: str) -> bool:
    named = next((method.properties[p] for p in _VOUCHED.get(method.name, ()) if p in method.properties), "")
    spoken = named.rpartition("@")[2].rstrip(".")
    if not _DOMAIN.fullmatch(spoken) or "." not in spoken:
        return False
    return domain == spoken if method.name == "dmarc" else domain == spoken or domain.endswith(f".{spoken}")
