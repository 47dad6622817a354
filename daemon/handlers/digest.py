"""Where everything stands, once each business morning, for the admins (design §2, step 8)."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import (
    Alarm,
    AuditHead,
    DigestBounce,
    DigestChange,
    DigestHandover,
    DigestHeld,
    DigestLetter,
    DigestOutbox,
    DigestPrefecture,
    DigestQuarantine,
    DigestReview,
    DigestTraining,
    Place,
    ReplyDesk,
    row_colour,
    worst_colour,
)
from daemon.domain.lifecycle import SETTLED, owes
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    Event,
    Handover,
    MailPurpose,
    MailState,
    OutboxState,
    Phase,
    Review,
    State,
    Status,
    Training,
    TrainingState,
)
from daemon.domain.reminding import target_on
from daemon.domain.tokens import ticket
from daemon.handlers.aftermath import by_telephone, cleanups, purges
from daemon.handlers.alarm import standing
from daemon.handlers.glances import inline, with_pictures
from daemon.handlers.intake import mailbox_line
from daemon.handlers.letterwork import by_roster, centre_title
from daemon.handlers.orders.shown import Shown, marks, remember
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.planning import calendar, closed_fact
from daemon.handlers.remind import REMINDERS, doubts
from daemon.handlers.resend import CAN_BE_SENT_AGAIN
from daemon.points import reach
from daemon.ports import Kit, Transaction
from parsers.findings import Evidence, Field

LAST = "digest-at"
LAST_SEQ = "digest-seq"
_KEEP_CLOSED_DAYS = 14
"""Days a training stays on the board after it was closed."""
_LEFT = (OutboxState.SENT, OutboxState.CONFIRMED)


def send_digest(kit: Kit, alarms: Iterable[Alarm] = ()) -> int | None:
    """Queue today's digest once its hour has come on an open day; None when it is not due or already there."""
    now, today = kit.clock.now(), kit.clock.today()
    if not calendar(kit).is_open(today) or now.astimezone(TOKYO).time() < kit.policy.digest_at:
        return None
    if not kit.directory.admins:
        return None
    with kit.store.snapshot() as tx:
        if tx.find_outbox(dedupe_key=f"digest:{today}") is not None:
            return None
    key = f"digest:{today}"
    with kit.store.transaction() as tx:
        desk = ReplyDesk(kit.letterhead.address, ticket(kit.key, key))
        letter = replace(compose(tx, kit, tuple(alarms)), desk=desk)
        draft = Draft(
            purpose=MailPurpose.DIGEST,
            dedupe_key=key,
            words=kit.templates.render(letter.template, letter),
            to=tuple(a.address for a in kit.directory.admins),
            inline=inline(kit, letter),
        )
        outbox_id = queue(tx, kit, draft)
        if outbox_id is not None:
            remember(tx, kit, outbox_id, key, _shown(tx, letter))
        tx.set_fact(LAST, now.isoformat())
        tx.set_fact(LAST_SEQ, str(letter.audit.seq))
        reach("digest.before-commit")
    reach("digest.after-commit")
    return outbox_id


def _shown(tx: Transaction, letter: DigestLetter) -> Shown:
    """What an answer to the digest may act on."""
    mails: set[int | None] = {h.outbox_id for h in letter.held} | {r.outbox_id for r in letter.shown}
    mails |= {m.outbox_id for m in letter.outbox} | {h.outbox_id for h in letter.handovers}
    mails |= {b.resend for b in letter.bounces}
    questions = [r.review_id for r in letter.shown] + [b.review_id for b in letter.bounces]
    return marks(tx, questions, (n for n in mails if n is not None))


def compose(tx: Transaction, kit: Kit, alarms: tuple[Alarm, ...] = ()) -> DigestLetter:
    """The digest as it would be sent now; changes nothing."""
    now = kit.clock.now()
    last = tx.get_fact(LAST)
    since = dt.datetime.fromisoformat(last) if last else None
    outbox = tx.outbox(since=since)
    open_ones = [_review(tx, kit, r) for r in tx.reviews() if r.kind != "bounce"]
    reviews, crops_left = with_pictures(tx, kit, open_ones)
    return DigestLetter(
        as_of=now,
        since=since,
        trainings=board(tx, kit),
        mailbox=mailbox_line(tx),
        audit=_audit(tx),
        changes=_changes(tx, kit, since),
        reviews=reviews,
        crops_left=crops_left,
        held=(*_held_mail(tx), *_held_reminders(tx, kit)),
        outbox=_stuck(tx),
        bounces=_bounces(tx),
        quarantine=_quarantine(tx),
        alarms=(*alarms, *standing(tx, kit)),
        sent=Counter(m.purpose for m in outbox if m.state in _LEFT),
        received=len(tx.mails(since=since)),
        handovers=_handovers(tx, kit),
        purges=purges(tx, kit),
        cleanups=cleanups(tx, kit),
        by_telephone=by_telephone(tx, kit),
    )


def board(tx: Transaction, kit: Kit, only: Collection[str] | None = None) -> tuple[DigestTraining, ...]:
    """Where each training stands; `only`: these, wherever they stand, instead of all on the board."""
    found = [t for t in tx.trainings() if (_on_board(tx, kit, t) if only is None else t.training_id in only)]
    return tuple(_training(tx, kit, t) for t in found)


def _on_board(tx: Transaction, kit: Kit, training: Training) -> bool:
    """Archived runs leave the board; until then a run waits for somebody, if only for its results."""
    if training.state is not TrainingState.CLOSED:
        return training.state is not TrainingState.CANCELLED
    closed_at = tx.get_fact(closed_fact(training.training_id))
    keep = dt.timedelta(days=_KEEP_CLOSED_DAYS)
    return closed_at is not None and kit.clock.now() <= dt.datetime.fromisoformat(closed_at) + keep


def _handovers(tx: Transaction, kit: Kit) -> tuple[DigestHandover, ...]:
    return tuple(
        DigestHandover(
            t.training_id, t.name, h.number, len(h.enrollments), h.because, kit.policy.handover.way, _waiting(tx, h)
        )
        for t in tx.trainings()
        for h in tx.handovers(t.training_id)
        if h.submitted_at is None and (t.state is not TrainingState.CANCELLED or h.number > 1)
    )


def _waiting(tx: Transaction, handover: Handover) -> int | None:
    """The mail that carries the roster, unless it was taken back or refused: then a person hands it in."""
    if handover.outbox_id is None:
        return None
    gone = tx.get_outbox(handover.outbox_id).state in {OutboxState.CANCELLED, OutboxState.REFUSED}
    return None if gone else handover.outbox_id


def _audit(tx: Transaction) -> AuditHead:
    last = tx.last_event()
    return AuditHead(last.seq, last.hash) if last else AuditHead(0, "")


# -- the board -------------------------------------------------------------------------------------------------


def _training(tx: Transaction, kit: Kit, training: Training) -> DigestTraining:
    rows: dict[str, list[Enrollment]] = {}
    for row in tx.enrollments(training_id=training.training_id):
        rows.setdefault(row.prefecture, []).append(row)
    phase = Phase.POST if training.state in _AFTER else Phase.PRE
    dispatches = {d.prefecture: d for d in tx.dispatches(training.training_id) if d.phase is phase}
    order = list(kit.directory.offices)
    lines = [
        _prefecture(tx, kit, training, rows[p], dispatches.get(p))
        for p in sorted(rows, key=lambda p: order.index(p) if p in order else len(order))
    ]
    return DigestTraining(
        training.training_id, training.name, training.course.label, training.starts_on, training.deadline_on,
        calendar(kit).between(kit.clock.today(), training.deadline_on), tx.count_by_state(training.training_id),
        tuple(lines), training.state, _target_on(kit, dispatches.values()),
    )  # fmt: skip


_AFTER = frozenset({TrainingState.RESULTS, TrainingState.CLOSED})


def _target_on(kit: Kit, dispatches: Iterable[Dispatch]) -> dt.date | None:
    """The latest target of the offices that have their rosters with results; None before any has."""
    sent = [d.dispatched_at for d in dispatches if d.phase is Phase.POST and d.dispatched_at is not None]
    days = [target_on(at.astimezone(TOKYO).date(), kit.policy, calendar(kit)) for at in sent]
    return max(days, default=None)


def _prefecture(
    tx: Transaction, kit: Kit, training: Training, rows: list[Enrollment], dispatch: Dispatch | None
) -> DigestPrefecture:
    rosters = {r.code: r for r in tx.rosters(training.training_id, rows[0].prefecture)}
    owing = [r for r in rows if owes(r, training.course)]
    sent = dispatch.dispatched_at if dispatch else None
    done = {State.CLOSED} if training.state in _AFTER else SETTLED - {State.EXCLUDED}
    counted = [r for r in rows if r.state is not State.EXCLUDED or (r.cleanup_owed and r.post_roster)]
    return DigestPrefecture(
        prefecture=rows[0].prefecture,
        colour=worst_colour(row_colour(r, training.deadline_on, kit.clock.today()) for r in rows),
        total=len(counted),
        done=sum(r.state in done for r in rows),
        owed=by_roster(kit, rosters, owing, names=kit.policy.digest_with_names),
        dispatched_on=sent.astimezone(TOKYO).date() if sent else None,
        reminded_on=_reminded_on(tx, training, rows[0].prefecture),
        next_reminder_on=dispatch.next_reminder_on if dispatch and owing else None,
        held_because=_due_and_held(tx, kit, dispatch) if owing else (),
    )


def _reminded_on(tx: Transaction, training: Training, prefecture: str) -> dt.date | None:
    mails = tx.outbox(states=_LEFT, training_id=training.training_id, prefecture=prefecture)
    days = [m.settled_at for m in mails if m.purpose in REMINDERS and m.settled_at is not None]
    return max(days).astimezone(TOKYO).date() if days else None


def _due_and_held(tx: Transaction, kit: Kit, dispatch: Dispatch | None) -> tuple[str, ...]:
    if dispatch is None or dispatch.next_reminder_on is None or dispatch.next_reminder_on > kit.clock.today():
        return ()
    return tuple(h.value for h in doubts(tx, kit, dispatch))


# -- what changed ----------------------------------------------------------------------------------------------

_CHANGES = {"value-recorded", "value-withdrawn", "trainee-excluded", "state-changed"}


def _changes(tx: Transaction, kit: Kit, since: dt.datetime | None) -> tuple[DigestChange, ...]:
    after = int(tx.get_fact(LAST_SEQ) or 0)
    events = [e for e in tx.events(since_seq=after) if e.kind in _CHANGES and (since is None or e.at > since)]
    return tuple(_change(tx, kit, e) for e in events if _tells(e))


def _tells(event: Event) -> bool:
    """State moves that follow from a recorded value would say the same thing twice."""
    if event.kind != "state-changed":
        return True
    return json.loads(event.payload)["after"] in {State.BOUNCED, State.ACKED, State.IN_PROGRESS}


def _change(tx: Transaction, kit: Kit, event: Event) -> DigestChange:
    payload = json.loads(event.payload)
    row = tx.get_enrollment(event.subject.partition(":")[2])
    reading = tx.get_reading(payload["reading"]) if payload.get("reading") else None
    known = row.values.get(Field(payload["field"])) if "field" in payload else None
    return DigestChange(
        at=event.at,
        place=place_of(tx, kit, row),
        state=State(payload["after"]) if event.kind == "state-changed" else row.state,
        field=Field(payload["field"]) if "field" in payload else None,
        text=reading.text if reading else "",
        value=str(payload.get("value", "")),
        status=Status(payload["status"]) if "status" in payload else None,
        source=known.source if known else None,
        ledger_id=reading.ledger_id if reading else None,
        evidence=reading.evidence if reading else Evidence(),
        said_by="" if event.actor == "meibod" else event.actor,
    )


def place_of(tx: Transaction, kit: Kit, row: Enrollment) -> Place:
    """Which row of which roster, for people at HQ: that of the phase the row is in."""
    roster = tx.get_roster(row.post_roster or row.roster)
    name = row.name if kit.policy.digest_with_names else ""
    training = tx.get_training(row.training_id)
    return Place(
        training.name, row.prefecture, centre_title(kit, roster), roster.code, row.number_on(roster.code), name
    )


# -- what waits ------------------------------------------------------------------------------------------------


def _review(tx: Transaction, kit: Kit, review: Review) -> DigestReview:
    row = tx.find_enrollment(review.enrollment_id) if review.enrollment_id else None
    place = place_of(tx, kit, row) if row else _vague_place(tx, kit, review)
    return DigestReview(
        review.review_id, review.kind, review.opened_at, review.problems, place, review.field, review.text,
        review.suggestion, review.candidates, review.detail, review.ledger_id, review.evidence, review.outbox_id,
    )  # fmt: skip


def _vague_place(tx: Transaction, kit: Kit, review: Review) -> Place:
    roster = tx.find_roster(review.roster) if review.roster else None
    names = {t.training_id: t.name for t in tx.trainings()}
    title = centre_title(kit, roster) if roster else ""
    return Place(names.get(review.training_id, ""), review.prefecture, title, review.roster)


def _names(tx: Transaction) -> dict[str, str]:
    return {t.training_id: t.name for t in tx.trainings()}


def _held_mail(tx: Transaction) -> list[DigestHeld]:
    names = _names(tx)
    return [
        DigestHeld((m.held_because,), m.purpose, m.prefecture, names.get(m.training_id, ""), m.stage, m.outbox_id)
        for m in tx.outbox(states=[OutboxState.HELD])
    ]


def _held_reminders(tx: Transaction, kit: Kit) -> list[DigestHeld]:
    names, found = _names(tx), []
    for dispatch in tx.dispatches_due(kit.clock.today()):
        training = tx.get_training(dispatch.training_id)
        rows = tx.enrollments(training_id=dispatch.training_id, prefecture=dispatch.prefecture)
        reasons = _due_and_held(tx, kit, dispatch)
        if reasons and any(owes(r, training.course) for r in rows):
            name = names[dispatch.training_id]
            purpose = MailPurpose.FOLLOW_UP if dispatch.phase is Phase.POST else MailPurpose.REMINDER
            found.append(DigestHeld(reasons, purpose, dispatch.prefecture, name))
    return found


def _stuck(tx: Transaction) -> tuple[DigestOutbox, ...]:
    names = _names(tx)
    return tuple(
        DigestOutbox(
            m.outbox_id, m.state, m.purpose, m.prefecture, m.reply, m.attempts, m.started_at or m.created_at,
            names.get(m.training_id, ""),
        )
        for m in tx.outbox(states=[OutboxState.UNKNOWN, OutboxState.REFUSED])
    )  # fmt: skip


def _bounces(tx: Transaction) -> tuple[DigestBounce, ...]:
    names, found = _names(tx), []
    for review in tx.reviews():
        if review.kind != "bounce" or review.ledger_id is None:
            continue
        for recipient in review.detail.split(", "):
            address, _, status = recipient.partition(" ")
            found.append(
                DigestBounce(
                    review.prefecture, address, status, status.startswith("5"), review.opened_at, review.ledger_id,
                    names.get(review.training_id, ""), review.review_id, _can_be_sent_again(tx, review),
                )
            )  # fmt: skip
    return tuple(found)


def _can_be_sent_again(tx: Transaction, review: Review) -> int | None:
    """The roster mail that came back; a reminder that did is not sent twice."""
    if review.outbox_id is None or tx.get_outbox(review.outbox_id).purpose not in CAN_BE_SENT_AGAIN:
        return None
    return review.outbox_id


def _quarantine(tx: Transaction) -> tuple[DigestQuarantine, ...]:
    return tuple(
        DigestQuarantine(m.ledger_id, m.received_at, m.failure, m.subject) for m in tx.mails(state=MailState.QUARANTINE)
    )
