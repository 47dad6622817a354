"""The port `Documents`: rosters on paper and as workbooks, HQ's list as a template and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from daemon.adapters.documents.facts import Facts, facts_of
from daemon.adapters.documents.glyphs import MissingGlyphs, coverage, missing_glyphs
from daemon.adapters.documents.manifest import manifest_of
from daemon.adapters.documents.paper import Paper
from daemon.adapters.documents.wording import words
from daemon.domain.model import Course, Training
from daemon.errors import Refused
from daemon.ports import HandoverFiles, HandoverSheet, RosterFiles, RosterSheet, TraineeLine
from parsers.listing import ListedTrainee, ListingProblem
from parsers.results import ListedResult


class TypstDocuments:
    """Makes rosters; deterministic: same sheet, same bytes. May be used from several threads.

    Args:
        key: the installation secret that seals page codes.
        templates: the folder `forms` of the mail templates.
        on_trial: also print form editions that have not passed their self-test; only for that test itself.
    """

    def __init__(self, key: bytes, templates: Path, *, on_trial: bool = False) -> None:
        self._forms = templates
        self._paper = Paper(key, templates, on_trial=on_trial)

    def roster(self, sheet: RosterSheet) -> RosterFiles:
        """Both documents and the manifest. Raises MissingGlyphs or UnreleasedForm, both of them Refused."""
        from daemon.adapters.documents.workbook import roster_workbook

        wording = words(self._forms)
        facts = facts_of(sheet, wording)
        _refuse_unprintable(sheet, facts)
        pdf, places = self._paper.set(sheet, facts, wording)
        return RosterFiles(roster_workbook(sheet, facts, wording), pdf, manifest_of(sheet, places))

    def handover(self, sheet: HandoverSheet) -> HandoverFiles:
        """The checked roster for 中央年金事務所. Raises MissingGlyphs; its rows are numbered as printed."""
        from daemon.adapters.documents.handover import handover_content, handover_workbook, refuse_unprintable

        refuse_unprintable(sheet)
        wording = words(self._forms)
        pdf = self._paper.letter("handover", handover_content(sheet, wording), sheet.made_on)
        return HandoverFiles(handover_workbook(sheet, wording), pdf)

    def results_register(self, training: Training, rows: Sequence[TraineeLine]) -> bytes:
        """The xlsx HQ fills in with 修了/未修了; what is known already is filled in."""
        from daemon.adapters.documents.register import results_register

        return results_register(training, rows, words(self._forms))

    def read_results(self, name: str, data: bytes) -> tuple[list[ListedResult], list[ListingProblem]]:
        """What stands in a filled-in register of results, and all that is wrong with it as a table."""
        from parsers.results import read_results

        return read_results(name, data)

    def release(self) -> None:
        """Give memory back after a batch; anything may follow."""
        self._paper.release()

    def missing_glyphs(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Text → the characters of it our font lacks; only texts that lack any."""
        return missing_glyphs(texts)

    def list_template(self, course: str) -> bytes:
        """The xlsx HQ fills in before `roster import`. Raises Refused for a course nobody knows."""
        from daemon.adapters.documents.list_template import list_template

        try:
            known = Course(course)
        except ValueError as unknown:
            choices = ", ".join(c.value for c in Course)
            raise Refused(f"there is no course {course!r}; choose one of {choices}") from unknown
        return list_template(known, words(self._forms))

    def read_list(self, name: str, data: bytes) -> tuple[list[ListedTrainee], list[ListingProblem]]:
        """What stands in a filled-in list, and what is wrong with it as a table."""
        from parsers.listing import read_listing

        return read_listing(name, data)


def _refuse_unprintable(sheet: RosterSheet, facts: Facts) -> None:
    font = coverage()
    rows = {p.row: font.missing(p.name + p.kana + p.note + p.terminal_id) for p in sheet.rows}
    rows = {row: missing for row, missing in rows.items() if missing}
    heading = font.missing("".join(facts.texts()))
    if rows or heading:
        raise MissingGlyphs(sheet.roster.code, rows, heading)
