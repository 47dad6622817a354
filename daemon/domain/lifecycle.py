"""The states of a trainee: one table of allowed moves, one function that says which state the facts call for.

A state is never set by hand. Handlers change facts (a value recorded, a question opened, a mail bounced) and ask
`state_of`; `move` checks the answer against the table, so that a bug shows itself instead of being stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from daemon.domain.closing import PLACEMENT, is_ended, is_proven, is_whole, owes_after
from daemon.domain.model import Course, Enrollment, State, Status
from parsers.findings import Field

_ASKED = frozenset({State.SENT, State.BOUNCED, State.ACKED, State.IN_PROGRESS})
_ANSWERED = frozenset({State.PARTIAL, State.READ, State.QUERY, State.VERIFIED})
_LATER = frozenset({State.SUBMITTED, State.RESULT_SET, State.PLACED, State.CLOSED})
_OUT = _ASKED | _ANSWERED | _LATER

TRANSITIONS: dict[State, frozenset[State]] = {
    State.LISTED: _OUT | {State.EXCLUDED},
    State.SENT: _OUT | {State.EXCLUDED},
    State.BOUNCED: _OUT | {State.EXCLUDED},
    State.ACKED: _OUT | {State.EXCLUDED},
    State.IN_PROGRESS: _OUT | {State.EXCLUDED},
    # A person may reject what was read, so an answered row can fall back to being asked.
    State.PARTIAL: _OUT | {State.EXCLUDED},
    State.READ: _OUT | {State.EXCLUDED},
    State.QUERY: _OUT | {State.LISTED, State.EXCLUDED},
    State.VERIFIED: _OUT | {State.EXCLUDED},
    State.SUBMITTED: _OUT | {State.EXCLUDED},
    State.RESULT_SET: _OUT | {State.EXCLUDED},
    State.PLACED: _OUT | {State.EXCLUDED},
    # A person may find a closed row to be wrong; what is owed then comes back.
    State.CLOSED: _OUT | {State.EXCLUDED},
    # Reinstated by a person: back to whatever the facts say.
    State.EXCLUDED: _OUT | {State.LISTED},
}
"""From → to. Nothing ever returns to LISTED once the mail is out, except through a question or an exclusion."""


class ImpossibleMove(Exception):
    """A bug: the facts call for a state that cannot follow the present one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a row beside its values."""

    dispatched: bool
    bounced: bool = False
    acked: bool = False
    in_progress: bool = False
    questions: int = 0
    """Open reviews that put the row in doubt."""
    submitted: bool = False
    """What is on record now stands on a roster that went to 中央年金事務所 (PRE6)."""
    results_out: bool = False
    """The roster with results has left the house (POST1)."""
    results_bounced: bool = False
    accepted: bool = False
    """A person agreed to close the row with what is on record now."""


def owes(enrollment: Enrollment, course: Course) -> tuple[Field, ...]:
    """What is still missing on the row, in the order of the form; the one answer for register, mails and interlock.

    Before the training the dates of registration; once the row stands on a roster with results, placement and
    deletion (`closing.owes_after`). Empty for excluded rows but for a clean-up that is asked for.
    """
    if enrollment.post_roster:
        return owes_after(enrollment)
    return owes_before(enrollment, course)


def owes_before(enrollment: Enrollment, course: Course) -> tuple[Field, ...]:
    """Dates of registration that are not on record; empty for excluded rows."""
    if enrollment.excluded_because:
        return ()
    return tuple(f for f in course.required if f not in enrollment.values)


def is_registered(enrollment: Enrollment, course: Course) -> bool:
    """Whether every date of registration is on record and verified: what goes to 中央年金事務所."""
    have = [enrollment.values.get(f) for f in course.required]
    return all(v is not None and v.status is Status.VERIFIED for v in have)


def state_of(enrollment: Enrollment, course: Course, facts: Facts) -> State:
    """The state the facts call for (domain.md §1.5)."""
    if enrollment.excluded_because:
        return State.EXCLUDED
    if facts.questions:
        return State.QUERY
    if enrollment.post_roster and facts.results_out:
        return _after_training(enrollment, facts)
    return _before_training(enrollment, course, facts)


def _before_training(enrollment: Enrollment, course: Course, facts: Facts) -> State:
    known = sum(f in enrollment.values for f in course.required)
    if known < len(course.required):
        return State.PARTIAL if known else _without_dates(facts)
    if not is_registered(enrollment, course):
        return State.READ
    return State.SUBMITTED if facts.submitted else State.VERIFIED


def _without_dates(facts: Facts) -> State:
    if not facts.dispatched:
        return State.LISTED
    if facts.bounced:
        return State.BOUNCED
    if facts.in_progress:
        return State.IN_PROGRESS
    return State.ACKED if facts.acked else State.SENT


def _after_training(enrollment: Enrollment, facts: Facts) -> State:
    """Closed only on proof: the right deletion, verified, and agreed to by a person where the procedure is silent."""
    if is_ended(enrollment, accepted=facts.accepted):
        return State.CLOSED
    if is_whole(enrollment) and not is_proven(enrollment):
        return State.READ
    if any(f in enrollment.values for f in PLACEMENT):
        return State.PLACED
    return State.BOUNCED if facts.results_bounced else State.RESULT_SET


def move(enrollment: Enrollment, course: Course, facts: Facts) -> Enrollment:
    """The row in its new state; the same object when nothing changes. Raises ImpossibleMove."""
    wanted = state_of(enrollment, course, facts)
    if wanted is enrollment.state:
        return enrollment
    if wanted not in TRANSITIONS[enrollment.state]:
        raise ImpossibleMove(f"{enrollment.enrollment_id}: {enrollment.state} -> {wanted}")
    return replace(enrollment, state=wanted)


def is_settled(enrollment: Enrollment) -> bool:
    """Whether the row needs nothing more before the training."""
    return enrollment.state in SETTLED


SETTLED = frozenset({State.VERIFIED, State.SUBMITTED, State.EXCLUDED})
"""States in which a row needs nothing more before the training."""
