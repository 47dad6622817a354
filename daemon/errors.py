"""The one error base of the daemon. Leaves live beside what raises them and carry fields, not text to parse."""

from __future__ import annotations


class MeibodError(Exception):
    """Anything the daemon raises on purpose; `str()` is one sentence an operator understands."""


class Unavailable(MeibodError):
    """Something the program stands on fails for now: disk, database, reading process. The same may work later.

    No fault of a mail: work it interrupted is begun again without counting against the mail.
    """


class Refused(MeibodError):
    """A request that would break a rule of the house; nothing was changed. It names rule and remedy."""
