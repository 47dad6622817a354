"""The mail network of the virtual world against our real adapters: what it promises about bytes, times and faults."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import math

import pytest

from daemon.adapters.imap import ImapMailbox, ImapSettings
from daemon.adapters.smtp import SmtpSettings, SmtpSubmission
from daemon.adapters.transport import Security
from daemon.ports import MailboxError, Submitted
from daemon.simulation.clock import VirtualClock, tokyo
from daemon.simulation.network.mailbox_server import PASSWORD, USER
from daemon.simulation.network.routing import Network
from daemon.simulation.network.weather import SmtpFault
from parsers.findings import MessageKind
from parsers.reading import ReadingContext, read_file

HQ = "meibo@hq.example"
OFFICE = "unei@chiba-sr.example"
RAW = (
    b"From: meibo@hq.example\r\nTo: unei@chiba-sr.example\r\nMessage-ID: <1@hq.example>\r\n"
    b"Subject: x\r\n\r\n.a\r\nb\r\n"
)


@pytest.fixture
async def network():
    found = Network(VirtualClock(tokyo(dt.date(2026, 3, 16), 9)), HQ, 4711)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def mailbox(network):
    settings = ImapSettings(
        host="127.0.0.1", port=network.mailbox.port, user=USER, password=lambda: PASSWORD, security=Security.PLAIN,
        clock_jump_s=math.inf,
    )  # fmt: skip
    box = ImapMailbox(settings, VirtualClock(tokyo(dt.date(2026, 3, 16), 9)))
    yield box
    await asyncio.to_thread(box.close)


async def submit(network: Network, recipients=(OFFICE, HQ)):
    settings = SmtpSettings(host="127.0.0.1", port=network.smtp.port, security=Security.PLAIN)
    return await SmtpSubmission(settings).submit(HQ, recipients, RAW)


async def test_a_message_comes_out_of_the_mailbox_as_it_went_in(network, mailbox):
    raws = [b"Subject: a\n\nbare line ends\n", bytes(range(1, 256)) * 40, b"\r\n", RAW]
    for raw in raws:
        await network.mailbox.deliver(raw, tokyo(dt.date(2026, 3, 17), 10, 5, 7))
    view = await asyncio.to_thread(mailbox.search, 1)
    fetched = [await asyncio.to_thread(mailbox.fetch, uid) for uid in view.uids]
    assert [f.raw for f in fetched] == raws
    assert {f.received_at for f in fetched} == {tokyo(dt.date(2026, 3, 17), 10, 5, 7)}
    assert view.uidvalidity == 4711
    hashes = [hashlib.sha256(raw).hexdigest() for raw in raws]
    assert network.mailbox.held() == dict(zip(view.uids, hashes, strict=True))


async def test_a_recreated_mailbox_holds_the_same_messages_under_another_uidvalidity(network, mailbox):
    await network.mailbox.deliver(RAW, tokyo(dt.date(2026, 3, 17), 10))
    await network.mailbox.recreate(4712)
    view = await asyncio.to_thread(mailbox.search, 1)
    assert (view.uidvalidity, len(view.uids)) == (4712, 1)


async def test_an_outage_of_the_mailbox_is_one_error_and_then_over(network, mailbox):
    await asyncio.to_thread(mailbox.search, 1)
    network.weather.imap_down = True
    network.mailbox.cut()
    for _ in range(2):
        with pytest.raises(MailboxError):
            await asyncio.to_thread(mailbox.search, 1)
    network.weather.imap_down = False
    assert (await asyncio.to_thread(mailbox.search, 1)).uids == ()


@pytest.mark.parametrize(
    ("fault", "result", "copies"),
    [
        (None, Submitted.SENT, 1),
        (SmtpFault.HANG_UP, Submitted.REFUSED_FOR_NOW, 0),
        (SmtpFault.BUSY, Submitted.REFUSED_FOR_NOW, 0),
        (SmtpFault.GREYLIST, Submitted.REFUSED_FOR_NOW, 0),
        (SmtpFault.NO_STORAGE, Submitted.REFUSED_FOR_NOW, 0),
        (SmtpFault.REFUSE, Submitted.REFUSED, 0),
        (SmtpFault.LOST_BEFORE, Submitted.UNKNOWN, 0),
        (SmtpFault.LOST_AFTER, Submitted.UNKNOWN, 1),
    ],
)
async def test_each_fault_looks_to_the_daemon_as_it_would_in_life(network, fault, result, copies):
    if fault is not None:
        network.weather.smtp_faults.append(fault)
    outcome = await submit(network)
    assert outcome.result is result
    assert len(network.taken) == copies
    assert len(network.mailbox.messages) == copies
    assert not network.weather.smtp_faults
    assert all(t.raw == RAW and t.recipients == (OFFICE, HQ) for t in network.taken)


async def test_our_own_copy_alone_is_never_sent(network):
    """The office is put off, we are not: a mail that only we get would come back as proof of its delivery."""
    network.weather.smtp_faults.append(SmtpFault.GREYLIST)
    assert (await submit(network)).result is Submitted.REFUSED_FOR_NOW
    assert network.taken == []
    assert (await submit(network)).result is Submitted.SENT


async def test_a_dead_address_comes_back_as_a_report_our_reader_understands(network):
    network.dead.add(OFFICE)
    await submit(network)
    report = read_file("message.eml", network.mailbox.messages[0][0], ReadingContext()).message
    assert report.kind is MessageKind.BOUNCE
    assert report.bounce.original_message_id == "<1@hq.example>"
    assert [(r.address, r.status, r.hard) for r in report.bounce.recipients] == [(OFFICE, "5.1.1", True)]
    assert report.asks_no_reply


async def test_mail_to_offices_is_handed_over_as_delivered(network):
    got = []
    network.receive = lambda recipient, raw: got.append((recipient, raw))
    await submit(network)
    assert [recipient for recipient, _ in got] == [OFFICE]
    assert got[0][1].endswith(RAW)
