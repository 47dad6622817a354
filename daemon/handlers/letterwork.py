"""Values that several letters share, taken from the masters and the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daemon.domain.letters import RosterRows, Row, Sender, Subject
from daemon.domain.lifecycle import owes
from daemon.domain.model import Course, Enrollment, Roster, Training
from daemon.ports import Kit
from parsers.findings import Problem


def sender(kit: Kit) -> Sender:
    """Who writes."""
    head = kit.letterhead
    return Sender(head.organisation, head.contact, head.address, head.fax)


def about(training: Training, dispatch_id: str) -> Subject:
    """Which training and mailing."""
    course = training.course
    return Subject(
        training.name, course.label, course.edition.title, course is Course.BEGINNER,
        training.starts_on, training.ends_on, training.deadline_on, dispatch_id,
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
    """The rows grouped by roster in order of centre and number; `problems` by enrollment."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda e: (rosters[e.roster].centre, e.roster, e.row)):
        course_fields = owes(row, _course_of(rosters[row.roster]))
        partial = course_fields if row.values else ()
        reasons = (problems or {}).get(row.enrollment_id, ())
        groups.setdefault(row.roster, []).append(Row(row.row, row.name if names else "", partial, reasons))
    return tuple(
        RosterRows(centre_title(kit, rosters[code]), code, tuple(found), office_title(rosters[code]))
        for code, found in groups.items()
    )


def _course_of(roster: Roster) -> Course:
    """Any course with the same form owes the same dates."""
    return next(c for c in Course if c.edition.name == roster.edition)
