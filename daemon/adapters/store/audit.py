"""The hash chain of the history (I6): each line seals itself and everything before it.

hash_n = SHA-256(hash_{n-1} || canonical JSON of line n). Who changes, removes or inserts a line must change every later
hash, and the last one is printed in each daily digest. Cutting off the newest lines shows only against a digest.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

from daemon.adapters.store.columns import canonical_json, microseconds
from daemon.domain.model import Event
from daemon.ports import Store

GENESIS = "0" * 64
"""What the first line follows."""
_PAGE = 1000


def seal(event: Event) -> str:
    """The hash the line must have, in hex; `event.hash` is not looked at."""
    line = {
        "seq": event.seq,
        "at": microseconds(event.at),
        "actor": event.actor,
        "kind": event.kind,
        "training_id": event.training_id,
        "prefecture": event.prefecture,
        "subject": event.subject,
        "payload": event.payload,
    }
    return hashlib.sha256((event.previous + canonical_json(line)).encode()).hexdigest()


def verify_chain(store: Store) -> list[str]:
    """Walk the whole history; one sentence for each line that does not hold, empty = sound."""
    problems: list[str] = []
    last: Event | None = None
    while page := _page(store, last):
        if last is None:
            problems += _first(page[0])
        problems += [p for before, event in pairwise(([last] if last else []) + page) for p in _link(before, event)]
        problems += [f"event {e.seq} was changed: its hash does not fit" for e in page if seal(e) != e.hash]
        last = page[-1]
    return problems


def _page(store: Store, last: Event | None) -> list[Event]:
    with store.snapshot() as tx:
        return tx.events(since_seq=last.seq if last else 0, limit=_PAGE)


def _first(event: Event) -> list[str]:
    if event.seq == 1 and event.previous == GENESIS:
        return []
    return [f"the history begins with event {event.seq}: what came before is gone"]


def _link(before: Event, event: Event) -> list[str]:
    if event.seq != before.seq + 1:
        return [f"events {before.seq + 1} to {event.seq - 1} are gone"]
    if event.previous != before.hash:
        return [f"event {event.seq} does not follow event {before.seq}"]
    return []
