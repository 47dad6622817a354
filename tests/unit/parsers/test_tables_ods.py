"""A roster saved by LibreOffice: what an xlsx would have shown must be seen here as well."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from parsers import sniff
from parsers.findings import Decision, Document, PageKind, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.sheets import CODE, by_row
from tests.fakes.tables import as_ods, ods_cell, ods_table, roster_rows

DAY = dt.date(2026, 4, 1)
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 30), not_before_on=dt.date(2026, 3, 1))


def _read(data: bytes) -> Document:
    return read_file("返送.dat", data, WINDOW)


def _changed(*cells: str | None) -> dict[tuple[int, int], str]:
    """Date cells from row 1 of the roster on."""
    return {(6 + n, 4): cell for n, cell in enumerate(cells) if cell}


def _roster(*cells: str | None, inside: str = "", before: str = "") -> bytes:
    return as_ods(ods_table(roster_rows([None] * len(cells)), _changed(*cells), inside), before=before)


def test_typed_dates_and_texts_are_accepted_with_their_evidence() -> None:
    cells = (ods_cell(DAY, "era"), ods_cell("R8.4.2"), ods_cell("8.4.3"), ods_cell("令和8年\n4月4日"), None)
    document = _read(_roster(*cells))
    assert document.source.media == sniff.ODS
    assert (document.pages[0].kind, document.pages[0].roster) == (PageKind.FORM, CODE)
    rows = by_row(document.findings)
    assert [rows[n].value for n in (1, 2, 3, 4)] == ["2026-04-01", "2026-04-02", "2026-04-03", "2026-04-04"]
    first = rows[1]
    assert (first.enrollment, first.text, first.evidence.sheet, first.evidence.cell) == (
        "E0001",
        "令和8年4月1日",
        "名簿",
        "D6",
    )
    assert rows[5].decision is Decision.EMPTY
    assert document.problems == ()


def test_a_date_whose_day_was_not_shown_or_whose_unseen_year_does_not_fit_is_a_question() -> None:
    rows = by_row(
        _read(
            _roster(ods_cell(DAY, "noday"), ods_cell(dt.date(2025, 4, 1), "noyear"), ods_cell(DAY, "noyear"))
        ).findings
    )
    assert [rows[n].decision for n in (1, 2, 3)] == [Decision.REVIEW, Decision.REVIEW, Decision.ACCEPT]


@pytest.mark.parametrize("shown", ["4月1日", "2025年4月"])
def test_a_date_of_unknown_style_is_judged_by_what_was_shown(shown: str) -> None:
    cell = ods_cell(dt.date(2025, 4, 1)).replace("令和7年4月1日", shown)
    assert by_row(_read(_roster(cell)).findings)[1].decision is Decision.REVIEW


def test_bare_numbers_count_from_the_day_the_file_says() -> None:
    def read(day: str) -> list[str | None]:
        settings = (
            f'<table:calculation-settings><table:null-date table:date-value="{day}"/></table:calculation-settings>'
        )
        return [f.value for f in _read(_roster(ods_cell(46113 - 1462 * (day[:4] == "1904")), before=settings)).findings]

    assert read("1899-12-30") == ["2026-04-01"]
    assert read("1904-01-01") == ["2026-04-01"]
    assert read("1900-01-01") == [None]


def test_a_style_of_the_row_or_column_counts_where_the_cell_has_none() -> None:
    columns = (
        '<table:table-column table:number-columns-repeated="3"/>'
        '<table:table-column table:default-cell-style-name="struck"/>'
    )
    assert by_row(_read(_roster(ods_cell("R8.4.1"), inside=columns)).findings)[1].problems == (Problem.STRUCK_OUT,)
    era = columns.replace("struck", "era")
    assert by_row(_read(_roster(ods_cell("8.4.1"), inside=era)).findings)[1].value == "2026-04-01"


def test_what_spoils_a_cell_makes_it_a_question() -> None:
    note = "<office:annotation><text:p>訂正</text:p></office:annotation>"
    shape = '<draw:frame table:end-cell-address="名簿.D11"/>'
    run = ods_cell("□").replace("□", '<text:span text:style-name="run">R8.4.6</text:span> R8.4.7')
    rows = by_row(
        _read(
            _roster(
                ods_cell(DAY, "struck"),
                ods_cell(DAY, "era", 'table:formula="of:=TODAY()"'),
                ods_cell(DAY, "era", inside=note),
                run,
                ods_cell(None, inside=shape),
                ods_cell(DAY, "era"),
                ods_cell("#REF!", attributes='table:formula="of:=X"'),
            )
        ).findings
    )
    assert [rows[n].problems[0] for n in (1, 2, 3)] == [
        Problem.STRUCK_OUT,
        Problem.FORMULA_VALUE,
        Problem.CELL_COMMENT,
    ]
    assert Problem.STRUCK_OUT in rows[4].problems
    assert Problem.DRAWING_OVER_CELLS in rows[5].problems
    assert Problem.DRAWING_OVER_CELLS in rows[6].problems
    assert Problem.ERROR_VALUE in rows[7].problems
    assert all(rows[n].decision is Decision.REVIEW for n in range(1, 8))


def test_a_formula_without_a_value_is_a_question() -> None:
    cell = '<table:table-cell table:formula="of:=TODAY()"/>'
    found = by_row(_read(_roster(cell)).findings)[1]
    assert (found.decision, found.problems) == (Decision.REVIEW, (Problem.FORMULA_VALUE,))


def test_a_shape_without_end_covers_what_its_size_tells_and_one_on_the_page_everything() -> None:
    shape = '<draw:custom-shape svg:height="0.9cm" svg:width="10mm"/>'
    rows = by_row(_read(_roster(ods_cell(None, inside=shape), ods_cell(DAY), ods_cell(DAY), ods_cell(DAY))).findings)
    assert [rows[n].decision is Decision.ACCEPT for n in (2, 3, 4)] == [False, False, True]
    floating = "<table:shapes><draw:rect/></table:shapes>"
    assert by_row(_read(_roster(ods_cell(DAY), inside=floating)).findings)[1].value is None


def test_hidden_rows_columns_and_sheets_are_told() -> None:
    data = _roster(ods_cell(DAY), ods_cell(DAY))
    table = ods_table(roster_rows([DAY, DAY]))
    rows = table.split("<table:table-row>")
    rows[6] = 'table:visibility="filter">'.join(["<table:table-row ", rows[6]])
    hidden = "<table:table-row>".join(rows[:6]) + rows[6] + "<table:table-row>" + rows[7]
    found = by_row(_read(as_ods(hidden)).findings)
    assert [found[n].decision for n in (1, 2)] == [Decision.REVIEW, Decision.ACCEPT]
    columns = '<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>'
    assert all(f.value is None for f in _read(_roster(ods_cell(DAY), inside=columns)).findings)
    unseen = table.replace("<table:table ", '<table:table table:style-name="unseen" ')
    document = _read(as_ods(unseen))
    assert document.findings == ()
    assert Problem.HIDDEN_CONTENT in [n.code for n in document.problems]
    assert by_row(_read(data).findings)[1].value == "2026-04-01"


def test_a_date_merged_downwards_holds_for_its_rows() -> None:
    merged = ods_cell("R8.4.1", attributes='table:number-rows-spanned="2" table:number-columns-spanned="1"')
    rows = by_row(_read(_roster(merged, "<table:covered-table-cell/>", None)).findings)
    assert [(rows[n].value, rows[n].problems) for n in (1, 2)] == [("2026-04-01", ()), ("2026-04-01", (Problem.DITTO,))]
    assert rows[3].decision is Decision.EMPTY


def test_a_change_nobody_has_accepted_is_a_question() -> None:
    change = (
        '<table:tracked-changes><table:cell-content-change table:id="c"{state}>'
        '<table:cell-address table:table="0" table:row="5" table:column="3"/>'
        "<table:previous><table:change-track-table-cell/></table:previous></table:cell-content-change>"
        "</table:tracked-changes>"
    )
    pending = by_row(_read(_roster(ods_cell("R8.4.1"), ods_cell("R8.4.2"), before=change.format(state=""))).findings)
    assert pending[1].problems == (Problem.TRACKED_CHANGE,)
    assert pending[2].value == "2026-04-02"
    accepted = change.format(state=' table:acceptance-state="accepted"')
    assert by_row(_read(_roster(ods_cell("R8.4.1"), before=accepted)).findings)[1].value == "2026-04-01"


def test_the_roster_is_known_by_the_property_when_the_visible_code_is_gone() -> None:
    rows = [row[:6] for row in roster_rows([DAY])]
    rows[1] = []
    found = by_row(_read(as_ods(ods_table(rows), code=CODE)).findings)[1]
    assert (found.roster, found.row, found.enrollment) == (CODE, 1, None)


def test_a_string_that_is_an_attribute_alone_is_text() -> None:
    cell = '<table:table-cell office:value-type="string" office:string-value="R8.4.1"/>'
    assert by_row(_read(_roster(cell)).findings)[1].value == "2026-04-01"


def test_spaces_and_readings_of_a_name_are_as_shown() -> None:
    rows = roster_rows([DAY])
    ruby = "<text:ruby><text:ruby-base>渡邉</text:ruby-base><text:ruby-text>ワタナベ</text:ruby-text></text:ruby>"
    name = f'<table:table-cell><text:p>{ruby}<text:s text:c="2"/>恵</text:p></table:table-cell>'
    assert _read(as_ods(ods_table(rows, {(6, 2): name}))).findings[0].name == "渡邉  恵"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (as_ods(), Problem.NO_ROSTER_FOUND),
        (as_ods(manifest="<x encryption-data='1'/>"), Problem.ENCRYPTED_ATTACHMENT),
        (as_ods(before="<broken>"), Problem.UNREADABLE_ATTACHMENT),
        (
            as_ods(f"<table:table>{'<table:table-rows>' * 3_000}{'</table:table-rows>' * 3_000}</table:table>"),
            Problem.UNREADABLE_ATTACHMENT,
        ),
        (as_ods(before="<!-- " + "x" * 25_000_000 + " -->"), Problem.TOO_LARGE),
        (
            as_ods(ods_table([["x"]], {(1, 1): ods_cell("x", attributes='table:number-rows-spanned="9999999"')})),
            Problem.TOO_LARGE,
        ),
    ],
)
def test_what_cannot_be_opened_says_why(data: bytes, problem: Problem) -> None:
    assert [n.code for n in _read(data).problems] == [problem]


def test_cells_repeated_by_the_million_are_bounded_and_told() -> None:
    repeated = ods_cell("x", attributes='table:number-columns-repeated="99999999999"')
    table = ods_table([["a"], ["b"]], {(2, 1): repeated}).replace(
        "<table:table-row>", '<table:table-row table:number-rows-repeated="1000000000">'
    )
    assert [n.code for n in _read(as_ods(table)).problems] == [Problem.TOO_LARGE, Problem.NO_ROSTER_FOUND]
    block = table.replace("<table:table-row", '<table:table-row x="" ', 1).replace("1000000000", "1", 1)
    assert Problem.TOO_LARGE in [n.code for n in _read(as_ods(block)).problems]


def test_bytes_damaged_anywhere_are_told_and_never_raised() -> None:
    data = _roster(ods_cell(DAY, "era"), ods_cell("R8.4.2"), None)
    chance = random.Random(8)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        document = _read(bytes(damaged))
        assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
        assert {f.value for f in document.findings} <= {None, "2026-04-01", "2026-04-02"}
