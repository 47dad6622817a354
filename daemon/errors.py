"""The one error base of the daemon. Leaves live beside what raises them and carry fields, not text to parse."""

from __future__ import annotations


class MeibodError(Exception):
    """Anything the daemon raises on purpose; `str()` is one sentence an operator understands."""


class Refused(MeibodError):
    """A request that would break a rule of the house; nothing was changed. It names rule and remedy."""
