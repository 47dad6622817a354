"""A hand of its own: the same seed writes the same, every hand another; what is drawn stands where it should."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest

from daemon.simulation.fax import Sheet, Stroke, write
from daemon.simulation.fax.hand import digit, draw_hand, neat_hand, tick
from daemon.simulation.fax.letterforms import DIGITS, KANJI, TICKS
from daemon.simulation.fax.penwork import PLAIN, Entry, Filling, Placement, Way, digits_of, enter, fill
from parsers.fax.geometry import geometry_of
from parsers.findings import Field
from parsers.forms import POST, PRE_EXISTING_ID, PRE_NEW_ID

BOX = (20.0, 20.0, 7.0, 9.0)
DAY = dt.date(2026, 4, 12)
FIELD = Field.CONCURRENT_REGISTERED_ON


def paper(width_mm=210, height_mm=297, per_mm=6.0):
    return Sheet(np.full((round(height_mm * per_mm), round(width_mm * per_mm)), 255, np.uint8), (per_mm, per_mm))


def ink_in(sheet, box, margin_mm=0.0):
    """Share of black inside the box (with the margin added all around)."""
    x, y, w, h = box
    sx, sy = sheet.per_mm
    part = sheet.gray[
        max(0, round((y - margin_mm) * sy)) : round((y + h + margin_mm) * sy),
        max(0, round((x - margin_mm) * sx)) : round((x + w + margin_mm) * sx),
    ]
    return float((part < 128).mean())


def geometry(edition=PRE_EXISTING_ID):
    found = geometry_of(edition.number)
    assert found is not None
    return found


def written(entry, seed=1, hand=None):
    rng = np.random.default_rng(seed)
    place = geometry().rows[2].dates[0]
    return write(paper(), enter(place, entry, hand or neat_hand(), rng)), place


@pytest.mark.parametrize("value", range(10))
def test_every_digit_of_every_tidy_hand_stays_in_its_box(value):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        hand = draw_hand(rng)
        sheet = write(paper(50, 50), digit(value, BOX, hand, rng))
        assert ink_in(sheet, BOX) > 0.005
        if hand.stays_inside:
            assert ink_in(sheet, (0, 0, 50, 50)) * 2500 == pytest.approx(ink_in(sheet, BOX) * 63, abs=0.6)


def test_the_same_seed_writes_the_same_strokes():
    def strokes(seed):
        rng = np.random.default_rng(seed)
        return digit(7, BOX, draw_hand(rng), rng)

    assert strokes(4) == strokes(4)
    assert strokes(4) != strokes(5)


def test_one_hand_never_writes_a_digit_twice_alike():
    rng = np.random.default_rng(1)
    hand = draw_hand(rng)
    assert digit(3, BOX, hand, rng) != digit(3, BOX, hand, rng)


def test_hands_differ_in_form_size_slant_and_pen():
    hands = [draw_hand(np.random.default_rng(n)) for n in range(60)]
    assert {h.forms[7] for h in hands} >= {"plain", "hooked", "hooked in one"}
    assert {h.forms[4] for h in hands} >= {"open", "closed"}
    assert {h.forms[1] for h in hands} >= {"bar", "leaning bar"}
    assert max(h.tall for h in hands) > 1.3 * min(h.tall for h in hands)
    assert min(h.slant for h in hands) < 0 < max(h.slant for h in hands)
    assert max(h.pen_mm for h in hands) > 1.8 * min(h.pen_mm for h in hands)


def test_forms_lie_in_their_box_and_corners_are_points_that_stand_twice():
    forms = [form for forms in DIGITS.values() for form in forms] + [*TICKS, *KANJI.values()]
    for form in forms:
        assert all(0 <= x <= 1 and 0 <= y <= 1 for one in form.lines for x, y in one), form.name
        assert all(len(one) >= 2 for one in form.lines), form.name
    seven = next(f for f in DIGITS[7] if f.name == "plain")
    assert sum(a == b for a, b in pairwise(seven.lines[0])) == 1


def test_a_tick_covers_its_box_and_may_stick_out():
    rng = np.random.default_rng(2)
    for _ in range(20):
        sheet = write(paper(50, 50), tick((20, 20, 5, 5), draw_hand(rng), rng))
        assert ink_in(sheet, (20, 20, 5, 5)) > 0.04


@pytest.mark.parametrize("way", sorted(PLAIN))
def test_plain_ways_fill_the_boxes_of_the_digits_that_are_written(way):
    sheet, place = written(Entry(way, DAY))
    filled = [ink_in(sheet, box) > 0.005 for box in place.digits]
    zeros = [d == "0" and n % 2 == 0 for n, d in enumerate(digits_of(DAY))]
    expected = [not z for z in zeros] if way is Way.UNPADDED else [True] * 6
    assert filled == expected


@pytest.mark.parametrize("way", sorted(set(Way) - PLAIN))
def test_every_other_way_leaves_something_that_is_no_plain_date(way):
    plain, place = written(Entry(Way.DATE, DAY))
    sheet, _ = written(Entry(way, DAY, DAY + dt.timedelta(days=3), "手続中"))
    assert ink_in(sheet, place.box, 2.0) > 0.001
    assert not np.array_equal(plain.gray, sheet.gray)


def test_a_correction_strikes_through_all_boxes_and_writes_above_them():
    sheet, place = written(Entry(Way.CORRECTED, DAY, DAY + dt.timedelta(days=3)))
    first, last = place.digits[0], place.digits[-1]
    between = [(a[0] + a[2] + 0.3, a[1], b[0] - a[0] - a[2] - 0.6, a[3]) for a, b in pairwise(place.digits)]
    assert all(ink_in(sheet, gap) > 0.02 for gap in between)
    assert ink_in(sheet, (first[0], place.box[1] - 1.5, last[0] - first[0], 1.4)) > 0.01


def test_a_shifted_date_leaves_the_first_box_empty_and_stands_behind_the_last():
    sheet, place = written(Entry(Way.SHIFTED, DAY))
    assert ink_in(sheet, place.digits[0]) == 0
    x, y, w, h = place.digits[-1]
    assert ink_in(sheet, (x + w + 2.2, y, w, h)) > 0.005


def test_a_day_is_needed_where_one_is_shown():
    with pytest.raises(ValueError, match="needs a day"):
        written(Entry(Way.DATE))


def test_the_same_day_line_gets_a_tick_and_one_date():
    where = geometry(PRE_NEW_ID)
    filling = Filling(same_day={FIELD: DAY}, ticked_only=frozenset({Field.ID_REGISTERED_ON}))
    sheet = write(paper(), fill(where, filling, neat_hand(), np.random.default_rng(1)))
    by_field = {s.field: s for s in where.same_day}
    assert all(ink_in(sheet, by_field[f].tick) > 0.04 for f in by_field)
    assert all(ink_in(sheet, box) > 0.005 for box in by_field[FIELD].digits)
    assert all(ink_in(sheet, box) == 0 for box in by_field[Field.ID_REGISTERED_ON].digits)


def test_a_page_after_the_training_gets_its_placement():
    where = geometry(POST)
    filling = Filling(
        {(0, Field.CONCURRENT_DELETED_ON): Entry(Way.DATE, DAY)},
        not_applicable=frozenset({2}),
        placements={0: Placement(stays=True), 1: Placement(reason="other", words="育休"), 3: Placement("", "新宿")},
        message="３番 転出",
        confirmed_by="田中",
    )
    sheet = write(paper(), fill(where, filling, neat_hand(), np.random.default_rng(1)))
    one, two, three, four = (where.rows[n] for n in range(4))
    assert ink_in(sheet, one.placement.stays) > 0.04
    assert ink_in(sheet, two.placement.reasons["other"]) > 0.04
    assert ink_in(sheet, two.placement.reason_words) > 0.01
    assert ink_in(sheet, three.not_applicable) > 0.04
    assert ink_in(sheet, four.placement.stays) == 0
    assert ink_in(sheet, where.messages) > 0.001
    assert ink_in(sheet, where.stamp) > 0.001


def test_strokes_carry_the_pen_of_the_hand():
    rng = np.random.default_rng(3)
    hand = draw_hand(rng)
    strokes = digit(5, BOX, hand, rng)
    assert all(isinstance(s, Stroke) and s.darkness == hand.darkness for s in strokes)
    assert all(s.width_mm == pytest.approx(hand.pen_mm, rel=0.3) for s in strokes)
