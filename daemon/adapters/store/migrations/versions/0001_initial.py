"""The first schema. Written out, not taken from the metadata: a migration never changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _trainings()
    _enrollments()
    _ledger()
    _outbox()
    _questions()
    _history()
    _append_only()


def downgrade() -> None:
    """There is no way back but the backup: a downgrade would drop what it does not know."""
    raise NotImplementedError("restore the copy made before the migration")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    """Counts, UIDs, and instants in microseconds since 1970."""
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _text_or_null(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=True) for name in names]


def _number_or_null(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=True) for name in names]


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}", deferrable=True, initially="DEFERRED")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _trainings() -> None:
    op.create_table(
        "trainings",
        *_texts("training_id", "course", "name", "starts_on", "ends_on", "deadline_on", "deadline_basis", "state"),
        *_numbers("created_at"),
        *_number_or_null("approved_at"),
        *_texts("approved_by"),
        _key("trainings", "training_id"),
    )
    op.create_table(
        "rosters",
        *_texts("code", "training_id", "prefecture", "centre", "pension_office", "edition", "phase"),
        _key("rosters", "code"),
        _refers("rosters", "training_id", "trainings.training_id"),
    )
    _index("rosters", "training_id", "prefecture")
    op.create_table(
        "dispatches",
        *_texts("dispatch_id", "training_id", "prefecture"),
        *_numbers("outbox_id"),
        *_number_or_null("dispatched_at"),
        *_text_or_null("next_reminder_on"),
        *_number_or_null("bounced_at", "answered_at"),
        *_texts("phase"),
        _key("dispatches", "dispatch_id"),
        _refers("dispatches", "training_id", "trainings.training_id"),
    )
    _index("dispatches", "training_id", "prefecture")
    _index("dispatches", "next_reminder_on")
    op.create_table(
        "handovers",
        sa.Column("handover_id", _ROW_ID, autoincrement=True, nullable=False),
        *_texts("training_id"),
        *_numbers("number", "made_at"),
        *_texts("enrollments", "xlsx_sha256", "pdf_sha256", "because"),
        *_number_or_null("submitted_at"),
        *_texts("submitted_by", "how"),
        *_number_or_null("outbox_id"),
        _key("handovers", "handover_id"),
        _refers("handovers", "training_id", "trainings.training_id"),
        sa.UniqueConstraint("training_id", "number", name="uq_handovers_training_id_number"),
        sqlite_autoincrement=True,
    )


def _enrollments() -> None:
    op.create_table(
        "enrollments",
        *_texts("enrollment_id", "training_id", "roster"),
        *_numbers("row"),
        *_texts("prefecture", "name", "kana", "state", "terminal_id"),
        *_text_or_null("e_learning_on", "visit_on"),
        *_texts("note", "excluded_because"),
        sa.Column("cleanup_owed", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("completed", sa.Boolean(create_constraint=False), nullable=True),
        *_texts("post_roster"),
        *_numbers("post_row"),
        *_texts("replaces"),
        _key("enrollments", "enrollment_id"),
        _refers("enrollments", "training_id", "trainings.training_id"),
        _refers("enrollments", "roster", "rosters.code"),
    )
    _index("enrollments", "roster", "row")
    _index("enrollments", "post_roster", "post_row")
    _index("enrollments", "training_id", "prefecture", "state")
    op.create_table(
        "enrollment_values",
        *_texts("enrollment_id", "field", "value", "status", "source"),
        *_numbers("reading_id", "recorded_at"),
        *_texts("received_on"),
        _key("enrollment_values", "enrollment_id", "field"),
        _refers("enrollment_values", "enrollment_id", "enrollments.enrollment_id"),
    )


def _ledger() -> None:
    op.create_table(
        "mails",
        sa.Column("ledger_id", _ROW_ID, autoincrement=True, nullable=False),
        *_texts("mailbox"),
        *_numbers("uidvalidity", "uid"),
        *_texts("sha256"),
        *_numbers("bytes", "stored_at", "received_at"),
        *_texts("state"),
        *_numbers("attempts"),
        *_text_or_null("kind"),
        *_texts("message_id", "sender", "subject", "prefecture", "training_id", "attributed_by", "failure"),
        *_number_or_null("duplicate_of"),
        _key("mails", "ledger_id"),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid", name="uq_mails_mailbox_uidvalidity_uid"),
        sqlite_autoincrement=True,
    )
    _index("mails", "state", "prefecture")
    for column in ("state", "sha256", "message_id", "prefecture", "training_id", "stored_at"):
        _index("mails", column)
    op.create_table(
        "high_waters",
        *_texts("mailbox"),
        sa.Column("uidvalidity", sa.BigInteger, autoincrement=False, nullable=False),
        *_numbers("uid"),
        *_number_or_null("reconciled_at"),
        sa.Column("epoch", sa.Integer, nullable=False),
        _key("high_waters", "mailbox", "uidvalidity"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", _ROW_ID, autoincrement=True, nullable=False),
        *_texts("dedupe_key", "purpose", "state", "message_id", "sha256", "sender", "recipients"),
        *_numbers("created_at", "not_before_at"),
        *_texts("prefecture", "training_id", "stage", "enrollments"),
        *_numbers("attempts"),
        *_number_or_null("started_at", "settled_at"),
        *_texts("reply"),
        *_numbers("unknowns"),
        *_texts("held_because"),
        _key("outbox", "outbox_id"),
        sa.UniqueConstraint("dedupe_key", name="uq_outbox_dedupe_key"),
        sqlite_autoincrement=True,
    )
    _index("outbox", "state", "not_before_at")
    _index("outbox", "state", "started_at")
    _index("outbox", "prefecture", "state", "started_at")
    _index("outbox", "prefecture", "created_at")
    _index("outbox", "training_id", "prefecture")
    for column in ("message_id", "created_at"):
        _index("outbox", column)


def _questions() -> None:
    op.create_table(
        "pages",
        sa.Column("page_id", _ROW_ID, autoincrement=True, nullable=False),
        *_numbers("ledger_id"),
        *_texts("part"),
        *_numbers("page"),
        *_texts("kind", "roster"),
        *_numbers("sheet", "sheets"),
        sa.Column("sealed", sa.Boolean(create_constraint=False), nullable=False),
        *_texts("header", "header_sha256", "picture_sha256"),
        _key("pages", "page_id"),
        _refers("pages", "ledger_id", "mails.ledger_id"),
        sqlite_autoincrement=True,
    )
    _index("pages", "ledger_id")
    _index("pages", "roster")
    op.create_table(
        "readings",
        sa.Column("reading_id", _ROW_ID, autoincrement=True, nullable=False),
        *_number_or_null("ledger_id"),
        *_text_or_null("enrollment_id", "roster"),
        *_texts("field", "text"),
        *_text_or_null("value"),
        sa.Column("confidence", sa.Double, nullable=False),
        *_texts("decision", "outcome", "problems", "evidence", "source"),
        *_numbers("read_at"),
        *_texts("said_by"),
        _key("readings", "reading_id"),
        _refers("readings", "ledger_id", "mails.ledger_id"),
        sqlite_autoincrement=True,
    )
    _index("readings", "ledger_id")
    _index("readings", "enrollment_id")
    op.create_table(
        "reviews",
        sa.Column("review_id", _ROW_ID, autoincrement=True, nullable=False),
        *_texts("dedupe_key", "kind"),
        *_numbers("opened_at"),
        *_texts("problems", "state", "prefecture", "training_id", "roster", "enrollment_id"),
        *_text_or_null("field"),
        *_number_or_null("ledger_id", "reading_id", "outbox_id"),
        *_texts("text", "suggestion", "candidates", "detail", "evidence"),
        *_number_or_null("settled_at"),
        *_texts("settled_by", "settled_because"),
        _key("reviews", "review_id"),
        sa.UniqueConstraint("dedupe_key", name="uq_reviews_dedupe_key"),
        _refers("reviews", "ledger_id", "mails.ledger_id"),
        _refers("reviews", "reading_id", "readings.reading_id"),
        _refers("reviews", "outbox_id", "outbox.outbox_id"),
        sqlite_autoincrement=True,
    )
    _index("reviews", "state", "prefecture", "kind")
    _index("reviews", "ledger_id")
    _index("reviews", "enrollment_id")


def _history() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _ROW_ID, autoincrement=False, nullable=False),
        *_numbers("at"),
        *_texts("actor", "kind", "training_id", "prefecture", "subject", "payload", "previous", "hash"),
        _key("events", "seq"),
    )
    _index("events", "subject")
    _index("events", "training_id")
    op.create_table("facts", *_texts("name", "value"), _key("facts", "name"))
    op.create_table("executors", *_texts("executor_id"), *_numbers("seen_at"), _key("executors", "executor_id"))


def _append_only() -> None:
    """The database itself refuses to change or remove a line of the history."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION meibod_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION meibod_append_only()"
    )
