"""What travels between the daemon and a reading child; everything that comes back is untrusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.reading.wire import (
    BadAnswer,
    Limits,
    Op,
    Request,
    pack_answer,
    pack_request,
    unpack_answer,
    unpack_request,
)
from parsers.findings import Document, Note, Picture, Problem, Source
from parsers.reading import NamedPage, ReadingContext

DOCUMENT = Document(Source("名簿.xlsx", "0" * 64, "text/plain"), problems=(Note(Problem.TOO_LARGE, "\udc80"),))
PICTURED = replace(DOCUMENT, pictures=(Picture(b"\x89PNG\x00\xff"), Picture(b"")))


@given(
    name=st.text(),
    data=st.binary(),
    part=st.text(),
    op=st.sampled_from(Op),
    day=st.none() | st.dates(),
    addresses=st.lists(st.text(), max_size=3).map(tuple),
)
def test_a_request_arrives_as_it_was_sent(
    name: str, data: bytes, part: str, op: Op, day: dt.date | None, addresses: tuple[str, ...]
) -> None:
    days = () if day is None else (("7Q2K9XD4HP", day),)
    named = (NamedPage("2/fax.tif", 1, 1, "0000000000", 1, 2, 13),)
    context = ReadingContext(received_on=day, not_before_on=day, first_days=days, fax_senders=addresses, named=named)
    request, limits = Request(op, name, data, context, part), Limits(wall_s=1.5)
    assert unpack_request(pack_request(request, limits)) == (request, limits)


def test_an_answer_arrives_as_it_was_sent_whatever_its_characters() -> None:
    assert unpack_answer(pack_answer(DOCUMENT)) == DOCUMENT


def test_pictures_travel_beside_the_document() -> None:
    assert unpack_answer(pack_answer(PICTURED)) == PICTURED


@given(st.integers(0, 200))
def test_an_answer_cut_short_is_no_answer(kept: int) -> None:
    whole = pack_answer(DOCUMENT)
    with pytest.raises(BadAnswer):
        unpack_answer(whole[: min(kept, len(whole) - 1)])


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        b'{"source":1}',
        b"\xff",
        b"[" * 100_000,
        b'{"source":{},"pages":5}',
        b'"x"',
        b"NaN",
        b'{"document":{},"pictures":["!"]}',
    ],
)
def test_an_answer_that_is_no_document_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        unpack_answer(len(body).to_bytes(8, "big") + body)
