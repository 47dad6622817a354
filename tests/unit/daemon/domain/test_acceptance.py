"""Which findings enter the register, and which veto stops the others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.acceptance import Case, Outcome, judge
from daemon.domain.calendar import OfficeCalendar
from daemon.domain.model import Course, SourceKind, State, Status, Value
from daemon.domain.policy import FaxAcceptance, Policy
from parsers.findings import Decision, Field, Finding, Problem
from tests.fakes.samples import an_enrollment

CALENDAR = OfficeCalendar()
DEFAULT = Policy()
DATE = Field.CONCURRENT_REGISTERED_ON
ROW = replace(an_enrollment(), prefecture="神奈川", values={}, excluded_because="", state=State.SENT)
FINDING = Finding("3HWCCFEGKR", 1, ROW.enrollment_id, ROW.name, DATE, "R8.3.10", "2026-03-10", 0.9999, Decision.ACCEPT)
CASE = Case(
    ROW, Course.WM_SKILL_UP, SourceKind.XLSX, dt.date(2026, 3, 2), dt.date(2026, 3, 16), "神奈川", trusted=True,
    identified=True,
)  # fmt: skip


def verdict(finding: Finding = FINDING, case: Case = CASE, policy: Policy = DEFAULT) -> tuple[Outcome, Status | None]:
    found = judge(finding, case, policy, CALENDAR)
    return found.outcome, found.status


def value(day: str, status: Status = Status.VERIFIED) -> Value:
    at = dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
    return Value(day, status, SourceKind.XLSX, 1, at, dt.date(2026, 3, 12))


def test_a_typed_date_that_passes_every_guard_is_verified() -> None:
    assert verdict() == (Outcome.RECORDED, Status.VERIFIED)


def test_a_typed_date_is_only_read_when_hq_wants_to_look() -> None:
    assert verdict(policy=Policy(auto_verify_typed=False)) == (Outcome.RECORDED, Status.READ)


def test_a_faxed_date_is_only_read_unless_agreement_is_switched_on() -> None:
    fax = replace(CASE, source=SourceKind.FAX)
    assert verdict(case=fax) == (Outcome.RECORDED, Status.READ)
    agreement = Policy(fax_acceptance=FaxAcceptance.AGREEMENT)
    assert verdict(case=fax, policy=agreement) == (Outcome.RECORDED, Status.VERIFIED)


@pytest.mark.parametrize(
    ("finding", "case", "problem"),
    [
        ({"value": "2026-03-01"}, {}, Problem.BEFORE_DISPATCH),
        ({"value": "2026-03-17"}, {}, Problem.AFTER_RECEIPT),
        ({"value": "2026-03-14"}, {}, Problem.OFFICE_CLOSED),
        ({}, {"sender_prefecture": "千葉"}, Problem.OTHER_PREFECTURE),
        ({}, {"trusted": False}, Problem.SENDER_UNKNOWN),
        ({}, {"identified": False}, Problem.ROSTER_UNKNOWN),
        ({}, {"enrollment": None}, Problem.ROW_UNMATCHED),
        ({}, {"dispatched_on": None}, Problem.TRAINING_NOT_OPEN),
        ({}, {"match_problems": (Problem.NAME_DIFFERS,)}, Problem.NAME_DIFFERS),
        ({"confidence": 0.9}, {}, Problem.LOW_CONFIDENCE),
        ({"problems": (Problem.STRUCK_OUT,)}, {}, Problem.STRUCK_OUT),
        ({"field": Field.ID_REGISTERED_ON}, {}, Problem.FIELD_NOT_EXPECTED),
        ({"value": None, "decision": Decision.REVIEW, "problems": (Problem.TWO_DATES,)}, {}, Problem.TWO_DATES),
    ],
)
def test_each_veto_alone_sends_the_value_to_a_person(
    finding: dict[str, object], case: dict[str, object], problem: Problem
) -> None:
    found = judge(replace(FINDING, **finding), replace(CASE, **case), Policy(), CALENDAR)  # type: ignore[arg-type]
    assert found.outcome is Outcome.REVIEW
    assert problem in found.problems


def test_the_new_id_may_not_be_registered_after_the_concurrent_registration() -> None:
    case = replace(CASE, course=Course.BEGINNER, other_dates=((Field.ID_REGISTERED_ON, dt.date(2026, 3, 11)),))
    found = judge(FINDING, case, Policy(), CALENDAR)
    assert Problem.ORDER_REVERSED in found.problems
    same_day = replace(case, other_dates=((Field.ID_REGISTERED_ON, dt.date(2026, 3, 10)),))
    assert verdict(case=same_day) == (Outcome.RECORDED, Status.VERIFIED)


def test_the_same_value_confirms_and_another_conflicts() -> None:
    known = replace(CASE, enrollment=replace(ROW, values={DATE: value("2026-03-10")}))
    assert verdict(case=known) == (Outcome.CONFIRMED, None)
    other = replace(CASE, enrollment=replace(ROW, values={DATE: value("2026-03-09")}))
    found = judge(FINDING, other, Policy(), CALENDAR)
    assert (found.outcome, found.problems) == (Outcome.REVIEW, (Problem.CONFLICTS_WITH_RECORD,))


def test_a_typed_copy_lifts_a_value_that_was_only_read() -> None:
    known = replace(CASE, enrollment=replace(ROW, values={DATE: value("2026-03-10", Status.READ)}))
    assert verdict(case=known) == (Outcome.RECORDED, Status.VERIFIED)


def test_an_empty_cell_says_nothing_but_done_without_a_date_asks() -> None:
    empty = replace(FINDING, text="", value=None, confidence=0.0, decision=Decision.EMPTY)
    assert verdict(empty) == (Outcome.EMPTY, None)
    done = replace(empty, text="済", decision=Decision.REVIEW, problems=(Problem.DONE_WITHOUT_DATE,))
    assert verdict(done) == (Outcome.REVIEW, None)


def test_only_a_person_excludes() -> None:
    tick = replace(FINDING, field=Field.NOT_APPLICABLE, text="○", value="true")
    found = judge(tick, CASE, Policy(), CALENDAR)
    assert found.outcome is Outcome.EXCLUSION_PROPOSED
    assert verdict(replace(tick, value=None, decision=Decision.EMPTY)) == (Outcome.EMPTY, None)


def test_an_excluded_trainee_gets_no_date() -> None:
    case = replace(CASE, enrollment=replace(ROW, excluded_because="辞退"))
    assert Problem.TRAINEE_EXCLUDED in judge(FINDING, case, Policy(), CALENDAR).problems


@given(
    day=st.dates(dt.date(2008, 1, 1), dt.date(2030, 1, 1)),
    trusted=st.booleans(),
    identified=st.booleans(),
    where=st.sampled_from(["", "神奈川", "千葉"]),
    problems=st.lists(st.sampled_from(list(Problem)), max_size=2),
)
def test_nothing_outside_the_window_or_from_elsewhere_is_ever_recorded(
    day: dt.date, trusted: bool, identified: bool, where: str, problems: list[Problem]
) -> None:
    finding = replace(FINDING, value=str(day), problems=tuple(problems))
    case = replace(CASE, trusted=trusted, identified=identified, sender_prefecture=where)
    if judge(finding, case, Policy(), CALENDAR).outcome is Outcome.RECORDED:
        assert dt.date(2026, 3, 2) <= day <= dt.date(2026, 3, 16)
        assert trusted
        assert identified
        assert where in {"", "神奈川"}


def test_a_faxed_sheet_takes_the_place_of_what_was_said_by_telephone() -> None:
    said = replace(value("2026-03-10", Status.READ), source=SourceKind.PERSON)
    fax = replace(CASE, source=SourceKind.FAX, enrollment=replace(ROW, values={DATE: said}))
    assert verdict(case=fax) == (Outcome.RECORDED, Status.READ)


def test_a_strangers_copy_of_what_is_verified_asks_nothing() -> None:
    known = replace(CASE, enrollment=replace(ROW, values={DATE: value("2026-03-10")}), trusted=False)
    assert verdict(case=known) == (Outcome.CONFIRMED, None)
    shifted = replace(known, match_problems=(Problem.NAME_DIFFERS,))
    assert verdict(case=shifted) == (Outcome.REVIEW, None)


def test_a_value_from_a_page_a_person_named_is_never_better_than_read() -> None:
    named = replace(CASE, source=SourceKind.FAX, named=True)
    assert verdict(case=named, policy=Policy(fax_acceptance=FaxAcceptance.AGREEMENT)) == (Outcome.RECORDED, Status.READ)


def test_a_line_for_everybody_does_not_speak_of_a_row_that_is_out() -> None:
    gone = replace(CASE, enrollment=replace(ROW, excluded_because="辞退"))
    ditto = replace(FINDING, problems=(Problem.DITTO,))
    assert verdict(ditto, replace(gone, source=SourceKind.FAX)) == (Outcome.EMPTY, None)
    assert verdict(ditto, replace(CASE, enrollment=None, source=SourceKind.FAX)) == (Outcome.EMPTY, None)
    assert verdict(ditto, gone) == (Outcome.REVIEW, None)
    assert verdict(FINDING, replace(gone, source=SourceKind.FAX)) == (Outcome.REVIEW, None)
