"""POST1: the results come in (修了/未修了), the rosters with results go out, one mail per prefectural office.

Everybody stands on them who may hold a registration: the 未修了 and those who withdrew after they were registered as
well (domain.md §1.4, 7 and 8). A result that changes after its roster left goes out once more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.domain.letters import DispatchedRoster, ResultsLetter
from daemon.domain.model import Dispatch, Enrollment, MailPurpose, OutboxState, Phase, Roster, Training, TrainingState
from daemon.domain.tokens import dispatch_code, roster_code
from daemon.errors import Refused
from daemon.handlers.dispatch import Planned, as_shown, attachments, make_files, planned_mark, remember
from daemon.handlers.handover import trainee_line
from daemon.handlers.letterwork import about, centre_title, office_title, sender
from daemon.handlers.outgoing import Draft, File, queue
from daemon.handlers.planning import complete_or_reopen, mailing, moved
from daemon.ports import Kit, RosterFiles, Transaction
from parsers.forms import POST
from parsers.listing import ListingProblem
from parsers.names import centre_key, kana_key, name_key, prefecture_key
from parsers.results import ListedResult

_CAN_HAVE = frozenset({TrainingState.APPROVED, TrainingState.COMPLETE, TrainingState.RESULTS, TrainingState.CLOSED})


@dataclass(frozen=True, slots=True)
class ResultsReport:
    """What a register says: problems, or the difference it makes. Names are for the admin who runs it; never logged."""

    problems: tuple[ListingProblem, ...]
    added: tuple[tuple[str, bool], ...] = ()
    """(name, 修了) of those who had no result."""
    changed: tuple[tuple[str, bool], ...] = ()
    unchanged: int = 0
    completed: int = 0
    not_completed: int = 0
    cleanup: int = 0
    """Withdrawn trainees with a registration to delete: they go onto the rosters too."""
    applied: bool = False


def template(kit: Kit, training_id: str) -> bytes:
    """The register to be filled in: everybody who is not excluded."""
    with kit.store.snapshot() as tx:
        training = _training(tx, training_id)
        rosters = {r.code: r for r in tx.rosters(training_id)}
        rows = [r for r in tx.enrollments(training_id=training_id) if not r.excluded_because]
    order = {p: n for n, p in enumerate(kit.directory.offices)}
    rows.sort(key=lambda r: (order.get(r.prefecture, len(order)), rosters[r.roster].centre, r.roster, r.row))
    return kit.documents.results_register(training, [trainee_line(kit, rosters[r.roster], r) for r in rows])


def _training(tx: Transaction, training_id: str) -> Training:
    try:
        return tx.get_training(training_id)
    except KeyError:
        raise Refused(f"研修 {training_id} は登録されていません") from None


def import_results(kit: Kit, training_id: str, name: str, data: bytes, by: str, *, apply: bool) -> ResultsReport:
    """Check the register and, when `apply` and nothing is wrong, take it over; a problem leaves all as it is."""
    lines, problems = kit.documents.read_results(name, data)
    with kit.store.transaction() as tx:
        training = _training(tx, training_id)
        _may_have_results(kit, training)
        rows = tx.enrollments(training_id=training_id)
        rosters = {r.code: r for r in tx.rosters(training_id)}
        found, more = _matched(training, rows, rosters, lines)
        problems = [*problems, *more, *_left_out(rows, found, name)]
        if problems:
            return ResultsReport(tuple(problems))
        report = _difference(rows, found)
        return _take_over(tx, kit, training, found, report, by) if apply else report


def _may_have_results(kit: Kit, training: Training) -> None:
    if training.state not in _CAN_HAVE:
        raise Refused(f"研修 {training.training_id} は承認されていないか、中止されています")
    if kit.clock.today() < training.ends_on:
        raise Refused(f"研修は {training.ends_on} まで続きます。修了結果は最終日から取り込めます")


_Found = dict[str, tuple[Enrollment, bool]]


def _matched(
    training: Training, rows: Sequence[Enrollment], rosters: Mapping[str, Roster], lines: Sequence[ListedResult]
) -> tuple[_Found, list[ListingProblem]]:
    """Lines by enrollment; a line that names nobody, somebody twice or nobody's result is a problem."""
    found: _Found = {}
    problems = []
    for line in lines:
        row, code, remedy = _row_of(training, rows, rosters, line)
        if row is None or (row.excluded_because and line.result is not None):
            remedy = remedy or "受講を取りやめた方です。結果の欄を空にするか、行を削除してください"
            problems.append(_problem(line, "name", code or "excluded-trainee", remedy))
        elif row.enrollment_id in found:
            problems.append(_problem(line, "name", "doubled-row", "同じ方の行が二つあります。一つにしてください"))
        elif line.result is not None:
            found[row.enrollment_id] = row, line.result
    return found, problems


def _row_of(
    training: Training, rows: Sequence[Enrollment], rosters: Mapping[str, Roster], line: ListedResult
) -> tuple[Enrollment | None, str, str]:
    """The row, or the code and remedy of what is wrong. The name is the second proof beside the hidden key."""
    if line.training and line.training != training.training_id:
        return None, "other-training", "別の研修の修了結果一覧です"
    if line.enrollment:
        keyed = next((r for r in rows if r.enrollment_id == line.enrollment), None)
        if keyed is None or name_key(keyed.name) != name_key(line.name):
            return None, "bad-key", "照合キーと氏名が一致しません。書き出した一覧からやり直してください"
        return keyed, "", ""
    alike = [r for r in rows if _same(r, rosters[r.roster], line)]
    if len(alike) == 1:
        return alike[0], "", ""
    code = "ambiguous-trainee" if alike else "unknown-trainee"
    return None, code, "受講者一覧の都道府県・センター・氏名・フリガナと一致させてください"


def _same(row: Enrollment, roster: Roster, line: ListedResult) -> bool:
    kana = not line.kana or kana_key(line.kana) == kana_key(row.kana)
    where = prefecture_key(line.prefecture) == prefecture_key(roster.prefecture)
    return (
        where
        and kana
        and centre_key(line.centre) == centre_key(roster.centre)
        and name_key(line.name) == name_key(row.name)
    )


def _problem(line: ListedResult, member: str, code: str, remedy: str) -> ListingProblem:
    return ListingProblem(line.sheet, dict(line.cells).get(member, f"{line.line}行"), code, line.name, remedy)


def _left_out(rows: Sequence[Enrollment], found: _Found, name: str) -> list[ListingProblem]:
    """Everybody who is not excluded needs a result, or has one."""
    missing = [r for r in rows if not r.excluded_because and r.completed is None and r.enrollment_id not in found]
    remedy = "修了または未修了を選んでください（受講しなかった方は、先に取消しを登録してください）"
    return [ListingProblem("", "", "result-missing", r.name or name, remedy) for r in missing]


def _difference(rows: Sequence[Enrollment], found: _Found) -> ResultsReport:
    added = [(row, result) for row, result in found.values() if row.completed is None]
    changed = [(row, result) for row, result in found.values() if row.completed not in {None, result}]
    final = {r.enrollment_id: r.completed for r in rows if not r.excluded_because}
    final |= {ident: result for ident, (_, result) in found.items()}
    counts = Counter(final.values())
    return ResultsReport(
        (), tuple((r.name, x) for r, x in added), tuple((r.name, x) for r, x in changed),
        len(found) - len(added) - len(changed), counts[True], counts[False], sum(r.cleanup_owed for r in rows),
    )  # fmt: skip


def _take_over(
    tx: Transaction, kit: Kit, training: Training, found: _Found, report: ResultsReport, by: str
) -> ResultsReport:
    fresh = [(row, result) for row, result in found.values() if row.completed is not result]
    for row, result in fresh:
        _set(tx, kit, row, by, result=result)
    after = [tx.get_enrollment(row.enrollment_id) for row, _ in fresh]
    tx.save_enrollments(moved(tx, kit, training, after, "results"))
    ident = training.training_id
    payload = {"added": len(report.added), "changed": len(report.changed), "completed": report.completed}
    now = kit.clock.now()
    tx.append_event(now, by, "results-imported", subject=f"training:{ident}", training_id=ident, payload=payload)
    complete_or_reopen(tx, kit, ident)
    return replace(report, applied=True)


def _set(tx: Transaction, kit: Kit, row: Enrollment, by: str, *, result: bool) -> None:
    tx.save_enrollment(replace(row, completed=result))
    tx.append_event(
        kit.clock.now(), by, "result-set", subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture, payload={"before": row.completed, "after": result},
    )  # fmt: skip


# -- the rosters with results ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """Everything one prefecture gets: rosters with their rows, already numbered."""

    prefecture: str
    rosters: tuple[tuple[Roster, tuple[Enrollment, ...]], ...]
    again: bool
    """Some of them went out before."""

    @property
    def rows(self) -> tuple[Enrollment, ...]:
        return tuple(row for _, rows in self.rosters for row in rows)


def preview_results(kit: Kit, training_id: str) -> list[Planned]:
    """What `approve_results` would send, without making the documents; raises Refused when nothing may be sent."""
    with kit.store.snapshot() as tx:
        training = _training(tx, training_id)
        batches = _batches(tx, kit, training)
    _ready(kit, training, batches)
    return [_planned(_draft(kit, training, batch, ()), batch) for batch in batches]


def _planned(draft: Draft, batch: _Batch) -> Planned:
    codes = tuple(r.code for r, _ in batch.rosters)
    sizes = tuple((r.code, len(rows)) for r, rows in batch.rosters)
    mark = planned_mark(draft, batch.rosters)
    return Planned(
        batch.prefecture, draft.to, draft.cc, codes, len(draft.enrollments), draft.words.subject, sizes, mark
    )


def approve_results(
    kit: Kit, training_id: str, by: str, *, apply: bool = True, only: Sequence[str] = ()
) -> list[Planned]:
    """Make the rosters with results and put one mail per office into the outbox; `apply=False` only shows them.

    Documents are made before the transaction; the rows are compared again inside it. `only` as in `dispatch.approve`.
    """
    with kit.store.snapshot() as tx:
        training = _training(tx, training_id)
        batches = _batches(tx, kit, training)
    _ready(kit, training, batches)
    as_shown(only, [_planned(_draft(kit, training, batch, ()), batch) for batch in batches])
    made = [(b, [make_files(kit, training, r, rows) for r, rows in b.rosters]) for b in batches]
    drafts = [_draft(kit, training, batch, files) for batch, files in made]
    if apply:
        _commit(kit, training, list(zip(drafts, made, strict=True)), by)
    return [_planned(d, b) for d, b in zip(drafts, batches, strict=True)]


def _ready(kit: Kit, training: Training, batches: Sequence[_Batch]) -> None:
    _may_have_results(kit, training)
    open_ = sum(r.completed is None and not r.excluded_because for b in batches for r in b.rows)
    if open_:
        raise Refused(f"修了結果のない受講者が {open_} 名います。先に meibod results import を実行してください")
    if not batches:
        raise Refused("送付すべき名簿がありません（すべて送付済みです）")


def _batches(tx: Transaction, kit: Kit, training: Training) -> list[_Batch]:
    rosters = {r.code: r for r in tx.rosters(training.training_id)}
    rows = [r for r in tx.enrollments(training_id=training.training_id) if _belongs(r)]
    fresh = {_code(kit, rosters[r.roster]) for r in rows if tx.get_fact(told_fact(r.enrollment_id)) != _told(r)}
    sheets: dict[str, list[Enrollment]] = {}
    for row in rows:
        code = row.post_roster or _code(kit, rosters[row.roster])
        if code in fresh:
            rosters.setdefault(code, _post_roster(code, rosters[row.roster]))
            sheets.setdefault(code, []).append(row)
    numbered = {code: tuple(_numbered(code, mine)) for code, mine in sheets.items()}
    order = sorted(numbered, key=lambda c: (rosters[c].prefecture, rosters[c].centre, c))
    places = dict.fromkeys(rosters[c].prefecture for c in order)
    return [
        _Batch(
            place, tuple((rosters[c], numbered[c]) for c in order if rosters[c].prefecture == place),
            any(tx.get_fact(told_fact(r.enrollment_id)) for c in order if rosters[c].prefecture == place
                for r in sheets[c]),
        )
        for place in places
    ]  # fmt: skip


def _belongs(row: Enrollment) -> bool:
    """Whoever may hold a registration: all but those who withdrew without one."""
    return not row.excluded_because or row.cleanup_owed or bool(row.post_roster)


def _code(kit: Kit, roster: Roster) -> str:
    place = roster.prefecture, roster.centre, roster.pension_office
    return roster_code(kit.key, roster.training_id, *place, after=True)


def _post_roster(code: str, before: Roster) -> Roster:
    return replace(before, code=code, edition=POST.name, phase=Phase.POST)


def _numbered(code: str, rows: Sequence[Enrollment]) -> list[Enrollment]:
    """Numbers once given stay; newcomers follow in the order of the first roster."""
    last = max((r.post_row for r in rows), default=0)
    known = sorted((r for r in rows if r.post_row), key=lambda r: r.post_row)
    new = sorted((r for r in rows if not r.post_row), key=lambda r: (r.roster, r.row))
    return [*known, *(replace(r, post_roster=code, post_row=last + n) for n, r in enumerate(new, start=1))]


def told_fact(enrollment_id: str) -> str:
    """Name of the fact that says which result of the trainee the office was sent."""
    return f"result-told:{enrollment_id}"


def _told(row: Enrollment) -> str:
    return "withdrawn" if row.excluded_because else "completed" if row.completed else "not-completed"


def _draft(kit: Kit, training: Training, batch: _Batch, files: Sequence[RosterFiles]) -> Draft:
    office = kit.directory.offices[batch.prefecture]
    code = dispatch_code(kit.key, training.training_id, batch.prefecture, after=True)
    lines = tuple(
        DispatchedRoster(centre_title(kit, r), office_title(r), r.code, len(rows)) for r, rows in batch.rosters
    )
    told = Counter(_told(r) for r in batch.rows)
    letter = ResultsLetter(
        office.title, about(training, code, Phase.POST), lines, sender(kit), kit.clock.today(),
        told["completed"], told["not-completed"], told["withdrawn"], batch.again,
    )  # fmt: skip
    people = tuple(r.enrollment_id for r in batch.rows)
    content = " ".join(f"{r.enrollment_id}={_told(r)}" for r in batch.rows)
    return Draft(
        purpose=MailPurpose.RESULTS,
        dedupe_key=f"results:{code}:{hashlib.sha256(content.encode()).hexdigest()[:16]}",
        words=kit.templates.render(letter.template, letter),
        to=office.to,
        cc=office.cc,
        prefecture=batch.prefecture,
        training_id=training.training_id,
        dispatch_id=code,
        enrollments=people,
        files=_attached(batch, files),
    )


def _attached(batch: _Batch, files: Sequence[RosterFiles]) -> tuple[File, ...]:
    """() while the documents are not made: for a look at the mail alone."""
    pairs = zip(batch.rosters, files, strict=True) if files else ()
    return tuple(f for (roster, _), made in pairs for f in attachments(roster, made))


def written_anew(
    kit: Kit, training: Training, rosters: tuple[tuple[Roster, tuple[Enrollment, ...]], ...], files: list[RosterFiles]
) -> Draft:
    """The mail with these rosters of one office once more: today's letter and address book."""
    return _draft(kit, training, _Batch(rosters[0][0].prefecture, rosters, again=False), files)


def _commit(
    kit: Kit, training: Training, made: Sequence[tuple[Draft, tuple[_Batch, list[RosterFiles]]]], by: str
) -> None:
    with kit.store.transaction() as tx:
        batches = [batch for _, (batch, _) in made]
        if _batches(tx, kit, training) != batches or tx.get_training(training.training_id) != training:
            raise Refused("承認の途中で名簿が変わりました。もう一度確認してから承認してください")
        tx.save_training(replace(training, state=TrainingState.RESULTS))
        for draft, (batch, files) in made:
            _send(tx, kit, training, draft, batch, files)
        ident = training.training_id
        tx.append_event(
            kit.clock.now(), by, "results-approved", subject=f"training:{ident}", training_id=ident,
            payload={"mails": len(made), "rows": sum(len(b.rows) for b in batches)},
        )  # fmt: skip
        _stop_asking_before(tx, training)
        complete_or_reopen(tx, kit, ident)


def _send(
    tx: Transaction, kit: Kit, training: Training, draft: Draft, batch: _Batch, files: Sequence[RosterFiles]
) -> None:
    for roster, _ in batch.rosters:
        tx.save_roster(roster)
    tx.save_enrollments(batch.rows)
    outbox_id = queue(tx, kit, draft)
    known = mailing(tx, training.training_id, batch.prefecture, Phase.POST)
    if outbox_id is not None and known is None:
        made = Dispatch(draft.dispatch_id, training.training_id, batch.prefecture, outbox_id, phase=Phase.POST)
        tx.save_dispatch(made)
    remember(tx, kit, ((roster, f) for (roster, _), f in zip(batch.rosters, files, strict=True)))
    for row in batch.rows:
        tx.set_fact(told_fact(row.enrollment_id), _told(row))
    tx.save_enrollments(moved(tx, kit, training, batch.rows, "results"))


def _stop_asking_before(tx: Transaction, training: Training) -> None:
    """The training is over: what was asked for before it is asked for no more."""
    for dispatch in tx.dispatches(training.training_id):
        if dispatch.phase is Phase.PRE and dispatch.next_reminder_on is not None:
            tx.save_dispatch(replace(dispatch, next_reminder_on=None))
    for mail in tx.outbox(states=[OutboxState.HELD], training_id=training.training_id):
        if mail.purpose is MailPurpose.REMINDER:
            tx.save_outbox(replace(mail, state=OutboxState.CANCELLED, held_because="研修終了"))
