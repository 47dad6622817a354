"""One person's data: handed out in full, or erased (domain.md §6).

Erasing covers names, kana, IDs, notes and the words that were read; dates, states and the history stay, because they
name nobody. Raw mail holds other people too, so it is not cut: the report says how much of it is left and retention
removes it in its time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from daemon.domain.model import Enrollment, Review, State, TrainingState
from daemon.errors import Refused
from daemon.handlers import history
from daemon.handlers.pictures import crops_of
from daemon.handlers.questions import drop
from daemon.handlers.rename import former_spellings, spellings_fact
from daemon.handlers.rows import find_rows, nameless, reason
from daemon.handlers.tombstones import bury, is_removed, sweep
from daemon.ports import Kit, Transaction
from parsers.names import kana_key, name_key

ERASED = "（消去済）"
"""Stands where a name stood."""
_ENDED = {TrainingState.CLOSED, TrainingState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Export:
    """Everything known of one person."""

    document: Mapping[str, Any]
    """JSON-ready."""
    files: Mapping[str, bytes]
    """Name → content: pictures of the person's own cells. Raw mail is listed by hash, not copied: it names others."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, and what is left."""

    rows: int
    readings: int
    questions: int
    crops: int
    raw_mails: int
    """Mails in raw that may still name the person; they go by retention."""


def export_person(kit: Kit, text: str) -> Export:
    """All rows of the one person meant by number, code or name. Raises Refused when nobody or several people fit."""
    with kit.store.snapshot() as tx:
        rows = _one_person(tx, text)
        document = {
            "as_of": kit.clock.now().isoformat(),
            "enrollments": [_known(tx, kit, row) for row in rows],
        }
        crops = {c for row in rows for c in crops_of(tx, row.enrollment_id) if not is_removed(tx, c)}
    for shown in document["enrollments"]:
        assert isinstance(shown, dict)
        lines = history.of_trainee(kit, shown["row"]["enrollment_id"])[1]
        shown["history"] = [asdict(line) for line in lines]
    return Export(_plain(document), {f"{c[:16]}.png": kit.blobs.get(c) for c in sorted(crops)})


def erase_person(kit: Kit, text: str, by: str, because: str) -> Erasure:
    """Erase every row of the one person; all of them must have ended. Raises Refused."""
    with kit.store.transaction() as tx:
        rows = _one_person(tx, text)
        because = reason(because, *rows)
        for row in rows:
            _must_have_ended(tx, row)
        total = Erasure(0, 0, 0, 0, 0)
        for row in rows:
            done = erase_row(tx, kit, row, by, because)
            total = Erasure(*(a + b for a, b in zip(_numbers(total), _numbers(done), strict=True)))
    sweep(kit.store, kit.blobs)
    return total


def erase_row(tx: Transaction, kit: Kit, row: Enrollment, by: str, because: str) -> Erasure:
    """Erase one row within the caller's transaction; the files of its pictures go with the next `sweep`."""
    mails = {r.ledger_id for r in tx.readings(enrollment_id=row.enrollment_id) if r.ledger_id is not None}
    left = sum(not is_removed(tx, tx.get_mail(m).sha256) for m in mails)
    crops = [c for c in crops_of(tx, row.enrollment_id) if not is_removed(tx, c)]
    drop(tx, kit, row, by, "個人情報の消去")
    bury(tx, kit, crops, "erased")
    questions = _cover_questions(tx, row)
    readings = tx.redact_readings(row.enrollment_id)
    tx.set_fact(spellings_fact(row.enrollment_id), "")
    tx.save_enrollment(_covered(row))
    tx.append_event(
        kit.clock.now(), by, "trainee-erased", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture,
        payload={"because": because, "readings": readings, "questions": questions, "crops": len(crops)},
    )  # fmt: skip
    return Erasure(1, readings, questions, len(crops), left)


def _covered(row: Enrollment) -> Enrollment:
    return replace(
        row, name=ERASED, kana="", terminal_id="", e_learning_on=None, visit_on=None, note="",
        excluded_because=nameless(row.excluded_because, row),
    )  # fmt: skip


def _cover_questions(tx: Transaction, row: Enrollment) -> int:
    """The words in questions about the row, and in questions of its training that quote its name."""
    names = (name_key(row.name), kana_key(row.kana))
    covered = 0
    for review in tx.reviews(state=None, training_id=row.training_id):
        if review.enrollment_id == row.enrollment_id or _quotes(review, row, names):
            key = nameless(review.dedupe_key, row)
            tx.save_review(replace(review, dedupe_key=key, text="", detail="", candidates=_dates_only(review)))
            covered += 1
    return covered


def _quotes(review: Review, row: Enrollment, names: tuple[str, str]) -> bool:
    words = review.detail + review.text + review.dedupe_key
    return nameless(words, row) != words or (bool(names[0]) and names[0] in name_key(words))


def _dates_only(review: Review) -> tuple[str, ...]:
    return review.candidates if review.field is not None and review.field.is_date else ()


def _one_person(tx: Transaction, text: str) -> list[Enrollment]:
    """Rows meant by the text, and the other rows of the same person: same name, kana and ID."""
    found = find_rows(tx, text)
    people = {_person(r) for r in found}
    if not found or found[0].name == ERASED:
        raise Refused(f"{text} という受講者は見つかりません（回付番号/No. の形で指定してください）")
    if len(people) > 1:
        places = "、".join(f"{r.roster}/{r.row}" for r in found[:5])
        raise Refused(f"{text} は {len(people)} 名に当てはまります。回付番号/No. で指定してください: {places}")
    return [r for r in tx.enrollments() if _person(r) in people]


def _person(row: Enrollment) -> tuple[str, str, str, str]:
    """Never the name alone: two people of one name in two prefectures are two."""
    return row.prefecture, name_key(row.name), kana_key(row.kana), row.terminal_id


def _must_have_ended(tx: Transaction, row: Enrollment) -> None:
    training = tx.get_training(row.training_id)
    if row.cleanup_owed:
        raise Refused(f"{row.roster}/{row.row} は登録の削除が済んでいません。先に trainee cleaned で記録してください")
    if training.state not in _ENDED and row.state not in {State.EXCLUDED, State.CLOSED}:
        raise Refused(f"{row.roster}/{row.row} は手続きの途中です（研修 {row.training_id}）。終了後に消去できます")


def _known(tx: Transaction, kit: Kit, row: Enrollment) -> dict[str, Any]:
    readings = tx.readings(enrollment_id=row.enrollment_id)
    mails = [tx.get_mail(i) for i in sorted({r.ledger_id for r in readings if r.ledger_id is not None})]
    sent = [m for m in tx.outbox(training_id=row.training_id) if row.enrollment_id in m.enrollments]
    roster = tx.get_roster(row.roster)
    return {
        "row": asdict(row),
        "training": asdict(tx.get_training(row.training_id)),
        "roster": asdict(roster),
        "former_spellings": [asdict(s) for s in former_spellings(tx, row.enrollment_id)],
        "readings": [asdict(r) for r in readings],
        "questions": [asdict(r) for r in tx.reviews(state=None, enrollment_id=row.enrollment_id)],
        "received": [
            {"mail": m.ledger_id, "received_at": m.received_at, "kind": m.kind, "sha256": m.sha256} for m in mails
        ],
        "sent": [
            {"mail": m.outbox_id, "purpose": m.purpose, "to": m.recipients, "sent_at": m.settled_at, "sha256": m.sha256}
            for m in sent
        ],
        "organisation": kit.letterhead.organisation,
    }


def _numbers(done: Erasure) -> tuple[int, ...]:
    return done.rows, done.readings, done.questions, done.crops, done.raw_mails


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing but what JSON has."""
    plain: dict[str, Any] = json.loads(json.dumps(document, ensure_ascii=False, default=str))
    return plain
