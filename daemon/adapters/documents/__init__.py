"""Rosters as xlsx and PDF, the list template."""
