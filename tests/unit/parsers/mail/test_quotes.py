"""`said`: the sender's own words, never our quoted mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.quotes import above_quotes, split_quotes, split_with_start
from tests.unit.parsers.mail.quote_heads import HEADS

ANSWER = "お世話になっております。\n名簿を返送いたします。"
OURS = "平素よりお世話になっております。\n令和8年4月7日までにご返送ください。"


@pytest.mark.parametrize("name", HEADS)
def test_everything_below_the_head_is_cut(name: str) -> None:
    said, quoted = split_quotes(f"{ANSWER}\n\n{HEADS[name]}\n{OURS}\n")
    assert said == ANSWER
    assert OURS in quoted


@pytest.mark.parametrize("name", HEADS)
def test_quote_marks_below_the_head_leave_room_for_answers(name: str) -> None:
    marked = "\n".join(f"> {line}" for line in OURS.split("\n"))
    said, quoted = split_quotes(f"{ANSWER}\n\n{HEADS[name]}\n{marked}\n了解しました。\n> 最後の行\n")
    assert said == f"{ANSWER}\n\n了解しました。" or said.replace("\n", "") == f"{ANSWER}了解しました。".replace(
        "\n", ""
    )
    assert "最後の行" in quoted


def test_answers_between_quoted_lines_are_kept() -> None:
    text = "> 1. 高橋の登録日はいつですか。\n4月1日です。\n> 2. 山田は？\n＞ 参考\n来週です。"
    assert split_quotes(text).said == "4月1日です。\n来週です。"


def test_signatures_are_kept() -> None:
    text = f"{ANSWER}\n\n--\n神奈川県会 佐藤\nTEL 045-000-0000"
    assert split_quotes(text).said == text


@pytest.mark.parametrize(
    "text",
    [
        "4月1日(水) 10:00 に手続きしました：\n山田、高橋",
        "日時：4月10日\n場所：横浜",
        "件名の件、了解しました。",
        "差出人の欄が空白でした。",
        "--------\n名簿を送ります\n--------",
        "On 4/1 we registered.\nthanks",
        "下記のとおりです。\n1. 高橋：4/1\n2. 山田：4/2",
        "受講者->山田",
        "To: 運営本部\nお世話になります。",
    ],
)
def test_ordinary_lines_are_no_heads(text: str) -> None:
    assert split_quotes(text) == (text, "")


def test_a_footer_of_the_telephone_is_dropped() -> None:
    assert split_quotes("了解です\n\niPhoneから送信\n").said == "了解です"
    assert split_quotes("了解です\nOutlook for iOS を入手").said == "了解です"


@given(st.text(alphabet=st.sampled_from("> ＞-_:：差出人件名送信日時\nOn wrote<a@b>2026年4月1日"), max_size=300))
def test_no_line_is_lost_or_invented(text: str) -> None:
    said, quoted = split_quotes(text)
    kept = sorted(line.strip() for line in (said + "\n" + quoted).split("\n") if line.strip())
    assert kept == sorted(line.strip() for line in text.split("\n") if line.strip())


@pytest.mark.parametrize("name", HEADS)
def test_what_stands_above_the_quote_ends_at_its_head(name: str) -> None:
    text = f"{ANSWER}\n\n{HEADS[name]}\n> {OURS}\n下に書いた答え\n"
    assert above_quotes(text, split_with_start(text)[1]) == ANSWER


@given(st.lists(st.sampled_from(["OK", "> 引用", "", "-- ", "  x ", "-----Original Message-----", "From: a@b.c"])))
def test_what_stands_above_is_the_beginning_of_what_was_said(lines: list[str]) -> None:
    text = "\n".join(lines)
    found, start = split_with_start(text)
    assert found.said.startswith(above_quotes(text, start))
