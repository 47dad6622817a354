"""Typed tables: workbooks, csv and Word tables into cells, cells into findings."""
