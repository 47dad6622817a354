"""HQ's list of trainees (PRE0) as values: what stands in each line, and what is wrong with the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedTrainee:
    """One line of the list, as written; "" = empty. Dates are ISO 8601 or "" here, problems are reported beside."""

    sheet: str
    line: int
    """Row in the sheet, 1-based."""
    prefecture: str
    centre: str
    name: str
    kana: str
    terminal_id: str = ""
    e_learning_on: str = ""
    visit_on: str = ""
    pension_office: str = ""
    """Only when the list overrides the master."""
    note: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    """(member name, cell address) so that a later check can point at the cell."""


@dataclass(frozen=True, slots=True)
class ListingProblem:
    """One thing to mend before the list can be imported."""

    sheet: str
    cell: str
    """e.g. "C7"; "" = the whole sheet."""
    problem: str
    """Short code: missing-column, not-a-date, empty-name …"""
    detail: str
    """As written."""
    remedy: str = ""
    """Japanese sentence for HQ; filled by the CLI's wording table when empty."""
