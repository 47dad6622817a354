"""A reader module for tests of the pool: a file of directives, one a part, and what each does to its process.

A "mail" is lines of `path directive`; a line without a space is the file itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from parsers.findings import Attachment, Decision, Document, Field, Finding, Message, MessageKind, Source
from parsers.reading import ReadingContext


def read_file(name: str, data: bytes, context: ReadingContext) -> Document:
    document = read_outline(name, data, context)
    parts = document.message.attachments if document.message else ()
    if not parts:
        return _do(data.decode())
    found = [read_part(name, data, context, p.part) for p in parts]
    return Document(document.source, findings=tuple(f for d in found for f in d.findings), message=document.message)


def read_outline(name: str, data: bytes, context: ReadingContext, part: str = "") -> Document:
    source = Source(name, sha256(data).hexdigest(), "text/plain")
    if b"outline-dies" in data:
        os._exit(9)
    if part or b" " not in data:
        return Document(source)
    lines = [line.split(" ", 1) for line in data.decode().splitlines()]
    parts = tuple(Attachment(path, "0" * 64, 0, "text/plain", path) for path, _ in lines)
    return Document(source, message=Message(MessageKind.RETURN, attachments=parts))


def read_part(name: str, data: bytes, context: ReadingContext, part: str) -> Document:
    lines = dict(line.split(" ", 1) for line in data.decode().splitlines())
    return _do(lines[part])


def _do(directive: str) -> Document:
    verb, _, argument = directive.strip().partition(":")
    said = _VERBS[verb](argument)
    finding = Finding(None, 1, None, "", Field.DESTINATION, str(said), None, 0.0, Decision.EMPTY)
    return Document(Source("part", "0" * 64, "text/plain"), findings=(finding,))


def _loop(_: str) -> None:
    while True:
        pass


def _stop(_: str) -> None:
    time.sleep(3600)


def _eat(_: str) -> None:
    held = []
    while True:
        held.append(bytearray(10_000_000))


def _native_crash(_: str) -> None:
    ctypes.string_at(1)


def _exit(code: str) -> None:
    os._exit(int(code or 0))


def _kill_self(_: str) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while True:
        pass


def _kill_parent(_: str) -> str:
    return _refused(lambda: os.kill(os.getppid(), signal.SIGKILL))


def _flood(_: str) -> None:
    block = b"x" * 1_000_000
    for _round in range(100):
        os.write(3, block)


def _forge(_: str) -> None:
    os.write(3, (40).to_bytes(8, "big") + b'{"source": 1}'.ljust(40))
    os._exit(0)


def _fork_bomb(_: str) -> str:
    born = 0
    for _round in range(50):
        try:
            if os.fork() == 0:
                time.sleep(3600)
                os._exit(0)
            born += 1
        except OSError:
            pass
    return f"born {born}"


def _program(_: str) -> str:
    return _refused(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))


def _network(_: str) -> str:
    return _refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 9)))


def _refused(act) -> str:
    try:
        act()
    except OSError as e:
        return type(e).__name__
    return "allowed"


def _big_file(_: str) -> str:
    try:
        with Path("big").open("wb") as f:
            for _round in range(200):
                f.write(bytes(1_000_000))
                f.flush()
    except OSError as e:
        return type(e).__name__
    return "allowed"


def _surroundings(_: str) -> str:
    descriptors = {int(p.name): p for p in Path("/proc/self/fd").iterdir()}
    kept = sorted(n for n, p in descriptors.items() if p.exists())
    leader = os.getsid(0) == os.getpid()
    return f"env {dict(os.environ)} descriptors {kept} leader {leader} files {list(Path().iterdir())}"


def _raise(_: str) -> None:
    raise RuntimeError("secret")


_VERBS = {
    "ok": lambda said: said,
    "loop": _loop,
    "stop": _stop,
    "eat": _eat,
    "crash": _native_crash,
    "exit": _exit,
    "kill-self": _kill_self,
    "kill-parent": _kill_parent,
    "flood": _flood,
    "forge": _forge,
    "fork-bomb": _fork_bomb,
    "program": _program,
    "network": _network,
    "big-file": _big_file,
    "surroundings": _surroundings,
    "raise": _raise,
}
