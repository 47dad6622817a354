"""Lists, results and mailings by mail: shown first, done only as shown.

What is shown comes from a rehearsal of the very handlers; what is approved is read anew from the mail that proposed it,
rehearsed again, and done only when nothing differs. The mails themselves are compared once more as they are queued.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from daemon.domain.commands import Verb
from daemon.domain.letters import AnswerOutcome, ListFault, PlannedMail, Proposal
from daemon.errors import Refused
from daemon.handlers import dispatch, prepare, results, schedule
from daemon.handlers.dispatch import Planned
from daemon.handlers.letterwork import centre_title
from daemon.handlers.orders.book import Order, find_order
from daemon.handlers.orders.intents import Intent, intent_of, known_training
from daemon.handlers.orders.material import Material, material
from daemon.handlers.orders.plan import steps_of
from daemon.handlers.orders.rehearsal import rehearsal
from daemon.handlers.orders.shown import Shown, shown_by
from daemon.handlers.orders.steps import Step, objection, run, set_aside
from daemon.ports import Kit
from parsers.listing import ListingProblem

_NAMELESS = frozenset(
    {"unknown-prefecture", "unknown-centre", "ambiguous-centre", "office-not-in-book", "unknown-pension-office",
     "no-pension-office", "missing-column", "doubled-column", "missing-glyph", "not-a-date", "no-header"}
)  # fmt: skip
"""Problems whose detail names a place or a column, never a person."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the answer shows of proposals."""

    proposals: tuple[Proposal, ...] = ()
    order: int | None = None
    """Ledger id of the mail that proposes it."""
    refused: str = ""
    """Why there is nothing to show."""


def preview(kit: Kit, order: Order, found: Material, steps: Sequence[Step], shown: Shown) -> Preview:
    """What the mail proposes; or once more what it approved, when that has changed since it was shown."""
    try:
        intent, proposer = intent_of(kit, found, steps), order.ledger_id
        if intent is None and shown.proposal is not None and _has_changed(kit, order, steps):
            intent, proposer = _intent_of_order(kit, shown.proposal), shown.proposal
        return Preview() if intent is None else Preview((rehearse(kit, intent),), proposer)
    except Refused as refusal:
        return Preview(refused=str(refusal))


def _has_changed(kit: Kit, order: Order, steps: Sequence[Step]) -> bool:
    with kit.store.snapshot() as tx:
        present = find_order(tx, order.ledger_id)
    outcomes = present.outcomes if present is not None else {}
    approving = [s.key for s in steps if s.command.verb is Verb.APPROVE]
    return any(k in outcomes and outcomes[k].outcome is AnswerOutcome.CHANGED for k in approving)


def _intent_of_order(kit: Kit, ledger_id: int) -> Intent:
    with kit.store.snapshot() as tx:
        proposer = find_order(tx, ledger_id)
        assert proposer is not None, "only orders propose"
        found = material(tx, kit, proposer)
        steps = steps_of(tx, found, shown_by(tx, proposer.context))
    intent = intent_of(kit, found, steps)
    assert intent is not None, "its answer showed a proposal"
    return intent


# -- shown -----------------------------------------------------------------------------------------------------


def rehearse(kit: Kit, intent: Intent) -> Proposal:
    """Everything approving it would do. Raises Refused when a rule of the house forbids it."""
    with rehearsal(kit) as inner:
        if intent.new is not None:
            prepare.add_training(inner, intent.new, "rehearsal")
        training = known_training(inner, intent.training_id)
        bare = Proposal(
            intent.kind, training.training_id, training.name, training.course.label, training.starts_on,
            training.ends_on, training.deadline_on, training.deadline_basis, new=intent.new is not None,
            file=intent.table.name if intent.table is not None else "",
        )  # fmt: skip
        found = _REHEARSALS[intent.kind](inner, intent, bare)
    return found if found.faults else replace(found, digest=_digest(intent, found))


def _digest(intent: Intent, proposal: Proposal) -> str:
    content = repr((intent.table.sha256 if intent.table else "", intent.because, proposal))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _list(kit: Kit, intent: Intent, bare: Proposal) -> Proposal:
    if intent.table is None:
        return bare
    looked = prepare.import_list(kit, intent.training_id, intent.table.name, intent.table.data, "", apply=False)
    if looked.problems:
        return replace(bare, faults=tuple(_faults(kit, looked.problems)))
    prepare.import_list(kit, intent.training_id, intent.table.name, intent.table.data, "", apply=True)
    with kit.store.snapshot() as tx:
        cleanups = sum(r.cleanup_owed for r in tx.enrollments(training_id=intent.training_id))
    return replace(
        bare, added=len(looked.added), changed=len(looked.changed), withdrawn=len(looked.withdrawn),
        unchanged=looked.unchanged, elsewhere=len(looked.elsewhere), cleanups=cleanups if looked.withdrawn else 0,
        mails=_mails(kit, dispatch.preview(kit, intent.training_id)),
    )  # fmt: skip


def _results(kit: Kit, intent: Intent, bare: Proposal) -> Proposal:
    assert intent.table is not None
    looked = results.import_results(kit, intent.training_id, intent.table.name, intent.table.data, "", apply=False)
    if looked.problems:
        return replace(bare, faults=tuple(_faults(kit, looked.problems)))
    results.import_results(kit, intent.training_id, intent.table.name, intent.table.data, "", apply=True)
    return replace(
        bare, added=len(looked.added), changed=len(looked.changed), unchanged=looked.unchanged,
        completed=looked.completed, not_completed=looked.not_completed, cleanups=looked.cleanup,
        mails=_mails(kit, results.preview_results(kit, intent.training_id)),
    )  # fmt: skip


def _dispatch(kit: Kit, intent: Intent, bare: Proposal) -> Proposal:
    planned = dispatch.preview(kit, intent.training_id)
    if not planned:
        raise Refused("送付すべき名簿がありません（受講者が未登録か、すべて送付済みです）")
    return replace(bare, mails=_mails(kit, planned))


def _dispatch_results(kit: Kit, intent: Intent, bare: Proposal) -> Proposal:
    return replace(bare, mails=_mails(kit, results.preview_results(kit, intent.training_id)))


def _cancel(kit: Kit, intent: Intent, bare: Proposal) -> Proposal:
    with kit.store.snapshot() as tx:
        out = sum(not r.excluded_because for r in tx.enrollments(training_id=intent.training_id))
    schedule.cancel_training(kit, intent.training_id, "", intent.because)
    with kit.store.snapshot() as tx:
        rows = tx.enrollments(training_id=intent.training_id)
    return replace(bare, withdrawn=out, cleanups=sum(r.cleanup_owed for r in rows))


_REHEARSALS: dict[str, Callable[[Kit, Intent, Proposal], Proposal]] = {
    "list": _list,
    "results": _results,
    "dispatch": _dispatch,
    "dispatch-results": _dispatch_results,
    "cancel-training": _cancel,
}


def _faults(kit: Kit, problems: Sequence[ListingProblem]) -> Iterator[ListFault]:
    for problem in problems:
        where = f"{problem.sheet}!{problem.cell}" if problem.sheet else problem.cell
        tells = problem.problem in _NAMELESS or kit.policy.digest_with_names
        yield ListFault(where, problem.remedy, problem.detail if tells else "")


def _mails(kit: Kit, planned: Sequence[Planned]) -> tuple[PlannedMail, ...]:
    with kit.store.snapshot() as tx:
        return tuple(
            PlannedMail(
                p.prefecture,
                tuple((centre_title(kit, roster), n) for code, n in p.sizes if (roster := tx.find_roster(code))),
                p.rows, len(p.to) + len(p.cc), p.subject, p.mark,
            )
            for p in planned
        )  # fmt: skip


# -- approved --------------------------------------------------------------------------------------------------


def decide(kit: Kit, order: Order, shown: Shown, step: Step, by: str) -> None:
    """承認 or 取りやめ: do what the answered mail showed, part by part, or nothing."""
    with kit.store.snapshot() as tx:
        against = objection(tx, order, shown, step)
    if shown.proposal is None or against is not None:
        set_aside(kit, order, step, by, against or AnswerOutcome.NOT_SHOWN)
    elif step.command.verb is Verb.DECLINE:
        set_aside(kit, order, step, by, AnswerOutcome.DONE)
    else:
        _approve(kit, order, shown, step, by)


def _approve(kit: Kit, order: Order, shown: Shown, step: Step, by: str) -> None:
    assert shown.proposal is not None
    intent = _intent_of_order(kit, shown.proposal)
    begun = any(key.startswith(f"{step.key}/") for key in order.outcomes)
    if not begun and not _still_so(kit, intent, shown):
        set_aside(kit, order, step, by, AnswerOutcome.CHANGED)
        return
    for name, act in _parts(intent, shown.mail_marks, by):
        part = Step(f"{step.key}/{name}", step.text, step.command, f"{step.mark}/{name}")
        outcome = order.outcomes.get(part.key) or run(kit, order, part, by, act)
        if outcome.outcome is not AnswerOutcome.DONE:
            set_aside(kit, order, step, by, outcome.outcome, outcome.because)
            return
    set_aside(kit, order, step, by, AnswerOutcome.DONE)


def _still_so(kit: Kit, intent: Intent, shown: Shown) -> bool:
    try:
        return rehearse(kit, intent).digest == shown.digest
    except Refused:
        return False


def _parts(intent: Intent, marks: Sequence[str], by: str) -> Iterator[tuple[str, Callable[[Kit], object]]]:
    """Each is one transaction; killed between two, the next start goes on with the second."""
    ident, new, table = intent.training_id, intent.new, intent.table
    if new is not None:
        yield "training", lambda kit: prepare.add_training(kit, new, by)
    if table is not None and intent.kind == "list":
        yield "list", lambda kit: prepare.import_list(kit, ident, table.name, table.data, by, apply=True)
    if table is not None and intent.kind == "results":
        yield "results", lambda kit: results.import_results(kit, ident, table.name, table.data, by, apply=True)
    if intent.kind in {"list", "dispatch"} and marks:
        yield "send", lambda kit: dispatch.approve(kit, ident, by, only=marks)
    if intent.kind in {"results", "dispatch-results"} and marks:
        yield "send", lambda kit: results.approve_results(kit, ident, by, only=marks)
    if intent.kind == "cancel-training":
        yield "cancel", lambda kit: schedule.cancel_training(kit, ident, by, intent.because)
