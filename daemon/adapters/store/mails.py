"""The ledger of all mail that arrived, and how far each mailbox has been read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from daemon.adapters.store import schema
from daemon.adapters.store.shape import Rows, Shape, given
from daemon.domain.model import LedgerMail, MailState
from daemon.ports import HighWater

_MAILS = Shape(schema.mails, LedgerMail, "ledger_id")
_C = schema.mails.c
_MARKS = schema.high_waters


class MailRows(Rows):
    """The part of a transaction that keeps the ledger."""

    def add_mail(self, mail: LedgerMail) -> int | None:
        """The new id, or None when (mailbox, uidvalidity, uid) is already there."""
        where = given((_C.mailbox, mail.mailbox), (_C.uidvalidity, mail.uidvalidity), (_C.uid, mail.uid))
        known = self._connection.execute(sa.select(_C.ledger_id).where(*where)).first()
        return None if known else _MAILS.add(self._connection, mail)

    def save_mail(self, mail: LedgerMail) -> None:
        """Insert or replace."""
        _MAILS.save(self._connection, mail)

    def get_mail(self, ledger_id: int) -> LedgerMail:
        """Raises KeyError."""
        return _MAILS.get(self._connection, ledger_id)

    def mails(
        self,
        *,
        state: MailState | None = None,
        prefecture: str | None = None,
        training_id: str | None = None,
        since: dt.datetime | None = None,
        limit: int | None = None,
    ) -> list[LedgerMail]:
        """By id, the first `limit`; `since`: stored at or after."""
        where = given((_C.state, state), (_C.prefecture, prefecture), (_C.training_id, training_id))
        if since is not None:
            where.append(_C.stored_at >= since)
        return _MAILS.list(self._connection, where, limit=limit)

    def count_mails(self) -> Mapping[MailState, int]:
        """States that occur → how often."""
        return self._count_by(_C.state)

    def count_unread(self, prefectures: Iterable[str]) -> int:
        """Received or set aside, from these senders; one range of one index for each."""
        waiting = (MailState.RECEIVED, MailState.QUARANTINE)
        where = (_C.state.in_(waiting), _C.prefecture.in_(tuple(prefectures)))
        return self._connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one()

    def mails_like(self, sha256: str, message_id: str) -> list[LedgerMail]:
        """Those with the same raw bytes or the same Message-ID, by id; "" matches nothing."""
        same = [column == wanted for column, wanted in ((_C.sha256, sha256), (_C.message_id, message_id)) if wanted]
        return _MAILS.list(self._connection, [sa.or_(*same)]) if same else []

    def uids(self, mailbox: str, uidvalidity: int, from_uid: int = 1) -> set[int]:
        """UIDs >= from_uid of that epoch in the ledger."""
        where = given((_C.mailbox, mailbox), (_C.uidvalidity, uidvalidity))
        return set(self._connection.execute(sa.select(_C.uid).where(*where, _C.uid >= from_uid)).scalars())

    def high_water(self, mailbox: str) -> HighWater | None:
        """The epoch saved last."""
        newest = self._newest(mailbox)
        return (
            None if newest is None else HighWater(newest.mailbox, newest.uidvalidity, newest.uid, newest.reconciled_at)
        )

    def save_high_water(self, mark: HighWater) -> None:
        """Insert or replace the mark of its epoch, which becomes the newest one.

        Servers restored from a backup return to an old UIDVALIDITY, so the highest number need not be the newest.
        """
        newest = self._newest(mark.mailbox)
        epoch = 1
        if newest is not None:
            epoch = newest.epoch + (newest.uidvalidity != mark.uidvalidity)
        of_epoch = given((_MARKS.c.mailbox, mark.mailbox), (_MARKS.c.uidvalidity, mark.uidvalidity))
        values = {"uid": mark.uid, "reconciled_at": mark.reconciled_at, "epoch": epoch}
        if not self._connection.execute(sa.update(_MARKS).where(*of_epoch).values(values)).rowcount:
            key = {"mailbox": mark.mailbox, "uidvalidity": mark.uidvalidity}
            self._connection.execute(sa.insert(_MARKS).values(key | values))

    def _newest(self, mailbox: str) -> sa.Row[Any] | None:
        query = sa.select(_MARKS).where(_MARKS.c.mailbox == mailbox).order_by(_MARKS.c.epoch.desc()).limit(1)
        return self._connection.execute(query).first()
