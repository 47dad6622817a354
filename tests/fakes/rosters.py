"""Made-up rosters: names that trouble fonts and columns, one per course and length."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from daemon.domain.model import (
    Course,
    Enrollment,
    Phase,
    Roster,
    SourceKind,
    State,
    Status,
    Training,
    TrainingState,
    Value,
)
from daemon.ports import HandoverSheet, RosterSheet, TraineeLine
from parsers.codes import make_code
from parsers.findings import Field
from parsers.forms import POST

KEY = b"a key of the tests, not of anybody"
PEOPLE = (
    ("髙橋　一郎", "タカハシ　イチロウ"),
    ("山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("渡邉\U000e0101　恵", "ワタナベ　メグミ"),
    ("グェン・ティ・フォン・アイン・マリア", "グェン・ティ・フォン・アイン・マリア"),
    ("勅使河原　左衛門三郎", "テシガワラ　サエモンサブロウ"),
    ("林　翼", "ハヤシ　ツバサ"),
    ("佐藤　美咲", "サトウ　ミサキ"),
    ("小比類巻　貴之介", "コヒルイマキ　タカノスケ"),
    ("葛\U000e0100城　直樹", "カツラギ　ナオキ"),
    ("鈴木　健太郎", "スズキ　ケンタロウ"),
    ("Alexandra Montgomery-Fitzgerald", "アレクサンドラ・モンゴメリー・フィッツジェラルド"),
    ("五十嵐　彩", "イガラシ　アヤ"),
)


def roster_sheet(course: Course = Course.WM_SKILL_UP, rows: int = 12) -> RosterSheet:
    """A roster of `rows` made-up people."""
    code = make_code(KEY, f"{course}/{rows}")
    training = Training(
        training_id="T-2026-03",
        course=course,
        name=f"令和８年度{course.label}（第３回）",
        starts_on=dt.date(2026, 4, 15),
        ends_on=dt.date(2026, 4, 17),
        deadline_on=dt.date(2026, 4, 7),
        deadline_basis="",
        state=TrainingState.DRAFT,
        created_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )
    roster = Roster(code, training.training_id, "神奈川", "厚木", "厚木", course.edition.name)
    return RosterSheet(
        training=training,
        roster=roster,
        centre_title="街角の年金相談センター厚木（オフィス）",
        office_title="神奈川県社会保険労務士会　運営部",
        rows=tuple(person(code, row, course) for row in range(1, rows + 1)),
        issued_on=dt.date(2026, 3, 12),
        document_no="試験発第１２号",
        reply_fax="03-0000-5678",
        reply_mail="roster@example.jp",
        contact="研修課　試験太郎　電話 03-0000-5670",
    )


RESULTS_OF_PEOPLE = (True, True, False, True, None)


def post_sheet(course: Course = Course.WM_SKILL_UP, rows: int = 8) -> RosterSheet:
    """A roster with results: most have finished, some have not, every fifth withdrew. Row numbers before differ."""
    before = roster_sheet(course, rows)
    code = make_code(KEY, f"post/{course}/{rows}")
    people = tuple(
        replace(
            p,
            row=p.row + 20,
            post_roster=code,
            post_row=row,
            completed=(done := RESULTS_OF_PEOPLE[(row - 1) % 5]),
            excluded_because="" if done is not None else "辞退",
        )
        for row, p in enumerate(before.rows, start=1)
    )
    roster = replace(before.roster, code=code, edition=POST.name, phase=Phase.POST)
    return replace(before, roster=roster, rows=people, issued_on=dt.date(2026, 4, 24))


def handover_sheet(rows: int = 30, number: int = 1) -> HandoverSheet:
    """A checked roster over several prefectures; every row carries its dates."""
    sheet = roster_sheet(Course.BEGINNER, rows)
    day = dt.date(2026, 4, 2)
    at = dt.datetime(2026, 4, 3, tzinfo=dt.UTC)
    value = Value(day.isoformat(), Status.VERIFIED, SourceKind.XLSX, 1, at, day)
    dates = {Field.ID_REGISTERED_ON: value, Field.CONCURRENT_REGISTERED_ON: value}
    lines = tuple(
        TraineeLine(
            ("神奈川", "東京", "北海道")[n * 3 // max(rows, 1)],
            ("街角の年金相談センター厚木（オフィス）", "街角の年金相談センター新宿", "街角の年金相談センター札幌駅前")[
                n % 3
            ],
            ("厚木年金事務所", "新宿年金事務所", "札幌西年金事務所")[n % 3],
            replace(p, values=dates),
        )
        for n, p in enumerate(sheet.rows)
    )
    because = "" if number == 1 else "街角の年金相談センター厚木の１名について、兼務登録年月日の訂正があったため"
    return HandoverSheet(sheet.training, number, dt.date(2026, 4, 9), because, lines, "試験発第１５号", sheet.contact)


def person(code: str, row: int, course: Course) -> Enrollment:
    """The trainee on line `row`."""
    name, kana = PEOPLE[(row - 1) % len(PEOPLE)]
    new = course is Course.BEGINNER
    return Enrollment(
        enrollment_id=f"E{row:04d}",
        training_id="T-2026-03",
        roster=code,
        row=row,
        prefecture="神奈川",
        name=name,
        kana=kana,
        state=State.LISTED,
        terminal_id="" if new else f"A12{row:05d}",
        e_learning_on=dt.date(2026, 3, 10) if new else None,
        visit_on=dt.date(2026, 4, 2) if new else None,
        note="再受講" if row == 3 else "",
    )
