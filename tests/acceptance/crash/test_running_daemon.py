"""Kill −9 of the real `meibod run`, with its queue, its sandbox and its threads, on SQLite and on PostgreSQL."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.acceptance.crash.running import Daemon, Hq
from tests.acceptance.crash.stage import Stage, Undisturbed
from tests.acceptance.crash.story import SCENES
from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.postgres import Postgres
from tests.integration.servers.processes import wait_until

FATES = (
    "deliver.after-claim:1", "deliver.after-submit:1", "deliver.before-record:1", "intake.after-blob:1",
    "intake.after-commit:1", "ingest.before-commit:1",
)  # fmt: skip
"""One after the other, in one story."""


def rest_of_the_story(hq: Hq) -> None:
    """From the first quiet to the end, with a daemon running."""
    hq.until_sent(4)  # two requests, a receipt, a digest
    hq.jump(SCENES[1][0])
    hq.until_sent(7)  # a reminder, a receipt, a digest
    hq.jump(SCENES[2][0])
    hq.enter_by_hand()
    hq.until_sent(8)  # a digest


def killed_again_and_again(stage: Stage, expected: Undisturbed) -> None:
    with Hq(stage) as hq:
        hq.prepare()
        for fate in FATES:
            hq.until_killed(hq.daemon(fate))
        daemon = hq.ready()
        rest_of_the_story(hq)
        assert daemon.end() == 0
        hq.report()
        assert stage.problems() == []
        assert stage.story() == expected[0]


@pytest.mark.timeout(300)
def test_killed_six_times_on_sqlite_the_story_ends_the_same(
    tmp_path: Path, dovecot: Dovecot, undisturbed: Undisturbed
) -> None:
    with Stage(tmp_path / "home", "kill-lite", dovecot) as stage:
        killed_again_and_again(stage, undisturbed)


@pytest.mark.timeout(300)
def test_killed_six_times_on_postgresql_the_story_ends_the_same(
    tmp_path: Path, dovecot: Dovecot, postgres: Postgres, undisturbed: Undisturbed
) -> None:
    with Stage(tmp_path / "home", "kill-pg", dovecot, postgres.database()) as stage:
        killed_again_and_again(stage, undisturbed)


@pytest.mark.timeout(300)
def test_of_two_daemons_on_one_database_the_second_finishes_what_the_first_left(
    tmp_path: Path, dovecot: Dovecot, postgres: Postgres, undisturbed: Undisturbed
) -> None:
    url = postgres.database()
    with Stage(tmp_path / "home", "two", dovecot, url) as stage, Hq(stage) as hq:
        hq.prepare()
        second = hq.ready(config=stage.another_node("second"))
        paused(second, url)
        # All jobs are there and the other sleeps, so the first takes them, and dies with them.
        hq.until_killed(hq.daemon("deliver.after-claim:1"))
        assert stage.relay.taken == []
        second.signal(signal.SIGCONT)
        hq.until_sent(4)
        both = [hq.ready(), second]
        rest_of_the_story(hq)
        assert [daemon.end() for daemon in both] == [0, 0]
        hq.report()
        assert stage.problems() == []
        assert stage.story() == undisturbed[0]


def paused(daemon: Daemon, url: str) -> None:
    """Stop the daemon where it stands, but not within a transaction: a machine that was cut off has none either."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    open_ones = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend' and state <> 'idle'"
    )

    def stops() -> bool:
        daemon.signal(signal.SIGSTOP)
        with engine.connect() as connection:
            if not connection.scalar(open_ones):
                return True
        daemon.signal(signal.SIGCONT)
        return False

    wait_until("no transaction is open", stops)
    engine.dispose()
