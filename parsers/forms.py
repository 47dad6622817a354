"""The form editions: which fields a roster of each kind has, under which number its page code travels.

An edition never changes once a sheet of it has left the house; a new layout is a new edition. The geometry of an
edition is a function of the edition alone and lives with its Typst template (`mail_templates/forms`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from parsers.codes import BadCode, decode, parse_code
from parsers.findings import Field

XLSX_PROPERTY = "meibod-roster"
"""Custom document property of our workbooks: the roster code."""
KEY_HEADER = "照合キー"
"""Header of the hidden key column of our workbooks."""
CODE_LABEL = "回付番号"
"""Printed before the roster code, on paper and in the workbook (the code stands in the same or the next cell)."""


RESULTS_PROPERTY = "meibod-results"
"""Custom document property of an exported register of results: the training."""
COMPLETED, NOT_COMPLETED, WITHDRAWN = "completed", "not-completed", "withdrawn"
RESULTS = {COMPLETED: "修了", NOT_COMPLETED: "未修了", WITHDRAWN: "辞退"}
"""Value of `Field.COMPLETED` → as printed."""
REASONS = {"retired": "退職", "transferred": "転出", "other": "その他"}
"""Value of `Field.NO_DESTINATION_REASON` → as printed; also the options of the choice (contract 3.3)."""
STAYS = "stays"
"""Value of `Field.DESTINATION` for the tick 現所属センターのまま: the centre of the roster."""
STAYS_LABEL = "現所属センターのまま"
SUBFIELD_STAYS = "destination_stays"
"""Name of that tick in the layout manifest: a tick of its own beside the field `destination`."""


def results_key(training: str, enrollment: str) -> str:
    """What the hidden key cell of a line of the register of results holds."""
    return f"results/{training}/{enrollment}"


def parse_results_key(text: str) -> tuple[str, str] | None:
    """Training and enrollment of such a key cell; None when it is none of ours."""
    kind, _, rest = text.strip().partition("/")
    training, _, enrollment = rest.rpartition("/")
    return (training, enrollment) if kind == "results" and training and enrollment else None


def row_key(roster: str, row: int, enrollment: str) -> str:
    """What the hidden key cell of a row holds; survives sorting, filtering, inserting and re-saving."""
    return f"{roster}/{row}/{enrollment}"


def parse_row_key(text: str) -> tuple[str, int, str] | None:
    """Roster code, row No. and enrollment of a key cell; None when it is none of ours."""
    parts = text.strip().split("/")
    if len(parts) != 3 or not parts[1].isdigit():
        return None
    try:
        return parse_code(parts[0]), int(parts[1]), parts[2]
    except BadCode:
        return None


ROW_MARKS = "ABCDEFGHJKMNPQRSTVW"
"""Letters of the row check: no digits, and none that is mistaken for one. Nineteen, a prime: every single wrong
digit of a row No. and every swap of its two digits changes the letter."""


def row_check(roster: str, row: int) -> str:
    """The one letter printed behind the row No. beside the boxes, so that a cut-out cell still names its row."""
    return ROW_MARKS[(decode(roster[:8]) + row) % len(ROW_MARKS)]


@dataclass(frozen=True, slots=True)
class FormEdition:
    """One printed layout."""

    name: str
    """As in the layout manifest, e.g. "pre-new-id/1"."""
    number: int
    """As in the page code, 0–1023."""
    title: str
    """名簿の名称 as printed."""
    fields: tuple[Field, ...]
    """Fields an office fills in, in reading order."""
    rows_per_page: int

    @property
    def dates(self) -> tuple[Field, ...]:
        """Those of the fields that hold a date."""
        return tuple(f for f in self.fields if f.is_date)

    @property
    def after_training(self) -> bool:
        """Whether it asks for placement and deletion instead of a registration."""
        return Field.DESTINATION in self.fields

    def sheets(self, numbers: Collection[int]) -> tuple[range, ...]:
        """Row Nos. on each printed page, at least one page; `numbers` are those of the trainees on the roster.

        A page is read by position and the No. of its first row, so the Nos. on it are consecutive: one that nobody has
        any more keeps its line, void.
        """
        if not numbers:
            return (range(1, 1),)
        end = max(numbers) + 1
        starts = range(min(numbers), end, self.rows_per_page)
        return tuple(range(first, min(first + self.rows_per_page, end)) for first in starts)


PRE_EXISTING_ID = FormEdition(
    "pre-existing-id/1", 1, "受講者名簿（ＩＤ兼務登録用）", (Field.CONCURRENT_REGISTERED_ON,), 12
)
PRE_NEW_ID = FormEdition(
    "pre-new-id/1", 2, "受講者名簿（ＩＤ登録用）", (Field.ID_REGISTERED_ON, Field.CONCURRENT_REGISTERED_ON), 12
)

POST = FormEdition(
    "post/1",
    3,
    "受講者名簿（修了の有無記載済み）",
    (Field.DESTINATION, Field.NO_DESTINATION_REASON, Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON),
    8,
)

EDITIONS = {e.name: e for e in (PRE_EXISTING_ID, PRE_NEW_ID, POST)}
EDITIONS_BY_NUMBER = {e.number: e for e in EDITIONS.values()}
