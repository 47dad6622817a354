from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from daemon.domain.letters import Colour, Letter, count_rows, row_colour, worst_colour
from daemon.domain.model import Enrollment, SourceKind, State, Status, Value
from parsers.findings import Field
from tests.fakes import letters as samples

DEADLINE = dt.date(2026, 4, 7)
BEFORE, AFTER = DEADLINE, DEADLINE + dt.timedelta(days=1)


def row(state: State, registered: str = "") -> Enrollment:
    values = {}
    if registered:
        reported = dt.date(2026, 4, 20)
        value = Value(registered, Status.VERIFIED, SourceKind.XLSX, 1, samples.at(9), reported)
        values = {Field.CONCURRENT_REGISTERED_ON: value}
    return Enrollment("E1", "T1", "7Q2K9XD4HP", 1, "神奈川", "高橋　一郎", "タカハシ　イチロウ", state, values=values)


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        (State.LISTED, Colour.GREY, Colour.GREY),
        (State.SENT, Colour.AMBER, Colour.RED),
        (State.ACKED, Colour.AMBER, Colour.RED),
        (State.IN_PROGRESS, Colour.AMBER, Colour.RED),
        (State.PARTIAL, Colour.AMBER, Colour.RED),
        (State.BOUNCED, Colour.RED, Colour.RED),
        (State.READ, Colour.VIOLET, Colour.VIOLET),
        (State.QUERY, Colour.VIOLET, Colour.VIOLET),
        (State.EXCLUDED, Colour.BLACK, Colour.BLACK),
    ],
)
def test_waiting_turns_red_after_the_deadline_and_our_own_work_never_does(
    state: State, before: Colour, after: Colour
) -> None:
    assert (row_colour(row(state), DEADLINE, BEFORE), row_colour(row(state), DEADLINE, AFTER)) == (before, after)


def test_late_is_judged_by_the_day_registered_not_by_the_day_reported() -> None:
    in_time, late = row(State.VERIFIED, "2026-04-07"), row(State.VERIFIED, "2026-04-08")
    assert row_colour(in_time, DEADLINE, AFTER) is Colour.GREEN
    assert row_colour(late, DEADLINE, AFTER) is Colour.GREY_GREEN


def test_a_line_takes_the_worst_colour_of_its_rows() -> None:
    assert worst_colour([Colour.GREEN, Colour.AMBER, Colour.BLACK]) is Colour.AMBER
    assert worst_colour([Colour.AMBER, Colour.RED, Colour.VIOLET]) is Colour.RED
    assert worst_colour([Colour.BLACK, Colour.GREY_GREEN, Colour.GREEN]) is Colour.GREY_GREEN
    assert worst_colour([]) is Colour.BLACK


def test_a_copy_of_what_is_on_record_is_not_answered_with_nothing_read() -> None:
    unread = samples.receipt("nothing-read")
    assert unread.template == "receipt/nothing-read"
    assert dataclasses.replace(unread, again=3).template == "receipt/partial"
    assert dataclasses.replace(unread, under_check=samples.UNDER_CHECK).template == "receipt/partial"


def test_everything_confirmed_is_not_complete_while_a_row_is_under_check() -> None:
    done = samples.receipt("complete")
    assert dataclasses.replace(done, under_check=samples.UNDER_CHECK).template == "receipt/partial"


@pytest.mark.parametrize("letter", samples.every_letter(), ids=lambda x: x.template)
def test_letters_are_frozen(letter: Letter) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(letter, dataclasses.fields(letter)[0].name, None)


def test_only_holds_a_person_must_release_count_as_work() -> None:
    digest = samples.digest()
    assert digest.todo_count == 8
    assert digest.owing_count == count_rows(samples.MISSING) + 1
