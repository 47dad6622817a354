"""Somebody's own table as PDF: drawn or not, turned, merged, struck through, scanned, locked."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from parsers.codes import make_code
from parsers.findings import Decision, Document, Finding, PageKind, Problem
from parsers.reading import ReadingContext, read_file
from parsers.text import squash
from tests.fakes.pdfs import annotated, marked, set_page, stamped
from tests.fakes.workbooks import returned_workbook

CONTEXT = ReadingContext(received_on=dt.date(2026, 4, 20), not_before_on=dt.date(2026, 3, 12))
CODE = make_code(b"k", "somebody's own")
HEAD = ("No.", "氏　名", "フリガナ", "兼務登録\\ 年月日", "備考")
ROWS = (
    ("1", "髙橋　一郎", "タカハシ　イチロウ", "令和8年4月1日", ""),
    ("2", "山田　花子", "ヤマダ　ハナコ", "R8.4.10", ""),
    ("3", "渡邉　三郎", "ワタナベ　サブロウ", "", ""),
    ("4", "斎藤　四郎", "サイトウ　シロウ", "未", ""),
)
WIDTHS = "(12mm, 40mm, 45mm, 38mm, 40mm)"


def _table(rows: Sequence[Sequence[str]] = ROWS, *, extra: str = "", code: str = CODE, stroke: str = "0.5pt") -> str:
    cells = ", ".join(f"[{cell}]" for row in (HEAD, *rows) for cell in row)
    return f"""
#pad(12mm)[
受講者名簿（ＩＤ兼務登録用） \\
回付番号　{code} \\
街角の年金相談センター横浜 \\
#v(4mm)
#table(columns: {WIDTHS}, stroke: {stroke}, inset: 2mm, {extra} {cells})
]"""


def _read(pdf: bytes) -> Document:
    return read_file("x.pdf", pdf, CONTEXT)


def _values(document: Document) -> dict[int | None, str | None]:
    return {f.row: f.value for f in document.findings}


def _by_row(document: Document) -> dict[int | None, Finding]:
    return {f.row: f for f in document.findings}


READ = {1: "2026-04-01", 2: "2026-04-10", 3: None, 4: None}


def test_a_drawn_table_is_read_like_a_worksheet() -> None:
    document = _read(set_page(_table()))
    found = _by_row(document)
    assert _values(document) == READ
    assert {f.roster for f in document.findings} == {CODE}
    assert (squash(found[2].name), squash(found[2].kana)) == ("山田花子", "ヤマダハナコ")
    assert found[3].decision is Decision.EMPTY
    assert Problem.NOT_DONE_YET in found[4].problems
    assert found[1].evidence.page == 1
    x, _, w, h = found[1].evidence.box_mm or (0, 0, 0, 0)
    assert 109 < x < 112
    assert 25 < w < 30
    assert 3 < h < 5
    assert [p.kind for p in document.pages] == [PageKind.FORM]
    assert document.problems == ()


def test_a_table_without_lines_is_read_by_its_rivers() -> None:
    assert _values(_read(set_page(_table(stroke="none")))) == READ


def test_a_table_with_lines_between_rows_only_is_read() -> None:
    lines = "(x, y) => (top: 0.5pt, bottom: 0.5pt)"
    assert _values(_read(set_page(_table(stroke=lines)))) == READ


def test_thin_filled_bars_are_lines_too() -> None:
    bars = "".join(
        f"#place(dx: 10mm, dy: {20 + 8 * i}mm, rect(width: 120mm, height: 0.2mm, fill: black))\n" for i in range(4)
    )
    bars += "".join(
        f"#place(dx: {x}mm, dy: 20mm, rect(width: 0.2mm, height: 24mm, fill: black))\n" for x in (10, 25, 75, 130)
    )
    words = [
        ("No.", 12, 0),
        ("氏名", 30, 0),
        ("兼務登録年月日", 80, 0),
        ("1", 12, 1),
        ("山田 花子", 30, 1),
        ("令和8年4月1日", 80, 1),
    ]
    words += [("2", 12, 2), ("林 翼", 30, 2), ("令和8年4月2日", 80, 2)]
    text = "".join(f'#place(dx: {x}mm, dy: {22 + 8 * line}mm, "{t}")\n' for t, x, line in words)
    assert _values(_read(set_page(bars + text))) == {1: "2026-04-01", 2: "2026-04-02"}


def test_a_font_that_lies_about_its_height_moves_nothing() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(set_page(_table())))
    for number in range(1, len(writer._objects) + 1):
        described = writer.get_object(number)
        if isinstance(described, DictionaryObject) and described.get("/Type") == "/FontDescriptor":
            described.update({NameObject("/Ascent"): NumberObject(3500), NameObject("/Descent"): NumberObject(-900)})
            described[NameObject("/FontBBox")] = ArrayObject(NumberObject(n) for n in (-1000, -900, 3000, 3500))
    assert _values(_read(_bytes(writer))) == READ


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_turned_by_its_rotation_entry_is_read(turn: int) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(set_page(_table())))
    writer.pages[0].rotate(turn)
    document = _read(_bytes(writer))
    assert _values(document) == READ
    assert document.pages[0].turned_deg == -turn % 360


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_whose_text_lies_on_its_side_is_read(turn: int) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(set_page(_table())))
    writer.pages[0].rotate(turn)
    writer.pages[0].transfer_rotation_to_content()
    assert _values(_read(_bytes(writer))) == READ


def test_a_date_that_sticks_out_of_its_column_is_for_a_person() -> None:
    blank = set_page(_table([(*row[:3], "", "") for row in ROWS]))
    y = _by_row(_read(set_page(_table())))[2].evidence.box_mm
    assert y is not None
    for x in (90.0, 100.0, 130.0, 140.0):  # the column runs from 109 to 147
        document = _read(stamped(blank, [(x, y[1], "令和8年4月10日")], size_pt=10))
        assert set(_values(document).values()) == {None}, x
        assert any(f.decision is Decision.REVIEW for f in document.findings), x
    assert _values(_read(stamped(blank, [(112.0, y[1], "令和8年4月10日")], size_pt=10)))[2] == "2026-04-10"


def test_a_date_on_the_line_between_two_rows_is_for_a_person() -> None:
    blank = set_page(_table([(*row[:3], "", "") for row in ROWS]))
    boxes = [
        _by_row(_read(set_page(_table([(*r[:3], "令和8年4月1日", "") for r in ROWS]))))[n].evidence.box_mm
        for n in (2, 3)
    ]
    between = (boxes[0][1] + boxes[1][1]) / 2 if boxes[0] and boxes[1] else 0.0
    document = _read(stamped(blank, [(112.0, between, "令和8年4月10日")], size_pt=10))
    assert set(_values(document).values()) == {None}
    assert {f.row for f in document.findings if f.decision is Decision.REVIEW} >= {2, 3}


@settings(max_examples=40, deadline=None)
@given(
    dx=st.floats(-60, 60),
    dy=st.floats(-14, 14),
    text=st.sampled_from(["令和8年4月10日", "R8.4.10", "4/10", "2026/4/10"]),
    size=st.sampled_from([8.0, 10.0, 16.0]),
    shown=st.booleans(),
)
def test_wherever_a_date_is_put_it_is_never_read_for_a_row_or_column_it_is_not_in(
    dx: float, dy: float, text: str, size: float, shown: bool
) -> None:
    blank = set_page(_table([(*row[:3], "", "") for row in ROWS]))
    x, y = 125.0 + dx, 60.0 + dy
    put = stamped if shown else annotated
    for found in _read(put(blank, [(x, y, text)], size_pt=size)).findings:
        if found.value is not None:
            middle = y + size * 25.4 / 72 / 2
            top = 48.7 + 7.53 * ((found.row or 0) - 1)
            assert found.value == "2026-04-10"
            assert top <= middle <= top + 7.6
            assert 105 < x < 147


def test_text_over_text_is_for_a_person() -> None:
    full = set_page(_table())
    box = _by_row(_read(full))[1].evidence.box_mm
    assert box is not None
    found = _by_row(_read(stamped(full, [(box[0] + 3, box[1], "令和8年4月2日")], size_pt=10)))
    assert (found[1].value, found[1].decision) == (None, Decision.REVIEW)


def test_a_line_through_a_date_strikes_it_out() -> None:
    rows = [("1", "髙橋　一郎", "タカハシ　イチロウ", "#strike[令和8年4月1日]", ""), *ROWS[1:]]
    found = _by_row(_read(set_page(_table(rows))))
    assert found[1].value is None
    assert Problem.STRUCK_OUT in found[1].problems
    assert found[2].value == "2026-04-10"


def test_an_underlined_date_is_not_struck_out() -> None:
    rows = [("1", "髙橋　一郎", "タカハシ　イチロウ", "#underline[令和8年4月1日]", ""), *ROWS[1:]]
    assert _values(_read(set_page(_table(rows))))[1] == "2026-04-01"


def test_a_date_cell_merged_over_rows_stands_for_them_or_is_asked_about() -> None:
    rows = "[No.],[氏名],[兼務登録年月日],[1],[山田 花子],table.cell(rowspan: 2, align: horizon)[令和8年4月1日],"
    rows += "[2],[林 翼],[3],[森 健],[令和8年4月3日]"
    found = _by_row(_read(set_page(f"#pad(12mm, table(columns: (12mm, 40mm, 40mm), {rows}))")))
    assert found[3].value == "2026-04-03"
    assert {found[1].value, found[2].value} <= {"2026-04-01", None}


def test_a_date_split_over_three_columns_is_put_together() -> None:
    head = "[No.],[氏名],table.cell(colspan: 3)[兼務登録年月日],[],[],[年(令和)],[月],[日]"
    rows = "[1],[山田 花子],[8],[4],[10],[2],[林 翼],[],[],[]"
    found = _by_row(_read(set_page(f"#pad(12mm, table(columns: (12mm, 40mm, 22mm, 12mm, 12mm), {head}, {rows}))")))
    assert found[1].value == "2026-04-10"
    assert found[2].value is None


def test_radicals_that_look_like_kanji_are_read_as_kanji() -> None:
    rows = [("1", "⾼橋　⼀郎", "タカハシ　イチロウ", "8年4⽉1⽇", ""), *ROWS[1:]]
    assert _values(_read(set_page(_table(rows))))[1] == "2026-04-01"


def test_lines_around_the_table_are_no_rows_of_it() -> None:
    body = _table() + "#pad(left: 12mm)[1　合計4名 \\ 作成　年金 太郎]"
    assert _values(_read(set_page(body))) == READ


def test_dates_below_the_table_are_told() -> None:
    body = _table() + "#pad(left: 12mm)[追加　森 健　令和8年4月3日登録]"
    document = _read(set_page(body))
    assert [n.code for n in document.problems] == [Problem.EXTRA_TEXT]
    assert _values(document) == READ


def test_a_note_laid_beside_the_table_is_told() -> None:
    document = _read(annotated(set_page(_table()), [(20.0, 200.0, "全員4月8日に変更")]))
    assert [n.code for n in document.problems] == [Problem.EXTRA_TEXT]


def test_an_annotation_without_a_look_of_its_own_is_read_from_its_words() -> None:
    blank = set_page(_table([(*row[:3], "", "") for row in ROWS]))
    found = _by_row(_read(annotated(blank, [(112.0, 58.3, "令和8年4月10日")], size_pt=10, shown=False)))
    assert {r: f.value for r, f in found.items()} == {1: None, 2: "2026-04-10", 3: None, 4: None}


def test_the_words_of_a_text_field_are_read() -> None:
    blank = marked(set_page(_table([(*row[:3], "", "") for row in ROWS])), "/Widget", (112.0, 58.3, 30.0, 4.0))
    writer = PdfWriter(clone_from=io.BytesIO(blank))
    field = writer.pages[0]["/Annots"].get_object()[0].get_object()
    field.update({NameObject("/FT"): NameObject("/Tx"), NameObject("/V"): TextStringObject("R8.4.10")})
    assert _values(_read(_bytes(writer)))[2] == "2026-04-10"


def test_two_codes_on_a_page_are_told() -> None:
    document = _read(set_page(_table() + f"#pad(12mm)[回付番号　{make_code(b'k', 'other')}]"))
    assert Problem.SEVERAL_ROSTER_CODES in {n.code for n in document.problems}


def test_a_wrong_code_is_told_and_not_used() -> None:
    wrong = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    document = _read(set_page(_table(code=wrong)))
    assert {f.roster for f in document.findings} == {None}
    assert Problem.BAD_ROSTER_CODE in {n.code for n in document.problems}


def test_a_letter_is_no_roster() -> None:
    document = _read(set_page("#pad(20mm)[お世話になっております。4月10日に登録しました。]"))
    assert document.findings == ()
    assert [p.kind for p in document.pages] == [PageKind.TEXT]
    assert [n.code for n in document.problems] == [Problem.NO_ROSTER_FOUND]


def test_rows_without_a_header_on_a_second_page_are_told() -> None:
    rest = "#pagebreak()#pad(12mm, table(columns: 3, [5], [森 健], [令和8年4月3日]))"
    document = _read(set_page(_table() + rest))
    assert _values(document) == READ
    assert [(n.code, n.detail) for n in document.problems] == [(Problem.NO_ROSTER_FOUND, "page 2")]


def test_a_cover_letter_before_the_table_is_no_problem() -> None:
    document = _read(set_page("#pad(20mm)[送付状　令和8年4月10日]#pagebreak()" + _table()))
    assert (_values(document), document.problems) == (READ, ())
    assert [p.kind for p in document.pages] == [PageKind.TEXT, PageKind.FORM]


def test_an_empty_page_is_blank() -> None:
    assert [p.kind for p in _read(set_page("")).pages] == [PageKind.BLANK]


# -- pictures


def _with_picture(pdf: bytes, share: float, text_mode: int = 0) -> bytes:
    """A picture over `share` of the page's height, under text shown in `text_mode` (3 = invisible)."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    page = writer.pages[0]
    picture = DecodedStreamObject()
    picture.set_data(bytes(8 * 8))
    picture.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(8),
            NameObject("/Height"): NumberObject(8),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/ColorSpace"): NameObject("/DeviceGray"),
        }
    )
    resources = page["/Resources"].get_object()
    resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()[NameObject("/Scan")] = (
        writer._add_object(picture)
    )
    w, h = float(page.mediabox.width), float(page.mediabox.height)
    content = page.get_contents()
    text = b"" if content is None else content.get_data().replace(b"BT 0 Tr", b"BT %d Tr" % text_mode)
    data = b"q %f 0 0 %f 0 0 cm /Scan Do Q " % (w, h * share) + text
    stream = DecodedStreamObject()
    stream.set_data(data)
    page[NameObject("/Contents")] = writer._add_object(stream)
    return _bytes(writer)


def _bytes(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("pdf", ["", "text"])
def test_a_scan_is_told_and_not_read_even_with_recognised_text_behind_it(pdf: str) -> None:
    document = _read(_with_picture(set_page(_table() if pdf else ""), 1.0, text_mode=3))
    assert document.findings == ()
    assert [(p.kind, p.problems) for p in document.pages] == [(PageKind.FOREIGN, (Problem.IMAGE_NOT_READ,))]
    assert [n.code for n in document.problems] == [Problem.IMAGE_NOT_READ]
    assert document.problems[0].detail.startswith("page 1")


def test_a_small_picture_with_recognised_text_is_told_too() -> None:
    document = _read(_with_picture(set_page(_table()), 0.4, text_mode=3))
    assert document.findings == ()
    assert [n.code for n in document.problems] == [Problem.IMAGE_NOT_READ]


def test_a_picture_over_cells_sends_them_to_a_person() -> None:
    document = _read(_with_picture(set_page(_table()), 0.55))
    assert _values(document) == READ  # the picture ends below the table
    covered = _read(_with_picture(set_page("#v(150mm)" + _table()), 0.5))
    assert {f.decision for f in covered.findings} == {Decision.REVIEW}


# -- locks and luggage


def _locked(user: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(set_page(_table())))
    writer.encrypt(user_password=user, owner_password=owner, algorithm="AES-256")
    return _bytes(writer)


def test_a_password_to_open_is_told() -> None:
    document = _read(_locked("secret", "secret"))
    assert [n.code for n in document.problems] == [Problem.ENCRYPTED_ATTACHMENT]


def test_a_password_to_print_does_not_matter() -> None:
    assert _values(_read(_locked("", "owner"))) == READ


def test_a_workbook_inside_a_pdf_is_read() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(set_page("#pad(20mm)[別添のとおり]")))
    writer.add_attachment("名簿.xlsx", returned_workbook(3))
    document = _read(_bytes(writer))
    assert {f.evidence.part for f in document.findings} == {"embedded-1/名簿.xlsx"}
    assert len({f.row for f in document.findings}) == 3


def test_bytes_that_only_begin_like_a_pdf_are_told() -> None:
    document = _read(b"%PDF-1.7\nnothing of the kind")
    assert [n.code for n in document.problems] == [Problem.UNREADABLE_ATTACHMENT]


def test_a_field_ticked_with_a_symbol_font_is_a_tick_and_no_digit() -> None:
    pdf = marked(set_page(_table()), "/Widget", (114.0, 68.0, 4.0, 4.0))  # in the empty date cell of row 3
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    field = writer.pages[0]["/Annots"].get_object()[0].get_object()
    field.update({NameObject("/FT"): NameObject("/Btn"), NameObject("/AS"): NameObject("/Yes")})
    found = _by_row(_read(_bytes(writer)))
    assert (found[3].text, found[3].decision) == ("✓", Decision.REVIEW)
    assert Problem.DONE_WITHOUT_DATE in found[3].problems
