"""ISO-2022-JP and EUC-JP, the characters Python's codecs lose included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.jis import decode_euc_jp, decode_iso_2022_jp


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x1b$B;3ED\x1b(B", "山田"),
        (b"\x1b$@;3ED\x1b(J", "山田"),
        (b"\x1b$B-!-j\x1b(B 1", "①㈱ 1"),
        (b"\x1b$B|b6b\x1b(B", "髙金"),
        (b"\x1b$Byu\x1b(B", "﨑"),
        (b"\x1b(I\x36\x40\x36\x45\x1b(B", "ｶﾀｶﾅ"),
        (b"\x0e\x36\x40\x0f.", "ｶﾀ."),
        (b"\x1b$(D\x22\x6f\x1b(B", "™"),
        (b"\x1b(J\x5c\x1b(B", "\\"),
        (b"\x1b$B!A!]\x1b(B", "～－"),
    ],
)
def test_every_set_is_read(raw: bytes, text: str) -> None:
    assert decode_iso_2022_jp(raw) == (text, 0)


def test_a_line_end_returns_to_ascii() -> None:
    assert decode_iso_2022_jp(b"\x1b$B;3ED\nnext").text == "山田\nnext"


def test_half_a_character_is_one_replacement_and_counted() -> None:
    assert decode_iso_2022_jp(b"\x1b$B;3E\x1b(Bx") == ("山\ufffdx", 1)


def test_eight_bit_bytes_are_counted_as_bad() -> None:
    assert decode_iso_2022_jp("山田".encode("cp932")).bad > 0


@pytest.mark.parametrize("text", ["髙橋①㈱", "山田ｶﾅ", "ascii only", "﨑﨑﨑"])
def test_euc_jp_is_read_with_its_extensions(text: str) -> None:
    raw = b"".join(_euc(c) for c in text)
    assert decode_euc_jp(raw) == (text, 0)


def _euc(char: str) -> bytes:
    """EUC-JP by way of cp932, as eucJP-win has it."""
    lead, *rest = char.encode("cp932")
    if not rest:
        return bytes((lead,)) if lead < 0x80 else bytes((0x8E, lead))
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + (rest[0] >= 0x9F)
    cell = rest[0] - (0x9F if rest[0] >= 0x9F else 0x40 + (rest[0] > 0x7F))
    return bytes((row + 0xA1, cell + 0xA1))


@given(st.text(alphabet=st.sampled_from("あ漢ア髙ｱA1 山川①～\n"), max_size=40))
def test_what_python_can_write_is_read_back(text: str) -> None:
    try:
        raw = text.encode("iso2022_jp_ext")
    except UnicodeError:
        return
    assert decode_iso_2022_jp(raw).text == text


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    decode_iso_2022_jp(b"\x1b$B" + raw)
    decode_euc_jp(raw)
