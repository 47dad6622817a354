"""`SmtpSubmission` against a scripted server: what each kind of answer, and each kind of silence, means."""

from __future__ import annotations

import asyncio

import pytest

from daemon.adapters.oauth import OAuthError
from daemon.adapters.smtp import SmtpSettings, SmtpSubmission
from daemon.adapters.transport import Security
from daemon.ports import SubmissionOutcome, Submitted
from tests.integration.servers.processes import free_port
from tests.integration.servers.smtp_script import HANG_UP, SILENCE, SmtpScript

SENDER = "hq@example.test"
OFFICE = ["office@example.test", "deputy@example.test"]
RAW = b"From: hq@example.test\r\nMessage-ID: <a+b@example.test>\r\nSubject: x\r\n\r\n.dot first\r\nplain\r\n"


async def submit(server: SmtpScript, raw: bytes = RAW, to: list[str] = OFFICE, **changes: object) -> SubmissionOutcome:
    settings: dict[str, object] = {
        "host": "127.0.0.1", "port": server.port, "security": Security.PLAIN,
        "connect_timeout_s": 0.5, "command_timeout_s": 0.5, "data_timeout_s": 0.5,
    }  # fmt: skip
    return await SmtpSubmission(SmtpSettings(**{**settings, **changes})).submit(SENDER, to, raw)  # type: ignore[arg-type]


async def test_an_accepted_mail_is_sent_with_the_servers_reply() -> None:
    with SmtpScript({"DOT": ["250 2.0.0 queued as 4XyZ"]}) as server:
        outcome = await submit(server)

    assert outcome == SubmissionOutcome(Submitted.SENT, "250 2.0.0 queued as 4XyZ", {})
    assert server.received == [RAW.replace(b".dot", b"..dot")]
    assert server.commands[-1] == "QUIT"


async def test_envelope_options_follow_what_the_server_offers() -> None:
    offer = "250-test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN"
    with SmtpScript({"EHLO": [offer]}) as server:
        await submit(server, RAW + "名簿\r\n".encode(), ["受付@example.test"])

    size = len(RAW + "名簿\r\n".encode())
    assert server.commands[1] == (
        f"MAIL FROM:<{SENDER}> SIZE={size} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=<a+2Bb@example.test>"
    )
    assert server.commands[2] == "RCPT TO:<受付@example.test> NOTIFY=FAILURE,DELAY"


async def test_nothing_is_asked_that_the_server_does_not_offer() -> None:
    with SmtpScript({"EHLO": ["250 test"]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.SENT
    assert server.commands[1] == f"MAIL FROM:<{SENDER}>"
    assert server.commands[2] == f"RCPT TO:<{OFFICE[0]}>"


async def test_a_server_without_ehlo_is_greeted_the_old_way() -> None:
    with SmtpScript({"EHLO": ["502 what"]}) as server:
        assert (await submit(server)).result is Submitted.SENT

    assert server.commands[1].startswith("HELO")


async def test_8_bit_mail_is_refused_where_it_cannot_pass() -> None:
    with SmtpScript({"EHLO": ["250 test"]}) as server:
        outcome = await submit(server, RAW + "名簿\r\n".encode())

    assert outcome.result is Submitted.REFUSED
    assert "8BITMIME" in outcome.reply


@pytest.mark.parametrize(
    ("stage", "answer", "result"),
    [
        ("GREETING", "554 5.7.1 go away", Submitted.REFUSED_FOR_NOW),
        ("GREETING", "421 too busy", Submitted.REFUSED_FOR_NOW),
        ("MAIL", "451 4.3.0 later", Submitted.REFUSED_FOR_NOW),
        ("MAIL", "550 5.7.1 sender unknown", Submitted.REFUSED),
        ("MAIL", "530 5.7.0 authentication required", Submitted.REFUSED_FOR_NOW),
        ("MAIL", "421 4.3.2 closing", Submitted.REFUSED_FOR_NOW),
        ("RCPT", "450 4.2.0 greylisted", Submitted.REFUSED_FOR_NOW),
        ("RCPT", "550 5.1.1 no such person", Submitted.REFUSED),
        ("RCPT", "530 5.7.0 authentication required", Submitted.REFUSED_FOR_NOW),
        ("RCPT", "421 4.3.2 closing", Submitted.REFUSED_FOR_NOW),
        ("DATA", "451 4.3.0 later", Submitted.REFUSED_FOR_NOW),
        ("DATA", "554 5.5.1 no", Submitted.REFUSED),
        ("DOT", "452 4.3.1 disk full", Submitted.REFUSED_FOR_NOW),
        ("DOT", "552 5.3.4 too big", Submitted.REFUSED),
        ("DOT", "421 4.3.2 closing", Submitted.REFUSED_FOR_NOW),
        ("DOT", "250 2.0.0 queued", Submitted.SENT),
        ("DOT", "354 what?", Submitted.UNKNOWN),
        ("DOT", "nonsense", Submitted.UNKNOWN),
    ],
)
async def test_each_answer_has_its_outcome(stage: str, answer: str, result: Submitted) -> None:
    with SmtpScript({stage: [answer]}) as server:
        outcome = await submit(server)

    assert outcome.result is result
    assert answer in outcome.reply


@pytest.mark.parametrize("fault", [HANG_UP, SILENCE])
@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_break_before_the_message_is_for_now(stage: str, fault: str) -> None:
    with SmtpScript({stage: [fault]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert server.received == []


@pytest.mark.parametrize("fault", [HANG_UP, SILENCE])
async def test_a_break_after_the_message_is_unknown(fault: str) -> None:
    with SmtpScript({"DOT": [fault]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.UNKNOWN
    assert server.received == [RAW.replace(b".dot", b"..dot")]  # it may well have been taken


async def test_what_happens_at_quit_changes_nothing() -> None:
    with SmtpScript({"QUIT": [HANG_UP]}) as server:
        assert (await submit(server)).result is Submitted.SENT


async def test_nobody_listening_is_for_now() -> None:
    with SmtpScript() as server:
        outcome = await submit(server, port=free_port())

    assert outcome.result is Submitted.REFUSED_FOR_NOW


async def test_some_recipients_refused_is_sent_and_says_who() -> None:
    with SmtpScript({"RCPT": ["250 ok", "550 5.1.1 <deputy@example.test> no such person"]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.SENT
    assert outcome.refused == {"deputy@example.test": "550 5.1.1 <address> no such person"}


async def test_all_recipients_refused_but_one_only_for_now_is_for_now() -> None:
    with SmtpScript({"RCPT": ["550 5.1.1 no", "450 4.2.0 later"]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert server.received == []


async def test_all_recipients_refused_for_good_says_who() -> None:
    with SmtpScript({"RCPT": ["550 5.1.1 no"]}) as server:
        outcome = await submit(server)

    assert outcome.result is Submitted.REFUSED
    assert set(outcome.refused) == set(OFFICE)


async def test_no_recipient_at_all_is_refused() -> None:
    with SmtpScript() as server:
        assert (await submit(server, to=[])).result is Submitted.REFUSED
    assert server.received == []


@pytest.mark.parametrize("address", ["a@example.test>\r\nRCPT TO:<b@example.test", "a b@example.test"])
async def test_an_address_that_would_smuggle_commands_is_refused(address: str) -> None:
    with SmtpScript() as server:
        outcome = await submit(server, to=[address])

    assert outcome.result is Submitted.REFUSED
    assert not any("b@example.test" in command for command in server.commands)


async def test_replies_never_hold_addresses() -> None:
    with SmtpScript({"DOT": ["550 5.1.1 <office@example.test>: rejected for hq@example.test"]}) as server:
        outcome = await submit(server)

    assert "@" not in outcome.reply


async def test_starttls_is_never_skipped() -> None:
    with SmtpScript() as server:
        outcome = await submit(server, security=Security.STARTTLS)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert "STARTTLS" in outcome.reply
    assert not any(command.startswith("MAIL") for command in server.commands)


async def test_a_refused_password_is_about_us_and_not_about_the_mail() -> None:
    answers = {"EHLO": ["250-test\r\n250 AUTH PLAIN"], "AUTH": ["535 5.7.8 wrong, hq@example.test"]}
    with SmtpScript(answers) as server:
        outcome = await submit(server, user="hq", password=lambda: "secret")

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert "535" in outcome.reply
    assert "secret" not in outcome.reply


class Tokens:
    forgotten = 0

    def access_token(self) -> str:
        return "token"

    def forget(self) -> None:
        self.forgotten += 1


async def test_a_refused_token_is_forgotten() -> None:
    tokens = Tokens()
    answers = {"EHLO": ["250-test\r\n250 AUTH XOAUTH2"], "AUTH": ["535 5.7.3 no"]}
    with SmtpScript(answers) as server:
        outcome = await submit(server, user="hq", oauth=tokens)

    assert outcome.result is Submitted.REFUSED_FOR_NOW
    assert tokens.forgotten == 1


async def test_a_good_token_gets_the_mail_through() -> None:
    answers = {"EHLO": ["250-test\r\n250 AUTH XOAUTH2"], "AUTH": ["235 2.7.0 welcome"]}
    with SmtpScript(answers) as server:
        assert (await submit(server, user="hq", oauth=Tokens())).result is Submitted.SENT


async def test_a_dead_refresh_token_is_for_now_and_says_what_to_do() -> None:
    class Dead(Tokens):
        def access_token(self) -> str:
            raise OAuthError("sign in again", permanent=True)

    with SmtpScript({"EHLO": ["250-test\r\n250 AUTH XOAUTH2"]}) as server:
        outcome = await submit(server, user="hq", oauth=Dead())

    assert outcome == SubmissionOutcome(Submitted.REFUSED_FOR_NOW, "sign in again")


async def test_a_cancelled_attempt_closes_the_connection() -> None:
    with SmtpScript({"DOT": [SILENCE]}) as server:
        attempt = asyncio.create_task(submit(server, data_timeout_s=60.0))
        assert await asyncio.to_thread(server.message_came.wait, 10)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    assert server.commands[-1] == "DATA"  # no QUIT after a broken dialogue


async def test_trying_the_connection_sends_no_mail() -> None:
    with SmtpScript() as server:
        settings = SmtpSettings("127.0.0.1", port=server.port, security=Security.PLAIN)
        assert await SmtpSubmission(settings).try_connection() == ""

    assert [command.split()[0] for command in server.commands] == ["EHLO", "NOOP", "QUIT"]


@pytest.mark.parametrize(
    ("stage", "answer", "said"),
    [
        ("GREETING", "554 5.7.1 go away", "554 5.7.1"),
        ("EHLO", HANG_UP, "no usable connection"),
        ("NOOP", "500 no", "500"),
    ],
)
async def test_trying_the_connection_says_what_is_wrong(stage: str, answer: str, said: str) -> None:
    with SmtpScript({stage: [answer]}) as server:
        settings = SmtpSettings("127.0.0.1", port=server.port, security=Security.PLAIN)

        assert said in await SmtpSubmission(settings).try_connection()
