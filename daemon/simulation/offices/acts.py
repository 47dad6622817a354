"""What an office may do about a roster: values that `offices.desk` carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from daemon.simulation.spelling import PLAIN_WAYS


class Medium(StrEnum):
    """In which form a roster comes back."""

    WORKBOOK = "xlsx"
    TYPED_PDF = "typed-pdf"
    """Our PDF, a digit typed into each box."""
    TYPED_ACROSS = "typed-across"
    """Our PDF, the date typed over the boxes in one go."""
    PRINTED_PDF = "printed-pdf"
    """The workbook printed to PDF."""


class Slip(StrEnum):
    """What may be wrong with one value of a sheet."""

    DONE_ONLY = "done-only"
    """済 without a date."""
    PLANNED = "planned"
    """4/10予定."""
    YEAR_2008 = "year-2008"
    """8/4/7 typed into Excel."""
    AFTER_RECEIPT = "after-receipt"
    """A day that has not come yet."""
    BEFORE_DISPATCH = "before-dispatch"
    """An old registration."""
    WRONG_DAY = "wrong-day"
    """A day that could be right, and is not."""
    DITTO = "ditto"
    """〃 below the same day."""


class Edit(StrEnum):
    """What a clerk may do to the table besides filling it in."""

    NONE = "none"
    SORTED = "sorted"
    SHORTENED = "shortened"
    """Rows that are not filled in are deleted."""
    STRANGER = "stranger"
    """Somebody HQ does not know is added at the bottom."""


@dataclass(frozen=True, slots=True)
class Return:
    """Send rosters back with what is done by then."""

    medium: Medium = Medium.WORKBOOK
    ways: tuple[str, ...] = PLAIN_WAYS
    """Names of `spelling.WAYS`; one is drawn for each roster."""
    each_own_way: bool = False
    """True: one is drawn for each value."""
    share: float = 1.0
    """Of the rows that are done, how many are filled in."""
    slips: Mapping[Slip, int] = field(default_factory=dict)
    """How many values of the mail go wrong in which way."""
    edit: Edit = Edit.NONE
    by_centre: bool = False
    """The centre answers to the forwarded request, from its own address."""
    new_mail: bool = False
    """Not a reply: a fresh mail from the address in the book."""
    old_fashioned: bool = False
    """The mail is in ISO-2022-JP."""
    words: str = ""
    """"" = 「名簿を返送いたします」."""


class Wrong(StrEnum):
    """Files that are no answer."""

    BLANK = "blank"
    """Our own sheet, untouched."""
    FOREIGN = "foreign"
    """A roster of another prefecture."""
    WORD = "word"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class SendWrong:
    """Send a file that is no answer."""

    what: Wrong


@dataclass(frozen=True, slots=True)
class Say:
    """Write a few words and attach nothing."""

    words: str


@dataclass(frozen=True, slots=True)
class Absence:
    """The mail program answers by itself."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Speak of an attachment and forget it."""


Act: TypeAlias = Return | SendWrong | Say | Absence | Promise


@dataclass(frozen=True, slots=True)
class Step:
    """An act and when it happens."""

    act: Act
    after_days: int = 0
    """Business days after what set it off; 0 = the same day, a little later (the next one after 17:00)."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How one office deals with one request."""

    pace_days: tuple[int, int]
    """Business days from the request until a roster's trainees are registered: least, most."""
    first: tuple[Step, ...]
    """On the request."""
    reminded: tuple[tuple[Step, ...], ...] = ((Step(Return(), 1),),)
    """On the first reminder, the second …; the last entry stands for all further ones."""
    phoned: tuple[Step, ...] = (Step(Return(), 1),)
    """When HQ telephones and asks for the sheet."""
    withdraws: int = 0
    """Trainees who step back."""
    one_day: bool = False
    """All trainees of a roster are registered on the same day."""
