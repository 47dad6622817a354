"""What the documents promise without looking at pixels: same bytes, honest refusals, a manifest of the right shape."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from daemon.adapters import resources
from daemon.adapters.documents import MissingGlyphs, TypstDocuments
from daemon.adapters.documents.facts import masked_id
from daemon.adapters.documents.glyphs import missing_glyphs
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.errors import Refused
from daemon.ports import RosterSheet
from parsers.codes import parse_page_code, seal_fits
from parsers.forms import EDITIONS, row_check
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

GEOMETRY = {
    "pre-existing-id/1": "7a164ff484099d1342dedee55621c37ed0aa69e33b5447e6361c4eb52460de1d",
    "pre-new-id/1": "98cf6857e65f5c6c6ef6c6ad70e33961a2ed089c83ef8593a89bc38db36170d4",
    "post/1": "08adda57ec349cf1ad233841d0c080bb706e457cab97858694f79d70c8407e57",
}
"""SHA-256 over the positions of a full page. An edition that is out must never change: make a new one instead."""


@pytest.fixture(scope="module")
def documents() -> TypstDocuments:
    return TypstDocuments(KEY, data_path("mail_templates") / "forms")


def _with_first(sheet: RosterSheet, **changes: object) -> RosterSheet:
    first, *rest = sheet.rows
    return dataclasses.replace(sheet, rows=(dataclasses.replace(first, **changes), *rest))


def _text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


@pytest.mark.parametrize("course", Course)
def test_the_same_sheet_gives_the_same_bytes_whoever_sets_it(course: Course, documents: TypstDocuments) -> None:
    sheet = roster_sheet(course, 13)
    other = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    assert documents.roster(sheet) == other.roster(sheet)


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (12, 1), (13, 2), (60, 5)])
def test_a_roster_spreads_over_pages_and_each_names_itself(rows: int, pages: int, documents: TypstDocuments) -> None:
    sheet = roster_sheet(Course.BEGINNER, rows)
    files = documents.roster(sheet)
    assert len(pypdf.PdfReader(BytesIO(files.pdf)).pages) == pages
    for number, page in enumerate(files.manifest["pages"], start=1):
        texts = {code["text"] for code in page["codes"]}
        assert len(page["codes"]) == 2
        assert len(texts) == 1
        text = texts.pop()
        code = parse_page_code(text)
        assert (code.roster, code.page, code.pages) == (sheet.roster.code, number, pages)
        assert code.first_row == (number - 1) * 12 + 1
        assert seal_fits(text, KEY)
    assert [row["row"] for page in files.manifest["pages"] for row in page["rows"]] == list(range(1, rows + 1))


def test_more_rows_than_a_page_code_can_count_are_refused(documents: TypstDocuments) -> None:
    with pytest.raises(Refused, match="at most 372 rows"):
        documents.roster(roster_sheet(Course.WM_SKILL_UP, 373))


@pytest.mark.parametrize("course", Course)
def test_the_manifest_has_every_field_of_the_edition_in_every_row(course: Course, documents: TypstDocuments) -> None:
    sheet = roster_sheet(course, 12)
    manifest = documents.roster(sheet).manifest
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["form"] == course.edition.name
    assert manifest["roster"] == sheet.roster.code
    assert manifest["training"] == sheet.training.training_id
    (page,) = manifest["pages"]
    dates = {field.value for field in course.edition.fields}
    assert page["size_mm"] == [210, 297]
    assert len(page["marks"]) == 4
    assert {name: field["kind"] for name, field in page["fields"].items()} == dict.fromkeys(dates, "same-day")
    for row, person in zip(page["rows"], sheet.rows, strict=True):
        assert (row["enrollment"], row["name"]) == (person.enrollment_id, person.name)
        kinds = {name: field["kind"] for name, field in row["fields"].items()}
        assert kinds == dict.fromkeys(dates, "date") | {"not_applicable": "tick"}


@pytest.mark.parametrize("course", [Course.WM_SKILL_UP, Course.BEGINNER])
def test_boxes_keep_the_measures_a_fax_leaves_readable(course: Course, documents: TypstDocuments) -> None:
    (page,) = documents.roster(roster_sheet(course, 12)).manifest["pages"]
    tops = [row["box_mm"][1] for row in page["rows"]]
    assert all(b - a >= 13 - 1e-6 for a, b in itertools.pairwise(tops))
    for field in [f for row in page["rows"] for f in row["fields"].values() if f["kind"] == "date"]:
        cells = [cell for part in ("year", "month", "day") for cell in field["cells_mm"][part]]
        assert [cell[2:] for cell in cells] == [[7, 9]] * 6
        gaps = [b[0] - a[0] - a[2] for a, b in itertools.pairwise(cells)]
        assert min(gaps) >= 2 - 1e-6
        assert all(_inside(cell, field["box_mm"]) for cell in cells)
    assert all(code["box_mm"][2:] == [25, 25] for code in page["codes"])  # 25 modules of 1.0 mm
    everything = [code["box_mm"] for code in page["codes"]] + page["marks"] + [r["box_mm"] for r in page["rows"]]
    assert min(box[1] for box in everything) >= 12  # the senders' header lines
    assert all(_inside(box, [5, 12, 200, 280]) for box in everything)


def _inside(inner: list[float], outer: list[float]) -> bool:
    near = 1e-3
    return (
        inner[0] >= outer[0] - near
        and inner[1] >= outer[1] - near
        and inner[0] + inner[2] <= outer[0] + outer[2] + near
        and inner[1] + inner[3] <= outer[1] + outer[3] + near
    )


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_geometry_of_an_edition_never_changes(edition: str, documents: TypstDocuments) -> None:
    course = next((c for c in Course if c.edition.name == edition), None)
    sheet = roster_sheet(course, 12) if course else post_sheet(rows=8)
    (page,) = documents.roster(sheet).manifest["pages"]
    positions = json.dumps(_positions(page), sort_keys=True)
    assert hashlib.sha256(positions.encode()).hexdigest() == GEOMETRY[edition]


def _positions(node: object) -> object:
    if isinstance(node, dict):
        return {k: _positions(v) for k, v in node.items() if k not in ("text", "name", "enrollment")}
    if isinstance(node, list):
        return [_positions(v) for v in node]
    return f"{node:.2f}" if isinstance(node, (int, float)) else node


@pytest.mark.parametrize("course", [Course.WM_SKILL_UP, Course.BEGINNER])
def test_the_text_layer_reads_as_the_page_does(course: Course, documents: TypstDocuments) -> None:
    sheet = roster_sheet(course, 12)
    text = _text(documents.roster(sheet).pdf)
    assert f"回付番号 {sheet.roster.code}" in text
    assert "提出期限 令和8年4月7日（火）" in text
    for expected in (
        sheet.training.name,
        sheet.centre_title,
        "厚木年金事務所",
        "中央年金事務所",
        "12名",
        "03-0000-5678",
    ):
        assert expected in text
    for person in sheet.rows[:3]:
        assert person.name in text
        assert f"{person.row}{row_check(sheet.roster.code, person.row)}" in text
    assert not any(person.terminal_id in text for person in sheet.rows if person.terminal_id)


def test_the_pdf_says_what_it_is(documents: TypstDocuments) -> None:
    sheet = roster_sheet()
    info = pypdf.PdfReader(BytesIO(documents.roster(sheet).pdf)).metadata
    assert info is not None
    assert info["/Title"] == f"受講者名簿（ＩＤ兼務登録用） {sheet.training.name} {sheet.roster.code}"
    assert sheet.roster.code in info["/Keywords"]
    assert info["/CreationDate"] == "D:20260311150000Z"  # midnight of the day of issue in Tokyo


def test_variants_of_ordinary_kanji_can_be_printed() -> None:
    texts = ["髙﨑𠮷邉濵栁瀨德", "葛\U000e0100城", "邉\U000e0101", "①㈱№ｱﾞー〜～－−", "Nguyễn"]
    assert missing_glyphs(texts) == {}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("高\U000e01ef橋", "高\U000e01ef"),
        ("山\ue000田", "\ue000"),
        ("佐藤\n美咲", "\n"),
        ("佐\u202e藤", "\u202e"),
        ("क", "क"),
        ("\U000e0100", "\U000e0100"),
    ],
)
def test_what_the_font_lacks_is_found_before_printing(text: str, missing: str) -> None:
    assert missing_glyphs(["林　翼", text]) == {text: missing}


def test_a_name_that_cannot_be_printed_is_refused_with_row_and_character(documents: TypstDocuments) -> None:
    sheet = _with_first(roster_sheet(), name="\ue000田　क子")
    with pytest.raises(MissingGlyphs) as refused:
        documents.roster(sheet)
    assert refused.value.rows == {1: "\ue000क"}
    assert isinstance(refused.value, Refused)
    assert "row 1: \ue000 (U+E000), क (U+0915)" in str(refused.value)
    assert "import it again" in str(refused.value)


def test_a_heading_that_cannot_be_printed_is_refused_too(documents: TypstDocuments) -> None:
    sheet = dataclasses.replace(roster_sheet(), centre_title="街角の年金相談センター\ue001")
    with pytest.raises(MissingGlyphs) as refused:
        documents.roster(sheet)
    assert (refused.value.rows, refused.value.heading) == ({}, "\ue001")


@pytest.mark.parametrize(("whole", "shown"), [("", ""), ("A1234567", "***567"), ("123", "***"), ("12", "***")])
def test_an_id_shows_its_last_three_characters_and_never_all(whole: str, shown: str) -> None:
    assert masked_id(whole) == shown


def test_no_id_leaves_the_house_in_any_part_of_the_workbook(documents: TypstDocuments) -> None:
    sheet = roster_sheet()
    book = zipfile.ZipFile(BytesIO(documents.roster(sheet).xlsx))
    inside = b"".join(book.read(name) for name in book.namelist())
    assert not any(person.terminal_id.encode() in inside for person in sheet.rows)


def test_releasing_memory_changes_no_byte(documents: TypstDocuments) -> None:
    before = documents.roster(roster_sheet())
    documents.release()
    assert documents.roster(roster_sheet()) == before


def test_a_row_check_differs_for_every_slip_of_one_digit() -> None:
    for row in range(1, 61):
        slips = {int(f"{row:02d}"[:i] + d + f"{row:02d}"[i + 1 :]) for i in (0, 1) for d in "0123456789"} - {row}
        slips.add(int(f"{row:02d}"[::-1]))
        assert all(row_check("7Q2K9XD4HP", s) != row_check("7Q2K9XD4HP", row) for s in slips - {row})


def test_a_long_note_is_shortened_on_paper_and_whole_in_the_workbook(documents: TypstDocuments) -> None:
    note = "前回の研修を途中で終えたため再度受講するもの、来所の際は身分証を持参のこと、以上よろしくお願いします"
    for course in (Course.WM_SKILL_UP, Course.BEGINNER):
        files = documents.roster(_with_first(roster_sheet(course, 1), note=note))
        assert "前回の研修" in _text(files.pdf).replace("\n", "")
        assert "お願いします" not in _text(files.pdf)
        with zipfile.ZipFile(BytesIO(files.xlsx)) as book:
            assert note in book.read("xl/worksheets/sheet1.xml").decode()


def test_an_installed_program_finds_its_files_beside_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "daemon" / "_data" / "config"
    inside.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "daemon")
    assert data_path("config") == inside
    with pytest.raises(FileNotFoundError, match="install meibod again"):
        data_path("mail_templates")


def test_data_files_are_found_and_unknown_kinds_refused() -> None:
    assert (data_path("mail_templates") / "forms" / "words.toml").is_file()
    with pytest.raises(ValueError, match="no such kind"):
        data_path("secrets")
