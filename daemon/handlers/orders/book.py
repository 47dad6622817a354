"""The orders: one mail of an admin each, with the outcome of every command. Facts only; no words of the mail are kept.

What is to be done is read anew from the stored mail, which never changes; so an order is the mail, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from daemon.domain.letters import AnswerOutcome
from daemon.ports import Store, Transaction

ORDER = "order"
"""Kind of a question about an order: HQ's own matter, no answer of an office hides behind it."""
_OPEN = "orders-open"


class OrderState(StrEnum):
    """Where an order stands."""

    CHALLENGED = "challenged"
    """Waits for the admin to confirm that it is theirs."""
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
    """The admin says it is not, or nobody answered in time, or it failed for good."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command."""

    outcome: AnswerOutcome
    because: str = ""
    """Why not, as the handler said it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One mail that asks for something."""

    ledger_id: int
    admin: str
    """Address in the address book."""
    state: OrderState
    answered: int | None
    """The mail of ours it answers (outbox id); None = none that was addressed to the admin."""
    context: int | None
    """The mail of ours whose questions and proposal it speaks of: the one it answers, or its challenge."""
    mark: str
    """Of its commands together: what was confirmed is what is done."""
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """By the place of the command in the mail."""
    attempts: int = 0
    """How often work on it has begun without ending."""


def find_order(tx: Transaction, ledger_id: int) -> Order | None:
    """None when the mail is no order."""
    text = tx.get_fact(f"order:{ledger_id}")
    if text is None:
        return None
    raw = json.loads(text)
    outcomes = {k: Outcome(AnswerOutcome(o["outcome"]), o["because"]) for k, o in raw.pop("outcomes").items()}
    return Order(**{**raw, "state": OrderState(raw["state"])}, outcomes=outcomes)


def save_order(tx: Transaction, order: Order) -> None:
    """Insert or replace; an open order is on the list of what is to be worked on."""
    tx.set_fact(f"order:{order.ledger_id}", json.dumps(asdict(order), ensure_ascii=False, sort_keys=True))
    waiting = _waiting(tx)
    wanted = [n for n in waiting if n != order.ledger_id]
    if order.state is OrderState.OPEN:
        wanted = sorted([*wanted, order.ledger_id])
    if wanted != waiting:
        tx.set_fact(_OPEN, json.dumps(wanted))


def close_order(tx: Transaction, order: Order, state: OrderState) -> None:
    """Nothing more is to be done; what was said about people goes, the numbers stay."""
    bare = {key: Outcome(o.outcome) for key, o in order.outcomes.items()}
    save_order(tx, replace(order, state=state, outcomes=bare))


def open_orders(store: Store) -> list[int]:
    """Ledger ids, oldest first."""
    with store.snapshot() as tx:
        return _waiting(tx)


def _waiting(tx: Transaction) -> list[int]:
    found: list[int] = json.loads(tx.get_fact(_OPEN) or "[]")
    return found


def acted_fact(context: int | None, mark: str) -> str:
    """Name of the fact that says that a command was done for a mail of ours: once, whatever is sent again."""
    return f"acted:{context}:{mark}"
