"""The demo as a story: what happened on each day, in order, taken from the daemon's own rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from daemon.domain.calendar import TOKYO, in_era
from daemon.domain.model import MailPurpose, OutboxState
from daemon.ports import Transaction
from daemon.simulation.admin import Decision
from daemon.simulation.exhibition.files import Written, open_message
from daemon.simulation.exhibition.register import closings
from daemon.simulation.exhibition.wording import KINDS, because, doubt, purpose, verdict
from daemon.simulation.world import World
from parsers.findings import MessageKind

_LEFT = {OutboxState.SENT, OutboxState.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a day."""

    at: dt.datetime
    look: str
    """CSS class: sent, received, admin, hq."""
    label: str
    prefecture: str
    title: str
    note: str = ""
    text: str = ""
    """What the mail says."""
    links: tuple[tuple[str, str], ...] = ()
    """Caption and file."""

    @property
    def clock(self) -> str:
        """「09:20」."""
        return self.at.astimezone(TOKYO).strftime("%H:%M")

    @property
    def when(self) -> str:
        """「3/16 09:20」."""
        local = self.at.astimezone(TOKYO)
        return f"{local.month}/{local.day} {local:%H:%M}"


@dataclass(frozen=True, slots=True)
class Day:
    """Everything of one day on which something happened."""

    on: dt.date
    events: tuple[Event, ...]
    digest: str = ""
    """File of that morning's digest."""
    verified: int = 0
    """Trainees closed or excluded at the end of the day."""

    @property
    def title(self) -> str:
        """「令和8年3月16日（月）」."""
        return in_era(self.on)


# -- day by day ------------------------------------------------------------------------------------------------


def days(world: World, written: Written) -> list[Day]:
    """All days of the play on which something happened."""
    with world.kit.store.snapshot() as tx:
        events = [*_hq(tx), *_sent(tx, world, written), *_received(tx, world, written)]
        digests = {_day(m.created_at): written.digests.get(m.outbox_id, "") for m in tx.outbox() if not m.prefecture}
        closed = closings(tx)
    events += [_decided(d, written) for d in world.admin.decisions]
    events.sort(key=lambda e: e.at)
    found = []
    for on in sorted({_day(e.at) for e in events}):
        verified = sum(day <= on for day in closed.values())
        found.append(Day(on, tuple(e for e in events if _day(e.at) == on), digests.get(on, ""), verified))
    return found


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(TOKYO).date()


def _hq(tx: Transaction) -> Iterator[Event]:
    for training in tx.trainings():
        if training.approved_at is not None:
            rows = len(tx.enrollments(training_id=training.training_id))
            note = f"受講者{rows}名を取り込み、期限を{in_era(training.deadline_on)}として送付を承認"
            yield Event(training.approved_at, "hq", "承認", "本部", training.name, note)


def _sent(tx: Transaction, world: World, written: Written) -> Iterator[Event]:
    for mail in tx.outbox(states=_LEFT):
        if mail.purpose is MailPurpose.DIGEST:
            continue
        raw = world.kit.blobs.get(mail.sha256)
        message = open_message(raw)
        links = ((".eml", written.sent[mail.outbox_id]),)
        at = mail.started_at or mail.created_at
        yield Event(at, "sent", purpose(mail), mail.prefecture, str(message["Subject"]), "", _text(raw), links)


def _received(tx: Transaction, world: World, written: Written) -> Iterator[Event]:
    outcomes = {e.subject: json.loads(e.payload) for e in tx.events() if e.kind == "mail-read"}
    for mail in tx.mails():
        if mail.kind is MessageKind.OWN:
            continue
        raw = world.kit.blobs.get(mail.sha256)
        links = [(".eml", written.received[mail.ledger_id])]
        links += [(name.rpartition("_")[2], name) for name in written.returned.get(mail.ledger_id, ())]
        note = _outcome(outcomes.get(f"mail:{mail.ledger_id}", {}))
        yield Event(
            mail.received_at, "received", KINDS.get(mail.kind or MessageKind.UNKNOWN, "受信"),
            mail.prefecture or "不明", mail.subject, note, _said(raw), tuple(links),
        )  # fmt: skip


def _outcome(payload: Mapping[str, object]) -> str:
    parts = (("recorded", "記録"), ("confirmed", "再確認"), ("questions", "確認事項"))
    return "　".join(f"{label} {payload[key]}" for key, label in parts if payload.get(key))


def _text(raw: bytes) -> str:
    body = open_message(raw).get_body(("plain",))
    return str(body.get_content()).strip() if body else ""


def _said(raw: bytes) -> str:
    """Without the quoted original below."""
    return _text(raw).split("-----Original Message-----")[0].strip()


def _decided(decision: Decision, written: Written) -> Event:
    links = ((".eml", written.received[decision.ledger_id]),) if decision.ledger_id in written.received else ()
    return Event(
        decision.at, "admin", verdict(decision), decision.prefecture or _nowhere(decision), _question(decision),
        because(decision), "", links,
    )  # fmt: skip


def _nowhere(decision: Decision) -> str:
    """Whose matter it is when no prefecture is named."""
    return "本部" if decision.kind in _OF_HQ else "不明"


def _question(decision: Decision) -> str:
    if decision.kind == "errand":
        return f"{decision.text}　{doubt(decision)}"
    text = f"「{decision.text}」" if decision.text and decision.kind not in _WITHOUT_QUOTE else ""
    value = f" → {in_era(dt.date.fromisoformat(decision.value))}" if _is_day(decision.value) else ""
    return f"{text}{doubt(decision)}{value}"


_WITHOUT_QUOTE = {"outbox", "handover", "closing"}
_OF_HQ = {"errand", "handover", "outbox"}


def _is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == "-"
