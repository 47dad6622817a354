"""The tables. One column per field of the value they hold, same name, same order (`daemon.domain.model`).

What a query asks for often has an index; what is nested is JSON text nobody queries. Foreign keys are checked at
commit, so rows of one transaction may come in any order. The migrations build exactly this; a test compares.
"""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa

from daemon.adapters.store.columns import Day, Instant, JsonText, Member, RowId
from daemon.domain.model import (
    Course,
    MailPurpose,
    MailState,
    OutboxState,
    Phase,
    ReviewState,
    SourceKind,
    State,
    Status,
    TrainingState,
)
from parsers.findings import Decision, Evidence, Field, MessageKind, PageKind, Problem, evidence_from_json, to_json

SCHEMA_VERSION = "0001"
"""The newest migration; a database that names another one is older or newer than this program."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_T = TypeVar("_T")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _of(name: str, kind: sa.types.TypeEngine[_T], *, optional: bool = False) -> sa.Column[_T]:
    return sa.Column(name, kind, nullable=optional)


def _refers(name: str, kind: sa.types.TypeEngine[_T], to: str, *, optional: bool = False) -> sa.Column[_T]:
    return sa.Column(name, kind, sa.ForeignKey(to, deferrable=True, initially="DEFERRED"), nullable=optional)


def _strings(raw: list[str]) -> tuple[str, ...]:
    return tuple(raw)


def _problems(raw: list[str]) -> tuple[Problem, ...]:
    return tuple(Problem(p) for p in raw)


def _evidence(raw: dict[str, object]) -> Evidence:
    return evidence_from_json(raw) if raw else Evidence()


def _no_gaps(value: Evidence) -> object:
    return {} if value == Evidence() else to_json(value)


STRINGS = JsonText(list, _strings)
PROBLEMS = JsonText(list, _problems)
EVIDENCE = JsonText(_no_gaps, _evidence)

trainings = sa.Table(
    "trainings",
    metadata,
    sa.Column("training_id", sa.Text, primary_key=True),
    _of("course", Member(Course)),
    _text("name"),
    _of("starts_on", Day()),
    _of("ends_on", Day()),
    _of("deadline_on", Day()),
    _text("deadline_basis"),
    _of("state", Member(TrainingState)),
    _of("created_at", Instant()),
    _of("approved_at", Instant(), optional=True),
    _text("approved_by"),
)

rosters = sa.Table(
    "rosters",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    _refers("training_id", sa.Text(), "trainings.training_id"),
    _text("prefecture"),
    _text("centre"),
    _text("pension_office"),
    _text("edition"),
    _of("phase", Member(Phase)),
    sa.Index(None, "training_id", "prefecture"),
)

enrollments = sa.Table(
    "enrollments",
    metadata,
    sa.Column("enrollment_id", sa.Text, primary_key=True),
    _refers("training_id", sa.Text(), "trainings.training_id"),
    _refers("roster", sa.Text(), "rosters.code"),
    _number("row"),
    _text("prefecture"),
    _text("name"),
    _text("kana"),
    _of("state", Member(State)),
    _text("terminal_id"),
    _of("e_learning_on", Day(), optional=True),
    _of("visit_on", Day(), optional=True),
    _text("note"),
    _text("excluded_because"),
    _of("cleanup_owed", sa.Boolean(create_constraint=False)),
    _of("completed", sa.Boolean(create_constraint=False), optional=True),
    _text("post_roster"),
    _number("post_row"),
    _text("replaces"),
    sa.Index(None, "post_roster", "post_row"),
    sa.Index(None, "roster", "row"),
    sa.Index(None, "training_id", "prefecture", "state"),
)

enrollment_values = sa.Table(
    "enrollment_values",
    metadata,
    sa.Column(
        "enrollment_id",
        sa.Text,
        sa.ForeignKey("enrollments.enrollment_id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    sa.Column("field", Member(Field), primary_key=True),
    _text("value"),
    _of("status", Member(Status)),
    _of("source", Member(SourceKind)),
    _number("reading_id"),
    _of("recorded_at", Instant()),
    _of("received_on", Day()),
)

dispatches = sa.Table(
    "dispatches",
    metadata,
    sa.Column("dispatch_id", sa.Text, primary_key=True),
    _refers("training_id", sa.Text(), "trainings.training_id"),
    _text("prefecture"),
    _number("outbox_id"),
    _of("dispatched_at", Instant(), optional=True),
    _of("next_reminder_on", Day(), optional=True),
    _of("bounced_at", Instant(), optional=True),
    _of("answered_at", Instant(), optional=True),
    _of("phase", Member(Phase)),
    sa.Index(None, "training_id", "prefecture"),
    sa.Index(None, "next_reminder_on"),
)

handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("handover_id", RowId, primary_key=True, autoincrement=True),
    _refers("training_id", sa.Text(), "trainings.training_id"),
    _number("number"),
    _of("made_at", Instant()),
    _of("enrollments", STRINGS),
    _text("xlsx_sha256"),
    _text("pdf_sha256"),
    _text("because"),
    _of("submitted_at", Instant(), optional=True),
    _text("submitted_by"),
    _text("how"),
    _of("outbox_id", sa.BigInteger(), optional=True),
    sa.UniqueConstraint("training_id", "number"),
    sqlite_autoincrement=True,
)

mails = sa.Table(
    "mails",
    metadata,
    sa.Column("ledger_id", RowId, primary_key=True, autoincrement=True),
    _text("mailbox"),
    _number("uidvalidity"),
    _number("uid"),
    _text("sha256"),
    _number("bytes"),
    _of("stored_at", Instant()),
    _of("received_at", Instant()),
    _of("state", Member(MailState)),
    _number("attempts"),
    _of("kind", Member(MessageKind), optional=True),
    _text("message_id"),
    _text("sender"),
    _text("subject"),
    _text("prefecture"),
    _text("training_id"),
    _text("attributed_by"),
    _text("failure"),
    sa.Column("duplicate_of", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("mailbox", "uidvalidity", "uid"),
    sa.Index(None, "state"),
    sa.Index(None, "state", "prefecture"),
    sa.Index(None, "sha256"),
    sa.Index(None, "message_id"),
    sa.Index(None, "prefecture"),
    sa.Index(None, "training_id"),
    sa.Index(None, "stored_at"),
    sqlite_autoincrement=True,
)

high_waters = sa.Table(
    "high_waters",
    metadata,
    sa.Column("mailbox", sa.Text, primary_key=True),
    sa.Column("uidvalidity", sa.BigInteger, primary_key=True, autoincrement=False),
    _number("uid"),
    _of("reconciled_at", Instant(), optional=True),
    sa.Column("epoch", sa.Integer, nullable=False),
)

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("page_id", RowId, primary_key=True, autoincrement=True),
    _refers("ledger_id", sa.BigInteger(), "mails.ledger_id"),
    _text("part"),
    _number("page"),
    _of("kind", Member(PageKind)),
    _text("roster"),
    _number("sheet"),
    _number("sheets"),
    _of("sealed", sa.Boolean(create_constraint=False)),
    _text("header"),
    _text("header_sha256"),
    _text("picture_sha256"),
    sa.Index(None, "ledger_id"),
    sa.Index(None, "roster"),
    sqlite_autoincrement=True,
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("reading_id", RowId, primary_key=True, autoincrement=True),
    _refers("ledger_id", sa.BigInteger(), "mails.ledger_id", optional=True),
    sa.Column("enrollment_id", sa.Text, nullable=True),
    sa.Column("roster", sa.Text, nullable=True),
    _of("field", Member(Field)),
    _text("text"),
    sa.Column("value", sa.Text, nullable=True),
    sa.Column("confidence", sa.Double, nullable=False),
    _of("decision", Member(Decision)),
    _text("outcome"),
    _of("problems", PROBLEMS),
    _of("evidence", EVIDENCE),
    _of("source", Member(SourceKind)),
    _of("read_at", Instant()),
    _text("said_by"),
    sa.Index(None, "ledger_id"),
    sa.Index(None, "enrollment_id"),
    sqlite_autoincrement=True,
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("review_id", RowId, primary_key=True, autoincrement=True),
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    _text("kind"),
    _of("opened_at", Instant()),
    _of("problems", PROBLEMS),
    _of("state", Member(ReviewState)),
    _text("prefecture"),
    _text("training_id"),
    _text("roster"),
    _text("enrollment_id"),
    _of("field", Member(Field), optional=True),
    _refers("ledger_id", sa.BigInteger(), "mails.ledger_id", optional=True),
    _refers("reading_id", sa.BigInteger(), "readings.reading_id", optional=True),
    _refers("outbox_id", sa.BigInteger(), "outbox.outbox_id", optional=True),
    _text("text"),
    _text("suggestion"),
    _of("candidates", STRINGS),
    _text("detail"),
    _of("evidence", EVIDENCE),
    _of("settled_at", Instant(), optional=True),
    _text("settled_by"),
    _text("settled_because"),
    sa.Index(None, "state", "prefecture", "kind"),
    sa.Index(None, "ledger_id"),
    sa.Index(None, "enrollment_id"),
    sqlite_autoincrement=True,
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("outbox_id", RowId, primary_key=True, autoincrement=True),
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    _of("purpose", Member(MailPurpose)),
    _of("state", Member(OutboxState)),
    _text("message_id"),
    _text("sha256"),
    _text("sender"),
    _of("recipients", STRINGS),
    _of("created_at", Instant()),
    _of("not_before_at", Instant()),
    _text("prefecture"),
    _text("training_id"),
    _text("stage"),
    _of("enrollments", STRINGS),
    _number("attempts"),
    _of("started_at", Instant(), optional=True),
    _of("settled_at", Instant(), optional=True),
    _text("reply"),
    _number("unknowns"),
    _text("held_because"),
    sa.Index(None, "state", "not_before_at"),
    sa.Index(None, "message_id"),
    sa.Index(None, "state", "started_at"),
    sa.Index(None, "prefecture", "state", "started_at"),
    sa.Index(None, "prefecture", "created_at"),
    sa.Index(None, "created_at"),
    sa.Index(None, "training_id", "prefecture"),
    sqlite_autoincrement=True,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", RowId, primary_key=True, autoincrement=False),
    _of("at", Instant()),
    _text("actor"),
    _text("kind"),
    _text("training_id"),
    _text("prefecture"),
    _text("subject"),
    _text("payload"),
    _text("previous"),
    _text("hash"),
    sa.Index(None, "subject"),
    sa.Index(None, "training_id"),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("value"),
)

executors = sa.Table(
    "executors",
    metadata,
    sa.Column("executor_id", sa.Text, primary_key=True),
    _of("seen_at", Instant()),
)
"""Which daemons are alive: the reaper of the work queue gives away what a silent one left behind."""
