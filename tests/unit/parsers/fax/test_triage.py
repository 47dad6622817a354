"""What is printed on a page without a page code is read as a help for a person, and never invented."""

import cv2
import numpy as np
import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, fax, printed
from parsers.fax.fit import fit_page
from parsers.fax.ocr import Place, Text, read_line
from parsers.fax.page import FittedPage, Raster
from parsers.fax.triage import Glance, codes_in, glance, header_text
from tests.fakes.rosters import KEY, roster_sheet

HEADER = "2026-04-10 15:42  FROM 079-101-1340  P.002/003"


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    """A page of a roster, printed."""
    return printed(TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(roster_sheet()).pdf, dpi=300)


def sent(sheet: Sheet, **how: object) -> Raster:
    """Faxed twice in normal mode; the last machine may do as told."""
    rng = np.random.default_rng(3)
    once = fax(sheet, FaxPass(NORMAL, scale=(0.97, 0.97), skew_deg=0.4), rng)
    twice = fax(once, FaxPass(NORMAL, **how), rng)  # type: ignore[arg-type]
    return Raster(1, twice.gray, *twice.dpi)


def without_codes(raster: Raster) -> Raster:
    """Both page codes inked over."""
    page = fit_page(raster)
    assert isinstance(page, FittedPage)
    gray = raster.gray.copy()
    for x, y, w, h in page.geometry.codes:
        corners = np.array([[x, y, 1], [x + w, y, 1], [x + w, y + h, 1], [x, y + h, 1]]) @ page.warp.T
        cv2.fillConvexPoly(gray, (corners[:, :2] / corners[:, 2:]).astype(np.int32), 0)
    return Raster(1, gray, raster.dpi_x, raster.dpi_y)


def lines(*texts: str) -> list[tuple[Place, Text]]:
    return [(Place(np.zeros((4, 2))), Text(text, 0.9)) for text in texts]


def test_the_printed_roster_code_of_a_page_without_page_codes_is_guessed(sheet: Sheet) -> None:
    found = glance(without_codes(sent(sheet)))
    assert found == Glance(codes=(roster_sheet().roster.code,), turned_deg=0)


def test_a_page_fed_upside_down_is_read_too(sheet: Sheet) -> None:
    found = glance(sent(sheet, turned_deg=180))
    assert (found.codes, found.turned_deg) == ((roster_sheet().roster.code,), 180)


def test_a_code_with_wrong_check_symbols_is_no_guess() -> None:
    code = roster_sheet().roster.code
    assert list(codes_in(lines("回付番号 " + code[:7] + ("W" if code[7] != "W" else "X") + code[8:]))) == []


def test_one_symbol_that_looks_like_another_is_forgiven_when_the_check_symbols_then_fit() -> None:
    assert list(codes_in(lines("回付番号7Q2K9XD4" + "AA"))) == []
    code = next(c for c in (f"{n:08d}" for n in range(50_000_000, 50_000_400)) if "5" in c)
    from parsers.codes import decode, encode

    whole = code + encode(decode(code) % 1021, 2)
    misread = whole.replace("5", "S", 1)
    assert list(codes_in(lines(f"回付番号　{misread}"))) == [whole]


def test_other_numbers_on_the_page_are_no_roster_codes() -> None:
    assert list(codes_in(lines("TEL 03-0000-5678", "FAX 0300005679", "2026041015", "受講者名簿"))) == []


def test_an_empty_page_says_nothing() -> None:
    assert glance(Raster(1, np.full((1100, 1728), 255, dtype=np.uint8), 204.0, 98.0)) == Glance()


def test_header_lines_are_read_from_above_the_form(sheet: Sheet) -> None:
    page = fit_page(sent(sheet, header=HEADER, header_pushes=True))
    assert isinstance(page, FittedPage)
    read = header_text(page)
    assert "15:42" in read
    assert "079-101-1340" in read


def test_header_lines_of_a_page_fed_upside_down_stand_below_the_form(sheet: Sheet) -> None:
    rng = np.random.default_rng(4)
    got = fax(sheet, FaxPass(FINE, scale=(0.96, 0.96), turned_deg=180, header=HEADER, header_pushes=True), rng)
    page = fit_page(Raster(1, got.gray, *got.dpi))
    assert isinstance(page, FittedPage)
    assert "079-101-1340" in header_text(page)


def test_without_header_lines_there_is_no_header(sheet: Sheet) -> None:
    page = fit_page(sent(sheet))
    assert isinstance(page, FittedPage)
    assert header_text(page) == ""


def test_a_cover_sheet_says_so_itself() -> None:
    from parsers.fax.triage import says_cover

    assert says_cover(lines("ＦＡＸ送信票", "送信枚数 3枚（本紙を含む）"))
    assert says_cover(lines("書 類 送 付 状"))
    assert not says_cover(
        lines("受講者名簿（ＩＤ登録用）", "四隅の■と回付番号を隠さず、「濃く・ファイン」でＦＡＸ送信。")
    )


def test_nothing_is_read_from_a_speck() -> None:
    assert read_line(np.zeros((1, 1), dtype=np.uint8)) == Text("", 0.0)
