"""A scripted IMAP server: answers like a small honest server, except where a test tells it to misbehave.

    async def cut(talk, tag, rest): talk.reset()
    with ImapScript({1: b"..."}, faults={"IDLE": cut}) as server: ...

`faults` maps a command name ("IDLE", "UID FETCH", "EXAMINE", "GREETING" …) to a coroutine that answers in its place;
it gets the dialogue, the tag and the rest of the line, and may call `server.answer` to fall back on honesty.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

Fault = Callable[["Talk", bytes, bytes], Awaitable[None]]


class Talk:
    """One connection as the script sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    async def send(self, *lines: bytes) -> None:
        """Send whole lines in one segment."""
        await self.send_raw(b"".join(line + b"\r\n" for line in lines))

    async def send_raw(self, data: bytes) -> None:
        """Send exactly these bytes."""
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def line(self) -> bytes:
        """The client's next line, b"" when it has gone."""
        with contextlib.suppress(ConnectionError):
            return (await self.reader.readline()).rstrip(b"\r\n")
        return b""

    async def silence(self) -> None:
        """Say nothing until the client goes away."""
        while await self.line():
            pass

    def hang_up(self) -> None:
        """End the connection in an orderly way."""
        self._writer.close()

    def reset(self) -> None:
        """End the connection with RST."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class ImapScript:
    """The server; runs an event loop in a thread of its own. Use as a context manager."""

    def __init__(
        self,
        messages: Mapping[int, bytes] | None = None,
        *,
        uidvalidity: int = 7,
        capability: bytes = b"IMAP4rev1 IDLE AUTH=PLAIN",
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        self.messages = dict(messages or {})
        self.uidvalidity = uidvalidity
        self.capability = capability
        self.faults = dict(faults or {})
        self.commands: list[bytes] = []
        """Everything any client said, without tags and credentials."""
        self.connections = 0
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> ImapScript:
        self._thread.start()
        assert self._ready.wait(10), "the scripted server did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._done, self._tasks = asyncio.get_running_loop(), asyncio.Event(), set[asyncio.Task[None]]()
        server = await asyncio.start_server(self._on_connect, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._done.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.add(asyncio.create_task(self._session(Talk(reader, writer))))

    async def _session(self, talk: Talk) -> None:
        try:
            await self._dispatch(talk, b"GREETING", b"*", b"")
            while line := await talk.line():
                tag, _, rest = line.partition(b" ")
                name, _, rest = rest.partition(b" ")
                if name.upper() == b"UID":
                    second, _, rest = rest.partition(b" ")
                    name += b" " + second
                self.commands.append(name.upper() if name.upper() == b"LOGIN" else name.upper() + b" " + rest)
                await self._dispatch(talk, name.upper(), tag, rest)
        finally:
            talk.hang_up()

    async def _dispatch(self, talk: Talk, name: bytes, tag: bytes, rest: bytes) -> None:
        fault = self.faults.get(name.decode())
        if fault is not None:
            await fault(talk, tag, rest)
        else:
            await self.answer(talk, name, tag, rest)

    # -- the honest server -------------------------------------------------------------------------------------

    async def answer(self, talk: Talk, name: bytes, tag: bytes, rest: bytes) -> None:
        """What a correct server would say to this command."""
        method = getattr(self, "_do_" + name.decode().lower().replace(" ", "_"), None)
        if method is None:
            await talk.send(tag + b" BAD unknown command")
        else:
            await method(talk, tag, rest)

    async def _do_greeting(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* OK ready")

    async def _do_capability(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* CAPABILITY " + self.capability, tag + b" OK done")

    async def _do_authenticate(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ ")
        await talk.line()
        await talk.send(tag + b" OK in")

    async def _do_login(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(tag + b" OK in")

    async def _do_examine(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(
            b"* %d EXISTS" % len(self.messages),
            b"* OK [UIDVALIDITY %d] valid" % self.uidvalidity,
            b"* OK [UIDNEXT %d] next" % (max(self.messages, default=0) + 1),
            tag + b" OK [READ-ONLY] examined",
        )

    async def _do_uid_search(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        first, _, last = rest.removeprefix(b"UID ").partition(b":")
        highest = max(self.messages, default=0)
        top = highest if last in (b"*", b"") else int(last)
        found = [uid for uid in sorted(self.messages) if int(first.replace(b"*", b"0") or 0) <= uid <= top]
        found = found or ([highest] if last == b"*" and self.messages else [])
        await talk.send(b"* SEARCH" + b"".join(b" %d" % uid for uid in found), tag + b" OK searched")

    async def _do_uid_fetch(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        uid = int(rest.split()[0])
        if uid in self.messages:
            number = sorted(self.messages).index(uid) + 1
            await talk.send_raw(self._item(number, uid, self.messages[uid], rest))
        await talk.send(tag + b" OK fetched")

    def _item(self, number: int, uid: int, raw: bytes, asked: bytes) -> bytes:
        if b"RFC822.SIZE" in asked:
            date = b'"05-Apr-2026 09:30:00 +0900"'
            return b"* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %s)\r\n" % (number, uid, len(raw), date)
        part = re.search(rb"<(\d+)\.(\d+)>", asked)
        piece, mark = raw, b""
        if part is not None:
            offset = int(part[1])
            piece, mark = raw[offset : offset + int(part[2])], b"<%d>" % offset
        return b"* %d FETCH (UID %d BODY[]%s {%d}\r\n%s)\r\n" % (number, uid, mark, len(piece), piece)

    async def _do_idle(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        await talk.line()
        await talk.send(tag + b" OK idled")

    async def _do_noop(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(tag + b" OK nothing")

    async def _do_logout(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* BYE", tag + b" OK out")
        talk.hang_up()
