"""A finding belongs to the row its page names; the printed name, read back, says whether rows shifted."""

from dataclasses import replace

import pytest

from daemon.domain.matching import match
from daemon.domain.model import Course
from parsers.findings import Decision, Evidence, Field, Finding, Problem
from tests.fakes.rosters import roster_sheet

SHEET = roster_sheet(Course.WM_SKILL_UP, 12)
READ = Evidence(page=1, box_mm=(0.0, 0.0, 1.0, 1.0), fit_error_mm=0.2)


def finding(row: int, name: str, evidence: Evidence = READ) -> Finding:
    return Finding(
        SHEET.roster.code, row, None, name, Field.CONCURRENT_REGISTERED_ON, "", "2026-04-01", 0.9, Decision.ACCEPT,
        evidence=evidence,
    )  # fmt: skip


@pytest.mark.parametrize(("row", "name"), [(1, "高橋ー郎"), (5, "勅使河原左衛門二郎"), (6, "林翼"), (7, "佐藤〓咲")])
def test_a_glyph_misread_from_a_fax_is_no_other_name(row: int, name: str) -> None:
    found = match(finding(row, name), SHEET.rows)
    assert found.enrollment is SHEET.rows[row - 1]
    assert found.problems == ()


def test_rows_that_shifted_are_told_by_their_names() -> None:
    for shifted, person in enumerate(SHEET.rows[:-1], start=2):
        found = match(finding(shifted, person.name), SHEET.rows)
        assert found.problems == (Problem.NAME_DIFFERS,)


def test_a_faxed_row_whose_name_could_not_be_read_lacks_its_second_proof() -> None:
    assert match(finding(1, ""), SHEET.rows).problems == (Problem.NAME_DIFFERS,)


def test_a_typed_name_is_held_to_the_letter() -> None:
    typed = replace(READ, fit_error_mm=None)
    assert match(finding(1, "高橋二郎", typed), SHEET.rows).problems == (Problem.NAME_DIFFERS,)
