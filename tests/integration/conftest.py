"""Servers the integration tests share. They start once for the whole run and fail, never skip, when one is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.postfix import Postfix
from tests.integration.servers.postgres import Postgres


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """IMAP and LMTP; every test uses a user name of its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """Submission; delivers to `dovecot`."""
    with Postfix(dovecot) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Databases on request; every test asks for its own."""
    with Postgres() as server:
        yield server
