"""Turning whatever broke a session into a `MailboxError` an operator understands, without content or credentials."""

from __future__ import annotations

import re
import socket
import ssl

from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError, ProtocolError

from daemon.adapters.transport import server_words
from daemon.errors import MeibodError
from daemon.ports import MailboxError

_STATUS_ANSWER = re.compile(r"failed: |command error: (NO|BAD) ", re.IGNORECASE)
"""Errors that quote a tagged NO or BAD; all others may quote pieces of mail."""
_BACKOFF_HINT = re.compile(r"Suggested Backoff Time:\s*(\d+)\s*milliseconds", re.IGNORECASE)


def retry_after_s(text: str) -> float | None:
    """Seconds the server asked us to stay away (Exchange, Outlook.com), None when it did not."""
    found = _BACKOFF_HINT.search(text)
    return int(found[1]) / 1000 if found else None


def is_quotable(error: BaseException) -> bool:
    """Whether the error's own text is free of mail content."""
    if isinstance(error, ProtocolError):
        return False
    if isinstance(error, LoginError | CapabilityError):
        return True
    if isinstance(error, IMAPClientError):
        return bool(_STATUS_ANSWER.search(str(error)))
    return isinstance(error, OSError | MeibodError)


def as_mailbox_error(error: Exception, host: str) -> MailboxError:
    """What to raise instead of `error`; raise it `from` the error only when `is_quotable`."""
    return MailboxError(f"{host}: {_sentence(error)}", retry_after_s=retry_after_s(str(error)))


def _sentence(error: Exception) -> str:
    if isinstance(error, LoginError):
        return f"login refused ({server_words(str(error))}); check user and credential"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); check host name or ca_file"
    if isinstance(error, socket.gaierror):
        return "the host name is not known; check the setting or the name service"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if is_quotable(error):
        return server_words(str(error)) or type(error).__name__
    return f"the session broke ({type(error).__name__})"
