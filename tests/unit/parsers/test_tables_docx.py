"""Our table in a Word document: pasted, filled in, corrected under change tracking, or as a picture."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile

import pytest

from parsers import sniff
from parsers.findings import Decision, Document, PageKind, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.sheets import CODE, OWN_HEADER, PEOPLE, by_row
from tests.fakes.tables import as_docx, word_cell, word_paragraph, word_run, word_table
from tests.unit.parsers.test_reading import picture

WINDOW = ReadingContext(received_on=dt.date(2026, 4, 30), not_before_on=dt.date(2026, 3, 1))
CODED = word_paragraph(f"回付番号　{CODE}")
STRIKE, VANISH = "<w:strike/>", "<w:vanish/>"


def _read(data: bytes) -> Document:
    return read_file("返送.dat", data, WINDOW)


def _rows(count: int) -> list[list[object]]:
    """As Excel pastes it: the hidden key column stays behind."""
    people = [[n, PEOPLE[n - 1], "カナ", None, None, None] for n in range(1, count + 1)]
    return [list(OWN_HEADER[:6]), *people]


def _table(*dates: str) -> str:
    """A roster table whose date cells are given in XML, or as text."""
    cells = (d if d.startswith("<") or not d else word_cell(d) for d in dates)
    return word_table(_rows(len(dates)), {(2 + n, 4): cell for n, cell in enumerate(cells)})


def _roster(*dates: str) -> Document:
    return _read(as_docx(word_paragraph("名簿を返送します。"), CODED, _table(*dates), word_paragraph("以上")))


def test_a_pasted_table_under_the_code_is_read_by_its_numbers() -> None:
    document = _roster("令和8年4月1日", "R8.4.2", "4/3", "令和8年\n4月4日", word_cell())
    assert document.source.media == sniff.DOCX
    assert (document.pages[0].kind, document.pages[0].roster) == (PageKind.FORM, CODE)
    rows = by_row(document.findings)
    assert [rows[n].value for n in (1, 2, 3, 4)] == ["2026-04-01", "2026-04-02", "2026-04-03", "2026-04-04"]
    first = rows[1]
    assert (first.roster, first.row, first.enrollment, first.name) == (CODE, 1, None, PEOPLE[0])
    assert (first.evidence.sheet, first.evidence.cell, first.evidence.page) == ("", "D2", None)
    assert (rows[5].decision, rows[5].evidence.cell) == (Decision.EMPTY, "D6")
    assert document.problems == ()


def test_without_a_code_nothing_belongs_to_a_roster() -> None:
    assert {f.roster for f in _read(as_docx(_table("R8.4.1"))).findings} == {None}


def test_the_code_may_stand_in_the_header_of_the_page_or_in_the_table() -> None:
    header = f"<w:x>{CODED}{word_paragraph('様式1')}</w:x>".encode()
    document = _read(as_docx(_table("R8.4.1"), relations={"header1.xml": ("header", header)}))
    assert by_row(document.findings)[1].roster == CODE
    rows = [["回付番号", CODE], *_rows(1)]
    assert by_row(_read(as_docx(word_table(rows, {(3, 4): word_cell("R8.4.1")}))).findings)[1].value == "2026-04-01"
    other = header.replace(CODE.encode(), b"7Q2K9XD4HP")
    document = _read(as_docx(CODED, _table("R8.4.1"), relations={"header1.xml": ("header", other)}))
    assert by_row(document.findings)[1].decision is Decision.REVIEW or Problem.BAD_ROSTER_CODE in [
        n.code for n in document.problems
    ]


def test_deleted_text_is_not_read_and_inserted_text_is_a_question() -> None:
    gone = '<w:del w:id="1"><w:r><w:delText>R8.4.9</w:delText></w:r></w:del>'
    new = f'<w:ins w:id="2">{word_run("R8.4.1")}</w:ins>'
    moved = f"<w:moveFrom>{word_run('R8.4.8')}</w:moveFrom><w:moveTo>{word_run('R8.4.1')}</w:moveTo>"
    rows = by_row(_roster(word_cell(gone, new), word_cell(gone), word_cell(moved), word_cell(gone, "R8.4.4")).findings)
    for number in (1, 3):
        assert (rows[number].decision, rows[number].candidates) == (Decision.REVIEW, ("2026-04-01",))
        assert Problem.TRACKED_CHANGE in rows[number].problems
    assert (rows[2].decision, rows[2].text) == (Decision.EMPTY, "")
    assert rows[4].value == "2026-04-04"


def test_rows_and_cells_inserted_or_deleted_under_change_tracking_say_so() -> None:
    table = _table(
        "R8.4.1", "R8.4.2", word_cell("R8.4.3", properties="<w:cellIns/>"), word_cell("x", properties="<w:cellDel/>")
    )
    pieces = table.split("<w:tr>")
    pieces[2] = "<w:trPr><w:del/></w:trPr>" + pieces[2]
    pieces[3] = "<w:trPr><w:ins/></w:trPr>" + pieces[3]
    rows = by_row(_read(as_docx(CODED, "<w:tr>".join(pieces))).findings)
    assert set(rows) == {2, 3, 4}
    assert Problem.TRACKED_CHANGE in rows[2].problems
    assert Problem.TRACKED_CHANGE in rows[3].problems
    assert rows[4].decision is Decision.EMPTY


def test_strokes_of_runs_and_styles_are_seen() -> None:
    styles = (
        b'<w:x><w:style w:styleId="base"><w:rPr><w:strike/></w:rPr></w:style>'
        b'<w:style w:styleId="gone"><w:basedOn w:val="base"/></w:style>'
        b'<w:style w:styleId="back"><w:basedOn w:val="base"/><w:rPr><w:strike w:val="0"/></w:rPr></w:style></w:x>'
    )
    by_style = '<w:rStyle w:val="{}"/>'
    table = _table(
        word_cell(word_run("R8.4.1", STRIKE)),
        word_cell(word_run("R8.4.9", "<w:dstrike/>"), " R8.4.2"),
        word_cell(word_run("R8.4.3", by_style.format("gone"))),
        word_cell(word_run("R8.4.4", by_style.format("back"))),
        word_cell(word_run("R8.4.5", '<w:strike w:val="false"/>')),
    )
    rows = by_row(_read(as_docx(CODED, table, relations={"styles.xml": ("styles", styles)})).findings)
    assert all(Problem.STRUCK_OUT in rows[n].problems for n in (1, 2, 3))
    assert [rows[n].value for n in (4, 5)] == ["2026-04-04", "2026-04-05"]


def test_hidden_text_comments_and_footnotes_make_a_question() -> None:
    comments = f'<w:x><w:comment w:id="7">{word_paragraph("4/3に訂正")}</w:comment></w:x>'.encode()
    table = _table(
        word_cell(word_run("R8.4.1", VANISH)),
        word_cell('<w:commentRangeStart w:id="7"/>', "R8.4.2", '<w:r><w:commentReference w:id="7"/></w:r>'),
        word_cell("R8.4.3", "<w:r><w:footnoteReference/></w:r>"),
    )
    rows = by_row(_read(as_docx(CODED, table, relations={"comments.xml": ("comments", comments)})).findings)
    assert Problem.HIDDEN_CONTENT in rows[1].problems
    assert [rows[n].problems for n in (2, 3)] == [(Problem.CELL_COMMENT,)] * 2
    assert {r.value for r in rows.values()} == {None}


def test_a_date_that_word_makes_anew_is_no_evidence_and_a_form_field_is() -> None:
    def field(instruction: str, text: str) -> str:
        pieces = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
            f"<w:r><w:instrText>{instruction}</w:instrText></w:r>",
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r>',
            word_run(text),
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
        )
        return "".join(pieces)

    simple = f'<w:fldSimple w:instr=" SAVEDATE ">{word_run("R8.4.2")}</w:fldSimple>'
    cells = (field(' DATE \\@ "M/d" ', "R8.4.1"), simple, field(" FORMTEXT ", "R8.4.3"))
    rows = by_row(_roster(*(word_cell(c) for c in cells)).findings)
    assert [rows[n].problems for n in (1, 2)] == [(Problem.FORMULA_VALUE,)] * 2
    assert rows[3].value == "2026-04-03"


def test_placeholders_are_nothing_and_filled_controls_are_text() -> None:
    def control(text: str, properties: str = "") -> str:
        return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{word_run(text)}</w:sdtContent></w:sdt>"

    placeholder = control("日付を選択してください。", "<w:showingPlcHdr/>")
    rows = by_row(_roster(word_cell(placeholder), word_cell(control("令和8年4月2日"))).findings)
    assert (rows[1].decision, rows[1].text) == (Decision.EMPTY, "")
    assert rows[2].value == "2026-04-02"
    wrapped = (
        _table("R8.4.1")
        .replace("<w:tr>", "<w:sdt><w:sdtContent><w:tr>")
        .replace("</w:tr>", "</w:tr></w:sdtContent></w:sdt>")
    )
    assert by_row(_read(as_docx(CODED, wrapped)).findings)[1].value == "2026-04-01"


def test_ticks_of_symbol_fonts_and_form_boxes_are_ticks() -> None:
    rows = _rows(3)
    box = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>{}</w:checkBox></w:ffData></w:fldChar></w:r>'
    ticks = (
        '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>',
        box.format("<w:checked/>"),
        box.format('<w:default w:val="0"/>'),
    )
    table = word_table(rows, {(2 + n, 5): word_cell(t) for n, t in enumerate(ticks)})
    out = [f.row for f in _read(as_docx(CODED, table)).findings if f.field.value == "not_applicable"]
    assert out == [1, 2]


def test_merged_cells_hold_for_their_rows_and_wide_ones_for_their_columns() -> None:
    first = word_cell("R8.4.1", properties='<w:vMerge w:val="restart"/>')
    below = word_cell("R8.4.9", properties="<w:vMerge/>")
    rows = by_row(_roster(first, below, word_cell("R8.4.3"), below).findings)
    assert [(rows[n].value, rows[n].problems) for n in (1, 2, 3)] == [
        ("2026-04-01", ()),
        ("2026-04-01", (Problem.DITTO,)),
        ("2026-04-03", ()),
    ]
    wide = word_cell(PEOPLE[0], properties='<w:gridSpan w:val="2"/>')
    table = word_table(_rows(1), {(2, 2): wide, (2, 3): "", (2, 4): word_cell("R8.4.1")})
    assert by_row(_read(as_docx(CODED, table)).findings)[1].value == "2026-04-01"


def test_a_shape_in_a_cell_spoils_it_and_a_floating_one_everything() -> None:
    inline = "<w:r><w:drawing><wp:inline/></w:drawing></w:r>"
    rows = by_row(_roster(word_cell(inline), word_cell("R8.4.2")).findings)
    assert (rows[1].problems, rows[2].value) == ((Problem.DRAWING_OVER_CELLS,), "2026-04-02")
    for floating in (
        "<w:r><w:drawing><wp:anchor/></w:drawing></w:r>",
        '<w:r><w:pict><v:shape style="position: absolute"/></w:pict></w:r>',
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:anchor/></w:drawing></mc:Choice></mc:AlternateContent></w:r>",
    ):
        data = as_docx(CODED, word_paragraph(floating), _table("R8.4.1"))
        assert by_row(_read(data).findings)[1].problems == (Problem.DRAWING_OVER_CELLS,), floating


def test_a_table_in_a_cell_is_read_with_the_only_code_there_is() -> None:
    layout = word_table([["x"]], {(1, 1): f"<w:tc>{CODED}{_table('R8.4.1')}</w:tc>"})
    document = _read(as_docx(layout))
    assert [(p.page, p.kind) for p in document.pages] == [(1, PageKind.TEXT), (2, PageKind.FORM)]
    assert by_row(document.findings)[1].value == "2026-04-01"


def test_the_reading_above_a_name_is_no_part_of_it() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{word_run('たかはし')}</w:rt><w:rubyBase>{word_run('髙橋')}</w:rubyBase></w:ruby></w:r>"
    table = word_table(_rows(1), {(2, 2): word_cell(ruby, "　一郎"), (2, 4): word_cell("R8.4.1")})
    assert _read(as_docx(CODED, table)).findings[0].name == "髙橋　一郎"


def test_a_second_table_goes_by_its_number() -> None:
    document = _read(as_docx(word_table([["a", "b"]]), CODED, _table("R8.4.1")))
    assert document.findings[0].evidence.cell == "Table2!D2"


def test_pages_pasted_as_pictures_are_read_as_such() -> None:
    relations = {"media/image1.png": ("image", picture(850, 1100)), "media/line.png": ("image", picture(90, 90))}
    document = _read(as_docx(word_paragraph("スキャンしました"), relations=relations))
    assert [(p.kind, p.part) for p in document.pages] == [(PageKind.TEXT, ""), (PageKind.FOREIGN, "1/image1.png")]
    assert (Problem.IMAGE_NOT_READ, "1/image1.png") in [(n.code, n.part) for n in document.problems]


def test_more_pictures_than_anybody_scans_are_told() -> None:
    relations = {f"media/{n}.png": ("image", picture(90, 90)) for n in range(40)}
    assert Problem.TOO_LARGE in [n.code for n in _read(as_docx(relations=relations)).problems]


def test_embedded_files_and_macros_are_named_and_left_alone() -> None:
    relations = {"embeddings/a.xlsx": ("package", b"PK")}
    document = _read(as_docx(CODED, _table("R8.4.1"), relations=relations, extra=["word/vbaProject.bin"]))
    assert [(n.code, n.detail) for n in document.problems] == [
        (Problem.NESTED_TOO_DEEP, "word/embeddings/a.xlsx"),
        (Problem.MACROS_IGNORED, ""),
    ]
    assert by_row(document.findings)[1].value == "2026-04-01"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (as_docx("<broken>"), Problem.UNREADABLE_ATTACHMENT),
        (as_docx("<w:ins>" * 3_000 + "</w:ins>" * 3_000), Problem.UNREADABLE_ATTACHMENT),
        (as_docx("<!-- " + "x" * 25_000_000 + " -->"), Problem.TOO_LARGE),
        (as_docx(), Problem.NO_ROSTER_FOUND),
    ],
)
def test_what_cannot_be_opened_says_why(data: bytes, problem: Problem) -> None:
    assert [n.code for n in _read(data).problems] == [problem]


def test_rows_and_columns_beyond_measure_are_bounded_and_told() -> None:
    wide = word_table([["x"]], {(1, 1): word_cell("x", properties='<w:gridSpan w:val="999999"/>')})
    long = "<w:tbl>" + "<w:tr/>" * 6_000 + "</w:tbl>"
    deep = word_table([["x"]], {(1, 1): f"<w:tc>{word_table([['y']]) * 60}</w:tc>"})
    for body in (wide, long, deep):
        assert Problem.TOO_LARGE in [n.code for n in _read(as_docx(body)).problems]


def test_xml_damaged_anywhere_is_told_and_never_raised() -> None:
    data = as_docx(CODED, _table("R8.4.1", word_cell(word_run("R8.4.2", STRIKE)), word_cell()))
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    chance = random.Random(9)
    for _ in range(200):
        name = chance.choice(sorted(parts))
        xml = bytearray(parts[name])
        start = chance.randrange(len(xml))
        del xml[start : start + chance.randint(1, 30)]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as package:
            for other, content in parts.items():
                package.writestr(other, bytes(xml) if other == name else content)
        document = _read(out.getvalue())
        assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
