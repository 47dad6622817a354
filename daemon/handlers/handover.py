"""PRE6: the checked roster for 中央年金事務所 (the chart's ⑦): made, offered, marked as submitted.

Made by itself when a run is complete. A row that changes after it was submitted goes onto a marked supplement; a
roster that has not left the house is made anew instead. The mail waits for a person unless HQ says otherwise.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import HandoverLetter
from daemon.domain.lifecycle import is_registered
from daemon.domain.model import (
    Enrollment,
    Handover,
    MailPurpose,
    OutboxMail,
    OutboxState,
    Roster,
    State,
    Training,
    TrainingState,
)
from daemon.domain.policy import HandoverWay
from daemon.errors import Refused
from daemon.handlers.handed import (
    handed_mark,
    last_marks,
    looked_at,
    marks_fact,
    marks_of,
    waiting_trainings,
)
from daemon.handlers.letterwork import centre_title, office_title, sender
from daemon.handlers.outgoing import XLSX, Draft, File, queue
from daemon.handlers.planning import complete_or_reopen, moved
from daemon.ports import HandoverFiles, HandoverSheet, Kit, TraineeLine, Transaction

_STILL_HERE = frozenset({OutboxState.HELD, OutboxState.READY})
"""States of a mail that can be taken back."""
_MADE_FOR = frozenset(
    {TrainingState.COMPLETE, TrainingState.RESULTS, TrainingState.CLOSED, TrainingState.CANCELLED}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """A roster that should exist and does not."""

    training: Training
    number: int
    because: str
    rows: tuple[Enrollment, ...]
    replaces: Handover | None = None
    """Made before and not submitted: its place is taken."""


def make_due(kit: Kit) -> list[Handover]:
    """Make what has fallen due; cost grows with the trainings in which something changed."""
    with kit.store.snapshot() as tx:
        waiting = waiting_trainings(tx)
    made = []
    for training_id in waiting:
        found = _make(kit, training_id, "meibod")
        if found is not None:
            made.append(found)
    return made


def make(kit: Kit, training_id: str, by: str, because: str = "") -> Handover:
    """A person asks for the roster: what is due, or everything once more as a supplement with a reason."""
    found = _make(kit, training_id, by, because)
    if found is None:
        raise Refused(
            "提出すべき行がありません（全員が確認済または除外になると作られます。再作成は --because で理由を）"
        )
    return found


def _make(kit: Kit, training_id: str, by: str, because: str = "") -> Handover | None:
    with kit.store.snapshot() as tx:
        due = what_is_due(tx, kit, training_id, because)
        lines = _lines(tx, kit, due) if due else ()
    if due is None:
        with kit.store.transaction() as tx:
            if what_is_due(tx, kit, training_id, because) is None:
                looked_at(tx, training_id)
        return None
    # Documents take seconds: they are made outside, and thrown away when the rows have changed meanwhile.
    sheet = HandoverSheet(
        due.training, due.number, kit.clock.today(), due.because, lines, contact=kit.letterhead.contact
    )
    files = kit.documents.handover(sheet)
    with kit.store.transaction() as tx:
        if what_is_due(tx, kit, training_id, because) != due:
            return None
        made = _commit(tx, kit, due, files, by)
        looked_at(tx, training_id)
    return made


# -- what is due -----------------------------------------------------------------------------------------------


def what_is_due(tx: Transaction, kit: Kit, training_id: str, because: str = "") -> Due | None:
    """The roster or supplement the rows call for; None when there is none, or what there is still holds."""
    training = tx.get_training(training_id)
    if training.course not in kit.policy.handover.courses or training.state not in _MADE_FOR:
        return None
    handovers = tx.handovers(training_id)
    gone = [h for h in handovers if _has_gone(tx, h)]
    here = next((h for h in handovers if h not in gone), None)
    marks = last_marks(tx, gone)
    # Whoever stands on a roster over there and has withdrawn since is told as well: to be taken off.
    told = [r for r in tx.enrollments(training_id=training_id) if not r.excluded_because or r.enrollment_id in marks]
    rows = [r for r in told if not r.excluded_because]
    if not all(is_registered(r, training.course) for r in rows) or _questioned(training, rows):
        return None
    fresh = tuple(
        r for r in _in_order(tx, kit, training, told) if because or marks.get(r.enrollment_id) != handed_mark(r)
    )
    if not fresh or (here is not None and marks_of(tx, here) == {r.enrollment_id: handed_mark(r) for r in fresh}):
        return None
    number = here.number if here else max((h.number for h in handovers), default=0) + 1
    return Due(training, number, because or (_reason(marks, fresh) if number > 1 else ""), fresh, here)


def _questioned(training: Training, rows: Sequence[Enrollment]) -> bool:
    """Before the training a question about any row keeps the run from being complete; later it is about deletions."""
    return training.state is TrainingState.COMPLETE and any(r.state is State.QUERY for r in rows)


def _has_gone(tx: Transaction, handover: Handover) -> bool:
    """Submitted, or its mail is on its way: what it says can no longer be taken back."""
    if handover.submitted_at is not None:
        return True
    return handover.outbox_id is not None and tx.get_outbox(handover.outbox_id).state not in {
        *_STILL_HERE, OutboxState.CANCELLED, OutboxState.REFUSED,
    }  # fmt: skip


def _reason(marks: dict[str, str], fresh: Sequence[Enrollment]) -> str:
    added = sum(r.enrollment_id not in marks for r in fresh)
    gone = sum(bool(r.excluded_because) for r in fresh)
    counts = (("追加", added), ("訂正", len(fresh) - added - gone), ("取消", gone))
    parts = [f"{word}{count}名" if count else "" for word, count in counts]
    return "・".join(p for p in parts if p)


def _in_order(tx: Transaction, kit: Kit, training: Training, rows: Sequence[Enrollment]) -> list[Enrollment]:
    """By prefecture as in the address book, centre, roster, number."""
    rosters = {r.code: r for r in tx.rosters(training.training_id)}
    places = {p: n for n, p in enumerate(kit.directory.offices)}

    def key(row: Enrollment) -> tuple[int, str, str, int]:
        roster = rosters[row.roster]
        return places.get(roster.prefecture, len(places)), roster.centre, roster.code, row.row

    return sorted(rows, key=key)


def _lines(tx: Transaction, kit: Kit, due: Due) -> tuple[TraineeLine, ...]:
    rosters = {r.code: r for r in tx.rosters(due.training.training_id)}
    return tuple(trainee_line(kit, rosters[row.roster], row) for row in due.rows)


def trainee_line(kit: Kit, roster: Roster, row: Enrollment) -> TraineeLine:
    """A row as it stands on a list that goes over all prefectures."""
    return TraineeLine(roster.prefecture, centre_title(kit, roster), office_title(roster), row)


# -- making ----------------------------------------------------------------------------------------------------


def _commit(tx: Transaction, kit: Kit, due: Due, files: HandoverFiles, by: str) -> Handover:
    now, ident = kit.clock.now(), due.training.training_id
    _take_back(tx, kit, due.replaces, by)
    handover = Handover(
        due.replaces.handover_id if due.replaces else 0, ident, due.number, now,
        tuple(r.enrollment_id for r in due.rows), kit.blobs.put(files.xlsx), kit.blobs.put(files.pdf), due.because,
    )  # fmt: skip
    if due.replaces is None:
        handover = replace(handover, handover_id=tx.add_handover(handover))
    marks = {r.enrollment_id: handed_mark(r) for r in due.rows}
    tx.set_fact(marks_fact(handover.handover_id), json.dumps(marks, sort_keys=True))
    handover = replace(handover, outbox_id=_mail(tx, kit, due, files))
    tx.save_handover(handover)
    payload = {
        "number": due.number, "rows": len(due.rows), "because": due.because, "anew": due.replaces is not None,
        "xlsx": handover.xlsx_sha256, "pdf": handover.pdf_sha256,
    }  # fmt: skip
    tx.append_event(now, by, "handover-made", subject=f"training:{ident}", training_id=ident, payload=payload)
    return handover


def _take_back(tx: Transaction, kit: Kit, handover: Handover | None, by: str) -> None:
    if handover is None or handover.outbox_id is None:
        return
    mail = tx.get_outbox(handover.outbox_id)
    if mail.state in _STILL_HERE:
        now = kit.clock.now()
        tx.save_outbox(replace(mail, state=OutboxState.CANCELLED, settled_at=now, held_because="作り直したため"))
        tx.append_event(
            now, by, "mail-cancelled", subject=f"outbox:{mail.outbox_id}", training_id=mail.training_id,
            payload={"because": "made anew"},
        )  # fmt: skip


def _mail(tx: Transaction, kit: Kit, due: Due, files: HandoverFiles) -> int | None:
    rule, training = kit.policy.handover, due.training
    if rule.way is not HandoverWay.MAIL or not rule.to:
        return None
    letter = HandoverLetter(
        rule.title, training.name, training.course.label, training.starts_on, training.ends_on, due.number,
        len(due.rows), due.because, sender(kit), kit.clock.today(),
    )  # fmt: skip
    content = hashlib.sha256(files.xlsx + files.pdf).hexdigest()[:16]
    draft = Draft(
        purpose=MailPurpose.SUBMISSION,
        dedupe_key=_free(tx, f"submission:{training.training_id}:{due.number}:{content}"),
        words=kit.templates.render(letter.template, letter),
        to=rule.to,
        training_id=training.training_id,
        enrollments=tuple(r.enrollment_id for r in due.rows),
        files=(
            File(file_name(due.training, due.number, "xlsx"), XLSX, files.xlsx),
            File(file_name(due.training, due.number, "pdf"), "application/pdf", files.pdf),
        ),
        held_because="approval" if rule.needs_approval else "",
    )
    return queue(tx, kit, draft)


def _free(tx: Transaction, key: str) -> str:
    """`key`, or the next one whose mail was not taken back: the same roster may be wanted again."""
    free, again = key, 0
    while (taken := tx.find_outbox(dedupe_key=free)) is not None and taken.state is OutboxState.CANCELLED:
        again += 1
        free = f"{key}:{again}"
    return free


def file_name(training: Training, number: int, suffix: str) -> str:
    """ASCII, and no name of a person."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in training.training_id)
    return f"submission_{safe}_{number}.{suffix}"


# -- submitted -------------------------------------------------------------------------------------------------


def handed_over(tx: Transaction, kit: Kit, mail: OutboxMail) -> None:
    """SMTP took the mail to 中央年金事務所. Called in the transaction that records it."""
    found = next((h for h in tx.handovers(mail.training_id) if h.outbox_id == mail.outbox_id), None)
    if found is not None and found.submitted_at is None:
        _submitted(tx, kit, found, "meibod", HandoverWay.MAIL, mail.settled_at or kit.clock.now())


def mark(
    kit: Kit, training_id: str, number: int, by: str, *, way: HandoverWay = HandoverWay.PRINT, on: dt.date | None = None
) -> Handover:
    """A person has submitted the roster; raises Refused when there is none, or it cannot have been on that day."""
    with kit.store.transaction() as tx:
        handover = next((h for h in tx.handovers(training_id) if h.number == number), None)
        if handover is None:
            raise Refused(f"研修 {training_id} に提出名簿 {number} はありません")
        if handover.submitted_at is not None:
            day = handover.submitted_at.astimezone(TOKYO).date()
            raise Refused(f"提出名簿 {number} は {day} に提出済みです（{handover.submitted_by}）")
        at = _instant(kit, handover, on)
        if handover.outbox_id is not None and tx.get_outbox(handover.outbox_id).state not in _STILL_HERE:
            raise Refused("メールを送信中です。meibod outbox list で結果を確認してください")
        _take_back(tx, kit, handover, by)
        return _submitted(tx, kit, handover, by, way, at)


def _instant(kit: Kit, handover: Handover, on: dt.date | None) -> dt.datetime:
    now = kit.clock.now()
    if on is None or on == kit.clock.today():
        return now
    made_on = handover.made_at.astimezone(TOKYO).date()
    if not made_on <= on <= kit.clock.today():
        raise Refused(f"提出日は作成日 {made_on} から本日までの日付で指定してください: {on}")
    return max(handover.made_at, dt.datetime.combine(on, dt.time(12), TOKYO).astimezone(dt.UTC))


def _submitted(tx: Transaction, kit: Kit, handover: Handover, by: str, way: HandoverWay, at: dt.datetime) -> Handover:
    done = replace(handover, submitted_at=at, submitted_by=by, how=way)
    tx.save_handover(done)
    ident = handover.training_id
    payload = {"number": done.number, "how": way, "on": str(at.astimezone(TOKYO).date()), "rows": len(done.enrollments)}
    tx.append_event(
        kit.clock.now(), by, "handover-submitted", subject=f"training:{ident}", training_id=ident, payload=payload
    )
    training = tx.get_training(ident)
    rows = [tx.get_enrollment(e) for e in done.enrollments]
    tx.save_enrollments(moved(tx, kit, training, rows, f"handover:{done.handover_id}"))
    complete_or_reopen(tx, kit, ident)
    return done
