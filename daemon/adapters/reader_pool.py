"""ports.ReaderPool: the parsers in confined child processes, so that no attachment can take the daemon with it.

A warm process (`daemon.adapters.reading.zygote`), started at the first read, forks one child per mail. When a child
dies, hangs or floods, the mail is read again in pieces: its outline, then each attachment in a child of its own, so
that exactly the guilty one is reported as READER_KILLED and everything else is read.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import parsers
from daemon.adapters.reading.wire import BadAnswer, Limits, Op, Request, pack_request, unpack_answer
from daemon.adapters.reading.zygote import EXIT_NO_MEMORY, OUT_OF_TIME, READY
from daemon.errors import Unavailable
from parsers.findings import Document, Note, Problem, Source
from parsers.reading import ReadingContext, merge, parts_to_read

_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from daemon.adapters.reading.zygote import main; main()"
_GRACE_S = 10.0
"""The zygote ends an overdue child itself; this much later we stop trusting the zygote."""
_START_S = 60.0
_CHUNK_BYTES = 1 << 20
_UNKNOWN_MEDIA = "application/octet-stream"


class ZygoteDied(Exception):
    """The warm process is gone; what it was asked for may be asked again of a new one."""


class ReaderUnavailable(Unavailable):
    """The reading process does not start: a fault of the installation, not of a mail. `meibod check` says which."""


@dataclass(frozen=True, slots=True)
class Death:
    """Why a child gave no answer."""

    detail: str
    """time | cpu | memory | output | damaged | signal N | exit N"""


class SandboxedReader:
    """The pool. `read` may be called from several threads at once."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        module: str = "parsers.reading",
        parallel: int = 2,
        budget_s: float = 600.0,
    ) -> None:
        """Start nothing yet.

        Args:
            limits: For each child; None = those of reliability.md §5.2.
            module: Dotted name of the module with `read_file`, `read_outline` and `read_part`.
            parallel: Most children at one time.
            budget_s: Most wall-clock seconds for one call of `read`, retries and pieces included.
        """
        self._limits = limits or Limits()
        self._module = module
        self._budget_s = budget_s
        self.parallel = parallel
        """From how many threads at once it is worth asking."""
        self._slots = threading.BoundedSemaphore(parallel)
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._used_at = time.monotonic()
        self._busy = 0

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        """Read one file or mail. Never raises for what the bytes do; raises ReaderUnavailable, OSError for the rest."""
        with self._slots, self._in_use():
            deadline = time.monotonic() + self._budget_s
            outcome = self._run(Request(Op.FILE, name, data, context), deadline)
            if isinstance(outcome, Document):
                return outcome
            return self._read_in_pieces(Request(Op.OUTLINE, name, data, context), outcome, deadline)

    def rest(self, idle_s: float = 60.0) -> bool:
        """End the warm process when nothing was read for `idle_s` seconds; whether it did. The next read starts it."""
        with self._lock:
            idle = self._busy == 0 and time.monotonic() - self._used_at >= idle_s
            zygote, self._zygote = (self._zygote, None) if idle else (None, self._zygote)
        if zygote is not None:
            zygote.close()
        return zygote is not None

    def close(self) -> None:
        """End the warm process and every child; never raises. A later `read` starts anew."""
        with self._lock:
            zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()

    @property
    def warm_pid(self) -> int | None:
        """Process id of the warm process, None when there is none: for `status`, measurements and tests."""
        with self._lock:
            return self._zygote.pid if self._zygote is not None else None

    def _read_in_pieces(self, outline: Request, death: Death, deadline: float) -> Document:
        """Everything but what kills: the outline of a mail, then each attachment by itself, nested mails likewise."""
        found = self._run(outline, deadline)
        if isinstance(found, Death):
            found = _unread(outline)
        parts = parts_to_read(found)
        if not parts:
            killed = Note(Problem.READER_KILLED, death.detail, outline.part)
            return replace(found, problems=(*found.problems, killed))
        for part in parts:
            piece = replace(outline, op=Op.PART, part=part)
            outcome = self._run(piece, deadline)
            if isinstance(outcome, Death):
                outcome = self._read_in_pieces(replace(piece, op=Op.OUTLINE), outcome, deadline)
            found = merge(found, outcome)
        return found

    def _run(self, request: Request, deadline: float) -> Document | Death:
        """Ask a child; a dead zygote is replaced, and the second attempt has a zygote of its own.

        A child as hostile as to kill its parent can thereby hit a neighbour's first attempt, never its second.
        """
        wall_s = min(self._limits.wall_s, deadline - time.monotonic())
        if wall_s <= 0:
            return Death("time")
        limits = replace(self._limits, wall_s=wall_s)
        zygote = self._shared()
        try:
            return zygote.ask(request, limits)
        except ReaderUnavailable:
            self._retire(zygote)
            raise
        except ZygoteDied:
            self._retire(zygote)
        private = Zygote(self._module)
        try:
            return private.ask(request, limits)
        except ZygoteDied:
            return Death("zygote")
        finally:
            private.close()

    def _shared(self) -> Zygote:
        with self._lock:
            if self._zygote is None:
                self._zygote = Zygote(self._module)
            return self._zygote

    def _retire(self, zygote: Zygote) -> None:
        with self._lock:
            if self._zygote is not zygote:
                return  # another thread noticed first
            self._zygote = None
        zygote.close()

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._used_at = time.monotonic()


def _unread(request: Request) -> Document:
    return Document(Source(request.name, sha256(request.data).hexdigest(), _UNKNOWN_MEDIA))


class Zygote:
    """The near side of one warm process."""

    def __init__(self, module: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="meibod-read-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(parsers.__file__).resolve().parent.parent)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", "-c", _BOOT, root, module, str(theirs.fileno()), self._folder],
                pass_fds=(theirs.fileno(),),
                # One thread each for whatever numeric library gets loaded; one malloc arena: address space is limited.
                env={"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._sending = threading.Lock()
        self._ready = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def ask(self, request: Request, limits: Limits) -> Document | Death:
        """Have one request read in a child of its own. Raises ZygoteDied, ReaderUnavailable."""
        self._wait_until_ready()
        answer, theirs_answer = os.pipe()
        line, theirs_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with line, os.fdopen(answer, "rb", buffering=0), _memory_file(pack_request(request, limits)) as memory:
            try:
                with self._sending:
                    socket.send_fds(
                        self._control, [str(limits.wall_s).encode()], [memory, theirs_answer, theirs_line.fileno()]
                    )
            except OSError as e:
                raise ZygoteDied from e
            finally:
                os.close(theirs_answer)
                theirs_line.close()
            return _collect(answer, line, limits)

    def _wait_until_ready(self) -> None:
        """Return when the parsers are loaded: time a mail's wall clock must not pay for."""
        with self._sending:
            if self._ready:
                return
            try:
                self._control.settimeout(_START_S)
                self._ready = self._control.recv(16) == READY
                self._control.settimeout(None)
            except OSError as e:
                raise ReaderUnavailable("the reading process does not start; run `meibod check`") from e
        if not self._ready:
            raise ReaderUnavailable("the reading process ends while it starts; run `meibod check`")

    def close(self) -> None:
        """Close the control socket, on which the process ends its children and itself."""
        self._control.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def _memory_file(data: bytes) -> Iterator[int]:
    fd = os.memfd_create("request", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        yield fd
    finally:
        os.close(fd)


def _collect(answer: int, line: socket.socket, limits: Limits) -> Document | Death:
    """Gather the answer until the child has ended; leaving early closes the line, on which the zygote kills it."""
    most = limits.output_bytes
    deadline = time.monotonic() + limits.wall_s + _GRACE_S
    chunks: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    poll.register(line, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000)}
        if not ready:
            return Death("time")
        if answer in ready:
            chunk = os.read(answer, _CHUNK_BYTES)
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                return Death("output")
            if chunk:
                continue  # the line's last word waits until the pipe is empty
            poll.unregister(answer)
        if line.fileno() in ready:
            return _judge(line, b"".join(chunks))


def _judge(line: socket.socket, answer: bytes) -> Document | Death:
    try:
        word = line.recv(64)
    except ConnectionError as e:
        raise ZygoteDied from e
    if not word:
        raise ZygoteDied
    death = _cause_of_death(word)
    if death is not None:
        return death
    try:
        return unpack_answer(answer)
    except BadAnswer:
        return Death("damaged")


def _cause_of_death(word: bytes) -> Death | None:
    status = int(word[1:])
    if word[:1] == OUT_OF_TIME:
        return Death("time")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Death("cpu" if number == signal.SIGXCPU else f"signal {number}")
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return None
    return Death("memory" if code == EXIT_NO_MEMORY else f"exit {code}")
