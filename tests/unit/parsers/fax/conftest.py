"""Printed pages of every edition, and what two fax machines made of them. Printing takes long, so once a run."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, printed
from tests.fakes.faxes import send
from tests.fakes.rosters import KEY, post_sheet, roster_sheet


@pytest.fixture(scope="session")
def forms() -> dict[str, Any]:
    """The files of a roster of each edition."""
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms", on_trial=True)
    return {
        "existing": documents.roster(roster_sheet(Course.WM_SKILL_UP, 14)),
        "new": documents.roster(roster_sheet(Course.BEGINNER, 12)),
        "post": documents.roster(post_sheet(Course.WM_SKILL_UP, 5)),
    }


@pytest.fixture(scope="session")
def sheets(forms: dict[str, Any]) -> dict[str, Sheet]:
    """Their first pages on paper."""
    return {name: printed(files.pdf, dpi=300) for name, files in forms.items()}


@pytest.fixture(scope="session")
def second_page(forms: dict[str, Any]) -> Sheet:
    """Page 2 of 2 of the longer roster, with two rows."""
    return printed(forms["existing"].pdf, 1, dpi=300)


@pytest.fixture(scope="session")
def fine(sheets: dict[str, Sheet]) -> Sheet:
    """The first page of the longer roster after two passes in fine mode."""
    return send(sheets["existing"], FaxPass(FINE), FaxPass(FINE, skew_deg=0.5, scale=(0.97, 0.96)))


@pytest.fixture(scope="session")
def normal(sheets: dict[str, Sheet]) -> Sheet:
    """The same in normal mode."""
    return send(sheets["existing"], FaxPass(NORMAL), FaxPass(NORMAL, skew_deg=0.5, scale=(0.97, 0.96)))
