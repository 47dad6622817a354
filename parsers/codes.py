"""Roster codes for people and page codes for machines (contract 3.2).

A *roster code* is ten symbols of Crockford's base 32: eight carry 40 unguessable bits, two are check symbols
(the value modulo 1021, the largest prime below 2**10: every single wrong symbol and every swap of neighbours
is noticed).

A *page code* is the 20 symbols inside the QR, the capacity of a version 2-H symbol in alphanumeric mode:

    form edition (2) · roster code (10) · page (1) · pages (1) · first row (2) · check (2) · seal (2)

The check holds without a key, so a page can be placed without the database; the seal is a truncated HMAC that only
the installation which printed the page can make, so a forged code is noticed where the key is at hand.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {c: i for i, c in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_CHECK_MODULUS = 1021
ROSTER_SYMBOLS = 10
PAGE_SYMBOLS = 20


class BadCode(ValueError):
    """Not one of our codes: wrong length, a foreign symbol, or check symbols that do not fit."""


def encode(number: int, symbols: int) -> str:
    """Write `number` (>= 0) with exactly `symbols` base-32 digits; raises ValueError when it does not fit."""
    if number < 0 or number >= 32**symbols:
        raise ValueError(f"{number} does not fit into {symbols} symbols")
    digits = []
    for _ in range(symbols):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def decode(text: str) -> int:
    """Inverse of `encode`; o, i, l and lower case are forgiven as Crockford asks. Raises BadCode."""
    number = 0
    for symbol in text.upper():
        if symbol not in _VALUE:
            raise BadCode(f"no symbol of base 32: {symbol!r}")
        number = number * 32 + _VALUE[symbol]
    return number


def make_code(key: bytes, label: str) -> str:
    """The ten-symbol code that belongs to `label` in the installation that owns `key`."""
    digest = hmac.new(key, label.encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:5], "big")
    return encode(number, 8) + encode(number % _CHECK_MODULUS, 2)


def parse_code(text: str) -> str:
    """Normalise a ten-symbol code as read from paper or typed by hand; raises BadCode unless its check fits."""
    plain = "".join(c for c in text.upper() if c not in " -　")
    if len(plain) != ROSTER_SYMBOLS:
        raise BadCode(f"{len(plain)} symbols instead of {ROSTER_SYMBOLS}")
    number, check = decode(plain[:8]), decode(plain[8:])
    if number % _CHECK_MODULUS != check:
        raise BadCode("check symbols do not fit")
    return encode(number, 8) + encode(check, 2)


@dataclass(frozen=True, slots=True)
class PageCode:
    """What the QR of one page says."""

    edition: int
    """Number of the form edition (`parsers.forms`), 0–1023."""
    roster: str
    page: int
    """1-based, at most 31."""
    pages: int
    first_row: int
    """No. of the first row on the page, 1-based, at most 1023."""

    def text(self, key: bytes) -> str:
        """The 20 symbols to print."""
        body = (
            encode(self.edition, 2)
            + self.roster
            + encode(self.page, 1)
            + encode(self.pages, 1)
            + encode(self.first_row, 2)
        )
        checked = body + encode(decode(body) % _CHECK_MODULUS, 2)
        return checked + _seal(key, checked)


def parse_page_code(text: str) -> PageCode:
    """Read the 20 symbols of a QR; raises BadCode when they are not ours. Does not look at the seal."""
    if len(text) != PAGE_SYMBOLS:
        raise BadCode(f"{len(text)} symbols instead of {PAGE_SYMBOLS}")
    body, check = text[:16], text[16:18]
    if decode(body) % _CHECK_MODULUS != decode(check):
        raise BadCode("check symbols do not fit")
    code = PageCode(decode(body[:2]), parse_code(body[2:12]), decode(body[12]), decode(body[13]), decode(body[14:16]))
    if not (1 <= code.page <= code.pages and code.first_row >= 1):
        raise BadCode("page, pages or first row out of range")
    return code


def seal_fits(text: str, key: bytes) -> bool:
    """Whether the page code `text` was made with `key`."""
    return len(text) == PAGE_SYMBOLS and hmac.compare_digest(text[18:], _seal(key, text[:18]))


def _seal(key: bytes, checked: str) -> str:
    digest = hmac.new(key, b"page:" + checked.encode(), hashlib.sha256).digest()
    return encode(int.from_bytes(digest[:2], "big") >> 6, 2)
