"""One letter of every kind, with made-up offices and people, for tests of the words."""

from __future__ import annotations

import dataclasses
import datetime as dt

from daemon.domain.letters import (
    Alarm,
    AlarmLetter,
    AnswerLetter,
    AnswerLine,
    AnswerOutcome,
    AuditHead,
    ChallengeLetter,
    Colour,
    DigestBounce,
    DigestChange,
    DigestHandover,
    DigestHeld,
    DigestLetter,
    DigestOutbox,
    DigestPrefecture,
    DigestPurge,
    DigestQuarantine,
    DigestReview,
    DigestRows,
    DigestTraining,
    DispatchedRoster,
    DispatchLetter,
    FollowUp,
    FollowUpLetter,
    HandoverLetter,
    KnownValue,
    Letter,
    ListFault,
    MailboxLine,
    NoticeKind,
    NoticeLetter,
    Overview,
    Place,
    PlannedMail,
    Proposal,
    ReceiptLetter,
    ReminderLetter,
    ReplyDesk,
    ResultsLetter,
    RosterRows,
    Row,
    Sender,
    Subject,
    TraineeStatus,
)
from daemon.domain.model import MailPurpose, OutboxState, SourceKind, State, Status
from daemon.domain.reminding import Stage
from parsers.findings import Evidence, Field, Problem

OFFICE = "神奈川県社会保険労務士会 運営部"
NAME = "高橋　一郎"
SENDER = Sender(
    "全国社会保険労務士会連合会 運営本部", "研修担当　電話 03-0000-0000", "meibo+t0k3n@example.jp", "03-0000-0001"
)
MISSING = (
    RosterRows(
        "街角の年金相談センター横浜",
        "7Q2K9XD4HP",
        (Row(2), Row(5), Row(6), Row(7), Row(9, owes=(Field.CONCURRENT_REGISTERED_ON,))),
    ),
    RosterRows("街角の年金相談センター新横浜（オフィス）", "8Q2K9XD4HP", (Row(1),)),
)
NAMED = (RosterRows("街角の年金相談センター横浜", "7Q2K9XD4HP", (Row(2, NAME), Row(5, "﨑本　𠮷江"))),)
UNDER_CHECK = (
    RosterRows(
        "街角の年金相談センター横浜",
        "7Q2K9XD4HP",
        (Row(3, problems=(Problem.DONE_WITHOUT_DATE,)), Row(4, problems=(Problem.NOT_A_DATE,))),
    ),
)


def at(hour: int, minute: int = 0, day: int = 1) -> dt.datetime:
    """An instant of April 2026, given in Asia/Tokyo."""
    return dt.datetime(2026, 4, day, hour, minute, tzinfo=dt.timezone(dt.timedelta(hours=9))).astimezone(dt.UTC)


def about(*, new_id: bool = False) -> Subject:
    """A training from 15 to 17 April 2026, deadline on the 7th."""
    return Subject(
        training_name="年金相談実務者研修（初心者）第2回" if new_id else "ＷＭ操作スキルアップ研修 第1回",
        course="年金相談実務者研修（初心者）" if new_id else "ＷＭ操作スキルアップ研修",
        roster_title="受講者名簿（ＩＤ登録用）" if new_id else "受講者名簿（ＩＤ兼務登録用）",
        new_id=new_id,
        starts_on=dt.date(2026, 4, 15),
        ends_on=dt.date(2026, 4, 17),
        deadline_on=dt.date(2026, 4, 7),
        dispatch_code="3M7Q2K9XD4",
    )


def dispatch(*, new_id: bool = False) -> DispatchLetter:
    """Two rosters, 14 trainees."""
    rosters = (
        DispatchedRoster("街角の年金相談センター横浜", "横浜中年金事務所", "7Q2K9XD4HP", 9),
        DispatchedRoster("街角の年金相談センター新横浜（オフィス）", "港北年金事務所", "8Q2K9XD4HP", 5),
    )
    return DispatchLetter(OFFICE, about(new_id=new_id), rosters, SENDER, dt.date(2026, 3, 12), "運研発第12号")


def reminder(
    stage: Stage, *, new_id: bool = False, attachments: int = 0, missing: tuple[RosterRows, ...] = MISSING
) -> ReminderLetter:
    """Six rows missing of 14, two business days left."""
    return ReminderLetter(
        stage=stage,
        office_title=OFFICE,
        about=about(new_id=new_id),
        dispatched_on=dt.date(2026, 3, 12),
        issued_on=dt.date(2026, 4, 3),
        business_days_left=2,
        missing=missing,
        total=14,
        sender=SENDER,
        attachments=attachments,
    )


def receipt(variant: str) -> ReceiptLetter:
    """`variant` is complete, partial, nothing-read, or unplaced (which renders as nothing-read)."""
    day, training = dt.date(2026, 4, 1), about(new_id=True)
    made = {
        "complete": ReceiptLetter(OFFICE, SENDER, day, 2, training, confirmed=14, total=14, new=14),
        "partial": ReceiptLetter(
            OFFICE, SENDER, day, 2, training, 6, 14, 3, 1, MISSING, UNDER_CHECK, (Problem.ENCRYPTED_ATTACHMENT,)
        ),
        "nothing-read": ReceiptLetter(
            OFFICE, SENDER, day, 1, training, 8, 14, 0, 0, MISSING, (), (Problem.SAME_AS_SENT,)
        ),
        "unplaced": ReceiptLetter("", SENDER, day, 0, None),
    }
    return made[variant]


def about_after() -> Subject:
    """The same training when it is over."""
    title = "受講者名簿（修了の有無記載済み）"
    return dataclasses.replace(about(), roster_title=title, dispatch_code="4M7Q2K9XD4", after=True)


def results(*, again: bool = False) -> ResultsLetter:
    """14 trainees on two rosters, one 未修了, one withdrawn."""
    return ResultsLetter(OFFICE, about_after(), dispatch().rosters, SENDER, dt.date(2026, 4, 20), 12, 1, 1, again)


def follow_up(stage: FollowUp) -> FollowUpLetter:
    """Six rows missing of 14; one of them is placed and owes the deletion."""
    rows = (*MISSING[:1], RosterRows(MISSING[1].centre_title, "8Q2K9XD4HP", (Row(1, owes=(Field.ID_DELETED_ON,)),)))
    sent_on, today = dt.date(2026, 4, 20), dt.date(2026, 5, 22)
    return FollowUpLetter(stage, OFFICE, about_after(), sent_on, today, rows, 14, SENDER)


def handover(number: int = 1) -> HandoverLetter:
    """The checked roster, or a supplement."""
    because = "訂正1名" if number > 1 else ""
    one = about()
    return HandoverLetter(
        "中央年金事務所", one.training_name, one.course, one.starts_on, one.ends_on, number, 14, because, SENDER,
        dt.date(2026, 4, 8),
    )  # fmt: skip


def receipt_by_fax(variant: str) -> ReceiptLetter:
    """`variant` (complete, partial) of two faxes that settled four rows; no file came with a mail."""
    came = (at(7, 3), at(9, 58))
    settled = (RosterRows(MISSING[0].centre_title, MISSING[0].roster_code, tuple(Row(n) for n in (1, 4, 5, 6))),)
    return dataclasses.replace(receipt(variant), attachments=0, unread=(), faxed_at=came, settled=settled)


def receipt_after(variant: str) -> ReceiptLetter:
    """A receipt of the time after the training."""
    return dataclasses.replace(receipt(variant), about=about_after())


def _trainings() -> tuple[DigestTraining, ...]:
    name = "ＷＭ操作スキルアップ研修 第1回"
    counts = {State.VERIFIED: 12, State.SENT: 6, State.QUERY: 2, State.EXCLUDED: 1}
    prefectures = (
        DigestPrefecture(
            "神奈川",
            Colour.VIOLET,
            14,
            6,
            MISSING,
            dt.date(2026, 3, 12),
            dt.date(2026, 3, 31),
            held_because=("open-review",),
        ),
        DigestPrefecture("東京", Colour.AMBER, 1, 0, MISSING[1:], next_reminder_on=dt.date(2026, 4, 3)),
        DigestPrefecture("大阪", Colour.GREEN, 3, 3),
        DigestPrefecture("福岡", Colour.GREY_GREEN, 3, 3),
    )
    return (
        DigestTraining(
            "T1", name, "ＷＭ操作スキルアップ研修", dt.date(2026, 4, 15), dt.date(2026, 4, 7), 4, counts, prefectures
        ),
    )


def _reviews() -> tuple[DigestReview, ...]:
    place = Place("ＷＭ操作スキルアップ研修 第1回", "神奈川", "街角の年金相談センター横浜", "7Q2K9XD4HP", 4)
    cell = Evidence("2/meibo.xlsx", sheet="名簿", cell="F15")
    trap = (Problem.TWO_DIGIT_YEAR_TRAP, Problem.BEFORE_DISPATCH)
    when, date = at(7, 50), Field.CONCURRENT_REGISTERED_ON
    hostile = "<script>alert(1)</script>\nBcc: x\x07"
    return (
        DigestReview(13, "value", when, trap, place, date, "2008/4/1", "2026-04-01", ("2026-04-01",), "", 118, cell),
        DigestReview(14, "mail", when, (Problem.REPLY_NEEDS_READING,), Place(prefecture="東京"), None, hostile),
    )


def digest() -> DigestLetter:
    """A morning on which everything that can happen has happened."""
    place = Place("ＷＭ操作スキルアップ研修 第1回", "神奈川", "街角の年金相談センター横浜", "7Q2K9XD4HP", 1)
    cell = Evidence("2/meibo.xlsx", sheet="名簿", cell="F12")
    reminder_of, name = MailPurpose.REMINDER, "ＷＭ操作スキルアップ研修 第1回"
    return DigestLetter(
        as_of=at(8, 30),
        since=at(8, 30) - dt.timedelta(days=1),
        trainings=_trainings(),
        mailbox=MailboxLine(121, 120, at(8, 5)),
        audit=AuditHead(412, "9f2c4e" * 10 + "9f2c"),
        changes=(
            DigestChange(
                at(7, 50), place, State.VERIFIED, Field.CONCURRENT_REGISTERED_ON, "R8.4.1", "2026-04-01",
                Status.VERIFIED, SourceKind.XLSX, 118, cell,
            ),
            DigestChange(at(8, 10), place, State.EXCLUDED, said_by="研修課長"),
        ),
        reviews=_reviews(),
        held=(
            DigestHeld(("approval",), reminder_of, "埼玉", name, "overdue", 61),
            DigestHeld(("open-review", "何かの理由"), reminder_of, "神奈川", name, "check"),
        ),
        outbox=(DigestOutbox(58, OutboxState.UNKNOWN, MailPurpose.RECEIPT, "静岡", "lost after DATA", 1, at(7)),),
        bounces=(DigestBounce("北海道", "wm-hokkaido@example.jp", "5.1.1", True, at(6), 117, name, 31, 57),),
        quarantine=(DigestQuarantine(109, at(3), "UnicodeDecodeError in parsers/mail"),),
        alarms=(Alarm("mailbox-stale", at(7, 20), detail="connection refused"),),
        sent={MailPurpose.DISPATCH: 6, MailPurpose.RECEIPT: 9},
        received=14,
        purges=(
            DigestPurge(name, "T1", 31, 0, dt.date(2026, 4, 8)), DigestPurge("", "", 4, 0, dt.date(2026, 4, 9)),
            DigestPurge(name, "T0", 0, 12, dt.date(2026, 4, 8)),
        ),
        cleanups=(DigestRows("T2", name, "神奈川", MISSING[1:]),),
        by_telephone=(DigestRows("T1", name, "神奈川", MISSING[1:]),),
    )  # fmt: skip


def digest_of_handovers() -> DigestLetter:
    """That morning, with a roster for 中央年金事務所 to be handed in and a supplement that waits as a mail."""
    name = "ＷＭ操作スキルアップ研修 第1回"
    waiting = (
        DigestHandover("T1", name, 1, 14, "", "print"),
        DigestHandover("T1", name, 2, 1, "訂正1名", "mail", 62),
    )
    return dataclasses.replace(digest(), handovers=waiting)


def quiet_digest() -> DigestLetter:
    """A morning on which nothing is there at all."""
    return DigestLetter(at(8, 30), None, (), MailboxLine(0, 0, None), AuditHead(0, ""))


def notice(kind: NoticeKind, *, owed: bool = False) -> NoticeLetter:
    """The days have changed, or the training is not held."""
    days = dt.date(2026, 4, 3), dt.date(2026, 3, 2), dt.date(2026, 3, 16)
    return NoticeLetter(kind, OFFICE, about(), *days, SENDER, MISSING[1:] if owed else ())


def to_offices() -> list[Letter]:
    """Every kind of mail that leaves the house."""
    requests: list[Letter] = [dispatch(), dispatch(new_id=True)]
    reminders = [reminder(s, new_id=n, attachments=int(n)) for s in Stage for n in (False, True)]
    receipts = [receipt(v) for v in ("complete", "partial", "nothing-read", "unplaced")]
    after = [results(), results(again=True), *(follow_up(s) for s in FollowUp)]
    receipts += [receipt_after(v) for v in ("complete", "partial", "nothing-read")]
    receipts += [receipt_by_fax(v) for v in ("complete", "partial")]
    notices = [*(notice(k) for k in NoticeKind), notice(NoticeKind.CANCELLED, owed=True)]
    return [*requests, *reminders, *receipts, *after, *notices]


def to_one_admin() -> list[Letter]:
    """What is answered to instructions by mail."""
    place = Place("第３回研修", "神奈川", "街角の年金相談センター横浜", "7Q2K9XD4HP", 2)
    field = Field.CONCURRENT_REGISTERED_ON
    lines = (
        AnswerLine("12 OK", AnswerOutcome.DONE, "", place, field, "2026-04-01", 12),
        AnswerLine("13 R8.2.30", AnswerOutcome.UNCLEAR),
        *(AnswerLine(f"{o}", o, "理由", number=n) for n, o in enumerate(AnswerOutcome, 14)),
    )
    desk = ReplyDesk("meibo@example.jp", "0123456789ABCDEF")
    days = dt.date(2026, 4, 15), dt.date(2026, 4, 17), dt.date(2026, 4, 7)
    mails = (PlannedMail("神奈川", (("街角の年金相談センター横浜", 3),), 3, 2, "【依頼・要返信／期限4/7(火)】名簿"),)
    kinds = ("list", "dispatch", "results", "dispatch-results", "cancel-training")
    proposals = tuple(
        Proposal(
            kind, "WM-1", "第３回研修", "講師養成研修", *days, "規則", new=kind == "list", file="一覧.xlsx", added=3,
            elsewhere=1, cleanups=1, mails=mails, digest="0" * 16,
        )
        for kind in kinds
    )  # fmt: skip
    faulty = dataclasses.replace(proposals[0], faults=(ListFault("名簿!C7", "直してください", "横濱"),), digest="")
    known = KnownValue(field, "2026-04-01", Status.VERIFIED, SourceKind.FAX, days[0])
    trainee = TraineeStatus(place, State.VERIFIED, (), (known,), "", (12,))
    overview = Overview(digest().trainings, (trainee,), 3, 1, stopped=True)
    return [
        AnswerLetter(at(8), "研修担当", "Re: 日報", lines[:1], desk),
        AnswerLetter(at(8), "研修担当", "Re: 日報", lines, desk, overview, proposals, help=True),
        AnswerLetter(at(8), "研修担当", "一覧", (), desk, proposals=(faulty,)),
        AnswerLetter(at(8), "研修担当", "状況", lines[:1], desk, Overview()),
        AnswerLetter(at(8), "研修担当", "相談", (), desk, help=True),
        ChallengeLetter(at(8), "研修担当", "至急", at(7), lines, ("一覧.xlsx",), at(20), desk),
    ]


def every_letter() -> list[Letter]:
    """Those, and the mails to the admins."""
    alarm = AlarmLetter(Alarm("ledger-gap", at(7), detail="UID 4412"), at(8), "meibod-1")
    return [
        *to_offices(),
        handover(),
        handover(2),
        digest(),
        quiet_digest(),
        alarm,
        AlarmLetter(Alarm("何かが変です"), at(8)),
        *to_one_admin(),
    ]
