"""The general OCR behind the walls: models opened by a confined child, or before it was forked."""

from __future__ import annotations

import pytest

from daemon.adapters.reader_pool import SandboxedReader
from parsers.reading import ReadingContext
from tests.fakes.prints import printed_line

LINE = "FAX 03-0000-5678"


@pytest.mark.parametrize("module", ["tests.fakes.ocr_reader", "tests.fakes.warm_ocr_reader"])
def test_a_confined_child_reads_print(module: str) -> None:
    pool = SandboxedReader(module=module)
    try:
        for _ in range(3):
            document = pool.read("line.png", printed_line(LINE), ReadingContext())
            assert document.problems == ()
            lines, _, text = document.findings[0].text.partition(" ")
            assert int(lines) >= 1
            assert text.replace(" ", "") == LINE.replace(" ", "")
    finally:
        pool.close()
