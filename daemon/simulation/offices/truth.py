"""What really happened at the pension offices, and what was written about it: the yardstick for the register."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from parsers.findings import Field


class Truth:
    """Known to the simulated offices, and to the admin who telephones them; never to the daemon."""

    def __init__(self) -> None:
        self._registered: dict[tuple[str, Field], dt.date] = {}
        self._withdrawn: dict[str, str] = {}
        self._misled: dict[tuple[str, Field], str] = {}
        self.written: dict[tuple[str, Field], set[str]] = defaultdict(set)
        """By (enrollment, field): every ISO date that a mail to HQ has named, wrong ones included."""

    def will_register(self, enrollment: str, field: Field, on: dt.date) -> None:
        """The pension office registers the trainee on that day."""
        self._registered[enrollment, field] = on

    def registered(self, enrollment: str, field: Field, today: dt.date) -> dt.date | None:
        """The day of registration when it has come by `today`; None for rows that are not done or withdrawn."""
        on = self._registered.get((enrollment, field))
        return on if on is not None and on <= today and enrollment not in self._withdrawn else None

    def planned(self, enrollment: str, field: Field) -> dt.date | None:
        """The day of registration, even when it lies ahead."""
        return self._registered.get((enrollment, field))

    def withdraw(self, enrollment: str, reason: str) -> None:
        """The trainee does not take part."""
        self._withdrawn[enrollment] = reason

    def withdrawn(self, enrollment: str) -> str | None:
        """Why the trainee does not take part, None when that is not so."""
        return self._withdrawn.get(enrollment)

    def mislead(self, enrollment: str, field: Field, on: dt.date) -> None:
        """The office writes a day that could be right and is not."""
        self._misled[enrollment, field] = on.isoformat()

    def misled(self, enrollment: str, field: Field) -> str | None:
        """The plausible wrong day the office wrote, None when it never did."""
        return self._misled.get((enrollment, field))

    def wrote(self, enrollment: str, field: Field, days: Iterable[dt.date]) -> None:
        """A mail to HQ names these days for the field."""
        self.written[enrollment, field] |= {d.isoformat() for d in days}
