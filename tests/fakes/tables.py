"""Rosters as offices send them back in other formats than xlsx: csv, xls, ods, docx, made in a few lines."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import xlwt

from parsers.forms import row_key
from tests.fakes.sheets import CODE, OWN_HEADER, PEOPLE


def roster_rows(dates: Sequence[Any]) -> list[list[Any]]:
    """Our form as rows of values: code in row 2, header in row 5, people from row 6 on, date in D, key in G."""
    rows: list[list[Any]] = [
        ["受講者名簿"],
        ["回付番号", CODE],
        ["街角センター", "街角の年金相談センター厚木（オフィス）"],
        [],
        list(OWN_HEADER),
    ]
    for number, date in enumerate(dates, start=1):
        name = PEOPLE[(number - 1) % len(PEOPLE)].replace("𠮷", "吉")  # CP932 has no 𠮷
        rows.append([number, name, "カナ", date, None, None, row_key(CODE, number, f"E{number:04d}")])
    return rows


def as_csv(rows: Sequence[Sequence[Any]], encoding: str, delimiter: str = ",", *, padded: bool = True) -> bytes:
    """As Excel writes it, every row as wide as the widest; unpadded as a person does."""
    width = max(len(row) for row in rows)
    out = io.StringIO(newline="")
    for row in rows:
        values = ["" if v is None else v for v in row]
        csv.writer(out, delimiter=delimiter).writerow(values + [""] * (width - len(row)) if padded else values)
    return out.getvalue().encode(encoding)


def xls_book(rows: Sequence[Sequence[Any]], code: str = "General") -> tuple[xlwt.Workbook, Any]:
    """A workbook of Excel 97 with one sheet of these rows; typed dates in the number format `code`."""
    book = xlwt.Workbook()
    page = book.add_sheet("名簿", cell_overwrite_ok=True)
    dated = xlwt.easyxf(num_format_str=code)
    for row, values in enumerate(rows):
        for col, value in enumerate(values):
            if value is not None:
                page.write(row, col, value, *([dated] if isinstance(value, (dt.date, float)) else []))
    return book, page


def saved_xls(book: xlwt.Workbook) -> bytes:
    """The workbook as bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# -- ods

_ODF = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("number", "datastyle"),
        ("draw", "drawing"),
        ("meta", "meta"),
        ("svg", "svg-compatible"),
    )
)
ODS_STYLES = """
<number:date-style style:name="N1"><number:era number:style="long"/><number:year number:calendar="gengou"/>
<number:text>年</number:text><number:month/><number:text>月</number:text><number:day/><number:text>日</number:text>
</number:date-style>
<number:date-style style:name="N2">
<number:month/><number:text>月</number:text><number:day/><number:text>日</number:text></number:date-style>
<number:date-style style:name="N3"><number:year number:style="long"/><number:text>年</number:text><number:month/>
<number:text>月</number:text></number:date-style>
<number:text-style style:name="N4"><number:text-content/><style:map style:condition="value()&lt;=1.8E+308"
style:apply-style-name="N2"/></number:text-style>
<style:style style:name="sections" style:family="table-cell" style:data-style-name="N4"/>
<style:style style:name="era" style:family="table-cell" style:data-style-name="N1"/>
<style:style style:name="noyear" style:family="table-cell" style:data-style-name="N2"/>
<style:style style:name="noday" style:family="table-cell" style:data-style-name="N3"/>
<style:style style:name="struck" style:family="table-cell" style:parent-style-name="era">
<style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="run" style:family="text">
<style:text-properties style:text-line-through-type="single"/></style:style>
<style:style style:name="unseen" style:family="table"><style:table-properties table:display="false"/></style:style>
"""


def ods_cell(value: Any, style: str = "", attributes: str = "", inside: str = "") -> str:
    """One cell with what a spreadsheet writes for that value; `inside` comes before its text."""
    styled = f' table:style-name="{style}"' if style else ""
    typed, text = "", "" if value is None else f"<text:p>{escape(str(value))}</text:p>"
    if isinstance(value, dt.date):
        typed = f' office:value-type="date" office:date-value="{value.isoformat()}"'
        text = f"<text:p>令和{value.year - 2018}年{value.month}月{value.day}日</text:p>"
    elif isinstance(value, (int, float)):
        typed = f' office:value-type="float" office:value="{value}"'
    elif value is not None:
        typed = ' office:value-type="string"'
        text = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
    return f"<table:table-cell{styled}{typed} {attributes}>{inside}{text}</table:table-cell>"


def ods_table(
    rows: Sequence[Sequence[Any]], changed: Mapping[tuple[int, int], str] | None = None, inside: str = ""
) -> str:
    """A table of these rows; `changed` gives cells (row and column from 1) in XML, `inside` comes before the rows."""
    changed = changed or {}
    lines = [
        "".join(changed.get((r, c), ods_cell(v)) for c, v in enumerate(values, start=1))
        for r, values in enumerate(rows, start=1)
    ]
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    tail = (
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:style-name="era" '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    return f'<table:table table:name="名簿">{inside}{body}{tail}</table:table>'


def as_ods(*tables: str, before: str = "", manifest: str = "", code: str = "") -> bytes:
    """A spreadsheet of LibreOffice with these tables; `code` is our document property."""
    content = (
        f"<office:document-content {_ODF}><office:automatic-styles>{ODS_STYLES}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{before}{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    known = f'<meta:user-defined meta:name="meibod-roster">{code}</meta:user-defined>' if code else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("meta.xml", f"<office:document-meta {_ODF}>{known}</office:document-meta>")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return out.getvalue()


# -- docx

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def word_run(text: str, properties: str = "") -> str:
    """A run with its properties in XML; line breaks become breaks."""
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n")]
    return f"<w:r><w:rPr>{properties}</w:rPr>{'<w:br/>'.join(lines)}</w:r>"


def word_paragraph(*content: str) -> str:
    """A paragraph of runs; plain text becomes one."""
    return f"<w:p>{''.join(c if c.startswith('<') else word_run(c) for c in content)}</w:p>"


def word_cell(*content: str, properties: str = "") -> str:
    """A cell with one paragraph."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{word_paragraph(*content)}</w:tc>"


def word_table(rows: Sequence[Sequence[Any]], changed: Mapping[tuple[int, int], str] | None = None) -> str:
    """A table of these rows; `changed` gives cells (row and column from 1) in XML, "" leaves one out."""
    changed = changed or {}
    lines = [
        "".join(changed.get((r, c), word_cell("" if v is None else str(v))) for c, v in enumerate(values, start=1))
        for r, values in enumerate(rows, start=1)
    ]
    return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


def as_docx(*body: str, relations: Mapping[str, tuple[str, bytes]] | None = None, extra: Sequence[str] = ()) -> bytes:
    """A Word document; `relations` are further parts by target: kind and content, `extra` names of others."""
    relations = relations or {}
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    links = "".join(f'<Relationship Type="{_R}/{kind}" Target="{t}"/>' for t, (kind, _) in relations.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}"/></Types>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Type="{_R}/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{_W}" xmlns:mc="m" xmlns:wp="wp" xmlns:v="v"><w:body>{"".join(body)}</w:body>'
            "</w:document>",
        )
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{links}</Relationships>")
        for target, (_, content) in relations.items():
            archive.writestr(f"word/{target}", content.replace(b"<w:x>", f'<w:x xmlns:w="{_W}">'.encode()))
        for name in extra:
            archive.writestr(name, b"x")
    return out.getvalue()
