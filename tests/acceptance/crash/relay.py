"""The world outside: a relay that records every mail it takes, and offices that answer by putting mail into our box.

It lives in the test's process and so outlives the program it talks to. What it does is decided by the mail alone, so a
run with crashes meets the same world as one without.
"""

from __future__ import annotations

import datetime as dt
import email
import imaplib
import socketserver
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from enum import Enum
from types import TracebackType


class Treatment(Enum):
    """What the relay does once the final dot has come."""

    TAKE = "taken, and said so"
    TAKE_AND_HANG_UP = "taken, and the line broke before the answer"
    DROP = "not taken, and the line broke"
    LATER = "451"


@dataclass(frozen=True)
class Letter:
    """One mail as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def at(self) -> dt.datetime:
        """Instant of its Date."""
        return dt.datetime.strptime(str(self.message["Date"]), "%a, %d %b %Y %H:%M:%S %z")


class Relay:
    """A recording SMTP server on loopback; use as a context manager."""

    def __init__(
        self,
        treat: Callable[[Letter, int], Treatment] = lambda _letter, _attempt: Treatment.TAKE,
        taken: Callable[[Letter], None] = lambda _letter: None,
    ) -> None:
        """`treat(letter, attempt)` decides, attempts by Message-ID from 1; `taken` is told before the answer goes."""
        self._treat, self._tell = treat, taken
        self._lock = threading.Lock()
        self.attempts: Counter[str] = Counter()
        """Messages that came whole, by Message-ID, taken or not."""
        self.taken: list[Letter] = []
        self.slow_for = ""
        """Whoever has sent a whole message for this address waits for what becomes of it, until `go_on`."""
        self._going_on = threading.Event()
        self.broken: list[Exception] = []
        """What went wrong in here: a test that finds something looked at nonsense."""
        relay = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    relay._converse(self)
                except ConnectionError:
                    pass  # the program was killed, or closed without a word
                except Exception as error:  # noqa: BLE001 - raised again by `__exit__`
                    relay.broken.append(error)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Session)
        self.port = int(self._server.server_address[1])
        self.ports = {"plain": self.port}
        """As the Postfix of the tests names them."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.go_on()
        self._server.shutdown()
        self._server.server_close()
        if self.broken and kind is None:
            raise self.broken[0]

    def go_on(self) -> None:
        """Deal with what has been held up, and hold up no more."""
        self._going_on.set()

    def to(self, address: str) -> list[Letter]:
        """What was taken for an address, in order."""
        return [letter for letter in self.taken if address in letter.recipients]

    # -- the protocol ------------------------------------------------------------------------------------------

    def _converse(self, session: socketserver.StreamRequestHandler) -> None:
        sender, recipients = "", []
        session.wfile.write(b"220 relay\r\n")
        while line := session.rfile.readline().decode().strip():
            verb = line[:4].upper()
            answer = "250 ok"
            if verb == "EHLO":
                answer = "250-relay\r\n250 8BITMIME"
            elif verb == "MAIL":
                sender, recipients = _address(line), []
            elif verb == "RCPT":
                recipients.append(_address(line))
            elif verb == "DATA":
                session.wfile.write(b"354 go on\r\n")
                raw = _data(session)
                if raw is None:
                    return
                found = self._end_of(Letter(sender, tuple(recipients), raw))
                if found is None:
                    return
                answer = found
            session.wfile.write(answer.encode() + b"\r\n")
            if verb == "QUIT":
                return

    def _end_of(self, letter: Letter) -> str | None:
        """The answer to the final dot; None = the line breaks here."""
        with self._lock:
            self.attempts[letter.message_id] += 1
            attempt = self.attempts[letter.message_id]
        if self.slow_for in letter.recipients:
            self._going_on.wait()
        treatment = self._treat(letter, attempt)
        if treatment in {Treatment.TAKE, Treatment.TAKE_AND_HANG_UP}:
            with self._lock:
                self.taken.append(letter)
                self._tell(letter)
        answers = {Treatment.TAKE: "250 2.0.0 queued", Treatment.LATER: "451 4.3.0 try again later"}
        return answers.get(treatment)


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


def _data(session: socketserver.StreamRequestHandler) -> bytes | None:
    """The message without the dots of transparency; None when the line broke before the final dot."""
    lines = []
    while (line := session.rfile.readline()) != b".\r\n":
        if not line.endswith(b"\n"):
            return None
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)


def append(client: imaplib.IMAP4, raw: bytes, at: dt.datetime) -> None:
    """Lay a message into INBOX as received at `at`."""
    status, answer = client.append("INBOX", "", imaplib.Time2Internaldate(at), raw)
    assert status == "OK", answer
