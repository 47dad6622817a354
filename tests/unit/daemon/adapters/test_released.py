"""No roster is printed on a form that has not passed its self-test as it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.documents.released import RECORD, UnreleasedForm, record_of, refuse_unreleased
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from parsers.forms import EDITIONS
from tests.bench.fax.release import ROUTES, Result, geometry_sha256
from tests.fakes.rosters import KEY, roster_sheet

FORMS = data_path("mail_templates") / "forms"


@pytest.fixture
def forms(tmp_path: Path) -> Path:
    """A copy of the templates to spoil."""
    return Path(shutil.copytree(FORMS, tmp_path / "forms"))


@pytest.mark.parametrize("edition", list(EDITIONS))
def test_every_edition_has_passed_as_it_stands(edition: str) -> None:
    refuse_unreleased(FORMS, edition)
    entry = record_of(FORMS)[edition]
    assert entry["geometry_sha256"] == geometry_sha256(edition), "run make release-form"
    results = {route: Result(**counted) for route, counted in entry["routes"].items()}
    assert set(results) == set(ROUTES)
    assert all(result.passed for result in results.values())


@pytest.mark.parametrize("name", ["pre-existing-id-1.typ", "sheet.typ"])
def test_a_form_changed_since_its_test_is_not_printed(name: str, forms: Path) -> None:
    with (forms / name).open("a") as template:
        template.write("\n// moved by a millimetre\n")
    with pytest.raises(UnreleasedForm, match="pre-existing-id/1"):
        TypstDocuments(KEY, forms).roster(roster_sheet(Course.WM_SKILL_UP, 1))


@pytest.mark.parametrize("text", ["", "[]", '{"pre-existing-id/1": 1}', '{"pre-existing-id/1": {"passed": true}}'])
def test_a_record_that_says_nothing_releases_nothing(text: str, forms: Path) -> None:
    (forms / RECORD).write_text(text)
    with pytest.raises(UnreleasedForm):
        refuse_unreleased(forms, "pre-existing-id/1")
    (forms / RECORD).unlink()
    with pytest.raises(UnreleasedForm):
        refuse_unreleased(forms, "pre-existing-id/1")


def test_a_failed_test_releases_nothing_and_words_are_free_to_change(forms: Path) -> None:
    record = record_of(forms)
    record["pre-new-id/1"]["passed"] = False
    (forms / RECORD).write_text(json.dumps(record))
    with pytest.raises(UnreleasedForm):
        refuse_unreleased(forms, "pre-new-id/1")
    with (forms / "words.toml").open("a") as words:
        words.write("# another sentence\n")
    refuse_unreleased(forms, "pre-existing-id/1")


def test_a_page_lost_or_a_box_astray_fails_the_self_test() -> None:
    good = Result(pages=10, placed=10, codes=20, boxes=900, sound=900, box_error_mm=0.2, digits=720, read=715)
    assert good.passed
    lost = ({"placed": 9}, {"codes": 17}, {"sound": 850}, {"pages": 0, "placed": 0})
    for worse in (*lost, {"box_error_mm": 0.6}, {"read": 600}, {"wrong": 1}):
        assert not Result(**{**vars(good), **worse}).passed
