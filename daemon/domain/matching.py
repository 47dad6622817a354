"""Which trainee a finding is about (domain.md §3.2, match order): key, roster and No., name within the roster.

A person is never matched across centres by name alone; whatever is short of a sure match becomes a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.domain.model import Enrollment
from parsers.findings import Finding, Problem
from parsers.names import Match, kana_key, reads_as, same_name


@dataclass(frozen=True, slots=True)
class Matched:
    """The row a finding belongs to, with what speaks against it."""

    enrollment: Enrollment | None
    problems: tuple[Problem, ...] = ()


def match(finding: Finding, rows: Sequence[Enrollment]) -> Matched:
    """Find the row among those of the roster the sheet names (empty when it names none we know)."""
    by_key = [r for r in rows if finding.enrollment and r.enrollment_id == finding.enrollment]
    by_number = [r for r in rows if finding.row is not None and r.number_on(finding.roster) == finding.row]
    if by_key:
        return _checked(finding, by_key[0])
    if finding.enrollment is not None:
        return Matched(None, (Problem.ROW_UNMATCHED,))
    if by_number:
        return _checked(finding, by_number[0])
    return _by_name(finding, rows)


def _checked(finding: Finding, row: Enrollment) -> Matched:
    """The name is the second proof that rows did not shift."""
    if not finding.name:
        return Matched(row, (Problem.NAME_DIFFERS,))
    likeness = same_name(finding.name, row.name)
    if likeness is not Match.EXACT and finding.evidence.fit_error_mm is not None:
        # Print read back from a faxed page: a wrong glyph is the fax, another name is another person.
        return Matched(row) if reads_as(finding.name, row.name) else Matched(row, (Problem.NAME_DIFFERS,))
    if likeness is Match.DIFFERENT:
        return Matched(row, (Problem.NAME_DIFFERS,))
    if likeness is Match.CLASS and finding.kana and kana_key(finding.kana) != kana_key(row.kana):
        return Matched(row, (Problem.NAME_VARIANT,))
    return Matched(row)


def _by_name(finding: Finding, rows: Sequence[Enrollment]) -> Matched:
    if not finding.name:
        return Matched(None, (Problem.ROW_UNMATCHED,))
    alike = [r for r in rows if same_name(finding.name, r.name) in {Match.EXACT, Match.FOLDED}]
    if len(alike) > 1 and finding.kana:
        alike = [r for r in alike if kana_key(r.kana) == kana_key(finding.kana)]
    if len(alike) == 1:
        return Matched(alike[0])
    kin = [r for r in rows if same_name(finding.name, r.name) is Match.CLASS]
    if not alike and len(kin) == 1:
        same_kana = bool(finding.kana) and kana_key(finding.kana) == kana_key(kin[0].kana)
        return Matched(kin[0], () if same_kana else (Problem.NAME_VARIANT,))
    return Matched(None, (Problem.ROW_UNMATCHED,))
