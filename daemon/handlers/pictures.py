"""Pictures of what was read: believed only when they came along, kept with the rows that name them, given out again.

A reader names pictures by hash. It works on bytes of strangers, so a hash counts only if the picture with exactly that
content came with the document: otherwise a reader taken over could pass off any stored file as the picture of a cell,
and have it shown, exported or removed as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from daemon.errors import Refused
from daemon.handlers.tombstones import raw_of, revive
from daemon.ports import Kit, Transaction
from parsers.findings import Document, Evidence, Finding, Page, Picture
from parsers.pictures import is_png, size_px

PICTURE_BYTES_MOST = 2_000_000
_SIDE_PX_MOST = 8_000
"""More than a page at 400 dpi; a mail program unpacks what it shows."""


def believed(document: Document) -> Document:
    """The document with sound pictures only, and with no evidence that names another one."""
    pictures = tuple(p for p in document.pictures if _is_sound(p))
    there = {p.sha256 for p in pictures}
    return replace(
        document,
        pictures=pictures,
        findings=tuple(_finding(f, there) for f in document.findings),
        pages=tuple(_page(p, there) for p in document.pages),
    )


def _is_sound(picture: Picture) -> bool:
    if len(picture.png) > PICTURE_BYTES_MOST or not is_png(picture.png):
        return False
    size = size_px(picture.png)
    return size is not None and min(size) > 0 and max(size) <= _SIDE_PX_MOST


def _finding(finding: Finding, there: set[str]) -> Finding:
    evidence = finding.evidence
    if evidence.crop_sha256 in there | {""}:
        return finding
    return replace(finding, evidence=replace(evidence, crop_sha256=""))


def _page(page: Page, there: set[str]) -> Page:
    header, picture = (h if h in there else "" for h in (page.header_sha256, page.picture_sha256))
    return replace(page, header_sha256=header, picture_sha256=picture)


def keep(tx: Transaction, kit: Kit, document: Document, ledger_id: int) -> None:
    """Store the pictures that rows of this mail name; called last in the transaction that wrote the rows.

    A crash after this leaves files no row names; the mail is then worked on again and names the same ones.
    """
    named = {r.evidence.crop_sha256 for r in tx.readings(ledger_id=ledger_id)}
    named |= {h for p in tx.pages(ledger_id=ledger_id) for h in (p.header_sha256, p.picture_sha256)}
    wanted = {p.sha256: p.png for p in document.pictures if p.sha256 in named}
    kit.blobs.put_many(wanted.values())
    revive(tx, wanted)


def crops_of(tx: Transaction, enrollment_id: str) -> list[str]:
    """Pictures of the row alone: one that other rows are read from as well (全員同日) belongs to nobody."""
    readings = tx.readings(enrollment_id=enrollment_id)
    own = {r.evidence.crop_sha256 for r in readings} - {""}
    mails = {r.ledger_id for r in readings if r.evidence.crop_sha256 and r.ledger_id is not None}
    shared = {
        r.evidence.crop_sha256
        for ledger_id in mails
        for r in tx.readings(ledger_id=ledger_id)
        if r.enrollment_id != enrollment_id
    }
    return sorted(own - shared)


def header_of(tx: Transaction, ledger_id: int | None, evidence: Evidence) -> str:
    """What the machines printed above the form on the page the evidence lies on; "" = nothing, or no fax."""
    if ledger_id is None or not evidence.page:
        return ""
    pages = tx.pages(ledger_id=ledger_id)
    return next((p.header for p in pages if (p.part, p.page) == (evidence.part, evidence.page)), "")


def picture_for(kit: Kit, review_id: int) -> bytes:
    """PNG of the cell or page a question is about; raises Refused when there is none or it was removed."""
    with kit.store.snapshot() as tx:
        try:
            sha256 = tx.get_review(review_id).evidence.crop_sha256
        except KeyError:
            raise Refused(f"#{review_id} という確認事項はありません") from None
    if not sha256:
        raise Refused(f"#{review_id} には画像がありません（原本は meibod mail show で書き出せます）")
    return raw_of(kit, sha256)


def all_named(tx: Transaction) -> Iterable[tuple[str, str]]:
    """Hash and owner of every picture a row names, for the proof that all of them are there."""
    for reading in tx.readings():
        if reading.evidence.crop_sha256:
            yield reading.evidence.crop_sha256, f"reading {reading.reading_id}"
    for page in tx.pages():
        for sha256 in (page.header_sha256, page.picture_sha256):
            if sha256:
                yield sha256, f"page {page.page_id}"
