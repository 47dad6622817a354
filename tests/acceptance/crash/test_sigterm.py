"""SIGTERM while a slow relay sits on a mail: the first drains, the second ends at once and recovery does the rest.

The relay takes the request to Kanagawa; the one to Chiba it drops, as in every story at the first attempt.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.domain.model import OutboxMail, OutboxState
from tests.acceptance.crash.running import Daemon, Hq
from tests.acceptance.crash.stage import OFFICES, Stage
from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.processes import wait_until


@contextmanager
def asked_to_end(stage: Stage, address: str) -> Iterator[tuple[Hq, Daemon]]:
    """SIGTERM has arrived while the mail to `address` is with the relay, whole and unanswered."""
    with Hq(stage) as hq:
        stage.relay.slow_for = address
        hq.prepare()
        daemon = hq.ready()
        wait_until("the mail is with the relay", lambda: stage.relay.attempts[request(hq, address).message_id] == 1, 60)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for("STOPPING=1")
        yield hq, daemon


def request(hq: Hq, address: str) -> OutboxMail:
    return next(m for m in hq.outbox() if m.recipients[0] == address)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("prefecture", "outcome"), [("神奈川", OutboxState.SENT), ("千葉", OutboxState.UNKNOWN)])
def test_sigterm_waits_for_the_outcome_of_what_is_under_way(
    tmp_path: Path, dovecot: Dovecot, prefecture: str, outcome: OutboxState
) -> None:
    address = OFFICES[prefecture]
    with Stage(tmp_path / "home", f"drain-{outcome}", dovecot) as stage, asked_to_end(stage, address) as (hq, daemon):
        stage.relay.go_on()
        assert daemon.process.wait(60) == 0
        assert request(hq, address).state is outcome
        assert OutboxState.IN_FLIGHT not in {m.state for m in hq.outbox()}
