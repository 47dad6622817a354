"""From a pen to the register: printed, written on, faxed, mailed by a gateway, read in the sandbox, seen, told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from daemon.adapters.reader_pool import SandboxedReader
from daemon.adapters.store import verify_chain
from daemon.domain.model import Review, State, Status
from daemon.handlers import review
from daemon.handlers.acknowledge_fax import acknowledge_faxes
from daemon.handlers.digest import send_digest
from daemon.handlers.ingest import ingest
from daemon.handlers.pages import place_page
from daemon.handlers.pictures import picture_for
from daemon.handlers.verify import verify
from daemon.simulation.fax import FINE, FaxPass, Sheet, as_tiff, fax, printed, write
from daemon.simulation.fax.hand import neat_hand
from daemon.simulation.fax.penwork import Entry, Filling, Way, fill
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.findings import Field, Problem
from parsers.forms import PRE_EXISTING_ID
from tests.fakes.faxes import send, whited
from tests.fakes.faxmail import GATEWAY, fax_mail, rosters
from tests.fakes.house import House, attachment

OFFICE = "wm-kanagawa@example.jp"
FIELD = Field.CONCURRENT_REGISTERED_ON
DAYS = {0: dt.date(2026, 3, 9), 1: dt.date(2026, 3, 10), 2: dt.date(2026, 3, 11)}
PEOPLE = tuple(
    ("神奈川/横浜", name, kana)
    for name, kana in (
        ("髙橋　一郎", "タカハシ　イチロウ"),
        ("佐藤　美咲", "サトウ　ミサキ"),
        ("鈴木　健太郎", "スズキ　ケンタロウ"),
        ("五十嵐　彩", "イガラシ　アヤ"),
    )
)
HEADER = "2026/03/16 09:58 YOKOHAMA-CHUO 045-111-2222 P.001/001"


@pytest.fixture
def house() -> Iterator[House]:
    """HQ with a gateway; one roster of four is out since 2026-03-02, now it is the 16th."""
    made = House()
    book = replace(made.kit.directory, gateways=(GATEWAY,))
    made.kit = replace(made.kit, reader=SandboxedReader(), directory=book)
    made.dispatch(made.training(PEOPLE))
    made.at("2026-03-16 10:00")
    yield made
    made.kit.reader.close()


@pytest.fixture
def form() -> FormGeometry:
    found = geometry_of(PRE_EXISTING_ID.number)
    assert found is not None
    return found


@pytest.fixture
def filled(house: House, form: FormGeometry) -> Sheet:
    """The sheet that was mailed, with three days by a neat hand; the fourth row is empty."""
    _, pdf = attachment(house.sent_to(OFFICE)[0], ".pdf")
    dates = {(index, FIELD): Entry(Way.DATE, day) for index, day in DAYS.items()}
    return write(printed(pdf, dpi=300), fill(form, Filling(dates), neat_hand(), np.random.default_rng(1)))


def questions(house: House) -> list[Review]:
    with house.store.snapshot() as tx:
        return tx.reviews()


def test_three_handwritten_days_reach_the_register_after_one_glance(house: House, filled: Sheet) -> None:
    page = fax(filled, FaxPass(FINE, header=HEADER), np.random.default_rng(1))
    house.receive(fax_mail("Fax from 045-111-2222", as_tiff([page])))
    rows = house.rows("wm-skill-up-20260415")
    assert {r.row: r.values[FIELD].value for r in rows if r.values} == {
        index + 1: day.isoformat() for index, day in DAYS.items()
    }
    assert [r.kind for r in questions(house)] == ["verify"] * 3
    with house.store.snapshot() as tx:
        (seen,) = tx.pages()
    assert seen.sealed
    assert "045-111-2222" in seen.header
    house.at("2026-03-17 08:31")
    send_digest(house.kit)
    house.drain()
    assert sum(p.get_content_type() == "image/png" for p in house.sent().walk()) == 3
    for question in questions(house):
        assert picture_for(house.kit, question.review_id).startswith(b"\x89PNG")
        review.accept(house.kit, question.review_id, "suzuki")
    after = house.rows("wm-skill-up-20260415")
    assert [r.state for r in after] == [State.VERIFIED] * 3 + [State.ACKED]
    assert [m for m in house.sent_to(OFFICE) if "受領" in str(m["Subject"])] == []
    house.at("2026-03-17 08:45")
    acknowledge_faxes(house.kit)
    house.drain()
    request, receipt = house.sent_to(OFFICE)
    assert receipt["In-Reply-To"] == request["Message-ID"]
    assert "（ＦＡＸ受信分・4名中3名確認）" in str(receipt["Subject"])
    told = receipt.get_content().replace("\r\n", "\n")
    for words in (
        "ＦＡＸ　3月16日（月） 10:00",
        f"（回付番号 {seen.roster}）　3名\n　　　No.1〜3",
        "■ 未確認　1名",
        "No.4",
    ):
        assert words in told
    assert [p.problems for p in verify(house.kit, verify_chain)] == [()] * 5


def test_a_page_whose_codes_are_lost_is_guessed_shown_named_and_read(
    house: House, filled: Sheet, form: FormGeometry
) -> None:
    lost = send(
        whited(filled, *((x - 3, y - 3, w + 6, h + 6) for x, y, w, h in form.codes)), FaxPass(FINE, turned_deg=180)
    )
    house.receive(fax_mail("Fax from 045-111-2222", as_tiff([lost])))
    code = rosters(house, "wm-skill-up-20260415", "神奈川")[0].code
    (question,) = questions(house)
    assert question.problems[0] is Problem.PAGE_UNPLACED
    assert question.suggestion == f"{code}/1"
    assert ingest(house.kit, place_page(house.kit, question.review_id, "", "suzuki"))
    rows = house.rows("wm-skill-up-20260415")
    assert {r.row: r.values[FIELD].value for r in rows if r.values} == {
        index + 1: day.isoformat() for index, day in DAYS.items()
    }
    assert {r.values[FIELD].status for r in rows if r.values} == {Status.READ}
    with house.store.snapshot() as tx:
        assert {r.evidence.named_by for r in tx.readings()} == {"suzuki"}
