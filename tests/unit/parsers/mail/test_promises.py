"""「添付」 promised and nothing attached."""

import pytest

from parsers.findings import Problem
from parsers.mail.promises import promised
from tests.unit.parsers.mail.letters import attached, read, said, text, with_parts


@pytest.mark.parametrize(
    "words",
    [
        "名簿を添付いたします。",
        "標記の件、名簿を返送いたします(添付)。",
        "添付のとおりご報告いたします。",
        "添付ファイルにてお送りします。",
        "受講者名簿をお送りいたします。ご査収ください。",
        "別添のとおり提出します。",
        "Please find attached the roster.",
        "ご査収のほどよろしくお願いいたします。",
        "ご確認ください。",
        "添付ファイルは無害化処理のため削除されました。",
        "添付ファイルは下記URLからダウンロードしてください。\nhttps://files.example/abc",
        "大容量ファイル転送サービスよりお送りします\nhttps://files.example/abc",
    ],
)
def test_a_promise_without_a_file_is_told(words: str) -> None:
    assert [n.code for n in read(said(words, "Subject: x")).notes] == [Problem.ATTACHMENT_MISSING]


@pytest.mark.parametrize(
    "words",
    [
        "了解しました。",
        "添付ファイルのパスワードをお知らせします。\nパスワード：abc123",
        "本日FAXにて名簿を送付しました。",
        "名簿は後日送付します。",
        "添付ファイルが開けません。",
        "添付がありませんでした。再送してください。",
        "名簿をお送りください。",
        "添付の名簿を確認しました。",
        "お送りいただいた名簿を受領しました。",
        "郵送にて書類を送付しました。",
        "名簿を送付いただきありがとうございます。",
    ],
)
def test_other_talk_of_attachments_is_no_promise(words: str) -> None:
    assert promised(words) == ""


def test_a_promise_kept_is_not_told() -> None:
    assert read(with_parts("Subject: x", "mixed", text("名簿を添付いたします。"), attached())).notes == ()


def test_a_quoted_promise_is_not_the_senders() -> None:
    assert read(said("了解しました。\n\n> 名簿を添付いたします。", "Subject: x")).notes == ()
