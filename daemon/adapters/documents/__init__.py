"""Rosters as documents: one Typst template per form edition for paper, openpyxl for workbooks (port `Documents`).

Typst and openpyxl load when the first document is made.
"""

from daemon.adapters.documents.glyphs import MissingGlyphs
from daemon.adapters.documents.typst_documents import TypstDocuments

__all__ = ["MissingGlyphs", "TypstDocuments"]
