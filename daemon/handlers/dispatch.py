"""PRE1: after an admin's approval, one mail per prefectural office with all its rosters and one deadline.

Approving again after rows were added sends a supplement: only rosters with rows that have not left the house yet.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import DispatchedRoster, DispatchLetter
from daemon.domain.lifecycle import Facts, move
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    MailPurpose,
    OutboxMail,
    Phase,
    Roster,
    State,
    Training,
    TrainingState,
)
from daemon.domain.reminding import next_after, next_follow_up_after
from daemon.domain.tokens import dispatch_code
from daemon.errors import Refused
from daemon.handlers.letterwork import about, centre_title, office_title, sender
from daemon.handlers.outgoing import XLSX, Draft, File, queue
from daemon.points import reach
from daemon.ports import Kit, RosterFiles, RosterSheet, Transaction


@dataclass(frozen=True, slots=True)
class Planned:
    """One mail as it would go out."""

    prefecture: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    rosters: tuple[str, ...]
    rows: int
    subject: str
    sizes: tuple[tuple[str, int], ...] = ()
    """(roster, trainees)."""
    mark: str = ""
    """Of everything that matters about it."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Everything one prefecture gets."""

    prefecture: str
    rosters: tuple[tuple[Roster, tuple[Enrollment, ...]], ...]

    @property
    def rows(self) -> tuple[Enrollment, ...]:
        return tuple(row for _, rows in self.rosters for row in rows)


def preview(kit: Kit, training_id: str) -> list[Planned]:
    """What `approve` would send, without making the documents; empty when there is nothing to send."""
    with kit.store.snapshot() as tx:
        training = tx.get_training(training_id)
        batches = _batches(tx, training)
    _may_leave(training)
    return [_planned(_draft(kit, training, batch, []), batch) for batch in batches]


def _may_leave(training: Training) -> None:
    if training.state in {TrainingState.CANCELLED, TrainingState.CLOSED}:
        raise Refused(f"研修 {training.training_id} は中止または完了しています")


def approve(kit: Kit, training_id: str, by: str, *, apply: bool = True, only: Sequence[str] = ()) -> list[Planned]:
    """Make the documents, freeze the mails, put them into the outbox; `apply=False` only shows what would go.

    Documents are made before the transaction (they take seconds) and the rows are compared again inside it: a list
    imported in between makes the approval fail instead of sending yesterday's sheet. `only`: marks of the mails that
    were shown to whoever approves; anything else is not sent.
    """
    with kit.store.snapshot() as tx:
        training = tx.get_training(training_id)
        batches = _batches(tx, training)
    if not batches:
        raise Refused("送付すべき名簿がありません（受講者が未登録か、すべて送付済みです）")
    _may_leave(training)
    as_shown(only, [_planned(_draft(kit, training, batch, []), batch) for batch in batches])
    made = [(batch, [make_files(kit, training, r, rows) for r, rows in batch.rosters]) for batch in batches]
    reach("approve.after-documents")
    drafts = [_draft(kit, training, batch, files) for batch, files in made]
    if apply:
        _commit(kit, training, batches, list(zip(drafts, made, strict=True)), by)
    return [_planned(d, b) for d, b in zip(drafts, batches, strict=True)]


def as_shown(only: Sequence[str], planned: Sequence[Planned]) -> None:
    """Raises Refused when the mails are not those that were shown; no marks: nothing was promised."""
    if only and list(only) != [p.mark for p in planned]:
        raise Refused("お見せした内容から変わったため、送付していません。もう一度確認してください")


def _planned(draft: Draft, batch: _Batch) -> Planned:
    codes = tuple(r.code for r, _ in batch.rosters)
    sizes = tuple((r.code, len(rows)) for r, rows in batch.rosters)
    mark = planned_mark(draft, batch.rosters)
    return Planned(
        batch.prefecture, draft.to, draft.cc, codes, len(draft.enrollments), draft.words.subject, sizes, mark
    )


def planned_mark(draft: Draft, rosters: Sequence[tuple[Roster, tuple[Enrollment, ...]]]) -> str:
    """Another mark when the mail would go to others, or say something else of anybody."""
    people = [(r, e.enrollment_id, e.row, e.post_row, e.name, e.kana, e.terminal_id, e.completed, e.excluded_because)
              for r, rows in rosters for e in rows]  # fmt: skip
    content = repr((draft.to, draft.cc, draft.words.subject, people))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _batches(tx: Transaction, training: Training) -> list[_Batch]:
    rosters = {r.code: r for r in tx.rosters(training.training_id)}
    rows: dict[str, list[Enrollment]] = {}
    for row in tx.enrollments(training_id=training.training_id):
        if row.state is not State.EXCLUDED:
            rows.setdefault(row.roster, []).append(row)
    queued = {e for d in tx.outbox(training_id=training.training_id) for e in d.enrollments}
    fresh = {
        code for code, found in rows.items()
        if any(r.state is State.LISTED and r.enrollment_id not in queued for r in found)
    }  # fmt: skip
    prefectures = sorted({rosters[c].prefecture for c in fresh})
    return [_batch(p, sorted(fresh), rosters, rows) for p in prefectures]


def _batch(
    prefecture: str, fresh: Iterable[str], rosters: dict[str, Roster], rows: dict[str, list[Enrollment]]
) -> _Batch:
    mine = [c for c in fresh if rosters[c].prefecture == prefecture]
    mine.sort(key=lambda c: (rosters[c].centre, c))
    return _Batch(prefecture, tuple((rosters[c], tuple(rows[c])) for c in mine))


def make_files(kit: Kit, training: Training, roster: Roster, rows: tuple[Enrollment, ...]) -> RosterFiles:
    """The two documents of one roster as they would leave today."""
    office = kit.directory.offices[roster.prefecture]
    head = kit.letterhead
    sheet = RosterSheet(
        training=training,
        roster=roster,
        centre_title=centre_title(kit, roster),
        office_title=office.title,
        rows=rows,
        issued_on=kit.clock.today(),
        document_no="",
        reply_fax=head.fax,
        reply_mail=head.address,
        contact=head.contact,
    )
    return kit.documents.roster(sheet)


def _draft(kit: Kit, training: Training, batch: _Batch, files: list[RosterFiles]) -> Draft:
    office = kit.directory.offices[batch.prefecture]
    code = dispatch_code(kit.key, training.training_id, batch.prefecture)
    lines = tuple(
        DispatchedRoster(centre_title(kit, r), office_title(r), r.code, len(rows)) for r, rows in batch.rosters
    )
    letter = DispatchLetter(office.title, about(training, code), lines, sender(kit), kit.clock.today())
    people = tuple(e.enrollment_id for e in batch.rows)
    return Draft(
        purpose=MailPurpose.DISPATCH,
        dedupe_key=f"dispatch:{code}:{hashlib.sha256(' '.join(people).encode()).hexdigest()[:16]}",
        words=kit.templates.render(letter.template, letter),
        to=office.to,
        cc=office.cc,
        prefecture=batch.prefecture,
        training_id=training.training_id,
        dispatch_id=code,
        enrollments=people,
        files=_attached(batch, files),
    )


def _attached(batch: _Batch, files: list[RosterFiles]) -> tuple[File, ...]:
    """() while the documents are not made: for a look at the mail alone."""
    pairs = zip(batch.rosters, files, strict=True) if files else ()
    return tuple(f for (roster, _), made in pairs for f in attachments(roster, made))


def written_anew(
    kit: Kit, training: Training, rosters: tuple[tuple[Roster, tuple[Enrollment, ...]], ...], files: list[RosterFiles]
) -> Draft:
    """The request for these rows of one office once more: today's letter, address book and deadline."""
    return _draft(kit, training, _Batch(rosters[0][0].prefecture, rosters), files)


def attachments(roster: Roster, files: RosterFiles) -> tuple[File, ...]:
    """The two files of one roster, named by its code."""
    return (
        File(f"roster_{roster.code}.xlsx", XLSX, files.xlsx),
        File(f"roster_{roster.code}.pdf", "application/pdf", files.pdf),
    )


def _commit(
    kit: Kit, training: Training, batches: list[_Batch], made: list[tuple[Draft, tuple[_Batch, list[RosterFiles]]]],
    by: str,
) -> None:  # fmt: skip
    now = kit.clock.now()
    with kit.store.transaction() as tx:
        if _batches(tx, training) != batches or tx.get_training(training.training_id) != training:
            raise Refused("承認の途中で名簿が変わりました。もう一度確認してから承認してください")
        for draft, (batch, files) in made:
            outbox_id = queue(tx, kit, draft)
            if outbox_id is None:
                continue
            remember(tx, kit, ((roster, made) for (roster, _), made in zip(batch.rosters, files, strict=True)))
            if tx.find_dispatch(draft.dispatch_id) is None:
                tx.save_dispatch(Dispatch(draft.dispatch_id, training.training_id, batch.prefecture, outbox_id))
        # Somebody added after POST1: the run stays where it is.
        state = training.state if training.state is TrainingState.RESULTS else TrainingState.APPROVED
        approved = replace(training, state=state, approved_at=now, approved_by=by)
        tx.save_training(approved)
        ident = training.training_id
        payload = {"mails": len(made)}
        tx.append_event(now, by, "training-approved", subject=f"training:{ident}", training_id=ident, payload=payload)
        reach("approve.before-commit")
    reach("approve.after-commit")


def sent_file_fact(sha256: str) -> str:
    """Name of the fact that says which roster a file we sent belongs to."""
    return f"sent-file:{sha256}"


def remember(tx: Transaction, kit: Kit, sheets: Iterable[tuple[Roster, RosterFiles]]) -> None:
    """Our own blank sheet is recognised when it comes back; the layout is kept with it."""
    for roster, made in sheets:
        kit.blobs.put(json.dumps(made.manifest, ensure_ascii=False, sort_keys=True).encode())
        for data in (made.xlsx, made.pdf):
            tx.set_fact(sent_file_fact(hashlib.sha256(data).hexdigest()), roster.code)


def dispatched(tx: Transaction, kit: Kit, mail: OutboxMail) -> None:
    """SMTP took the mail: the rows are out, the reminders are planned. Called in the transaction that records it."""
    from daemon.handlers.planning import mailing, refresh_office

    training = tx.get_training(mail.training_id)
    now = mail.settled_at or kit.clock.now()
    phase = Phase.POST if mail.purpose is MailPurpose.RESULTS else Phase.PRE
    dispatch = mailing(tx, mail.training_id, mail.prefecture, phase)
    if dispatch is not None:
        # Sent again after a bounce, the mailing begins with the mail that arrived; a supplement changes nothing.
        again = mail.outbox_id == dispatch.outbox_id
        first = now if again or dispatch.dispatched_at is None else dispatch.dispatched_at
        following = _first_reminder(kit, training, phase, first)
        tx.save_dispatch(replace(dispatch, dispatched_at=first, next_reminder_on=following, bounced_at=None))
    if phase is Phase.PRE:
        for row in [tx.get_enrollment(ident) for ident in mail.enrollments]:
            _sent(tx, training, row, mail, now)
    # Not these rows alone: a mail that went through ends what an earlier bounce said of the whole office.
    refresh_office(tx, kit, training.training_id, mail.prefecture, f"outbox:{mail.outbox_id}")


def _first_reminder(kit: Kit, training: Training, phase: Phase, first: dt.datetime) -> dt.date:
    from daemon.handlers.planning import calendar

    on, today = first.astimezone(TOKYO).date(), kit.clock.today()
    if phase is Phase.POST:
        return next_follow_up_after(today, on, kit.policy, calendar(kit))
    return next_after(today, on, training.deadline_on, calendar(kit))


def _sent(tx: Transaction, training: Training, row: Enrollment, mail: OutboxMail, now: dt.datetime) -> None:
    after = move(row, training.course, Facts(dispatched=True))
    if row.state is not State.LISTED or after is row:
        return
    tx.save_enrollment(after)
    tx.append_event(
        now, "meibod", "trainee-sent", subject=f"enrollment:{row.enrollment_id}", training_id=mail.training_id,
        prefecture=mail.prefecture, payload={"before": row.state, "after": after.state, "mail": mail.outbox_id},
    )  # fmt: skip
