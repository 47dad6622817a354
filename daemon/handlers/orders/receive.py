"""A mail of an admin, in the transaction that reads it: an order, a challenge, the answer to one, or a question.

Nothing is done here: what is to be done is written down and commits together with the mail's new state.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace

from daemon.domain.commands import Instructions, Verb, read_commands
from daemon.domain.model import MailPurpose
from daemon.handlers import questions
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.orders import letters
from daemon.handlers.orders.book import ORDER, Order, OrderState, close_order, find_order, save_order
from daemon.handlers.orders.material import TABLES, own_words
from daemon.handlers.orders.origin import Standing
from daemon.handlers.orders.shown import shown_by
from parsers.findings import Problem
from parsers.mail.authentication import Verdict
from parsers.mail.wording import Wording, classify_said


@dataclass(frozen=True, slots=True)
class Asked:
    """What the mail asks for."""

    instructions: Instructions
    tables: tuple[str, ...]
    """Parts that are tables and no returned roster: a list, or results."""

    @property
    def anything(self) -> bool:
        """Whether there is anything to do at all."""
        return bool(self.instructions.lines) or bool(self.tables)


def concerns(desk: Desk, standing: Standing, asked: Asked) -> bool:
    """Whether the mail is for `receive`; a mail an admin merely copies to us is read like anybody's."""
    if standing.answered is not None or asked.instructions.commands or (asked.tables and standing.admin is not None):
        return True
    direct = set(standing.message.recipients) <= {desk.kit.letterhead.address.lower()}
    return standing.admin is not None and direct and bool(asked.instructions.lines)


def asked_by(desk: Desk, standing: Standing) -> Asked:
    """Commands above the quote, and tables that may be lists."""
    text = own_words(desk.kit, standing.message.opening, standing.answered)
    rosters = {f.evidence.part for f in desk.document.findings}
    tables = (a.part for a in standing.message.attachments if a.media in TABLES and a.part not in rosters)
    return Asked(read_commands(text), tuple(tables))


def receive(desk: Desk, standing: Standing, asked: Asked) -> Applied:
    """Write down what follows from the mail; the register is not touched."""
    if find_order(desk.tx, desk.mail.ledger_id) is not None or _sent_before(desk):
        return Applied()  # each mail acts once, however often it is read or sent again
    forged = standing.verdict is Verdict.FAILED
    if standing.admin is None or not standing.personal or forged:
        return _not_proven(desk, standing, "forged" if forged else "not-personal" if standing.admin else "stranger")
    challenge = shown_by(desk.tx, standing.answered.outbox_id if standing.answered else None).challenge
    if challenge is not None and _answers_challenge(desk, standing, asked, challenge):
        return Applied()
    if not asked.anything:
        return _talk(desk, standing, asked)
    if standing.proven(desk.kit) or _settles_proposal(desk, standing, asked):
        _take(desk, standing, OrderState.OPEN, asked)
        return Applied()
    return _ask_back(desk, standing, asked)


def _sent_before(desk: Desk) -> bool:
    """Another message with the same Message-ID is an order already: some gateways deliver twice, so do attackers."""
    twins = desk.tx.mails_like("", desk.mail.message_id) if desk.mail.message_id else []
    return any(m.ledger_id != desk.mail.ledger_id and find_order(desk.tx, m.ledger_id) for m in twins)


def _take(desk: Desk, standing: Standing, state: OrderState, asked: Asked, challenge: int | None = None) -> None:
    assert standing.admin is not None
    answered = standing.answered.outbox_id if standing.answered is not None and standing.fresh else None
    context = answered if answered is not None else challenge
    mark = asked.instructions.mark
    save_order(desk.tx, Order(desk.mail.ledger_id, standing.admin.address, state, answered, context, mark))
    proof = "token" if state is OrderState.OPEN else "challenge"
    _event(desk, "order-received", {"proof": proof, "vouched": standing.verdict, "context": context, "mark": mark})


def _event(desk: Desk, kind: str, payload: dict[str, object]) -> None:
    desk.tx.append_event(
        desk.kit.clock.now(), "meibod", kind, subject=f"mail:{desk.mail.ledger_id}", payload=payload
    )  # fmt: skip


def _not_proven(desk: Desk, standing: Standing, why: str) -> Applied:
    """Quoted to the admins in the digest; nobody is answered, least of all whoever wrote."""
    _event(desk, "order-refused", {"why": why, "vouched": standing.verdict})
    # A stranger's mail may hide an office's answer and so holds reminders; one that bears an admin's address does not,
    # or whoever forges it could stop them all.
    kind = "mail" if standing.admin is None else ORDER
    asked = questions.about_mail(desk, Problem.COMMAND_NOT_PROVEN, detail=standing.message.said[:2000], kind=kind)
    return Applied(questions=asked)


def _talk(desk: Desk, standing: Standing, asked: Asked) -> Applied:
    """No command in it. Thanks need no answer; anything else gets the language explained."""
    said = standing.message.opening.strip() or standing.message.said  # an answer below the quote, or between its lines
    wording, _ = classify_said(said)
    if wording is Wording.COURTESY or not said.strip() or standing.answered is None:
        return Applied()
    if standing.proven(desk.kit):
        _take(desk, standing, OrderState.OPEN, asked)
    return Applied()


# -- challenges ------------------------------------------------------------------------------------------------


def _ask_back(desk: Desk, standing: Standing, asked: Asked) -> Applied:
    """Not proven, not disproven: the admin's own address is asked, with what the mail would do."""
    assert standing.admin is not None
    if _challenged_today(desk, standing.admin.address) >= desk.kit.policy.admin_mail.challenges_per_day:
        return _not_proven(desk, standing, "too-many-challenges")
    if not asked.instructions.clear:
        letters.send_unclear(desk, standing.admin, asked.instructions)
        _event(desk, "order-refused", {"why": "unclear", "vouched": standing.verdict})
        return Applied()
    outbox_id = letters.send_challenge(desk, standing, asked.instructions)
    _take(desk, standing, OrderState.CHALLENGED, asked, outbox_id)
    return Applied()


def _challenged_today(desk: Desk, address: str) -> int:
    since = desk.kit.clock.now() - dt.timedelta(hours=24)
    mails = [m for m in desk.tx.outbox(since=since) if m.purpose is MailPurpose.ADMIN and address in m.recipients]
    return Counter(m.stage for m in mails)[letters.CHALLENGE]


def _settles_proposal(desk: Desk, standing: Standing, asked: Asked) -> bool:
    """承認 to a mail that shows a proposal is worth the answer to a challenge.

    That mail went to the admin's own address a short while ago, is named by what only its reader knows, and is bound to
    all it shows.
    """
    shows = standing.answered is not None and shown_by(desk.tx, standing.answered.outbox_id).proposal is not None
    return shows and standing.fresh and not asked.tables and _is_one_word(standing, asked) and not _late(desk, standing)


def _is_one_word(standing: Standing, asked: Asked) -> bool:
    """承認 or 取りやめ, and nothing else that looks like a command."""
    verbs = [c.verb for c in asked.instructions.commands]
    plain = asked.instructions.clear and not standing.message.hides_text
    return plain and verbs in ([Verb.APPROVE], [Verb.DECLINE])


def _answers_challenge(desk: Desk, standing: Standing, asked: Asked, ledger_id: int) -> bool:
    """The challenge named its mail by a secret only its reader has; one word settles it, once, in time."""
    order = find_order(desk.tx, ledger_id)
    if order is None or standing.admin is None or order.admin != standing.admin.address:
        return False
    if order.state is not OrderState.CHALLENGED or not _is_one_word(standing, asked) or _late(desk, standing):
        return False
    approves = asked.instructions.commands[0].verb is Verb.APPROVE
    state = OrderState.OPEN if approves else OrderState.DROPPED
    _event(desk, "challenge-answered", {"order": ledger_id, "state": state, "vouched": standing.verdict})
    if state is OrderState.OPEN:
        save_order(desk.tx, replace(order, state=state))
    else:
        close_order(desk.tx, order, state)
    return True


def _late(desk: Desk, standing: Standing) -> bool:
    assert standing.answered is not None
    lasts = dt.timedelta(hours=desk.kit.policy.admin_mail.challenge_hours)
    return desk.mail.received_at - standing.answered.created_at > lasts
