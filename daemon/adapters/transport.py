"""How a connection to a mail server is secured, and what of a server's words may be repeated."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

Secret: TypeAlias = Callable[[], str]
"""Gives the password. Asked at every connect, so a rotated credential file counts from the next connection on."""

_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@,;:]+>?")
_SHOWN_CHARACTERS = 300


class Security(StrEnum):
    """What protects the wire."""

    TLS = "tls"
    """TLS from the first byte (IMAP 993, submission 465; RFC 8314)."""
    STARTTLS = "starttls"
    """Upgraded before anything else is said (IMAP 143, submission 587); refused when the server does not offer it."""
    PLAIN = "plain"
    """Nothing: for a relay on the same machine and for tests."""


class TokenSource(Protocol):
    """Gives OAuth2 access tokens; may be used from several threads."""

    def access_token(self) -> str:
        """A token that is good for at least a minute; may talk to the token endpoint. Raises OAuthError."""

    def forget(self) -> None:
        """Never hand out the current token again: a server has refused it."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A verifying client context; `ca_file` (PEM) is trusted besides the system's authorities. Raises OSError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def server_words(text: str) -> str:
    """A server's answer fit for logs and the register: one line, no addresses, at most 300 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _ADDRESS.sub("<address>", line)[:_SHOWN_CHARACTERS]
