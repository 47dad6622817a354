"""Which pages of a document are known to be pages of ours: by the seal in their code, or because a person says so.

A page code can be copied out of another one and typed by anybody; the seal in it can be made with our key only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from daemon.ports import Transaction
from parsers.codes import BadCode, PageCode, parse_page_code, seal_fits
from parsers.findings import Document, Finding, Page
from parsers.reading import NamedPage

_Place = tuple[str, int]
"""Part and page."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What speaks for the pages of one document."""

    sealed: frozenset[tuple[str, int, str]] = frozenset()
    """Part, page and roster of pages whose seal was made with our key."""
    named: Mapping[_Place, str] = field(default_factory=dict)
    """Part and page → who named it."""

    def is_ours(self, place: Finding | Page) -> bool:
        """Whether the page a value was read from, or the page itself, is known to be ours."""
        return self.is_sealed(place) or self.named_by(place) != ""

    def is_sealed(self, place: Finding | Page) -> bool:
        """Whether our own code stands on it."""
        return (*_place(place), place.roster or "") in self.sealed

    def named_by(self, place: Finding | Page) -> str:
        """Who said which page it is; "" when its own code does."""
        return "" if self.is_sealed(place) else self.named.get(_place(place), "")


def _place(place: Finding | Page) -> _Place:
    if isinstance(place, Page):
        return place.part, place.page
    return place.evidence.part, place.evidence.page or 0


def vouched(tx: Transaction, key: bytes, ledger_id: int, document: Document) -> Vouched:
    """Check every page code of the document, and look up what people said about the mail."""
    good: set[tuple[str, int, str]] = set()
    bad: set[tuple[str, int, str]] = set()
    for page in document.pages:
        if page.roster:
            where = (page.part, page.page, page.roster)
            (good if _is_sealed(page, key) else bad).add(where)
    named = {(n.part, n.page): who for n, who in _named(tx, ledger_id)}
    return Vouched(frozenset(good - bad), named)


def _is_sealed(page: Page, key: bytes) -> bool:
    """The seal fits, and the code says what the reader made of it."""
    try:
        code = parse_page_code(page.code)
    except BadCode:
        return False
    return seal_fits(page.code, key) and (code.roster, code.page, code.pages) == (page.roster, page.sheet, page.sheets)


# -- what people named -----------------------------------------------------------------------------------------


def named_pages(tx: Transaction, ledger_id: int) -> tuple[NamedPage, ...]:
    """The pages of the mail that people named."""
    return tuple(page for page, _ in _named(tx, ledger_id))


def name_page(tx: Transaction, ledger_id: int, where: _Place, code: PageCode, by: str) -> None:
    """Write down that a page of the mail is that page of a roster; a second word about it replaces the first."""
    page = NamedPage(*where, code.edition, code.roster, code.page, code.pages, code.first_row)
    others = [(n, who) for n, who in _named(tx, ledger_id) if (n.part, n.page) != where]
    lines = [asdict(n) | {"by": who} for n, who in (*others, (page, by))]
    tx.set_fact(_fact(ledger_id), json.dumps(lines, ensure_ascii=False))


def _named(tx: Transaction, ledger_id: int) -> Iterable[tuple[NamedPage, str]]:
    for line in json.loads(tx.get_fact(_fact(ledger_id)) or "[]"):
        yield NamedPage(**{k: v for k, v in line.items() if k != "by"}), line["by"]


def _fact(ledger_id: int) -> str:
    return f"named-pages:{ledger_id}"
