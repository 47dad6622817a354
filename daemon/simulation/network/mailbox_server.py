"""HQ's mailbox: pymap with its in-memory backend on 127.0.0.1, on the running event loop."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from argparse import Namespace

from proxyprotocol.result import ProxyResultUnknown
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

from daemon.domain.calendar import TOKYO
from daemon.simulation.network.weather import Weather

USER = "meibo"
PASSWORD = "open-sesame"  # noqa: S105 - of a server that lives for a minute on the loopback


_FIRST_UID = 101
"""Where pymap begins to count."""


class _Inbox(MailboxData):
    """An INBOX whose UIDVALIDITY follows from the seed, not from the hour."""

    seeded = 1

    @property
    def uid_validity(self) -> int:
        return self.seeded


class _Mailboxes(MailboxSet):
    """The account's folders: the INBOX alone matters."""

    def __init__(self, uid_validity: int) -> None:
        super().__init__()
        self.inbox = self.renumber(uid_validity)

    def renumber(self, uid_validity: int) -> _Inbox:
        """A fresh, empty INBOX."""
        self.inbox = _Inbox(self._content_cache, self._thread_cache)
        self.inbox.seeded = uid_validity
        return self.inbox

    async def get_mailbox(self, name: str) -> MailboxData:
        return self.inbox if name.upper() == "INBOX" else await super().get_mailbox(name)


class MailboxServer:
    """Listens on a free port of 127.0.0.1 from `start` to `stop`; the messages live as long as the object."""

    def __init__(self, uid_validity: int, weather: Weather) -> None:
        """`uid_validity`: of the INBOX, 1 to 2**32 - 1."""
        self.uid_validity = uid_validity
        self._weather = weather
        self._server: asyncio.Server | None = None
        self._talk: IMAPServer
        self._lines: set[asyncio.StreamWriter] = set()
        self._mailboxes: _Mailboxes | None = None
        self.port = 0
        self.messages: list[tuple[bytes, dt.datetime]] = []
        """Everything that was ever delivered, in order: raw bytes and INTERNALDATE."""
        self._hashes: list[str] = []

    async def start(self) -> None:
        """Begin to listen."""
        config = _config()
        config.apply_context()
        login = Login(config)
        password = await Passwords(config).hash_password(PASSWORD)
        await login.demo_user_identity.set(UserMetadata(config, USER, password=password))
        self._mailboxes = _Mailboxes(self.uid_validity)
        config.set_cache[USER] = (self._mailboxes, FilterSet())
        self._talk = IMAPServer(login, config)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection and take no more."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Break the connections that are open, as an outage does."""
        for writer in list(self._lines):
            writer.transport.abort()

    async def deliver(self, raw: bytes, at: dt.datetime) -> None:
        """Put a message into the INBOX; `at` becomes its INTERNALDATE (whole seconds)."""
        assert self._mailboxes is not None
        stamp = at.astimezone(TOKYO).replace(microsecond=0)
        self.messages.append((raw, stamp))
        self._hashes.append(hashlib.sha256(raw).hexdigest())
        await self._mailboxes.inbox.append(AppendMessage(raw, stamp, frozenset()))

    def held(self) -> dict[int, str]:
        """What lies in the INBOX now: UID → SHA-256 of the raw bytes, in hex."""
        return dict(enumerate(self._hashes, start=_FIRST_UID))

    async def recreate(self, uid_validity: int) -> None:
        """The provider moved the mailbox: the same messages under new numbers and another UIDVALIDITY."""
        assert self._mailboxes is not None
        self.cut()
        self.uid_validity = uid_validity
        inbox = self._mailboxes.renumber(uid_validity)
        for raw, stamp in self.messages:
            await inbox.append(AppendMessage(raw, stamp, frozenset()))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._weather.imap_down:
            writer.transport.abort()
            return
        self._lines.add(writer)
        try:
            await self._talk(reader, writer, SocketInfo.get(writer, ProxyResultUnknown(), unique_id=b"line"))
        except (ConnectionError, EOFError):
            writer.transport.abort()
        finally:
            self._lines.discard(writer)


def _config() -> Config:
    """One user, no TLS on the loopback, and a password hash that costs nothing: nobody is kept out by it."""
    return Config(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        host="127.0.0.1",
        port=0,
        demo_data=False,
        demo_user=USER,
        demo_password=PASSWORD,
        tls_enabled=False,
        secure_auth=False,
        hash_context=BuiltinHash(rounds=1),
    )
