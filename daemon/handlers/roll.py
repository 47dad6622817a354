"""The rows a mail speaks of: each office is read once, each changed row is written once.

A returned sheet touches twenty rows several times over (recorded, moved into a new state, told in the receipt); asked
one by one that is a thousand statements. Whoever holds a roll reads and changes rows through it, not beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.domain.model import Dispatch, Enrollment, Phase, Roster, Training
from daemon.ports import Transaction

_Office = tuple[str, str]


class Roll:
    """Everything about the offices of one mail, as the open transaction sees it. Valid inside that transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._trainings: dict[str, Training] = {}
        self._rosters: dict[str, Roster | None] = {}
        self._dispatches: dict[tuple[str, str, Phase], Dispatch | None] = {}
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

    def dispatch(self, training_id: str, prefecture: str, phase: Phase = Phase.PRE) -> Dispatch | None:
        """The mailing of that half of the procedure to the office."""
        key = training_id, prefecture, phase
        if key not in self._dispatches:
            found = self._tx.dispatches(training_id, prefecture)
            self._dispatches |= {(training_id, prefecture, p): None for p in Phase}
            self._dispatches |= {(training_id, prefecture, d.phase): d for d in found}
        return self._dispatches[key]

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
            mine = [row for row in rows if roster.code in {row.roster, row.post_roster}]
            mine.sort(key=lambda row: row.number_on(roster.code))
            self._sheets[roster.code] = {row.enrollment_id: row for row in mine}
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
        for code in (row.roster, row.post_roster):
            if code in self._sheets:
                self._sheets[code][row.enrollment_id] = row
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
