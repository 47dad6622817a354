"""The printer of rosters with a memory: keeps what it made, for the demo's folder and for whoever types on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from daemon.domain.model import Training
from daemon.ports import Documents, HandoverFiles, HandoverSheet, RosterFiles, RosterSheet, TraineeLine
from parsers.listing import ListedTrainee, ListingProblem
from parsers.results import ListedResult


class RecordingDocuments:
    """`ports.Documents` in front of another."""

    def __init__(self, printer: Documents) -> None:
        """`printer` does the work."""
        self._printer = printer
        self.made: dict[str, RosterFiles] = {}
        """The last files of each roster, by code."""
        self.centres: dict[str, str] = {}
        """Roster code → bare name of its centre."""

    def roster(self, sheet: RosterSheet) -> RosterFiles:
        """Make and keep."""
        files = self._printer.roster(sheet)
        self.made[sheet.roster.code] = files
        self.centres[sheet.roster.code] = sheet.roster.centre
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

    def handover(self, sheet: HandoverSheet) -> HandoverFiles:
        """As the printer makes it."""
        return self._printer.handover(sheet)

    def results_register(self, training: Training, rows: Sequence[TraineeLine]) -> bytes:
        """As the printer makes it."""
        return self._printer.results_register(training, rows)

    def read_results(self, name: str, data: bytes) -> tuple[list[ListedResult], list[ListingProblem]]:
        """As the printer reads it."""
        return self._printer.read_results(name, data)
