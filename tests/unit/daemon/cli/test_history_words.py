"""Every kind of event has a word on the terminal: nobody reads codes in `meibod history`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import daemon.handlers
from daemon.cli.history import KINDS
from daemon.domain.model import OutboxState, TrainingState

_KIND = re.compile(r"[a-z]+(-[a-z]+)+|purged")
HANDLERS = Path(str(daemon.handlers.__file__)).parent


def written_kinds() -> Iterator[str]:
    """The kinds that stand as words in calls that append an event."""
    for file in HANDLERS.glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and "event" in _name(call):
                words = (c for argument in call.args for c in ast.walk(argument) if isinstance(c, ast.Constant))
                yield from (str(w.value) for w in words if _KIND.fullmatch(str(w.value)))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_kind_of_event_is_worded() -> None:
    made = {f"training-{s.value}" for s in (TrainingState.COMPLETE, TrainingState.RESULTS, TrainingState.CLOSED)}
    made |= {f"mail-{s.value}" for s in (OutboxState.SENT, OutboxState.CONFIRMED)}
    found = set(written_kinds())
    assert len(found) > 40
    assert found | made <= KINDS.keys()
