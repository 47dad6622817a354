"""What really happened at the pension offices, and what was written about it: the yardstick for the register."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from parsers.findings import Field

_DELETIONS = frozenset({Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON})


@dataclass(frozen=True, slots=True)
class Known:
    """One value of one trainee, and from which day on anybody can know it."""

    value: str
    """ISO date, place or reason, as the register writes it."""
    on: dt.date


@dataclass(frozen=True, slots=True)
class Faxed:
    """One date or word on one page of a fax, as a person sees it who looks at the page."""

    roster: str
    page: int
    """Of the roster, 1-based."""
    enrollment: str
    field: Field
    value: str
    """"" = it names none (済, 〃, struck out)."""


class Truth:
    """Known to the simulated offices, and to the admin who telephones them; never to the daemon."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Field], Known] = {}
        self._withdrawn: dict[str, str] = {}
        self._misled: dict[tuple[str, Field], str] = {}
        self._names: dict[str, str] = {}
        self.written: dict[tuple[str, Field], set[str]] = defaultdict(set)
        """By (enrollment, field): every value that a mail to HQ has named, wrong ones included."""
        self.faxed: dict[str, tuple[Faxed, ...]] = {}
        """By Message-ID of the gateway's mail: what stands on its pages."""
        self.pages: dict[str, tuple[tuple[str, int] | None, ...]] = {}
        """By Message-ID of the gateway's mail: roster and page of each of its pages, None for a cover sheet."""
        self.seen: set[str] = set()
        """Kinds of faxes and cases that have happened, by name."""

    def will_register(self, enrollment: str, field: Field, on: dt.date) -> None:
        """The pension office registers (or deletes) the trainee on that day."""
        self._known[enrollment, field] = Known(on.isoformat(), on)

    def will_place(self, enrollment: str, field: Field, value: str, on: dt.date) -> None:
        """The prefecture decides on that day where the trainee will work, or why nowhere."""
        self._known[enrollment, field] = Known(value, on)

    def value(self, enrollment: str, field: Field, today: dt.date) -> str | None:
        """What is true and known by `today`; None for what is not done, and for registrations of the withdrawn."""
        known = self._known.get((enrollment, field))
        if known is None or known.on > today:
            return None
        gone = enrollment in self._withdrawn and field.is_date and field not in _DELETIONS
        return None if gone else known.value

    def registered(self, enrollment: str, field: Field, today: dt.date) -> dt.date | None:
        """The day of registration or deletion when it has come by `today`."""
        value = self.value(enrollment, field, today) if field.is_date else None
        return dt.date.fromisoformat(value) if value is not None else None

    def planned(self, enrollment: str, field: Field) -> dt.date | None:
        """The day of registration, even when it lies ahead."""
        known = self._known.get((enrollment, field))
        return known.on if known is not None and field.is_date else None

    def in_the_end(self, enrollment: str, field: Field) -> str | None:
        """What will have been true in the end, None when nothing ever."""
        known = self._known.get((enrollment, field))
        return known.value if known is not None else None

    def told(self) -> dict[str, Any]:
        """All of it, JSON-ready: final values and who withdrew, by enrollment; what has happened."""
        values: dict[str, dict[str, str]] = defaultdict(dict)
        for (enrollment, field), known in sorted(self._known.items()):
            values[enrollment][field.value] = known.value
        return {"values": values, "withdrawn": dict(sorted(self._withdrawn.items())), "happened": sorted(self.seen)}

    def withdraw(self, enrollment: str, reason: str) -> None:
        """The trainee does not take part."""
        self._withdrawn[enrollment] = reason

    def withdrawn(self, enrollment: str) -> str | None:
        """Why the trainee does not take part, None when that is not so."""
        return self._withdrawn.get(enrollment)

    def rename(self, enrollment: str, name: str) -> None:
        """HQ's list had the name wrong."""
        self._names[enrollment] = name

    def renamed(self, enrollment: str) -> str | None:
        """The right name, None when HQ has it."""
        return self._names.get(enrollment)

    def mislead(self, enrollment: str, field: Field, on: dt.date) -> None:
        """The office writes a day that could be right and is not."""
        self._misled[enrollment, field] = on.isoformat()

    def misled(self, enrollment: str, field: Field) -> str | None:
        """The plausible wrong day the office wrote, None when it never did."""
        return self._misled.get((enrollment, field))

    def wrote(self, enrollment: str, field: Field, values: Iterable[str]) -> None:
        """A mail to HQ names these values for the field."""
        self.written[enrollment, field] |= set(values)
