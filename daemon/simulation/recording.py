"""The printer of rosters with a memory: keeps what it made, for the demo's folder and for whoever types on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daemon.ports import Documents, RosterFiles, RosterSheet
from parsers.listing import ListedTrainee, ListingProblem


class RecordingDocuments:
    """`ports.Documents` in front of another."""

    def __init__(self, printer: Documents) -> None:
        """`printer` does the work."""
        self._printer = printer
        self.made: dict[str, RosterFiles] = {}
        """The last files of each roster, by code."""

    def roster(self, sheet: RosterSheet) -> RosterFiles:
        """Make and keep."""
        files = self._printer.roster(sheet)
        self.made[sheet.roster.code] = files
        return files

    def missing_glyphs(self, texts: Iterable[str]) -> Mapping[str, str]:
        """As the printer says."""
        return self._printer.missing_glyphs(texts)

    def list_template(self, course: str) -> bytes:
        """As the printer makes it."""
        return self._printer.list_template(course)

    def read_list(self, name: str, data: bytes) -> tuple[list[ListedTrainee], list[ListingProblem]]:
        """As the printer reads it."""
        return self._printer.read_list(name, data)
