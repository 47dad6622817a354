"""The rows a mail speaks of: each office is read once, each changed row is written once.

A returned sheet touches twenty rows several times over (recorded, moved into a new state, told in the receipt); asked
one by one that is a thousand statements. Whoever holds a roll reads and changes rows through it, not beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.domain.model import Dispatch, Enrollment, Roster, Training
from daemon.ports import Transaction

_Office = tuple[str, str]


class Roll:
    """Everything about the offices of one mail, as the open transaction sees it. Valid inside that transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._trainings: dict[str, Training] = {}
        self._rosters: dict[str, Roster | None] = {}
        self._dispatches: dict[_Office, Dispatch | None] = {}
        self._offices: dict[_Office, dict[str, Enrollment]] = {}
        self._sheets: dict[str, dict[str, Enrollment]] = {}
        self._questioned: dict[_Office, set[str]] = {}
        self._changed: dict[str, Enrollment] = {}

    def training(self, training_id: str) -> Training:
        """Raises KeyError."""
        if training_id not in self._trainings:
            self._trainings[training_id] = self._tx.get_training(training_id)
        return self._trainings[training_id]

    def roster(self, code: str) -> Roster | None:
        """None when nobody knows the code."""
        if code not in self._rosters:
            self._rosters[code] = self._tx.find_roster(code)
        return self._rosters[code]

    def dispatch(self, training_id: str, prefecture: str) -> Dispatch | None:
        """The mailing of the office."""
        office = training_id, prefecture
        if office not in self._dispatches:
            self._dispatches[office] = next(iter(self._tx.dispatches(*office)), None)
        return self._dispatches[office]

    # -- rows ------------------------------------------------------------------------------------------------------

    def office(self, training_id: str, prefecture: str) -> list[Enrollment]:
        """All rows of one office in one training, in order of roster and row."""
        office = training_id, prefecture
        if office not in self._offices:
            found = self._tx.enrollments(training_id=training_id, prefecture=prefecture)
            self._offices[office] = {row.enrollment_id: row for row in found}
        return list(self._offices[office].values())

    def sheet(self, roster: Roster) -> list[Enrollment]:
        """The rows of one roster, in order."""
        if roster.code not in self._sheets:
            rows = self.office(roster.training_id, roster.prefecture)
            self._sheets[roster.code] = {row.enrollment_id: row for row in rows if row.roster == roster.code}
        return list(self._sheets[roster.code].values())

    def row(self, enrollment_id: str) -> Enrollment:
        """The row as it is now; raises KeyError."""
        for rows in self._offices.values():
            if enrollment_id in rows:
                return rows[enrollment_id]
        row = self._tx.get_enrollment(enrollment_id)
        self.office(row.training_id, row.prefecture)
        return row

    def keep(self, row: Enrollment) -> None:
        """The row has changed; `write` saves it."""
        self.office(row.training_id, row.prefecture)
        self._offices[row.training_id, row.prefecture][row.enrollment_id] = row
        if row.roster in self._sheets:
            self._sheets[row.roster][row.enrollment_id] = row
        self._changed[row.enrollment_id] = row

    def write(self, rows: Iterable[Enrollment] = ()) -> None:
        """`keep` these, then save every row that changed."""
        for row in rows:
            self.keep(row)
        changed, self._changed = self._changed, {}
        self._tx.save_enrollments(changed.values())

    # -- questions -------------------------------------------------------------------------------------------------

    def in_question(self, row: Enrollment) -> bool:
        """Whether a question about the row is or was open since the roll looked: only then are the reviews read."""
        office = row.training_id, row.prefecture
        if office not in self._questioned:
            rows = self.office(*office)
            found = self._tx.open_questions(r.enrollment_id for r in rows)
            self._questioned[office] = {q.enrollment_id for q in found}
        return row.enrollment_id in self._questioned[office]

    def question(self, row: Enrollment) -> None:
        """A question about the row has been opened."""
        if not self.in_question(row):
            self._questioned[row.training_id, row.prefecture].add(row.enrollment_id)
