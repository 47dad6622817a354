"""What the document forgets about one trainee: withdrawal, return, addition, substitution, transfer (domain.md §1.4).

A row that has left the house keeps its number and its dates whatever becomes of it; who comes instead is a new row.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from daemon.domain.model import (
    Course,
    Enrollment,
    MailPurpose,
    OutboxMail,
    OutboxState,
    Roster,
    State,
    Training,
    TrainingState,
)
from daemon.domain.tokens import enrollment_code, roster_code
from daemon.errors import Refused
from daemon.handlers.elsewhere import note_twice
from daemon.handlers.planning import complete_or_reopen
from daemon.handlers.prepare import exclude, readmit
from daemon.handlers.rows import known_row, reason
from daemon.ports import Kit, Transaction
from parsers.names import centre_key, kana_key, name_key, office_key

_OPEN = {TrainingState.DRAFT, TrainingState.APPROVED, TrainingState.COMPLETE}
_WAITING = {OutboxState.READY, OutboxState.HELD, OutboxState.IN_FLIGHT, OutboxState.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes instead."""

    name: str
    kana: str
    terminal_id: str = ""
    e_learning_on: dt.date | None = None
    visit_on: dt.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trainee is moved to."""

    prefecture: str
    centre: str
    pension_office: str = ""
    """"" = by the master."""


def withdraw(kit: Kit, enrollment_id: str, by: str, because: str) -> Enrollment:
    """辞退, 取消: the trainee is out; a registration on record is owed a clean-up. Open questions about it close."""
    with kit.store.transaction() as tx:
        row = known_row(tx, enrollment_id)
        because = reason(because, row)
        if row.excluded_because:
            raise Refused(f"この受講者はすでに対象外です（{row.excluded_because}）")
        out = exclude(tx, kit, tx.get_training(row.training_id), row, because, by)
        complete_or_reopen(tx, kit, row.training_id)
        return out


def reinstate(kit: Kit, enrollment_id: str, by: str, because: str) -> Enrollment:
    """Back in: the state follows from what is on record, as if the trainee had never left."""
    with kit.store.transaction() as tx:
        row = known_row(tx, enrollment_id)
        because = reason(because, row)
        if not row.excluded_because:
            raise Refused("この受講者は対象外になっていません")
        training = tx.get_training(row.training_id)
        if training.state is TrainingState.CANCELLED:
            raise Refused(f"研修 {row.training_id} は中止されています")
        back = readmit(tx, kit, training, row, by, because)
        complete_or_reopen(tx, kit, row.training_id)
        return back


def substitute(kit: Kit, enrollment_id: str, person: Person, by: str, because: str) -> Enrollment:
    """交代: the old row is out, the new trainee stands at the end of the same roster and goes out as a supplement."""
    with kit.store.transaction() as tx:
        old = known_row(tx, enrollment_id)
        because = reason(because, old, replace(old, name=person.name, kana=person.kana))
        training = _open_training(tx, old.training_id)
        roster = tx.get_roster(old.roster)
        _check_person(tx, kit, training, roster, person, old)
        _not_under_way(tx, old)
        if not old.excluded_because:
            exclude(tx, kit, training, old, f"交代（{because}）", by)
        new = _append(tx, kit, training, roster, person, replaces=old.enrollment_id)
        _event(tx, kit, new, by, "trainee-substituted", before=old.enrollment_id, after=new.enrollment_id,
               number=f"{roster.code}/{new.row}", because=because)  # fmt: skip
        complete_or_reopen(tx, kit, old.training_id)
        return new


def add_trainee(kit: Kit, training_id: str, place: Place, person: Person, by: str, because: str) -> Enrollment:
    """追加: one more trainee at the end of the roster of that centre; the next approval sends it as a supplement."""
    with kit.store.transaction() as tx:
        training = _open_training(tx, training_id)
        roster = _roster_at(tx, kit, training, place)
        ghost = Enrollment("", training_id, roster.code, 0, place.prefecture, person.name, person.kana, State.LISTED)
        because = reason(because, ghost)
        _check_person(tx, kit, training, roster, person)
        new = _append(tx, kit, training, roster, person, replaces="")
        note_twice(tx, kit, training, (new,))
        _event(tx, kit, new, by, "trainee-added", after=f"{roster.code}/{new.row}", because=because)
        complete_or_reopen(tx, kit, training_id)
        return new


def transfer(kit: Kit, enrollment_id: str, place: Place, by: str, because: str) -> Enrollment:
    """異動: before the roster has left the row moves; afterwards the old row is out and a new one owes its own dates.

    Dates never move with the trainee: they were registered for the pension office of the old row.
    """
    with kit.store.transaction() as tx:
        row = known_row(tx, enrollment_id)
        because = reason(because, row)
        training = _open_training(tx, row.training_id)
        if row.excluded_because:
            raise Refused(f"この受講者は対象外です（{row.excluded_because}）")
        roster = _roster_at(tx, kit, training, place)
        if roster.code == row.roster:
            raise Refused("すでにその名簿に載っています")
        _not_under_way(tx, row)
        left = has_left(tx, row)
        new = _sent_anew(tx, kit, training, row, roster, by) if left else _moved(tx, row, roster)
        _event(tx, kit, new, by, "trainee-transferred", before=f"{row.roster}/{row.row}",
               after=f"{new.roster}/{new.row}", **{"from": row.enrollment_id}, because=because)  # fmt: skip
        complete_or_reopen(tx, kit, row.training_id)
        return new


def _moved(tx: Transaction, row: Enrollment, roster: Roster) -> Enrollment:
    new = replace(row, roster=roster.code, row=next_row(tx, roster), prefecture=roster.prefecture)
    tx.save_enrollment(new)
    return new


def _sent_anew(tx: Transaction, kit: Kit, training: Training, row: Enrollment, roster: Roster, by: str) -> Enrollment:
    exclude(tx, kit, training, row, f"異動（{roster.centre}へ）", by)
    person = Person(row.name, row.kana, row.terminal_id, row.e_learning_on, row.visit_on, row.note)
    return _append(tx, kit, training, roster, person, replaces=row.enrollment_id)


# -- parts -----------------------------------------------------------------------------------------------------


def has_left(tx: Transaction, row: Enrollment) -> bool:
    """Whether a mailing with this row exists that was not taken back."""
    return any(m.state is not OutboxState.CANCELLED for m in _mailings(tx, row))


def next_row(tx: Transaction, roster: Roster) -> int:
    """The next free No.; numbers are never reused."""
    return max((e.row for e in tx.enrollments(roster=roster.code)), default=0) + 1


def _mailings(tx: Transaction, row: Enrollment) -> list[OutboxMail]:
    mails = tx.outbox(training_id=row.training_id, prefecture=row.prefecture)
    return [m for m in mails if m.purpose is MailPurpose.DISPATCH and row.enrollment_id in m.enrollments]


def _not_under_way(tx: Transaction, row: Enrollment) -> None:
    """A sheet that is about to leave shows the row as it was when the mail was frozen."""
    waiting = [m.outbox_id for m in _mailings(tx, row) if m.state in _WAITING]
    if waiting:
        raise Refused(f"この受講者の名簿は送信待ちです（送信箱 {waiting[0]}）。送信後にもう一度実行してください")


def _open_training(tx: Transaction, training_id: str) -> Training:
    training = tx.get_training(training_id)
    if training.state not in _OPEN:
        raise Refused(f"研修 {training_id} は受講前の段階ではありません（{training.state}）")
    return training


def _check_person(
    tx: Transaction, kit: Kit, training: Training, roster: Roster, person: Person, old: Enrollment | None = None
) -> None:
    if not person.name.strip() or not person.kana.strip():
        raise Refused("氏名とフリガナの両方が必要です")
    if training.course is Course.BEGINNER and person.e_learning_on is None:
        raise Refused("ｅラーニング修了者だけが対象です。--e-learning で修了日を指定してください")
    missing = kit.documents.missing_glyphs((person.name, person.kana, person.note))
    if missing:
        raise Refused(f"印刷できない文字があります: {' '.join(missing.values())}")
    wanted = name_key(person.name), kana_key(person.kana)
    for row in tx.enrollments(roster=roster.code):
        if (name_key(row.name), kana_key(row.kana)) == wanted and (row is old or not row.excluded_because):
            raise Refused(f"同じ氏名の受講者が名簿にあります（No.{row.row}）")


def _append(
    tx: Transaction, kit: Kit, training: Training, roster: Roster, person: Person, *, replaces: str
) -> Enrollment:
    number = next_row(tx, roster)
    ident = enrollment_code(kit.key, training.training_id, roster.centre, person.name, person.kana, number)
    new = Enrollment(
        ident, training.training_id, roster.code, number, roster.prefecture, person.name, person.kana, State.LISTED,
        person.terminal_id, person.e_learning_on, person.visit_on, person.note, replaces=replaces,
    )  # fmt: skip
    tx.save_enrollment(new)
    return new


def _roster_at(tx: Transaction, kit: Kit, training: Training, place: Place) -> Roster:
    centres = [
        c for c in kit.directory.centres.values()
        if c.prefecture == place.prefecture and centre_key(c.name) == centre_key(place.centre)
    ]  # fmt: skip
    if len(centres) != 1 or place.prefecture not in kit.directory.offices:
        raise Refused(f"{place.prefecture} の「{place.centre}」というセンターは宛先台帳にありません")
    office = _pension_office(kit, training, place, centres[0].name)
    where = place.prefecture, centres[0].name, office
    code = roster_code(kit.key, training.training_id, *where)
    roster = tx.find_roster(code)
    if roster is None:
        roster = Roster(code, training.training_id, *where, training.course.edition.name)
        tx.save_roster(roster)
    return roster


def _pension_office(kit: Kit, training: Training, place: Place, centre: str) -> str:
    if place.pension_office:
        names = {office_key(o.name): o.name for o in kit.directory.pension_offices.values()}
        found = names.get(office_key(place.pension_office))
    else:
        found = kit.directory.pension_office_of(place.prefecture, centre, training.starts_on)
    if found is None:
        raise Refused("管轄年金事務所が分かりません。--office で指定してください")
    return found


def _event(tx: Transaction, kit: Kit, row: Enrollment, by: str, kind: str, **payload: object) -> None:
    tx.append_event(
        kit.clock.now(), by, kind, subject=f"enrollment:{row.enrollment_id}", training_id=row.training_id,
        prefecture=row.prefecture, payload=payload,
    )  # fmt: skip
