"""The whole program on a table: real store, words, documents and readers; clock, mailbox and SMTP in our hand."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import openpyxl

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.masters import load_directory
from daemon.adapters.resources import data_path
from daemon.adapters.templates import JinjaTemplates
from daemon.adapters.work import InlineWork
from daemon.domain.directory import Admin, Directory
from daemon.domain.model import Course, Enrollment, Training
from daemon.domain.policy import Policy
from daemon.handlers import deliver as delivery
from daemon.handlers.dispatch import approve
from daemon.handlers.ingest import work_through
from daemon.handlers.intake import sync
from daemon.handlers.prepare import NewTraining, add_training, import_list
from daemon.ports import FetchedMail, Kit, Letterhead, MailboxError, MailboxView, SubmissionOutcome, Submitted
from parsers.findings import Document
from parsers.reading import ReadingContext, read_file
from tests.fakes.clock import FakeClock
from tests.fakes.stores import memory_blobs, memory_store

KEY = b"the key of the house of the tests"
ADDRESS = "meibo@hq.example.jp"
TOKYO = dt.timezone(dt.timedelta(hours=9), "JST")


class RecordingSubmission:
    """Takes every mail; `script` answers the next attempts otherwise."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, tuple[str, ...], bytes]] = []
        self.attempts: list[bytes] = []
        self.script: list[SubmissionOutcome] = []

    async def submit(self, sender: str, recipients: Sequence[str], raw: bytes) -> SubmissionOutcome:
        self.attempts.append(raw)
        answer = self.script.pop(0) if self.script else SubmissionOutcome(Submitted.SENT, "250 queued")
        if answer.result is Submitted.SENT:
            self.taken.append((sender, tuple(recipients), raw))
        return answer


class TableMailbox:
    """A mailbox whose messages the test lays down."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.uidvalidity = 7
        self.messages: dict[int, FetchedMail] = {}
        self.hidden: set[int] = set()
        """UIDs handed out without a body."""
        self.down = False
        self.fetched: list[int] = []

    def lay(self, raw: bytes, at: dt.datetime | None = None) -> int:
        uid = max(self.messages, default=0) + 1
        self.messages[uid] = FetchedMail(uid, raw, at or self.clock.now())
        return uid

    def search(self, from_uid: int = 1) -> MailboxView:
        if self.down:
            raise MailboxError("no server")
        return MailboxView("INBOX", self.uidvalidity, tuple(sorted(u for u in self.messages if u >= from_uid)))

    def fetch(self, uid: int) -> FetchedMail | None:
        self.fetched.append(uid)
        return None if uid in self.hidden else self.messages.get(uid)

    def wait(self, seconds: float) -> None:
        return None

    def close(self) -> None:
        return None


class InProcessReader:
    """The readers without the sandbox."""

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        return read_file(name, data, context)

    def close(self) -> None:
        return None


def directory() -> Directory:
    """The shipped masters with one admin."""
    found, problems = load_directory(data_path("config") / "masters")
    assert not [p for p in problems if p.severity.value == "error"], problems
    return replace(found, admins=(Admin("研修担当", "admin@hq.example.jp"),))


@dataclass
class House:
    """Kit and hands."""

    clock: FakeClock = field(default_factory=FakeClock)
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        self.store = memory_store()
        self.submission = RecordingSubmission()
        self.mailbox = TableMailbox(self.clock)
        self.work = InlineWork(self.store)
        self.kit = Kit(
            clock=self.clock,
            store=self.store,
            blobs=memory_blobs(),
            documents=TypstDocuments(KEY, data_path("mail_templates") / "forms"),
            templates=JinjaTemplates(data_path("mail_templates")),
            reader=InProcessReader(),
            submission=self.submission,
            directory=directory(),
            policy=self.policy,
            letterhead=Letterhead(
                "全国社会保険労務士会連合会 運営本部", "研修課 03-0000-0000", ADDRESS, "研修課", "03-0000-0001",
                "hq.example.jp", plus_addressing=True, bcc_self=False,
            ),
            key=KEY,
        )  # fmt: skip
        asyncio.run(self.work.start({"deliver": self._deliver, "ingest": self._ingest}))

    async def _deliver(self, args: Any) -> None:
        await delivery.deliver(self.kit, args)

    async def _ingest(self, args: Any) -> None:
        work_through(self.kit)

    def drain(self) -> None:
        """Run every job; a job that raises fails the test."""
        asyncio.run(self.work.drain())
        if self.work.failures:
            raise self.work.failures[0][1]

    def receive(self, *raws: bytes) -> None:
        """Messages arrive, are stored and worked on; what follows is sent."""
        for raw in raws:
            self.mailbox.lay(raw)
        sync(self.kit, self.mailbox, full=True)
        self.drain()

    def at(self, text: str) -> None:
        """Move the clock: "2026-03-20 10:00" in Tokyo."""
        self.clock.set(dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO))

    def training(
        self, people: Sequence[tuple[str, str, str]], course: Course = Course.WM_SKILL_UP, **changes: Any
    ) -> str:
        """A training with (centre, name, kana) on its list, starting 2026-04-15 unless told otherwise."""
        values: dict[str, Any] = {
            "course": course, "name": "第３回研修", "starts_on": dt.date(2026, 4, 15), "ends_on": dt.date(2026, 4, 17),
        }  # fmt: skip
        made: Training = add_training(self.kit, NewTraining(**values | changes), "test")
        report = import_list(
            self.kit, made.training_id, "list.xlsx", self.list_file(people, course), "test", apply=True
        )
        assert not report.problems, report.problems
        return made.training_id

    def list_file(self, people: Sequence[tuple[str, str, str]], course: Course = Course.WM_SKILL_UP) -> bytes:
        """HQ's list as an xlsx."""
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        extra = ["ｅラーニング修了日"] if course is Course.BEGINNER else ["ＩＤ"]
        sheet.append(["都道府県", "所属センター", "氏名", "フリガナ", *extra])
        for centre, name, kana in people:
            prefecture, _, place = centre.partition("/")
            sheet.append(
                [prefecture, place, name, kana, dt.date(2026, 2, 20) if course is Course.BEGINNER else "A1234567"]
            )
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def dispatch(self, training_id: str) -> None:
        """Approve and send."""
        approve(self.kit, training_id, "test")
        delivery.settle(self.kit)
        self.drain()

    def rows(self, training_id: str, prefecture: str | None = None) -> list[Enrollment]:
        with self.store.snapshot() as tx:
            return tx.enrollments(training_id=training_id, prefecture=prefecture)

    def sent(self, n: int = -1) -> EmailMessage:
        """The n-th mail SMTP took, parsed."""
        return parsed(self.submission.taken[n][2])

    def sent_to(self, address: str) -> list[EmailMessage]:
        return [parsed(raw) for _, to, raw in self.submission.taken if address in to]


def parsed(raw: bytes) -> EmailMessage:
    """A mail as the standard library sees it."""
    found = BytesParser(policy=default).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return found


def attachment(mail: EmailMessage, suffix: str, n: int = 0) -> tuple[str, bytes]:
    """Name and bytes of the n-th attachment with that suffix."""
    found = [p for p in mail.iter_attachments() if (p.get_filename() or "").endswith(suffix)]
    data = found[n].get_payload(decode=True)
    assert isinstance(data, bytes)
    return found[n].get_filename() or "", data


def filled(xlsx: bytes, fill: Callable[[int, str], Any], header: str = "兼務登録年月日") -> bytes:
    """Our workbook with `fill(No., name)` typed under `header`; None leaves a cell alone."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    sheet = book.worksheets[0]
    head = next(r for r in sheet.iter_rows() if any(str(c.value or "").replace("\n", "") == header for c in r))
    columns = {str(c.value or "").replace("\n", ""): c.column for c in head}
    for row in range(head[0].row + 1, sheet.max_row + 1):
        number = sheet.cell(row, columns["No."]).value
        if isinstance(number, int) or str(number or "").isdigit():
            value = fill(int(number), str(sheet.cell(row, columns["氏名"]).value))
            if value is not None:
                sheet.cell(row, columns[header]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass
class Answer:
    """A mail from an office."""

    to: EmailMessage
    """The mail of ours it answers."""
    text: str = "お世話になっております。\n名簿を返送いたします。よろしくお願いいたします。\n"
    files: Sequence[tuple[str, bytes]] = ()
    sender: str = ""
    """"" = the address we wrote to."""
    threaded: bool = True
    subject: str = ""
    headers: Sequence[tuple[str, str]] = ()
    message_id: str = ""

    def raw(self) -> bytes:
        mail = EmailMessage()
        mail["From"] = self.sender or str(self.to["To"]).split(",")[0]
        mail["To"] = str(self.to["Reply-To"] or self.to["From"]) if self.threaded else ADDRESS
        mail["Subject"] = self.subject or f"Re: {self.to['Subject']}"
        mail["Message-ID"] = (
            self.message_id or f"<{abs(hash((self.text, self.subject, len(self.files))))}@office.example.jp>"
        )
        mail["Date"] = "Mon, 16 Mar 2026 10:00:00 +0900"
        if self.threaded:
            mail["In-Reply-To"] = str(self.to["Message-ID"])
        for name, value in self.headers:
            mail[name] = value
        mail.set_content(self.text)
        for name, data in self.files:
            kind = "pdf" if name.endswith(".pdf") else "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            mail.add_attachment(data, maintype="application", subtype=kind, filename=name)
        return mail.as_bytes()
