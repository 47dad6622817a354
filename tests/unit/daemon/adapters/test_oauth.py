"""Refresh tokens against a token endpoint on this machine."""

from __future__ import annotations

import json
import stat
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.oauth import OAuthError, OAuthSettings, RefreshingTokens


class Endpoint:
    """Answers with what is in `answers` (status, body), last one repeated, and keeps the forms it got."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.answers: list[tuple[int, Any]] = [(200, {"access_token": "access", "expires_in": 3600})]
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                endpoint.forms.append(dict(urllib.parse.parse_qsl(body)))
                status, answer = endpoint.answers[min(len(endpoint.forms), len(endpoint.answers)) - 1]
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/token"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def settings(endpoint: Endpoint, tmp_path: Path) -> OAuthSettings:
    (tmp_path / "refresh").write_text("first-refresh\n")
    return OAuthSettings(
        token_url=endpoint.url, client_id="meibod", client_secret=lambda: "client-secret", scope="mail offline_access",
        refresh_token_file=tmp_path / "refresh", state_file=tmp_path / "state.json",
    )  # fmt: skip


class Seconds:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_token_comes_from_the_operators_refresh_token(endpoint: Endpoint, settings: OAuthSettings) -> None:
    assert RefreshingTokens(settings).access_token() == "access"

    assert endpoint.forms == [
        {
            "grant_type": "refresh_token", "refresh_token": "first-refresh", "client_id": "meibod",
            "client_secret": "client-secret", "scope": "mail offline_access",
        }
    ]  # fmt: skip
    assert not settings.state_file.exists()


def test_a_token_is_used_until_a_minute_before_its_end(endpoint: Endpoint, settings: OAuthSettings) -> None:
    clock = Seconds()
    tokens = RefreshingTokens(settings, clock)
    tokens.access_token()
    clock.now += 3600 - 61
    tokens.access_token()
    assert len(endpoint.forms) == 1

    clock.now += 2
    tokens.access_token()
    assert len(endpoint.forms) == 2


def test_a_rotated_refresh_token_is_kept_for_the_owner_only_and_used_from_then_on(
    endpoint: Endpoint, settings: OAuthSettings
) -> None:
    endpoint.answers = [(200, {"access_token": "a", "expires_in": 3600, "refresh_token": "second-refresh"})]
    tokens = RefreshingTokens(settings)
    tokens.access_token()
    tokens.refresh()
    RefreshingTokens(settings).access_token()  # after a restart

    assert [form["refresh_token"] for form in endpoint.forms] == ["first-refresh", "second-refresh", "second-refresh"]
    assert stat.S_IMODE(settings.state_file.stat().st_mode) == 0o600
    assert [p.name for p in settings.state_file.parent.iterdir() if p.name.startswith(".")] == []


def test_a_new_token_from_the_operator_counts_again(endpoint: Endpoint, settings: OAuthSettings) -> None:
    endpoint.answers = [(200, {"access_token": "a", "refresh_token": "second-refresh"}), (200, {"access_token": "a"})]
    RefreshingTokens(settings).access_token()
    settings.refresh_token_file.write_text("signed-in-again")
    RefreshingTokens(settings).access_token()

    assert endpoint.forms[-1]["refresh_token"] == "signed-in-again"


def test_a_damaged_state_file_falls_back_on_the_operators_token(endpoint: Endpoint, settings: OAuthSettings) -> None:
    settings.state_file.write_bytes(b"\xff{")

    RefreshingTokens(settings).access_token()

    assert endpoint.forms[-1]["refresh_token"] == "first-refresh"


def test_a_forgotten_token_is_asked_for_anew(endpoint: Endpoint, settings: OAuthSettings) -> None:
    tokens = RefreshingTokens(settings)
    tokens.access_token()
    tokens.forget()
    tokens.access_token()

    assert len(endpoint.forms) == 2


def test_threads_share_one_refresh(endpoint: Endpoint, settings: OAuthSettings) -> None:
    tokens = RefreshingTokens(settings)
    threads = [threading.Thread(target=tokens.access_token) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(endpoint.forms) == 1


def test_imap_and_smtp_with_one_state_file_never_use_a_refresh_token_twice(
    endpoint: Endpoint, settings: OAuthSettings
) -> None:
    endpoint.answers = [(200, {"access_token": "a", "refresh_token": f"refresh-{n}"}) for n in range(8)]
    threads = [threading.Thread(target=RefreshingTokens(settings).access_token) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    used = [form["refresh_token"] for form in endpoint.forms]
    assert len(used) == len(set(used)) == 8


@pytest.mark.parametrize(
    ("status", "answer", "permanent", "remedy"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired for a@example.test"}, True, "sign in again"),
        (401, {"error": "invalid_client"}, True, "check client_id and client secret"),
        (400, {"error": "invalid_scope"}, True, "check scope"),
        (400, {"error": "temporarily_unavailable"}, False, "trying again later"),
        (503, b"<html>maintenance</html>", False, "HTTP 503"),
        (200, b"<html>log in</html>", False, "trying again later"),
        (200, {"access_token": ""}, False, "trying again later"),
        (200, [1], False, "trying again later"),
    ],
)
def test_a_refusal_says_what_the_operator_does_next(
    endpoint: Endpoint, settings: OAuthSettings, status: int, answer: Any, permanent: bool, remedy: str
) -> None:
    endpoint.answers = [(status, answer)]

    with pytest.raises(OAuthError, match=remedy) as caught:
        RefreshingTokens(settings).access_token()

    assert caught.value.permanent is permanent
    for secret in ("first-refresh", "client-secret", "a@example.test"):
        assert secret not in str(caught.value)


def test_an_endpoint_that_is_away_is_transient(endpoint: Endpoint, settings: OAuthSettings) -> None:
    endpoint.server.server_close()

    with pytest.raises(OAuthError, match="cannot be reached") as caught:
        RefreshingTokens(settings).access_token()

    assert not caught.value.permanent


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_or_empty_refresh_token_names_the_file(settings: OAuthSettings, content: str | None) -> None:
    settings.refresh_token_file.unlink()
    if content is not None:
        settings.refresh_token_file.write_text(content)

    with pytest.raises(OAuthError, match=str(settings.refresh_token_file)):
        RefreshingTokens(settings).access_token()


def test_a_rotated_token_that_cannot_be_kept_is_an_error_before_it_is_used(
    endpoint: Endpoint, settings: OAuthSettings, tmp_path: Path
) -> None:
    endpoint.answers = [(200, {"access_token": "a", "refresh_token": "second-refresh"})]
    nowhere = OAuthSettings(
        endpoint.url, "meibod", settings.refresh_token_file, state_file=tmp_path / "missing" / "state.json"
    )

    with pytest.raises(OAuthError, match="could not be stored"):
        RefreshingTokens(nowhere).access_token()


@pytest.mark.parametrize("url", ["http://login.example.test/token", "ftp://login.example.test", "file:///etc/passwd"])
def test_a_token_never_travels_in_the_clear(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        OAuthSettings(url, "meibod", tmp_path / "refresh", tmp_path / "state")
