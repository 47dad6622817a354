"""Reading ahead: while one message is applied, the next ones are already being read on the other cores.

The order of application does not change. A message whose earlier attempt did not end is read and applied alone:
should it kill the process again, no neighbour that was merely read ahead is counted as guilty a second time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from daemon.domain.model import LedgerMail
from daemon.handlers.claims import claim
from daemon.ports import Kit, Store
from parsers.findings import Document

CLAIM = 4
"""Messages claimed in one transaction; up to twice as many are claimed and not yet applied."""

Read = Callable[[LedgerMail], Document]


@dataclass(frozen=True, slots=True)
class Opened:
    """A claimed message."""

    mail: LedgerMail
    document: Callable[[], Document]
    """Waits for the reader; raises what went wrong."""


def opened(kit: Kit, waiting: Sequence[LedgerMail], read: Read) -> Iterator[Opened]:
    """Claim the messages in order and read them; those that may not be worked on are left out.

    A reader that says `parallel` is asked from that many threads; any other is asked when the document is wanted.
    """
    parallel = getattr(kit.reader, "parallel", 1)
    if parallel < 2 or len(waiting) < 2:
        for mail in waiting:
            yield from _alone(kit, mail, read)
        return
    with ThreadPoolExecutor(parallel, "read") as pool:
        yield from _ahead(kit, deque(waiting), lambda mail: pool.submit(read, mail).result)


def _alone(kit: Kit, mail: LedgerMail, read: Read) -> Iterator[Opened]:
    for claimed in claim(kit, (mail.ledger_id,)):
        yield Opened(claimed, partial(read, claimed))


def _ahead(
    kit: Kit, waiting: deque[LedgerMail], begin: Callable[[LedgerMail], Callable[[], Document]]
) -> Iterator[Opened]:
    coming: deque[Opened] = deque()
    while waiting or coming:
        if waiting and len(coming) <= CLAIM and (not waiting[0].attempts or not coming):
            chunk = _chunk(waiting)
            coming += [Opened(mail, begin(mail)) for mail in claim(kit, [mail.ledger_id for mail in chunk])]
        elif coming:
            yield coming.popleft()


def _chunk(waiting: deque[LedgerMail]) -> list[LedgerMail]:
    """The next messages to claim: one suspect, or several that were never begun."""
    chunk = [waiting.popleft()]
    while waiting and not chunk[0].attempts and not waiting[0].attempts and len(chunk) < CLAIM:
        chunk.append(waiting.popleft())
    return chunk


class Turn:
    """One worker at a time on one store; whoever comes meanwhile leaves word that there may be more, and goes.

    Two workers would claim the same messages, and a message claimed three times looks like one that crashed thrice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._more = False

    def take(self) -> bool:
        """False when somebody else is at work and will look again."""
        with self._lock:
            self._more = self._taken
            taken, self._taken = self._taken, True
            return not taken

    def again(self) -> bool:
        """Whether somebody came since; if not, the turn is over."""
        with self._lock:
            self._taken = self._more
            self._more = False
            return self._taken

    def drop(self) -> None:
        """The work ended in an exception."""
        with self._lock:
            self._taken = self._more = False


_turns: WeakKeyDictionary[Store, Turn] = WeakKeyDictionary()
_turns_lock = threading.Lock()


def turn_on(store: Store) -> Turn:
    """The turn of this process on that store."""
    with _turns_lock:
        return _turns.setdefault(store, Turn())
