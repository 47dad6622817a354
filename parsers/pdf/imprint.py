"""What a page prints about itself: roster code, form title, page number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.codes import BadCode, parse_code
from parsers.findings import Note, Problem
from parsers.forms import CODE_LABEL, EDITIONS, FormEdition
from parsers.pdf.page import PageContent
from parsers.pdf.runs import lines_of, runs_of
from parsers.text import fold, label_key

_CODE = re.compile(re.escape(label_key(CODE_LABEL)) + r"[:=]?([0-9a-z-]{10,12})")
_PAGE = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})(?:頁|ページ)")


@dataclass(frozen=True, slots=True)
class Imprint:
    """None or empty where the page says nothing."""

    roster: str | None
    """The one roster code of the page."""
    rosters: tuple[str, ...]
    bad_codes: tuple[str, ...]
    """What stands where a code should, and is none."""
    edition: FormEdition | None
    sheet: int | None
    sheets: int | None

    def notes(self, part: str) -> Iterator[Note]:
        """Problems with the imprint itself."""
        if len(self.rosters) > 1:
            yield Note(Problem.SEVERAL_ROSTER_CODES, " ".join(self.rosters), part)
        if self.bad_codes and not self.rosters:
            yield Note(Problem.BAD_ROSTER_CODE, " ".join(self.bad_codes), part)


def imprint_of(page: PageContent) -> Imprint:
    """Read the imprint."""
    lines = ["".join(run.text for run in line) for line in lines_of(runs_of(page.glyphs, (), ()))]
    keys = [label_key(line) for line in lines]
    good: dict[str, None] = {}
    bad: dict[str, None] = {}
    for found in (match for key in keys for match in _CODE.findall(key)):
        try:
            good[parse_code(found[:10])] = None
        except BadCode:
            bad[found] = None
    numbered = next((m for line in keys if (m := _PAGE.search(line))), None)
    return Imprint(
        next(iter(good)) if len(good) == 1 else None,
        tuple(good),
        tuple(bad),
        _edition(keys),
        int(numbered[1]) if numbered else None,
        int(numbered[2]) if numbered else None,
    )


def _edition(keys: list[str]) -> FormEdition | None:
    named = [e for e in EDITIONS.values() if any(label_key(fold(e.title)) in key for key in keys)]
    return named[0] if len(named) == 1 else None
