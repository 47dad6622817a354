"""Faxes through the real handlers: whose they are, what is recorded, kept, asked and never said."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import replace

import pytest

from daemon.adapters.store import verify_chain
from daemon.domain.letters import AlarmCode
from daemon.domain.model import MailPurpose, MailState, Review, ReviewState, SourceKind, State, Status
from daemon.domain.policy import FaxAcceptance, Policy
from daemon.errors import Refused
from daemon.handlers import retention, review
from daemon.handlers.alarm import standing
from daemon.handlers.digest import compose, send_digest
from daemon.handlers.glances import with_pictures
from daemon.handlers.ingest import ingest, replay
from daemon.handlers.outgoing import Draft, Inline, queue
from daemon.handlers.pages import place_page
from daemon.handlers.personal import erase_person, export_person
from daemon.handlers.pictures import all_named, picture_for
from daemon.handlers.planning import could_be_answers
from daemon.handlers.said import Said as Spoken
from daemon.handlers.said import cleaned
from daemon.handlers.schedule import cancel_training
from daemon.handlers.verify import verify
from daemon.ports import Rendered
from parsers.findings import Decision, Evidence, Field, PageKind, Problem
from tests.fakes.faxmail import FaxReader, Said, date_finding, fax_house, fax_mail, png, rosters
from tests.fakes.house import House

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
DAY = "2026-03-10"
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def reader(house: House) -> FaxReader:
    return fax_house(house)


@pytest.fixture
def training(house: House, reader: FaxReader) -> str:
    """Two people in 神奈川 on one roster, one in 千葉; sent on 2026-03-02, now it is the 16th."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    reader.names = {(row.roster, row.row): row.name for row in house.rows(ident)}
    return ident


@pytest.fixture
def code(house: House, training: str) -> str:
    return rosters(house, training, "神奈川")[0].code


def open_questions(house: House, kind: str = "") -> list[Review]:
    with house.store.snapshot() as tx:
        return [r for r in tx.reviews() if kind in {"", r.kind}]


def fax(house: House, reader: FaxReader, subject: str, *pages: Said) -> None:
    reader.told[subject] = list(pages)
    house.receive(fax_mail(subject))


def test_a_sealed_page_is_read_and_waits_for_a_glance(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY, 2: DAY}))
    rows = house.rows(training, "神奈川")
    assert {(r.state, r.values[FIELD].status, r.values[FIELD].source) for r in rows} == {
        (State.READ, Status.READ, SourceKind.FAX)
    }
    questions = open_questions(house)
    assert [(r.kind, r.suggestion) for r in questions] == [("verify", DAY)] * 2
    assert picture_for(house.kit, questions[0].review_id) == png(f"{code}/1/{DAY}")
    assert [m for m in house.sent_to("wm-kanagawa@example.jp") if "受領" in str(m["Subject"])] == []
    with house.store.snapshot() as tx:
        assert (tx.mails()[0].prefecture, tx.mails()[0].attributed_by) == ("神奈川", "page-code")


def test_a_glance_verifies_and_agreement_needs_none(house: House, reader: FaxReader, training: str, code: str) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}))
    review.accept(house.kit, open_questions(house)[0].review_id, "suzuki")
    assert house.rows(training)[0].values[FIELD].status is Status.VERIFIED
    house.kit = replace(house.kit, policy=Policy(fax_acceptance=FaxAcceptance.AGREEMENT))
    fax(house, reader, "Fax from 2", Said(code, {2: DAY}))
    assert {r.state for r in house.rows(training, "神奈川")} == {State.VERIFIED}
    assert open_questions(house) == []


def test_a_page_sealed_by_somebody_else_is_never_recorded(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, key=b"somebody else's key"))
    assert house.rows(training, "神奈川")[0].values == {}
    (question,) = open_questions(house)
    assert {Problem.SEAL_DIFFERS, Problem.SENDER_UNKNOWN} <= set(question.problems)
    with house.store.snapshot() as tx:
        assert AlarmCode.FORGED_TOKEN in {a.what for a in standing(tx, house.kit)}


def test_the_number_of_a_known_office_routes_a_fax_and_proves_nothing(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    number = house.kit.directory.offices["神奈川"].fax
    fax(house, reader, f"Fax from {number}", Said(code, {1: DAY}, key=b"somebody else's key"))
    fax(house, reader, f"Fax from {number} (1 pages)", Said(None))
    with house.store.snapshot() as tx:
        assert [m.attributed_by for m in tx.mails()] == ["roster-code", "fax-number"]
        assert could_be_answers(tx, "千葉") == 0
        assert could_be_answers(tx, "神奈川") > 0
    assert house.rows(training, "神奈川")[0].values == {}


def test_pictures_are_kept_with_what_names_them_and_proven(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, header="2026/03/16 09:58 ﾖｺﾊﾏﾁｭｳ P.001/001"))
    with house.store.snapshot() as tx:
        (reading,) = tx.readings()
        (page,) = tx.pages()
    assert reading.evidence.readers == ("080310", "080310")
    assert house.kit.blobs.has(reading.evidence.crop_sha256)
    assert house.kit.blobs.has(page.header_sha256)
    assert page.sealed
    assert [p.problems for p in verify(house.kit, verify_chain)] == [()] * 5
    house.kit.blobs.remove(reading.evidence.crop_sha256)
    assert [p.problems for p in verify(house.kit, verify_chain) if p.what == "blobs"] == [
        (f"blob of reading {reading.reading_id}: KeyError",)
    ]


def test_a_picture_that_did_not_come_along_is_not_believed(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    stolen = next(iter(house.kit.blobs.all()))
    said = Said(code)
    found, _ = date_finding(said, 1, 1, DAY)
    found = replace(found, evidence=replace(found.evidence, crop_sha256=stolen))
    fax(house, reader, "Fax from 1", replace(said, findings=[found]))
    (question,) = open_questions(house)
    assert question.evidence.crop_sha256 == ""
    with pytest.raises(Refused, match="画像がありません"):
        picture_for(house.kit, question.review_id)


def test_a_doubtful_date_is_a_question_with_its_picture_and_candidates(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    said = Said(code)
    doubtful, _ = date_finding(
        said, 1, 1, DAY, value=None, confidence=0.0, decision=Decision.REVIEW, candidates=(DAY, "2026-03-16"),
        problems=(Problem.LOW_CONFIDENCE,),
    )  # fmt: skip
    fax(house, reader, "Fax from 1", replace(said, dates={1: DAY}, findings=[doubtful]))
    asked = [r for r in open_questions(house) if r.kind == "value"]
    assert [(r.candidates, bool(r.evidence.crop_sha256)) for r in asked] == [((DAY, "2026-03-16"), True)]


def test_a_line_for_everybody_says_nothing_about_somebody_who_is_out(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    from daemon.handlers.cases import withdraw

    withdraw(house.kit, house.rows(training, "神奈川")[1].enrollment_id, "suzuki", "辞退")
    said = Said(code)
    ditto = [date_finding(said, 1, row, DAY, problems=(Problem.DITTO,))[0] for row in (1, 2, 3)]
    fax(house, reader, "Fax from 1", replace(said, findings=ditto))
    assert house.rows(training, "神奈川")[0].values[FIELD].value == DAY
    assert [r.kind for r in open_questions(house)] == ["verify"]


# -- faxes as a whole ----------------------------------------------------------------------------------------------


def test_a_fax_without_a_page_is_an_alarm_at_once(house: House, reader: FaxReader, training: str) -> None:
    house.receive(fax_mail("Fax from 045-111-2222", None))
    (question,) = open_questions(house)
    assert question.problems == (Problem.FAX_WITHOUT_PAGES,)
    with house.store.snapshot() as tx:
        assert [(a.what, a.detail) for a in standing(tx, house.kit)] == [(AlarmCode.FAX_WITHOUT_PAGES, "mail 1")]
    review.accept(house.kit, question.review_id, "suzuki")
    with house.store.snapshot() as tx:
        assert standing(tx, house.kit) == []


def test_blank_pages_alone_are_no_fax_that_can_be_read(house: House, reader: FaxReader, training: str) -> None:
    fax(house, reader, "Fax from 1", Said(kind=PageKind.BLANK), Said(kind=PageKind.BLANK))
    assert [r.problems for r in open_questions(house)] == [(Problem.FAX_WITHOUT_PAGES,)]


@pytest.mark.parametrize("subject", ["FAX送信が成功しました", "転送終了通知", "送信結果レポート", "通信管理レポート"])
def test_notices_about_faxes_sent_are_no_faxes(house: House, reader: FaxReader, training: str, subject: str) -> None:
    house.receive(fax_mail(subject, None))
    assert open_questions(house) == []
    with house.store.snapshot() as tx:
        assert tx.mails()[0].state is MailState.APPLIED
        assert standing(tx, house.kit) == []


def test_a_reception_that_failed_is_an_alarm(house: House, reader: FaxReader, training: str) -> None:
    house.receive(fax_mail("ＦＡＸ受信エラー", None))
    assert [r.problems for r in open_questions(house)] == [(Problem.FAX_WITHOUT_PAGES,)]


def test_a_page_the_header_promises_and_nobody_sent_is_a_question(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    pages = [Said(code, {n: DAY}, header=f"2026/03/16 09:58 045-1 P.00{n}/003") for n in (1, 2)]
    fax(house, reader, "Fax from 1", *pages)
    (question,) = open_questions(house, "pages")
    assert (question.detail, question.prefecture, question.roster) == ("2/3", "神奈川", code)
    with house.store.snapshot() as tx:
        assert could_be_answers(tx, "神奈川") == 0


def test_a_fax_in_several_mails_is_put_together(house: House, reader: FaxReader, training: str, code: str) -> None:
    header = "2026/03/16 09:58 045-1 P.00{}/003"
    fax(house, reader, "Fax from 045-1 (3 pages)", *(Said(code, {n: DAY}, header=header.format(n)) for n in (1, 2)))
    assert [r.detail for r in open_questions(house, "pages")] == ["2/3"]
    house.at("2026-03-16 10:04")
    reader.told["Fax from 045-1 (3 pages)"] = [Said(code, header=header.format(3), sheet=1)]
    house.receive(fax_mail("Fax from 045-1 (3 pages)", b"II*\0 the rest"))
    assert open_questions(house, "pages") == []
    assert {r.state for r in house.rows(training, "神奈川")} == {State.READ}


def test_the_same_fax_again_does_not_stand_in_for_the_missing_page(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    pages = [Said(code, {n: DAY}, header=f"045-1 P.{n}/3") for n in (1, 2)]
    fax(house, reader, "Fax from 1", *pages)
    house.receive(fax_mail("Fax from 1", b"II*\0 once more"))
    assert len(open_questions(house, "pages")) == 2


def test_the_whole_fax_sent_again_answers_the_question(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    pages = [Said(code, {n: DAY} if n < 3 else {}, header=f"045-111-2222 P.{n}/3") for n in (1, 2, 3)]
    fax(house, reader, "Fax from 1", *pages[:2])
    assert len(open_questions(house, "pages")) == 1
    reader.told["Fax from 1"] = pages
    house.receive(fax_mail("Fax from 1", b"II*\0 whole"))
    assert open_questions(house, "pages") == []


def test_two_faxes_of_unknown_senders_do_not_complete_each_other(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    other = rosters(house, training, "千葉")[0].code
    fax(house, reader, "受信文書 1", Said(code, {1: DAY}, header="P.1/2"))
    fax(house, reader, "受信文書 2", Said(other, {1: DAY}, header="P.2/2"))
    assert [r.prefecture for r in open_questions(house, "pages")] == ["神奈川", "千葉"]


def test_one_page_of_two_is_no_question_the_rest_is_still_owed(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, sheet=1, sheets=2, header="045-1 P.1/1"))
    assert [r.kind for r in open_questions(house)] == ["verify"]
    assert {r.state for r in house.rows(training, "神奈川")} == {State.READ, State.ACKED}


# -- pages nobody can place ------------------------------------------------------------------------------------------


def test_a_page_without_code_waits_with_its_picture_and_is_read_once_a_person_names_it(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    house.kit = replace(house.kit, policy=Policy(fax_acceptance=FaxAcceptance.AGREEMENT))
    fax(house, reader, "Fax from 1", Said(None, {1: DAY, 2: DAY}, guesses=(code,)))
    (question,) = open_questions(house)
    assert (question.kind, question.suggestion, question.prefecture) == ("page", f"{code}/1", "神奈川")
    assert picture_for(house.kit, question.review_id).startswith(b"\x89PNG")
    ledger_id = place_page(house.kit, question.review_id, f"{code}/1", "suzuki")
    assert ingest(house.kit, ledger_id)
    (named,) = reader.contexts[-1].named
    assert (named.roster, named.sheet, named.sheets, named.first_row, named.edition) == (code, 1, 1, 1, 1)
    rows = house.rows(training, "神奈川")
    assert {r.values[FIELD].status for r in rows} == {Status.READ}
    with house.store.snapshot() as tx:
        assert {r.evidence.named_by for r in tx.readings()} == {"suzuki"}
        assert tx.mails()[0].prefecture == "神奈川"
    assert [r.kind for r in open_questions(house)] == ["verify"] * 2


def test_accepting_the_guess_is_enough_to_have_the_page_read(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(None, {1: DAY}, guesses=(code,)))
    closed = review.accept(house.kit, open_questions(house)[0].review_id, "suzuki")
    assert closed.state is ReviewState.SET
    house.drain()
    assert house.rows(training, "神奈川")[0].values[FIELD].value == DAY


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("9Z", "回付番号ではありません"),
        ("{code}/2", "1 ページまで"),
        ("{code}", "ページ"),
        ("0000000000/1", "ありません"),
    ],
)
def test_a_page_is_not_placed_where_no_page_is(
    house: House, reader: FaxReader, training: str, code: str, where: str, said: str
) -> None:
    fax(house, reader, "Fax from 1", Said(None))
    with pytest.raises(Refused, match=said):
        place_page(house.kit, open_questions(house)[0].review_id, where.format(code=code), "suzuki")
    assert [r.kind for r in open_questions(house)] == ["page"]


def test_a_named_page_that_does_not_fit_is_asked_about_again(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(None))
    (question,) = open_questions(house)
    reader.refuses = True
    place_page(house.kit, question.review_id, f"{code}/1", "suzuki")
    house.drain()
    (again,) = open_questions(house)
    assert again.problems == (Problem.NAMED_PAGE_DIFFERS,)
    assert again.detail == f"{code}/1"


def test_a_replay_asks_nothing_twice(house: House, reader: FaxReader, training: str, code: str) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, header="P.1/2"), Said(None))
    before = {r.review_id for r in open_questions(house)}
    assert replay(house.kit, 1, "suzuki")
    assert {r.review_id for r in open_questions(house)} == before
    with house.store.snapshot() as tx:
        assert len(tx.pages()) == 2


def test_a_second_fax_that_says_the_same_leaves_the_glance_to_a_person(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}))
    fax(house, reader, "Fax from 2", Said(code, {1: DAY}))
    assert [(r.kind, r.ledger_id) for r in open_questions(house)] == [("verify", 1)]


def test_what_was_read_from_a_fax_is_told_in_the_history(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    from daemon.handlers.history import of_trainee

    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, header="2026/03/16 09:58 ﾖｺﾊﾏ P.1/1"))
    line = next(one for one in of_trainee(house.kit, f"{code}/1")[1] if one.kind == "value-recorded")
    assert line.evidence.readers == ("080310", "080310")
    assert line.header == "2026/03/16 09:58 ﾖｺﾊﾏ P.1/1"
    assert line.at == dt.datetime(2026, 3, 16, 1, 0, tzinfo=dt.UTC)


# -- the glance ----------------------------------------------------------------------------------------------------


def test_the_digest_shows_every_crop_once_grouped_by_roster_and_only_to_admins(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    other = rosters(house, training, "千葉")[0].code
    said = Said(code)
    line, crop = date_finding(said, 1, 1, DAY, problems=(Problem.DITTO,))
    shared = [replace(line, row=row) for row in (1, 2)]
    fax(house, reader, "Fax from 1", replace(said, findings=shared, pictures=(crop,)))
    own, crop = date_finding(Said(other), 1, 1, DAY)
    doubted = replace(own, evidence=replace(own.evidence, readers=("080310", "080370")))
    fax(house, reader, "Fax from 2", Said(other, findings=[doubted], pictures=(crop,)))
    house.at("2026-03-17 08:31")
    send_digest(house.kit)
    house.drain()
    mail = house.sent()
    assert mail["To"] == "admin@hq.example.jp"
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    page = html.get_content()
    shown = re.findall(r'src="cid:([0-9a-f]{32}@meibod)"', page)
    crops = {p["Content-ID"]: p for p in mail.walk() if p.get_content_type() == "image/png"}
    assert [f"<{s}>" for s in shown] == list(crops)
    assert len(shown) == 2
    assert all(hashlib.sha256(p.get_payload(decode=True)).hexdigest()[:32] in i for i, p in crops.items())
    assert page.index("千葉") < page.index("神奈川")
    for words in ("No.1、2　令和8年3月10日（火）", "080310／080370"):
        assert words in page
        assert words in text.get_content()
    assert "髙橋" not in page
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "multipart/related"]


def test_a_digest_that_would_be_too_large_says_how_many_crops_are_left(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY, 2: DAY}))
    with house.store.snapshot() as tx:
        letter = compose(tx, house.kit)
        small, left = with_pictures(tx, house.kit, letter.reviews, most_bytes=1)
    assert (len(letter.reviews), small, left) == (2, (), 2)
    words = house.kit.templates.render("digest/daily", replace(letter, reviews=small, crops_left=left))
    assert "ほか2件　meibod review list" in words.text
    assert words.html.count("<img") == 0


@pytest.mark.parametrize("with_names", [False, True])
def test_a_whole_page_is_shown_only_where_names_may_be(
    house: House, reader: FaxReader, training: str, code: str, with_names: bool
) -> None:
    house.kit = replace(house.kit, policy=Policy(digest_with_names=with_names))
    fax(house, reader, "Fax from 1", Said(None, guesses=(code,)))
    with house.store.snapshot() as tx:
        (shown,) = compose(tx, house.kit).reviews
    assert (shown.picture is not None) is with_names
    assert f"meibod review place {shown.review_id} 回付番号/ページ" in _words(house)


def _words(house: House) -> str:
    with house.store.snapshot() as tx:
        return house.kit.templates.render("digest/daily", compose(tx, house.kit)).text


def test_no_picture_goes_into_a_mail_to_an_office(house: House, training: str) -> None:
    draft = Draft(
        MailPurpose.RECEIPT, "x", Rendered("件名", "本文", "<p>本文</p>"), ("wm-chiba@example.jp",), prefecture="千葉",
        inline=(Inline("0" * 64, png("x")),),
    )  # fmt: skip
    with house.store.transaction() as tx, pytest.raises(Refused, match="担当者以外"):
        queue(tx, house.kit, draft)


def test_what_was_not_shown_is_not_accepted_with_the_rest(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    from daemon.cli.review import _glances

    with pytest.raises(Refused):
        _glances(house.kit)
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}))
    house.at("2026-03-17 08:31")
    send_digest(house.kit)
    house.at("2026-03-17 09:00")
    fax(house, reader, "Fax from 2", Said(code, {2: DAY}))
    assert len(open_questions(house, "verify")) == 2
    assert len(_glances(house.kit)) == 1


# -- what goes when its time is over ---------------------------------------------------------------------------------


def test_pictures_of_one_person_are_handed_out_and_erased_shared_ones_stay(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    said = Said(code)
    line, crop = date_finding(said, 1, 1, DAY, problems=(Problem.DITTO,))
    own, own_crop = date_finding(said, 1, 3, DAY)
    fax(
        house, reader, "Fax from 1",
        replace(said, findings=[line, replace(line, row=2)], pictures=(crop,)),
    )  # fmt: skip
    mine = replace(own, row=1, problems=(Problem.LOW_CONFIDENCE,), decision=Decision.REVIEW)
    fax(house, reader, "Fax from 2", replace(said, findings=[mine], pictures=(own_crop,)))
    assert list(export_person(house.kit, f"{code}/1").files) == [f"{own_crop.sha256[:16]}.png"]
    cancel_training(house.kit, training, "suzuki", "申込不足")
    cleaned(house.kit, house.rows(training)[0].enrollment_id, _cleaned(house))
    erase_person(house.kit, f"{code}/1", "suzuki", "本人の請求")
    assert not house.kit.blobs.has(own_crop.sha256)
    assert house.kit.blobs.has(crop.sha256)
    assert [p.problems for p in verify(house.kit, verify_chain) if p.what == "blobs"] == [()]


def _cleaned(house: House) -> Spoken:
    """The clean-up is reported by telephone."""
    return Spoken(Field.CONCURRENT_DELETED_ON, house.clock.today(), "suzuki", "事務所の連絡")


def test_pictures_go_with_the_raw_mail(house: House, reader: FaxReader, training: str, code: str) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}, header="P.1/1"), Said(None))
    for question in open_questions(house):
        review.reject(house.kit, question.review_id, "suzuki")
    cancel_training(house.kit, training, "suzuki", "申込不足")
    orphan = house.kit.blobs.put(png("left behind by a crash"))
    with house.store.snapshot() as tx:
        named = {sha for sha, _ in all_named(tx)}
    assert len(named) == 3
    house.at("2027-04-01 04:00")
    retention.run(house.kit)
    house.at("2027-04-08 04:00")
    retention.run(house.kit)
    assert not [sha for sha in (*named, orphan) if house.kit.blobs.has(sha)]
    assert [p.problems for p in verify(house.kit, verify_chain) if p.what == "blobs"] == [()]
    fax(house, reader, "Fax from 9", Said(code, {1: DAY}))
    assert house.kit.blobs.has(open_questions(house)[0].evidence.crop_sha256)


def test_a_text_layer_a_machine_made_by_itself_is_nobodys_typing(
    house: House, reader: FaxReader, training: str, code: str
) -> None:
    said = Said(code, {1: DAY})
    typed, _ = date_finding(said, 2, 2, DAY)
    typed = replace(typed, evidence=Evidence(part="2/fax.tif", page=2))
    fax(house, reader, "Fax from 1", replace(said, findings=[typed]))
    asked = [r for r in open_questions(house) if r.kind == "value"]
    assert [Problem.SENDER_UNKNOWN in r.problems for r in asked] == [True]


def test_a_gateway_is_never_answered(house: House, reader: FaxReader, training: str, code: str) -> None:
    fax(house, reader, "Fax from 1", Said(code, {1: DAY}), Said(None))
    fax(house, reader, "Fax from 2")
    house.drain()
    assert not house.sent_to("fax@hq.example.jp")
    assert "fax@hq.example.jp" not in str([to for _, to, _ in house.submission.taken])
