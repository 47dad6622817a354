"""Mails of a fax gateway and what a reader finds in them, made by hand: real handlers, told what the pixels say."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Any

from daemon.domain.directory import FaxGateway
from daemon.domain.model import Roster
from parsers.codes import PageCode
from parsers.findings import (
    Decision,
    Document,
    Evidence,
    Field,
    Finding,
    Page,
    PageKind,
    Picture,
    Problem,
)
from parsers.reading import ReadingContext, read_file
from tests.fakes.house import ADDRESS, KEY, House

GATEWAY = FaxGateway("本部複合機", "fax@hq.example.jp", r"^Fax from (?P<csid>[^(]+?)(?: \((?P<pages>\d+) pages\))?$")
CROP_PX = (256, 46)


def png(label: str, size: tuple[int, int] = CROP_PX) -> bytes:
    """A black and white picture that differs from label to label."""
    wide, tall = size
    noise = hashlib.sha256(label.encode()).digest()
    rows = b"".join(b"\0" + (noise * wide)[: (wide + 7) // 8] for _ in range(tall))
    head = struct.pack(">IIBBBBB", wide, tall, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@dataclass
class Said:
    """What a reader finds on one page."""

    roster: str | None = None
    """None = it cannot place the page."""
    dates: Mapping[int, str] = field(default_factory=dict)
    """Row No. → ISO date both readers agree on."""
    findings: Sequence[Finding] = ()
    """Anything else."""
    pictures: tuple[Picture, ...] = ()
    sheet: int = 1
    sheets: int = 1
    first_row: int = 1
    edition: int = 1
    header: str = ""
    key: bytes = KEY
    """Whose seal is on it."""
    kind: PageKind = PageKind.FORM
    guesses: tuple[str, ...] = ()
    part: str = "2/fax.tif"


def page_of(said: Said, number: int, *, named: bool = False) -> tuple[Page, tuple[Picture, ...]]:
    """The page with its pictures."""
    shown = [Picture(png(f"header {said.header}", (1720, 96)))] if said.header else []
    header = shown[0].sha256 if shown else ""
    if said.roster is None:
        whole = () if said.kind is PageKind.BLANK else (Picture(png(f"page {number} {said.header}", (860, 1200))),)
        problems = (Problem.IMAGE_NOT_READ,) if whole else ()
        page = Page(
            number, said.kind, problems=problems, part=said.part, header=said.header, header_sha256=header,
            guesses=said.guesses, picture_sha256=whole[0].sha256 if whole else "",
        )  # fmt: skip
        return page, (*shown, *whole)
    code = PageCode(said.edition, said.roster, said.sheet, said.sheets, said.first_row).text(said.key)
    page = Page(
        number, PageKind.FORM, said.roster, "pre-existing-id/1", said.sheet, said.sheets, 0, 0.12, part=said.part,
        header=said.header, header_sha256=header, code="" if named else code,
    )  # fmt: skip
    return page, tuple(shown)


def date_finding(said: Said, page: int, row: int, day: str, **changes: Any) -> tuple[Finding, Picture]:
    """A date both readers agree on, with its crop."""
    crop = Picture(png(f"{said.roster}/{row}/{day}"))
    digits = f"{int(day[:4]) - 2018:02d}{day[5:7]}{day[8:10]}"
    evidence = Evidence(
        said.part, page, (118.0, 92.0, 62.0, 9.0), crop_sha256=crop.sha256, readers=(digits, digits),
        fit_error_mm=0.12, page_sha256="5" * 64,
    )  # fmt: skip
    text = f"令和{digits[:2]}年{digits[2:4]}月{digits[4:]}日"
    found = Finding(
        said.roster, row, None, "", Field.CONCURRENT_REGISTERED_ON, text, day, 0.9999, Decision.ACCEPT,
        evidence=evidence,
    )  # fmt: skip
    return replace(found, **changes), crop


@dataclass
class FaxReader:
    """Reads mails with the real readers, and their pages as it was told."""

    told: dict[str, list[Said]] = field(default_factory=dict)
    """Subject of the mail → pages."""
    contexts: list[ReadingContext] = field(default_factory=list)
    names: dict[tuple[str | None, int | None], str] = field(default_factory=dict)
    """Roster and row → what is printed in the row: the second proof."""
    refuses: bool = False
    """No named page fits."""

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        self.contexts.append(context)
        document = read_file(name, data, context)
        subject = document.message.subject if document.message else ""
        if subject not in self.told:
            return document
        pages, findings, pictures = [], [], []
        for number, told in enumerate(self.told[subject], start=1):
            said, named = self._named(told, number, context)
            page, shown = page_of(said, number, named=named)
            pages.append(page)
            pictures += shown
            found = [date_finding(said, number, row, day) for row, day in said.dates.items()] if said.roster else []
            said_of = [f for f, _ in found] + (list(said.findings) if said.roster else [])
            findings += [replace(f, name=self.names.get((f.roster, f.row), "")) for f in said_of]
            pictures += [*(crop for _, crop in found), *said.pictures]
        about_pixels = {Problem.IMAGE_NOT_READ, Problem.UNREADABLE_ATTACHMENT}
        kept = tuple(n for n in document.problems if n.code not in about_pixels)
        return replace(document, pages=tuple(pages), findings=tuple(findings), pictures=tuple(pictures), problems=kept)

    def _named(self, told: Said, number: int, context: ReadingContext) -> tuple[Said, bool]:
        for named in context.named:
            if not self.refuses and told.roster is None and (named.part, named.page) == (told.part, number):
                return replace(told, roster=named.roster, sheet=named.sheet, sheets=named.sheets), True
        return told, False

    def close(self) -> None:
        return None


def fax_house(house: House) -> FaxReader:
    """The house with a gateway, and the reader whose eyes the test is."""
    reader = FaxReader()
    book = {
        p: replace(o, fax=f"0{n:02d}-000-{n:04d}")
        for n, (p, o) in enumerate(house.kit.directory.offices.items(), start=11)
    }
    house.kit = replace(
        house.kit, reader=reader, directory=replace(house.kit.directory, gateways=(GATEWAY,), offices=book)
    )
    return reader


def fax_mail(subject: str, data: bytes | None = b"", *, sender: str = GATEWAY.address, text: str = "") -> bytes:
    """A mail of the gateway with one TIFF; `data` None = without a file."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ADDRESS
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{hashlib.sha256(subject.encode()).hexdigest()[:20]}@gateway.example.jp>"
    mail["Date"] = "Mon, 16 Mar 2026 10:00:00 +0900"
    mail.set_content(text or "受信文書を添付します。\n")
    if data is not None:
        mail.add_attachment(data or b"II*\0" + subject.encode(), maintype="image", subtype="tiff", filename="fax.tif")
    return mail.as_bytes()


def rosters(house: House, training_id: str, prefecture: str) -> list[Roster]:
    with house.store.snapshot() as tx:
        return tx.rosters(training_id, prefecture)
