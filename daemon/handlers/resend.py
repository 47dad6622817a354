"""A request that came back undelivered goes out once more, to the address the book holds by now (PRE1, POST1).

Never by itself: a person has mended the address book and says so. What goes is written anew from the register (same
rosters, same numbers, same rows), so it is true on the day it leaves; the guards of every other mail look at it (I3),
and until it has left the first one can be asked for again only once (I4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from daemon.domain.model import (
    Dispatch,
    Enrollment,
    MailPurpose,
    OutboxMail,
    OutboxState,
    Phase,
    Review,
    ReviewState,
    Roster,
    Training,
    TrainingState,
)
from daemon.errors import Refused
from daemon.handlers import dispatch as requests
from daemon.handlers import results
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.planning import mailing
from daemon.handlers.questions import settle
from daemon.handlers.rows import reason
from daemon.ports import Kit, RosterFiles, Transaction

_STANDING = {
    MailPurpose.DISPATCH: frozenset({TrainingState.APPROVED, TrainingState.COMPLETE}),
    MailPurpose.RESULTS: frozenset({TrainingState.RESULTS, TrainingState.CLOSED}),
}
"""What can be sent again, and while what is still asked for."""
CAN_BE_SENT_AGAIN = frozenset(_STANDING)
_OUT = frozenset({OutboxState.SENT, OutboxState.CONFIRMED, OutboxState.REFUSED})
_WAITING = frozenset({OutboxState.HELD, OutboxState.READY, OutboxState.IN_FLIGHT, OutboxState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Resent:
    """What goes out, or would."""

    prefecture: str
    before: tuple[str, ...]
    """To whom it went."""
    to: tuple[str, ...]
    """To whom it goes now."""
    rosters: tuple[str, ...]
    rows: int
    outbox_id: int | None = None
    """None = only shown."""


@dataclass(frozen=True, slots=True)
class _Anew:
    """The request of a mail as the register stands now."""

    mail: OutboxMail
    training: Training
    rosters: tuple[tuple[Roster, tuple[Enrollment, ...]], ...]


def resend(kit: Kit, outbox_id: int, by: str, because: str = "", *, apply: bool = True) -> Resent:
    """Queue the rosters of a mail that bounced or was refused; `apply=False` only shows. Raises Refused.

    Documents are made before the transaction; what they were made from is compared again inside it.
    """
    with kit.store.snapshot() as tx:
        anew = _anew(tx, outbox_id)
    sheets = [(roster, requests.make_files(kit, anew.training, roster, rows)) for roster, rows in anew.rosters]
    draft = _draft(kit, anew, sheets)
    told = Resent(
        anew.mail.prefecture, _outside(kit, anew.mail.recipients), (*draft.to, *draft.cc),
        tuple(r.code for r, _ in anew.rosters), len(draft.enrollments),
    )  # fmt: skip
    if not apply:
        return told
    with kit.store.transaction() as tx:
        if _anew(tx, outbox_id) != anew:
            raise Refused("再送の途中で名簿が変わりました。もう一度実行してください")
        requests.remember(tx, kit, sheets)
        because = reason(because or "宛先を確認", *(r for _, rows in anew.rosters for r in rows))
        return replace(told, outbox_id=_commit(tx, kit, anew.mail, draft, by, because))


def _anew(tx: Transaction, outbox_id: int) -> _Anew:
    mail = _undelivered(tx, outbox_id)
    training = tx.get_training(mail.training_id)
    if training.state not in _STANDING[mail.purpose]:
        raise Refused(f"研修 {training.training_id} ではもう送付の必要がありません（{training.state}）")
    rows = [tx.get_enrollment(e) for e in mail.enrollments]
    after = mail.purpose is MailPurpose.RESULTS
    wanted = [r for r in rows if after or not r.excluded_because]
    if not wanted:
        raise Refused("送付すべき受講者が残っていません（全員が対象外です）")
    codes = dict.fromkeys(r.post_roster if after else r.roster for r in wanted)
    rosters = tuple(
        (tx.get_roster(code), tuple(r for r in wanted if code in {r.roster, r.post_roster})) for code in codes
    )
    return _Anew(mail, training, rosters)


def _undelivered(tx: Transaction, outbox_id: int) -> OutboxMail:
    """The mail, when it is a request that did not arrive and nothing has taken its place."""
    try:
        mail = tx.get_outbox(outbox_id)
    except KeyError:
        raise Refused(f"送信箱に {outbox_id} はありません") from None
    if mail.purpose not in _STANDING:
        raise Refused("再送できるのは名簿の送付メールだけです")
    if mail.state not in _OUT:
        raise Refused(f"まだ送信を終えていません（{mail.state}）")
    if mail.state is not OutboxState.REFUSED and not _bounces(tx, mail, state=None):
        raise Refused("このメールは不達になっていません")
    later = _successors(tx, mail)
    if later and later[-1].state in _WAITING:
        raise Refused(f"再送のメールが送信待ちです（送信箱 {later[-1].outbox_id}）")
    if later and later[-1].state in _OUT - {OutboxState.REFUSED}:
        raise Refused(f"すでに再送されています（送信箱 {later[-1].outbox_id}）")
    return mail


def _bounces(tx: Transaction, mail: OutboxMail, *, state: ReviewState | None = ReviewState.OPEN) -> list[Review]:
    """Questions about that mail, or about an office whose bounce did not say which mail it was."""
    found = tx.reviews(state=state, prefecture=mail.prefecture)
    return [r for r in found if r.kind == "bounce" and r.outbox_id in {None, mail.outbox_id}]


def _key(mail: OutboxMail, number: int) -> str:
    return f"resend:{mail.outbox_id}:{number}"


def _successors(tx: Transaction, mail: OutboxMail) -> list[OutboxMail]:
    """What was queued in its place, oldest first."""
    found: list[OutboxMail] = []
    while (taken := tx.find_outbox(dedupe_key=_key(mail, len(found) + 1))) is not None:
        found.append(taken)
    return found


def _outside(kit: Kit, recipients: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(a for a in recipients if a.lower() != kit.letterhead.address.lower())


def _draft(kit: Kit, anew: _Anew, sheets: list[tuple[Roster, RosterFiles]]) -> Draft:
    """The letter anew: today's address book, today's deadline."""
    if anew.mail.prefecture not in kit.directory.offices:
        raise Refused(f"宛先台帳に「{anew.mail.prefecture}」がありません")
    files = [made for _, made in sheets]
    write = results.written_anew if anew.mail.purpose is MailPurpose.RESULTS else requests.written_anew
    return write(kit, anew.training, anew.rosters, files)


def _commit(tx: Transaction, kit: Kit, mail: OutboxMail, draft: Draft, by: str, because: str) -> int:
    new = queue(tx, kit, replace(draft, dedupe_key=_key(mail, len(_successors(tx, mail)) + 1)))
    assert new is not None
    dispatch = _thread(tx, mail)
    if dispatch is not None:
        # The thread the office knows begins with the new mail: reminders answer it and count from its day.
        tx.save_dispatch(replace(dispatch, outbox_id=new))
    tx.append_event(
        kit.clock.now(), by, "mail-resent", subject=f"outbox:{mail.outbox_id}", training_id=mail.training_id,
        prefecture=mail.prefecture, payload={"before": mail.outbox_id, "after": new, "because": because},
    )  # fmt: skip
    if mail.state is OutboxState.REFUSED:  # never left, and never will
        tx.save_outbox(replace(mail, state=OutboxState.CANCELLED, held_because=f"再送（送信箱 {new}）"))
    for review in (*_bounces(tx, mail), *_refusals(tx, mail)):
        settle(tx, kit, review, ReviewState.ACCEPTED, by, f"再送（送信箱 {new}）")
    return new


def _refusals(tx: Transaction, mail: OutboxMail) -> list[Review]:
    return [r for r in tx.reviews(prefecture=mail.prefecture) if r.kind == "outbox" and r.outbox_id == mail.outbox_id]


def _thread(tx: Transaction, mail: OutboxMail) -> Dispatch | None:
    """The mailing that mail opened; None when it was a supplement to another."""
    phase = Phase.POST if mail.purpose is MailPurpose.RESULTS else Phase.PRE
    dispatch = mailing(tx, mail.training_id, mail.prefecture, phase)
    return dispatch if dispatch is not None and dispatch.outbox_id == mail.outbox_id else None
