"""openpyxl's reader without what nobody here looks at: charts, pictures, pivots, links, rules, borders of merges.

Half the time of `load_workbook` on a roster goes into drawing the borders of merged cells anew, and every part that is
left alone is one less over which a strange workbook can stumble (pictures are bombs as well).
"""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from typing import Any

from openpyxl.cell.cell import MergedCell
from openpyxl.comments.comment_sheet import CommentSheet
from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import Stylesheet
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet._reader import WorksheetReader
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import ARC_STYLE, COMMENTS_NS
from openpyxl.xml.functions import fromstring, localname

_STYLES_WANTED = frozenset({"numFmts", "fonts", "cellXfs"})


def load_cells(data: bytes) -> Workbook:
    """The workbook with formulas, styles, rich text, comments, merges, hidden rows and columns, and nothing else.

    Raises whatever openpyxl raises; macros and links to other files are not looked at.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns about everything it drops; we look at drawings ourselves
        reader = _Cells(io.BytesIO(data), keep_links=False, rich_text=True)
        reader.read()
    book: Workbook = reader.wb
    return book


class _Cells(ExcelReader):
    """The package reader of openpyxl with its own idea of a worksheet."""

    def read(self) -> None:
        """What grids are made of, in the order openpyxl reads it."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        self.read_custom()
        self._read_styles()
        self.read_worksheets()
        self.archive.close()

    def _read_styles(self) -> None:
        """Number formats and strokes. Fills and borders are the part other producers get wrong most often."""
        if ARC_STYLE not in self.valid_files:
            return
        root: Any = fromstring(self.archive.read(ARC_STYLE))
        for part in list(root):
            if localname(part) not in _STYLES_WANTED:
                root.remove(part)
        sheet: Any = Stylesheet.from_tree(root)
        if sheet.cell_styles:
            setattr(self.wb, "_fonts", IndexedList(sheet.fonts))  # noqa: B010 - unknown to the stubs
            for name in ("number_formats", "cell_styles", "date_formats", "timedelta_formats"):
                setattr(self.wb, f"_{name}", getattr(sheet, name))

    def read_worksheets(self) -> None:
        """All worksheets, in order; chart sheets are left out."""
        for about, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                self._read_worksheet(about, relation.target)

    def _read_worksheet(self, about: Any, path: str) -> None:
        sheet = self.wb.create_sheet(about.name)
        sheet.sheet_state = about.state
        with self.archive.open(path) as source:
            _Sheet(sheet, source, self.shared_strings, self.data_only, self.rich_text).bind_all()
        sheet.legacy_drawing = None
        relations = get_rels_path(path)  # type: ignore[no-untyped-call]
        if relations in self.valid_files:
            for relation in get_dependents(self.archive, relations).find(COMMENTS_NS):
                _comment(sheet, self.archive.read(relation.target))


def _comment(sheet: Worksheet, source: bytes) -> None:
    found: Any = CommentSheet.from_tree(fromstring(source))  # type: ignore[arg-type]  # the stubs misjudge Element
    for place, comment in found.comments:
        # A cell inside a merged range holds nothing, comments included.
        with suppress(AttributeError):
            sheet[place].comment = comment


class _Sheet(WorksheetReader):
    """Cells and where they are hidden or merged."""

    def bind_all(self) -> None:
        """Take over what a grid is made of."""
        self.bind_cells()
        self.bind_merged_cells()
        self.bind_col_dimensions()
        self.bind_row_dimensions()

    def bind_merged_cells(self) -> None:
        """Mark the cells of each range; the text stays in the first."""
        if not self.parser.merged_cells:
            return
        ranges = [CellRange(found.ref) for found in self.parser.merged_cells.mergeCell]
        for area in ranges:
            places = area.cells
            next(places)
            for row, col in places:
                self.ws._cells[row, col] = MergedCell(self.ws, row, col)  # noqa: SLF001 - as openpyxl itself does
        self.ws.merged_cells = MultiCellRange(ranges)
