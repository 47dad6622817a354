"""The states of a trainee: one table of allowed moves, one function that says which state the facts call for.

A state is never set by hand. Handlers change facts (a value recorded, a question opened, a mail bounced) and ask
`state_of`; `move` checks the answer against the table, so that a bug shows itself instead of being stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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


def owes(enrollment: Enrollment, course: Course) -> tuple[Field, ...]:
    """Dates still missing on the row, in the order of the form; empty for excluded rows."""
    if enrollment.excluded_because:
        return ()
    return tuple(f for f in course.required if f not in enrollment.values)


def state_of(enrollment: Enrollment, course: Course, facts: Facts) -> State:
    """The state the facts call for (domain.md §1.5)."""
    if enrollment.excluded_because:
        return State.EXCLUDED
    if facts.questions:
        return State.QUERY
    have = [enrollment.values[f] for f in course.required if f in enrollment.values]
    if len(have) == len(course.required):
        return State.VERIFIED if all(v.status is Status.VERIFIED for v in have) else State.READ
    if have:
        return State.PARTIAL
    return _without_dates(facts)


def _without_dates(facts: Facts) -> State:
    if not facts.dispatched:
        return State.LISTED
    if facts.bounced:
        return State.BOUNCED
    if facts.in_progress:
        return State.IN_PROGRESS
    return State.ACKED if facts.acked else State.SENT


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
    return enrollment.state in {State.VERIFIED, State.EXCLUDED}
