"""Values that several letters share, taken from the masters and the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daemon.domain.closing import FIELDS, owes_after
from daemon.domain.letters import RosterRows, Row, Sender, Subject
from daemon.domain.lifecycle import owes_before
from daemon.domain.model import Course, Enrollment, Phase, Roster, Training
from daemon.ports import Kit
from parsers.findings import Field, Problem
from parsers.forms import POST


def sender(kit: Kit) -> Sender:
    """Who writes."""
    head = kit.letterhead
    return Sender(head.organisation, head.contact, head.address, head.fax)


def about(training: Training, dispatch_id: str, phase: Phase = Phase.PRE) -> Subject:
    """Which training and mailing."""
    course, after = training.course, phase is Phase.POST
    return Subject(
        training.name, course.label, POST.title if after else course.edition.title, course is Course.BEGINNER,
        training.starts_on, training.ends_on, training.deadline_on, dispatch_id, after,
    )  # fmt: skip


def centre_title(kit: Kit, roster: Roster) -> str:
    """Official name of the roster's centre; the bare name when the master has dropped it since."""
    centre = kit.directory.centres.get((roster.prefecture, roster.centre))
    return centre.title if centre else f"街角の年金相談センター{roster.centre}"


def office_title(roster: Roster) -> str:
    """「横浜中年金事務所」."""
    bare = roster.pension_office
    return bare if bare.endswith(("年金事務所", "サテライト", "分室")) else f"{bare}年金事務所"


def by_roster(
    kit: Kit,
    rosters: Mapping[str, Roster],
    rows: Iterable[Enrollment],
    *,
    names: bool = False,
    problems: Mapping[str, tuple[Problem, ...]] | None = None,
) -> tuple[RosterRows, ...]:
    """The rows grouped by roster in order of centre and number; `problems` by enrollment.

    A row stands on the roster of the phase it is in; `rosters` are those of both.
    """
    groups: dict[str, list[Row]] = {}
    placed = [(row, rosters[row.post_roster or row.roster]) for row in rows]
    for row, roster in sorted(placed, key=lambda p: (p[1].centre, p[1].code, p[0].number_on(p[1].code))):
        reasons = (problems or {}).get(row.enrollment_id, ())
        shown = Row(row.number_on(roster.code), row.name if names else "", _partial(row, roster), reasons)
        groups.setdefault(roster.code, []).append(shown)
    return tuple(
        RosterRows(centre_title(kit, rosters[code]), code, tuple(found), office_title(rosters[code]))
        for code, found in groups.items()
    )


def _partial(row: Enrollment, roster: Roster) -> tuple[Field, ...]:
    """What the row still owes, when it has brought something already; () = everything or nothing."""
    if roster.phase is Phase.POST:
        return owes_after(row) if FIELDS & row.values.keys() else ()
    return owes_before(row, _course_of(roster)) if row.values else ()


def _course_of(roster: Roster) -> Course:
    """Any course with the same form owes the same dates."""
    return next(c for c in Course if c.edition.name == roster.edition)
