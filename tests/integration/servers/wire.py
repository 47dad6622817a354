"""A TCP proxy in front of a real server that can stall, cut, and lose an answer: the network's share of the faults."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

_BLOCK_BYTES = 65536


class Wire:
    """Forwards 127.0.0.1:port to a server on this machine until told otherwise; use as a context manager."""

    def __init__(self, target_port: int) -> None:
        """Listen at once on `port`."""
        self._target_port = target_port
        self._flowing = threading.Event()
        self._flowing.set()
        self._closing = False
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.accepted = 0
        self.lose_answer_to: bytes | None = None
        """When the client has sent this, the server's next answer is swallowed and the client is cut off."""
        self.stall_answer_to: bytes | None = None
        """When the client has sent this, the server's next answer is held back until `flow`."""

    def __enter__(self) -> Wire:
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing = True
        self._flowing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def stall(self) -> None:
        """Keep connections open and let nothing through."""
        self._flowing.clear()

    def flow(self) -> None:
        """End a stall; what was held back goes through."""
        self._flowing.set()

    def cut(self) -> None:
        """End every connection on both sides."""
        for one in list(self._sockets):
            self._end(one)

    def _spawn(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                client.close()
                continue
            self._sockets |= {client, server}
            lost = threading.Event()
            self._spawn(self._forward, client, server, lost)
            self._spawn(self._return, server, client, lost)

    def _forward(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        tail = b""
        for block in self._blocks(client):
            tail = (tail + block)[-1024:]
            if self.lose_answer_to is not None and self.lose_answer_to in tail:
                lost.set()
            stalling = self.stall_answer_to is not None and self.stall_answer_to in tail
            with contextlib.suppress(OSError):
                server.sendall(block)
            if stalling:
                self.stall()
        self._end(server)

    def _return(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        for block in self._blocks(server):
            if lost.is_set():
                break
            with contextlib.suppress(OSError):
                client.sendall(block)
        self._end(client)
        self._end(server)

    def _blocks(self, source: socket.socket):  # type: ignore[no-untyped-def]
        while True:
            try:
                block = source.recv(_BLOCK_BYTES)
            except OSError:
                return
            if not block:
                return
            self._flowing.wait()
            yield block

    def _end(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
        self._sockets.discard(one)
