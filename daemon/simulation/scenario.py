"""The play of `meibod demo`: three courses from list to archive, a run that is called off, and how each office answers.

Every kind of answer of reference domain.md §3, every way a fax comes and every case the document forgets (§1.4) comes
once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from daemon.domain.model import Course
from daemon.simulation.chance import Chance
from daemon.simulation.errands import Case, Errand
from daemon.simulation.headquarters import Plan, Trainee
from daemon.simulation.offices.acts import (
    Absence,
    Edit,
    Fax,
    Habit,
    Medium,
    Muddle,
    Part,
    Promise,
    Return,
    Say,
    SendWrong,
    Slip,
    Step,
    Withdraw,
    Wrong,
)
from daemon.simulation.offices.incoming import Received
from daemon.simulation.people import Person, people

BEGINS_ON = dt.date(2026, 3, 16)
ENDS_ON = dt.date(2026, 7, 17)
"""Latest day; the play ends earlier when everything is settled."""

_THANKS = "お世話になっております。\n名簿を拝受いたしました。よろしくお願いいたします。"
_PROMISE = "お世話になっております。\n現在、年金事務所へ手続きを依頼しております。来週中にはお返しできる予定です。"
_CLAIM = "お世話になっております。\n全員、登録が完了いたしました。"
_QUESTION = "お世話になっております。\n転勤予定の者が含まれておりますが、このまま登録してよろしいでしょうか。"
_CORRECTION = (
    "お世話になっております。\n先日お送りした名簿に誤りがございました。\n"
    "訂正した名簿をお送りいたしますので、差し替えをお願いいたします。"
)
_STEPS_BACK = "お世話になっております。\n{number}の者は、都合により受講を辞退することになりました。"
_ACROSS = ("era", "era-short", "western", "month-day-weekday", "era-wide", "with-done", "era-kanji", "era-padded")
_AFTER = Habit((3, 9), (Step(Return(), 11),))
"""After the training most offices send the sheet back when it is done."""


@dataclass(frozen=True, slots=True)
class Role:
    """What one prefecture does in one training."""

    prefecture: str
    centres: tuple[tuple[str, int], ...]
    """Name and number of trainees."""
    tale: str
    """One line for the reader of the story."""
    habit: Habit
    after: Habit = _AFTER
    """With the roster with results."""


@dataclass(frozen=True, slots=True)
class Act:
    """One training of the play."""

    course: Course
    name: str
    dispatch_on: dt.date
    starts_on: dt.date
    ends_on: dt.date
    roles: tuple[Role, ...]
    errands: tuple[Errand, ...] = ()
    shares: str = ""
    """Name of a training one trainee of which (the first of the prefecture) is on this list as well."""
    by_mail: bool = False
    """The admin mails list and results to the daemon, looks at what it would do, and approves."""


def _on(month: int, day: int) -> dt.date:
    return dt.date(2026, month, day)


_SKILL_UP = Act(
    Course.WM_SKILL_UP, "令和８年度ＷＭ操作スキルアップ研修（第１回）", _on(3, 16), _on(4, 15), _on(4, 17),
    (
        Role("東京", (("新宿", 5), ("立川", 4)),
             "三日で全員分をExcelで返送。日付の書き方は人それぞれ。一人は未修了。削除欄の取り違えと両方記入",
             Habit((1, 3), (Step(Return(ways=_ACROSS, each_own_way=True, edit=Edit.SORTED), 4),)),
             Habit((2, 5), (Step(Return(muddles=(Muddle.OTHER_DELETION, Muddle.BOTH_DELETIONS)), 7),))),
        Role("神奈川", (("横浜", 4), ("厚木", 3)),
             "まず半分だけ、残りは督促のあとに。一人交代。研修後は配属欄が空のまま",
             Habit((3, 8), (Step(Return(edit=Edit.SHORTENED), 5),)),
             Habit((2, 6), (Step(Return(muddles=(Muddle.NO_PLACEMENT,)), 8),))),
        Role("埼玉", (("大宮", 3), ("草加", 2)),
             "ＰＤＦの様式に一枠ずつ打ち込んで返送。一人が登録前に辞退",
             Habit((2, 4), (Step(Withdraw(_STEPS_BACK), 1), Step(Return(medium=Medium.TYPED_PDF), 5))),
             Habit((2, 6), (Step(Return(medium=Medium.TYPED_PDF), 8),))),
        Role("愛知", (("名古屋", 4),), "お礼のメールだけで、名簿は二度目の督促のあと。一人が栄へ異動",
             Habit((4, 9), (Step(Say(_THANKS), 1),),
                   ((Step(Say(_PROMISE), 0),), (Step(Return(medium=Medium.PRINTED_PDF), 1),)))),
        Role("大阪", (("天王寺", 3), ("吹田", 3)),
             "メールの名簿と、センターのＦＡＸの写しが二度届く。登録後に一人が辞退",
             Habit((1, 4), (Step(Return(), 5), Step(Return(fax=Fax()), 6),
                            Step(Withdraw(_STEPS_BACK, registered=True), 15)))),
        Role("北海道", (("札幌駅前", 3),), "白紙の様式をそのまま返送。督促のあと、上下逆さまの粗いＦＡＸで",
             Habit((2, 6), (Step(SendWrong(Wrong.BLANK), 3),),
                   ((Step(Return(fax=Fax(coarse=True, upside_down=True)), 1),),)),
             Habit((3, 7), (Step(Return(fax=Fax()), 9),))),
        Role("千葉", (("船橋", 13),), "十三名で二枚。ＦＡＸの二枚目が届かず、翌々日に",
             Habit((2, 5), (Step(Return(fax=Fax(part=Part.WITHOUT_LAST)), 6),
                            Step(Return(fax=Fax(part=Part.LAST)), 8))),
             Habit((2, 6), (Step(Return(fax=Fax(pdf=True)), 8),))),
        Role("兵庫", (("姫路", 3),), "全員同じ日。ＦＡＸの「全員同日」に✓と日付一つ。削除日は確認のお願いのあと",
             Habit((2, 5), (Step(Return(fax=Fax(same_day=True)), 7),), one_day=True),
             Habit((2, 6), (Step(Return(muddles=(Muddle.NO_DELETION,)), 8),))),
        Role("福岡", (("北九州", 3),), "期限を過ぎてから。年金事務所から電話で先に一人分。研修後は確認のお願いのあと",
             Habit((12, 16), (), ((), (), (), (Step(Return(), 2),))),
             Habit((4, 9), (), ((Step(Return(), 1),),))),
    ),
    (
        Errand(Case.TRANSFER, _on(3, 19), "愛知", "栄", because="電話: 人事異動のため"),
        Errand(Case.SUBSTITUTE, _on(3, 19), "神奈川", because="電話: 業務の都合のため"),
        Errand(Case.REPORT, _on(4, 7), "福岡", because="年金事務所から電話"),
        Errand(Case.RESULTS, _on(4, 21), "東京", unfinished=1),
    ),
)  # fmt: skip
_INSTRUCTOR = Act(
    Course.INSTRUCTOR, "令和８年度講師養成研修（第１回）", _on(3, 19), _on(4, 22), _on(4, 24),
    (
        Role("東京", (("八王子", 4),), "一人はＷＭ研修にも参加。「済」だけ、予定だけ、2008年の欄。研修前の日付で削除",
             Habit((1, 4), (Step(Return(slips={Slip.DONE_ONLY: 1, Slip.PLANNED: 1, Slip.YEAR_2008: 1}), 5),)),
             Habit((2, 6), (Step(Return(muddles=(Muddle.TOO_EARLY,)), 8),))),
        Role("神奈川", (("溝ノ口", 3),), "一人追加。届いた日より後の日付、依頼より前の日付",
             Habit((1, 4), (Step(Return(slips={Slip.AFTER_RECEIPT: 1, Slip.BEFORE_DISPATCH: 1}), 6),))),
        Role("大阪", (("堺東", 3),), "名簿のかわりに写真を送り、電話のあとExcelで",
             Habit((1, 5), (Step(SendWrong(Wrong.PHOTO), 6),))),
        Role("愛知", (("栄", 4),), "隣県の名簿を誤って送付、正しいものは督促のあと",
             Habit((2, 8), (Step(SendWrong(Wrong.FOREIGN), 7),), ((Step(Return(), 1),),))),
        Role("福岡", (("北九州", 2),), "もっともらしい誤記を、中央年金事務所への提出のあとで訂正",
             Habit((2, 4), (Step(Return(slips={Slip.WRONG_DAY: 1}), 5), Step(Return(words=_CORRECTION), 20)))),
        Role("宮城", (("仙台", 3),), "送付状つきのＦＡＸ。一人が受講辞退（対象外に✓）",
             Habit((1, 5), (Step(Return(fax=Fax(cover=True)), 6),), withdraws=1)),
        Role("広島", (("広島", 3),), "ＦＡＸ。二重線と訂正印、「〃」",
             Habit((2, 5), (Step(Return(fax=Fax(), slips={Slip.STRUCK: 1, Slip.DITTO: 1}), 6),), one_day=True)),
        Role("京都", (("宇治", 2), ("京都", 2)),
             "二つのセンターの名簿を一回のＦＡＸで",
             Habit((2, 5), (Step(Return(fax=Fax()), 7),)),
             Habit((2, 6), (Step(Return(fax=Fax()), 8),))),
        Role("岡山", (("岡山", 2),), "二次元コードが二つとも塗りつぶされたＦＡＸ",
             Habit((2, 5), (Step(Return(fax=Fax(codes_lost=True)), 7),))),
        Role("静岡", (("静岡", 3),), "メールの名簿と違う日付のＦＡＸが後から",
             Habit((2, 4), (Step(Return(), 5), Step(Return(fax=Fax(), slips={Slip.WRONG_DAY: 1}), 7)))),
    ),
    (
        Errand(Case.ADD, _on(3, 23), "神奈川", "溝ノ口", because="追加の申込み"),
        Errand(Case.DEADLINE, _on(3, 26), to=(_on(4, 10),), because="都道府県会の要望"),
        Errand(Case.RESULTS, _on(4, 28)),
    ),
    shares=_SKILL_UP.name,
)  # fmt: skip
_BEGINNER = Act(
    Course.BEGINNER, "令和８年度年金相談実務者研修（初心者）", _on(3, 27), _on(5, 13), _on(5, 15),
    (
        Role("東京", (("町田", 4),), "新規登録だけ先に、兼務登録は後から。最後はＦＡＸで",
             Habit((2, 9), (Step(Return(), 6), Step(Return(fax=Fax(pdf=True)), 12)))),
        Role("神奈川", (("藤沢", 3),), "全員同じ日。「〃」で略記",
             Habit((2, 5), (Step(Return(slips={Slip.DITTO: 1}), 8),), one_day=True)),
        Role("埼玉", (("川越", 3),), "Wordで報告、電話のあとExcelで。一人は「既登録」",
             Habit((2, 6), (Step(SendWrong(Wrong.WORD), 9),), phoned=(Step(Return(slips={Slip.ALREADY: 1}), 1),))),
        Role("大阪", (("豊中", 3),), "不在の自動応答、添付忘れ、そして返送。一人は未修了",
             Habit((3, 9), (Step(Absence(), 0), Step(Promise(), 11)))),
        Role("宮城", (("仙台", 3),), "「登録が完了しました」とだけ。名簿は電話のあと、字体の訂正つき",
             Habit((3, 10), (Step(Say(_CLAIM), 12),), phoned=(Step(Return(edit=Edit.RENAMED), 1),))),
        Role("長崎", (("長崎", 2),), "質問が先。返送は督促のあと新しいメールで、名簿にない人を書き足して",
             Habit((3, 10), (Step(Say(_QUESTION), 2),), ((Step(Return(new_mail=True, edit=Edit.STRANGER), 1),),))),
    ),
    (
        Errand(Case.POSTPONE, _on(4, 8), to=(_on(5, 18), _on(5, 20)), because="会場の都合"),
        Errand(Case.RESULTS, _on(5, 22), "大阪", unfinished=1),
    ),
    by_mail=True,
)  # fmt: skip
_CALLED_OFF = Act(
    Course.WM_SKILL_UP, "令和８年度ＷＭ操作スキルアップ研修（第２回）", _on(4, 1), _on(5, 27), _on(5, 29),
    (
        Role("岐阜", (("岐阜", 2),), "登録が済んだあとで研修が中止に。登録は削除",
             Habit((1, 3), (Step(Return(), 4),))),
        Role("広島", (("福山", 2),), "手続きの前に研修が中止に",
             Habit((15, 20), ())),
    ),
    (
        Errand(Case.CANCEL, _on(4, 14), because="申込みが少ないため"),
        Errand(Case.CLEANED, _on(4, 20), because="センターから電話"),
    ),
)  # fmt: skip
ACTS = (_SKILL_UP, _INSTRUCTOR, _BEGINNER, _CALLED_OFF)

COPIES = {"北海道": "kyu-tanto@hokkaido-sr.example"}
"""Second addresses in the book; the one of Hokkaido belongs to somebody who has left."""
DEAD = ("kyu-tanto@hokkaido-sr.example",)
_WITH_RESULTS = "修了の有無"
"""In the subject of every mail with results."""


def plan_of(act: Act, chance: Chance) -> Plan:
    """HQ's list for one training, with people nobody has ever met (but for one who is on another list)."""
    crowd = people(chance.of("people", act.name))
    lines = [
        _trainee(act, role.prefecture, centre, next(crowd), chance.of("trainee", act.name, centre, str(n)))
        for role in act.roles
        for centre, count in role.centres
        for n in range(count)
    ]
    if act.shares:
        other = next(a for a in ACTS if a.name == act.shares)
        twin = next(t for t in plan_of(other, chance).trainees if t.prefecture == lines[0].prefecture)
        lines[0] = replace(lines[0], person=twin.person)
    return Plan(act.course, act.name, act.starts_on, act.ends_on, tuple(lines))


def newcomer(act: Act, chance: Chance) -> Person:
    """Somebody who is on no list yet."""
    known = {t.person.name for t in plan_of(act, chance).trainees}
    return next(one for one in people(chance.of("newcomer", act.name)) if one.name not in known)


def _trainee(act: Act, prefecture: str, centre: str, person: Person, chance: Chance) -> Trainee:
    if act.course is Course.BEGINNER:
        visit = act.dispatch_on + dt.timedelta(days=10)
        return Trainee(prefecture, centre, person, "", act.dispatch_on - dt.timedelta(days=6), visit)
    return Trainee(prefecture, centre, person, f"A{chance.whole(1000000, 9999999)}")


def habit_of(prefecture: str, mail: Received) -> Habit:
    """The role of the prefecture in the training the mail is about, before it or after."""
    for act in ACTS:
        if act.name in mail.text or act.name in mail.subject:
            role = next(r for r in act.roles if r.prefecture == prefecture)
            return role.after if _WITH_RESULTS in mail.subject else role.habit
    raise LookupError(mail.subject)


def tales() -> Iterator[tuple[Act, Role]]:
    """Everybody who plays."""
    for act in ACTS:
        for role in act.roles:
            yield act, role
