"""What is true of one engine: how durable, how private, how it is searched, how damage shows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.adapters.store import SqlStore, StoreUnavailable, open_store
from daemon.adapters.store.engine import database_url, implicit_engine, writing_engine
from daemon.errors import Refused
from tests.fakes.samples import AT, a_mail
from tests.fakes.stores import memory_store
from tests.integration.servers.processes import free_port


@pytest.mark.parametrize("make", [writing_engine, implicit_engine])
def test_commits_survive_a_power_loss_and_keys_are_checked(tmp_path: Path, make: object) -> None:
    engine = make(f"sqlite:///{tmp_path}/m.sqlite")  # type: ignore[operator]
    with engine.begin() as connection:
        said = {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in _WANTED}
    engine.dispose()
    assert said == _WANTED


_WANTED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 30_000,
    "journal_size_limit": 64 * 1024 * 1024,
}


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/state/m.sqlite")
    with store.transaction() as tx:
        tx.set_fact("a", "b")
    files = sorted((tmp_path / "state").iterdir())
    assert [(f.name, oct(f.stat().st_mode & 0o777)) for f in files] == [
        ("m.sqlite", "0o600"),
        ("m.sqlite-shm", "0o600"),
        ("m.sqlite-wal", "0o600"),
    ]
    store.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT * FROM dispatches WHERE next_reminder_on <= '2026-03-02' ORDER BY next_reminder_on",
            "ix_dispatches_next_reminder_on",
        ),
        ("SELECT * FROM outbox WHERE state IN ('ready') AND not_before_at <= 5", "ix_outbox_state_not_before_at"),
        ("SELECT * FROM mails WHERE state = 'received' ORDER BY ledger_id LIMIT 200", "ix_mails_state (state=?)"),
        (
            "SELECT count(*) FROM mails WHERE state IN ('received', 'quarantine') AND prefecture IN ('', 'a')",
            "COVERING INDEX ix_mails_state_prefecture",
        ),
        ("SELECT * FROM mails WHERE sha256 = 'a' OR message_id = 'b'", "MULTI-INDEX OR"),
        ("SELECT * FROM reviews WHERE state = 'open'", "ix_reviews_state_prefecture_kind"),
        (
            "SELECT kind, count(*) FROM reviews WHERE state = 'open' AND prefecture IN ('', 'a') GROUP BY kind",
            "COVERING INDEX ix_reviews_state_prefecture_kind",
        ),
        (
            "SELECT count(*) FROM outbox WHERE started_at >= 5 AND state IN ('sent', 'unknown')",
            "ix_outbox_state_started_at (state=? AND started_at>?)",
        ),
        (
            "SELECT count(*) FROM outbox WHERE started_at >= 5 AND state IN ('sent', 'unknown') AND prefecture = 'a'",
            "ix_outbox_prefecture_state_started_at (prefecture=? AND state=? AND started_at>?)",
        ),
        (
            "SELECT * FROM outbox WHERE prefecture = 'a' AND state IN ('ready', 'unknown') ORDER BY outbox_id",
            "ix_outbox_prefecture_state_started_at (prefecture=? AND state=?)",
        ),
        ("SELECT * FROM outbox WHERE created_at >= 5 ORDER BY created_at", "ix_outbox_created_at (created_at>?)"),
        (
            "SELECT * FROM outbox WHERE prefecture = 'a' AND created_at >= 5 ORDER BY created_at",
            "ix_outbox_prefecture_created_at (prefecture=? AND created_at>?)",
        ),
        ("SELECT uid FROM mails WHERE mailbox = 'a' AND uidvalidity = 1 AND uid >= 5", "COVERING INDEX"),
    ],
)
def test_what_is_asked_often_is_answered_by_an_index(tmp_path: Path, query: str, index: str) -> None:
    store = memory_store(tmp_path)
    with store.snapshot() as tx:
        plan = " ".join(str(row) for row in tx._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    store.close()
    assert index in plan
    assert "SCAN" not in plan


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    store = memory_store(tmp_path)
    with store.transaction() as tx:
        for uid in range(200):
            tx.add_mail(a_mail(uid=uid, subject="x" * 500))
    store.close()
    file = tmp_path / "meibod.sqlite"
    with file.open("r+b") as raw:
        raw.seek(-8192, 2)
        raw.write(b"\xff" * 4096)
    damaged = SqlStore(store.url)
    assert damaged.check()
    damaged.close()


def test_a_file_that_is_no_database_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "m.sqlite").write_bytes(b"not a database" * 1000)
    store = SqlStore(f"sqlite:///{tmp_path}/m.sqlite")
    assert store.check() == ["the database does not answer: DatabaseError"]
    store.close()


def test_a_full_disk_fails_the_transaction_and_keeps_what_was_there(tmp_path: Path) -> None:
    store = memory_store(tmp_path)
    with store.transaction() as tx:
        tx.set_fact("before", "kept")
    with pytest.raises(StoreUnavailable, match="SQLITE_FULL"), store.transaction() as tx:  # noqa: PT012
        tx._connection.exec_driver_sql("PRAGMA max_page_count = 1")
        for uid in range(2000):
            tx.add_mail(a_mail(uid=uid, subject="x" * 500))
    with store.snapshot() as tx:
        assert tx.get_fact("before") == "kept"
        assert tx.mails() == []
    store.close()


def test_another_process_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    """The writer queues at BEGIN instead of failing in the middle."""
    import threading

    store = memory_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "meibod.sqlite", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, lambda: other.execute("COMMIT"))
        timer.start()
        with store.transaction() as tx:
            tx.append_event(AT, "meibod", "x")
        timer.join()
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_databases_we_cannot_use_are_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(Refused):
        database_url(url)


def test_a_server_that_does_not_answer_is_a_finding_not_a_crash() -> None:
    store = SqlStore(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    assert store.check() == ["the database does not answer: OperationalError"]
    store.close()


def test_a_server_that_is_away_and_a_mistake_of_ours_are_different_things(tmp_path: Path) -> None:
    away = SqlStore(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(StoreUnavailable), away.snapshot():
        pass
    store = memory_store(tmp_path)
    with pytest.raises(sa.exc.OperationalError, match="no such table"), store.transaction() as tx:
        tx._connection.exec_driver_sql("select * from nowhere")
    store.close()
    away.close()


def test_a_second_engine_in_the_process_leaves_the_locks_of_the_first_alone(tmp_path: Path) -> None:
    """Otherwise another process, the last one in its own eyes, removes the log of a database in use."""
    file = tmp_path / "meibod.sqlite"
    store = open_store(f"sqlite:///{file}")
    with store.transaction() as tx:
        tx.set_fact("alive", "yes")
    writing_engine(f"sqlite:///{file}").dispose()
    script = f"import sqlite3; c = sqlite3.connect({str(file)!r}); c.execute('select * from facts'); c.close()"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert file.with_name("meibod.sqlite-wal").exists()
    store.close()
