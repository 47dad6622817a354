"""Typed tables: workbooks into cells, cells into findings."""
