"""The history of a trainee, a training or a mail as lines for people: who, when, from what, before → after (I6)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from daemon.domain.model import Enrollment, Event, Reading
from daemon.errors import Refused
from daemon.handlers.pictures import header_of
from daemon.handlers.rename import former_spellings
from daemon.handlers.rows import find_row
from daemon.ports import Kit, Transaction
from parsers.findings import Evidence, Field

_READING = "reading"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history; "" = does not apply."""

    seq: int
    at: dt.datetime
    actor: str
    """"meibod", or who."""
    kind: str
    """Kind of the event; the command line words it."""
    about: str
    """"回付番号/No.", or the subject of the event."""
    field: Field | None = None
    before: str = ""
    after: str = ""
    because: str = ""
    ledger_id: int | None = None
    """The message it comes from."""
    evidence: Evidence = Evidence()
    """Where in the message."""
    text: str = ""
    """As it was written there."""
    said_by: str = ""
    """Who said it, when no message did."""
    header: str = ""
    """What fax machines printed above the form it was read from."""


def of_trainee(kit: Kit, text: str) -> tuple[Enrollment, list[Line]]:
    """Everything that happened to the one row meant by number, code or name; raises Refused."""
    with kit.store.snapshot() as tx:
        row = find_row(tx, text)
        events = tx.events(subject=f"enrollment:{row.enrollment_id}")
        asked = {f"review:{r.review_id}" for r in tx.reviews(state=None, enrollment_id=row.enrollment_id)}
        if asked:
            events += [e for e in tx.events(training_id=row.training_id) if e.subject in asked]
        return row, _lines(tx, events)


def of_training(kit: Kit, training_id: str) -> list[Line]:
    """Everything that happened in one run; raises Refused when nobody knows it."""
    with kit.store.snapshot() as tx:
        if training_id not in {t.training_id for t in tx.trainings()}:
            raise Refused(f"研修 {training_id} は登録されていません")
        return _lines(tx, tx.events(training_id=training_id))


def of_mail(kit: Kit, ledger_id: int) -> list[Line]:
    """What became of one message of the ledger: itself, every value read in it, every question it raised."""
    with kit.store.snapshot() as tx:
        try:
            mail = tx.get_mail(ledger_id)
        except KeyError:
            raise Refused(f"受信台帳に {ledger_id} はありません") from None
        events = tx.events(subject=f"mail:{ledger_id}")
        readings = {r.reading_id for r in tx.readings(ledger_id=ledger_id)}
        asked = {f"review:{r.review_id}" for r in tx.reviews(state=None, ledger_id=ledger_id)}
        rows = {r.enrollment_id for r in tx.readings(ledger_id=ledger_id) if r.enrollment_id}
        trainings = {tx.get_enrollment(r).training_id for r in rows} | ({mail.training_id} - {""})
        for training_id in sorted(trainings):
            events += [e for e in tx.events(training_id=training_id) if _stems_from(e, ledger_id, readings, asked)]
        return _lines(tx, events)


def _stems_from(event: Event, ledger_id: int, readings: set[int], asked: set[str]) -> bool:
    payload = json.loads(event.payload)
    mine = payload.get("cause") == f"mail:{ledger_id}" or payload.get(_READING) in readings
    return mine or event.subject in asked


def _lines(tx: Transaction, events: list[Event]) -> list[Line]:
    unique = {e.seq: e for e in events}
    rows: dict[str, Enrollment | None] = {}
    return [_line(tx, unique[seq], rows) for seq in sorted(unique)]


def _line(tx: Transaction, event: Event, rows: dict[str, Enrollment | None]) -> Line:
    payload: dict[str, Any] = json.loads(event.payload)
    row = _row(tx, event, payload, rows)
    reading = _reading_of(tx, payload)
    before, after = _change(tx, event, payload)
    return Line(
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        about=f"{row.roster}/{row.row}" if row else event.subject,
        field=Field(payload["field"]) if payload.get("field") in set(Field) else None,
        before=before,
        after=after,
        because=_text(payload.get("because", payload.get("cause"))),
        ledger_id=reading.ledger_id if reading else _cause(event, payload),
        evidence=reading.evidence if reading else Evidence(),
        text=reading.text if reading else "",
        said_by=reading.said_by if reading else "",
        header=header_of(tx, reading.ledger_id, reading.evidence) if reading else "",
    )


def _row(
    tx: Transaction, event: Event, payload: dict[str, Any], rows: dict[str, Enrollment | None]
) -> Enrollment | None:
    kind, _, ident = event.subject.partition(":")
    if kind == "review":
        ident = str(payload.get("row") or "")
    elif kind != "enrollment":
        return None
    if ident not in rows:
        rows[ident] = tx.find_enrollment(ident) if ident else None
    return rows[ident]


def _reading_of(tx: Transaction, payload: dict[str, Any]) -> Reading | None:
    return tx.get_reading(payload[_READING]) if payload.get(_READING) else None


def _change(tx: Transaction, event: Event, payload: dict[str, Any]) -> tuple[str, str]:
    """Before and after, whatever the event calls them; spellings of a name are looked up where they can be erased."""
    before = payload.get("before")
    after = payload.get("after", payload.get("value", payload.get("state")))
    if event.kind == "trainee-renamed":
        ident = event.subject.partition(":")[2]
        return _spelling(tx, ident, before), _spelling(tx, ident, after)
    return _text(before), _text(after)


def _spelling(tx: Transaction, enrollment_id: str, token: object) -> str:
    number = int(str(token).partition(":")[2])
    former = former_spellings(tx, enrollment_id)
    if number <= len(former):
        return f"{former[number - 1].name}（{former[number - 1].kana}）"
    row = tx.get_enrollment(enrollment_id)
    return f"{row.name}（{row.kana}）"


def _cause(event: Event, payload: dict[str, Any]) -> int | None:
    for text in (str(payload.get("cause", "")), event.subject):
        kind, _, number = text.partition(":")
        if kind == "mail" and number.isdecimal():
            return int(number)
    return None


def _text(value: object) -> str:
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
