"""No bytes raise, and none take long: mutated real structures, and the constructions known to hurt parsers."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.findings import Document, Source, document_from_json, to_json
from parsers.mail.markup import text_of_html
from parsers.mail.message import ParsedMail
from parsers.mail.wording import classify_said
from tests.unit.parsers.mail.bounce_samples import PLAIN
from tests.unit.parsers.mail.letters import attached, nested, part, read, said, text, with_parts

STRUCTURES = [
    with_parts("Subject: =?UTF-8?B?5ZCN57C/?=\nTo: a@b.example", "mixed", text("名簿を返送します"), attached()),
    with_parts("Subject: x", "mixed", nested("alternative", text("a"), part("Content-Type: text/html", "<p>a</p>"))),
    with_parts("Subject: x", "report", text("a"),
               part("Content-Type: message/delivery-status", "A: b\n\nAction: failed\nStatus: 5.1.1")),
    said("2026年4月1日(水) 10:00 x <a@b.example>:\n> y",
         "References: <a@b> <c@d>\nDate: Wed, 1 Apr 2026 10:00:00 +0900"),
    b"Content-Disposition: attachment; filename*0*=iso-2022-jp''%1B%24BL; filename*1=x\nContent-Type: a/b\n\nx",
    *PLAIN.values(),
]  # fmt: skip
SPANNERS = [b"\r\n", b"--=_edge", b"\x1b$B", b"=?", b'"', b"\n\n", b"\r", b"\x00"]
LIMIT_S = 8.0
"""Far above what any of these takes (a second), far below what a quadratic reader would."""


def check(found: ParsedMail) -> None:
    assert all(p.name and "/" not in p.name for p in found.parts)
    assert len({p.path for p in found.parts}) == len(found.parts)
    document = Document(Source("x", "0", "message/rfc822"), problems=found.notes, message=found.message)
    assert document_from_json(to_json(document)) == document
    stored = json.dumps(to_json(document), ensure_ascii=False).encode()  # no lone surrogates
    assert b"\\u0000" not in stored


@given(st.binary(max_size=2000))
def test_no_bytes_raise(raw: bytes) -> None:
    check(read(raw))


@settings(max_examples=300)
@given(st.data())
def test_no_mutation_of_a_real_structure_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(STRUCTURES)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        width = data.draw(st.integers(0, 12))
        raw[at : at + width] = data.draw(st.binary(max_size=8) | st.sampled_from(SPANNERS))
    check(read(bytes(raw)))


@given(st.integers(0, 400))
def test_a_mail_cut_anywhere_is_read(at: int) -> None:
    for raw in STRUCTURES[:4]:
        check(read(raw[: len(raw) - at]))


HOSTILE = {
    "boundaries in a line": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx" * 1_000_000,
    "boundaries without end": b"Content-Type: multipart/mixed\n\n" + b"--x\n" * 1_000_000,
    "the same boundary inside": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 20_000,
    "ten thousand levels": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(10_000)
    ),
    "header of encoded words": b"Subject: " + b"=?a?b?" * 100_000 + b"\n\n",
    "header of addresses": b"From: " + b'"a,<' * 100_000 + b"\n\n",
    "header of folds": b"Subject: a" + b"\n a" * 300_000 + b"\n\n",
    "many headers": b"X: a\n" * 300_000 + b"\n",
    "parameters": b'Content-Type: a/b; name="' + b"\\" * 300_000 + b"\n\n",
    "escapes": b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B0l\x1b(B" * 200_000,
    "quote heads": b"Content-Type: text/plain\n\n" + b"On 2026-04-01 10:00 x\n" * 50_000,
    "field blocks": b"Content-Type: text/plain\n\n" + b"From: x\n" * 100_000,
    "one long line": b"Subject: Undeliverable\nFrom: postmaster@x.example\n\n" + b"the recipient " * 80_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mails_are_read_in_time(name: str) -> None:
    started = time.perf_counter()
    check(read(HOSTILE[name]))
    assert time.perf_counter() - started < LIMIT_S


@pytest.mark.parametrize(
    "fragment", ["<!--", "<a", '<a "" ', "<a '>", "<", "<blockquote>", "<script", "</", "<!x", "&a"]
)
def test_hostile_html_is_read_in_time(fragment: str) -> None:
    started = time.perf_counter()
    text_of_html(fragment * (600_000 // len(fragment)))
    assert time.perf_counter() - started < LIMIT_S


@pytest.mark.parametrize(
    "fragment", ["以上", "受領の", "お手数ですが", "名簿", "4/1", "- ", "(", "\n", "、", "TEL", "1-1"]
)
def test_hostile_words_are_judged_in_time(fragment: str) -> None:
    started = time.perf_counter()
    classify_said(fragment * (300_000 // len(fragment)))
    assert time.perf_counter() - started < LIMIT_S
