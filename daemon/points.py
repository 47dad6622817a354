"""Named points between intent, effect and record. Passing one is an observable event and nothing else.

The points make the order of work visible: with `[log] level = "debug"` each is a line of the log, and the crash tests
end the process with SIGKILL at each of them, one after the other (I8).
"""

from __future__ import annotations

from collections.abc import Callable

_observers: list[Callable[[str], None]] = []

NAMES = (
    "intake.before-fetch",
    "intake.after-fetch",
    "intake.after-blob",
    "intake.before-commit",
    "intake.after-commit",
    "ingest.before-claim",
    "ingest.after-claim",
    "ingest.after-read",
    "ingest.before-commit",
    "ingest.after-commit",
    "approve.after-documents",
    "approve.before-commit",
    "approve.after-commit",
    "remind.before-commit",
    "remind.after-commit",
    "digest.before-commit",
    "digest.after-commit",
    "deliver.before-claim",
    "deliver.after-claim",
    "deliver.before-submit",
    "deliver.after-submit",
    "deliver.before-record",
    "deliver.after-record",
    "settle.before-commit",
    "settle.after-commit",
    "order.before-steps",
    "order.before-commit",
    "order.after-commit",
    "order.before-answer",
    "answer.before-commit",
    "answer.after-commit",
    "review.before-commit",
    "review.after-commit",
)
"""Every point there is; `reach` refuses others, so the crash tests cannot miss one."""


def reach(name: str) -> None:
    """Tell the observers that the program has come to `name`."""
    if name not in NAMES:
        raise ValueError(f"unknown point: {name}")
    for observer in _observers:
        observer(name)


def observe(observer: Callable[[str], None]) -> None:
    """Call `observer` with the name of each point from now on."""
    _observers.append(observer)
