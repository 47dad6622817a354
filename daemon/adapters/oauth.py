"""OAuth2 access tokens from a refresh token (RFC 6749 §6), for IMAP and SMTP alike.

Providers hand out a new refresh token now and then and let the old one die (Microsoft: each time, and after 90 days
unused), so the newest is kept in a state file of ours. The operator's file only seeds it; when the operator puts
another token there, that one counts again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.adapters.transport import Secret, server_words, tls_context
from daemon.errors import MeibodError

_EARLY_S = 60.0
"""A token this close to its end is not used any more."""
_DEFAULT_LIFE_S = 300.0
"""Assumed when the provider does not say (RFC 6749 §5.1: expires_in is only recommended)."""
_ANSWER_LIMIT_BYTES = 1_000_000
_CONSENT_ERRORS = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})


class OAuthError(MeibodError):
    """No access token could be had. `permanent` = only the operator can help; the sentence says how."""

    def __init__(self, message: str, *, permanent: bool, code: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
        """The provider's error code, "" when none came."""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Where tokens come from."""

    token_url: str
    """Token endpoint; https, or http on this machine."""
    client_id: str
    refresh_token_file: Path
    """The operator's: one line, as the provider gave it after signing in."""
    state_file: Path
    """Ours: the newest refresh token; its folder must be writable."""
    client_secret: Secret | None = None
    """None for public clients."""
    scope: str = ""
    """Space-separated; "" = what the refresh token was issued for."""
    ca_file: Path | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """Raise ValueError when the token would travel in the clear."""
        parts = urllib.parse.urlsplit(self.token_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
            raise ValueError("token_url must begin with https://")


class RefreshingTokens:
    """Access tokens, refreshed when they are about to expire. Thread-safe; implements `transport.TokenSource`."""

    def __init__(self, settings: OAuthSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` counts seconds; tests give their own."""
        self._settings = settings
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._good_until_s = 0.0

    def access_token(self) -> str:
        """A token good for at least a minute. Blocks while the token endpoint is asked; raises OAuthError."""
        with self._lock:
            if not self._token or self._monotonic() >= self._good_until_s:
                self._refresh()
            return self._token

    def refresh(self) -> None:
        """Use the refresh token now, so that it does not die of disuse (call it at least weekly). Raises OAuthError."""
        with self._lock:
            self._refresh()

    def forget(self) -> None:
        """A server refused the current token: the next one comes from the endpoint."""
        with self._lock:
            self._token = ""

    def _refresh(self) -> None:
        asked_s = self._monotonic()
        # Where refresh tokens are good for one use, two users of the same one cost the whole sign-in (RFC 9700 §4.14).
        with _alone(self._settings.state_file):
            kept = _KeptToken(self._settings)
            answer = _ask(self._settings, kept.token)
            rotated = answer.get("refresh_token")
            if isinstance(rotated, str) and rotated not in ("", kept.token):
                kept.replace(rotated)  # before the access token is used: a crash must not cost the newest one
        self._token = str(answer["access_token"])
        self._good_until_s = asked_s + _life_s(answer) - _EARLY_S


@contextlib.contextmanager
def _alone(state_file: Path) -> Iterator[None]:
    """Hold the state file's lock: the daemon, a command beside it and IMAP and SMTP may share one refresh token."""
    try:
        descriptor = os.open(state_file.with_name(f"{state_file.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:  # a folder we cannot write to: a rotated token will be refused with the remedy
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _life_s(answer: Mapping[str, Any]) -> float:
    try:
        return float(answer.get("expires_in", _DEFAULT_LIFE_S))
    except (TypeError, ValueError):
        return _DEFAULT_LIFE_S


class _KeptToken:
    """The newest refresh token: ours from the state file, or the operator's when that is news."""

    def __init__(self, settings: OAuthSettings) -> None:
        self._settings = settings
        seed = _read_seed(settings.refresh_token_file)
        self._seed_sha256 = hashlib.sha256(seed.encode()).hexdigest()
        state = _read_state(settings.state_file)
        ours = state.get("refresh_token", "") if state.get("seed_sha256") == self._seed_sha256 else ""
        self.token = ours or seed

    def replace(self, token: str) -> None:
        """Keep `token` (tmp, fsync, rename, fsync of the folder; mode 0600). Raises OAuthError."""
        text = json.dumps({"refresh_token": token, "seed_sha256": self._seed_sha256})
        try:
            _write_durably(self._settings.state_file, text.encode())
        except OSError as error:
            raise OAuthError(
                f"the new refresh token could not be stored in {self._settings.state_file} ({error.strerror}); "
                "make the folder writable for the service, the old token may stop working",
                permanent=True,
            ) from error
        self.token = token


def _read_seed(path: Path) -> str:
    try:
        seed = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OAuthError(
            f"the refresh token file {path} cannot be read; put the token there", permanent=True
        ) from error
    if not seed:
        raise OAuthError(f"the refresh token file {path} is empty; put the token there", permanent=True)
    return seed


def _read_state(path: Path) -> dict[str, str]:
    """What we kept; {} when there is nothing or it is damaged (the operator's token is tried again then)."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _write_durably(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ask(settings: OAuthSettings, refresh_token: str) -> dict[str, Any]:
    """One request to the token endpoint; the answer holds at least an access token."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": settings.client_id}
    if settings.client_secret is not None:
        form["client_secret"] = settings.client_secret()
    if settings.scope:
        form["scope"] = settings.scope
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked with the settings
        settings.token_url,
        data=urllib.parse.urlencode(form).encode(),
        headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = _decoded(_send(settings, request))
    if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
        raise _refusal(answer, 200)
    return answer


def _send(settings: OAuthSettings, request: urllib.request.Request) -> bytes:
    context = tls_context(settings.ca_file) if request.type == "https" else None
    try:
        with urllib.request.urlopen(request, timeout=settings.timeout_s, context=context) as reply:  # noqa: S310
            return bytes(reply.read(_ANSWER_LIMIT_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(_decoded(error.read(_ANSWER_LIMIT_BYTES)), error.code) from None
    except OSError as error:  # URLError, timeouts, resets
        why = server_words(str(getattr(error, "reason", error)))
        raise OAuthError(
            f"the token endpoint cannot be reached ({why}); trying again later", permanent=False
        ) from error


def _decoded(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer, {} for anything else (login pages, proxies)."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(answer: Mapping[str, Any], status: int) -> OAuthError:
    """RFC 6749 §5.2 as a sentence with the remedy. The description of the provider is shown without addresses."""
    code = str(answer.get("error", ""))
    words = server_words(f"{code} {answer.get('error_description', '')}") or f"HTTP {status}"
    if code in _CONSENT_ERRORS:
        remedy = "sign in again and put the new refresh token into refresh_token_file"
    elif code in ("invalid_client", "unauthorized_client"):
        remedy = "check client_id and client secret; the secret may have expired"
    elif code == "invalid_scope":
        remedy = "check scope"
    else:
        return OAuthError(f"the token endpoint answered {words}; trying again later", permanent=False, code=code)
    return OAuthError(f"the mail provider refused the refresh token ({words}); {remedy}", permanent=True, code=code)
