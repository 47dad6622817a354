"""The masters of HQ as one frozen value: who and where the offices are. Loading and checking is an adapter's job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PrefecturalOffice:
    """都道府県会運営部: the only party HQ writes to in the procedure (PRE1)."""

    prefecture: str
    """Without 都道府県, e.g. "神奈川"."""
    title: str
    """As addressed, e.g. "神奈川県社会保険労務士会 運営部"."""
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    fax: str = ""
    note: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody a mail to this office goes to."""
        return self.to + self.cc


def _digits(number: str) -> str:
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    return f"0{digits[2:]}" if number.startswith("+81") else digits


@dataclass(frozen=True, slots=True)
class Centre:
    """街角の年金相談センター (オフィスを含む)."""

    prefecture: str
    name: str
    kind: str
    """センター | オフィス"""

    @property
    def title(self) -> str:
        """The official name."""
        return f"街角の年金相談センター{self.name}" + ("（オフィス）" if self.kind == "オフィス" else "")


@dataclass(frozen=True, slots=True)
class PensionOffice:
    """年金事務所 (サテライト and 分室 included)."""

    prefecture: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which pension office serves a centre, from a day on. HQ's own master; never derived from an address."""

    prefecture: str
    centre: str
    pension_office: str
    valid_from: dt.date


@dataclass(frozen=True, slots=True)
class FaxGateway:
    """A fax-to-mail gateway HQ owns or rents."""

    name: str
    address: str
    """From address, lower case."""
    subject_pattern: str = ""
    """Regular expression with named groups csid, received, pages; "" = none."""
    file_pattern: str = ""


@dataclass(frozen=True, slots=True)
class Admin:
    """A person at HQ who decides."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Exceptions to the calendar: days on which offices are closed, or open against the rule."""

    closed: Mapping[dt.date, str] = field(default_factory=dict)
    """Day → why."""
    opened: frozenset[dt.date] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """All masters together."""

    offices: Mapping[str, PrefecturalOffice]
    """By prefecture."""
    centres: Mapping[tuple[str, str], Centre]
    """By (prefecture, name)."""
    pension_offices: Mapping[tuple[str, str], PensionOffice]
    assignments: tuple[Assignment, ...]
    gateways: tuple[FaxGateway, ...] = ()
    admins: tuple[Admin, ...] = ()
    closed_days: ClosedDays = ClosedDays()

    def pension_office_of(self, prefecture: str, centre: str, on: dt.date) -> str | None:
        """Name of the office that serves the centre on that day; None when the master does not say."""
        valid = [a for a in self.assignments if (a.prefecture, a.centre) == (prefecture, centre) and a.valid_from <= on]
        return max(valid, key=lambda a: a.valid_from).pension_office if valid else None

    def prefecture_of_sender(self, address: str) -> str | None:
        """The prefecture whose address book entry holds `address` (any case); None when none or several do."""
        wanted = address.lower()
        found = {o.prefecture for o in self.offices.values() if wanted in (a.lower() for a in o.recipients)}
        return found.pop() if len(found) == 1 else None

    def prefecture_of_fax(self, number: str) -> str | None:
        """The prefecture whose office has that fax number (digits only); None when none or several do."""
        found = {o.prefecture for o in self.offices.values() if number and _digits(o.fax) == number}
        return found.pop() if len(found) == 1 else None

    def gateway_of(self, address: str) -> FaxGateway | None:
        """The fax gateway that mails from `address`, or None."""
        return next((g for g in self.gateways if g.address.lower() == address.lower()), None)
