"""The names of centres and pension offices in the column 今後配属予定のセンター名, against the closed vocabulary.

Half of all centres have the name of a pension office (新宿, 堺東, 福島), so a name alone says nothing: what is written
around it decides (…年金事務所, 街角センター…), and a bare name is what the column asks for, a centre. Whatever only
resembles a known place (大田 for 太田) is a question with candidates, never a value (domain.md §2.2).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from parsers.findings import Decision, Problem
from parsers.forms import STAYS
from parsers.names import centre_key, office_key
from parsers.text import fold, squash

_OFFICE_SUFFIX = "年金事務所"
_CANDIDATES_MOST = 6
_CHARS_MOST = 60
_NEAR = 0.5
"""Least likeness of a candidate."""

_OFFICE = re.compile(r"(?:事務所|サテライト|分室)$|^ねんきんサテライト")
_SATELLITE = re.compile(r"(?:年金|ねんきん)?(?:サテライト|分室)$|^ねんきんサテライト")
_CENTRE = re.compile(r"^(?:街角|年金相談センター|センター|\(街\))|(?:センター|オフィス|オフィス\)|街角)$")
_PREFECTURE = re.compile(r"^(?:北海道|東京都|京都府|大阪府|[^県]{2,3}県)(?=.)")
_AND = re.compile(r"[、,，;/・\n]|又は|または|及び|および|もしくは|兼")
_STAYS = re.compile(
    r"現(?:在)?の?(?:所属|勤務先?|配属先?)?の?(?:センター|オフィス|所属先|先)?(?:の?まま|[とに]同じ|[でに]?継続(?:配属|勤務)?)?"
    r"|(?:変更|異動|変わり)(?:なし|無し|無)|継続|引き?続き同じ|同(?:一)?センター"
)
_NONE = re.compile(r"(?:配属)?(?:予定)?(?:なし|無し|無)|該当(?:なし|無し|せず)|[-ー−‐―－—*]+|×")
_UNDECIDED = re.compile(r".*(?:未定|調整中|検討中|未決定|不明|確認中).*")


class PlaceKind(StrEnum):
    """What a place is."""

    CENTRE = "centre"
    OFFICE = "office"
    STAYS = "stays"
    """現所属センターのまま: the centre of the roster, without its name."""


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """What the text says. Nothing written: no kind, no problems."""

    kind: PlaceKind | None = None
    name: str = ""
    """As in the vocabulary; "" without a kind."""
    candidates: tuple[str, ...] = ()
    """Values a person may choose from. With a kind: what else the bare name may mean."""
    problems: tuple[Problem, ...] = ()

    @property
    def value(self) -> str | None:
        """What goes into a finding: `place_value`; None when nothing is sure."""
        return place_value(self.kind, self.name) if self.kind and not self.problems else None

    @property
    def decision(self) -> Decision:
        """Empty, one meaning, or a question."""
        if self.problems:
            return Decision.REVIEW
        return Decision.ACCEPT if self.kind else Decision.EMPTY


def place_value(kind: PlaceKind, name: str) -> str:
    """A place as one text that says which of the two it is: 厚木 (centre), 厚木年金事務所 (office), "stays"."""
    if kind is PlaceKind.STAYS:
        return STAYS
    return f"{name}{_OFFICE_SUFFIX}" if kind is PlaceKind.OFFICE else name


def parse_place(value: str) -> tuple[PlaceKind, str]:
    """Inverse of `place_value`."""
    if value == STAYS:
        return PlaceKind.STAYS, ""
    if value.endswith(_OFFICE_SUFFIX):
        return PlaceKind.OFFICE, value.removesuffix(_OFFICE_SUFFIX)
    return PlaceKind.CENTRE, value


def read_place(text: str, centres: Iterable[str], offices: Iterable[str]) -> PlaceReading:
    """The place `text` names. `centres`, `offices`: every name there is, without 街角の年金相談センター and 年金事務所.

    Without a vocabulary the text comes back as the only candidate under PLACE_NOT_CHECKED.
    """
    plain = squash(fold(text))
    if not plain or _NONE.fullmatch(plain):
        return PlaceReading()
    if _STAYS.fullmatch(plain) and plain not in ("現", "現在", "現先", "現在先"):
        return PlaceReading(PlaceKind.STAYS)
    if _UNDECIDED.fullmatch(plain):
        return PlaceReading(problems=(Problem.NOT_DONE_YET,))
    vocabulary = _vocabulary(tuple(centres), tuple(offices))
    if not vocabulary:
        return PlaceReading(candidates=(text.strip(),), problems=(Problem.PLACE_NOT_CHECKED,))
    return vocabulary.read(plain[:_CHARS_MOST])


class Vocabulary:
    """All places there are, by the keys they are compared on."""

    def __init__(self, centres: Iterable[str], offices: Iterable[str]) -> None:
        self._centres = _by_key(centres, centre_key)
        self._offices = _by_key(offices, office_key)

    def __bool__(self) -> bool:
        return bool(self._centres or self._offices)

    def read(self, plain: str) -> PlaceReading:
        """The place of a folded text without spaces."""
        exact = self._exact(plain)
        if exact:
            return exact
        named = list(dict.fromkeys(self._named(plain)))
        if len(named) > 1:
            return PlaceReading(candidates=tuple(named[:_CANDIDATES_MOST]), problems=(Problem.AMBIGUOUS_PLACE,))
        candidates = dict.fromkeys([*named, *self._near(plain)])
        return PlaceReading(candidates=tuple(candidates)[:_CANDIDATES_MOST], problems=(Problem.UNKNOWN_PLACE,))

    def _exact(self, plain: str) -> PlaceReading | None:
        """The one place the whole text names; a bare name is a centre, and says what else it may be."""
        if _OFFICE.search(plain):
            office = self._offices.get(_office_key(plain))
            return PlaceReading(PlaceKind.OFFICE, office) if office else None
        centre = self._centres.get(centre_key(plain))
        if not centre:
            return None
        twin = self._offices.get(office_key(plain))
        other = (place_value(PlaceKind.OFFICE, twin),) if twin and not _CENTRE.search(plain) else ()
        return PlaceReading(PlaceKind.CENTRE, centre, other)

    def _named(self, plain: str) -> Iterator[str]:
        """Every place named in a list of places, or behind a prefecture: 大阪府福島 may be either."""
        for piece in (p for p in _AND.split(_PREFECTURE.sub("", plain)) if p):
            found = self._exact(piece)
            if found and found.kind:
                yield place_value(found.kind, found.name)
                yield from found.candidates
            elif office := self._offices.get(office_key(piece)):
                yield place_value(PlaceKind.OFFICE, office)

    def _near(self, plain: str) -> Iterator[str]:
        """Places that resemble the text, the likest first; of the kind it says, if it says one."""
        office, centre = bool(_OFFICE.search(plain)), bool(_CENTRE.search(plain))
        key = _office_key(plain) if office else centre_key(plain)
        kinds = [] if office else [(PlaceKind.CENTRE, self._centres)]
        kinds += [] if centre and not office else [(PlaceKind.OFFICE, self._offices)]
        known = [(_likeness(key, k), place_value(kind, name)) for kind, names in kinds for k, name in names.items()]
        yield from (value for likeness, value in sorted(known, key=lambda n: -n[0]) if likeness >= _NEAR)


@lru_cache(maxsize=4)
def _vocabulary(centres: tuple[str, ...], offices: tuple[str, ...]) -> Vocabulary:
    """Kept: the keys of four hundred names cost more than reading a sheet."""
    return Vocabulary(centres, offices)


def _by_key(names: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    return {k: name for name in names if (k := key(name))}


def _office_key(plain: str) -> str:
    return office_key(_SATELLITE.sub("", plain))


def _likeness(a: str, b: str) -> float:
    """0 to 1; a name within the other counts as near."""
    if not set(a) & set(b):
        return 0.0
    inside = a in b or b in a
    return max(difflib.SequenceMatcher(None, a, b).ratio(), _NEAR if inside else 0.0)
