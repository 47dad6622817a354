from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters import wording
from daemon.adapters.templates import AUDIENCES, JinjaTemplates, TemplateBroken, Words
from daemon.domain import letters
from daemon.domain.letters import AlarmCode, AnswerOutcome, Colour, Row
from daemon.domain.model import MailPurpose, OutboxState, SourceKind, State, Status, TrainingState
from daemon.domain.policy import HandoverWay
from daemon.domain.reminding import FollowUp, Hold, Stage
from parsers.findings import Field, Problem
from tests.fakes import letters as samples

ROOT = Path(__file__).parents[4] / "mail_templates"
OURS = JinjaTemplates(ROOT)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("code", list(Problem))
def test_every_problem_has_a_sentence_for_admins_and_one_for_offices(code: Problem, audience: str) -> None:
    assert OURS.words.problem(code, audience)


def test_no_sentence_is_kept_for_a_problem_that_is_not_in_the_closed_list() -> None:
    table = tomllib.loads((ROOT / "problems.toml").read_text("utf-8"))
    assert set(table) == {str(p) for p in Problem}
    assert all(set(entry) == set(AUDIENCES) for entry in table.values())


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("field", Field),
        ("state", State),
        ("status", Status),
        ("source", SourceKind),
        ("purpose", MailPurpose),
        ("stage", Stage),
        ("stage", FollowUp),
        ("training", TrainingState),
        ("way", HandoverWay),
        ("outbox", OutboxState),
        ("colour", Colour),
        ("hold", Hold),
        ("outcome", AnswerOutcome),
    ],
)
def test_every_code_of_a_closed_list_has_a_japanese_word(table: str, codes: type[str]) -> None:
    for code in codes:
        assert OURS.words.word(code, table) != str(code)


@pytest.mark.parametrize("code", list(AlarmCode))
def test_every_alarm_says_what_is_wrong_and_what_to_do(code: AlarmCode) -> None:
    assert OURS.words.alarm(code, "what") != str(code)
    assert OURS.words.alarm(code, "todo").endswith("。")


def test_every_template_compiles() -> None:
    assert OURS.broken() == []


@pytest.mark.parametrize("letter", samples.every_letter(), ids=lambda x: x.template)
def test_every_letter_renders_to_one_subject_line_and_a_text(letter: letters.Letter) -> None:
    mail = OURS.render(letter.template, letter)
    assert mail.subject.strip() == mail.subject != ""
    assert not re.search(r"[\x00-\x1f]", mail.subject)
    assert mail.text.endswith("\n")
    assert "None" not in mail.text + mail.subject
    assert "\n\n\n" not in mail.text


@pytest.mark.parametrize("letter", samples.every_letter(), ids=lambda x: x.template)
def test_the_same_letter_gives_the_same_bytes(letter: letters.Letter) -> None:
    assert JinjaTemplates(ROOT).render(letter.template, letter) == OURS.render(letter.template, letter)


@pytest.mark.parametrize("letter", samples.to_offices(), ids=lambda x: x.template)
def test_mail_to_an_office_is_text_only_and_fits_the_line(letter: letters.Letter) -> None:
    mail = OURS.render(letter.template, letter)
    assert mail.html == ""
    too_long = [line for line in mail.text.splitlines() if wording.columns(line) > wording.LINE_COLUMNS + 8]
    assert too_long == []


@pytest.mark.parametrize("letter", samples.to_offices(), ids=lambda x: x.template)
def test_mail_to_an_office_addresses_it_as_an_organisation(letter: letters.Letter) -> None:
    text = OURS.render(letter.template, letter).text
    assert "殿" not in text
    assert ("運営部 御中" in text) != ("ご担当者 様" in text)


@pytest.mark.parametrize("new_id", [False, True])
def test_a_dispatch_names_deadline_rosters_and_where_to_answer(new_id: bool) -> None:
    letter = samples.dispatch(new_id=new_id)
    mail = OURS.render(letter.template, letter)
    assert mail.subject.startswith("【依頼・要返信／期限4/7(火)】")
    assert mail.subject.endswith("［整理番号 3M7Q2K9XD4］")
    for wanted in (
        "厚く御礼申し上げ", "令和8年4月7日（火）", "14名", "横浜中年金事務所／回付番号 7Q2K9XD4HP",
        "meibo+t0k3n@example.jp", "03-0000-0001", "以上", "3M7Q2K9XD4", "運研発第12号", "令和8年3月12日", "「済」のみ",
    ):  # fmt: skip
        assert wanted in mail.text
    assert ("指認証" in mail.text) is new_id
    assert ("出向く必要はありません" in mail.text.replace("\n　　　", "")) is not new_id


@pytest.mark.parametrize(
    "letter",
    [
        samples.results(), samples.results(again=True), *(samples.follow_up(s) for s in FollowUp),
        *(samples.receipt_after(v) for v in ("complete", "partial", "nothing-read")),
    ],
    ids=lambda x: x.template,
)  # fmt: skip
def test_after_the_training_no_mail_speaks_of_a_deadline_or_presses(letter: letters.Letter) -> None:
    mail = OURS.render(letter.template, letter)
    for word in ("期限", "督促", "至急", "遅延", "4月7日"):
        assert word not in mail.subject + mail.text


def test_the_mail_with_results_says_what_to_do_in_the_words_of_the_procedure() -> None:
    text = OURS.render("results/first", samples.results()).text.replace("\n　　　", "").replace("\n", "")
    for wanted in (
        "終了いたしました", "今後配属予定のセンター名（予定のない方は理由）", "兼務登録の削除またはＩＤの削除",
        "修了12名・未修了1名・受講取りやめ1名", "横浜中年金事務所／回付番号 7Q2K9XD4HP", "4M7Q2K9XD4",
    ):  # fmt: skip
        assert wanted in text


def test_a_roster_for_the_central_office_is_offered_in_text_and_html() -> None:
    letter = samples.digest_of_handovers()
    mail = OURS.render(letter.template, letter)
    for shown in (mail.text, mail.html):
        assert "meibod submission mark T1 --number 1" in shown
        assert "meibod outbox release 62" in shown
    assert letter.todo_count == samples.digest().todo_count + 1


def test_the_supplement_for_the_central_office_is_marked() -> None:
    first, second = (OURS.render(samples.handover(n).template, samples.handover(n)) for n in (1, 2))
    assert "追加・訂正" not in first.subject
    assert "追加・訂正（第1回）" in second.subject
    assert "訂正1名" in second.text
    assert "中央年金事務所 御中" in first.text


EARLY = (Stage.UPCOMING, Stage.CHECK, Stage.LAST, Stage.TODAY)


@pytest.mark.parametrize("stage", EARLY)
def test_early_reminders_neither_press_nor_blame(stage: Stage) -> None:
    letter = samples.reminder(stage)
    mail = OURS.render(letter.template, letter)
    for word in ("督促", "至急", "遅延", "怠"):
        assert word not in mail.subject + mail.text


@pytest.mark.parametrize("stage", list(Stage))
def test_every_reminder_names_missing_rows_by_number_and_allows_for_crossing_mails(stage: Stage) -> None:
    letter = samples.reminder(stage)
    text = OURS.render(letter.template, letter).text
    assert "6名（全14名中）" in text
    assert "No.2、5〜7" in text
    assert "No.9（兼務登録年月日のみ未確認）" in text
    assert "行き違い" in text
    assert "令和8年4月7日（火）" in text
    assert "3M7Q2K9XD4" in text


@pytest.mark.parametrize(
    ("stage", "begins"),
    [
        (Stage.CHECK, "【ご確認・期限4/7(火)】"),
        (Stage.LAST, "【再度のご連絡・期限まで残り2営業日】"),
        (Stage.TODAY, "【本日期限4/7(火)】"),
        (Stage.OVERDUE, "【重要・期限経過】"),
        (Stage.WEEKLY, "【重要・期限経過】"),
    ],
)
def test_the_subject_of_a_reminder_says_how_late_it_is(stage: Stage, begins: str) -> None:
    letter = samples.reminder(stage)
    assert OURS.render(letter.template, letter).subject.startswith(begins)


def test_a_reminder_that_carries_the_rosters_again_says_so() -> None:
    letter = samples.reminder(Stage.LAST, attachments=2)
    mail = OURS.render(letter.template, letter)
    assert mail.subject.startswith("【再送・")
    assert "再度添付いたします" in mail.text


def test_names_stand_in_a_reminder_only_when_given_and_never_in_the_subject() -> None:
    letter = samples.reminder(Stage.CHECK, missing=samples.NAMED)
    mail = OURS.render(letter.template, letter)
    assert "No.2　高橋　一郎" in mail.text
    assert "高橋" not in mail.subject


def test_a_partial_receipt_says_what_is_confirmed_missing_and_under_check() -> None:
    letter = samples.receipt("partial")
    mail = OURS.render(letter.template, letter)
    assert letter.template == "receipt/partial"
    assert "（14名中6名確認）" in mail.subject
    assert "No.3　日付のない「済」でした" in mail.text
    assert "No.4　年月日が読み取れませんでした" in mail.text
    assert "パスワード" in mail.text


def test_a_complete_receipt_asks_for_nothing_more() -> None:
    letter = samples.receipt("complete")
    mail = OURS.render(letter.template, letter)
    assert letter.template == "receipt/complete"
    assert "14名全員" in mail.text
    assert "ご返送は不要" in mail.text.replace("\n", "")


def test_a_mail_that_could_not_be_placed_is_still_acknowledged() -> None:
    letter = samples.receipt("unplaced")
    mail = OURS.render(letter.template, letter)
    assert letter.template == "receipt/nothing-read"
    assert "整理番号" not in mail.subject + mail.text


class _Balanced(HTMLParser):
    """Notes tags that are opened and not closed, or closed out of turn."""

    VOID = ("br", "meta")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize("letter", [samples.digest(), samples.quiet_digest()], ids=["busy", "quiet"])
def test_the_html_of_a_digest_is_well_formed_and_loads_nothing_from_outside(letter: letters.DigestLetter) -> None:
    html = OURS.render(letter.template, letter).html
    checker = _Balanced()
    checker.feed(html)
    assert (checker.open, checker.wrong) == ([], [])
    assert not re.search(r"https?://|src=|url\(|<script", html)


def test_what_was_written_in_a_sheet_is_escaped_in_html_and_one_line_in_text() -> None:
    letter = samples.digest()
    mail = OURS.render(letter.template, letter)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: x" in mail.html
    assert "「<script>alert(1)</script> Bcc: x」" in mail.text


def test_the_digest_tells_counts_evidence_commands_holds_and_the_proof_of_completeness() -> None:
    letter = samples.digest()
    mail = OURS.render(letter.template, letter)
    for said in (mail.text, mail.html):
        for wanted in (
            "12", "review accept 13", "review reject 13", "mail 118 → 2/meibo.xlsx → 名簿!F15",
            "「R8.4.1」 → 2026-04-01",
            "当方の確認待ちあり", "何かの理由", "outbox release 61", "lost after DATA", "wm-hokkaido@example.jp",
            "meibod mail replay 109", "サーバー 121通・台帳 120通・漏れ 1通", "25分前", "#412 9f2c4e9f2c4e9f2c",
            "研修課長", "受信箱との照合が止まっています", "connection refused", "meibod outbox resend 57",
            "meibod review accept 31", "原本 31件を 4/8(水) に削除します", "研修に属さないメール　原本 4件",
            "名簿の氏名 12名分", "meibod retention stop T1", "meibod trainee cleaned", "口頭のまま",
        ):  # fmt: skip
            assert wanted in said, wanted
    assert mail.subject == "【meibod】4/1(水) 警報1件・要対応7件・未着7名・台帳漏れ1件"


def test_a_quiet_digest_says_that_nothing_waits() -> None:
    letter = samples.quiet_digest()
    mail = OURS.render(letter.template, letter)
    assert "要対応 0件" in mail.text
    assert "進行中の研修はありません" in mail.text
    assert "まだありません" in mail.text


def test_completeness_is_claimed_only_after_a_reconciliation() -> None:
    never = samples.quiet_digest()
    proven = dataclasses.replace(never, mailbox=letters.MailboxLine(3, 3, samples.at(8)))
    gap = dataclasses.replace(never, mailbox=letters.MailboxLine(3, 2, samples.at(8)))
    claim = "受信メールは全て台帳にあります"
    said = [OURS.render(x.template, x) for x in (never, proven, gap)]
    assert [claim in mail.text for mail in said] == [False, True, False]
    assert [claim in mail.html for mail in said] == [False, True, False]


def test_no_letter_can_put_a_terminal_id_into_a_mail() -> None:
    """The letters have no member for it, so no template can print it."""
    kinds = [kind for kind in vars(letters).values() if "letter" in getattr(kind, "__module__", "")]
    names = {f for kind in kinds for f in getattr(kind, "__dataclass_fields__", {})}
    assert "dispatch_code" in names
    assert not {n for n in names if "terminal" in n}


def test_an_own_folder_wins_file_by_file_and_word_by_word(tmp_path: Path) -> None:
    (tmp_path / "alarm").mkdir()
    (tmp_path / "alarm/now.text.txt.j2").write_text("自前：{{ letter.alarm.what | alarm('what') }}", "utf-8")
    (tmp_path / "words.toml").write_text('[alarm.ledger-gap]\nwhat = "漏れ"\ntodo = "見てください。"\n', "utf-8")
    letter = letters.AlarmLetter(letters.Alarm("ledger-gap"), samples.at(8))
    mail = JinjaTemplates(ROOT, tmp_path).render(letter.template, letter)
    assert (mail.subject, mail.text) == ("【meibod 警報】漏れ", "自前：漏れ\n")


def test_a_misspelt_placeholder_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "alarm").mkdir()
    (tmp_path / "alarm/now.text.txt.j2").write_text("{{ letter.alrm }}", "utf-8")
    with pytest.raises(TemplateBroken, match=r"alarm/now\.text\.txt\.j2.*alrm"):
        JinjaTemplates(ROOT, tmp_path).render("alarm/now", letters.AlarmLetter(letters.Alarm("x"), samples.at(8)))


def test_a_broken_template_of_the_site_is_found_before_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / "digest/daily.html.j2").write_text("{% if %}", "utf-8")
    assert [b.name for b in JinjaTemplates(ROOT, tmp_path).broken()] == ["digest/daily.html.j2"]


def test_a_template_cannot_reach_files_outside_its_folders() -> None:
    with pytest.raises(TemplateBroken):
        OURS.render("../../etc/passwd", samples.quiet_digest())


def test_an_unknown_word_stands_as_it_is() -> None:
    assert Words([ROOT]).word("何かの理由", "hold") == "何かの理由"


@pytest.mark.parametrize(
    ("reason", "worded"),
    [
        ("cap-reached", "一日の上限に到達"),
        ("refused: 550 5.7.1 policy", "サーバーが受け取りを拒否（550 5.7.1 policy）"),
        ("unknown: may have been delivered", "送信できたか不明（may have been delivered）"),
        ("管理者が保留", "管理者が保留"),
    ],
)
def test_a_reason_to_hold_is_worded_with_its_details(reason: str, worded: str) -> None:
    assert OURS.words.hold(reason) == worded


def test_a_question_about_a_held_mail_is_not_asked_twice() -> None:
    digest = samples.digest()
    about_it = letters.DigestReview(20, "outbox", samples.at(7), (), detail="cap-reached", outbox_id=61)
    other = dataclasses.replace(about_it, review_id=21, outbox_id=99)
    more = dataclasses.replace(digest, reviews=(*digest.reviews, about_it, other))
    assert [r.review_id for r in more.questions] == [13, 14, 21]
    text = OURS.render(more.template, more).text
    assert "[20]" not in text
    assert "一日の上限に到達" in text
    assert "meibod outbox release 99" in text


def test_a_flood_of_questions_and_changes_leaves_the_digest_readable() -> None:
    digest = samples.digest()
    flood = [dataclasses.replace(digest.reviews[0], review_id=n) for n in range(1, 301)]
    full = dataclasses.replace(digest, reviews=tuple(flood), changes=digest.changes * 200)
    mail = OURS.render(full.template, full)
    assert "ほか260件" in mail.text
    assert "ほか300件" in mail.text
    assert len(mail.html) < 200_000


def test_every_template_and_filter_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    folders = ("dispatch", "reminder", "receipt", "digest", "alarm", "admin")
    found = {f"{p.parent.name}/{p.name.split('.')[0]}" for f in folders for p in (ROOT / f).glob("*.j2")}
    assert {name for name in found if name not in readme} == set()
    assert {
        name
        for name in [*wording.FILTERS, "worded", "problem", "alarm", "hold", "spelt_out"]
        if f"`{name}" not in readme
    } == set()
    kinds = (letters.DispatchLetter, letters.ReminderLetter, letters.ReceiptLetter, letters.Subject, letters.Sender)
    members = {m for kind in kinds for m in kind.__dataclass_fields__}
    assert {m for m in members if m not in readme} == set()


# -- wording ---------------------------------------------------------------------------------------------------


def test_row_numbers_are_drawn_together_from_three_on() -> None:
    assert wording.numbers([Row(n) for n in (1, 2, 4, 5, 6, 9)]) == "No.1、2、4〜6、9"


def test_a_period_of_one_day_is_one_day() -> None:
    day = dt.date(2027, 1, 8)
    about = samples.about()
    one = letters.Subject("a", "b", "c", False, day, day, about.deadline_on, "X")
    two = letters.Subject("a", "b", "c", False, dt.date(2026, 12, 25), day, about.deadline_on, "X")
    assert wording.period(one) == "令和9年1月8日（金）"
    assert wording.period(two) == "令和8年12月25日（金）〜令和9年1月8日（金）"


def test_instants_are_shown_in_tokyo() -> None:
    assert wording.clock(dt.datetime(2026, 3, 31, 23, 5, tzinfo=dt.UTC)) == "4/1(水) 8:05"
    assert wording.on(dt.datetime(2026, 3, 31, 23, 5, tzinfo=dt.UTC)) == dt.date(2026, 4, 1)


@given(st.text(alphabet="あいう漢字、。（）「」ＷＭabc12@.　", min_size=1, max_size=300))
def test_flowing_a_paragraph_loses_no_character_and_keeps_the_line(paragraph: str) -> None:
    source = "　" + paragraph.lstrip("　")
    set_anew = wording.flow(source)
    assert set_anew.replace("\n", "").replace("　", "") == source.replace("　", "")
    assert set_anew == wording.flow(source)


@given(st.text(alphabet="あいうえお漢字、。", min_size=1, max_size=300))
def test_no_line_begins_with_a_full_stop_or_comma(paragraph: str) -> None:
    lines = wording.flow("　あ" + paragraph).rstrip("\n").split("\n")
    assert not any(line.startswith(("、", "。")) for line in lines[1:])


@given(st.text(max_size=200), st.integers(2, 80))
def test_one_line_is_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    shown = wording.oneline(text, limit)
    assert len(shown) <= limit
    assert all(c.isprintable() or c == "　" for c in shown)
