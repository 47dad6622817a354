"""Bytes in, findings out. Pure: no clock, database, network, environment or files."""
