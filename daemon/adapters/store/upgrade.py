"""Bring a database to the schema of this program, or refuse.

Alembic is imported only when there is something to do. On SQLite a migration may rebuild tables, and a rebuild with
foreign keys on silently empties the tables that refer to it; so keys are off while it runs, checked afterwards, every
table must hold as many rows as before, and a copy of the file is made first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from daemon.adapters.store.copying import copy_sqlite
from daemon.adapters.store.engine import sqlite_file, writing_engine
from daemon.adapters.store.schema import SCHEMA_VERSION
from daemon.errors import MeibodError, Refused

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "meibod_version"
_MIGRATION_LOCK = 0x6D656964
"""Advisory lock of the one migrating daemon on PostgreSQL."""


class DatabaseNewer(Refused):
    """The database was written by a newer program. Install that one, or restore a backup older than it."""


class MigrationLostRows(MeibodError):
    """A migration would have lost rows; it was rolled back. Report it; the database is as it was."""


def migrate(url: str) -> bool:
    """Create the schema or bring it up to date; whether anything was done. Raises DatabaseNewer, MigrationLostRows."""
    engine = writing_engine(url, foreign_keys=False)
    try:
        with engine.connect() as connection:
            before = current_version(connection)
        if before == SCHEMA_VERSION:
            return False
        _keep_copy(url, before)
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            _upgrade(connection)
        return True
    finally:
        engine.dispose()


def current_version(connection: sa.Connection) -> str | None:
    """The version the database says it has; None for one that is empty."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(sa.text(f"select version_num from {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return version


def version_problem(connection: sa.Connection) -> str | None:
    """What is wrong with the version, as a sentence; None when it is ours."""
    version = current_version(connection)
    if version == SCHEMA_VERSION:
        return None
    return f"the database has schema {version or 'none'}, this program needs {SCHEMA_VERSION}"


def _keep_copy(url: str, version: str | None) -> None:
    """A file with data in it is copied beside itself before it is touched."""
    file = sqlite_file(url)
    if file is not None and version is not None:
        copy_sqlite(file, file.with_name(f"{file.name}.before-{SCHEMA_VERSION}"))


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = current_version(connection)
    if found is not None and found not in known:
        raise DatabaseNewer(f"the database has schema {found}, this program knows {SCHEMA_VERSION} at most")
    before = _row_counts(connection)
    command.upgrade(config, "head")
    _prove_nothing_lost(connection, before)


def _row_counts(connection: sa.Connection) -> Mapping[str, int]:
    tables = [t for t in sa.inspect(connection).get_table_names() if t != VERSION_TABLE]
    return {t: connection.execute(sa.select(sa.func.count()).select_from(sa.table(t))).scalar_one() for t in tables}


def _prove_nothing_lost(connection: sa.Connection, before: Mapping[str, int]) -> None:
    """Raises MigrationLostRows, which rolls back."""
    after = _row_counts(connection)
    lost = sorted(table for table, rows in before.items() if after.get(table, 0) < rows)
    if lost:
        raise MigrationLostRows(f"rows would be lost in {', '.join(lost)}")
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise MigrationLostRows("rows would refer to rows that do not exist")
