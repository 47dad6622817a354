"""The play of `meibod demo`: three trainings, eight prefectures, and one way of answering for each of them.

Every kind of answer of reference domain.md §3 that this version reads, and most of those it does not, comes once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.domain.model import Course
from daemon.simulation.chance import Chance
from daemon.simulation.headquarters import Plan, Trainee
from daemon.simulation.offices.acts import (
    Absence,
    Edit,
    Habit,
    Medium,
    Promise,
    Return,
    Say,
    SendWrong,
    Slip,
    Step,
    Wrong,
)
from daemon.simulation.offices.incoming import Received
from daemon.simulation.people import Person, people

BEGINS_ON = dt.date(2026, 3, 16)
ENDS_ON = dt.date(2026, 5, 14)
"""Latest day; the play ends earlier when everything is settled."""

_THANKS = "お世話になっております。\n名簿を拝受いたしました。よろしくお願いいたします。"
_PROMISE = "お世話になっております。\n現在、年金事務所へ手続きを依頼しております。来週中にはお返しできる予定です。"
_CLAIM = "お世話になっております。\n全員、登録が完了いたしました。"
_QUESTION = "お世話になっております。\n転勤予定の者が含まれておりますが、このまま登録してよろしいでしょうか。"
_CORRECTION = (
    "お世話になっております。\n先ほどの名簿に誤りがございました。\n"
    "訂正した名簿をお送りいたしますので、差し替えをお願いいたします。"
)
_ACROSS = ("era", "era-short", "western", "month-day-weekday", "era-wide", "with-done", "era-kanji", "era-padded")


@dataclass(frozen=True, slots=True)
class Role:
    """What one prefecture does in one training."""

    prefecture: str
    centres: tuple[tuple[str, int], ...]
    """Name and number of trainees."""
    tale: str
    """One line for the reader of the story."""
    habit: Habit


@dataclass(frozen=True, slots=True)
class Act:
    """One training of the play."""

    course: Course
    name: str
    dispatch_on: dt.date
    starts_on: dt.date
    ends_on: dt.date
    roles: tuple[Role, ...]


ACTS = (
    Act(
        Course.WM_SKILL_UP, "令和８年度ＷＭ操作スキルアップ研修（第１回）",
        dt.date(2026, 3, 16), dt.date(2026, 4, 15), dt.date(2026, 4, 17),
        (
            Role("東京", (("新宿", 5), ("立川", 4)), "三日で全員分をExcelで返送。日付の書き方は人それぞれ",
                 Habit((1, 3), (Step(Return(ways=_ACROSS, each_own_way=True, edit=Edit.SORTED), 4),))),
            Role("神奈川", (("横浜", 4), ("厚木", 3)), "まず半分だけ、残りは督促のあとに。行を削って返す",
                 Habit((1, 8), (Step(Return(edit=Edit.SHORTENED), 4),),
                       ((Step(Return(), 1),),))),
            Role("埼玉", (("大宮", 3), ("草加", 2)), "ＰＤＦの様式に一枠ずつ打ち込んで返送",
                 Habit((1, 4), (Step(Return(medium=Medium.TYPED_PDF), 5),))),
            Role("愛知", (("名古屋", 4),), "お礼のメールだけで、名簿は二度目の督促のあと",
                 Habit((3, 9), (Step(Say(_THANKS), 1),),
                       ((Step(Say(_PROMISE), 0),), (Step(Return(medium=Medium.PRINTED_PDF), 1),)))),
            Role("大阪", (("天王寺", 3), ("吹田", 3)), "運営部の原本とセンターの写しが二度届く",
                 Habit((1, 4), (Step(Return(), 5), Step(Return(by_centre=True), 6)))),
            Role("北海道", (("札幌駅前", 3),), "白紙の様式をそのまま返送、督促で気づく",
                 Habit((2, 6), (Step(SendWrong(Wrong.BLANK), 3),), ((Step(Return(), 1),),))),
            Role("福岡", (("北九州", 3),), "期限を過ぎてから。担当者の承認で期限経過の督促",
                 Habit((12, 17), (), ((), (), (), (Step(Return(), 2),)))),
        ),
    ),
    Act(
        Course.INSTRUCTOR, "令和８年度講師養成研修（第１回）",
        dt.date(2026, 3, 19), dt.date(2026, 4, 22), dt.date(2026, 4, 24),
        (
            Role("東京", (("八王子", 4),), "「済」だけの欄、予定だけの欄、2008年になった欄",
                 Habit((1, 4), (Step(Return(slips={Slip.DONE_ONLY: 1, Slip.PLANNED: 1, Slip.YEAR_2008: 1}), 5),))),
            Role("神奈川", (("溝ノ口", 3),), "届いた日より後の日付、依頼より前の日付",
                 Habit((1, 4), (Step(Return(slips={Slip.AFTER_RECEIPT: 1, Slip.BEFORE_DISPATCH: 1}), 6),))),
            Role("大阪", (("堺東", 3),), "名簿のかわりに写真を送り、電話のあとExcelで",
                 Habit((1, 5), (Step(SendWrong(Wrong.PHOTO), 6),))),
            Role("愛知", (("栄", 4),), "隣県の名簿を誤って送付、正しいものは督促のあと",
                 Habit((2, 8), (Step(SendWrong(Wrong.FOREIGN), 7),), ((Step(Return(), 1),),))),
            Role("福岡", (("北九州", 2),), "もっともらしい誤記を後から訂正",
                 Habit((2, 4), (Step(Return(slips={Slip.WRONG_DAY: 1}), 5), Step(Return(words=_CORRECTION), 7)))),
            Role("宮城", (("仙台", 3),), "一人が受講辞退（対象外に○）",
                 Habit((1, 5), (Step(Return(old_fashioned=True), 6),), withdraws=1)),
        ),
    ),
    Act(
        Course.BEGINNER, "令和８年度年金相談実務者研修（初心者）",
        dt.date(2026, 3, 27), dt.date(2026, 5, 13), dt.date(2026, 5, 15),
        (
            Role("東京", (("町田", 4),), "新規登録だけ先に、兼務登録は後から",
                 Habit((2, 9), (Step(Return(), 6), Step(Return(), 12)))),
            Role("神奈川", (("藤沢", 3),), "全員同じ日。「〃」で略記",
                 Habit((2, 5), (Step(Return(slips={Slip.DITTO: 1}), 8),), one_day=True)),
            Role("埼玉", (("川越", 3),), "Wordで報告、電話のあとExcelで",
                 Habit((2, 6), (Step(SendWrong(Wrong.WORD), 9),))),
            Role("大阪", (("豊中", 3),), "不在の自動応答、添付忘れ、そして返送",
                 Habit((3, 9), (Step(Absence(), 0), Step(Promise(), 11)))),
            Role("宮城", (("仙台", 3),), "「登録が完了しました」とだけ。名簿は電話のあと",
                 Habit((3, 10), (Step(Say(_CLAIM), 12),))),
            Role("長崎", (("長崎", 2),), "質問が先。返送は督促のあと新しいメールで、名簿にない人を書き足して",
                 Habit((3, 10), (Step(Say(_QUESTION), 2),), ((Step(Return(new_mail=True, edit=Edit.STRANGER), 1),),))),
        ),
    ),
)  # fmt: skip

COPIES = {"北海道": "kyu-tanto@hokkaido-sr.example"}
"""Second addresses in the book; the one of Hokkaido belongs to somebody who has left."""
DEAD = ("kyu-tanto@hokkaido-sr.example",)


def plan_of(act: Act, chance: Chance) -> Plan:
    """HQ's list for one training, with people nobody has ever met."""
    crowd = people(chance.of("people", act.course.value))
    lines = [
        _trainee(act, role.prefecture, centre, next(crowd), chance.of("trainee", act.course.value, centre, str(n)))
        for role in act.roles
        for centre, count in role.centres
        for n in range(count)
    ]
    return Plan(act.course, act.name, act.starts_on, act.ends_on, tuple(lines))


def _trainee(act: Act, prefecture: str, centre: str, person: Person, chance: Chance) -> Trainee:
    if act.course is Course.BEGINNER:
        visit = act.dispatch_on + dt.timedelta(days=10)
        return Trainee(prefecture, centre, person, "", act.dispatch_on - dt.timedelta(days=6), visit)
    return Trainee(prefecture, centre, person, f"A{chance.whole(1000000, 9999999)}")


def habit_of(prefecture: str, mail: Received) -> Habit:
    """The role of the prefecture in the training the mail is about."""
    for act in ACTS:
        if act.name in mail.text or act.name in mail.subject:
            return next(r.habit for r in act.roles if r.prefecture == prefecture)
    raise LookupError(mail.subject)


def tales() -> Iterator[tuple[Act, Role]]:
    """Everybody who plays."""
    for act in ACTS:
        for role in act.roles:
            yield act, role
