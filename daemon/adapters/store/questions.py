"""Pages that arrived, readings (kept for ever) and reviews (questions to a person)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from daemon.adapters.store import schema
from daemon.adapters.store.shape import Rows, Shape
from daemon.domain.model import Reading, ReceivedPage, Review, ReviewState
from parsers.findings import Problem

_PAGES = Shape(schema.pages, ReceivedPage, "page_id")
_READINGS = Shape(schema.readings, Reading, "reading_id")
_REVIEWS = Shape(schema.reviews, Review, "review_id")


class QuestionRows(Rows):
    """The part of a transaction that keeps what was read and what is asked."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._last_reading: int | None = None
        self._unwritten_readings: list[Reading] = []
        """Added and not yet inserted: one statement for a sheet, not one for each cell."""

    def add_reading(self, reading: Reading) -> int:
        """The new id."""
        if self._last_reading is None:
            highest = self._connection.execute(sa.select(sa.func.max(schema.readings.c.reading_id))).scalar_one()
            self._last_reading = highest or 0
        self._last_reading += 1
        self._unwritten_readings.append(replace(reading, reading_id=self._last_reading))
        return self._last_reading

    def flush(self) -> None:
        """Insert the readings added so far. Nobody else can have taken their numbers: writers are serialised."""
        super().flush()
        waiting, self._unwritten_readings = self._unwritten_readings, []
        if waiting:
            _READINGS.add_all(self._connection, waiting)

    def get_reading(self, reading_id: int) -> Reading:
        """Raises KeyError."""
        self.flush()
        return _READINGS.get(self._connection, reading_id)

    def readings(self, *, ledger_id: int | None = None, enrollment_id: str | None = None) -> list[Reading]:
        """By id."""
        self.flush()
        return _READINGS.equal(self._connection, ledger_id=ledger_id, enrollment_id=enrollment_id)

    def redact_readings(self, enrollment_id: str) -> int:
        """Empty the words of everything read or said about the row; dates stay, so that values keep their evidence."""
        self.flush()
        c = schema.readings.c
        mine = c.enrollment_id == enrollment_id
        done = self._connection.execute(sa.update(schema.readings).where(mine).values(text="", said_by=""))
        return int(done.rowcount)

    def save_pages(self, ledger_id: int, pages: Iterable[ReceivedPage]) -> None:
        """The pages of that mail, in place of what was known of them."""
        self._connection.execute(sa.delete(schema.pages).where(schema.pages.c.ledger_id == ledger_id))
        for page in pages:
            _PAGES.add(self._connection, page)

    def pages(self, *, ledger_id: int | None = None, roster: str | None = None) -> list[ReceivedPage]:
        """By id."""
        return _PAGES.equal(self._connection, ledger_id=ledger_id, roster=roster)

    def problems_read(self, enrollment_ids: Iterable[str]) -> Mapping[str, frozenset[Problem]]:
        """Enrollment → every problem any of its readings had; those without any are left out."""
        self.flush()
        c = schema.readings.c
        query = sa.select(c.enrollment_id, c.problems).where(c.enrollment_id.in_(tuple(enrollment_ids)))
        found: dict[str, frozenset[Problem]] = {}
        for enrollment_id, problems in self._connection.execute(query.where(c.problems != ())):
            found[enrollment_id] = found.get(enrollment_id, frozenset()) | frozenset(problems)
        return found

    def add_review(self, review: Review) -> int | None:
        """The new id, or None when the question (its dedupe key) has been asked before."""
        c = schema.reviews.c
        asked = self._connection.execute(sa.select(c.review_id).where(c.dedupe_key == review.dedupe_key)).first()
        return None if asked else _REVIEWS.add(self._connection, review)

    def open_questions(self, enrollment_ids: Iterable[str]) -> list[Review]:
        """Open reviews about any of these rows, by id."""
        c = schema.reviews.c
        where = [c.enrollment_id.in_(tuple(enrollment_ids)), c.state == ReviewState.OPEN]
        return _REVIEWS.list(self._connection, where)

    def count_questions(self, prefectures: Iterable[str]) -> Mapping[str, int]:
        """Kind → how many open reviews there are about these prefectures."""
        c = schema.reviews.c
        return self._count_by(c.kind, [c.state == ReviewState.OPEN, c.prefecture.in_(tuple(prefectures))])

    def save_review(self, review: Review) -> None:
        """Insert or replace."""
        _REVIEWS.save(self._connection, review)

    def get_review(self, review_id: int) -> Review:
        """Raises KeyError."""
        return _REVIEWS.get(self._connection, review_id)

    def reviews(
        self,
        *,
        state: ReviewState | None = ReviewState.OPEN,
        prefecture: str | None = None,
        training_id: str | None = None,
        ledger_id: int | None = None,
        enrollment_id: str | None = None,
    ) -> list[Review]:
        """By id; `state=None` means all."""
        return _REVIEWS.equal(
            self._connection,
            state=state,
            prefecture=prefecture,
            training_id=training_id,
            ledger_id=ledger_id,
            enrollment_id=enrollment_id,
        )
