"""Migrations: they build exactly the schema of the program, lose nothing, and refuse what they do not know."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from daemon.adapters.store import DatabaseNewer, MigrationLostRows, SqlStore, migrate, open_store
from daemon.adapters.store.engine import writing_engine
from daemon.adapters.store.schema import SCHEMA_VERSION, metadata
from daemon.adapters.store.upgrade import MIGRATIONS, VERSION_TABLE
from tests.fakes.samples import a_roster, a_training, an_enrollment


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/m.sqlite"
    url: str = request.getfixturevalue("postgres").database(migrated=False)
    return url


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a made-up migration 0002 with the given body."""

    def install(body: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        head = 'import sqlalchemy as sa\nfrom alembic import op\nrevision = "0002"\ndown_revision = "0001"\n\n'
        (folder / "versions" / "0002_later.py").write_text(f"{head}def upgrade():\n    {body}\n")
        monkeypatch.setattr("daemon.adapters.store.upgrade.MIGRATIONS", folder)
        monkeypatch.setattr("daemon.adapters.store.upgrade.SCHEMA_VERSION", "0002")

    return install


def _fill(url: str) -> None:
    store = open_store(url)
    with store.transaction() as tx:
        tx.save_training(a_training())
        tx.save_roster(a_roster())
        tx.save_enrollment(an_enrollment())
    store.close()


def test_the_schema_at_head_equals_the_metadata(empty_url: str) -> None:
    migrate(empty_url)
    engine = writing_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_version_the_program_asks_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == SCHEMA_VERSION


def test_migrating_twice_does_something_once(empty_url: str) -> None:
    assert migrate(empty_url) is True
    assert migrate(empty_url) is False


def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty_url: str) -> None:
    migrate(empty_url)
    engine = writing_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseNewer, match="9999"):
        migrate(empty_url)
    store = SqlStore(empty_url)
    assert store.check() == [f"the database has schema 9999, this program needs {SCHEMA_VERSION}"]
    store.close()


def test_an_empty_database_is_reported_by_check(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/m.sqlite")
    assert store.check() == [f"the database has schema none, this program needs {SCHEMA_VERSION}"]
    store.close()


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(empty_url: str, later: Callable[[str], None]) -> None:
    _fill(empty_url)
    rebuilt = '"always" if op.get_bind().dialect.name == "sqlite" else "never"'
    later(f'with op.batch_alter_table("rosters", recreate={rebuilt}) as t: t.add_column(sa.Column("remark", sa.Text))')
    assert migrate(empty_url) is True
    store = SqlStore(empty_url)
    with store.snapshot() as tx:
        assert tx.get_enrollment("E-1") == an_enrollment()
    store.close()


def test_a_migration_that_loses_rows_is_rolled_back(empty_url: str, later: Callable[[str], None]) -> None:
    _fill(empty_url)
    later('op.execute("DELETE FROM enrollment_values")')
    with pytest.raises(MigrationLostRows, match="enrollment_values"):
        migrate(empty_url)
    store = SqlStore(empty_url)
    with store.snapshot() as tx:
        assert tx.get_enrollment("E-1").values
    store.close()


def test_a_copy_is_kept_of_a_file_before_it_is_migrated(tmp_path: Path, later: Callable[[str], None]) -> None:
    url = f"sqlite:///{tmp_path}/m.sqlite"
    _fill(url)
    later('op.add_column("rosters", sa.Column("remark", sa.Text()))')
    migrate(url)
    before = SqlStore(f"sqlite:///{tmp_path}/m.sqlite.before-0002")
    with before.snapshot() as tx:
        assert tx.get_enrollment("E-1") == an_enrollment()
    before.close()


def test_tables_that_are_not_ours_are_left_alone(empty_url: str) -> None:
    engine = writing_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE workflow_status (workflow_uuid text)")
        connection.exec_driver_sql("INSERT INTO workflow_status VALUES ('a')")
    migrate(empty_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM workflow_status").scalar() == 1
    engine.dispose()
