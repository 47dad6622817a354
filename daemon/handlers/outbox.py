"""A person holds, releases or stops outgoing mail."""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.model import OutboxMail, OutboxState, ReviewState
from daemon.errors import Refused
from daemon.handlers.deliver import KILL_SWITCH
from daemon.handlers.outgoing import deliver_job
from daemon.handlers.questions import settle
from daemon.handlers.remind import REMINDERS, still_wanted
from daemon.ports import Kit, Transaction

_CAN_HOLD = {OutboxState.READY}
_CAN_RELEASE = {OutboxState.HELD, OutboxState.REFUSED, OutboxState.UNKNOWN}


def hold(kit: Kit, outbox_id: int, by: str, because: str) -> OutboxMail:
    """Keep a mail that is ready in the house."""
    with kit.store.transaction() as tx:
        mail = _get(tx, outbox_id)
        if mail.state not in _CAN_HOLD:
            raise Refused(f"送信待ちではないため保留できません（{mail.state}）")
        held = replace(mail, state=OutboxState.HELD, held_because=because or "管理者が保留")
        tx.save_outbox(held)
        _event(tx, kit, held, by, "mail-held")
        return held


def release(kit: Kit, outbox_id: int, by: str) -> OutboxMail:
    """Let a held, refused or unknown mail go; a reminder that is no longer true is cancelled instead."""
    with kit.store.transaction() as tx:
        mail = _get(tx, outbox_id)
        if mail.state not in _CAN_RELEASE:
            raise Refused(f"保留中ではないため送信できません（{mail.state}）")
        if mail.purpose in REMINDERS and not still_wanted(tx, kit, mail):
            gone = replace(mail, state=OutboxState.CANCELLED, settled_at=kit.clock.now())
            tx.save_outbox(gone)
            _event(tx, kit, gone, by, "mail-cancelled")
            return gone
        now = kit.clock.now()
        ready = replace(mail, state=OutboxState.READY, held_because="", not_before_at=now)
        tx.save_outbox(ready)
        _event(tx, kit, ready, by, "mail-released")
        _close_questions(tx, kit, mail, by)
        tx.enqueue(deliver_job(outbox_id, mail.attempts * 1_000_003 + int(now.timestamp()) % 1_000_003))
        return ready


def cancel(kit: Kit, outbox_id: int, by: str, because: str) -> OutboxMail:
    """Never send it."""
    with kit.store.transaction() as tx:
        mail = _get(tx, outbox_id)
        if mail.state not in _CAN_RELEASE | _CAN_HOLD:
            raise Refused(f"取り消せない状態です（{mail.state}）")
        gone = replace(mail, state=OutboxState.CANCELLED, held_because=because, settled_at=kit.clock.now())
        tx.save_outbox(gone)
        _event(tx, kit, gone, by, "mail-cancelled")
        _close_questions(tx, kit, mail, by)
        return gone


def stop_all(kit: Kit, by: str) -> int:
    """The kill switch: nothing leaves until `resume`. Returns how many mails wait."""
    with kit.store.transaction() as tx:
        tx.set_fact(KILL_SWITCH, "on")
        tx.append_event(kit.clock.now(), by, "sending-stopped")
        return len(tx.outbox(states=[OutboxState.READY]))


def resume(kit: Kit, by: str) -> int:
    """Switch sending on again; what waits is due now."""
    now = kit.clock.now()
    with kit.store.transaction() as tx:
        tx.set_fact(KILL_SWITCH, "off")
        tx.append_event(now, by, "sending-resumed")
        waiting = tx.outbox(states=[OutboxState.READY])
        for mail in waiting:
            tx.save_outbox(replace(mail, not_before_at=max(mail.not_before_at, now)))
        return len(waiting)


def _get(tx: Transaction, outbox_id: int) -> OutboxMail:
    try:
        return tx.get_outbox(outbox_id)
    except KeyError:
        raise Refused(f"送信箱に {outbox_id} はありません") from None


def _event(tx: Transaction, kit: Kit, mail: OutboxMail, by: str, kind: str) -> None:
    tx.append_event(
        kit.clock.now(), by, kind, subject=f"outbox:{mail.outbox_id}", training_id=mail.training_id,
        prefecture=mail.prefecture, payload={"state": mail.state},
    )  # fmt: skip


def _close_questions(tx: Transaction, kit: Kit, mail: OutboxMail, by: str) -> None:
    for review in tx.reviews(prefecture=mail.prefecture or None):
        if review.outbox_id == mail.outbox_id and review.kind == "outbox":
            settle(tx, kit, review, ReviewState.ACCEPTED, by, "送信箱で処理")
