"""Tokens: unguessable, signed, and the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.tokens import dispatch_code, dispatch_of_plus, message_id, plus_address, roster_code
from parsers.codes import parse_code

KEY, OTHER = b"one key", b"another key"


def test_a_plus_address_names_its_dispatch_and_nobody_elses() -> None:
    code = dispatch_code(KEY, "T", "神奈川")
    address = plus_address(KEY, "meibo@hq.example.jp", code)
    plus = address.partition("@")[0].partition("+")[2]
    assert dispatch_of_plus(KEY, plus) == code
    assert dispatch_of_plus(OTHER, plus) is None


@given(st.text(max_size=20))
def test_no_stray_plus_part_is_taken_for_ours(text: str) -> None:
    assert dispatch_of_plus(KEY, text) is None


def test_the_message_id_follows_from_what_the_mail_is() -> None:
    first = message_id(KEY, "dispatch:X", "ab", "hq.example.jp")
    assert first == message_id(KEY, "dispatch:X", "ab", "hq.example.jp")
    assert first != message_id(KEY, "dispatch:X", "ac", "hq.example.jp")
    assert first != message_id(OTHER, "dispatch:X", "ab", "hq.example.jp")


def test_roster_codes_pass_their_own_check() -> None:
    code = roster_code(KEY, "T", "神奈川", "横浜", "横浜中")
    assert parse_code(code) == code
