"""The submission server of HQ's provider: aiosmtpd on 127.0.0.1, on the running event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from daemon.simulation.network.weather import SmtpFault, Weather

Taken = Callable[[str, tuple[str, ...], bytes], Awaitable[None]]
"""Called with envelope sender, recipients and the message for each DATA the server answers for."""


class _Dialogue:
    """The hooks of aiosmtpd: answers to MAIL, RCPT and DATA, faults included."""

    def __init__(self, taken: Taken, weather: Weather) -> None:
        self._taken = taken
        self._weather = weather

    async def handle_MAIL(  # noqa: N802 - named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._weather.at(SmtpFault.BUSY):
            return "451 4.3.2 please try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._weather.at(SmtpFault.GREYLIST):
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        weather = self._weather
        if weather.at(SmtpFault.NO_STORAGE):
            return "452 4.3.1 insufficient system storage"
        if weather.at(SmtpFault.REFUSE):
            return "554 5.7.1 message refused by policy"
        if weather.at(SmtpFault.LOST_BEFORE):
            _cut(server)
            return "451 4.3.0 lost"
        assert envelope.mail_from is not None
        assert isinstance(envelope.original_content, bytes)
        await self._taken(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content)
        if weather.at(SmtpFault.LOST_AFTER):
            _cut(server)
        return "250 2.0.0 OK"


def _cut(server: SMTP) -> None:
    """Close the connection as a failing network does: without an answer."""
    transport = server.transport
    assert isinstance(transport, asyncio.Transport)
    transport.abort()


class _HangUp(asyncio.Protocol):
    """A server that is not there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class SubmissionServer:
    """Listens on a free port of 127.0.0.1 from `start` to `stop`."""

    def __init__(self, taken: Taken, weather: Weather) -> None:
        """`taken` is called for each mail the server has answered for."""
        self._dialogue = _Dialogue(taken, weather)
        self._weather = weather
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._weather.smtp_down or self._weather.at(SmtpFault.HANG_UP):
            return _HangUp()
        protocol: Any = SMTP(self._dialogue, hostname="smtp.example", ident="ESMTP", enable_SMTPUTF8=True)
        return protocol  # type: ignore[no-any-return]
