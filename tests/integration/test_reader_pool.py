"""The confined reading process against attachments that loop, eat, crash, flood and fork."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import threading
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from daemon.adapters.reader_pool import ReaderUnavailable, SandboxedReader
from daemon.adapters.reading.wire import Limits
from parsers.findings import Document, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.pdfs import set_page
from tests.fakes.workbooks import returned_workbook

NOTHING = ReadingContext()
SHORT = Limits(wall_s=0.8, cpu_s=30, memory_bytes=200 << 20, output_bytes=4 << 20)


@pytest.fixture(scope="module")
def hostile() -> Iterator[SandboxedReader]:
    pool = SandboxedReader(SHORT, module="tests.fakes.hostile_reader")
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def pool() -> Iterator[SandboxedReader]:
    pool = SandboxedReader(Limits(wall_s=20.0))
    yield pool
    pool.close()


def _said(document: Document) -> list[str]:
    return [f.text for f in document.findings]


def _killed(document: Document) -> list[tuple[str, str]]:
    assert {n.code for n in document.problems} <= {Problem.READER_KILLED}
    return [(n.part, n.detail) for n in document.problems]


@pytest.mark.parametrize(
    ("directive", "cause"),
    [
        ("stop", "time"),
        ("loop", "time"),
        ("eat", "memory"),
        ("flood", "output"),
        ("forge", "damaged"),
        ("exit:0", "damaged"),
        ("exit:3", "exit 3"),
        ("raise", "exit 70"),
        ("crash", f"signal {int(signal.SIGSEGV)}"),
        ("kill-self", f"signal {int(signal.SIGALRM)}"),
    ],
)
def test_whatever_a_file_does_to_its_reader_is_told_as_its_death(
    hostile: SandboxedReader, directive: str, cause: str
) -> None:
    assert _killed(hostile.read("x", directive.encode(), NOTHING)) == [("", cause)]
    assert _said(hostile.read("x", b"ok:alive", NOTHING)) == ["alive"]


def test_a_reader_that_burns_its_processor_time_is_ended_by_the_kernel() -> None:
    pool = SandboxedReader(dataclasses.replace(SHORT, wall_s=20.0, cpu_s=1), module="tests.fakes.hostile_reader")
    try:
        assert _killed(pool.read("x", b"loop", NOTHING)) == [("", "cpu")]
    finally:
        pool.close()


def test_exactly_the_guilty_attachment_is_lost(hostile: SandboxedReader) -> None:
    mail = b"1 ok:one\n2 exit:9\n3/a.xlsx ok:three\n4 kill-self\n5 ok:five"
    document = hostile.read("mail", mail, NOTHING)
    assert _said(document) == ["one", "three", "five"]
    assert [part for part, _ in _killed(document)] == ["2", "4"]
    assert document.message is not None
    assert len(document.message.attachments) == 5


def test_a_mail_whose_outline_kills_is_one_death(hostile: SandboxedReader) -> None:
    assert _killed(hostile.read("mail", b"1 ok:one\n2 outline-dies", NOTHING)) == [("", "exit 9")]


def test_pieces_are_not_tried_for_ever() -> None:
    pool = SandboxedReader(SHORT, module="tests.fakes.hostile_reader", budget_s=2.5)
    try:
        pool.read("x", b"ok:warm", NOTHING)  # the start of the process is no part of the budget here
        document = pool.read("mail", b"1 stop\n2 stop\n3 stop\n4 stop\n5 stop", NOTHING)
    finally:
        pool.close()
    assert [part for part, _ in _killed(document)] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("directive", ["network", "program", "kill-parent", "big-file"])
def test_a_reader_cannot_reach_outside(hostile: SandboxedReader, directive: str) -> None:
    assert _said(hostile.read("x", directive.encode(), NOTHING)) != ["allowed"]


def test_a_reader_cannot_multiply(hostile: SandboxedReader) -> None:
    assert _said(hostile.read("x", b"fork-bomb", NOTHING)) == ["born 0"]


def test_a_reader_sees_an_empty_world(hostile: SandboxedReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEIBOD_SECRET", "hush")
    seen = _said(hostile.read("x", b"surroundings", NOTHING))
    assert seen == ["env {} descriptors [0, 1, 2, 3] leader True files []"]


def test_two_threads_read_at_once_and_a_death_harms_no_neighbour(hostile: SandboxedReader) -> None:
    results: dict[int, Document] = {}

    def read(number: int) -> None:
        directive = b"exit:1" if number % 3 == 0 else f"ok:{number}".encode()
        results[number] = hostile.read("x", directive, NOTHING)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: _said(d) for n, d in results.items()} == {n: [] if n % 3 == 0 else [str(n)] for n in range(12)}


def test_a_dead_warm_process_is_started_anew(hostile: SandboxedReader) -> None:
    hostile.read("x", b"ok:1", NOTHING)
    first = hostile.warm_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert _said(hostile.read("x", b"ok:2", NOTHING)) == ["2"]
    assert _said(hostile.read("x", b"ok:3", NOTHING)) == ["3"]
    assert hostile.warm_pid not in {None, first}


def test_a_reading_process_that_cannot_start_is_no_fault_of_the_mail() -> None:
    pool = SandboxedReader(SHORT, module="tests.fakes.no_such_reader")
    try:
        for _attempt in range(2):
            with pytest.raises(ReaderUnavailable):
                pool.read("x", b"ok:1", NOTHING)
    finally:
        pool.close()


def test_an_idle_pool_keeps_no_process() -> None:
    pool = SandboxedReader(SHORT, module="tests.fakes.hostile_reader")
    assert pool.warm_pid is None
    pool.read("x", b"ok:1", NOTHING)
    assert not pool.rest(idle_s=3600)
    assert pool.rest(idle_s=0)
    assert pool.warm_pid is None
    assert _said(pool.read("x", b"ok:2", NOTHING)) == ["2"]
    pool.close()
    pool.close()
    assert pool.warm_pid is None


# -- with the real parsers


def _mail(**attachments: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "office@example.jp", "roster@example.jp", "名簿"
    mail["Message-ID"] = "<1@example.jp>"
    mail.set_content("返送します。")
    for name, data in attachments.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return mail.as_bytes()


def test_the_pool_reads_what_the_parsers_read(pool: SandboxedReader) -> None:
    raw = _mail(
        roster_xlsx=returned_workbook(20),
        page_pdf=set_page("#pad(20mm)[名簿ではありません]"),
        a_7z=b"7z\xbc\xaf\x27\x1c",
    )
    assert pool.read("1.eml", raw, NOTHING) == read_file("1.eml", raw, NOTHING)


def test_a_zip_bomb_in_a_workbook_is_a_note(pool: SandboxedReader) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(returned_workbook(2))) as book,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in book.namelist():
            bomb.writestr(entry, book.read(entry))
        bomb.writestr("xl/media/bomb.bin", bytes(300_000_000))
    document = pool.read("1.eml", _mail(bomb_xlsx=out.getvalue(), good_xlsx=returned_workbook(3)), NOTHING)
    assert [(n.code, n.part[:1]) for n in document.problems] == [(Problem.TOO_LARGE, "2")]
    assert len({f.row for f in document.findings}) == 3


def test_a_pdf_that_points_to_itself_is_survived(pool: SandboxedReader) -> None:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 99999>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>>>>>",
        b"<</Length 4>>stream\n/A Do\nendstream",
        b"<</Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 5 0 R>>>>/Length 5>>stream\n/A Do\nendstream",
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%b\nendobj\n" % (i, o) for i, o in enumerate(objects, 1))
    data = body + b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n0\n%%EOF"
    document = pool.read("1.eml", _mail(loop_pdf=data, good_xlsx=returned_workbook(3)), NOTHING)
    assert document.problems
    assert {n.part[:1] for n in document.problems} == {"2"}
    assert len({f.row for f in document.findings}) == 3
