"""The language of commands by mail: what is plainly a command, and that nothing else is ever one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.commands import Command, Verb, read_commands
from daemon.domain.commands.model import ABOUT_QUESTIONS
from parsers.findings import Field

ROW = "F3D92M8Y1F/3"
FIRST = dt.date(2026, 4, 1)


def one(text: str) -> Command:
    found = read_commands(text)
    assert found.clear, text
    (command,) = found.commands
    return command


@pytest.mark.parametrize(
    "text",
    [
        "12 OK",
        "１２　ＯＫ",
        "#12 ok",
        "12 OKです。",
        "12番 承認でお願いします",
        "[12] OK",
        "・12 OK",
        "12：はい",
        "12 確認済み",
        "No.12 OK",
        "　12　採用　",
    ],
)
def test_a_question_is_accepted_in_many_spellings(text: str) -> None:
    assert one(text) == Command(Verb.ACCEPT, (12,))


@pytest.mark.parametrize("text", ["12,13、15 OK", "12 13 15 OK", "12・13と15 OK", "12，13, 15 ＯＫです"])
def test_several_questions_are_accepted_at_once(text: str) -> None:
    assert one(text).numbers == (12, 13, 15)


def test_a_range_is_written_out() -> None:
    assert one("12〜15 OK").numbers == (12, 13, 14, 15)
    assert one("12-13,15 却下").numbers == (12, 13, 15)


@pytest.mark.parametrize(
    "text", ["全件OK", "全件ＯＫです。よろしくお願いいたします。", "すべて承認", "全て OK", "ALL OK"]
)
def test_everything_shown_is_accepted(text: str) -> None:
    assert one(text) == Command(Verb.ACCEPT_ALL)


@pytest.mark.parametrize(
    "text",
    [
        "13 R8.4.1",
        "13 令和8年4月1日",
        "13 令和 8 年 4 月 1 日",
        "13 2026-04-01",
        "13 2026/4/1です",
        "13→R8.4.1",
        "13は令和８年４月１日です。",
        "１３：Ｒ８．４．１",
    ],
)
def test_another_date_is_given_with_its_year(text: str) -> None:
    assert one(text) == Command(Verb.SET, (13,), days=(FIRST,))


def test_a_date_may_carry_its_reason_and_its_row() -> None:
    assert one("13 R8.4.1 電話で確認").because == "電話で確認"
    assert one(f"13 {ROW} R8.4.1") == Command(Verb.SET, (13,), row=ROW, days=(FIRST,))
    assert one(f"15 {ROW}") == Command(Verb.PLACE, (15,), row=ROW)
    assert one("13 配属 横浜").words == ("横浜",)


def test_a_question_is_rejected_with_or_without_a_reason() -> None:
    assert one("14 却下") == Command(Verb.REJECT, (14,))
    assert one("14 NG 受講しないため").because == "受講しないため"


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("承認", Verb.APPROVE),
        ("ＯＫです", Verb.APPROVE),
        ("承認します。", Verb.APPROVE),
        ("取りやめ", Verb.DECLINE),
        ("状況", Verb.STATUS),
        ("状況を教えてください", Verb.STATUS),
        ("ヘルプ", Verb.HELP),
        ("送信停止してください。", Verb.STOP_ALL),
        ("送信再開", Verb.RESUME),
        ("取込", Verb.IMPORT),
        ("修了結果", Verb.RESULTS),
    ],
)
def test_some_words_are_commands_by_themselves(text: str, verb: Verb) -> None:
    assert one(text) == Command(verb)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("送信 61", Command(Verb.RELEASE, (61,))),
        ("61,62 送信", Command(Verb.RELEASE, (61, 62))),
        ("送信取消 61 不要のため", Command(Verb.CANCEL_MAIL, (61,), because="不要のため")),
        ("保留 61", Command(Verb.HOLD, (61,))),
        ("様式 初心者", Command(Verb.TEMPLATE, words=("beginner",))),
        ("結果様式 WM-1", Command(Verb.RESULTS_TEMPLATE, training="WM-1")),
        ("提出名簿 WM-1 2", Command(Verb.HANDOVER, (2,), training="WM-1")),
        ("再送 61", Command(Verb.RESEND, (61,))),
        (
            f"交代 {ROW} 髙梨　一郎／タカナシ　イチロウ／Ａ1234567／本人の都合",
            Command(
                Verb.SUBSTITUTE,
                row=ROW,
                words=("髙梨　一郎", "タカナシ　イチロウ", "A1234567"),
                because="本人の都合",
            ),
        ),
        (
            "追加 WM-1 千葉/船橋 髙梨　一郎/タカナシ　イチロウ/R8.4.1/申込みの遅れ",
            Command(
                Verb.ADD,
                training="WM-1",
                days=(FIRST,),
                words=("髙梨　一郎", "タカナシ　イチロウ", "", "千葉", "船橋"),
                because="申込みの遅れ",
            ),
        ),
        ("状況 beginner-20260415", Command(Verb.STATUS, training="beginner-20260415")),
        (f"状況 {ROW}", Command(Verb.STATUS, row=ROW)),
        ("状況 ｆ３ｄ９２ｍ８ｙ１ｆ No.3", Command(Verb.STATUS, row=ROW)),
        (f"訂正 {ROW} R8.4.1 書き写しのため", Command(Verb.CORRECT, row=ROW, days=(FIRST,), because="書き写しのため")),
        (
            f"訂正 {ROW} 兼務 R8.4.1 年金事務所に電話で確認",
            Command(
                Verb.CORRECT,
                row=ROW,
                field=Field.CONCURRENT_REGISTERED_ON,
                days=(FIRST,),
                because="年金事務所に電話で確認",
            ),
        ),
        (
            f"電話 {ROW} R8.4.1 横浜年金事務所",
            Command(Verb.REPORT, row=ROW, days=(FIRST,), words=("横浜年金事務所",), because="電話連絡"),
        ),
        (f"辞退 {ROW} 本人の申出", Command(Verb.WITHDRAW, row=ROW, because="本人の申出")),
        (
            f"異動 {ROW} 神奈川/横浜 人事異動",
            Command(Verb.TRANSFER, row=ROW, words=("神奈川", "横浜"), because="人事異動"),
        ),
        (
            f"氏名訂正 {ROW} 髙橋　一郎／タカハシ　イチロウ／改姓の届出",
            Command(Verb.RENAME, row=ROW, words=("髙橋　一郎", "タカハシ　イチロウ"), because="改姓の届出"),
        ),
        (
            "期限変更 WM-1 R8.4.1 年金事務所の都合",
            Command(Verb.DEADLINE, training="WM-1", days=(FIRST,), because="年金事務所の都合"),
        ),
        (
            "延期 WM-1 R8.4.1 2026-04-02 会場の都合",
            Command(Verb.POSTPONE, training="WM-1", days=(FIRST, dt.date(2026, 4, 2)), because="会場の都合"),
        ),
        ("中止 WM-1 応募者なし", Command(Verb.CANCEL_TRAINING, training="WM-1", because="応募者なし")),
        ("送付 WM-1", Command(Verb.DISPATCH, training="WM-1")),
        ("提出済 WM-1 2 R8.4.1", Command(Verb.SUBMITTED, (2,), training="WM-1", days=(FIRST,))),
    ],
)
def test_each_command_is_read_with_what_it_needs(text: str, command: Command) -> None:
    assert one(text) == command


def test_a_training_is_described_in_a_block_of_lines() -> None:
    block = "研修登録\n種類：初心者\n研修名：第３回　東京\n初日：R8.4.1\n最終日：令和8年4月2日"
    text = f"お世話になります。\n{block}\n\nよろしくお願いします。"
    days = (FIRST, dt.date(2026, 4, 2))
    assert one(text) == Command(Verb.NEW_TRAINING, days=days, words=("beginner", "第３回　東京"))
    assert not read_commands("研修登録\n種類：初心者\n研修名：第３回\n初日：4月1日\n最終日：R8.4.2").clear
    assert not read_commands("研修登録\n種類：初心者\n種類：講師\n研修名：第３回\n初日：R8.4.1\n最終日：R8.4.2").clear


@pytest.mark.parametrize(
    "text",
    [
        "13 4/1",
        "13は4月1日です",
        "13 R8.4.1ではなくR8.4.2",
        "13 R8.4.1 ではなく R8.4.2",
        "13 R8.4.1 予定",
        "13 R8.4.1?",
        "13 R8.4.1 かもしれません",
        "13 R8.2.30",
        "12 OKではありません",
        "12 OKですが13はまだです",
        "12 却下しないで",
        "12 却下 しないでください",
        "全件OKではありません",
        "全件OK、14以外",
        "⑫ OK",
        "12⑬ OK",
        "13-12 OK",
        "0 OK",
        "承認できません",
        "先ほどの内容で承認します",
        "12 OK 13 却下",
        f"訂正 {ROW} R8.4.1",
        f"訂正 {ROW} 4/1 理由",
        "訂正 7Q2K9XD4HP/3 R8.4.1 書き誤り",
        "訂正 R8.4.1",
        f"辞退 {ROW}",
        "中止 WM-1",
        "延期 WM-1 R8.4.1 会場の都合",
        "期限変更 WM-1 4/7 都合",
        "研修登録",
        "送信停止しないでください",
        "12",
        "99999 OK かな",
        "1-2000 OK",
        "13 7Q2K9XD4HP/3 R8.4.1",
        "14 却下 13 OK",
    ],
)
def test_what_only_looks_like_a_command_is_none_and_is_noticed(text: str) -> None:
    found = read_commands(text)
    assert found.commands == ()
    assert not found.clear


@pytest.mark.parametrize(
    "text",
    [
        "いつもお世話になっております。",
        "ありがとうございました。",
        "お忙しい状況とは思いますが、",
        "4月1日に届きました。",
        "2名の件です。",
        "1. 先日の件",
        "よろしくお願いいたします。",
        "",
    ],
)
def test_courtesies_are_passed_over(text: str) -> None:
    assert read_commands(text).lines == ()


def test_a_signature_is_no_command() -> None:
    signature = "--\n運営本部 研修課\n佐藤 太郎\nTEL 03-1234-5678\n〒100-0001 東京都千代田区1-2-3\nok@hq.example.jp"
    text = f"12 OK\nよろしくお願いします。\n{signature}"
    assert one(text) == Command(Verb.ACCEPT, (12,))


@pytest.mark.parametrize("text", ["12 OK\n12 却下", "12-14 OK\n13 R8.4.1", "承認\n取りやめ", "送信 61\n保留 61"])
def test_two_commands_about_one_thing_are_none(text: str) -> None:
    found = read_commands(text)
    assert not found.clear


def test_all_but_one_can_be_said() -> None:
    found = read_commands("14 却下 別人\n全件OK")
    assert found.clear
    assert [c.verb for c in found.commands] == [Verb.REJECT, Verb.ACCEPT_ALL]


def test_several_commands_may_stand_in_one_line() -> None:
    found = read_commands("12 OK、13 R8.4.1")
    assert [c.verb for c in found.commands] == [Verb.ACCEPT, Verb.SET]
    assert not read_commands("12 OK、13は4/1").clear


# -- laws ----------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "12",
        "13",
        "OK",
        "ng",
        "却下",
        "全件",
        "承認",
        "R8.4.1",
        "R8.4.2",
        "4/1",
        "、",
        "。",
        " ",
        "\n",
        "は",
        "では",
        "ない",
        "訂正",
        ROW,
        "WM-1",
        "送信",
        "停止",
        "ではなく",
        "研修登録",
        "種類：初心者",
        "です",
        "①",
        "-",
        "→",
        "理由",
        "?",
        "まだ",
    ]
)
SENTENCES = (
    st.lists(WORDS, max_size=14).map("".join) | st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=80)
)


@given(SENTENCES)
def test_no_text_raises_and_every_date_taken_is_written_in_it(text: str) -> None:
    for line in read_commands(text).lines:
        if line.command is not None and line.command.days and line.command.verb in ABOUT_QUESTIONS:
            assert "8.4.1" in text or "8.4.2" in text or "年" in text or "/" in text or "-" in text


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl"]), max_size=60))
def test_without_a_number_no_question_is_touched(text: str) -> None:
    assert all(not c.numbers for c in read_commands(text).commands)


@given(
    st.sampled_from(["12 OK", "13 R8.4.1", "14 却下", "全件OK", "承認", "送信停止"]), st.text(min_size=1, max_size=12)
)
def test_words_glued_to_a_command_never_make_it_another_one(command: str, tail: str) -> None:
    meant = one(command)
    for found in read_commands(command + tail.replace("\n", "") + "ない").commands:
        assert (found.verb, found.days, found.numbers) == (meant.verb, meant.days, meant.numbers)
        assert found.verb is Verb.REJECT  # only a rejection may have a reason with a "no" in it


@given(SENTENCES, SENTENCES)
def test_an_unclear_line_is_never_made_clear_by_another(first: str, second: str) -> None:
    if not read_commands(second.replace("\n", " ")).clear:
        assert not read_commands(f"{first}\n\n12 OK\n{second}".replace("研修登録", "")).clear or "研修登録" in second


@given(st.integers(1, 9_999_999), st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31)))
def test_every_number_and_date_is_read_as_it_is_written(number: int, day: dt.date) -> None:
    assert one(f"{number} {day.isoformat()}") == Command(Verb.SET, (number,), days=(day,))
    assert one(f"{number}番 令和{day.year - 2018}年{day.month}月{day.day}日です").days == (day,)


def test_lines_with_names_are_not_repeated_in_answers() -> None:
    (line,) = read_commands(f"交代 {ROW} 髙梨　一郎／タカナシ　イチロウ／A1234567／本人の都合").lines
    assert line.text == f"交代 {ROW} …"


def test_dealt_with_is_not_the_same_as_right() -> None:
    assert one("12 対応済み") == Command(Verb.SEEN, (12,))
    assert one("12 了解です") == Command(Verb.SEEN, (12,))


def test_the_verdict_may_come_first() -> None:
    assert one("12はOKです") == one("OK 12") == Command(Verb.ACCEPT, (12,))
    assert one("OK 12,13") == Command(Verb.ACCEPT, (12, 13))
    assert one("却下 14 別人のため") == Command(Verb.REJECT, (14,), because="別人のため")
    assert not read_commands("承認 12 たぶん").clear
    assert not read_commands("OK 12 13は4/1").clear
    assert not read_commands("却下 14 別人 13は承認").clear
    assert not read_commands("12はOKではありません").clear
