"""One trainee in two runs at once: noticed when the list is imported, told to the admin, never mixed.

Nothing follows by itself. Each run has its own rows, rosters and dates; a sheet names its roster by code, and one
without a code is only ever a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.domain.model import Enrollment, Training, TrainingState
from daemon.ports import Kit, Transaction
from parsers.names import kana_key, name_key

_OVER = {TrainingState.CLOSED, TrainingState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody on the list who is also in another open run."""

    name: str
    """For the admin who runs the import; never logged."""
    training_id: str
    training_name: str
    place: str
    """"回付番号/No." there."""


Seen = tuple[str, str, str]
"""(prefecture, key of the name, key of the kana): never the name alone, never across prefectures."""


def seen(prefecture: str, name: str, kana: str) -> Seen:
    """What makes two lines the same person."""
    return prefecture, name_key(name), kana_key(kana)


def also_enrolled(tx: Transaction, training: Training, people: Iterable[Seen]) -> tuple[Elsewhere, ...]:
    """Those of `people` who are in another run that is not over, in order of training and roster."""
    wanted = set(people)
    return tuple(
        Elsewhere(row.name, other.training_id, other.name, f"{row.roster}/{row.row}")
        for other, row in _others(tx, training)
        if seen(row.prefecture, row.name, row.kana) in wanted
    )


def note_twice(tx: Transaction, kit: Kit, training: Training, rows: Iterable[Enrollment]) -> None:
    """A line in the history of each row whose trainee is in another open run."""
    others = {seen(r.prefecture, r.name, r.kana): r for _, r in _others(tx, training)}
    for row in rows:
        twin = others.get(seen(row.prefecture, row.name, row.kana))
        if twin is not None:
            tx.append_event(
                kit.clock.now(), "meibod", "trainee-listed-twice", subject=f"enrollment:{row.enrollment_id}",
                training_id=training.training_id, prefecture=row.prefecture,
                payload={"other": twin.enrollment_id, "training": twin.training_id},
            )  # fmt: skip


def _others(tx: Transaction, training: Training) -> list[tuple[Training, Enrollment]]:
    runs = [t for t in tx.trainings() if t.training_id != training.training_id and t.state not in _OVER]
    return [(t, r) for t in runs for r in tx.enrollments(training_id=t.training_id) if not r.excluded_because]
