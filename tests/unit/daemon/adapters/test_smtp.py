"""The parts of the SMTP adapter that need no server."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.smtp import SmtpSettings, on_the_wire, xtext


def received(wire: bytes) -> bytes:
    """What a server keeps of DATA (RFC 5321 §4.5.2)."""
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    return re.sub(rb"(?m)^\.", b"", wire[: -len(b".\r\n")])


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\r" not in b and b"\n" not in b), min_size=1))
def test_a_message_of_crlf_lines_survives_the_wire_byte_for_byte(lines: list[bytes]) -> None:
    raw = b"".join(line + b"\r\n" for line in lines)

    assert received(on_the_wire(raw)) == raw


@given(st.binary())
def test_the_final_dot_stands_once_and_last(raw: bytes) -> None:
    wire = on_the_wire(raw)

    assert (b"\r\n" + wire).count(b"\r\n.\r\n") == 1
    assert wire.endswith(b".\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)  # bare line ends are how mail is smuggled


def test_line_ends_of_any_kind_become_crlf() -> None:
    assert on_the_wire(b"a\nb\rc\r\nd") == b"a\r\nb\r\nc\r\nd\r\n.\r\n"


@given(st.text())
def test_xtext_is_printable_ascii_and_reversible(text: str) -> None:
    encoded = xtext(text)

    assert all(33 <= ord(c) <= 126 and c != "=" for c in encoded)
    decoded = re.sub(rb"\+([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), encoded.encode())
    assert decoded.decode() == text


@pytest.mark.parametrize(
    "credentials",
    [{"user": "hq"}, {"password": str}, {"user": "hq", "password": str, "oauth": object()}],
)
def test_half_a_credential_is_a_configuration_error(credentials: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either a password or OAuth2, or none"):
        SmtpSettings("h", **credentials)  # type: ignore[arg-type]


def test_a_relay_that_knows_us_needs_no_credential() -> None:
    assert SmtpSettings("h").user == ""
