"""`SmtpSubmission` against a real Postfix that delivers into a real Dovecot."""

from __future__ import annotations

import itertools

import pytest

from daemon.adapters.smtp import SmtpSettings, SmtpSubmission
from daemon.adapters.transport import Security
from daemon.ports import SubmissionOutcome, Submitted
from tests.integration.servers.dovecot import PASSWORD, Dovecot
from tests.integration.servers.postfix import SIZE_LIMIT_BYTES, Postfix
from tests.integration.servers.processes import wait_until
from tests.integration.servers.wire import Wire

pytestmark = [pytest.mark.postfix, pytest.mark.dovecot]

SENDER = "hq@example.test"
_NUMBERS = itertools.count(1)


@pytest.fixture
def office() -> str:
    """A mailbox nobody else uses."""
    return f"office-{next(_NUMBERS)}"


def mail(office: str, text: str = "plain\r\n.dot\r\n") -> bytes:
    head = f"From: {SENDER}\r\nTo: {office}@example.test\r\nMessage-ID: <{office}@example.test>\r\n"
    head += "Date: Sun, 5 Apr 2026 09:30:00 +0900\r\nSubject: x\r\n\r\n"
    return (head + text).encode()


def delivered(dovecot: Dovecot, office: str) -> list[bytes]:
    with dovecot.session(office) as client:
        _, found = client.uid("SEARCH", "ALL")
        answers = [client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1] for uid in found[0].split()]
    return [bytes(answer[0][1]) for answer in answers]


def arrive(dovecot: Dovecot, office: str) -> bytes:
    wait_until("the mail", lambda: bool(delivered(dovecot, office)))
    (only,) = delivered(dovecot, office)
    return only


async def submit(
    postfix: Postfix, manner: str, raw: bytes, *to: str, port: int | None = None, **changes: object
) -> SubmissionOutcome:
    settings: dict[str, object] = {
        "host": "localhost", "port": port or postfix.ports[manner], "ca_file": postfix.certificate,
        "connect_timeout_s": 10.0, "command_timeout_s": 10.0, "data_timeout_s": 10.0,
    }  # fmt: skip
    submission = SmtpSubmission(SmtpSettings(**{**settings, **changes}))  # type: ignore[arg-type]
    return await submission.submit(SENDER, [f"{one}@example.test" for one in to], raw)


@pytest.mark.parametrize(
    ("manner", "security"),
    [("plain", Security.PLAIN), ("starttls", Security.STARTTLS), ("tls", Security.TLS)],
)
async def test_an_accepted_mail_arrives_byte_for_byte(
    postfix: Postfix, dovecot: Dovecot, office: str, manner: str, security: Security
) -> None:
    outcome = await submit(postfix, manner, mail(office), office, security=security)

    assert outcome.result is Submitted.SENT
    assert outcome.reply.startswith("250 2.0.0 Ok: queued as")
    assert arrive(dovecot, office).endswith(mail(office))


async def test_eight_bit_words_and_a_long_dotted_text_arrive_unharmed(
    postfix: Postfix, dovecot: Dovecot, office: str
) -> None:
    raw = mail(office, "名簿をお送りします。\r\n..\r\n.\r\n" + ".x\r\n" * 20_000)

    outcome = await submit(postfix, "plain", raw, office, security=Security.PLAIN)

    assert outcome.result is Submitted.SENT
    assert arrive(dovecot, office).endswith(raw)


async def test_authentication_lets_the_mail_through(postfix: Postfix, dovecot: Dovecot, office: str) -> None:
    outcome = await submit(postfix, "sasl", mail(office), office, user="hq", password=lambda: PASSWORD)

    assert outcome.result is Submitted.SENT
    assert arrive(dovecot, office).endswith(mail(office))


async def test_a_wrong_password_is_for_now(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "sasl", mail(office), office, user="hq", password=lambda: "wrong")

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert outcome.reply.startswith("before any mail: 535")


async def test_a_closed_door_is_for_now(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "closed", mail(office), office, security=Security.PLAIN)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert "554 5.7.1" in outcome.reply


async def test_a_server_without_starttls_gets_nothing(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "plain", mail(office), office, security=Security.STARTTLS)

    assert outcome.result is Submitted.REFUSED_FOR_NOW


async def test_an_unknown_certificate_is_for_now(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "starttls", mail(office), office, ca_file=None)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert "certificate" in outcome.reply.lower()


async def test_an_unknown_recipient_is_refused_for_good(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "plain", mail(office), "gone", security=Security.PLAIN)

    assert outcome.result is Submitted.REFUSED
    assert "550 5.1.1" in outcome.reply
    assert "@" not in outcome.reply


async def test_a_greylisted_recipient_is_refused_for_now(postfix: Postfix, office: str) -> None:
    outcome = await submit(postfix, "plain", mail(office), "later", security=Security.PLAIN)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert "450 4.2.0" in outcome.reply


async def test_a_partial_refusal_names_who_did_not_get_it(postfix: Postfix, dovecot: Dovecot, office: str) -> None:
    outcome = await submit(postfix, "plain", mail(office), office, "gone", "later", security=Security.PLAIN)

    assert outcome.result is Submitted.SENT
    assert {who: line[:9] for who, line in outcome.refused.items()} == {
        "gone@example.test": "550 5.1.1",
        "later@example.test": "450 4.2.0",
    }
    assert arrive(dovecot, office).endswith(mail(office))


async def test_a_mail_above_the_size_limit_is_refused_before_it_is_uploaded(postfix: Postfix, office: str) -> None:
    raw = mail(office, "x" * 76 + "\r\n") + b"x" * SIZE_LIMIT_BYTES

    outcome = await submit(postfix, "plain", raw, office, security=Security.PLAIN)

    assert outcome.result is Submitted.REFUSED
    assert outcome.reply.startswith("MAIL: 552 5.3.4")


async def test_a_lost_answer_is_unknown_and_the_mail_really_went_out(
    postfix: Postfix, dovecot: Dovecot, office: str
) -> None:
    with Wire(postfix.ports["plain"]) as wire:
        wire.lose_answer_to = b"\r\n.\r\n"
        outcome = await submit(postfix, "plain", mail(office), office, security=Security.PLAIN, port=wire.port)

    assert outcome.result is Submitted.UNKNOWN
    assert arrive(dovecot, office).endswith(mail(office))


async def test_a_line_cut_at_the_envelope_is_for_now_and_nothing_went_out(
    postfix: Postfix, dovecot: Dovecot, office: str
) -> None:
    with Wire(postfix.ports["plain"]) as wire:
        wire.lose_answer_to = b"RCPT TO:"
        outcome = await submit(postfix, "plain", mail(office), office, security=Security.PLAIN, port=wire.port)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert delivered(dovecot, office) == []


async def test_a_stalled_answer_is_unknown_after_the_time(postfix: Postfix, dovecot: Dovecot, office: str) -> None:
    with Wire(postfix.ports["plain"]) as wire:
        wire.stall_answer_to = b"\r\n.\r\n"
        outcome = await submit(
            postfix, "plain", mail(office), office, security=Security.PLAIN, port=wire.port, data_timeout_s=0.5
        )

    assert outcome.result is Submitted.UNKNOWN
    assert arrive(dovecot, office).endswith(mail(office))


async def test_a_report_of_non_delivery_names_our_mail_and_spares_its_body(
    postfix: Postfix, dovecot: Dovecot, office: str
) -> None:
    settings = SmtpSettings(host="localhost", port=postfix.ports["plain"], security=Security.PLAIN)
    sender = f"{office}@example.test"

    outcome = await SmtpSubmission(settings).submit(sender, ["nobody@example.net"], mail(office, "secret\r\n"))

    assert outcome.result is Submitted.SENT
    report = arrive(dovecot, office)
    assert f"Original-Envelope-Id: <{office}@example.test>".encode() in report
    assert b"Status: 5.3.0" in report
    assert b"secret" not in report  # RET=HDRS
