"""Findings of one mail → readings, recorded values, questions. Guards and acceptance are `domain.acceptance`'s."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace

from daemon.domain.acceptance import Case, Outcome, Verdict, judge
from daemon.domain.calendar import TOKYO
from daemon.domain.matching import Matched, match
from daemon.domain.model import (
    Course,
    Enrollment,
    LedgerMail,
    Reading,
    SourceKind,
    Status,
    Training,
    Value,
)
from daemon.handlers import questions
from daemon.handlers.correlate import Attribution
from daemon.handlers.dispatch import sent_file_fact
from daemon.handlers.planning import calendar, complete_or_reopen, dispatch_of, refresh
from daemon.ports import Kit, Transaction
from parsers.findings import Decision, Document, Field, Finding, Problem


@dataclass(frozen=True, slots=True)
class Applied:
    """What a mail changed."""

    recorded: int = 0
    confirmed: int = 0
    questions: int = 0
    new_rows: frozenset[str] = frozenset()
    """Enrollments for which a date was recorded."""
    again_rows: frozenset[str] = frozenset()
    """Enrollments whose record was repeated."""
    asked: tuple[tuple[str, tuple[Problem, ...]], ...] = ()
    """(enrollment, problems) of questions this mail opened."""
    trainings: tuple[str, ...] = ()
    """Trainings of rosters of the sender's prefecture that were found."""
    blank: bool = False
    """Sheets of ours came back with nothing in them."""

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.recorded + other.recorded,
            self.confirmed + other.confirmed,
            self.questions + other.questions,
            self.new_rows | other.new_rows,
            self.again_rows | other.again_rows,
            self.asked + other.asked,
            tuple(dict.fromkeys(self.trainings + other.trainings)),
            self.blank or other.blank,
        )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is the same for all findings of a mail."""

    mail: LedgerMail
    origin: Attribution
    media: dict[str, str]
    blanks: frozenset[str]
    """Parts that are byte for byte what we sent."""
    dates: dict[tuple[str | None, int | None, str | None], dict[Field, set[str]]]
    """All legible dates by row key: several days for one field are nobody's answer."""


def apply_findings(
    tx: Transaction, kit: Kit, mail: LedgerMail, document: Document, origin: Attribution
) -> Applied:  # fmt: skip
    """Judge every finding of the document, in order; re-runnable: what is on record is confirmed, not doubled."""
    sheet = _sheet(tx, mail, document, origin)
    total = Applied(trainings=_trainings(tx, document, origin))
    written = False
    for finding in document.findings:
        if finding.evidence.part.split("/")[0] in sheet.blanks or finding.evidence.part in sheet.blanks:
            continue
        written = written or finding.decision is not Decision.EMPTY or bool(finding.problems)
        total += _apply_one(tx, kit, sheet, finding)
    _refresh_touched(tx, kit, total, mail)
    return replace(total, blank=bool(document.findings) and not written)


def _sheet(tx: Transaction, mail: LedgerMail, document: Document, origin: Attribution) -> _Sheet:
    attachments = document.message.attachments if document.message else ()
    blanks = frozenset(a.part for a in attachments if tx.get_fact(sent_file_fact(a.sha256)) is not None)
    dates: dict[tuple[str | None, int | None, str | None], dict[Field, set[str]]] = defaultdict(dict)
    for f in document.findings:
        if f.value is not None and f.field.is_date:
            dates[_row_key(f)].setdefault(f.field, set()).add(f.value)
    return _Sheet(mail, origin, {a.part: a.media for a in attachments}, blanks, dates)


def _row_key(finding: Finding) -> tuple[str | None, int | None, str | None]:
    return finding.roster, finding.row, finding.enrollment or finding.name


def _trainings(tx: Transaction, document: Document, origin: Attribution) -> tuple[str, ...]:
    codes = [f.roster for f in document.findings if f.roster] + [p.roster for p in document.pages if p.roster]
    rosters = [tx.find_roster(c) for c in dict.fromkeys(codes)]
    mine = [r.training_id for r in rosters if r is not None and r.prefecture == origin.prefecture]
    return tuple(dict.fromkeys(mine))


def source_of(media: str, finding: Finding) -> SourceKind:
    """Typed table, text layer, or picture; judged by content."""
    if media.startswith("image/") or finding.evidence.crop_sha256:
        return SourceKind.FAX
    return SourceKind.PDF if media == "application/pdf" or finding.evidence.page else SourceKind.XLSX


def _apply_one(tx: Transaction, kit: Kit, sheet: _Sheet, finding: Finding) -> Applied:
    roster = tx.find_roster(finding.roster) if finding.roster else None
    rows = tx.enrollments(roster=roster.code) if roster else _candidates(tx, sheet, finding)
    matched = match(finding, rows)
    training = tx.get_training(matched.enrollment.training_id) if matched.enrollment else None
    case = _case(tx, sheet, finding, matched, training, identified=roster is not None)
    verdict = judge(finding, case, kit.policy, calendar(kit))
    if verdict.outcome is Outcome.EMPTY and not finding.problems:
        return Applied()
    row = case.enrollment
    if row is not None and verdict.outcome is Outcome.RECORDED and questions.contradicted(tx, row, finding):
        verdict = Verdict(Outcome.REVIEW, problems=(Problem.CONFLICTS_WITH_RECORD,))
    reading_id = tx.add_reading(_reading(kit, sheet, finding, case, verdict))
    return _consequence(tx, kit, sheet, finding, case, verdict, reading_id)


def _candidates(tx: Transaction, sheet: _Sheet, finding: Finding) -> list[Enrollment]:
    """A sheet without our code: rows of the sender's office whose name may fit. A person decides (never applied)."""
    if not sheet.origin.prefecture or not finding.name or finding.roster:
        return []
    rows = []
    for training_id in sheet.origin.trainings or tuple(t.training_id for t in tx.trainings()):
        rows += tx.enrollments(training_id=training_id, prefecture=sheet.origin.prefecture)
    return [r for r in rows if not r.excluded_because]


def _case(
    tx: Transaction, sheet: _Sheet, finding: Finding, matched: Matched, training: Training | None, *, identified: bool
) -> Case:
    row = matched.enrollment
    dispatch = dispatch_of(tx, row) if row else None
    sent = dispatch.dispatched_at if dispatch else None
    seen = sheet.dates[_row_key(finding)]
    problems = matched.problems
    if len(seen.get(finding.field, ())) > 1:
        problems += (Problem.ROW_DUPLICATED,)
    return Case(
        enrollment=row,
        course=training.course if training else Course.BEGINNER,
        source=source_of(sheet.media.get(finding.evidence.part, ""), finding),
        dispatched_on=sent.astimezone(TOKYO).date() if sent else None,
        received_on=received_on(sheet.mail),
        sender_prefecture=sheet.origin.prefecture,
        trusted=sheet.origin.trusted,
        identified=identified,
        other_dates=_other_dates(row, seen, finding.field),
        match_problems=problems,
    )


def received_on(mail: LedgerMail) -> dt.date:
    """The day the mail reached HQ, Asia/Tokyo."""
    return mail.received_at.astimezone(TOKYO).date()


def _other_dates(
    row: Enrollment | None, seen: dict[Field, set[str]], field: Field
) -> tuple[tuple[Field, dt.date], ...]:
    days = {f: dt.date.fromisoformat(min(v)) for f, v in seen.items() if f is not field and len(v) == 1}
    if row is not None:
        days |= {f: v.on for f, v in row.values.items() if f is not field and f.is_date and f not in days}
    return tuple(days.items())


def _reading(kit: Kit, sheet: _Sheet, finding: Finding, case: Case, verdict: Verdict) -> Reading:
    row = case.enrollment
    return Reading(
        reading_id=0,
        ledger_id=sheet.mail.ledger_id,
        enrollment_id=row.enrollment_id if row else None,
        roster=finding.roster,
        field=finding.field,
        text=finding.text,
        value=finding.value,
        confidence=finding.confidence,
        decision=finding.decision,
        outcome=verdict.outcome,
        problems=tuple(dict.fromkeys((*finding.problems, *verdict.problems))),
        evidence=finding.evidence,
        source=case.source,
        read_at=kit.clock.now(),
    )


def _consequence(
    tx: Transaction, kit: Kit, sheet: _Sheet, finding: Finding, case: Case, verdict: Verdict, reading_id: int
) -> Applied:
    row = case.enrollment
    if verdict.outcome is Outcome.RECORDED and row is not None and verdict.status is not None:
        record(tx, kit, row, finding, verdict.status, case, reading_id)
        if verdict.status is Status.READ:
            where = row.prefecture, row.training_id
            questions.about_finding(tx, kit, sheet.mail, finding, row, "verify", finding.problems, reading_id, where)
        return Applied(recorded=1, new_rows=frozenset({row.enrollment_id}))
    if verdict.outcome is Outcome.CONFIRMED and row is not None:
        questions.close_answered(tx, kit, row, finding, reading_id)
        return Applied(confirmed=1, again_rows=frozenset({row.enrollment_id}))
    if verdict.outcome in {Outcome.REVIEW, Outcome.EXCLUSION_PROPOSED}:
        return _ask(tx, kit, sheet, finding, case, verdict, reading_id)
    if verdict.outcome is Outcome.EMPTY and row is not None:
        refresh(tx, kit, tx.get_training(row.training_id), row, f"mail:{sheet.mail.ledger_id}")
    return Applied()


def _ask(
    tx: Transaction, kit: Kit, sheet: _Sheet, finding: Finding, case: Case, verdict: Verdict, reading_id: int
) -> Applied:
    row = case.enrollment
    kind = "row" if row is None else "exclusion" if verdict.outcome is Outcome.EXCLUSION_PROPOSED else "value"
    where = sheet.origin.prefecture, sheet.origin.trainings[0] if sheet.origin.trainings else ""
    opened = questions.about_finding(
        tx, kit, sheet.mail, finding, row, kind, verdict.problems or finding.problems, reading_id, where
    )
    # The sender is told about rows of its own only.
    own = row is not None and row.prefecture == sheet.origin.prefecture
    asked = ((row.enrollment_id, verdict.problems),) if own and row is not None else ()
    return Applied(questions=int(opened), asked=asked)


def record(
    tx: Transaction, kit: Kit, row: Enrollment, finding: Finding, status: Status, case: Case, reading_id: int
) -> None:
    """Enter one value with its evidence (I2) and a line in the history (I6)."""
    assert finding.value is not None
    now = kit.clock.now()
    before = row.values.get(finding.field)
    value = Value(finding.value, status, case.source, reading_id, now, case.received_on)
    tx.save_enrollment(replace(row, values={**row.values, finding.field: value}))
    tx.append_event(
        now, "meibod", "value-recorded", subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture,
        payload={
            "field": finding.field, "before": before.value if before else None, "value": finding.value,
            "status": status, "source": case.source, "reading": reading_id,
        },
    )  # fmt: skip
    questions.close_answered(tx, kit, row, finding, reading_id)


def _refresh_touched(tx: Transaction, kit: Kit, applied: Applied, mail: LedgerMail) -> None:
    touched = applied.new_rows | applied.again_rows | {e for e, _ in applied.asked}
    touched |= {r.enrollment_id for r in tx.reviews(ledger_id=mail.ledger_id) if r.enrollment_id}
    trainings = set()
    for ident in sorted(touched):
        row = tx.get_enrollment(ident)
        refresh(tx, kit, tx.get_training(row.training_id), row, f"mail:{mail.ledger_id}")
        trainings.add(row.training_id)
    for training_id in sorted(trainings):
        complete_or_reopen(tx, kit, training_id)
