"""Any sequence of events leaves every trainee in a defined state, never loses evidence, never closes what is owed."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import Phase as Step
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.adapters.store import verify_chain
from daemon.domain.closing import DELETIONS, FIELDS, PLACEMENT
from daemon.domain.model import Course, Enrollment, OutboxState, Review, Training
from daemon.domain.policy import FaxAcceptance, HandoverRule, HandoverWay, Policy
from daemon.errors import Refused
from daemon.handlers import deliver as delivery
from daemon.handlers import outbox, said
from daemon.handlers import review as reviewing
from daemon.handlers.acknowledge_fax import acknowledge_faxes
from daemon.handlers.cases import Person, Place, add_trainee, reinstate, substitute, transfer, withdraw
from daemon.handlers.dispatch import approve
from daemon.handlers.handover import make_due, mark
from daemon.handlers.ingest import replay
from daemon.handlers.prepare import import_list
from daemon.handlers.remind import remind
from daemon.handlers.rename import rename, settle_with_name
from daemon.handlers.resend import resend
from daemon.handlers.results import approve_results, import_results
from daemon.handlers.schedule import cancel_training, move_deadline, postpone
from daemon.handlers.verify import verify
from daemon.ports import SubmissionOutcome, Submitted
from parsers.findings import (
    Attachment,
    Bounce,
    BouncedRecipient,
    Decision,
    Document,
    Evidence,
    Field,
    Finding,
    Message,
    MessageKind,
    Page,
    Picture,
    Problem,
)
from parsers.findings import Source as Bytes
from parsers.listing import ListedTrainee
from parsers.results import ListedResult
from tests.fakes import register_laws as laws
from tests.fakes.faxmail import GATEWAY, page_of, png
from tests.fakes.faxmail import Said as Sealed
from tests.fakes.house import House
from tests.fakes.prepared import PlainDocuments, PreparedReader

PEOPLE = (
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("千葉/柏", "森　花", "モリ　ハナ"),
    ("神奈川/横浜", "林　翼", "ハヤシ　ツバサ"),
)
TWICE = PEOPLE[:1]
"""Who is in two runs at once."""
OFFICES = {"千葉": "wm-chiba@example.jp", "神奈川": "wm-kanagawa@example.jp"}
CHUO = "chuo@nenkin.example.jp"
_DAYS = ("2026-03-10", "2026-03-11", "2026-02-01", "2026-03-08", "2026-04-21", "2026-04-22", "2026-04-25", "2027-01-05")
_PLACES = ("船橋", "船橋年金事務所", "横浜")
_REASONS = ("retired", "transferred", "other")
WORDS = {Field.DESTINATION: _PLACES, Field.NO_DESTINATION_REASON: _REASONS}
DOUBTS = ((), (), (), (Problem.STRUCK_OUT,), (Problem.LOW_CONFIDENCE,), (Problem.NAME_DIFFERS,))
SAID = (
    "名簿をお送りします。\n", "来週手続きの予定です。\n", "千葉の受講者は辞退となりました。\n", "登録済みです。\n",
    "担当が変わりました。どなたに聞けばよいですか。\n",
)  # fmt: skip
TROUBLE = (
    SubmissionOutcome(Submitted.REFUSED_FOR_NOW, "451 later"), SubmissionOutcome(Submitted.REFUSED, "550 no"),
    SubmissionOutcome(Submitted.UNKNOWN, "connection lost"),
)  # fmt: skip
CROP = Picture(png("the cell of a fax"))
READERS = ("080310", "080310")
DATES = tuple(f for f in Field if f.is_date)
CENTRES = (("千葉", "船橋"), ("千葉", "柏"), ("神奈川", "横浜"))
TELLING = (said.report, said.correct, said.cleaned)
SETTLING = ("accept", "accept", "reject", "set", "name")
CASES = ("out", "out", "back", "in", "add", "move", "name")
BECAUSE = "連絡による"
_NUMBERS = "一二三四五六七八九十"

whoever = st.integers(0, 7)
"""One of the rows there are, counted round."""
days = st.sampled_from([dt.date.fromisoformat(d) for d in _DAYS])
sources = st.sampled_from(["xlsx", "pdf", "fax"])
runs = st.sampled_from([0, 0, 0, 1])


class Events(RuleBasedStateMachine):
    """Two runs of a course in the hands of chance: offices, admins, the mail and the clock."""

    @initialize(
        course=st.sampled_from(Course), fax=st.sampled_from(FaxAcceptance),
        came=st.sampled_from(["", "xlsx", "fax", "fax"]), over=st.booleans(),
    )  # fmt: skip
    def begin(self, course: Course, fax: FaxAcceptance, came: str, over: bool) -> None:
        """`came`: how everybody has answered by now, "" = nobody has; `over`: the results are out."""
        rule_ = HandoverRule(way=HandoverWay.MAIL, to=(CHUO,))
        self.house = House(policy=Policy(fax_acceptance=fax, handover=rule_))
        self.documents, self.reader = PlainDocuments(), PreparedReader()
        book = replace(self.house.kit.directory, gateways=(GATEWAY,))
        self.house.kit = replace(self.house.kit, documents=self.documents, reader=self.reader, directory=book)
        self.kit, self.mails, self.memory = self.house.kit, 0, laws.Memory()
        other = {"starts_on": dt.date(2026, 5, 13), "ends_on": dt.date(2026, 5, 15), "training_id": "second"}
        self.idents = (self.house.training(PEOPLE, course), self.house.training(TWICE, Course.INSTRUCTOR, **other))
        for ident in self.idents:
            approve(self.kit, ident, "test")
        self.tick()
        self.house.at("2026-03-16 10:00")
        if came:
            self.everybody_answers(0, leaves=False, source=came)
            self.house.clock.advance(minutes=15)
            self.tick()
        if over:
            self.the_training_ends_and_results_are_approved(0)

    # -- what offices and the mail do

    @rule(
        who=whoever, fields=st.lists(st.sampled_from(list(Field)), min_size=1, max_size=4, unique=True),
        picks=st.lists(st.integers(0, 7), min_size=4, max_size=4), doubt=st.sampled_from(DOUBTS),
        sender=st.sampled_from(["own", "own", "own", "other", "stranger"]),
        source=sources, words=st.sampled_from(SAID),
    )  # fmt: skip
    def a_sheet_comes_back(
        self, who: int, fields: list[Field], picks: list[int], doubt: tuple[Problem, ...], sender: str, source: str,
        words: str,
    ) -> None:  # fmt: skip
        row = self.row(who)
        written = [self.finding(row, f, n, doubt, source) for f, n in zip(fields, picks, strict=False)]
        self.send(row, written, sender, words)

    @rule(who=whoever, leaves=st.booleans(), source=sources)
    def a_good_sheet_comes_back(self, who: int, leaves: bool, source: str) -> None:
        self.answer([self.row(who)], leaves, source)

    @rule(run=runs, leaves=st.booleans(), source=sources)
    def everybody_answers(self, run: int, leaves: bool, source: str) -> None:
        rows = self.house.rows(self.idents[run])
        for office in OFFICES:
            self.answer([r for r in rows if r.prefecture == office], leaves, source)

    def answer(self, rows: Sequence[Enrollment], leaves: bool, source: str) -> None:
        """What these rows of one office owe, without a doubt."""
        written = []
        for row in rows:
            fields = self.training(row.training_id).course.required
            fields = (PLACEMENT[leaves], DELETIONS[leaves]) if row.post_roster else fields
            pick = 4 if row.post_roster else 0
            written += [self.finding(row, f, pick if f.is_date else 0, (), source) for f in fields]
        if rows:
            self.send(rows[0], written)

    @rule(who=whoever, words=st.sampled_from(SAID), kind=st.sampled_from([MessageKind.REPLY, MessageKind.AUTO_REPLY]))
    def somebody_only_writes(self, who: int, words: str, kind: MessageKind) -> None:
        self.send(self.row(who), (), words=words, kind=kind)

    @rule(n=st.integers(0, 50), copy=st.booleans())
    def an_old_mail_is_looked_at_again(self, n: int, copy: bool) -> None:
        if copy and self.house.mailbox.messages:
            kept = list(self.house.mailbox.messages.values())
            self.house.receive(kept[n % len(kept)].raw)
        elif self.house.mailbox.messages:
            replay(self.kit, 1 + n % len(self.house.mailbox.messages), "admin")
            self.house.drain()

    @rule(n=st.integers(0, 50), mended=st.booleans())
    def a_mail_of_ours_bounces(self, n: int, mended: bool) -> None:
        with self.house.store.snapshot() as tx:
            ours = [m for m in tx.outbox() if m.prefecture and m.state is OutboxState.SENT]
        if not ours:
            return
        mail = ours[n % len(ours)]
        report = Bounce("failed", (BouncedRecipient(mail.recipients[0], "5.1.1", hard=True),), mail.message_id)
        self.lay(Message(MessageKind.BOUNCE, "Undelivered", "mailer-daemon@example.jp", bounce=report))
        if mended:
            self.decide(lambda: resend(self.kit, mail.outbox_id, "admin"))
            self.tick()

    @rule(outcome=st.sampled_from(TROUBLE))
    def the_next_mail_meets_trouble(self, outcome: SubmissionOutcome) -> None:
        self.house.submission.script.append(outcome)

    def finding(self, row: Enrollment, field: Field, pick: int, doubt: tuple[Problem, ...], source: str) -> Finding:
        known = WORDS.get(field, ("true",) if field is Field.NOT_APPLICABLE else ("completed", "not-completed"))
        value = _DAYS[pick] if field.is_date else known[pick % len(known)]
        later = row.post_roster and (field in FIELDS or field in {Field.COMPLETED, Field.NOT_APPLICABLE})
        code = row.post_roster if later else row.roster
        decision = Decision.REVIEW if doubt else Decision.ACCEPT
        where = {
            "xlsx": Evidence("1", sheet="名簿", cell=f"F{pick}"), "pdf": Evidence("1", 1, (1.0, 2.0, 3.0, 4.0)),
            "fax": Evidence("1", 1, (1.0, 2.0, 3.0, 4.0), crop_sha256=CROP.sha256, readers=READERS),
        }  # fmt: skip
        return Finding(
            code, row.number_on(code), row.enrollment_id, row.name, field, value, value, 0.9999, decision, doubt,
            where[source],
        )  # fmt: skip

    def send(
        self, row: Enrollment, findings: Sequence[Finding], sender: str = "own", words: str = SAID[0],
        kind: MessageKind = MessageKind.RETURN,
    ) -> None:  # fmt: skip
        address = {"own": OFFICES[row.prefecture], "stranger": "who@example.com"}.get(sender)
        address = address or next(a for p, a in OFFICES.items() if p != row.prefecture)
        pictured = {f.roster: None for f in findings if f.evidence.is_picture}
        numbers = {code: n for n, code in enumerate(pictured, start=1)}
        pages = [page_of(Sealed(code, part="1"), n)[0] for code, n in numbers.items()]
        findings = [
            replace(f, evidence=replace(f.evidence, page=numbers[f.roster])) if f.roster in numbers else f
            for f in findings
        ]
        if pictured and sender == "own" and self.mails % 3:
            kind, address = MessageKind.FAX, GATEWAY.address  # as good as a scan by mail: the page says whose it is
        self.lay(Message(kind, "名簿", address, said=words), findings, pages)

    def lay(self, message: Message, findings: Sequence[Finding] = (), pages: Sequence[Page] = ()) -> None:
        """A message with just these findings arrives."""
        self.mails += 1
        mail = EmailMessage()
        mail["From"], mail["Message-ID"], mail["Subject"] = message.sender, f"<{self.mails}@o.example.jp>", "m"
        mail.set_content(message.said)
        raw = mail.as_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        files = (Attachment("r.xlsx", digest, 1, "application/xlsx", "1"),) if findings else ()
        message = replace(message, message_id=mail["Message-ID"], attachments=files)
        source = Bytes("message.eml", digest, "message/rfc822")
        self.reader.prepare(raw, Document(source, tuple(pages), tuple(findings), message=message, pictures=(CROP,)))
        self.house.receive(raw)

    # -- what admins decide

    @precondition(lambda self: self.open())
    @rule(picks=st.lists(st.integers(0, 20), min_size=1, max_size=4), act=st.sampled_from(SETTLING), value=whoever)
    def questions_are_settled(self, picks: list[int], act: str, value: int) -> None:
        for n in picks:
            open_ = self.open()
            if open_:
                self.settle(open_[n % len(open_)], act, value)

    @precondition(lambda self: any(q.kind == "verify" for q in self.open()))
    @rule(minutes=st.integers(1, 30))
    def everything_shown_is_right(self, minutes: int) -> None:
        """全件OK, and some time later the next look."""
        for question in [q for q in self.open() if q.kind == "verify"]:
            self.settle(question, "accept", 0)
        self.house.clock.advance(minutes=minutes)
        self.tick()

    def settle(self, review: Review, act: str, value: int) -> None:
        values = WORDS.get(review.field, _DAYS) if review.field else _DAYS
        acts: dict[str, Callable[[], object]] = {
            "accept": lambda: reviewing.accept(self.kit, review.review_id, "admin"),
            "reject": lambda: reviewing.reject(self.kit, review.review_id, "admin"),
            "set": lambda: reviewing.set_value(self.kit, review.review_id, values[value % len(values)], "admin"),
            "name": lambda: settle_with_name(self.kit, review.review_id, ("山田　花", ""), "admin", BECAUSE),
        }
        self.decide(acts[act])

    @rule(who=whoever, case=st.sampled_from(CASES), pick=whoever, sent=st.booleans())
    def one_of_the_cases_the_document_forgets(self, who: int, case: str, pick: int, sent: bool) -> None:
        ident, kit = self.row(who).enrollment_id, self.kit
        self.mails += 1
        person = Person("森　歩" + _NUMBERS[self.mails % 10], "モリ　アユム", "", dt.date(2026, 2, 20))
        place = Place(*CENTRES[pick % len(CENTRES)])
        acts: dict[str, Callable[[], object]] = {
            "out": lambda: withdraw(kit, ident, "admin", "辞退"),
            "back": lambda: reinstate(kit, ident, "admin", "取りやめの取消し"),
            "in": lambda: substitute(kit, ident, person, "admin", BECAUSE),
            "add": lambda: add_trainee(kit, self.row(who).training_id, place, person, "admin", BECAUSE),
            "move": lambda: transfer(kit, ident, place, "admin", BECAUSE),
            "name": lambda: rename(kit, ident, ("山田　花" if pick % 2 else "森　葉", ""), "admin", "字体の訂正"),
        }
        self.decide(acts[case])
        if sent:
            self.approved()

    @rule(
        who=whoever,
        field=st.sampled_from(DATES),
        on=days,
        act=st.sampled_from([said.report, said.correct, said.cleaned]),
    )
    def a_date_is_told(self, who: int, field: Field, on: dt.date, act: Callable[..., object]) -> None:
        word = said.Said(field, on, "admin", BECAUSE, "受付")
        self.decide(lambda: act(self.kit, self.row(who).enrollment_id, word))

    @rule(run=runs, gone=whoever, comes=st.booleans(), sent=st.booleans())
    def the_list_comes_again(self, run: int, gone: int, comes: bool, sent: bool) -> None:
        """One line may be missing, one may be new; who was out and is listed comes back in."""
        rows = self.house.rows(self.idents[run])
        listed = [self.line(r) for n, r in enumerate(rows) if n != gone]
        if comes:
            self.mails += 1
            name = "林　歩" + _NUMBERS[self.mails % 10]
            listed.append(ListedTrainee("s", 99, "千葉", "船橋", name, "ハヤシ", e_learning_on="2026-02-20"))
        self.documents.listed = list({(x.prefecture, x.centre, x.name, x.kana): x for x in listed}.values())
        self.decide(lambda: import_list(self.kit, self.idents[run], "list.xlsx", b"", "admin", apply=True))
        if sent:
            self.approved()

    def line(self, row: Enrollment) -> ListedTrainee:
        with self.house.store.snapshot() as tx:
            centre = tx.get_roster(row.roster).centre
        learned = row.e_learning_on.isoformat() if row.e_learning_on else "2026-02-20"
        return ListedTrainee(
            "s", 1, row.prefecture, centre, row.name, row.kana, row.terminal_id, learned, note=f"{self.mails}"
        )

    def approved(self) -> None:
        for ident in self.idents:
            self.decide(lambda ident=ident: approve(self.kit, ident, "admin"))
        self.tick()

    @rule(run=runs, how=st.integers(0, 7))
    def the_days_change(self, run: int, how: int) -> None:
        ident, kit = self.idents[run], self.kit
        deadlines = [dt.date(2026, 3, 20), dt.date(2026, 4, 10), dt.date(2026, 4, 30)]
        if how == 7 and run:  # a cancelled run is a dull one: the first goes on
            self.decide(lambda: cancel_training(kit, ident, "admin", BECAUSE))
        elif how % 2:
            self.decide(lambda: postpone(kit, ident, dt.date(2026, 5, 20), dt.date(2026, 5, 22), "admin", BECAUSE))
        else:
            self.decide(lambda: move_deadline(kit, ident, deadlines[how % 3], "admin", BECAUSE))

    @rule(run=runs, passed=st.lists(st.booleans(), min_size=8, max_size=8))
    def results_are_imported(self, run: int, passed: list[bool]) -> None:
        ident = self.idents[run]
        self.documents.results = [
            ListedResult("s", 1, ident, r.enrollment_id, r.prefecture, "", r.name, r.kana, ok, "")
            for r, ok in zip(self.house.rows(ident), passed * 3, strict=False)
            if not r.excluded_because
        ]
        self.decide(lambda: import_results(self.kit, ident, "r.xlsx", b"", "admin", apply=True))

    @rule(run=runs)
    def the_training_ends_and_results_are_approved(self, run: int) -> None:
        over = self.training(self.idents[run]).ends_on + dt.timedelta(days=10)
        if self.house.clock.today() < over:
            self.house.at(f"{over} 10:00")
        self.results_are_imported(run, [True, True, False, True, False, True, True, False])
        self.decide(lambda: approve_results(self.kit, self.idents[run], "admin"))
        self.tick()

    @rule(by_mail=st.booleans())
    def the_roster_is_handed_over(self, by_mail: bool) -> None:
        with self.house.store.snapshot() as tx:
            waiting = [h for ident in self.idents for h in tx.handovers(ident) if h.submitted_at is None]
        for handover in waiting:
            if by_mail and handover.outbox_id is not None:
                self.decide(lambda h=handover: outbox.release(self.kit, h.outbox_id, "admin"))
            else:
                self.decide(lambda h=handover: mark(self.kit, h.training_id, h.number, "admin"))
        self.tick()

    @rule(n=st.integers(0, 20), act=st.sampled_from([outbox.release, outbox.cancel]))
    def a_mail_that_waits_is_settled(self, n: int, act: Callable[..., object]) -> None:
        with self.house.store.snapshot() as tx:
            waiting = tx.outbox(states=[OutboxState.HELD, OutboxState.REFUSED, OutboxState.UNKNOWN])
        if waiting:
            words = () if act is outbox.release else (BECAUSE,)
            self.decide(lambda: act(self.kit, waiting[n % len(waiting)].outbox_id, "admin", *words))
        self.tick()

    @rule(n=st.integers(1, 9))
    def days_pass(self, n: int) -> None:
        self.house.clock.advance(hours=24 * n)
        self.house.receive()
        self.tick()
        laws.what_settled_faxes_brought_is_told(self.kit)

    def decide(self, act: Callable[[], object]) -> None:
        """An admin does something, or is told why not."""
        with contextlib.suppress(Refused):
            act()
        self.house.drain()

    def tick(self) -> None:
        make_due(self.kit)
        acknowledge_faxes(self.kit)
        remind(self.kit)
        delivery.settle(self.kit)
        self.house.drain()

    # -- what is there

    def training(self, ident: str) -> Training:
        with self.house.store.snapshot() as tx:
            return tx.get_training(ident)

    def row(self, who: int) -> Enrollment:
        rows = [r for ident in self.idents for r in self.house.rows(ident)]
        return rows[who % len(rows)]

    def open(self) -> Sequence[Review]:
        with self.house.store.snapshot() as tx:
            return tx.reviews()

    # -- what always holds

    @invariant()
    def states_are_those_the_facts_call_for(self) -> None:
        laws.every_state_is_called_for(self.kit)

    @invariant()
    def the_history_tells_the_register(self) -> None:
        self.memory.the_history_tells_the_register(self.kit)
        assert [p.problems for p in verify(self.kit, verify_chain, quick=True)] == [()] * 3

    @invariant()
    def every_mail_has_its_outcome(self) -> None:
        laws.every_mail_has_its_outcome(self.kit)

    @invariant()
    def offices_hear_of_their_faxes_once(self) -> None:
        self.memory.every_receipt_for_a_fax_tells_something_new(self.kit)

    @invariant()
    def nothing_owed_is_closed_or_forgotten(self) -> None:
        laws.one_placement_and_one_deletion_at_most(self.kit)
        laws.what_is_owed_is_never_closed(self.kit)
        laws.nothing_waits_for_nobody(self.kit)

    def teardown(self) -> None:
        """Evidence is never lost."""
        if hasattr(self, "house"):
            self.memory.nothing_is_lost(self.kit)
            proofs = verify(self.kit, verify_chain)
            assert [p.problems for p in proofs] == [()] * len(proofs)


TestAnySequence: Any = Events.TestCase
TestAnySequence.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Step.explicit, Step.reuse, Step.generate, Step.shrink),
)
