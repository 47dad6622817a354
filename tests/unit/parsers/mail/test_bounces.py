"""Bounces: standard reports, and what Japanese and old systems send. All texts are written for these tests."""

import pytest

from parsers.findings import Bounce, BouncedRecipient, MessageKind
from tests.unit.parsers.mail.bounce_samples import PLAIN
from tests.unit.parsers.mail.letters import attached, mail, part, read, said, text, with_parts

OURS = said(
    "平素より",
    "Subject: 【依頼】名簿\nMessage-ID: <m1.token@hq.example>\nTo: office@pref.example",
    sender="roster@hq.example",
)
RETURNED = part("Content-Type: message/rfc822", OURS)


def status(recipient: str) -> bytes:
    return part("Content-Type: message/delivery-status", f"Reporting-MTA: dns; mx.example\n\n{recipient}")


def report(
    *sections: bytes, subject: str = "Undelivered Mail Returned to Sender", sender: str = "MAILER-DAEMON@mx.example"
) -> bytes:
    raw = with_parts(f"Subject: {subject}\nReturn-Path: <>\nTo: roster@hq.example", "report", *sections, sender=sender)
    return raw.replace(b"multipart/report;", b"multipart/report; report-type=delivery-status;")


def bounce(raw: bytes) -> Bounce:
    found = read(raw).message
    assert found.kind is MessageKind.BOUNCE
    assert found.bounce is not None
    assert found.asks_no_reply
    return found.bounce


def test_a_standard_report_names_recipient_status_and_original() -> None:
    raw = report(text("could not be delivered"), status(
        "Final-Recipient: rfc822; Office@Pref.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 unknown"
    ), RETURNED)  # fmt: skip
    assert bounce(raw) == Bounce(
        "failed", (BouncedRecipient("office@pref.example", "5.1.1", hard=True),), "<m1.token@hq.example>"
    )
    assert read(raw).parts == ()


@pytest.mark.parametrize(
    ("recipient", "action", "code", "hard"),
    [
        ("Final-Recipient: rfc822; a@b.example\nAction: delayed\nStatus: 4.4.1", "delayed", "4.4.1", False),
        ("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 4.4.7", "failed", "4.4.7", False),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: Failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.2.1 x",
            "failed",
            "5.2.1",
            True,
        ),
        (
            "Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; 550 no such user",
            "failed",
            "5.0.0",
            True,
        ),
        ("Original-Recipient: <a@b.example>\nAction: failed (bad)\nStatus: 5.1.1 (unknown)", "failed", "5.1.1", True),
        (
            "Final-Recipient: X-LOCAL; x\nOriginal-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 5.1.1",
            "failed",
            "5.1.1",
            True,
        ),
    ],
)
def test_actions_and_codes_are_read(recipient: str, action: str, code: str, hard: bool) -> None:
    found = bounce(report(text("x"), status(recipient)))
    assert (found.action, found.recipients) == (action, (BouncedRecipient("a@b.example", code, hard),))


def test_one_failure_among_successes_is_a_failure_per_recipient() -> None:
    good = "Final-Recipient: rfc822; a@b.example\nAction: delivered\nStatus: 2.0.0"
    bad = "Final-Recipient: rfc822; c@b.example\nAction: failed\nStatus: 5.1.1"
    found = bounce(report(text("x"), status(f"{good}\n\n{bad}")))
    assert found.action == "failed"
    assert [(r.address, r.hard) for r in found.recipients] == [("a@b.example", False), ("c@b.example", True)]


def test_a_report_of_success_is_a_receipt() -> None:
    found = read(
        report(text("x"), status("Final-Recipient: rfc822; a@b.example\nAction: relayed\nStatus: 2.1.9"))
    ).message
    assert found.kind is MessageKind.RECEIPT
    assert found.bounce is not None
    assert found.bounce.action == "delivered"


@pytest.mark.parametrize("media", ["text/rfc822-headers", "message/rfc822-headers"])
def test_headers_alone_give_the_original_message_id(media: str) -> None:
    raw = report(text("x"), status("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1"),
                 part(f"Content-Type: {media}", "Subject: x\nMessage-ID: <o@hq.example>\n"))  # fmt: skip
    assert bounce(raw).original_message_id == "<o@hq.example>"


def plain(words: str, subject: str, sender: str, extra: str = "") -> bytes:
    return said(words, f"Subject: {subject}\nTo: roster@hq.example\n{extra}", sender=sender)


@pytest.mark.parametrize("name", PLAIN)
def test_bounces_without_a_standard_report_are_recognised(name: str) -> None:
    found = bounce(PLAIN[name])
    assert found.action == "failed"
    assert [r.address for r in found.recipients] == ["office@pref.example"]


@pytest.mark.parametrize("name", sorted(set(PLAIN) - {"interscan failed", "carrier", "no from at all"}))
def test_a_permanent_error_is_hard(name: str) -> None:
    assert all(r.hard for r in bounce(PLAIN[name]).recipients)


@pytest.mark.parametrize("name", ["m-filter", "interscan", "notes", "qmail", "exim", "carrier", "imail"])
def test_the_pasted_original_gives_its_message_id(name: str) -> None:
    assert bounce(PLAIN[name]).original_message_id == "<m1.token@hq.example>"


def test_a_report_that_names_nobody_takes_the_words_of_its_text() -> None:
    line = 'Content-Type: multipart/report; report-type=delivery-status; boundary="=_edge"'
    words = (
        "---- Addresses that had permanent fatal errors ----\n>>> a@b.example <a@b.example>\n550 no mailbox (#5.1.1)"
    )
    body = b"--=_edge\n" + text(words) + b"\n--=_edge\n" + RETURNED + b"\n--=_edge--\n"
    found = bounce(mail(f"Subject: FAILURE NOTICE : x\n{line}", body, sender="MAILER-DAEMON@b.example"))
    assert found.recipients == (BouncedRecipient("a@b.example", "5.1.1", hard=True),)
    assert found.original_message_id == "<m1.token@hq.example>"


def test_headers_of_the_original_as_headers_of_a_section_are_found() -> None:
    words = (
        "The original message was received.\n\n---The following addresses had errors---\n\na@b.example [User unknown]"
    )
    bare = part("Message-ID: <o@hq.example>\nFrom: roster@hq.example\nTo: a@b.example", "本文")
    raw = with_parts(
        "Subject: Returned Mail: User unknown", "mixed", text(words), bare, sender="MAILER-DAEMON@b.example"
    )
    assert bounce(raw) == Bounce("failed", (BouncedRecipient("a@b.example", "5.1.1", hard=True),), "<o@hq.example>")


def test_a_report_wrapped_by_a_gateway_is_unwrapped() -> None:
    inner = report(
        text("x"), status("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1"), RETURNED
    ).replace(b"=_edge", b"=_in")
    raw = with_parts("Subject: Returned mail: User unknown", "mixed", text("permanent delivery errors"),
                     part("Content-Type: message/rfc822", inner), sender="MAILER-DAEMON@gw.example")  # fmt: skip
    assert [r.address for r in bounce(raw).recipients] == ["a@b.example"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (
            "Delayed Mail (still being retried)",
            "Your message could not be delivered for 4 hours. It will be retried.\n<a@b.example>: 451 4.7.1 wait",
        ),
        (
            "Warning: could not send message for past 4 hours",
            "**      THIS IS A WARNING MESSAGE ONLY      **\na@b.example: 450 busy",
        ),
        ("Delivery Status Notification (Delay)", "Delivery to the following recipient has been delayed:\n a@b.example"),
        ("配信遅延のお知らせ", "a@b.example への配信が遅延しています。再送を試みます。"),
    ],
)
def test_a_delay_is_no_failure(subject: str, words: str) -> None:
    found = bounce(plain(words, subject, "MAILER-DAEMON@mx.example"))
    assert found.action == "delayed"
    assert [(r.address, r.hard) for r in found.recipients] == [("a@b.example", False)]


PEOPLE = [
    ("Re: 【依頼】名簿", "先日のメールが配信不能となったようです。再送をお願いします。", "a.sato@pref.example"),
    ("配信できませんでした", "名簿のメールが配信できませんでしたので、FAXで送ります。", "a.sato@pref.example"),
    ("Fw: 配信不能: 名簿", "下記のとおり届きませんでした。\n550 5.1.1 user unknown", "a.sato@pref.example"),
    ("エラーメールについて", "アドレスが間違っていませんか。存在しないと言われました。", "a.sato@pref.example"),
    ("送信エラーの件", "メールボックスがいっぱいでした。再送してください。", "システム管理者 <sysadmin@pref.example>"),
    ("Re: 名簿", "宛先のアドレスが変わりました。", "a.sato@pref.example"),
    ("名簿の未達について", "まだ届いておりません。", "info@pref.example"),
    ("メンテナンスのお知らせ", "4月10日はメールの配信が遅れることがあります。", "no-reply@provider.example"),
    ("ご利用明細", "今月の明細をお知らせします。", "no-reply@shop.example"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "words", "sender"), PEOPLE)
def test_writing_about_undelivered_mail_is_no_bounce(subject: str, words: str, sender: str) -> None:
    assert read(plain(words, subject, sender)).message.kind is not MessageKind.BOUNCE


def test_a_person_who_forwards_a_report_is_no_bounce() -> None:
    sections = (
        text("届きませんでした"),
        status("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1"),
        RETURNED,
    )
    raw = with_parts("Subject: Fwd: Undelivered Mail\nReturn-Path: <a.sato@pref.example>", "mixed", *sections)
    assert read(raw).message.kind is not MessageKind.BOUNCE


def test_a_roster_from_a_mail_system_is_not_thrown_away() -> None:
    raw = with_parts(
        "Subject: Undeliverable: 名簿", "mixed", text("550 5.1.1"), attached(), sender="postmaster@pref.example"
    )
    assert read(raw).message.kind is MessageKind.RETURN


def test_a_plain_notice_of_success_is_a_receipt() -> None:
    raw = plain(
        "Your message was successfully delivered to a@b.example.",
        "Delivery Status Notification (Success)",
        "postmaster@b.example",
    )
    assert read(raw).message.kind is MessageKind.RECEIPT


def test_every_plain_bounce_survives_shift_jis_iso_2022_jp_and_base64() -> None:
    words = "以下のメールアドレスへの送信に失敗しました。\noffice@pref.example\n\n550 unknown user"
    for label, raw in (
        ("ISO-2022-JP", words.encode("iso2022_jp")),
        ("Shift_JIS", words.encode("cp932")),
        ("", words.encode("cp932")),
    ):
        content = f"Content-Type: text/plain; charset={label}" if label else "X-A: b"
        found = read(mail(f"Subject: failure notice\n{content}", raw, sender="postmaster@pref.example"))
        assert found.message.kind is MessageKind.BOUNCE
