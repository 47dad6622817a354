"""Blobs that were removed on purpose: what remains of each is its hash, the day and the reason.

The rows that name a blob stay, so the ledger remains complete; `verify` accepts a missing blob that has a tombstone
and no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from daemon.errors import Refused
from daemon.ports import Blobs, Kit, Store, Transaction

PENDING = "tombstones-pending"
"""Fact: hashes with a tombstone whose files may still be there (JSON list)."""


def tombstone_fact(sha256: str) -> str:
    """Name of the fact that says when and why the blob was removed."""
    return f"purged:{sha256}"


def is_removed(tx: Transaction, sha256: str) -> bool:
    """Whether the blob was removed on purpose."""
    return bool(tx.get_fact(tombstone_fact(sha256)))


def raw_of(kit: Kit, sha256: str) -> bytes:
    """The blob; raises Refused when it was removed on purpose, KeyError when it is lost."""
    with kit.store.snapshot() as tx:
        if is_removed(tx, sha256):
            raise Refused("原本は保存期間を過ぎたため削除されています（ハッシュ値と記録だけが残っています）")
    return kit.blobs.get(sha256)


def bury(tx: Transaction, kit: Kit, hashes: Iterable[str], because: str) -> None:
    """Write the tombstones; the files go with `sweep` after the commit, or after a crash with the next one."""
    pending: set[str] = set(json.loads(tx.get_fact(PENDING) or "[]"))
    stone = json.dumps({"at": kit.clock.now().isoformat(), "because": because}, ensure_ascii=False)
    for sha256 in hashes:
        tx.set_fact(tombstone_fact(sha256), stone)
        pending.add(sha256)
    tx.set_fact(PENDING, json.dumps(sorted(pending)))


def revive(tx: Transaction, hashes: Iterable[str]) -> None:
    """Take back the tombstones of what was stored anew, so that no sweep removes it."""
    for sha256 in hashes:
        if not is_removed(tx, sha256):
            continue
        tx.set_fact(tombstone_fact(sha256), "")
        pending: set[str] = set(json.loads(tx.get_fact(PENDING) or "[]"))
        tx.set_fact(PENDING, json.dumps(sorted(pending - {sha256})))


def sweep(store: Store, blobs: Blobs) -> int:
    """Remove the files of every pending tombstone; how many. Harmless when repeated."""
    with store.snapshot() as tx:
        pending = json.loads(tx.get_fact(PENDING) or "[]")
    # A crash in here leaves files with tombstones: the list is emptied only when all are gone.
    for sha256 in pending:
        blobs.remove(sha256)
    if pending:
        with store.transaction() as tx:
            left = set(json.loads(tx.get_fact(PENDING) or "[]")) - set(pending)
            tx.set_fact(PENDING, json.dumps(sorted(left)))
    return len(pending)
