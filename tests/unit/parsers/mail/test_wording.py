"""What replies mean: courtesy only when nothing else is said, and anything unclear goes to a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.wording import Wording, classify_said

HELLO = "連合会 運営本部 御中\n\nお世話になっております。\n神奈川県会の佐藤です。\n"
SIGN = "\n\n--\n神奈川県社会保険労務士会 運営部\n佐藤 花子\nTEL 045-000-0000 FAX 045-000-0001\nsato@kanagawa.example\n"
LONG_SIGN = (
    "\n\n**********************\n〇〇県社会保険労務士会　総務課\n　山田　太郎\n"
    "〒231-0000 横浜市中区本町1-1 〇〇ビル3階\n"
    "TEL：045-111-2222／FAX：045-111-3333\nE-mail：yamada@example.jp\n**********************\n"
)
REPLIES = {
    Wording.COURTESY: [
        "了解しました。",
        "承知いたしました。よろしくお願いいたします。",
        "名簿を受領いたしました。\n引き続きよろしくお願いいたします。",
        "いつもお世話になっております。\nご連絡いただきありがとうございます。\n取り急ぎ、受領のご連絡まで。",
        "ありがとうございます！",
        "ありがとうございます。\n\n佐藤",
        "佐藤です。ご連絡ありがとうございました。承知しました。",
        "お世話になります。\nメール拝受しました。\n以上、よろしくお願いします。",
        "ご対応いただき誠にありがとうございます。今後ともよろしくお願い申し上げます。",
        "お疲れ様です。\n標記の件、承知いたしました。",
        "返信が遅くなり申し訳ございません。\n確かに受領しました。",
    ],
    Wording.COMMITMENT: [
        "未済の１名は来週手続予定です。",
        "現在手続中です。",
        "現在手続中ですが、来週には完了する予定です。",
        "お忙しいところ恐縮ですが、来週手続予定です。",
        "4/10に登録予定です。",
        "後日送付します。",
        "○○センターは確認中です。",
        "確認でき次第ご連絡いたします。",
        "登録は4月10日の見込みです。",
        "明日までに返送いたします。",
    ],
    Wording.FAX_SENT: [
        "本日FAXにて送付しました。",
        "先ほどＦＡＸで返送いたしました。ご確認ください。",
        "名簿をファックスでお送りしました。",
        "FAX送信済みです。",
    ],
    Wording.WITHDRAWAL: [
        "山田さんは受講辞退となりました。",
        "鈴木一郎氏が欠席となりましたので、ご連絡いたします。",
        "△△は受講取消でお願いします。",
        "高橋は退職しました。",
        "田中は都合により受講できません。",
    ],
    Wording.CORRECTION: [
        "先ほどの名簿に誤りがありましたので差し替えをお願いします。",
        "登録日を訂正いたします。",
        "正しくは4月2日です。",
        "名簿を再送いたします。",
    ],
    Wording.CLAIM: [
        "全員登録済みです。",
        "高橋は令和8年4月1日に兼務登録いたしました。",
        "4/1登録完了しました。",
        "ご依頼の手続きは完了しております。",
        "高橋一郎　R8.4.1",
    ],
    Wording.ENCLOSED: [
        "名簿を返送いたします。",
        "標記の件、名簿を返送いたします(添付)。",
        "標記について、受講者名簿（ＩＤ兼務登録用）を送付いたしますので、ご査収ください。",
        "登録年月日を記入の上、名簿を返送いたします。\nご確認のほどよろしくお願いいたします。",
        "添付のとおりご報告いたします。",
        "ご確認ください。",
        "遅くなりましたが、○○センターの名簿をお送りします。",
        "添付ファイルにて回答いたします。",
        "名簿を添付いたしましたので、よろしくお願いいたします。",
    ],
    Wording.OTHER: [
        "全員登録済みですが、山田の表記が違います。",
        "本日FAXにて送付しましたが、2枚目が白紙かもしれません。",
        "来週手続予定ですが、担当が替わりました。",
        "名簿を返送いたしますが、山田は含まれておりません。",
        "一部の名簿を返送いたします。",
        "別メールにてパスワードをお送りします。",
        "内容に変更ありません。",
        "○○センターは確認中でしょうか？",
        "期限はいつまででしょうか。",
        "了解しました。なお、担当が変わりました。",
        "名簿を確認したところ、田中さんがいません。",
        "辞退者はありません。",
        "FAXが届いていないようです。",
        "了解です。3名追加になります。",
        "名簿が見当たりません。再送をお願いできますか。",
        "辞退する場合はどうすればよいですか。",
        "承知しました。佐藤から山田に担当を交代しました。",
        "不要です。ありがとうございます。",
        "まだ登録できていません。",
        "該当者なし",
        "お電話ください。",
        "登録が間に合わないおそれがあります。",
        "山田",
        "下記のとおりです。",
    ],
}


@pytest.mark.parametrize(("wording", "words"), [(k, w) for k, words in REPLIES.items() for w in words])
@pytest.mark.parametrize("sign", ["", SIGN, LONG_SIGN], ids=["bare", "signed", "long"])
@pytest.mark.parametrize("hello", ["", HELLO], ids=["", "hello"])
def test_replies_are_told_apart(wording: Wording, words: str, sign: str, hello: str) -> None:
    assert classify_said(hello + words + sign).wording is wording


def test_lines_broken_by_the_mailer_are_joined() -> None:
    lines = (
        "お世話になっております。先日お送りいただいた受講者名簿を受領いた",
        "しました。引き続きよろしくお願いいたします。",
    )
    assert classify_said("\n".join(lines)).wording is Wording.COURTESY


@pytest.mark.parametrize("text", ["", "\n\n", SIGN, "---"])
def test_nothing_said_is_for_a_person(text: str) -> None:
    assert classify_said(text) == (Wording.OTHER, "")


def test_the_phrase_that_decided_is_told() -> None:
    assert classify_said(f"{HELLO}山田さんは受講辞退となりました。{SIGN}").phrase == "山田さんは受講辞退となりました。"


def test_an_unclear_sentence_outweighs_everything_a_machine_would_act_on() -> None:
    for words in ("全員登録済みです。", "本日FAXにて送付しました。", "来週手続予定です。", "了解しました。"):
        assert classify_said(f"{words}受付の方針が変わるそうです。").wording is Wording.OTHER


@pytest.mark.parametrize(
    "extra",
    [
        "山田さんの件",
        "3名追加",
        "4/10",
        "登録日が変更になりました",
        "1名辞退",
        "なお、担当は別の者です",
        "高橋一郎",
        "期限延長希望",
    ],
)
def test_courtesy_never_swallows_a_fact(extra: str) -> None:
    for text in (
        f"了解しました。{extra}。",
        f"{extra}\n了解しました。",
        f"了解しました。\n{extra}",
        f"ありがとうございます。{extra}、了解です。",
    ):
        assert classify_said(text).wording is not Wording.COURTESY


@pytest.mark.parametrize(
    "line", ["山田さん辞退", "登録日 4/10", "TEL後に4月10日登録", "高橋は欠席です", "センター変更あり"]
)
def test_a_fact_above_the_signature_is_no_part_of_it(line: str) -> None:
    assert classify_said(f"了解しました。\n{line}{SIGN}").wording is not Wording.COURTESY


@given(st.text(max_size=400))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert isinstance(classify_said(text).wording, Wording)


@given(
    st.lists(
        st.sampled_from(["以上", "よろしく", "ありがとう", "お願い", "受領の", "ご連絡", "まで", "は", "、"]),
        max_size=80,
    )
)
def test_repeated_courtesies_take_no_time(words: list[str]) -> None:
    classify_said("".join(words))
