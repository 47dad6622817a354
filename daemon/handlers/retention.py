"""What has been kept long enough goes: announced first, removed a week later, reported both times (domain.md §6).

Raw mail and documents of a training go when its time is over; ledger rows, values and history stay. A person may stop
an announced removal. What several trainings share stays as long as any of them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.domain.calendar import TOKYO
from daemon.domain.model import Enrollment, MailState, OutboxState, Training, TrainingState
from daemon.errors import Refused
from daemon.handlers.personal import ERASED, erase_row
from daemon.handlers.rows import reason
from daemon.handlers.tombstones import bury, is_removed, sweep
from daemon.ports import Kit, Transaction
from parsers.pictures import is_png

_ENDED = {TrainingState.CLOSED, TrainingState.CANCELLED}
_GONE = {OutboxState.SENT, OutboxState.CONFIRMED, OutboxState.CANCELLED, OutboxState.REFUSED}
NO_TRAINING = "-"
"""Stands for mail that belongs to no training: digests, alarms, mail nobody could place."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything of one training that is kept in raw."""

    training_id: str
    """`NO_TRAINING` for what belongs to none."""
    due_on: dt.date
    """First day on which it is no longer needed."""
    announced_on: dt.date | None
    stopped: bool
    hashes: tuple[str, ...]
    """What would go on `goes_on`, by hash."""
    goes_on: dt.date | None
    """Day of the removal; None = not announced."""


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What one run did."""

    announced: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()
    blobs: int = 0
    """Files removed."""
    erased: tuple[str, ...] = ()
    """Trainings whose names were erased from the register."""


def show(kit: Kit) -> list[Batch]:
    """Everything that has ended, due or not, by training; what is already gone is left out."""
    with kit.store.snapshot() as tx:
        return [b for b in _batches(tx, kit) if b.hashes]


def run(kit: Kit) -> RetentionReport:
    """Announce what has fallen due, remove what was announced long enough ago. Once a day; harmless when repeated."""
    blobs = sweep(kit.store, kit.blobs)
    if not kit.policy.retention.enabled:
        return RetentionReport(blobs=blobs)
    today = kit.clock.today()
    with kit.store.snapshot() as tx:
        if not _can_be_due(tx, kit):
            return RetentionReport(blobs=blobs)
    announced, purged = [], []
    with kit.store.transaction() as tx:
        for batch in _batches(tx, kit):
            if batch.stopped or not batch.hashes or batch.due_on > today:
                continue
            if batch.goes_on is None:
                _announce(tx, kit, batch)
                announced.append(batch.training_id)
            elif batch.goes_on <= today:
                _purge(tx, kit, batch)
                purged.append(batch.training_id)
        erased = _erase_registers(tx, kit)
    blobs += sweep(kit.store, kit.blobs)
    return RetentionReport(tuple(announced), tuple(purged), blobs, erased)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something announced that has not gone yet."""

    training_id: str
    """"" = mail that belongs to no training."""
    files: int
    rows: int
    """Names in the register; 0 = it is the files that go."""
    goes_on: dt.date


def notices(tx: Transaction, kit: Kit) -> list[Notice]:
    """Announced and not yet removed: the digest tells it every day until then."""
    if not kit.policy.retention.enabled or not _can_be_due(tx, kit):
        return []
    files = [
        Notice("" if b.training_id == NO_TRAINING else b.training_id, len(b.hashes), 0, b.goes_on)
        for b in _batches(tx, kit)
        if b.goes_on is not None and b.hashes and not b.stopped
    ]
    after = dt.timedelta(days=kit.policy.retention.notice_days)
    announced = [(t, day) for t in _register_due(tx, kit) if (day := _notice(tx, f"names:{t.training_id}"))]
    return files + [Notice(t.training_id, 0, len(rows), day + after) for t, day in announced if (rows := _named(tx, t))]


def stop(kit: Kit, training_id: str, by: str, because: str) -> None:
    """Keep the raw mail of a training until `resume`. Raises Refused."""
    _set_stop(kit, training_id, by, because, on=True)


def resume(kit: Kit, training_id: str, by: str, because: str) -> None:
    """Let it go after all; it is announced anew."""
    _set_stop(kit, training_id, by, because, on=False)


def _set_stop(kit: Kit, training_id: str, by: str, because: str, *, on: bool) -> None:
    with kit.store.transaction() as tx:
        if training_id not in {NO_TRAINING, *(t.training_id for t in tx.trainings())}:
            raise Refused(f"研修 {training_id} は登録されていません")
        because = reason(because, *tx.enrollments(training_id=training_id))
        tx.set_fact(_stop_fact(training_id), "on" if on else "")
        tx.set_fact(_notice_fact(training_id), "")
        _event(tx, kit, training_id, by, "purge-stopped" if on else "purge-resumed", because=because)


def _can_be_due(tx: Transaction, kit: Kit) -> bool:
    """A cheap first look: nothing is older than the oldest training, and no training is long over."""
    rule, today, trainings = kit.policy.retention, kit.clock.today(), tx.trainings()
    if not trainings:
        return False
    first = min(t.created_at for t in trainings).astimezone(TOKYO).date()
    return rule.raw_due_on(first) <= today


# -- what belongs together -------------------------------------------------------------------------------------


def ended_on(tx: Transaction, training: Training) -> dt.date | None:
    """The day the run was closed or cancelled, Asia/Tokyo; None while it is open or a clean-up is owed."""
    if training.state not in _ENDED:
        return None
    if any(r.cleanup_owed for r in tx.enrollments(training_id=training.training_id)):
        return None
    kinds = {f"training-{s.value}" for s in _ENDED}
    days = [e.at.astimezone(TOKYO).date() for e in tx.events(training_id=training.training_id) if e.kind in kinds]
    return max([*days, training.ends_on] if training.state is TrainingState.CLOSED else days or [training.ends_on])


def _batches(tx: Transaction, kit: Kit) -> list[Batch]:
    """Every blob belongs to all trainings its owners speak of, and goes with the last of them."""
    rule = kit.policy.retention
    due = {t.training_id: rule.raw_due_on(day) if (day := ended_on(tx, t)) else dt.date.max for t in tx.trainings()}
    when: dict[str, tuple[dt.date, str]] = {}
    for sha256, training_ids, day, free in _owners(tx):
        ends = [(due.get(t, dt.date.max), t) for t in training_ids] or [(rule.raw_due_on(day), NO_TRAINING)]
        last = max(ends) if free else (dt.date.max, ends[0][1])
        when[sha256] = max(when.get(sha256, last), last)
    found: dict[str, list[str]] = {}
    batches = []
    for sha256, (day, training_id) in when.items():
        notice = _notice(tx, training_id)
        counts_on = notice or kit.clock.today()
        if day != dt.date.max and (training_id != NO_TRAINING or day <= counts_on) and not is_removed(tx, sha256):
            found.setdefault(training_id, []).append(sha256)
    for training_id, hashes in sorted(found.items()):
        notice = _notice(tx, training_id)
        batches.append(
            Batch(
                training_id,
                due.get(training_id, max(when[h][0] for h in hashes)),
                notice,
                tx.get_fact(_stop_fact(training_id)) == "on",
                tuple(sorted(hashes)),
                notice + dt.timedelta(days=rule.notice_days) if notice else None,
            )
        )
    return batches


_Owner = tuple[str, set[str], dt.date, bool]
"""Hash, trainings it belongs to, day it came or was made, whether nobody needs it for work any more."""


def _owners(tx: Transaction) -> Iterable[_Owner]:
    where = {r.enrollment_id: r.training_id for r in tx.enrollments()}
    for mail in tx.mails():
        readings = tx.readings(ledger_id=mail.ledger_id)
        trainings = {where[r.enrollment_id] for r in readings if r.enrollment_id in where}
        trainings |= {mail.training_id} - {""}
        day = mail.received_at.astimezone(TOKYO).date()
        free = mail.state is MailState.APPLIED
        yield mail.sha256, trainings, day, free
        pictures = {r.evidence.crop_sha256 for r in readings}
        pictures |= {h for p in tx.pages(ledger_id=mail.ledger_id) for h in (p.header_sha256, p.picture_sha256)}
        yield from ((picture, trainings, day, free) for picture in pictures - {""})
    for sent in tx.outbox():
        day = sent.created_at.astimezone(TOKYO).date()
        yield sent.sha256, {sent.training_id} - {""}, day, sent.state in _GONE


# -- saying and doing it ---------------------------------------------------------------------------------------


def _announce(tx: Transaction, kit: Kit, batch: Batch) -> None:
    today = kit.clock.today()
    tx.set_fact(_notice_fact(batch.training_id), today.isoformat())
    goes_on = today + dt.timedelta(days=kit.policy.retention.notice_days)
    _event(tx, kit, batch.training_id, "meibod", "purge-announced", after=goes_on, blobs=len(batch.hashes))


def _purge(tx: Transaction, kit: Kit, batch: Batch) -> None:
    unnamed = _unnamed(tx, kit, batch.training_id)
    bury(tx, kit, (*batch.hashes, *unnamed), f"retention:{batch.training_id}")
    tx.set_fact(_notice_fact(batch.training_id), "")
    _event(tx, kit, batch.training_id, "meibod", "purged", before=batch.announced_on, blobs=len(batch.hashes))


def _unnamed(tx: Transaction, kit: Kit, training_id: str) -> list[str]:
    """Blobs no row names: layouts of the training's rosters, which hold names, and pictures a crash left behind.

    The pictures of a message being worked on are not among them: they are stored in the transaction that names them,
    and this is another.
    """
    owned = {owner[0] for owner in _owners(tx)}
    found = []
    for sha256 in kit.blobs.all():
        if sha256 in owned:
            continue
        data = kit.blobs.get(sha256)
        if is_png(data) or (data[:1] == b"{" and _training_of(data) == training_id):
            found.append(sha256)
    return found


def _training_of(data: bytes) -> str:
    try:
        document = json.loads(data)
    except ValueError:
        return ""
    return str(document.get("training", ""))


def _erase_registers(tx: Transaction, kit: Kit) -> tuple[str, ...]:
    """Names of runs that ended years ago: announced, and erased when the notice is over."""
    rule, today = kit.policy.retention, kit.clock.today()
    erased = []
    for training in _register_due(tx, kit):
        ident, rows = training.training_id, _named(tx, training)
        notice = _notice(tx, f"names:{ident}")
        if not rows:
            continue
        if notice is None:
            tx.set_fact(_notice_fact(f"names:{ident}"), today.isoformat())
            goes_on = today + dt.timedelta(days=rule.notice_days)
            _event(tx, kit, ident, "meibod", "purge-announced", after=goes_on, rows=len(rows))
        elif notice + dt.timedelta(days=rule.notice_days) <= today:
            for row in rows:
                erase_row(tx, kit, row, "meibod", "保存期間の満了")
            tx.set_fact(_notice_fact(f"names:{ident}"), "")
            erased.append(ident)
    return tuple(erased)


def _register_due(tx: Transaction, kit: Kit) -> list[Training]:
    """Runs whose register has been kept long enough, unless a person has stopped it."""
    rule, today = kit.policy.retention, kit.clock.today()
    ended = [(t, ended_on(tx, t)) for t in tx.trainings() if tx.get_fact(_stop_fact(t.training_id)) != "on"]
    return [t for t, day in ended if day is not None and rule.register_due_on(day) <= today]


def _named(tx: Transaction, training: Training) -> list[Enrollment]:
    return [r for r in tx.enrollments(training_id=training.training_id) if r.name != ERASED]


def _notice_fact(training_id: str) -> str:
    return f"purge-notice:{training_id}"


def _stop_fact(training_id: str) -> str:
    return f"purge-stop:{training_id}"


def _notice(tx: Transaction, training_id: str) -> dt.date | None:
    text = tx.get_fact(_notice_fact(training_id))
    return dt.date.fromisoformat(text) if text else None


def _event(tx: Transaction, kit: Kit, training_id: str, by: str, kind: str, **payload: object) -> None:
    known = "" if training_id == NO_TRAINING else training_id
    subject = f"training:{known}" if known else ""
    tx.append_event(kit.clock.now(), by, kind, subject=subject, training_id=known, payload=payload)
