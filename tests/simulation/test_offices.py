"""What simulated offices write, read by the real parsers: right, or in doubt, never wrong."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.chance import Chance
from daemon.simulation.clock import VirtualClock, tokyo
from daemon.simulation.offices.paper import into_cells, type_over
from daemon.simulation.offices.workbook import Workbook
from daemon.simulation.people import people
from daemon.simulation.spelling import PLAIN_WAYS, WAYS, kanji_number, two_digit_year_trap
from parsers.findings import Decision, Field
from parsers.reading import ReadingContext, read_file
from tests.fakes.rosters import KEY, roster_sheet

DAYS = (dt.date(2026, 3, 31), dt.date(2026, 4, 1), dt.date(2026, 4, 13))
CONTEXT = ReadingContext(received_on=dt.date(2026, 4, 14), not_before_on=dt.date(2026, 3, 12))
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture(scope="module")
def roster():
    return TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(roster_sheet(Course.WM_SKILL_UP, 3))


def read_back(data: bytes, name: str = "roster.xlsx"):
    found = read_file(name, data, CONTEXT).findings
    return {f.enrollment or f"row {f.row}": f for f in found if f.field is FIELD}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_way_of_writing_a_day_is_read_right_or_left_to_a_person(roster, way):
    book = Workbook(roster.xlsx)
    written = dict(zip((line.enrollment for line in book.lines()), DAYS, strict=True))
    for enrollment, day in written.items():
        book.enter(enrollment, FIELD, WAYS[way](day))
    found = read_back(book.save(dt.date(2026, 4, 13)))
    assert found.keys() == written.keys()
    for enrollment, day in written.items():
        read = found[enrollment]
        assert read.decision is not Decision.EMPTY
        if read.decision is Decision.ACCEPT:
            assert read.value == day.isoformat()


@pytest.mark.parametrize("way", PLAIN_WAYS)
def test_what_most_offices_write_needs_nobody(roster, way):
    book = Workbook(roster.xlsx)
    first = book.lines()[0].enrollment
    book.enter(first, FIELD, WAYS[way](DAYS[1]))
    assert read_back(book.save(DAYS[1]))[first].decision is Decision.ACCEPT


def test_the_year_2008_is_never_taken_for_a_registration(roster):
    book = Workbook(roster.xlsx)
    first = book.lines()[0].enrollment
    book.enter(first, FIELD, two_digit_year_trap(DAYS[1]))
    assert read_back(book.save(DAYS[1]))[first].decision is Decision.REVIEW


def test_sorting_and_removing_rows_keeps_every_date_with_its_trainee(roster):
    book = Workbook(roster.xlsx)
    one, two, three = (line.enrollment for line in book.lines())
    for enrollment, day in zip((one, two, three), DAYS, strict=True):
        book.enter(enrollment, FIELD, WAYS["era"](day))
    book.sort(lambda line: -line.row)
    book.remove([two])
    found = read_back(book.save(DAYS[2]))
    assert {e: f.value for e, f in found.items()} == {one: DAYS[0].isoformat(), three: DAYS[2].isoformat()}


def test_digits_typed_into_the_boxes_of_the_pdf_are_read(roster):
    page = roster.manifest["pages"][0]
    texts = []
    for row, day in zip(page["rows"], DAYS, strict=True):
        digits = f"{day.year - 2018:02}{day.month:02}{day.day:02}"
        texts += into_cells(row["fields"][FIELD.value]["cells_mm"], 1, digits)
    found = read_back(type_over(roster.pdf, texts), "roster.pdf")
    assert sorted(f.value for f in found.values()) == [d.isoformat() for d in DAYS]


def test_the_same_work_gives_the_same_bytes(roster):
    def filled() -> tuple[bytes, bytes]:
        book = Workbook(roster.xlsx)
        book.enter(book.lines()[0].enrollment, FIELD, WAYS["date"](DAYS[0]))
        return book.save(DAYS[0]), type_over(roster.pdf, [])

    assert filled() == filled()


def test_chance_gives_each_name_its_own_stream():
    one, other = Chance(1).of("office"), Chance(1).of("another")
    before = [one.whole(0, 99) for _ in range(5)]
    other.whole(0, 99)
    assert before == [Chance(1).of("office").whole(0, 99), *before[1:]]
    assert Chance(2).of("office").whole(0, 10**9) != Chance(1).of("office").whole(0, 10**9)


def test_no_surname_comes_twice_among_the_people_of_a_roster():
    crowd = people(Chance(1))
    surnames = [next(crowd).name.partition("　")[0] for _ in range(60)]
    assert len(set(surnames)) == 60


def test_the_virtual_clock_never_goes_back():
    clock = VirtualClock(tokyo(dt.date(2026, 3, 16), 0, 30))
    assert clock.today() == dt.date(2026, 3, 16)
    clock.move_to(tokyo(dt.date(2026, 3, 15), 9))
    assert clock.now() == tokyo(dt.date(2026, 3, 16), 0, 30)


@pytest.mark.parametrize(
    ("number", "written"), [(1, "一"), (8, "八"), (10, "十"), (11, "十一"), (20, "二十"), (31, "三十一")]
)
def test_numbers_in_kanji(number, written):
    assert kanji_number(number) == written
