"""A name was written wrongly and the office corrected it (字体訂正): the new spelling counts, the old one is kept.

The history is for ever and holds no names, so its line says "spelling 1 → spelling 2"; the spellings themselves lie
in a fact that can be erased.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from daemon.domain.model import Enrollment, Review, ReviewState
from daemon.errors import Refused
from daemon.handlers import review as reviewing
from daemon.handlers.rows import known_row, reason
from daemon.ports import Kit, Transaction
from parsers.findings import Problem

_ABOUT_NAMES = {Problem.NAME_DIFFERS, Problem.NAME_VARIANT}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name as it was written once."""

    name: str
    kana: str
    until: str
    """Instant of the correction, ISO 8601 UTC."""


def rename(kit: Kit, enrollment_id: str, spelling: tuple[str, str], by: str, because: str) -> Enrollment:
    """`spelling`: (name, kana), "" = as it is. Raises Refused when nothing changes or our font lacks a character."""
    with kit.store.transaction() as tx:
        row = known_row(tx, enrollment_id)
        name, kana = spelling[0].strip() or row.name, spelling[1].strip() or row.kana
        new = replace(row, name=name, kana=kana)
        because = reason(because, row, new)
        if new == row:
            raise Refused("氏名もフリガナも変わりません")
        missing = kit.documents.missing_glyphs((name, kana))
        if missing:
            raise Refused(f"印刷できない文字があります: {' '.join(missing.values())}")
        number = _keep(tx, kit, row)
        tx.save_enrollment(new)
        tx.append_event(
            kit.clock.now(), by, "trainee-renamed", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture,
            payload={"before": f"spelling:{number}", "after": f"spelling:{number + 1}", "because": because},
        )  # fmt: skip
        return new


def settle_with_name(kit: Kit, review_id: int, spelling: tuple[str, str], by: str, because: str) -> Review:
    """The sheet is right about the name: rename, then record what it says. Raises Refused for any other question."""
    with kit.store.snapshot() as tx:
        known = {r.review_id: r for r in tx.reviews(state=ReviewState.OPEN)}
    question = known.get(review_id)
    if question is None or not question.enrollment_id or not _ABOUT_NAMES & set(question.problems):
        raise Refused(f"#{review_id} は氏名の相違についての確認事項ではありません")
    rename(kit, question.enrollment_id, spelling, by, because)
    if question.suggestion:
        return reviewing.accept(kit, review_id, by, because)
    return question


def spellings_fact(enrollment_id: str) -> str:
    """Name of the fact that holds former spellings."""
    return f"spellings:{enrollment_id}"


def former_spellings(tx: Transaction, enrollment_id: str) -> list[Spelling]:
    """Oldest first; spelling n of the history is the n-th, the present name is the one after the last."""
    text = tx.get_fact(spellings_fact(enrollment_id))
    found: list[dict[str, Any]] = json.loads(text) if text else []
    return [Spelling(**one) for one in found]


def _keep(tx: Transaction, kit: Kit, row: Enrollment) -> int:
    """Put the present spelling with the former ones; its number, 1-based."""
    former = [*former_spellings(tx, row.enrollment_id), Spelling(row.name, row.kana, kit.clock.now().isoformat())]
    written = [{"name": s.name, "kana": s.kana, "until": s.until} for s in former]
    tx.set_fact(spellings_fact(row.enrollment_id), json.dumps(written, ensure_ascii=False))
    return len(former)
