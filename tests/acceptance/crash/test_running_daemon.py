"""Kill −9 of the real `meibod run`, with its queue, its sandbox and its threads, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.crash.running import Hq
from tests.acceptance.crash.stage import Stage, Undisturbed
from tests.acceptance.crash.story import SCENES
from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.postgres import Postgres

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
