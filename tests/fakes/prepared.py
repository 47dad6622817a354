"""Documents and readers that do what a test has prepared: for stories in which the paper itself is not the point."""

from __future__ import annotations

import hashlib

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.ports import HandoverFiles, HandoverSheet, RosterFiles, RosterSheet
from parsers.findings import Document
from parsers.listing import ListedTrainee, ListingProblem
from parsers.reading import ReadingContext, read_file
from parsers.results import ListedResult


class PlainDocuments(TypstDocuments):
    """Documents nobody prints: a few bytes that tell one from the other. Lists and registers hold what was laid in."""

    def __init__(self) -> None:
        super().__init__(b"k", data_path("mail_templates") / "forms")
        self.results: list[ListedResult] = []
        self.listed: list[ListedTrainee] | None = None
        """None = the list is read from its bytes."""

    def roster(self, sheet: RosterSheet) -> RosterFiles:
        told = "|".join(f"{r.enrollment_id}{r.completed}{r.name}" for r in sheet.rows)
        text = f"{sheet.roster.code}:{sheet.issued_on}:{told}".encode()
        return RosterFiles(b"x" + text, b"p" + text, {})

    def handover(self, sheet: HandoverSheet) -> HandoverFiles:
        text = f"{sheet.training.training_id}:{sheet.number}:{[r.person.values for r in sheet.rows]}".encode()
        return HandoverFiles(b"x" + text, b"p" + text)

    def read_results(self, name: str, data: bytes) -> tuple[list[ListedResult], list[ListingProblem]]:
        return self.results, []

    def read_list(self, name: str, data: bytes) -> tuple[list[ListedTrainee], list[ListingProblem]]:
        return super().read_list(name, data) if self.listed is None else (self.listed, [])


class PreparedReader:
    """Hands out the document a test has prepared for a message; everything else is read as it is."""

    def __init__(self) -> None:
        self.prepared: dict[str, Document] = {}

    def prepare(self, raw: bytes, document: Document) -> None:
        self.prepared[hashlib.sha256(raw).hexdigest()] = document

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        return self.prepared.get(hashlib.sha256(data).hexdigest()) or read_file(name, data, context)

    def close(self) -> None:
        return None
