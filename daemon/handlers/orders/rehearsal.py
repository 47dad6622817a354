"""What a handler would do, done and taken back: the only preview that cannot differ from the deed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from daemon.ports import Kit, Transaction


class _TakenBack(Exception):
    """Ends the rehearsal; the transaction rolls back."""


@dataclass(frozen=True, slots=True)
class _Within:
    """The store as seen from inside the rehearsal: every transaction is the one that will be taken back."""

    tx: Transaction

    def transaction(self) -> AbstractContextManager[Transaction]:
        return nullcontext(self.tx)

    def snapshot(self) -> AbstractContextManager[Transaction]:
        return nullcontext(self.tx)

    def check(self) -> list[str]:
        return []


@contextmanager
def rehearsal(kit: Kit) -> Iterator[Kit]:
    """A kit whose changes vanish at the end of the block; what the block raises comes through. Nothing slow in it."""
    try:
        with kit.store.transaction() as tx:
            yield replace(kit, store=_Within(tx))
            raise _TakenBack
    except _TakenBack:
        return
