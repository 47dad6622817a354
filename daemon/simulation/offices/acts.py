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
    ALREADY = "already"
    """既登録: somebody who has been registered before and must be again."""
    STRUCK = "struck"
    """Another day first, struck out with a seal, the right one above; on paper only."""


class Muddle(StrEnum):
    """What may be wrong with one row after the training."""

    OTHER_DELETION = "other-deletion"
    """The deletion that does not fit the placement."""
    BOTH_DELETIONS = "both-deletions"
    NO_DELETION = "no-deletion"
    NO_PLACEMENT = "no-placement"
    TOO_EARLY = "too-early"
    """A deletion before the last day of the training."""


class Edit(StrEnum):
    """What a clerk may do to the table besides filling it in."""

    NONE = "none"
    SORTED = "sorted"
    SHORTENED = "shortened"
    """Rows that are not filled in are deleted."""
    STRANGER = "stranger"
    """Somebody HQ does not know is added at the bottom."""
    RENAMED = "renamed"
    """The first name is put right (字体訂正)."""


class Part(StrEnum):
    """Which pages of a roster one fax brings."""

    ALL = "all"
    WITHOUT_LAST = "without-last"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Fax:
    """The rosters were faxed on to the centre, filled in with a pen, and come through HQ's fax gateway."""

    coarse: bool = False
    """204 × 98 dpi instead of 204 × 196, both ways."""
    upside_down: bool = False
    cover: bool = False
    """A cover sheet goes first."""
    part: Part = Part.ALL
    same_day: bool = False
    """全員同日 with one date wherever a whole page has one."""
    codes_lost: bool = False
    """Both page codes are unreadable."""
    pdf: bool = False
    """The gateway wraps PDF instead of TIFF."""


@dataclass(frozen=True, slots=True)
class Return:
    """Send rosters back with what is done by then."""

    medium: Medium = Medium.WORKBOOK
    fax: Fax | None = None
    """On paper, whatever `medium` says."""
    ways: tuple[str, ...] = PLAIN_WAYS
    """Names of `spelling.WAYS`; one is drawn for each roster."""
    each_own_way: bool = False
    """True: one is drawn for each value."""
    share: float = 1.0
    """Of the rows that are done, how many are filled in."""
    slips: Mapping[Slip, int] = field(default_factory=dict)
    """How many values of the mail go wrong in which way."""
    muddles: tuple[Muddle, ...] = ()
    """One row each, after the training."""
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
class Withdraw:
    """One trainee steps back, and the office says so in words."""

    words: str
    registered: bool = False
    """Whether it is one whose registration is done."""


@dataclass(frozen=True, slots=True)
class Absence:
    """The mail program answers by itself."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Speak of an attachment and forget it."""


Act: TypeAlias = Return | SendWrong | Say | Withdraw | Absence | Promise


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
    supplemented: tuple[Step, ...] = (Step(Return(), 3),)
    """On a roster that comes again with more rows."""
    withdraws: int = 0
    """Trainees who step back."""
    one_day: bool = False
    """All trainees of a roster are registered on the same day."""
    stays: bool = False
    """After the training everybody stays at the own centre."""
