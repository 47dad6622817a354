"""Dates as Japanese offices write them."""
