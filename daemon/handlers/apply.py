"""Findings of one mail → readings, recorded values, questions. Guards and acceptance are `domain.acceptance`'s."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace

from daemon.domain import closing
from daemon.domain.acceptance import Case, Outcome, Verdict, judge, printed_result
from daemon.domain.calendar import TOKYO, OfficeCalendar
from daemon.domain.matching import Matched, match
from daemon.domain.model import Course, Enrollment, LedgerMail, Phase, Reading, Roster, SourceKind, Status, Value
from daemon.handlers import questions
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.dispatch import sent_file_fact
from daemon.handlers.planning import calendar, complete_or_reopen, moved
from daemon.handlers.questions import Doubt
from parsers.findings import Decision, Field, Finding, Problem
from parsers.forms import STAYS


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is the same for all findings of a mail."""

    desk: Desk
    media: dict[str, str]
    blanks: frozenset[str]
    """Parts that are byte for byte what we sent."""
    calendar: OfficeCalendar
    dates: dict[tuple[str | None, int | None, str | None], dict[Field, set[str]]]
    """All legible dates by row key: several days for one field are nobody's answer."""
    later: dict[tuple[str | None, int | None, str | None], frozenset[Field]]
    """Placements and deletions that stand in a row, legible or not: one of each is an answer, two are a question."""


def apply_findings(desk: Desk) -> Applied:
    """Judge every finding of the document, in order; re-runnable: what is on record is confirmed, not doubled."""
    document = desk.document
    sheet = _sheet(desk)
    found = _rosters(desk)
    total = Applied(
        trainings=tuple(dict.fromkeys(r.training_id for r in found)),
        halves=tuple(dict.fromkeys((r.training_id, r.phase) for r in found)),
    )
    written = False
    for finding in document.findings:
        if finding.evidence.part.split("/")[0] in sheet.blanks or finding.evidence.part in sheet.blanks:
            continue
        # 修了の有無 is printed by us: it alone makes no sheet a filled one.
        filled = finding.decision is not Decision.EMPTY and finding.field is not Field.COMPLETED
        written = written or filled or bool(finding.problems)
        total += _apply_one(sheet, finding)
    _refresh_touched(desk, total)
    return replace(total, blank=bool(document.findings) and not written)


def _sheet(desk: Desk) -> _Sheet:
    tx, document = desk.tx, desk.document
    attachments = document.message.attachments if document.message else ()
    blanks = frozenset(a.part for a in attachments if tx.get_fact(sent_file_fact(a.sha256)) is not None)
    dates: dict[tuple[str | None, int | None, str | None], dict[Field, set[str]]] = defaultdict(dict)
    for f in document.findings:
        if f.value is not None and f.field.is_date:
            dates[_row_key(f)].setdefault(f.field, set()).add(f.value)
    later: dict[tuple[str | None, int | None, str | None], frozenset[Field]] = defaultdict(frozenset)
    for f in document.findings:
        if f.field in closing.FIELDS and f.decision is not Decision.EMPTY:
            later[_row_key(f)] |= {f.field}
    return _Sheet(desk, {a.part: a.media for a in attachments}, blanks, calendar(desk.kit), dates, later)


def _row_key(finding: Finding) -> tuple[str | None, int | None, str | None]:
    return finding.roster, finding.row, finding.enrollment or finding.name


def _rosters(desk: Desk) -> list[Roster]:
    """Rosters of the sender's own office that the mail brought, in order."""
    document = desk.document
    codes = [f.roster for f in document.findings if f.roster] + [p.roster for p in document.pages if p.roster]
    rosters = [desk.roll.roster(c) for c in dict.fromkeys(codes)]
    return [r for r in rosters if r is not None and r.prefecture == desk.origin.prefecture]


def source_of(media: str, finding: Finding) -> SourceKind:
    """Typed table, text layer, or picture; judged by content."""
    if media.startswith("image/") or finding.evidence.is_picture:
        return SourceKind.FAX
    return SourceKind.PDF if media == "application/pdf" or finding.evidence.page else SourceKind.XLSX


def _apply_one(sheet: _Sheet, finding: Finding) -> Applied:
    tx, kit, roll = sheet.desk.tx, sheet.desk.kit, sheet.desk.roll
    roster = roll.roster(finding.roster) if finding.roster else None
    rows = roll.sheet(roster) if roster else _candidates(sheet, finding)
    finding = _told_who(sheet, _with_place(finding, roster))
    case = _case(sheet, finding, match(finding, rows), identified=roster is not None)
    if finding.field is Field.COMPLETED and printed_result(finding, case.enrollment):
        return Applied()
    verdict = judge(finding, case, kit.policy, sheet.calendar)
    if verdict.outcome is Outcome.EMPTY and not finding.problems:
        return Applied()
    row = case.enrollment
    if row is not None and verdict.outcome is Outcome.RECORDED and _contradicted(sheet.desk, row, finding):
        verdict = Verdict(Outcome.REVIEW, problems=(Problem.CONFLICTS_WITH_RECORD,))
    reading_id = tx.add_reading(_reading(sheet, finding, case, verdict))
    return _consequence(sheet.desk, finding, case, _Judged(verdict, reading_id))


def _with_place(finding: Finding, roster: Roster | None) -> Finding:
    """現所属センターのまま names the centre of the roster."""
    if finding.field is Field.DESTINATION and finding.value == STAYS and roster is not None:
        return replace(finding, value=roster.centre)
    return finding


def _told_who(sheet: _Sheet, finding: Finding) -> Finding:
    """A value from a page that a person named carries that person with it."""
    by = sheet.desk.pages.named_by(finding) if finding.roster else ""
    return replace(finding, evidence=replace(finding.evidence, named_by=by)) if by else finding


def _contradicted(desk: Desk, row: Enrollment, finding: Finding) -> bool:
    return desk.roll.in_question(row) and questions.contradicted(desk.tx, row, finding)


def _candidates(sheet: _Sheet, finding: Finding) -> list[Enrollment]:
    """A sheet without our code: rows of the sender's office whose name may fit. A person decides (never applied)."""
    tx, origin = sheet.desk.tx, sheet.desk.origin
    if not origin.prefecture or not finding.name or finding.roster:
        return []
    rows = []
    for training_id in origin.trainings or tuple(t.training_id for t in tx.trainings()):
        rows += sheet.desk.roll.office(training_id, origin.prefecture)
    return [r for r in rows if not r.excluded_because]


def _case(sheet: _Sheet, finding: Finding, matched: Matched, *, identified: bool) -> Case:
    desk, row = sheet.desk, matched.enrollment
    phase = Phase.POST if finding.field in closing.FIELDS else Phase.PRE
    dispatch = desk.roll.dispatch(row.training_id, row.prefecture, phase) if row else None
    sent = dispatch.dispatched_at if dispatch else None
    seen = sheet.dates[_row_key(finding)]
    problems = matched.problems
    if len(seen.get(finding.field, ())) > 1:
        problems += (Problem.ROW_DUPLICATED,)
    source = source_of(sheet.media.get(finding.evidence.part, ""), finding)
    if source is SourceKind.FAX and identified and not desk.pages.is_ours(finding):
        problems += (Problem.SEAL_DIFFERS,)
    return Case(
        enrollment=row,
        course=desk.roll.training(row.training_id).course if row else Course.BEGINNER,
        source=source,
        dispatched_on=sent.astimezone(TOKYO).date() if sent else None,
        received_on=received_on(desk.mail),
        sender_prefecture=desk.origin.prefecture,
        trusted=desk.origin.trusted and (not desk.is_fax or desk.pages.is_ours(finding)),
        identified=identified,
        other_dates=_other_dates(row, seen, finding.field),
        match_problems=problems,
        after=_after(sheet, finding, row) if row and row.post_roster else None,
        named=bool(finding.evidence.named_by),
    )


def _after(sheet: _Sheet, finding: Finding, row: Enrollment) -> closing.After:
    return closing.After(sheet.desk.roll.training(row.training_id).ends_on, sheet.later[_row_key(finding)])


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


def _reading(sheet: _Sheet, finding: Finding, case: Case, verdict: Verdict) -> Reading:
    row = case.enrollment
    return Reading(
        reading_id=0,
        ledger_id=sheet.desk.mail.ledger_id,
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
        read_at=sheet.desk.kit.clock.now(),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict with the reading it was passed on."""

    verdict: Verdict
    reading_id: int


def _consequence(desk: Desk, finding: Finding, case: Case, judged: _Judged) -> Applied:
    row, verdict = case.enrollment, judged.verdict
    if verdict.outcome in {Outcome.REVIEW, Outcome.EXCLUSION_PROPOSED}:
        return _ask(desk, finding, row, judged)
    if row is None:
        return Applied()
    if verdict.outcome is Outcome.RECORDED:
        _record(desk, finding, case, judged)
        if verdict.status is Status.READ:
            _question(desk, finding, row, Doubt("verify", finding.problems, judged.reading_id))
        return Applied(recorded=1, new_rows=frozenset({row.enrollment_id}))
    if verdict.outcome is Outcome.CONFIRMED:
        _close_answered(desk, finding, row, judged.reading_id)
        return Applied(confirmed=1, again_rows=frozenset({row.enrollment_id}))
    return Applied(noted=frozenset({row.enrollment_id}))


def _question(desk: Desk, finding: Finding, row: Enrollment | None, doubt: Doubt) -> bool:
    if row is not None:
        desk.roll.question(row)
    return questions.about_finding(desk, finding, row, doubt)


def _close_answered(desk: Desk, finding: Finding, row: Enrollment, reading_id: int) -> None:
    if desk.roll.in_question(row):
        questions.close_answered(desk.tx, desk.kit, row, finding, reading_id)


def _ask(desk: Desk, finding: Finding, row: Enrollment | None, judged: _Judged) -> Applied:
    verdict = judged.verdict
    kind = "row" if row is None else "exclusion" if verdict.outcome is Outcome.EXCLUSION_PROPOSED else "value"
    doubt = Doubt(kind, verdict.problems or finding.problems, judged.reading_id)
    opened = _question(desk, finding, row, doubt)
    # The sender is told about rows of its own only.
    own = row is not None and row.prefecture == desk.origin.prefecture
    asked = ((row.enrollment_id, verdict.problems),) if own and row is not None else ()
    return Applied(questions=int(opened), asked=asked)


def _record(desk: Desk, finding: Finding, case: Case, judged: _Judged) -> None:
    """Enter one value with its evidence (I2) and a line in the history (I6)."""
    row, status = case.enrollment, judged.verdict.status
    assert finding.value is not None
    assert row is not None
    assert status is not None
    now = desk.kit.clock.now()
    before = row.values.get(finding.field)
    value = Value(finding.value, status, case.source, judged.reading_id, now, case.received_on)
    kept = replace(row, values={**row.values, finding.field: value})
    desk.roll.keep(kept)
    desk.tx.append_event(
        now, "meibod", "value-recorded", subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture,
        payload={
            "field": finding.field, "before": before.value if before else None, "value": finding.value,
            "status": status, "source": case.source, "reading": judged.reading_id,
        },
    )  # fmt: skip
    _close_answered(desk, finding, kept, judged.reading_id)


def _refresh_touched(desk: Desk, applied: Applied) -> None:
    tx, kit, roll = desk.tx, desk.kit, desk.roll
    touched = applied.new_rows | applied.again_rows | applied.noted | {e for e, _ in applied.asked}
    touched |= {r.enrollment_id for r in tx.reviews(ledger_id=desk.mail.ledger_id) if r.enrollment_id}
    trainings: dict[str, list[Enrollment]] = defaultdict(list)
    for ident in sorted(touched):
        row = roll.row(ident)
        trainings[row.training_id].append(row)
    for training_id, rows in sorted(trainings.items()):
        roll.write(moved(tx, kit, roll.training(training_id), rows, desk.cause))
        complete_or_reopen(tx, kit, training_id)
    roll.write()
