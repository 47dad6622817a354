"""The servers of the integration tests, for tests of the program as a process."""

from tests.integration.conftest import dovecot, postfix, postgres

__all__ = ["dovecot", "postfix", "postgres"]
