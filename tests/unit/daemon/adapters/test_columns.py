"""How values become columns and back."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.store.columns import canonical_json, instant, microseconds
from daemon.adapters.store.schema import EVIDENCE, PROBLEMS, STRINGS
from parsers.findings import Evidence, Problem

_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
_INSTANTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2900, 1, 1), timezones=_ZONES)
_TEXTS = st.text(max_size=5)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(_INSTANTS)
def test_an_instant_survives_to_the_microsecond_whatever_its_zone(at: dt.datetime) -> None:
    assert instant(microseconds(at)) == at
    assert instant(microseconds(at)).tzinfo is dt.UTC


@given(_INSTANTS, _INSTANTS)
def test_instants_sort_as_they_happened(one: dt.datetime, other: dt.datetime) -> None:
    assert (microseconds(one) < microseconds(other)) == (one < other)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        microseconds(dt.datetime(2026, 3, 2))


@given(_JSON)
def test_canonical_json_means_the_same_and_is_a_fixed_point(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_canonical_json_does_not_depend_on_the_order_of_members() -> None:
    assert canonical_json({"b": dt.date(2026, 3, 2), "a": {3, 1}}) == '{"a":[1,3],"b":"2026-03-02"}'


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        canonical_json({"x": object()})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (STRINGS, ()),
        (STRINGS, ("a", "髙")),
        (PROBLEMS, (Problem.DITTO, Problem.TWO_DATES)),
        (EVIDENCE, Evidence()),
        (EVIDENCE, Evidence(part="2/a.xlsx", page=3, box_mm=(1.0, 2.0, 3.5, 4.0), cell="F12", crop_sha256="a" * 64)),
    ],
)
def test_nested_values_come_back_equal(kind: object, value: object) -> None:
    stored = kind.process_bind_param(value, None)  # type: ignore[attr-defined]
    assert kind.process_result_value(stored, None) == value  # type: ignore[attr-defined]
