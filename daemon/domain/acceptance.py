"""Whether a finding enters the register: the guards of domain.md §1.5 and the acceptance rule of design §2, step 4.

Guards veto, they never repair. A later copy never overwrites: it confirms, adds, or conflicts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain import closing
from daemon.domain.calendar import OfficeCalendar
from daemon.domain.model import Course, Enrollment, SourceKind, Status
from daemon.domain.policy import FaxAcceptance, Policy
from parsers.findings import Decision, Field, Finding, Problem
from parsers.forms import COMPLETED, NOT_COMPLETED, WITHDRAWN


class Outcome(StrEnum):
    """What becomes of one finding."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    """The register already says so."""
    REVIEW = "review"
    EMPTY = "empty"
    """Nothing there, or a word that means "not yet"."""
    EXCLUSION_PROPOSED = "exclusion-proposed"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the guards look at beside the finding."""

    enrollment: Enrollment | None
    course: Course
    source: SourceKind
    dispatched_on: dt.date | None
    """Day the roster (that of the field's phase) left the house; None = it never did."""
    received_on: dt.date
    sender_prefecture: str
    """"" = the sender could not be attributed to an office."""
    trusted: bool
    """A signed token of ours or an address of the book names the same prefecture."""
    identified: bool
    """The sheet itself carries a roster code of ours."""
    other_dates: tuple[tuple[Field, dt.date], ...] = ()
    """Other dates of the row: as recorded, or as read from the same sheet."""
    match_problems: tuple[Problem, ...] = ()
    after: closing.After | None = None
    """Set when the row stands on a roster with results."""
    named: bool = False
    """A person said which page it was read from: every row may be off by one, so a person looks at the values too."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one finding, with its reasons."""

    outcome: Outcome
    status: Status | None = None
    problems: tuple[Problem, ...] = ()


_NEEDS_A_PERSON = frozenset(
    {
        Problem.KEY_DIFFERS, Problem.ROW_DUPLICATED, Problem.STRUCK_OUT, Problem.TWO_DATES, Problem.EXTRA_TEXT,
        Problem.HIDDEN_CONTENT, Problem.DRAWING_OVER_CELLS, Problem.ERROR_VALUE, Problem.FORMULA_VALUE,
    }
)  # fmt: skip
"""Problems that send a value to a person even when the reader could read it."""

_WORTH_A_QUESTION = frozenset({Problem.DONE_WITHOUT_DATE, Problem.ALREADY_REGISTERED, Problem.DITTO_UNRESOLVED})
CONFIDENCE_FLOOR = 0.99
"""Least calibrated probability a machine-read value needs."""


def judge(finding: Finding, case: Case, policy: Policy, calendar: OfficeCalendar) -> Verdict:
    """Decide on one finding; the problems name every guard that failed."""
    if Problem.EXCLUSION_PROPOSED in finding.problems or finding.field is Field.NOT_APPLICABLE:
        return _exclusion(finding, case)
    if finding.field is Field.COMPLETED:
        return _result(finding, case)
    silent = finding.decision is Decision.EMPTY and not _WORTH_A_QUESTION & set(finding.problems)
    if silent or _speaks_of_nobody(finding, case):
        return Verdict(Outcome.EMPTY, problems=finding.problems if silent else ())
    if _repeats(finding, case):
        return Verdict(Outcome.CONFIRMED)
    problems = (*case.match_problems, *_reader_doubts(finding), *_guards(finding, case, calendar))
    if problems:
        return Verdict(Outcome.REVIEW, problems=tuple(dict.fromkeys(problems)))
    return _enter(finding, case, policy)


def _speaks_of_nobody(finding: Finding, case: Case) -> bool:
    """全員同日 on a page says nothing about the line of somebody who is out, or of a No. nobody has any more."""
    if case.source is not SourceKind.FAX or Problem.DITTO not in finding.problems or not case.identified:
        return False
    row = case.enrollment
    return row is None or (bool(row.excluded_because) and not row.cleanup_owed)


def _repeats(finding: Finding, case: Case) -> bool:
    """Whether a sheet of ours says what is verified already: whoever sent the copy, there is nothing to ask."""
    known = case.enrollment.values.get(finding.field) if case.enrollment else None
    same = known is not None and known.status is Status.VERIFIED and known.value == finding.value
    return same and case.identified and finding.decision is Decision.ACCEPT and not case.match_problems


def _enter(finding: Finding, case: Case, policy: Policy) -> Verdict:
    """Nothing speaks against it: new, surer than what is on record, or just that."""
    assert case.enrollment is not None
    status = Status.READ if case.named else _status(finding, case.source, policy)
    known = case.enrollment.values.get(finding.field)
    if known is not None and (known.status is Status.VERIFIED or status is Status.READ):
        # 口頭: what was said gives way to the first sheet that says the same, and a person looks at the sheet.
        said = known.source is SourceKind.PERSON and known.status is Status.READ
        return Verdict(Outcome.RECORDED, status) if said else Verdict(Outcome.CONFIRMED)
    return Verdict(Outcome.RECORDED, status)


def _exclusion(finding: Finding, case: Case) -> Verdict:
    """対象外, 辞退 …: only a person excludes; an empty tick says nothing."""
    if finding.decision is Decision.EMPTY:
        return Verdict(Outcome.EMPTY)
    if case.enrollment is not None and case.enrollment.excluded_because:
        return Verdict(Outcome.CONFIRMED)
    problems = dict.fromkeys((Problem.EXCLUSION_PROPOSED, *case.match_problems, *_belongs(case)))
    return Verdict(Outcome.EXCLUSION_PROPOSED, problems=tuple(problems))


def _result(finding: Finding, case: Case) -> Verdict:
    """修了の有無 is ours: it comes back as printed, or somebody disagrees with it."""
    if printed_result(finding, case.enrollment):
        return Verdict(Outcome.EMPTY)
    problems = dict.fromkeys((Problem.CONFLICTS_WITH_RECORD, *finding.problems, *case.match_problems, *_belongs(case)))
    return Verdict(Outcome.REVIEW, problems=tuple(problems))


def printed_result(finding: Finding, row: Enrollment | None) -> bool:
    """Whether a finding about 修了の有無 says nothing but what stands on the sheet we sent."""
    if finding.decision is Decision.EMPTY or row is None:
        return True
    return finding.value == result_code(row)


def result_code(row: Enrollment) -> str | None:
    """修了の有無 of the row as a value of `Field.COMPLETED`; None = no result."""
    if row.excluded_because:
        return WITHDRAWN
    return None if row.completed is None else COMPLETED if row.completed else NOT_COMPLETED


def _reader_doubts(finding: Finding) -> tuple[Problem, ...]:
    if finding.decision is not Decision.ACCEPT or finding.value is None:
        return finding.problems or (Problem.NOT_A_DATE,)
    doubts = tuple(p for p in finding.problems if p in _NEEDS_A_PERSON)
    if finding.confidence < CONFIDENCE_FLOOR and Problem.DITTO not in finding.problems:
        doubts += (Problem.LOW_CONFIDENCE,)
    return doubts


def _guards(finding: Finding, case: Case, calendar: OfficeCalendar) -> tuple[Problem, ...]:
    if case.enrollment is None:
        return case.match_problems or (Problem.ROW_UNMATCHED,)
    problems = list(_belongs(case))
    later = finding.field in closing.FIELDS
    if case.after is None if later else finding.field not in case.course.required:
        problems.append(Problem.FIELD_NOT_EXPECTED)
    if case.enrollment.excluded_because and not (later and case.enrollment.cleanup_owed):
        problems.append(Problem.TRAINEE_EXCLUDED)
    known = case.enrollment.values.get(finding.field)
    if known is not None and finding.value is not None and known.value != finding.value:
        problems.append(Problem.CONFLICTS_WITH_RECORD)
    if later and case.after is not None:
        problems += closing.guards(finding.field, finding.value, case.enrollment, case.after)
    if finding.value is not None and finding.field.is_date:
        problems += date_guards(dt.date.fromisoformat(finding.value), finding.field, case, calendar)
    elif case.dispatched_on is None and not finding.field.is_date:
        problems.append(Problem.TRAINING_NOT_OPEN)
    return tuple(problems)


def _belongs(case: Case) -> tuple[Problem, ...]:
    """Whether the sender may speak for the row (I3 read backwards)."""
    problems = []
    if case.enrollment is not None and case.sender_prefecture not in {"", case.enrollment.prefecture}:
        problems.append(Problem.OTHER_PREFECTURE)
    elif not case.trusted:
        problems.append(Problem.SENDER_UNKNOWN)
    if not case.identified:
        problems.append(Problem.ROSTER_UNKNOWN)
    return tuple(problems)


def date_guards(on: dt.date, field: Field, case: Case, calendar: OfficeCalendar) -> list[Problem]:
    """Vetoes on a legible date: the window [dispatch, receipt], the order 新規 ≤ 兼務, an open office."""
    problems = []
    if on > case.received_on:
        problems.append(Problem.AFTER_RECEIPT)
    if case.dispatched_on is None:
        problems.append(Problem.TRAINING_NOT_OPEN)
    elif on < case.dispatched_on and field not in closing.FIELDS:
        # An office may delete between the last day and our mail: that window begins with the end of the training.
        problems.append(Problem.BEFORE_DISPATCH)
    order = {f: n for n, f in enumerate(case.course.required)}
    for other, day in case.other_dates:
        if field in order and other in order and (on - day).days * (order[field] - order[other]) < 0:
            problems.append(Problem.ORDER_REVERSED)
    if not calendar.is_open(on):
        problems.append(Problem.OFFICE_CLOSED)
    return problems


def _status(finding: Finding, source: SourceKind, policy: Policy) -> Status:
    if source is SourceKind.FAX:
        return Status.VERIFIED if policy.fax_acceptance is FaxAcceptance.AGREEMENT else Status.READ
    unsure = Problem.DITTO in finding.problems
    return Status.VERIFIED if policy.auto_verify_typed and not unsure else Status.READ
