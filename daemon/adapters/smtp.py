"""Submission over SMTP (port `Submission`, RFC 6409): one connection per mail, three outcomes.

What counts is when the connection broke. Before the first byte of the message nothing can have been accepted: try
again. After it the server may have taken the mail although its answer never came (RFC 1047): unknown, to be settled
by evidence. So MAIL, RCPT, DATA and the message are driven one by one here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from daemon.adapters.transport import Secret, Security, TokenSource, server_words, tls_context
from daemon.errors import MeibodError
from daemon.ports import SubmissionOutcome, Submitted

_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.PLAIN: 25}
_QUIT_S = 5.0
_SLOWEST_UPLOAD_BYTES_S = 16_384
"""The final answer is awaited from the moment the upload starts, so its time grows with the mail."""
_CONFIGURATION_CODES = frozenset({503, 530, 534, 535, 538})
""""Authenticate first" and its kin: about our credentials or our manners, not about the mail."""
_ENVID_LIMIT = 100
_ADDRESS = re.compile(r"[^\s<>@\"\x00-\x1f\x7f]+@[^\s<>@\"\x00-\x1f\x7f]+")
"""Bare addresses only: the library would quietly pick one out of anything else."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail is handed in. Without `user` there is no authentication (a relay that knows us by address)."""

    host: str
    user: str = ""
    password: Secret | None = None
    oauth: TokenSource | None = None
    port: int | None = None
    """None = 465 for TLS, 587 for STARTTLS, 25 plain."""
    security: Security = Security.STARTTLS
    ca_file: Path | None = None
    helo_name: str = "[127.0.0.1]"
    """Name in EHLO; a literal by default, which keeps the machine's name to itself and needs no name service."""
    dsn: bool = True
    """Ask for failure and delay reports where the server offers it (RFC 3461)."""
    connect_timeout_s: float = 30.0
    command_timeout_s: float = 300.0
    """MAIL and RCPT (RFC 5321 §4.5.3.2)."""
    data_timeout_s: float = 600.0
    """The answer to the final dot (RFC 5321 §4.5.3.2.6)."""

    def __post_init__(self) -> None:
        """Raise ValueError on settings that cannot work."""
        if bool(self.user) != ((self.password is None) != (self.oauth is None)):
            raise ValueError("SMTP needs user with either a password or OAuth2, or none of them")


class _ForNow(Exception):
    """Ends an attempt before the message began; nothing was accepted."""


class _Refused(Exception):
    """Ends an attempt with a permanent refusal of this mail."""

    def __init__(self, reply: str, refused: dict[str, str] | None = None) -> None:
        super().__init__(reply)
        self.refused = refused or {}


class SmtpSubmission:
    """Implements `ports.Submission`."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Nothing is connected; every `submit` opens its own connection."""
        self._settings = settings

    async def submit(self, sender: str, recipients: Sequence[str], raw: bytes) -> SubmissionOutcome:
        """One attempt with exactly these bytes; bare line ends become CRLF. Never raises for what others do."""
        try:
            smtp = await self._connect()
        except _ForNow as error:
            return SubmissionOutcome(Submitted.REFUSED_FOR_NOW, str(error))
        try:
            outcome = await _Attempt(smtp, self._settings, raw).run(sender, recipients)
        except BaseException:
            _cut(smtp, smtp.transport)  # cancelled: no more words on this connection
            raise
        await _leave(smtp)
        return outcome

    async def try_connection(self) -> str:
        """Connect, secure, log in and leave again without a mail; "" when that works, else what went wrong."""
        try:
            smtp = await self._connect()
        except _ForNow as error:
            return str(error)
        try:
            await smtp.noop()
        except (SMTPException, OSError) as error:
            return f"the server does not answer: {server_words(str(error))}"
        finally:
            await _leave(smtp)
        return ""

    async def _connect(self) -> SMTP:
        """A secured, authenticated connection. Nothing that fails here says anything about the mail: always for now."""
        try:
            return await self._open()
        except MeibodError as error:  # no access token, no password
            raise _ForNow(str(error)) from error
        except SMTPResponseException as error:
            raise _ForNow(f"before any mail: {_line(error.code, error.message)}") from error
        except (SMTPException, OSError, ValueError) as error:
            raise _ForNow(f"no usable connection: {server_words(str(error))}") from error

    async def _open(self) -> SMTP:
        smtp = await self._client()
        try:
            await smtp.connect()
            await _greet(smtp)
            await self._log_in(smtp)
        except BaseException:
            # Abruptly: a TLS farewell would wait for the server while the loop of a command ends.
            _cut(smtp, smtp.transport)
            await _closed()
            raise
        return smtp

    async def _client(self) -> SMTP:
        settings = self._settings
        encrypted = settings.security is not Security.PLAIN
        return SMTP(
            hostname=settings.host,
            port=settings.port or _PORTS[settings.security],
            local_hostname=settings.helo_name,
            timeout=settings.connect_timeout_s,
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,  # never opportunistic: True fails without, False is PLAIN
            tls_context=await asyncio.to_thread(tls_context, settings.ca_file) if encrypted else None,
        )

    async def _log_in(self, smtp: SMTP) -> None:
        settings = self._settings
        if settings.password is not None:
            await smtp.login(settings.user, await asyncio.to_thread(settings.password))
        elif settings.oauth is not None:
            if "xoauth2" not in smtp.server_auth_methods:
                raise SMTPException("the server does not offer XOAUTH2; use a password, or the provider's SMTP host")
            token = await asyncio.to_thread(settings.oauth.access_token)
            try:
                await smtp.auth_xoauth2(settings.user, token)
            except SMTPAuthenticationError:
                settings.oauth.forget()
                raise


async def _greet(smtp: SMTP) -> None:
    """EHLO, unless STARTTLS or the library said it already: what the server offers must be known before MAIL."""
    if not smtp.is_ehlo_or_helo_needed:
        return
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()  # a relay from before 1995


class _Attempt:
    """One envelope and one message on an open connection."""

    def __init__(self, smtp: SMTP, settings: SmtpSettings, raw: bytes) -> None:
        self._smtp = smtp
        self._settings = settings
        self._raw = raw
        self._dsn = settings.dsn and smtp.supports_extension("dsn")

    async def run(self, sender: str, recipients: Sequence[str]) -> SubmissionOutcome:
        try:
            await self._mail(sender, recipients)
            refused = await self._recipients(sender, recipients)
            await self._start_data()
        except _Refused as error:
            return SubmissionOutcome(Submitted.REFUSED, str(error), error.refused)
        except _ForNow as error:
            return SubmissionOutcome(Submitted.REFUSED_FOR_NOW, str(error))
        except (SMTPException, OSError) as error:
            reply = f"the connection broke before the message: {server_words(str(error))}"
            return SubmissionOutcome(Submitted.REFUSED_FOR_NOW, reply)
        return await self._message(refused)

    # -- the envelope ------------------------------------------------------------------------------------------

    async def _mail(self, sender: str, recipients: Sequence[str]) -> None:
        if sender and not _ADDRESS.fullmatch(sender):
            raise _Refused("the sender is no address SMTP can carry")
        options = self._mail_options([sender, *recipients])
        try:
            await self._smtp.mail(sender, options=options, encoding="utf-8", timeout=self._settings.command_timeout_s)
        except SMTPResponseException as error:
            reply = f"MAIL: {_line(error.code, error.message)}"
            if _is_permanent(error.code):
                raise _Refused(reply) from error
            raise _ForNow(reply) from error

    def _mail_options(self, addresses: Sequence[str]) -> list[str]:
        options = []
        if self._smtp.supports_extension("size"):
            options.append(f"SIZE={len(self._raw)}")
        if not self._raw.isascii():
            self._require("8bitmime", "the mail has 8-bit lines")
            options.append("BODY=8BITMIME")
        if not all(address.isascii() for address in addresses):
            self._require("smtputf8", "an address is not ASCII")
            options.append("SMTPUTF8")
        if self._dsn:
            options += ["RET=HDRS", *_envelope_id(self._raw)]
        return options

    def _require(self, extension: str, why: str) -> None:
        if not self._smtp.supports_extension(extension):
            raise _Refused(f"{why} and the server does not offer {extension.upper()}")

    async def _recipients(self, sender: str, recipients: Sequence[str]) -> dict[str, str]:
        """Name every recipient; returns the refused ones when somebody else than the sender himself was taken.

        A copy that reaches only ourselves would come back and prove a delivery that never was.
        """
        others = set(recipients) - {sender} or set(recipients)
        refused: dict[str, str] = {}
        permanent = True
        for recipient in recipients:
            code, line = await self._recipient(recipient)
            if code // 100 != 2:
                refused[recipient] = line
                permanent = permanent and _is_permanent(code)
        if not others <= refused.keys():
            return refused
        first = next(iter(refused.values()), "there is no recipient")
        if permanent:
            raise _Refused(f"RCPT: {first}", refused)
        raise _ForNow(f"RCPT: {first}")

    async def _recipient(self, recipient: str) -> tuple[int, str]:
        if not _ADDRESS.fullmatch(recipient):
            return 553, "553 no address SMTP can carry"
        options = ["NOTIFY=FAILURE,DELAY"] if self._dsn else []
        timeout = self._settings.command_timeout_s
        try:
            answer = await self._smtp.rcpt(recipient, options=options, encoding="utf-8", timeout=timeout)
        except SMTPResponseException as error:
            if not self._smtp.is_connected:  # 421: the server has gone
                raise _ForNow(f"RCPT: {_line(error.code, error.message)}") from error
            return error.code, _line(error.code, error.message)
        return answer.code, _line(answer.code, answer.message)

    # -- the message -------------------------------------------------------------------------------------------

    async def _start_data(self) -> None:
        answer = await self._smtp.execute_command(b"DATA", timeout=self._settings.command_timeout_s)
        if answer.code == 354:
            return
        reply = f"DATA: {_line(answer.code, answer.message)}"
        raise _Refused(reply) if _is_permanent(answer.code) else _ForNow(reply)

    async def _message(self, refused: dict[str, str]) -> SubmissionOutcome:
        """Send the bytes. From the first one on, silence means unknown."""
        timeout = self._settings.data_timeout_s + len(self._raw) / _SLOWEST_UPLOAD_BYTES_S
        protocol, transport = self._smtp.protocol, self._smtp.transport
        try:
            if protocol is None:
                raise SMTPServerDisconnected("Connection lost")
            protocol.write(on_the_wire(self._raw))  # raises only before it has handed a byte to the socket
        except SMTPServerDisconnected as error:
            return SubmissionOutcome(Submitted.REFUSED_FOR_NOW, f"the connection broke before the message: {error}")
        try:
            answer = await protocol.read_response(timeout=timeout)
        except (SMTPException, OSError) as error:
            _cut(self._smtp, transport)  # a late answer must not be taken for the answer to QUIT
            reply = f"no answer to the message: {server_words(str(error))}"
            return SubmissionOutcome(Submitted.UNKNOWN, reply, refused)
        return _final(answer, refused)


def _final(answer: SMTPResponse, refused: dict[str, str]) -> SubmissionOutcome:
    line = _line(answer.code, answer.message)
    match answer.code // 100:
        case 2:
            return SubmissionOutcome(Submitted.SENT, line, refused)
        case 4:
            return SubmissionOutcome(Submitted.REFUSED_FOR_NOW, line)
        case 5:
            return SubmissionOutcome(Submitted.REFUSED, line)
    return SubmissionOutcome(Submitted.UNKNOWN, f"an answer that means nothing: {line}", refused)


async def _leave(smtp: SMTP) -> None:
    """QUIT if possible: what happens here changes nothing any more."""
    transport = smtp.transport
    if smtp.is_connected:
        with contextlib.suppress(SMTPException, OSError):
            await smtp.quit(timeout=_QUIT_S)
    _cut(smtp, transport)
    await _closed()


def _cut(smtp: SMTP, transport: asyncio.BaseTransport | None) -> None:
    """End the connection now; what was not sent yet stays unsent, so no unknown goes out after its verdict."""
    smtp.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def _closed() -> None:
    """Let the loop close sockets: a command's loop ends right after this."""
    for _ in range(3):
        await asyncio.sleep(0)


def on_the_wire(raw: bytes) -> bytes:
    """The message as DATA carries it: CRLF line ends, leading dots doubled, the final dot (RFC 5321 §4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"


def _is_permanent(code: int) -> bool:
    return code // 100 == 5 and code not in _CONFIGURATION_CODES


def _line(code: int, message: str) -> str:
    return server_words(f"{code} {message}")


def _envelope_id(raw: bytes) -> list[str]:
    """ENVID from the Message-ID, so that a report names the mail even when it quotes nothing of it (RFC 3461 §4.4)."""
    head = raw[: raw.find(b"\r\n\r\n")] if b"\r\n\r\n" in raw else raw[: raw.find(b"\n\n")]
    message_id = str(BytesHeaderParser().parsebytes(head).get("Message-ID", "")).strip()
    encoded = xtext(message_id)
    return [f"ENVID={encoded}"] if 0 < len(encoded) <= _ENVID_LIMIT else []


def xtext(text: str) -> str:
    """RFC 3461 §4: printable ASCII except "+" and "=" as it is, the rest as "+" and two hex digits of its UTF-8."""
    return "".join(chr(byte) if 33 <= byte <= 126 and byte not in b"+=" else f"+{byte:02X}" for byte in text.encode())
