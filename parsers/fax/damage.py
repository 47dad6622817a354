"""What a fax stream and the picture made of it say about damage: decoders fill in what is missing and stay silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from parsers.fax.ccitt import ends_group4, garbled_lines, group3_lines
from parsers.fax.faults import Fault
from parsers.fax.page import Gray

_BLANK_END: Final = 0.06
"""Share of a page that is of one tone at its end, though it has no marked end: below the form are 4 %."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What was noticed; nothing, as a rule."""

    faults: tuple[Fault, ...] = ()
    details: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    """Rows of the picture that are not what was coded."""


def group3_damage(strips: Sequence[bytes], gray: Gray, rows_per_strip: int, *, lsb_first: bool = False) -> Damage:
    """Compare a Group 3 picture with the strips it was decoded from.

    A strip may be cut in the middle of its last line: one line of doubt, which a page of many strips does not add up.
    """
    counts = [group3_lines(strip, lsb_first=lsb_first) for strip in strips]
    if not counts or None in counts:
        return Damage()
    coded = sum(count for count in counts if count is not None)
    if abs(coded - len(gray)) > 1 + len(strips) // 8:
        return Damage((Fault.DAMAGED_PICTURE,), (f"{coded} coded lines, {len(gray)} promised",))
    lines: list[int] = []
    for index, strip in enumerate(strips):
        top = index * rows_per_strip
        found = garbled_lines(strip, gray[top : top + rows_per_strip], lsb_first=lsb_first)
        lines += (found + top).tolist()
    if not lines:
        return Damage()
    return Damage((Fault.DAMAGED_PICTURE,), (f"{len(lines)} lines are not what was coded",), tuple(lines))


def group4_damage(strips: Sequence[bytes], gray: Gray, *, lsb_first: bool = False) -> Damage:
    """A Group 4 picture without end of block is cut off if it turns white, or black, before its end.

    There are encoders that never write the mark; what they send ends with the foot of the sheet.
    """
    if strips and ends_group4(strips[-1], lsb_first=lsb_first):
        return Damage()
    alive = np.flatnonzero((gray != gray[-1:, :1]).any(axis=1))
    last = int(alive[-1]) + 1 if len(alive) else 0
    if len(gray) - last <= _BLANK_END * len(gray):
        return Damage()
    return Damage((Fault.DAMAGED_PICTURE,), (f"no end of block, nothing below line {last} of {len(gray)}",))
