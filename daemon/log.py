"""Logs: short events with fields on stderr, as JSON lines or for a terminal, without personal data (I7).

Everything passes one masking step, our own events and those of libraries alike: whatever looks like a mail address
is cut, fields that may hold personal data are blanked, long texts are shortened. `correlation` ties the events of
one job together by an id. Handlers and adapters take their logger from structlog itself (`structlog.get_logger()`).
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PERSONAL = frozenset(
    {
        "name", "kana", "names", "trainee", "terminal_id", "sender", "sender_name", "from", "to", "cc", "bcc",
        "recipient", "recipients", "address", "addresses", "subject", "body", "text", "said", "html", "raw", "content",
        "password", "secret", "token", "access_token", "refresh_token", "authorization",
    }
)  # fmt: skip
"""Fields that are never shown, whatever they hold."""
MASK = "***"
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]*@[^\s<>\"'(),;\[\]]*")
_FRAMES = 12
_ERROR_TEXT = 200
_LONGEST = 500
"""Characters of one text; a mail body that slipped into an event must not fill the log."""
_NOISY = {"apscheduler": logging.WARNING, "imapclient": logging.INFO, "sqlalchemy": logging.WARNING,
          "aiosqlite": logging.WARNING, "alembic": logging.WARNING, "fontTools": logging.WARNING}  # fmt: skip
"""Libraries whose lower levels print protocol traces or statements (with their values)."""


def mask(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: the event without addresses and personal fields."""
    return {key: MASK if key.lower() in PERSONAL else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str):
        shown = _ADDRESS.sub(MASK, value)
        return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
    if isinstance(value, Mapping):
        return {k: MASK if str(k).lower() in PERSONAL else _masked(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(v) for v in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _masked(str(value))


def setup_logging(level: str, style: Literal["json", "console"], stream: TextIO | None = None) -> None:
    """Send structlog and the standard library to `stream` (stderr when None). May be called again.

    Args:
        level: debug, info, warning or error; noisy libraries keep their own floor.
        style: one JSON object a line, or aligned text for a terminal.
        stream: where to write.
    """
    out = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        traceback_in_short,
        mask,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _route_standard_library(level, _formatter(style, before, out), out)


def _formatter(style: str, before: list[Processor], out: TextIO) -> logging.Formatter:
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty(), sort_keys=False)
    last = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=[last, _in_order, renderer])


def _route_standard_library(level: str, formatter: logging.Formatter, out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "of_meibod", False)]:
        root.removeHandler(old)
    handler.of_meibod = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    floor = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(floor)
    for library, least in _NOISY.items():
        logging.getLogger(library).setLevel(max(floor, least))
    logging.captureWarnings(capture=True)


def traceback_in_short(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: exc_info as types and places; messages are cut short, source and values left out.

    Values in a traceback are where personal data hides (a KeyError names its key, a decoder shows its bytes).
    """
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if not isinstance(error, BaseException):
        return event
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    event["frames"] = [f"{_short_path(f.filename)}:{f.lineno} {f.name}" for f in frames]
    event["error"] = f"{type(error).__name__}: {error}"[:_ERROR_TEXT]
    if causes := _causes(error):
        event["because"] = causes
    return event


def _causes(error: BaseException) -> list[str]:
    """Types of what the error was raised from, nearest first."""
    found: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(found) < _FRAMES:
        found.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return found


def _in_order(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    first = {key: event.pop(key) for key in ("at", "level", "event") if key in event}
    return {**first, **event}


def _short_path(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-3:])


@contextmanager
def correlation(**ids: str | int) -> Iterator[None]:
    """Every event inside the block carries `ids`, e.g. `correlation(mail=118)`; tasks started inside inherit them."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield
