"""PRE0: a training is set up, the list of trainees is checked, compared with what is known, and imported."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from daemon.domain import closing
from daemon.domain.calendar import OfficeCalendar
from daemon.domain.deadlines import deadline
from daemon.domain.lifecycle import Facts, move
from daemon.domain.model import Course, Enrollment, Roster, State, Training, TrainingState
from daemon.domain.tokens import enrollment_code, roster_code
from daemon.errors import Refused
from daemon.handlers import ending, planning
from daemon.handlers.elsewhere import Elsewhere, also_enrolled, note_twice, seen
from daemon.handlers.questions import drop, glance_again
from daemon.handlers.rows import nameless
from daemon.ports import Kit, Transaction
from parsers.listing import ListedTrainee, ListingProblem
from parsers.names import centre_key, kana_key, name_key, office_key, prefecture_key


@dataclass(frozen=True, slots=True)
class NewTraining:
    """What an admin says of a training."""

    course: Course
    name: str
    starts_on: dt.date
    ends_on: dt.date
    training_id: str = ""
    """"" = made from the course and the first day."""
    deadline_on: dt.date | None = None
    """None = by the rule of the policy."""


def add_training(kit: Kit, new: NewTraining, by: str) -> Training:
    """Set up one run of a course; raises Refused on impossible days or a taken id."""
    if new.ends_on < new.starts_on:
        raise Refused(f"最終日 {new.ends_on} が初日 {new.starts_on} より前です")
    calendar = OfficeCalendar(kit.directory.closed_days)
    day, basis = deadline(new.starts_on, kit.policy.deadline, calendar)
    if new.deadline_on is not None:
        if new.deadline_on >= new.starts_on:
            raise Refused(f"期限 {new.deadline_on} が研修初日 {new.starts_on} より前ではありません")
        day, basis = new.deadline_on, "管理者の指定"
    now = kit.clock.now()
    ident = new.training_id or f"{new.course.value}-{new.starts_on:%Y%m%d}"
    training = Training(ident, new.course, new.name, new.starts_on, new.ends_on, day, basis, TrainingState.DRAFT, now)
    with kit.store.transaction() as tx:
        if any(t.training_id == ident for t in tx.trainings()):
            raise Refused(f"研修 {ident} はすでに登録されています（--id で別の番号を指定してください）")
        tx.save_training(training)
        payload = {"starts_on": str(new.starts_on), "deadline_on": str(day), "basis": basis}
        tx.append_event(now, by, "training-added", subject=f"training:{ident}", training_id=ident, payload=payload)
    return training


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a list says: problems, or the difference it makes."""

    problems: tuple[ListingProblem, ...]
    added: tuple[str, ...] = ()
    """Names, for the admin who runs the import; never logged."""
    changed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    unchanged: int = 0
    applied: bool = False
    elsewhere: tuple[Elsewhere, ...] = ()
    """Warnings: people who are in another open run as well."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line of the list with its place found in the masters."""

    line: ListedTrainee
    prefecture: str
    centre: str
    pension_office: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        line = self.line
        return self.prefecture, self.centre, name_key(line.name), kana_key(line.kana)


def import_list(kit: Kit, training_id: str, name: str, data: bytes, by: str, *, apply: bool) -> ImportReport:
    """Check the list and, when `apply` and nothing is wrong, take it over. Nothing changes while a problem stands."""
    lines, problems = kit.documents.read_list(name, data)
    with kit.store.transaction() as tx:
        training = tx.get_training(training_id)
        if training.state is TrainingState.CANCELLED:
            raise Refused(f"研修 {training_id} は中止されています")
        placed, found = _place(kit, training, lines)
        problems = [*problems, *found, *_printable(kit, lines), *_duplicates(placed)]
        if not lines and not problems:
            remedy = "受講者の行がありません。記入例の下に入力してください"
            problems = [ListingProblem("", "", "empty-list", name, remedy)]
        if problems:
            return ImportReport(tuple(problems))
        return _apply(tx, kit, training, placed, by, apply=apply)


def _place(kit: Kit, training: Training, lines: Iterable[ListedTrainee]) -> tuple[list[_Placed], list[ListingProblem]]:
    placed, problems = [], []
    for line in lines:
        found = _place_one(kit, training, line)
        if isinstance(found, ListingProblem):
            problems.append(found)
        else:
            placed.append(found)
        if training.course is Course.BEGINNER and not line.e_learning_on:
            remedy = "ｅラーニング修了者だけが対象です。修了日を入力してください"
            problems.append(_problem(line, "e_learning_on", "e-learning-missing", "", remedy))
    return placed, problems


def _problem(line: ListedTrainee, member: str, code: str, detail: str, remedy: str) -> ListingProblem:
    return ListingProblem(line.sheet, dict(line.cells).get(member, f"{line.line}行"), code, detail, remedy)


def _place_one(kit: Kit, training: Training, line: ListedTrainee) -> _Placed | ListingProblem:
    directory = kit.directory
    prefecture = next((p for p in directory.offices if prefecture_key(p) == prefecture_key(line.prefecture)), None)
    if line.prefecture and prefecture is None:
        remedy = "都道府県名を「神奈川」のように入力してください"
        return _problem(line, "prefecture", "unknown-prefecture", line.prefecture, remedy)
    centres = [
        c
        for c in directory.centres.values()
        if centre_key(c.name) == centre_key(line.centre) and prefecture in {None, c.prefecture}
    ]
    if len(centres) != 1:
        remedy = "センター一覧（config/masters/centres.csv）の名称で入力してください"
        code = "ambiguous-centre" if centres else "unknown-centre"
        return _problem(line, "centre", code, line.centre, remedy)
    return _with_office(kit, training, line, centres[0].prefecture, centres[0].name)


def _with_office(
    kit: Kit, training: Training, line: ListedTrainee, prefecture: str, centre: str
) -> _Placed | ListingProblem:
    directory = kit.directory
    if prefecture not in directory.offices:
        remedy = "宛先台帳（offices.csv）に都道府県会を登録してください"
        return _problem(line, "prefecture", "office-not-in-book", prefecture, remedy)
    if line.pension_office:
        names = {office_key(o.name): o.name for o in directory.pension_offices.values()}
        office = names.get(office_key(line.pension_office))
        remedy = "年金事務所一覧（pension_offices.csv）の名称で入力してください"
        if office is None:
            return _problem(line, "pension_office", "unknown-pension-office", line.pension_office, remedy)
        return _Placed(line, prefecture, centre, office)
    known = directory.pension_office_of(prefecture, centre, training.starts_on)
    if known is None:
        remedy = "assignments.csv に管轄年金事務所を登録するか、名簿の「管轄年金事務所」欄に入力してください"
        return _problem(line, "centre", "no-pension-office", centre, remedy)
    return _Placed(line, prefecture, centre, known)


def _printable(kit: Kit, lines: list[ListedTrainee]) -> list[ListingProblem]:
    """Characters outside the font are found before anything is printed."""
    missing = kit.documents.missing_glyphs(text for line in lines for text in (line.name, line.kana, line.note))
    problems = []
    for line in lines:
        for member in ("name", "kana", "note"):
            characters = missing.get(getattr(line, member))
            if characters:
                remedy = f"印刷できない文字「{characters}」を別の字体かカナに置き換えてください"
                problems.append(_problem(line, member, "missing-glyph", characters, remedy))
    return problems


def _duplicates(placed: list[_Placed]) -> list[ListingProblem]:
    counts = Counter(p.key for p in placed)
    twice = [p.line for p in placed if counts[p.key] > 1]
    remedy = "同じセンターに同じ氏名・フリガナの行があります。重複を削除するか、氏名で区別してください"
    return [_problem(line, "name", "duplicate-trainee", line.name, remedy) for line in twice]


def _apply(
    tx: Transaction, kit: Kit, training: Training, placed: list[_Placed], by: str, *, apply: bool
) -> ImportReport:
    rosters = {r.code: r for r in tx.rosters(training.training_id)}
    known = {_known_key(rosters[e.roster], e): e for e in tx.enrollments(training_id=training.training_id)}
    wanted = {p.key: p for p in placed}
    added = [p for key, p in wanted.items() if key not in known]
    gone = [e for key, e in known.items() if key not in wanted and not e.excluded_because]
    changed = [(known[k], p) for k, p in wanted.items() if k in known and _differs(known[k], rosters, p)]
    report = ImportReport(
        (),
        tuple(p.line.name for p in added),
        tuple(e.name for e, _ in changed),
        tuple(e.name for e in gone),
        len(wanted) - len(added) - len(changed),
        applied=apply,
        elsewhere=also_enrolled(tx, training, (seen(p.prefecture, p.line.name, p.line.kana) for p in placed)),
    )
    if apply:
        if training.state is not TrainingState.DRAFT and _moved(changed, rosters):
            raise Refused(
                "承認後の管轄年金事務所の変更は取り込めません（いったん取消し、新しい行として追加してください）"
            )
        _write(tx, kit, training, (added, changed, gone), by)
    return report


def _moved(changed: list[tuple[Enrollment, _Placed]], rosters: dict[str, Roster]) -> bool:
    return any(rosters[e.roster].pension_office != p.pension_office for e, p in changed)


def _known_key(roster: Roster, row: Enrollment) -> tuple[str, str, str, str]:
    return roster.prefecture, roster.centre, name_key(row.name), kana_key(row.kana)


def _details(line: ListedTrainee) -> dict[str, object]:
    return {
        "name": line.name,
        "kana": line.kana,
        "terminal_id": line.terminal_id,
        "e_learning_on": dt.date.fromisoformat(line.e_learning_on) if line.e_learning_on else None,
        "visit_on": dt.date.fromisoformat(line.visit_on) if line.visit_on else None,
        "note": line.note,
    }


def _differs(row: Enrollment, rosters: dict[str, Roster], placed: _Placed) -> bool:
    same = all(getattr(row, k) == v for k, v in _details(placed.line).items())
    moved = rosters[row.roster].pension_office != placed.pension_office
    return not same or moved or bool(row.excluded_because)


def _write(
    tx: Transaction,
    kit: Kit,
    training: Training,
    difference: tuple[list[_Placed], list[tuple[Enrollment, _Placed]], list[Enrollment]],
    by: str,
) -> None:
    added, changed, gone = difference
    note_twice(tx, kit, training, [_add(tx, kit, training, placed) for placed in added])
    for row, placed in changed:
        _change(tx, kit, training, row, placed, by)
    for row in gone:
        exclude(tx, kit, training, row, "名簿から削除", by)
    payload = {"added": len(added), "changed": len(changed), "withdrawn": len(gone)}
    tx.append_event(
        kit.clock.now(), by, "list-imported", subject=f"training:{training.training_id}",
        training_id=training.training_id, payload=payload,
    )  # fmt: skip
    planning.complete_or_reopen(tx, kit, training.training_id)


def _roster_for(tx: Transaction, kit: Kit, training: Training, placed: _Placed) -> Roster:
    where = placed.prefecture, placed.centre, placed.pension_office
    code = roster_code(kit.key, training.training_id, *where)
    roster = tx.find_roster(code)
    if roster is None:
        roster = Roster(code, training.training_id, *where, training.course.edition.name)
        tx.save_roster(roster)
    return roster


def _add(tx: Transaction, kit: Kit, training: Training, placed: _Placed) -> Enrollment:
    roster = _roster_for(tx, kit, training, placed)
    row = _next_row(tx, roster)
    line = placed.line
    ident = enrollment_code(kit.key, training.training_id, placed.centre, line.name, line.kana, row)
    enrollment = Enrollment(
        ident, training.training_id, roster.code, row, placed.prefecture, line.name, line.kana, State.LISTED
    )
    enrollment = replace(enrollment, **_details(line))  # type: ignore[arg-type]
    tx.save_enrollment(enrollment)
    tx.append_event(
        kit.clock.now(), "meibod", "trainee-listed", subject=f"enrollment:{ident}",
        training_id=training.training_id, prefecture=placed.prefecture,
        payload={"roster": roster.code, "row": row, "from": f"{line.sheet}!{line.line}"},
    )  # fmt: skip
    return enrollment


def _next_row(tx: Transaction, roster: Roster) -> int:
    """Numbers are never reused: a withdrawn row keeps its own."""
    return max((e.row for e in tx.enrollments(roster=roster.code)), default=0) + 1


def _change(tx: Transaction, kit: Kit, training: Training, row: Enrollment, placed: _Placed, by: str) -> None:
    roster = _roster_for(tx, kit, training, placed)
    details = _details(placed.line)
    differing = sorted(k for k, v in details.items() if getattr(row, k) != v)
    if roster.code != row.roster:
        details |= {"roster": roster.code, "row": _next_row(tx, roster)}
        differing.append("roster")
    tx.append_event(
        kit.clock.now(), "meibod", "trainee-changed", subject=f"enrollment:{row.enrollment_id}",
        training_id=training.training_id, prefecture=row.prefecture, payload={"changed": differing},
    )  # fmt: skip
    changed = replace(row, **details)  # type: ignore[arg-type]
    tx.save_enrollment(changed)
    if row.excluded_because:
        readmit(tx, kit, training, changed, by, "名簿に記載")


def exclude(tx: Transaction, kit: Kit, training: Training, row: Enrollment, reason: str, by: str) -> Enrollment:
    """Take a trainee out; what is registered stays on record and is owed a clean-up (domain.md §1.4, 8)."""
    out = replace(row, excluded_because=reason, cleanup_owed=bool(row.values))
    out = move(out, training.course, Facts(dispatched=True))
    tx.save_enrollment(out)
    drop(tx, kit, out, by, nameless(reason, row))
    ending.ask(tx, kit, (out,))
    tx.append_event(
        kit.clock.now(), by, "trainee-excluded", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture,
        payload={
            "before": row.state, "after": out.state, "because": nameless(reason, row), "cleanup_owed": out.cleanup_owed,
        },
    )  # fmt: skip
    return out


def _without_values(tx: Transaction, kit: Kit, row: Enrollment, by: str) -> Enrollment:
    """Nothing is on record any more; the readings and the history keep what was."""
    for field, value in row.values.items():
        tx.append_event(
            kit.clock.now(), by, "value-withdrawn", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture, payload={"field": field, "value": value.value},
        )  # fmt: skip
    return replace(row, values={})


def readmit(tx: Transaction, kit: Kit, training: Training, row: Enrollment, by: str, because: str) -> Enrollment:
    """Take a trainee back in: the state follows from what is on record, as if the trainee had never left.

    But for a registration that was deleted again meanwhile: it counts no more, and is owed anew.
    """
    back = replace(row, excluded_because="", cleanup_owed=False)
    if not row.post_roster and row.values.keys() & set(closing.DELETIONS):
        back = _without_values(tx, kit, back, by)
    back = move(back, training.course, planning.facts_of(tx, (back,))[row.enrollment_id])
    tx.save_enrollment(back)
    tx.append_event(
        kit.clock.now(), by, "trainee-reinstated", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture,
        payload={"before": row.state, "after": back.state, "because": nameless(because, row)},
    )  # fmt: skip
    glance_again(tx, kit, back)
    ending.ask(tx, kit, (back,))
    return planning.refresh(tx, kit, training, back, f"person:{by}")
