"""What gateways and machines say about a fax: numbers, times, page counts."""

from __future__ import annotations

import pytest

from daemon.domain.directory import FaxGateway
from daemon.domain.fax import Count, Slip, counted, dialled, numbers_in, slip_of

BY_SUBJECT = FaxGateway("a", "fax@example.jp", r"^Fax from (?P<csid>[^(]+?)(?: \((?P<pages>[\d/]+)\))?$")
BY_FILE = FaxGateway("b", "fax@example.jp", "", r"^(?P<received>\d{14})_(?P<csid>\d+)\.tif$")


@pytest.mark.parametrize(
    ("gateway", "subject", "files", "slip"),
    [
        (BY_SUBJECT, "Fax from 045-111-2222 (3)", (), Slip("045-111-2222", pages=3)),
        (BY_SUBJECT, "Fax from ﾖｺﾊﾏ (1/12)", (), Slip("ﾖｺﾊﾏ", pages=12)),
        (BY_SUBJECT, "Fax from 1 (0)", (), Slip("1")),
        (BY_SUBJECT, "何か別の件名", (), Slip()),
        (BY_FILE, "x", ("logo.png", "20260316095800_0451112222.tif"), Slip("0451112222", "20260316095800")),
        (FaxGateway("c", "fax@example.jp"), "Fax from 1", ("a.tif",), Slip()),
    ],
)
def test_a_slip_holds_what_the_patterns_name_and_nothing_else(
    gateway: FaxGateway, subject: str, files: tuple[str, ...], slip: Slip
) -> None:
    assert slip_of(gateway, subject, files) == slip


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        (["2026/03/16 09:58 045-111-2222 P.001/003", "2026/03/16 09:59 045-111-2222 P.002/003"], Count(3, (1, 2))),
        (["２０２６／０３／１６ Ｐ．１／２", ""], Count(2, (1,))),
        (["PAGE 2 OF 5"], Count(5, (2,))),
        (["03/16 09:58 2/3頁"], Count(3, (2,))),
        # Faxed twice: the newer line is on top, the older one says what the first fax had.
        (["A 001/002 B P.1/4", "A 002/002 B P.2/4"], Count(2, (1, 2))),
        (["P.3/4 P.1/2", "P.4/4 P.2/2"], Count(4, (3, 4))),
        # One of them counts on, the other begins anew: only the first is the count of this fax.
        (["P.1/1 P.1/2", "P.1/1 P.2/2"], Count(2, (1, 2))),
        (["2026/03/16 10:00 045-1"], None),
        (["4/10"], None),
        (["P.5/3"], None),
        (["P.1/2", "P.1/2"], None),
        ([], None),
    ],
)
def test_pages_are_counted_by_what_the_header_lines_agree_on(headers: list[str], count: Count | None) -> None:
    assert counted(headers) == count


@pytest.mark.parametrize("number", ["045-111-2222", "+81 45 111 2222", "０４５（１１１）２２２２", "+81-45-111-2222"])
def test_a_number_is_the_same_however_it_is_written(number: str) -> None:
    assert dialled(number) == "0451112222"


def test_numbers_are_found_in_a_header_line() -> None:
    assert numbers_in("2026/03/16 09:58 ﾖｺﾊﾏﾁｭｳ 045-111-2222 P.001/003") == ("0451112222",)
