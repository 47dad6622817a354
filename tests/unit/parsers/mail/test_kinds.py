"""Which kind of mail it is: machines first, gateways before machines, people last."""

import pytest

from parsers.findings import Message, MessageKind, Problem
from tests.unit.parsers.mail.letters import attached, part, read, said, text, with_parts

OUT_OF_OFFICE = "ただいま休暇をいただいております。4月10日より出社いたします。"


def kind(raw: bytes) -> MessageKind:
    return read(raw).message.kind


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: Re: x\nAuto-Submitted: auto-replied",
        "Subject: Re: x\nAuto-Submitted: auto-generated; note=1",
        "Subject: Re: x\nAuto-Submitted: auto-replied (vacation)",
        "Subject: Re: x\nPrecedence: auto_reply",
        "Subject: Re: x\nPrecedence: bulk",
        "Subject: Re: x\nPrecedence: junk",
        "Subject: Re: x\nX-Autoreply: yes",
        "Subject: Re: x\nX-Autorespond: Re: x",
        "Subject: Re: x\nReturn-Path: <>",
        "Subject: 自動応答: 【依頼】名簿の送付について",
        "Subject: 【自動返信】お問い合わせありがとうございます",
        "Subject: 自動返信：不在のお知らせ",
        "Subject: 不在通知: Re: 名簿",
        "Subject: 【不在】Re: 名簿",
        "Subject: 休暇のお知らせ",
        "Subject: 不在のご連絡",
        "Subject: Automatic reply: roster",
        "Subject: Out of Office: roster",
        "Subject: Auto: Re: x\nX-Auto-Reply: 1",
    ],
)
def test_automatic_replies_are_known_by_header_or_subject(headers: str) -> None:
    found = read(said(OUT_OF_OFFICE, headers)).message
    assert found.kind is MessageKind.AUTO_REPLY
    assert found.automatic_reason
    assert found.asks_no_reply


@pytest.mark.parametrize(
    "words",
    [
        "このメールは自動返信です。送信専用アドレスのため返信できません。",
        "本メールはシステムより自動的に送信しております。",
        "This is an automatic reply. I will be back on Monday.",
    ],
)
def test_automatic_replies_are_known_by_their_own_words(words: str) -> None:
    assert kind(said(words, "Subject: Re: 名簿")) is MessageKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("担当者不在のため回答が遅れます", "担当の山田が不在のため、来週ご回答いたします。"),
        ("Re: 名簿", "山田は本日不在です。明日連絡します。"),
        ("休暇取得者の名簿について", "質問です。"),
        ("山田不在の件", "確認します。"),
        ("Re: 自動応答の件", "先日の自動応答メールについて質問です。"),
        ("夏季休暇中の対応について", "8月は対応できますか。"),
        ("Re: 【依頼】名簿", "自動返信メールが届きましたが、再度お送りします。"),
    ],
)
def test_people_may_write_about_absence(subject: str, words: str) -> None:
    assert kind(said(words, f"Subject: {subject}")) is MessageKind.REPLY


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "X-Auto-Response-Suppress: All", "Precedence: normal", "X-Autoreply: no"]
)
def test_headers_that_prove_nothing_prove_nothing(header: str) -> None:
    found = read(said("了解しました。", f"Subject: Re: x\nReturn-Path: <a@b.example>\n{header}")).message
    assert found.kind is MessageKind.REPLY
    assert not found.asks_no_reply


@pytest.mark.parametrize(
    "header",
    ["List-Id: <news.example>", "Precedence: list", "X-ML-Name: news", "List-Unsubscribe: <mailto:x@y.example>"],
)
def test_lists_are_lists(header: str) -> None:
    found = read(said("今月のお知らせ", f"Subject: news\n{header}")).message
    assert found.kind is MessageKind.LIST
    assert found.asks_no_reply


@pytest.mark.parametrize(
    "header", ["List-Id: <staff.pref.example>", "Auto-Submitted: auto-generated", "Precedence: bulk", "Return-Path: <>"]
)
def test_a_roster_through_a_group_address_or_a_scanner_is_a_return_that_is_not_answered(header: str) -> None:
    found = read(with_parts(f"Subject: scan\n{header}", "mixed", text("x"), attached("scan.pdf"))).message
    assert found.kind is MessageKind.RETURN
    assert found.asks_no_reply
    assert found.automatic_reason


@pytest.mark.parametrize(
    "words",
    [
        "このメールアドレスは現在使用されておりません。",
        "担当の佐藤は3月末で退職いたしました。",
        "This mailbox is no longer monitored.",
    ],
)
def test_an_automatic_answer_from_a_dead_address_is_for_a_person(words: str) -> None:
    found = read(said(words, "Subject: 自動応答: 名簿\nAuto-Submitted: auto-replied")).message
    assert found.kind is MessageKind.UNKNOWN
    assert found.asks_no_reply


def test_a_mail_system_that_is_not_understood_is_for_a_person() -> None:
    found = read(
        said("重要なお知らせです。", "Subject: お知らせ\nReturn-Path: <>", sender="postmaster@pref.example")
    ).message
    assert found.kind is MessageKind.UNKNOWN
    assert found.asks_no_reply


def test_an_automatic_reply_stays_one_with_a_file() -> None:
    raw = with_parts(
        "Subject: 自動応答: x\nAuto-Submitted: auto-replied", "mixed", text(OUT_OF_OFFICE), attached("map.pdf")
    )
    assert kind(raw) is MessageKind.AUTO_REPLY


def test_an_automatic_reply_that_returns_our_mail_is_no_return() -> None:
    ours = part(
        "Content-Type: message/rfc822",
        with_parts("Subject: x", "mixed", text("x"), attached()).replace(b"=_edge", b"=_i"),
    )
    assert (
        kind(with_parts("Subject: Re: x\nAuto-Submitted: auto-generated", "mixed", text("x"), ours))
        is MessageKind.AUTO_REPLY
    )


def test_a_list_mail_that_names_our_roster_is_a_reply() -> None:
    assert (
        kind(said("回付番号 7Q2K9XD4KB の件、確認中です。", "Subject: Re: x\nList-Id: <pref.example>"))
        is MessageKind.REPLY
    )


@pytest.mark.parametrize(
    "header", ["List-Id: HQ <roster.hq.example>\nPrecedence: list", "List-Post: <mailto:Roster@hq.example>"]
)
def test_a_mailbox_fed_by_its_own_group_address_sees_no_lists(header: str) -> None:
    found = read(said("来週手続予定です。", f"Subject: 名簿\n{header}")).message
    assert found.kind is MessageKind.REPLY
    assert not found.asks_no_reply


def test_a_list_mail_that_answers_is_a_reply() -> None:
    found = read(
        said("確認中です。", "Subject: Re: 名簿\nList-Id: <staff.pref.example>\nIn-Reply-To: <m1@hq.example>")
    ).message
    assert found.kind is MessageKind.REPLY
    assert found.asks_no_reply


# -- gateways and our own mail -------------------------------------------------------------------------------------


def test_a_fax_gateway_wins_over_the_rule_of_machines() -> None:
    headers = "Subject: FAX受信\nAuto-Submitted: auto-generated\nPrecedence: bulk\nReturn-Path: <>"
    raw = with_parts(headers, "mixed", text(""),
                     attached("fax.tif"), sender="FAX@Gateway.example")  # fmt: skip
    found = read(raw).message
    assert found.kind is MessageKind.FAX
    assert found.asks_no_reply


def test_a_fax_mail_without_its_page_is_told() -> None:
    found = read(said("Fax received from 0451112222", "Subject: FAX", sender="fax@gateway.example"))
    assert found.message.kind is MessageKind.FAX
    assert [n.code for n in found.notes] == [Problem.ATTACHMENT_MISSING]


@pytest.mark.parametrize(
    ("subject", "sender"),
    [
        ("FAX送信が成功しました -> (0451112222)", "report@fax-service.example"),
        ("ＦＡＸ送信が失敗しました -> (0451112222)", "report@fax-service.example"),
        ("FAX送信完了のお知らせ", "no-reply@fax-service.example"),
        ("FAX送信結果レポート", "fax@gateway.example"),
        ("Fax transmission report: success", "noreply@fax-service.example"),
    ],
)
def test_what_a_fax_service_says_of_faxes_sent_is_a_receipt(subject: str, sender: str) -> None:
    found = read(said("送信先 045-111-2222", f"Subject: {subject}", sender=sender))
    assert found.message.kind is MessageKind.RECEIPT
    assert found.message.asks_no_reply


def test_a_clerk_who_says_the_fax_is_sent_is_a_person() -> None:
    assert kind(said("本日FAXにて送付しました。", "Subject: FAX送信完了しました")) is MessageKind.REPLY


def test_our_own_mail_come_back_is_own() -> None:
    found = read(said("x", "Subject: canary\nAuto-Submitted: auto-generated", sender="HQ <Roster@HQ.example>")).message
    assert found.kind is MessageKind.OWN
    assert found.asks_no_reply


@pytest.mark.parametrize(
    "local",
    ["no-reply", "noreply", "do-not-reply", "info-noreply", "donotreply.system", "postmaster", "MAILER-DAEMON"],
)
def test_some_senders_are_never_answered(local: str) -> None:
    assert read(said("お知らせです。", "Subject: x", sender=f"{local}@x.example")).message.asks_no_reply


def test_an_ordinary_person_may_be_answered() -> None:
    for sender in ("reply@x.example", "noriko@x.example", "nobunaga@x.example", "a.sato@x.example"):
        assert not read(said("x", "Subject: x", sender=sender)).message.asks_no_reply


# -- read receipts -------------------------------------------------------------------------------------------------

MDN = part(
    "Content-Type: message/disposition-notification",
    "Final-Recipient: rfc822;a@b.example\nDisposition: manual-action/MDN-sent-manually; displayed\n",
)


def test_a_disposition_report_is_a_receipt() -> None:
    line = 'Content-Type: multipart/report; report-type=disposition-notification; boundary="=_edge"'
    body = b"--=_edge\n" + text("開封されました") + b"\n--=_edge\n" + MDN + b"\n--=_edge--\n"
    found = read(said("", "").split(b"Content-Type")[0] + f"Subject: 開封済み: x\n{line}\n\n".encode() + body)
    assert found.message.kind is MessageKind.RECEIPT
    assert found.message.asks_no_reply
    assert found.parts == ()


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("開封済み: 【依頼】名簿", "宛先: a 件名: b 送信日時: 2026/04/01 は 2026/04/01 10:00 に開封されました。"),
        ("Read: roster", "Your message was read on Wednesday."),
    ],
)
def test_a_read_receipt_in_plain_text_is_a_receipt(subject: str, words: str) -> None:
    assert kind(said(words, f"Subject: {subject}")) is MessageKind.RECEIPT


def test_messages_survive_json() -> None:
    from parsers.findings import Document, Source, document_from_json, to_json

    found: Message = read(with_parts("Subject: x", "mixed", text("x"), attached())).message
    document = Document(Source("x", "0", "message/rfc822"), message=found)
    assert document_from_json(to_json(document)) == document
