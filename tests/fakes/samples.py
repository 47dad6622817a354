"""Made-up values with every field filled; a test names only what it is about: `a_mail(uid=7)`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from daemon.domain.model import (
    Course,
    Dispatch,
    Enrollment,
    LedgerMail,
    MailPurpose,
    MailState,
    OutboxMail,
    OutboxState,
    Reading,
    Review,
    Roster,
    SourceKind,
    State,
    Status,
    Training,
    TrainingState,
    Value,
)
from parsers.findings import Decision, Evidence, Field, MessageKind, Problem

AT = dt.datetime(2026, 3, 2, 0, 0, 0, 123456, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 2)


def a_training(**changes: Any) -> Training:
    values: dict[str, Any] = {
        "training_id": "T-2026-04", "course": Course.BEGINNER, "name": "初心者研修", "starts_on": dt.date(2026, 4, 13),
        "ends_on": dt.date(2026, 4, 17), "deadline_on": dt.date(2026, 4, 3), "deadline_basis": "八日前",
        "state": TrainingState.APPROVED, "created_at": AT, "approved_at": AT, "approved_by": "管理者",
    }  # fmt: skip
    return Training(**values | changes)


def a_roster(**changes: Any) -> Roster:
    values = {
        "code": "0000000000", "training_id": "T-2026-04", "prefecture": "神奈川", "centre": "横浜",
        "pension_office": "横浜中", "edition": "pre-new-id/1",
    }  # fmt: skip
    return Roster(**values | changes)


def an_enrollment(**changes: Any) -> Enrollment:
    values: dict[str, Any] = {
        "enrollment_id": "E-1", "training_id": "T-2026-04", "roster": "0000000000", "row": 1, "prefecture": "神奈川",
        "name": "髙﨑　𠮷子", "kana": "タカサキ　ヨシコ", "state": State.PARTIAL, "terminal_id": "X1",
        "e_learning_on": DAY, "visit_on": None, "note": "備考", "values": {Field.ID_REGISTERED_ON: a_value()},
    }  # fmt: skip
    return Enrollment(**values | changes)


def a_value(**changes: Any) -> Value:
    values: dict[str, Any] = {
        "value": "2026-03-01", "status": Status.READ, "source": SourceKind.XLSX, "reading_id": 1,
        "recorded_at": AT, "received_on": DAY,
    }  # fmt: skip
    return Value(**values | changes)


def a_dispatch(**changes: Any) -> Dispatch:
    values: dict[str, Any] = {
        "dispatch_id": "1111111111", "training_id": "T-2026-04", "prefecture": "神奈川", "outbox_id": 1,
        "dispatched_at": AT, "next_reminder_on": DAY,
    }  # fmt: skip
    return Dispatch(**values | changes)


def a_mail(**changes: Any) -> LedgerMail:
    values: dict[str, Any] = {
        "ledger_id": 0, "mailbox": "INBOX", "uidvalidity": 4_294_967_295, "uid": 1, "sha256": "a" * 64, "bytes": 1000,
        "stored_at": AT, "received_at": AT, "state": MailState.RECEIVED, "kind": MessageKind.RETURN,
        "message_id": "<1@office.example>", "sender": "office@office.example", "subject": "名簿の送付",
        "prefecture": "神奈川", "training_id": "T-2026-04", "attributed_by": "sender",
    }  # fmt: skip
    return LedgerMail(**values | changes)


def a_reading(**changes: Any) -> Reading:
    values: dict[str, Any] = {
        "reading_id": 0, "ledger_id": None, "enrollment_id": "E-1", "roster": "0000000000",
        "field": Field.CONCURRENT_REGISTERED_ON, "text": "令和8年3月1日", "value": "2026-03-01", "confidence": 0.9998,
        "decision": Decision.ACCEPT, "outcome": "recorded", "problems": (Problem.DITTO,),
        "evidence": Evidence(part="2/名簿.xlsx", page=1, box_mm=(1.0, 2.5, 3.0, 4.0), sheet="名簿", cell="F12"),
        "source": SourceKind.XLSX, "read_at": AT,
    }  # fmt: skip
    return Reading(**values | changes)


def a_review(**changes: Any) -> Review:
    values: dict[str, Any] = {
        "review_id": 0, "dedupe_key": "value:1:E-1", "kind": "value", "opened_at": AT,
        "problems": (Problem.AMBIGUOUS_DATE, Problem.NAME_DIFFERS), "prefecture": "神奈川", "training_id": "T-2026-04",
        "roster": "0000000000", "enrollment_id": "E-1", "field": Field.ID_REGISTERED_ON, "text": "8.4.1",
        "suggestion": "2026-04-01", "candidates": ("2026-04-01", "1996-04-01"), "detail": "二通り",
    }  # fmt: skip
    return Review(**values | changes)


def an_outbox_mail(**changes: Any) -> OutboxMail:
    values: dict[str, Any] = {
        "outbox_id": 0, "dedupe_key": "dispatch:T-2026-04:神奈川", "purpose": MailPurpose.DISPATCH,
        "state": OutboxState.READY, "message_id": "<m1@hq.example>", "sha256": "b" * 64, "sender": "hq@hq.example",
        "recipients": ("a@office.example", "b@office.example"), "created_at": AT, "not_before_at": AT,
        "prefecture": "神奈川", "training_id": "T-2026-04", "enrollments": ("E-1", "E-2"),
    }  # fmt: skip
    return OutboxMail(**values | changes)
