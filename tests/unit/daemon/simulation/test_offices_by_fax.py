"""Offices that answer by fax, withdraw, get supplements and close rows: from HQ's mail on the desk to the mail back."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.calendar import OfficeCalendar
from daemon.domain.directory import ClosedDays, PrefecturalOffice
from daemon.domain.model import Course
from daemon.simulation.chance import Chance
from daemon.simulation.clock import VirtualClock, tokyo
from daemon.simulation.installation import HQ
from daemon.simulation.network.reports import message_id_of
from daemon.simulation.offices import gateway
from daemon.simulation.offices.acts import Fax, Habit, Muddle, Part, Return, Slip, Withdraw
from daemon.simulation.offices.answers import perform
from daemon.simulation.offices.desk import Desk, Places, Surroundings
from daemon.simulation.offices.filling import fill_in
from daemon.simulation.offices.incoming import open_mail
from daemon.simulation.offices.truth import Truth
from daemon.simulation.offices.writing import Words, write
from parsers.findings import Field, MessageKind, PageKind
from parsers.forms import REASONS
from parsers.reading import ReadingContext, read_file
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

SENT = tokyo(dt.date(2026, 3, 16), 9)
LATER = tokyo(dt.date(2026, 4, 6), 10)
CONTEXT = ReadingContext(dt.date(2026, 4, 6), dt.date(2026, 3, 16), fax_senders=(gateway.ADDRESS,))
FIELD = Field.CONCURRENT_REGISTERED_ON
ONE_DAY = Habit((2, 4), (), one_day=True)


@dataclass
class Office:
    """One desk with its clock, and everything HQ ever sent it."""

    desk: Desk
    clock: VirtualClock
    planned: list

    @property
    def truth(self) -> Truth:
        return self.desk.around.truth

    @property
    def request(self):
        return self.desk.requests[-1]

    def answer(self, act):
        return perform(self.desk, self.request, act, lambda _desk, _request: None)


@pytest.fixture(scope="module")
def printer():
    return TypstDocuments(KEY, data_path("mail_templates") / "forms")


@pytest.fixture(scope="module")
def rosters(printer):
    """Roster by name: one with three rows, one with two of another course, one of two pages, one with results."""
    sheets = {
        "short": roster_sheet(Course.WM_SKILL_UP, 3),
        "longer": replace(roster_sheet(Course.WM_SKILL_UP, 3), rows=roster_sheet(Course.WM_SKILL_UP, 4).rows),
        "other": roster_sheet(Course.BEGINNER, 2),
        "two-pages": roster_sheet(Course.WM_SKILL_UP, 14),
        "results": post_sheet(rows=5),
    }
    return {name: (sheet.roster, printer.roster(sheet)) for name, sheet in sheets.items()}


@pytest.fixture
def office(rosters):
    """An office nothing has been sent to."""
    clock = VirtualClock(SENT)
    planned: list = []
    around = Surroundings(
        clock,
        OfficeCalendar(ClosedDays()),
        Chance(7),
        Truth(),
        {roster.code: files.manifest for roster, files in rosters.values()},
        lambda when, _desk, _request, act: planned.append((when, act)),
        lambda _prefecture, _mail: ONE_DAY,
        Places(("厚木", "新宿"), ("厚木年金事務所",), lambda _code: "厚木"),
    )
    book = PrefecturalOffice("神奈川", "神奈川県社会保険労務士会　運営部", ("unei@kanagawa-sr.example",))
    return Office(Desk(book, around), clock, planned)


def send(office, rosters, *names, tag="依頼"):
    """HQ mails rosters."""
    files = []
    for name in names:
        roster, made = rosters[name]
        files += [(f"roster_{roster.code}.xlsx", made.xlsx), (f"roster_{roster.code}.pdf", made.pdf)]
    subject = f"【{tag}】受講者名簿の送付について［整理番号 7Q2K9XD4HP］"
    words = Words(HQ, "本部", office.desk.address, subject, f"名簿 {names}", tuple(files))
    office.desk.receive(write(words, office.clock.now()))


def faxed(office, rosters, act, *names):
    """What HQ's reader makes of the fax, some weeks later."""
    send(office, rosters, *names)
    office.clock.move_to(LATER)
    sender, raw = office.answer(act)
    assert sender == gateway.ADDRESS
    return read_file("fax.eml", raw, CONTEXT)


def test_a_clean_fax_is_a_mail_of_the_gateway_with_the_roster_on_its_page(office, rosters):
    document = faxed(office, rosters, Return(fax=Fax()), "short")
    assert document.message.kind is MessageKind.FAX
    assert [a.media for a in document.message.attachments] == ["image/tiff"]
    assert [(p.kind, p.roster, p.turned_deg) for p in document.pages] == [(PageKind.FORM, rosters["short"][0].code, 0)]
    assert "fax:clean" in office.truth.seen


def test_subject_and_file_name_are_what_the_demo_configures(office, rosters):
    send(office, rosters, "short")
    office.clock.move_to(LATER)
    mail = open_mail(office.answer(Return(fax=Fax(pdf=True)))[1])
    assert re.fullmatch(gateway.SUBJECT_PATTERN, mail.subject)["csid"] in mail.text
    assert re.fullmatch(gateway.FILE_PATTERN, mail.files[0][0])["received"] == "20260406100000"
    assert mail.files[0][1].startswith(b"%PDF")


def test_an_upside_down_coarse_fax_is_just_that(office, rosters):
    document = faxed(office, rosters, Return(fax=Fax(coarse=True, upside_down=True)), "short")
    assert [(p.roster, p.turned_deg) for p in document.pages] == [(rosters["short"][0].code, 180)]


def test_two_rosters_and_a_cover_sheet_come_in_one_fax(office, rosters):
    document = faxed(office, rosters, Return(fax=Fax(cover=True)), "short", "other")
    codes = [p.roster for p in document.pages]
    assert codes[0] is None
    assert set(codes[1:]) == {rosters["short"][0].code, rosters["other"][0].code}
    assert {"fax:cover", "fax:several-rosters"} <= office.truth.seen


def test_a_missing_page_comes_later(office, rosters):
    first = faxed(office, rosters, Return(fax=Fax(part=Part.WITHOUT_LAST)), "two-pages")
    second = read_file("fax.eml", office.answer(Return(fax=Fax(part=Part.LAST)))[1], CONTEXT)
    assert [(p.sheet, p.sheets) for p in (*first.pages, *second.pages)] == [(1, 2), (2, 2)]


def test_with_both_codes_scribbled_over_no_roster_is_recognised(office, rosters):
    document = faxed(office, rosters, Return(fax=Fax(codes_lost=True)), "short")
    assert [p.roster for p in document.pages] == [None]


def test_the_truth_knows_what_stands_on_the_pages(office, rosters):
    send(office, rosters, "short")
    office.clock.move_to(LATER)
    _, raw = office.answer(Return(fax=Fax(), slips={Slip.STRUCK: 1, Slip.DITTO: 1}))
    seen = office.truth.faxed[message_id_of(raw)]
    assert len(seen) == 3
    assert {office.truth.planned(s.enrollment, s.field).isoformat() for s in seen} == {s.value for s in seen}
    assert all(s.value in office.truth.written[s.enrollment, s.field] for s in seen)
    assert office.truth.pages[message_id_of(raw)] == ((rosters["short"][0].code, 1),)
    assert {"fax:struck", "fax:ditto"} <= office.truth.seen


def test_the_same_office_faxes_the_same_bytes(office, rosters):
    send(office, rosters, "short")
    office.clock.move_to(LATER)
    first = office.answer(Return(fax=Fax(same_day=True)))
    office.request.sent = 0
    assert office.answer(Return(fax=Fax(same_day=True))) == first


def test_a_supplement_replaces_the_sheet_and_decides_for_the_newcomer_only(office, rosters):
    send(office, rosters, "short")
    before = {line.enrollment: office.truth.planned(line.enrollment, FIELD) for line in office.request.tasks[0].lines}
    office.clock.move_to(tokyo(dt.date(2026, 3, 18), 9))
    send(office, rosters, "longer")
    assert len(office.desk.requests) == 1
    lines = [line.enrollment for line in office.request.tasks[0].lines]
    assert len(lines) == len(before) + 1
    assert {e: office.truth.planned(e, FIELD) for e in before} == before
    assert office.truth.planned(lines[-1], FIELD) > dt.date(2026, 3, 18)
    assert [type(act) for _, act in office.planned] == [Return]


def test_a_reminder_is_none_and_a_notice_is_only_read(office, rosters):
    send(office, rosters, "short")
    send(office, rosters, tag="ご確認・期限R8.4.7")
    send(office, rosters, "short", tag="再送・期限まで残り2営業日")
    assert office.request.reminders == 2
    send(office, rosters, tag="お知らせ・期限変更／新期限R8.4.10")
    assert office.request.reminders == 2
    assert len(office.desk.told) == 1
    assert [type(act) for _, act in office.planned] == [Return, Return]


def test_whoever_steps_back_is_withdrawn_and_named_by_number(office, rosters):
    send(office, rosters, "short")
    said = open_mail(office.answer(Withdraw("{number}の者は辞退します。"))[1]).text
    gone = [line for line in office.request.tasks[0].lines if office.truth.withdrawn(line.enrollment)]
    assert len(gone) == 1
    assert f"No.{gone[0].row}の者は辞退します" in said
    assert "withdrawn-before" in office.truth.seen


def test_after_the_training_the_deletion_fits_the_placement(office, rosters):
    send(office, rosters, "results")
    (task,) = office.request.tasks
    assert task.after
    for line in task.lines:
        placed = office.truth.in_the_end(line.enrollment, Field.DESTINATION)
        reason = office.truth.in_the_end(line.enrollment, Field.NO_DESTINATION_REASON)
        kept = office.truth.planned(line.enrollment, Field.CONCURRENT_DELETED_ON)
        deleted = office.truth.planned(line.enrollment, Field.ID_DELETED_ON)
        assert (placed is None) != (reason is None)
        assert (placed is None) == (kept is None) != (deleted is None)
        assert reason is None or reason in REASONS


@pytest.mark.parametrize("muddle", list(Muddle))
def test_a_muddled_row_never_claims_what_is_wrong(office, rosters, muddle):
    send(office, rosters, "results")
    office.clock.move_to(LATER)
    (filled,) = fill_in(office.desk, office.request, Return(muddles=(muddle,)), Chance(1))
    first = [v for v in filled.values if v.line == filled.task.lines[0]]
    for value in (v for v in first if v.value):
        assert value.value == office.truth.value(value.line.enrollment, value.field, LATER.date())
    assert sum(v.field.is_date for v in first) == {Muddle.BOTH_DELETIONS: 2, Muddle.NO_DELETION: 0}.get(muddle, 1)
    assert f"muddle:{muddle}" in office.truth.seen


def test_a_roster_with_results_comes_back_by_workbook_with_everything_that_is_true(office, rosters):
    send(office, rosters, "results")
    office.clock.move_to(LATER)
    centres, offices = ("厚木", "新宿"), ("厚木",)
    document = read_file("back.eml", office.answer(Return())[1], replace(CONTEXT, centres=centres, offices=offices))
    found = {(f.enrollment, f.field): f.value for f in document.findings if f.value and f.field is not Field.COMPLETED}
    true = {
        (line.enrollment, f): office.truth.value(line.enrollment, f, LATER.date())
        for line in office.request.tasks[0].lines
        for f in office.request.tasks[0].fields
    }
    expected = {key: value for key, value in true.items() if value is not None}
    assert found.keys() == expected.keys()
    assert all(found[key] in {value, "stays"} for key, value in expected.items())
