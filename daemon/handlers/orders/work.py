"""Open orders are carried out: step by step, each with its own record, and answered when all have an outcome.

Killed anywhere, the next call goes on with the first step that has no outcome. An order whose work never ends is given
up after as many attempts as a mail gets, and becomes a question.
"""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.commands import Verb
from daemon.domain.commands.model import READS_ONLY
from daemon.domain.directory import Admin
from daemon.domain.model import MailState, Review
from daemon.errors import Unavailable
from daemon.handlers.orders import answers, files, proposals
from daemon.handlers.orders.acts import EFFECTS
from daemon.handlers.orders.book import ORDER, Order, OrderState, close_order, find_order, open_orders, save_order
from daemon.handlers.orders.material import Material, material
from daemon.handlers.orders.plan import steps_of
from daemon.handlers.orders.shown import Shown, shown_by
from daemon.handlers.orders.steps import Step, objection, run, set_aside
from daemon.points import reach
from daemon.ports import Kit, Transaction
from parsers.findings import Problem


def work_orders(kit: Kit) -> int:
    """Carry out every open order; how many were finished. Harmless when repeated."""
    return sum(_attempt(kit, ledger_id) for ledger_id in open_orders(kit.store))


def _attempt(kit: Kit, ledger_id: int) -> bool:
    order = _begin(kit, ledger_id)
    if order is None:
        return False
    try:
        _carry_out(kit, order)
    except Unavailable:
        _count(kit, ledger_id, -1)  # no fault of the order
        raise
    except Exception as failure:  # noqa: BLE001 - one order must never stop the others
        _failed(kit, order, failure)
        return False
    return True


def _begin(kit: Kit, ledger_id: int) -> Order | None:
    """Counted before it begins, so that an order that kills the process is noticed by its count."""
    with kit.store.transaction() as tx:
        order = find_order(tx, ledger_id)
        if order is None or order.state is not OrderState.OPEN:
            return None
        if order.attempts >= kit.policy.quarantine_after:
            _give_up(tx, kit, order)
            return None
        begun = replace(order, attempts=order.attempts + 1)
        save_order(tx, begun)
        return begun


def _count(kit: Kit, ledger_id: int, by: int) -> None:
    with kit.store.transaction() as tx:
        order = find_order(tx, ledger_id)
        if order is not None:
            save_order(tx, replace(order, attempts=max(0, order.attempts + by)))


def _failed(kit: Kit, order: Order, failure: Exception) -> None:
    with kit.store.transaction() as tx:
        # The type of the failure, never its text: that may quote the mail.
        payload = {"failure": type(failure).__name__, "attempt": order.attempts}
        subject = f"mail:{order.ledger_id}"
        tx.append_event(kit.clock.now(), "meibod", "order-failed", subject=subject, payload=payload)


def _give_up(tx: Transaction, kit: Kit, order: Order) -> None:
    """What was done stays done and is in the history; a person reads the mail."""
    mail = tx.get_mail(order.ledger_id)
    review = Review(
        0, f"{order.ledger_id}::{Problem.COMMAND_FAILED}", ORDER, kit.clock.now(), (Problem.COMMAND_FAILED,),
        ledger_id=order.ledger_id,
    )  # fmt: skip
    tx.add_review(review)
    tx.save_mail(replace(mail, state=MailState.REVIEW))
    close_order(tx, order, OrderState.DROPPED)


# -- one order -------------------------------------------------------------------------------------------------


def actor(admin: Admin, order: Order) -> str:
    """Who did it, for the history: the admin, by which mail."""
    return f"{admin.name}（メール {order.ledger_id}）"


def _carry_out(kit: Kit, order: Order) -> None:
    with kit.store.snapshot() as tx:
        found = material(tx, kit, order)
        shown = shown_by(tx, order.context)
        steps = steps_of(tx, found, shown)
    admin = next((a for a in kit.directory.admins if a.address == order.admin), None)
    if admin is None or found.instructions.mark != order.mark:
        _drop(kit, order, "no-admin" if admin is None else "read-differently")
        return
    reach("order.before-steps")
    if found.instructions.clear:
        for step in steps:
            _one(kit, order, shown, step, actor(admin, order))
    reach("order.before-answer")
    _answer(kit, order, found, shown, steps, admin)


def _one(kit: Kit, order: Order, shown: Shown, step: Step, by: str) -> None:
    effect = EFFECTS.get(step.command.verb)
    if step.command.verb in READS_ONLY or step.key in order.outcomes:
        return
    if step.command.verb in {Verb.APPROVE, Verb.DECLINE}:
        proposals.decide(kit, order, shown, step, by)
        return
    if effect is None:
        return  # a proposal: shown in the answer, done when it is approved
    with kit.store.snapshot() as tx:
        against = objection(tx, order, shown, step)
    if against is not None:
        set_aside(kit, order, step, by, against)
    else:
        run(kit, order, step, by, lambda stamped: effect(stamped, step.command, by))


def _drop(kit: Kit, order: Order, why: str) -> None:
    """The admin is one no more, or the program reads the mail otherwise than when it came: nothing is done."""
    with kit.store.transaction() as tx:
        subject = f"mail:{order.ledger_id}"
        tx.append_event(kit.clock.now(), "meibod", "order-refused", subject=subject, payload={"why": why})
        _give_up(tx, kit, order)


def _answer(kit: Kit, order: Order, found: Material, shown: Shown, steps: list[Step], admin: Admin) -> None:
    looked, wanted = proposals.Preview(), files.Wanted()
    if found.instructions.clear:
        looked, wanted = proposals.preview(kit, order, found, steps, shown), files.wanted(kit, steps)
    with kit.store.transaction() as tx:
        present = find_order(tx, order.ledger_id)
        if present is None or present.state is not OrderState.OPEN:
            return
        answers.answer(tx, kit, present, answers.Matter(found, shown, tuple(steps), admin, looked, wanted))
        close_order(tx, present, OrderState.DONE)
        reach("answer.before-commit")
    reach("answer.after-commit")
