"""A scripted SMTP server: polite answers, except where a test puts other words (or none) into its mouth.

    with SmtpScript({"RCPT": ["250 ok", "550 5.1.1 no such person"], "DOT": [HANG_UP]}) as server: ...

`answers` maps a stage (GREETING, EHLO, AUTH, MAIL, RCPT, DATA, DOT, QUIT …) to the lines said at its first, second …
time; the last one is repeated. `received` collects what followed DATA, `commands` what was said before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

HANG_UP = "hang up"
SILENCE = "silence"

_POLITE = {"GREETING": "220 ready", "EHLO": "250-test\r\n250-SIZE 1000000\r\n250 8BITMIME", "DATA": "354 go on"}


class SmtpScript:
    """The server; runs an event loop in a thread of its own. Use as a context manager."""

    def __init__(self, answers: Mapping[str, Sequence[str]] | None = None) -> None:
        self._answers = dict(answers or {})
        self._said: dict[str, int] = {}
        self.commands: list[str] = []
        self.received: list[bytes] = []
        self.message_came = threading.Event()
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> SmtpScript:
        self._thread.start()
        assert self._ready.wait(10), "the scripted server did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._done, self._tasks = asyncio.get_running_loop(), asyncio.Event(), set[asyncio.Task[None]]()
        server = await asyncio.start_server(self._on_connect, "127.0.0.1", 0, limit=2**24)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._done.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._session(reader, writer)))

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._dialogue(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._say(writer, "GREETING")
        while going and (line := (await reader.readline()).decode().strip()):
            self.commands.append(line)
            verb = line.split()[0].upper()
            going = await self._say(writer, verb) and verb != "QUIT"
            if going and verb == "DATA" and self._last.startswith("354"):
                self.received.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                self.message_came.set()
                going = await self._say(writer, "DOT")

    async def _say(self, writer: asyncio.StreamWriter, stage: str) -> bool:
        """Answer; False when the session ends here."""
        known = self._answers.get(stage, [_POLITE.get(stage, "250 2.0.0 ok")])
        number = self._said.get(stage, 0)
        self._said[stage] = number + 1
        self._last = known[min(number, len(known) - 1)]
        if self._last == SILENCE:
            await self._done.wait()
        if self._last in (HANG_UP, SILENCE):
            return False
        writer.write(self._last.encode() + b"\r\n")
        await writer.drain()
        return not self._last.startswith("421")
