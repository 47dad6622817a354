"""Everything in a mail that may name one of our own mails or rosters, unverified (design §3.2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from parsers.codes import BadCode, parse_code
from parsers.findings import Tokens
from parsers.mail.addresses import cased_addresses, plus_part
from parsers.mail.headers import Headers

MAX_TOKENS = 100
_MAX_CHARACTERS = 400_000
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_URL = re.compile(r"(?:https?|ftp|cid)://?[!-~]{1,4000}|cid:[!-~]{1,400}", re.IGNORECASE)
_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{10}(?![0-9A-Za-z])")
_LABELLED = re.compile(
    r"(?:回付|整理|管理|受付|照会)?(?:番号|コード|No)[\]】〕)]?\s*[:：は=]?\s*[\[【〔(「]?\s*"
    r"([0-9A-Za-z](?:[\-‐−– ]?[0-9A-Za-z]){9})(?![0-9A-Za-z])"
)
_RECIPIENTS = (
    "to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "apparently-to", "x-forwarded-to",
    "resent-to", "x-rcpt-to",
)  # fmt: skip


def find_tokens(headers: Headers, texts: Iterable[str]) -> Tokens:
    """References, plus-parts and codes; `texts` in the order of trust: subject, said, file names, quoted text."""
    return Tokens(references(headers), _plus_parts(headers), find_codes(texts))


def references(headers: Headers) -> tuple[str, ...]:
    """Message-IDs of In-Reply-To, then of References from its end: nearest first, each once."""
    found: list[str] = _MESSAGE_ID.findall(headers.raw("in-reply-to").decode("utf-8", "replace"))
    for raw in headers.all_raw("references"):
        found += reversed(_MESSAGE_ID.findall(raw.decode("utf-8", "replace")))
    return tuple(dict.fromkeys(found))[:MAX_TOKENS]


def find_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Codes with valid check symbols, normalised, each once.

    One random word of ten symbols in 1 021 passes the check, so a code must stand alone, in capitals, with a digit and
    a letter; after 「回付番号」 and its kin it may also be typed in small letters, in groups, or be of one kind only.
    """
    found = (code for text in texts for code in _codes(text[:_MAX_CHARACTERS]))
    return tuple(dict.fromkeys(found))[:MAX_TOKENS]


def _codes(text: str) -> Iterator[str]:
    plain = _URL.sub(" ", unicodedata.normalize("NFKC", text))
    candidates = [(m.start(1), m.group(1)) for m in _LABELLED.finditer(plain)]
    candidates += [(m.start(), m.group()) for m in _CODE.finditer(plain) if _mixed(m.group())]
    for _, candidate in sorted(candidates):
        try:
            yield parse_code(re.sub(r"[^0-9A-Za-z]", "", candidate))
        except BadCode:
            continue


def _mixed(word: str) -> bool:
    return not word.isdigit() and not word.isalpha()


def _plus_parts(headers: Headers) -> tuple[str, ...]:
    found = (plus_part(address) for address in cased_addresses(headers, *_RECIPIENTS))
    return tuple(dict.fromkeys(part for part in found if part))[:MAX_TOKENS]
