"""What gateways and fax machines say about a fax outside of its pages: numbers, times, how many pages there were.

All of it was typed by whoever installed a machine, or read off a line of noise: evidence for routing and for a
question, never proof of who sent what (reference capture.md §3.2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from daemon.domain.directory import FaxGateway

_TEXT_MOST = 300
"""Characters of a subject or file name a pattern of HQ's is tried on."""
_NUMBER = re.compile(r"(?<!\d)\+?\d[\d\-() ]{7,16}\d(?!\d)")
_COUNT = re.compile(
    r"(?:\b(?:pages?|pg|p)|頁|ページ)\s*[.:]?\s*(\d{1,3})\s*(?:/|of|の)\s*(\d{1,3})(?!\d|/)|"
    r"(?<![\d/])(\d{1,3})\s*(?:/|of|の)\s*(\d{1,3})\s*(?:頁|ページ|pages?\b|p\b)|"
    r"(?<![\d/])(0\d{2})/(0\d{2})(?![\d/])",
    re.IGNORECASE,
)
"""P.001/003, 2/3 頁, 001/003; a bare 4/10 is a day."""
_PAGES_MOST = 200


@dataclass(frozen=True, slots=True)
class Slip:
    """What the mail of a gateway says about the fax in it."""

    csid: str = ""
    """Number or name the sending machine gave itself."""
    received: str = ""
    """When the gateway took the call, in its own spelling."""
    pages: int | None = None
    """How many pages the fax had; None = not said."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many pages a fax had, and which of them a mail brought, as its header lines say."""

    total: int
    seen: tuple[int, ...]
    """Numbers of the pages whose header line could be read, ascending."""


def slip_of(gateway: FaxGateway, subject: str, files: Iterable[str]) -> Slip:
    """Read subject and file names by the patterns of the gateway; what no group names stays empty."""
    found: dict[str, str] = {}
    for pattern, texts in ((gateway.subject_pattern, (subject,)), (gateway.file_pattern, tuple(files))):
        for text in texts if pattern else ():
            match = re.search(pattern, text[:_TEXT_MOST])
            given = {} if match is None else match.groupdict()
            found = {**{k: v.strip() for k, v in given.items() if v}, **found}
    return Slip(found.get("csid", ""), found.get("received", ""), _pages(found.get("pages", "")))


def _pages(text: str) -> int | None:
    """3 of "3", "003" and "1/3"."""
    numbers = re.findall(r"\d{1,4}", unicodedata.normalize("NFKC", text))
    return int(numbers[-1]) if numbers and 1 <= int(numbers[-1]) <= _PAGES_MOST else None


def counted(headers: Sequence[str]) -> Count | None:
    """The count that the header lines of the pages of one mail, in order, agree on; None when they do not.

    A page that was faxed twice has two lines, the newer one on top. Of the numbers in them those count that stay the
    same from page to page while the page number rises.
    """
    lines = [_counts(h) for h in headers]
    told = [line for line in lines if line]
    for total in dict.fromkeys(n for line in told for _, n in line):
        seen = [next((k for k, n in line if n == total), 0) for line in told]
        if all(seen) and all(a < b for a, b in pairwise(seen)):
            return Count(total, tuple(seen))
    return None


def _counts(header: str) -> list[tuple[int, int]]:
    found = []
    for match in _COUNT.finditer(unicodedata.normalize("NFKC", header)):
        page, pages = (int(g) for g in match.groups() if g is not None)
        if 1 <= page <= pages <= _PAGES_MOST:
            found.append((page, pages))
    return found


def numbers_in(text: str) -> tuple[str, ...]:
    """Telephone numbers in a line, as `dialled` gives them."""
    return tuple(dialled(n) for n in _NUMBER.findall(unicodedata.normalize("NFKC", text)))


def dialled(number: str) -> str:
    """The digits of a number as dialled within Japan: +81 45 123 4567 and 045-123-4567 are one."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", number) if c.isascii() and c.isdigit())
    plain = unicodedata.normalize("NFKC", number).lstrip(" (")
    return f"0{digits[2:].lstrip('0')}" if plain.startswith(("+81", "81-", "81 ")) else digits
