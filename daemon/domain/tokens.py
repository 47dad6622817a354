"""Tokens that outgoing mail carries so that an answer finds its way home, each independent of the others.

* Message-ID: unguessable, derived from what the mail is, so a repeated attempt carries the same one.
* plus-address in Reply-To: dispatch code with a seal (when the mailbox takes plus-addresses).
* dispatch code in the subject, roster codes in documents: unguessable themselves, looked up in the store.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from parsers.codes import BadCode, encode, make_code, parse_code


def _mac(key: bytes, text: str, symbols: int) -> str:
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return encode(int.from_bytes(digest[:16], "big") % 32**symbols, symbols)


def message_id(key: bytes, dedupe_key: str, content_sha256: str, domain: str) -> str:
    """The Message-ID of the mail `dedupe_key` with that content, angle brackets included (RFC 5322 §3.6.4)."""
    return f"<{_mac(key, f'mid:{dedupe_key}:{content_sha256}', 20).lower()}@{domain}>"


def plus_address(key: bytes, address: str, dispatch_id: str) -> str:
    """`address` with the signed plus-part that names the dispatch."""
    local, _, domain = address.partition("@")
    return f"{local}+{dispatch_id.lower()}{_mac(key, f'plus:{dispatch_id}', 4).lower()}@{domain}"


def dispatch_of_plus(key: bytes, plus: str) -> str | None:
    """The dispatch a plus-part names; None when it is not ours or its seal is wrong."""
    text = plus.upper()
    if len(text) != 14:
        return None
    try:
        code = parse_code(text[:10])
    except BadCode:
        return None
    return code if hmac.compare_digest(_mac(key, f"plus:{code}", 4), text[10:]) else None


def roster_code(
    key: bytes, training_id: str, prefecture: str, centre: str, pension_office: str, *, after: bool = False
) -> str:
    """回付番号 of one roster; `after`: the one with results, a code of its own."""
    kind = "results" if after else "roster"
    return make_code(key, f"{kind}|{training_id}|{prefecture}|{centre}|{pension_office}")


def dispatch_code(key: bytes, training_id: str, prefecture: str, *, after: bool = False) -> str:
    """整理番号 of one mailing; `after`: the one with results."""
    return make_code(key, f"{'results-dispatch' if after else 'dispatch'}|{training_id}|{prefecture}")


def enrollment_code(key: bytes, training_id: str, centre: str, name: str, kana: str, nth: int) -> str:
    """Key of one trainee in one training; says nothing about the person without the installation's secret."""
    return "E" + _mac(key, f"enrollment|{training_id}|{centre}|{name}|{kana}|{nth}", 12)


_TICKET = re.compile(r"\[([0-9A-HJKMNP-TV-Z]{16})\]")


def ticket(key: bytes, dedupe_key: str) -> str:
    """Sixteen symbols (80 bits) that name a mail of ours to the admins, for the subject of links in it."""
    return _mac(key, f"ticket:{dedupe_key}", 16)


def tickets_in(subject: str) -> tuple[str, ...]:
    """Everything in a subject that may be a ticket."""
    return tuple(_TICKET.findall(subject.upper()))
