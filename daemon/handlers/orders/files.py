"""Files an admin asks for: the empty list of a course, the register of results, a roster for 中央年金事務所."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.domain.commands import Command, Verb
from daemon.errors import Refused
from daemon.handlers import handover, results
from daemon.handlers.orders.intents import known_training
from daemon.handlers.orders.steps import Step
from daemon.handlers.outgoing import XLSX, File
from daemon.ports import Kit


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes with the answer."""

    files: tuple[File, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Key of the line → why there is none."""
    given: frozenset[str] = frozenset()
    """Keys of the lines that are answered by a file."""


def wanted(kit: Kit, steps: Sequence[Step]) -> Wanted:
    """Make every file that is asked for; they go to the admin's own address and nowhere else."""
    files: list[File] = []
    refused: dict[str, str] = {}
    given: set[str] = set()
    for step in steps:
        maker = _MAKERS.get(step.command.verb)
        if maker is None:
            continue
        try:
            files += maker(kit, step.command)
            given.add(step.key)
        except Refused as refusal:
            refused[step.key] = str(refusal)
    return Wanted(tuple(files), refused, frozenset(given))


def _list_template(kit: Kit, command: Command) -> list[File]:
    (course,) = command.words
    return [File(f"list_{course}.xlsx", XLSX, kit.documents.list_template(course))]


def _results_template(kit: Kit, command: Command) -> list[File]:
    training = known_training(kit, command.training)
    return [File(_ascii(f"results_{training.training_id}.xlsx"), XLSX, results.template(kit, training.training_id))]


def _ascii(name: str) -> str:
    """Names that every gateway and mail program leaves as they are."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)


def _handover(kit: Kit, command: Command) -> list[File]:
    """The one asked for, or the newest."""
    training = known_training(kit, command.training)
    with kit.store.snapshot() as tx:
        made = tx.handovers(training.training_id)
    number = command.numbers[0] if command.numbers else max((h.number for h in made), default=0)
    found = next((h for h in made if h.number == number), None)
    if found is None or not (kit.blobs.has(found.xlsx_sha256) and kit.blobs.has(found.pdf_sha256)):
        raise Refused(
            f"研修 {training.training_id} に、その提出名簿はありません（全員が確認済か対象外になると作られます）"
        )
    return [
        File(handover.file_name(training, number, "xlsx"), XLSX, kit.blobs.get(found.xlsx_sha256)),
        File(handover.file_name(training, number, "pdf"), "application/pdf", kit.blobs.get(found.pdf_sha256)),
    ]


_MAKERS: Mapping[Verb, Callable[[Kit, Command], list[File]]] = {
    Verb.TEMPLATE: _list_template,
    Verb.RESULTS_TEMPLATE: _results_template,
    Verb.HANDOVER: _handover,
}
