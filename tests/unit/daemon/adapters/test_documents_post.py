"""The roster with results: what it prints, what it asks for, and that nothing on it looks like a deadline."""

from __future__ import annotations

import dataclasses
import itertools
from io import BytesIO

import openpyxl
import pypdf
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.documents.facts import result_of
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from parsers.codes import parse_page_code
from parsers.fax.geometry import geometry_of
from parsers.findings import Field
from parsers.forms import POST, REASONS, STAYS_LABEL, SUBFIELD_STAYS, parse_row_key, row_check
from tests.fakes.rosters import KEY, post_sheet

HEADERS = [
    "No.",
    "氏名",
    "フリガナ",
    "ＩＤ",
    "修了の有無",
    "今後配属予定のセンター名",
    "配属予定のない理由",
    "兼務登録削除年月日",
    "ＩＤ削除年月日",
    "対象外",
    "備考",
    "照合キー",
]


@pytest.fixture(scope="module")
def documents() -> TypstDocuments:
    return TypstDocuments(KEY, data_path("mail_templates") / "forms")


def _text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def _table(data: bytes) -> tuple[Worksheet, int]:
    page = openpyxl.load_workbook(BytesIO(data)).worksheets[0]
    return page, next(row for row in range(1, 40) if page.cell(row, 1).value == "No.")


def _apart(a: list[float], b: list[float]) -> bool:
    return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]


def test_eight_rows_stand_on_a_page_under_the_numbers_of_this_roster(documents: TypstDocuments) -> None:
    sheet = post_sheet(rows=17)
    pages = documents.roster(sheet).manifest["pages"]
    assert [len(page["rows"]) for page in pages] == [8, 8, 1]
    assert [row["row"] for page in pages for row in page["rows"]] == list(range(1, 18))
    codes = [parse_page_code(page["codes"][0]["text"]) for page in pages]
    assert [(c.edition, c.page, c.pages, c.first_row) for c in codes] == [(3, 1, 3, 1), (3, 2, 3, 9), (3, 3, 3, 17)]
    assert [row["enrollment"] for row in pages[0]["rows"]] == [p.enrollment_id for p in sheet.rows[:8]]


def test_every_row_asks_for_placement_reason_and_both_deletions(documents: TypstDocuments) -> None:
    (page,) = documents.roster(post_sheet()).manifest["pages"]
    assert set(page["fields"]) == {"concurrent_deleted_on", "id_deleted_on"}
    for row in page["rows"]:
        fields = row["fields"]
        assert {name: field["kind"] for name, field in fields.items()} == {
            "destination": "text",
            SUBFIELD_STAYS: "tick",
            "no_destination_reason": "choice",
            "concurrent_deleted_on": "date",
            "id_deleted_on": "date",
            "not_applicable": "tick",
        }
        assert set(fields["no_destination_reason"]["options"]) == set(REASONS)
        places = [fields["destination"]["box_mm"], fields[SUBFIELD_STAYS]["box_mm"], fields["not_applicable"]["box_mm"]]
        places += [*fields["no_destination_reason"]["options"].values(), fields["no_destination_reason"]["text_mm"]]
        for name in ("concurrent_deleted_on", "id_deleted_on"):
            cells = fields[name]["cells_mm"]
            places += [*cells["year"], *cells["month"], *cells["day"]]
        assert all(_apart(a, b) for a, b in itertools.combinations(places, 2))


def test_boxes_to_fill_keep_clear_of_lines_and_of_each_other(documents: TypstDocuments) -> None:
    (page,) = documents.roster(post_sheet()).manifest["pages"]
    rows = page["rows"]
    assert all(b["box_mm"][1] - a["box_mm"][1] >= 20 for a, b in itertools.pairwise(rows))
    assert rows[-1]["box_mm"][1] + rows[-1]["box_mm"][3] <= 255.6
    for row in rows:
        field = row["fields"]["id_deleted_on"]
        top, height = field["box_mm"][1], field["box_mm"][3]
        cells = [c for part in ("year", "month", "day") for c in field["cells_mm"][part]]
        assert {tuple(c[2:]) for c in cells} == {(7, 9)}
        assert all(c[1] - top >= 1.7 and top + height - c[1] - c[3] >= 1.7 for c in cells)


def test_the_geometry_for_fax_knows_every_place_of_the_manifest(documents: TypstDocuments) -> None:
    (page,) = documents.roster(post_sheet()).manifest["pages"]
    geometry = geometry_of(POST.number)
    assert geometry is not None
    assert [list(r.box) for r in geometry.rows] == [r["box_mm"] for r in page["rows"]]
    for place, row in zip(geometry.rows, page["rows"], strict=True):
        assert place.placement is not None
        assert list(place.placement.stays) == row["fields"][SUBFIELD_STAYS]["box_mm"]
        assert list(place.placement.destination) == row["fields"]["destination"]["box_mm"]
        options = row["fields"]["no_destination_reason"]["options"]
        assert {o: list(b) for o, b in place.placement.reasons.items()} == options
        assert [d.field for d in place.dates] == [Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON]


@pytest.mark.parametrize("course", Course)
def test_the_sheet_says_who_finished_and_names_no_deadline(course: Course, documents: TypstDocuments) -> None:
    sheet = post_sheet(course, 5)
    text = _text(documents.roster(sheet).pdf)
    assert POST.title in text
    assert "期限" not in text
    assert "令和8年4月7日" not in text
    for person in sheet.rows:
        assert f"{person.post_row}{row_check(sheet.roster.code, person.post_row)}" in text
    words = [result_of(p) for p in sheet.rows]
    assert words == ["修了", "修了", "未修了", "修了", "辞退"]
    assert text.count("未修了") == 1
    assert text.count("辞退") == 1


def test_the_workbook_has_the_columns_of_the_time_after(documents: TypstDocuments) -> None:
    sheet = post_sheet(rows=5)
    page, head = _table(documents.roster(sheet).xlsx)
    assert [c.value for c in page[head]] == HEADERS
    assert [page.cell(head + n, 5).value for n in range(1, 6)] == ["修了", "修了", "未修了", "修了", "辞退"]
    for person in sheet.rows:
        line = head + person.post_row
        assert page.cell(line, 1).value == person.post_row
        key = parse_row_key(str(page.cell(line, len(HEADERS)).value))
        assert key == (sheet.roster.code, person.post_row, person.enrollment_id)
    open_cells = {HEADERS[c.column - 1] for row in page for c in row if not c.protection.locked}
    assert open_cells == {*HEADERS[5:11]}
    said = " ".join(str(c.value) for row in page.iter_rows(max_row=head) for c in row if c.value is not None)
    assert "期限" not in said


def test_choices_are_offered_and_never_forced(documents: TypstDocuments) -> None:
    page, head = _table(documents.roster(post_sheet(rows=5)).xlsx)
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    place, reason = rules[f"F{head + 1}:F{head + 5}"], rules[f"G{head + 1}:G{head + 5}"]
    assert (place.formula1, place.showErrorMessage) == (f'"{STAYS_LABEL}"', False)
    assert (reason.formula1, reason.showErrorMessage) == ('"退職,転出,その他"', False)
    dates = next(rule for rule in page.data_validations.dataValidation if rule.type == "date")
    assert dates.errorStyle == "warning"
    assert dates.formula1 == "46129"  # the last day of the training


def test_the_same_sheet_with_results_gives_the_same_bytes(documents: TypstDocuments) -> None:
    sheet = post_sheet(rows=9)
    assert documents.roster(sheet) == TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(sheet)
    changed = dataclasses.replace(sheet, rows=(dataclasses.replace(sheet.rows[0], completed=False), *sheet.rows[1:]))
    assert documents.roster(changed).pdf != documents.roster(sheet).pdf
