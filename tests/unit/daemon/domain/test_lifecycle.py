"""The states of a trainee."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.lifecycle import TRANSITIONS, Facts, ImpossibleMove, move, owes, state_of
from daemon.domain.model import Course, Enrollment, SourceKind, State, Status, Value
from parsers.findings import Field
from tests.fakes.samples import an_enrollment

NEW, BOTH = Field.ID_REGISTERED_ON, Field.CONCURRENT_REGISTERED_ON
ROW: Enrollment = replace(an_enrollment(), values={}, excluded_because="", state=State.SENT)
OUT = Facts(dispatched=True)


def values(**status: Status) -> dict[Field, Value]:
    at = dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
    return {Field(f): Value("2026-03-10", s, SourceKind.XLSX, 1, at, at.date()) for f, s in status.items()}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(dispatched=False), State.LISTED),
        (OUT, State.SENT),
        (Facts(dispatched=True, acked=True), State.ACKED),
        (Facts(dispatched=True, acked=True, in_progress=True), State.IN_PROGRESS),
        (Facts(dispatched=True, bounced=True), State.BOUNCED),
        (Facts(dispatched=True, questions=1), State.QUERY),
    ],
)
def test_a_row_without_dates_is_as_far_as_its_mail(facts: Facts, state: State) -> None:
    assert state_of(ROW, Course.BEGINNER, facts) is state


def test_a_beginner_owes_both_dates_and_is_partial_with_one() -> None:
    row = replace(ROW, values=values(id_registered_on=Status.VERIFIED))
    assert state_of(row, Course.BEGINNER, OUT) is State.PARTIAL
    assert owes(row, Course.BEGINNER) == (BOTH,)


def test_read_becomes_verified_only_when_every_date_is() -> None:
    row = replace(ROW, values=values(id_registered_on=Status.VERIFIED, concurrent_registered_on=Status.READ))
    assert state_of(row, Course.BEGINNER, OUT) is State.READ
    assert state_of(replace(row, values=values(concurrent_registered_on=Status.VERIFIED)), Course.INSTRUCTOR, OUT) is (
        State.VERIFIED
    )


def test_an_excluded_row_owes_nothing() -> None:
    row = replace(ROW, excluded_because="辞退")
    assert owes(row, Course.BEGINNER) == ()
    assert state_of(row, Course.BEGINNER, Facts(dispatched=True, questions=3)) is State.EXCLUDED


def test_a_move_the_table_does_not_know_is_a_bug() -> None:
    with pytest.raises(ImpossibleMove):
        move(replace(ROW, state=State.VERIFIED), Course.INSTRUCTOR, Facts(dispatched=False))


def test_every_state_has_a_way_on() -> None:
    assert set(TRANSITIONS) == set(State)


@given(
    st.booleans(), st.booleans(), st.booleans(), st.integers(0, 2),
    st.dictionaries(st.sampled_from(["id_registered_on", "concurrent_registered_on"]), st.sampled_from(Status)),
    st.sampled_from(["", "辞退"]),
    st.sampled_from([s for s in State if s is not State.LISTED]),
)  # fmt: skip
def test_a_dispatched_row_always_has_a_state_to_go_to(
    bounced: bool, acked: bool, busy: bool, questions: int, known: dict[str, Status], because: str, before: State
) -> None:
    facts = Facts(dispatched=True, bounced=bounced, acked=acked, in_progress=busy, questions=questions)
    row = replace(ROW, values=values(**known), excluded_because=because, state=before)
    after = move(row, Course.BEGINNER, facts)
    assert (after.state is State.VERIFIED) <= (set(known.values()) == {Status.VERIFIED} and len(known) == 2)
    assert (after.state is State.EXCLUDED) is bool(because)
