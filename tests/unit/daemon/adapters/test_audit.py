"""The hash chain, on a history held in a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.store.audit import GENESIS, seal, verify_chain
from daemon.domain.model import Event
from daemon.ports import Store

AT = dt.datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=dt.UTC)


class ListedHistory:
    """As much of a store as the check needs."""

    def __init__(self, events: list[Event]) -> None:
        self.lines = events

    @contextmanager
    def snapshot(self) -> Iterator[ListedHistory]:
        yield self

    def events(self, *, since_seq: int = 0, limit: int | None = None) -> list[Event]:
        return [e for e in self.lines if e.seq > since_seq][:limit]


def _chain(length: int) -> list[Event]:
    events: list[Event] = []
    for n in range(1, length + 1):
        previous = events[-1].hash if events else GENESIS
        event = Event(n, AT, "meibod", "kind", "T", "神奈川", f"mail:{n}", '{"n":1}', previous, "")
        events.append(replace(event, hash=seal(event)))
    return events


def _problems(events: list[Event]) -> list[str]:
    return verify_chain(cast("Store", ListedHistory(events)))


def test_an_empty_history_is_sound() -> None:
    assert _problems([]) == []


def test_a_long_history_is_sound_across_pages() -> None:
    assert _problems(_chain(2500)) == []


@given(
    at=st.integers(0, 19),
    change=st.sampled_from(
        [
            {"actor": "x"}, {"kind": "x"}, {"training_id": ""}, {"prefecture": "東京"}, {"subject": "mail:0"},
            {"payload": "{}"}, {"at": AT + dt.timedelta(microseconds=1)}, {"hash": "0" * 64}, {"previous": "f" * 64},
        ]
    ),
)  # fmt: skip
def test_any_change_to_any_line_is_noticed(at: int, change: dict[str, Any]) -> None:
    events = _chain(20)
    events[at] = replace(events[at], **change)
    assert _problems(events)


@given(at=st.integers(0, 18))
def test_a_line_taken_out_is_noticed(at: int) -> None:
    events = _chain(20)
    del events[at]
    assert _problems(events)


def test_a_line_changed_and_sealed_anew_is_noticed_by_the_next() -> None:
    events = _chain(3)
    forged = replace(events[1], actor="somebody")
    events[1] = replace(forged, hash=seal(forged))
    assert _problems(events) == ["event 3 does not follow event 2"]


def test_members_cannot_be_shifted_into_each_other() -> None:
    event = _chain(1)[0]
    assert seal(replace(event, actor="ab", kind="c")) != seal(replace(event, actor="a", kind="bc"))


@pytest.mark.parametrize("lost", [1, 2])
def test_what_was_cut_off_at_the_front_is_named(lost: int) -> None:
    assert _problems(_chain(5)[lost:]) == [f"the history begins with event {lost + 1}: what came before is gone"]
