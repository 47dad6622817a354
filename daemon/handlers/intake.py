"""IMAP → ledger: every message is stored raw and recorded before anything looks inside (I1).

The blob is durable first, then one transaction adds the row and moves the high-water mark; killed in between, the
message is fetched again and lands on the same blob. The mark never passes a UID that is neither stored nor gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from daemon.domain.letters import MailboxLine
from daemon.domain.model import LedgerMail, MailState
from daemon.handlers.remind import SYNCED
from daemon.points import reach
from daemon.ports import FetchedMail, HighWater, Job, Kit, Mailbox, MailboxView, Transaction

RESCAN = 200
"""UIDs below the mark that are looked at again each time: servers have handed them out late."""
BATCH = 25
"""Messages a transaction takes; a crash costs at most these fetches again."""
ON_SERVER = "mailbox-on-server"
ACCOUNTED = "mailbox-accounted"
"""Of those on the server, how many are in the ledger: UIDs compared, so a message deleted there hides no gap here."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one look into the mailbox brought."""

    stored: int
    on_server: int
    missing: int
    """On the server and not in the ledger: handed out without a body, or vanished under the fetch."""
    full: bool


def sync(kit: Kit, mailbox: Mailbox, *, full: bool) -> SyncReport:
    """Bring the ledger level with the mailbox; `full` looks at every UID (the completeness proof).

    Raises MailboxError; what was stored until then stays stored.
    """
    view = mailbox.search(1 if full else _from_uid(kit, None))
    with kit.store.snapshot() as tx:
        mark = tx.high_water(view.mailbox)
    if mark is None or mark.uidvalidity != view.uidvalidity:
        view = mailbox.search(1) if not full else view
        _new_epoch(kit, view, mark)
        full = True
    stored = _fetch_missing(kit, mailbox, view)
    return _prove(kit, view, stored, full=full)


def _from_uid(kit: Kit, mailbox: str | None) -> int:
    with kit.store.snapshot() as tx:
        name = mailbox or tx.get_fact("mailbox-name") or ""
        mark = tx.high_water(name)
    return 1 if mark is None else max(1, mark.uid - RESCAN)


def _new_epoch(kit: Kit, view: MailboxView, old: HighWater | None) -> None:
    """First sight of the mailbox, or it was re-created: everything is looked at, duplicates are found by content."""
    now = kit.clock.now()
    with kit.store.transaction() as tx:
        tx.set_fact("mailbox-name", view.mailbox)
        tx.save_high_water(HighWater(view.mailbox, view.uidvalidity, 0, None))
        payload = {"before": old.uidvalidity if old else None, "after": view.uidvalidity}
        tx.append_event(now, "meibod", "mailbox-epoch", subject=f"mailbox:{view.mailbox}", payload=payload)


def _fetch_missing(kit: Kit, mailbox: Mailbox, view: MailboxView) -> int:
    lowest = view.uids[0] if view.uids else 1
    with kit.store.snapshot() as tx:
        known = tx.uids(view.mailbox, view.uidvalidity, lowest)
    wanted = [uid for uid in view.uids if uid not in known]
    stored, solid = 0, True
    batch: list[LedgerMail] = []
    for n, uid in enumerate(wanted, 1):
        reach("intake.before-fetch")
        fetched = mailbox.fetch(uid)
        reach("intake.after-fetch")
        if fetched is None:
            solid = False  # the mark stays below; the next look decides whether it is gone
        else:
            batch.append(_row(kit, view, fetched, kit.blobs.put(fetched.raw)))
            reach("intake.after-blob")
        if batch and (len(batch) >= BATCH or n == len(wanted)):
            stored += _store(kit, view, batch, solid=solid)
            batch = []
    if solid and view.uids:
        _raise_mark(kit, view)
    return stored


def _row(kit: Kit, view: MailboxView, fetched: FetchedMail, sha256: str) -> LedgerMail:
    """The line of the ledger; the bytes are not kept in memory until the transaction (25 times 30 MB)."""
    size, now = len(fetched.raw), kit.clock.now()
    return LedgerMail(
        0, view.mailbox, view.uidvalidity, fetched.uid, sha256, size, now, fetched.received_at, MailState.RECEIVED
    )


def _raise_mark(kit: Kit, view: MailboxView) -> None:
    """Everything up to the highest UID seen is in the ledger or gone."""
    with kit.store.transaction() as tx:
        mark = tx.high_water(view.mailbox)
        if mark is not None and mark.uid < view.uids[-1]:
            tx.save_high_water(replace(mark, uid=view.uids[-1]))


def _store(kit: Kit, view: MailboxView, batch: Sequence[LedgerMail], *, solid: bool) -> int:
    """One transaction: rows, mark, and the job that will look inside."""
    last = batch[-1].uid
    with kit.store.transaction() as tx:
        stored = sum(tx.add_mail(row) is not None for row in batch)
        mark = tx.high_water(view.mailbox)
        if solid and mark is not None and mark.uid < last:
            tx.save_high_water(replace(mark, uid=last))
        tx.enqueue(ingest_job(f"{view.uidvalidity}:{last}"))
        reach("intake.before-commit")
    reach("intake.after-commit")
    return stored


def ingest_job(key: str) -> Job:
    """The job that works through whatever the ledger holds unread."""
    return Job("ingest", f"ingest:{key}", {})


def _prove(kit: Kit, view: MailboxView, stored: int, *, full: bool) -> SyncReport:
    """`on the server == in the ledger` (I1), stamped so that reminders know how fresh the picture is (I5)."""
    now = kit.clock.now()
    lowest = view.uids[0] if view.uids else 1
    with kit.store.transaction() as tx:
        missing = set(view.uids) - tx.uids(view.mailbox, view.uidvalidity, lowest)
        mark = tx.high_water(view.mailbox)
        if not missing:
            tx.set_fact(SYNCED, now.isoformat())
        if full and mark is not None and not missing:
            tx.save_high_water(replace(mark, reconciled_at=now))
        if full:
            tx.set_fact(ON_SERVER, f"{len(view.uids)}")
            tx.set_fact(ACCOUNTED, f"{len(view.uids) - len(missing)}")
    return SyncReport(stored, len(view.uids), len(missing), full)


def mailbox_line(tx: Transaction) -> MailboxLine:
    """「n on the server, n accounted for」, as the last full look found it by comparing UIDs."""
    synced = tx.get_fact(SYNCED)
    on_server, accounted = int(tx.get_fact(ON_SERVER) or 0), int(tx.get_fact(ACCOUNTED) or 0)
    return MailboxLine(on_server, accounted, dt.datetime.fromisoformat(synced) if synced else None)
