"""What a mail proposes: a list, results, a mailing, the end of a training; at most one, read from the stored mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.domain.commands import Command, Verb
from daemon.domain.model import Course, Training, TrainingState
from daemon.errors import Refused
from daemon.handlers.orders.material import Material, Table
from daemon.handlers.orders.steps import Step
from daemon.handlers.prepare import NewTraining
from daemon.ports import Kit
from parsers.listing import ListingProblem

PROPOSES = frozenset(
    {Verb.NEW_TRAINING, Verb.IMPORT, Verb.RESULTS, Verb.DISPATCH, Verb.DISPATCH_RESULTS, Verb.CANCEL_TRAINING}
)
_KINDS = {
    Verb.DISPATCH: "dispatch", Verb.DISPATCH_RESULTS: "dispatch-results", Verb.CANCEL_TRAINING: "cancel-training",
    Verb.RESULTS: "results",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """One proposal, not yet looked at."""

    kind: str
    """list | dispatch | results | dispatch-results | cancel-training"""
    training_id: str
    new: NewTraining | None = None
    table: Table | None = None
    because: str = ""


def intent_of(kit: Kit, material: Material, steps: Sequence[Step]) -> Intent | None:
    """None when the mail proposes nothing; raises Refused when it is not plain what it proposes."""
    proposing = [s for s in steps if s.command.verb in PROPOSES]
    if len(proposing) > 1:
        raise Refused("取込・送付・中止などは、一通のメールに一つだけ書いてください")
    if not proposing:
        return _implied(kit, material) if material.tables and not material.instructions.lines else None
    command = proposing[0].command
    if command.verb is Verb.NEW_TRAINING:
        return _new(material, command)
    if command.verb is Verb.IMPORT:
        return Intent("list", command.training or _only_draft(kit), table=_one_table(material))
    if command.verb is Verb.RESULTS:
        table = _one_table(material)
        return Intent("results", command.training or _training_of(kit, table), table=table)
    return Intent(_KINDS[command.verb], command.training, because=command.because)


def _new(material: Material, command: Command) -> Intent:
    new = new_training(command)
    if len(material.tables) > 1:
        raise Refused("添付する一覧は一つにしてください")
    return Intent("list", new.training_id, new, material.tables[0] if material.tables else None)


def new_training(command: Command) -> NewTraining:
    """As the block of lines describes it; its ID is fixed here, so that every step means the same training."""
    course, name = Course(command.words[0]), command.words[1]
    starts, ends, *deadline = command.days
    ident = command.training or f"{course.value}-{starts:%Y%m%d}"
    return NewTraining(course, name, starts, ends, ident, deadline[0] if deadline else None)


def _one_table(material: Material) -> Table:
    if len(material.tables) != 1:
        raise Refused("記入済みの一覧（xlsx または csv）を一つだけ添付してください")
    return material.tables[0]


def _implied(kit: Kit, material: Material) -> Intent:
    """A table and no command: what it is, its own header says."""
    table = _one_table(material)
    lines, problems = kit.documents.read_results(table.name, table.data)
    if lines and not any(p.problem == "missing-column" for p in problems):
        return Intent("results", _training_of(kit, table), table=table)
    if not _headless(kit.documents.read_list(table.name, table.data)[1]):
        return Intent("list", _only_draft(kit), table=table)
    raise Refused("添付の表に、受講者一覧または修了結果一覧の見出しがありません")


def _headless(problems: Sequence[ListingProblem]) -> bool:
    return any(p.problem in {"no-header", "unreadable-file", "encrypted-file"} for p in problems)


def _only_draft(kit: Kit) -> str:
    with kit.store.snapshot() as tx:
        drafts = [t.training_id for t in tx.trainings() if t.state is TrainingState.DRAFT]
    if len(drafts) == 1:
        return drafts[0]
    many = f"準備中の研修: {'、'.join(drafts)}" if drafts else "準備中の研修はありません"
    raise Refused(f"どの研修の一覧か、本文に「取込 研修ID」と書いてください（{many}）")


def _training_of(kit: Kit, table: Table) -> str:
    lines, _ = kit.documents.read_results(table.name, table.data)
    named = {line.training for line in lines if line.training}
    if len(named) == 1:
        return named.pop()
    raise Refused("どの研修の結果か、本文に「修了結果 研修ID」と書いてください")


def known_training(kit: Kit, training_id: str) -> Training:
    """Raises Refused."""
    with kit.store.snapshot() as tx:
        found = next((t for t in tx.trainings() if t.training_id == training_id), None)
    if found is None:
        raise Refused(f"研修 {training_id} は登録されていません")
    return found
