"""A run of a course taken through its steps on the table of `House`: for tests of what comes after the dates."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl

from daemon.domain.model import Enrollment, Handover, MailPurpose, OutboxMail, Review, Training
from daemon.handlers import deliver as delivery
from daemon.handlers.handover import make_due
from daemon.handlers.remind import remind
from daemon.handlers.results import approve_results, import_results, template
from tests.fakes.house import Answer, House, attachment, filled

DESTINATION, REASON = "今後配属予定のセンター名", "配属予定のない理由"
CONCURRENT_DELETED, ID_DELETED = "兼務登録削除年月日", "ＩＤ削除年月日"
DONE = dt.datetime(2026, 3, 10)


def tick(house: House, at: str, *raws: bytes) -> None:
    """One look at the mailbox, one round of all that happens by itself."""
    house.at(at)
    house.receive(*raws)
    make_due(house.kit)
    remind(house.kit)
    delivery.settle(house.kit)
    house.drain()


def books(house: House, address: str, purpose: str = "登録用") -> list[tuple[str, bytes]]:
    """The workbooks of the last request to that office whose subject holds `purpose`."""
    mail = [m for m in house.sent_to(address) if purpose in str(m["Subject"]) and list(m.iter_attachments())][-1]
    names = [p.get_filename() or "" for p in mail.iter_attachments()]
    return [attachment(mail, ".xlsx", n) for n in range(sum(n.endswith(".xlsx") for n in names))]


def registered(house: House, address: str, on: Mapping[str, dt.datetime] | None = None) -> bytes:
    """The answer that fills in every registration; `on`: by header."""
    days = on or {"兼務登録年月日": DONE}
    mail = next(m for m in house.sent_to(address) if "登録用" in str(m["Subject"]))
    files = []
    for name, data in books(house, address):
        for header, day in days.items():
            data = filled(data, lambda *_, day=day: day, header)  # noqa: PLW2901 - one column after the other
        files.append((name, data))
    return Answer(mail, files=files).raw()


def results(house: House, training_id: str, failed: tuple[str, ...] = ()) -> bytes:
    """The register of results, filled in: 修了 for all but those whose name begins with one of `failed`."""
    book = openpyxl.load_workbook(io.BytesIO(template(house.kit, training_id)))
    sheet = book.worksheets[0]
    head = next(r for r in sheet.iter_rows() if any(str(c.value or "") == "氏名" for c in r))
    columns = {str(c.value or "").replace("\n", ""): c.column for c in head}
    for row in range(head[0].row + 1, sheet.max_row + 1):
        name = str(sheet.cell(row, columns["氏名"]).value or "")
        if name:
            sheet.cell(row, columns["修了の有無"]).value = "未修了" if name.startswith(failed or ("□",)) else "修了"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def results_out(house: House, training_id: str, failed: tuple[str, ...] = ()) -> None:
    """Results imported, approved, sent."""
    report = import_results(house.kit, training_id, "r.xlsx", results(house, training_id, failed), "test", apply=True)
    assert not report.problems, report.problems
    approve_results(house.kit, training_id, "test")
    delivery.settle(house.kit)
    house.drain()


Fill = Callable[[int, str], Mapping[str, Any]]


def answered(house: House, address: str, fill: Fill, text: str = "") -> bytes:
    """The rosters with results back: `fill(No., name)` gives what stands under each header of the row."""
    mail = [m for m in house.sent_to(address) if "修了の有無" in str(m["Subject"])][-1]
    files = []
    for name, data in books(house, address, "修了の有無"):
        for header in (DESTINATION, REASON, CONCURRENT_DELETED, ID_DELETED):
            data = filled(data, lambda no, who, h=header: fill(no, who).get(h), header)  # noqa: PLW2901
        files.append((name, data))
    return Answer(mail, files=files, text=text or "名簿をお送りします。よろしくお願いいたします。\n").raw()


def training(house: House, training_id: str) -> Training:
    with house.store.snapshot() as tx:
        return tx.get_training(training_id)


def person(house: House, training_id: str, name: str) -> Enrollment:
    """The trainee whose name begins so."""
    return next(r for r in house.rows(training_id) if r.name.startswith(name))


def handovers(house: House, training_id: str) -> list[Handover]:
    with house.store.snapshot() as tx:
        return tx.handovers(training_id)


def questions(house: House) -> list[Review]:
    with house.store.snapshot() as tx:
        return tx.reviews()


def outbox(house: House, purpose: MailPurpose) -> list[OutboxMail]:
    with house.store.snapshot() as tx:
        return [m for m in tx.outbox() if m.purpose is purpose]
