"""Alembic's entry: runs inside the transaction `daemon.adapters.store.upgrade` has begun, never by itself."""

from __future__ import annotations

from alembic import context

from daemon.adapters.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="meibod_version",
    # SQLite cannot change a column in place; Alembic rebuilds the table instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
