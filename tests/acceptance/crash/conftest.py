"""What an undisturbed story comes to: the measure for all others."""

from __future__ import annotations

import pytest

from tests.acceptance.crash.stage import Stage, Undisturbed
from tests.acceptance.crash.sweep import Nursery
from tests.integration.servers.dovecot import Dovecot


@pytest.fixture(scope="session")
def undisturbed(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The end state, and how often the way there reaches each named point."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    with Nursery() as nursery, Stage(home, "undisturbed", dovecot) as stage:
        assert nursery.play(stage) == 0, (home / "log").read_text()
        assert stage.problems() == []
        return stage.story(), stage.report()["points"]
