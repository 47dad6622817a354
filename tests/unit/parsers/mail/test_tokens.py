"""References, plus-parts and codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.codes import make_code
from parsers.mail.tokens import find_codes
from tests.unit.parsers.mail.letters import attached, part, read, said, text, with_parts

CODE = "7Q2K9XD4KB"
OTHER = make_code(b"k", "other")
THIRD = make_code(b"k", "third")
FOURTH = make_code(b"k", "fourth")


def test_in_reply_to_comes_first_then_references_from_the_end() -> None:
    raw = said("x", "In-Reply-To: <c@x>\nReferences: <a@x>\n <b@x>\n\t<c@x>")
    assert read(raw).message.tokens.references == ("<c@x>", "<b@x>", "<a@x>")


def test_plus_parts_come_from_every_field_of_delivery() -> None:
    raw = said(
        "x",
        "To: hq+one@x.example, b@x.example\nCc: hq+two@x.example\n"
        "Delivered-To: hq+three@x.example\nX-Original-To: HQ+One@x.example",
    )
    assert read(raw).message.tokens.plus == ("one", "two", "three", "One")


def test_codes_come_in_the_order_of_trust() -> None:
    raw = with_parts(
        f"Subject: Re: [{CODE}]", "mixed", text(f"回付番号 {OTHER}\n\n> {FOURTH}"), attached(f"roster_{THIRD}.xlsx")
    )
    assert read(raw).message.tokens.codes == (CODE, OTHER, THIRD, FOURTH)


def test_the_subject_of_a_mail_that_came_back_names_its_roster() -> None:
    ours = part("Content-Type: message/rfc822", said("x", f"Subject: [{CODE}]"))
    assert read(with_parts("Subject: failure notice", "mixed", text("550"), ours)).message.tokens.codes == (CODE,)


@pytest.mark.parametrize(
    "written",
    [
        CODE,
        f"【回付番号：{CODE}】",
        f"名簿{CODE}について",
        "７Ｑ２Ｋ９ＸＤ４ＫＢ",
        f"回付番号 {CODE.lower()}",
        "回付番号：7Q2K-9XD4-KB",
        "整理番号　7Q2K 9XD4 KB",
        "回付番号は７ｑ２ｋ９ｘｄ４ｋｂです",
        f"roster_{CODE}(1).xlsx",
    ],
)
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    assert find_codes([written]) == (CODE,)


@pytest.mark.parametrize(
    "text_",
    [
        CODE.lower(),
        f"x{CODE}",
        f"{CODE}9",
        "7Q2K9XD4KC",
        f"https://x.example/{CODE}/",
        "0451112222",
        "ABCDEFGHJK",
        "",
    ],
)
def test_accidental_words_are_no_codes(text_: str) -> None:
    assert find_codes([text_]) == ()


@given(st.binary(min_size=1, max_size=8))
def test_every_code_we_make_is_found(key: bytes) -> None:
    code = make_code(key, "roster")
    assert find_codes([f"回付番号 {code}"]) == (code,)
