"""A mail of ours came back: the office is marked, its reminders stop, a person is asked (domain.md §1.5 BOUNCED)."""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.model import MailPurpose, OutboxMail, Phase, Review
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.planning import refresh_office
from daemon.ports import Kit, Transaction
from parsers.findings import Bounce


def bounced(desk: Desk) -> Applied:
    """Take note of a delivery status notification; delays and successes leave only their trace in the ledger."""
    message = desk.document.message
    bounce = message.bounce if message else None
    if bounce is None or bounce.action != "failed":
        return Applied()
    outgoing = desk.tx.find_outbox(message_id=bounce.original_message_id) if bounce.original_message_id else None
    prefectures = {outgoing.prefecture} if outgoing else _by_address(desk.kit, bounce)
    prefectures.discard("")
    for prefecture in sorted(prefectures):
        _mark(desk, prefecture, outgoing)
    _ask(desk, bounce, sorted(prefectures), outgoing)
    return Applied(questions=1)


def _by_address(kit: Kit, bounce: Bounce) -> set[str]:
    """The original is not quoted: the address that failed names the office."""
    found = {kit.directory.prefecture_of_sender(r.address) for r in bounce.recipients}
    return {p for p in found if p is not None}


def _mark(desk: Desk, prefecture: str, outgoing: OutboxMail | None) -> None:
    """A dispatch or reminder that did not arrive stops the reminders; a bounced receipt does not."""
    if outgoing is not None and outgoing.purpose is MailPurpose.RECEIPT:
        return
    for dispatch in desk.tx.dispatches(outgoing.training_id if outgoing else None, prefecture):
        if outgoing is not None and dispatch.phase is not _phase(outgoing):
            continue
        desk.tx.save_dispatch(replace(dispatch, bounced_at=desk.mail.received_at))
        refresh_office(desk.tx, desk.kit, dispatch.training_id, prefecture, f"bounce:{desk.mail.ledger_id}")


def _phase(outgoing: OutboxMail) -> Phase:
    after = outgoing.purpose in {MailPurpose.RESULTS, MailPurpose.FOLLOW_UP}
    return Phase.POST if after else Phase.PRE


def _ask(desk: Desk, bounce: Bounce, prefectures: list[str], outgoing: OutboxMail | None) -> None:
    recipients = ", ".join(f"{r.address} {r.status}".strip() for r in bounce.recipients)
    review = Review(
        0, f"{desk.mail.ledger_id}:bounce", "bounce", desk.kit.clock.now(), (),
        prefecture=prefectures[0] if len(prefectures) == 1 else "",
        training_id=outgoing.training_id if outgoing else "",
        ledger_id=desk.mail.ledger_id, outbox_id=outgoing.outbox_id if outgoing else None, detail=recipients,
    )  # fmt: skip
    desk.tx.add_review(review)


def resolved(tx: Transaction, kit: Kit, review: Review, by: str) -> None:
    """A person dealt with the address: reminders may go again."""
    if not review.prefecture and review.outbox_id is not None:
        return  # a mail to nobody in the address book of offices: no office is concerned
    for dispatch in tx.dispatches(review.training_id or None, review.prefecture or None):
        if dispatch.bounced_at is not None:
            tx.save_dispatch(replace(dispatch, bounced_at=None))
            refresh_office(tx, kit, dispatch.training_id, dispatch.prefecture, f"review:{review.review_id} by {by}")
