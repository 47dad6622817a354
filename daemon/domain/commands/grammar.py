"""Text above the quote → commands, or lines that look like commands and are none. Pure; never raises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from daemon.domain.commands import arguments, words
from daemon.domain.commands.model import (
    ABOUT_MAILS,
    ABOUT_QUESTIONS,
    NAMES_PEOPLE,
    READS_ONLY,
    Command,
    Instructions,
    Line,
    Verb,
)
from parsers.mail.letter import signature_starts
from parsers.text import fold, is_glue

_MOST_LINES = 300
_LONGEST = 400
_BULLET = re.compile(r"^[・*•●○◆■□‐\-]\s*(?=\S)")
_PIECES = re.compile(r"[、,。;]\s*(?=[#(\[]?\d)")
_NUMBER_FIRST = re.compile(r"^(?:[#(\[「]|no\.?)?\s*\d{1,7}(?!\d)", re.IGNORECASE)
_PROSE_NUMBER = re.compile(r"^\d{1,2}[.)]\s*(?=[^\W\d])|^\d+(?:名|人|件|通|日|月|年|時|分|点|つ|回|部|枚|県|か所)")
"""A numbered paragraph, or a count, a day, a time: no number of a question."""
_CODE = re.compile(r"(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{10}\s*(?:/|no\.?)\s*\d", re.IGNORECASE)


def read_commands(text: str) -> Instructions:
    """Everything the text asks for; words around it (greetings, thanks, a signature) are passed over."""
    written = [line.strip() for line in text.split("\n")[:_MOST_LINES]]
    plain = [_plain(line) for line in written]
    signed = signature_starts(plain)
    lines: list[Line] = []
    block: _Block | None = None
    for at, (shown, line) in enumerate(zip(written, plain, strict=True)):
        if block is not None and block.takes(shown, line):
            continue
        if not line:
            continue
        if block is not None:
            lines, block = [*lines, *block.lines()], None
        if line.lower() in {"研修登録", "new-training"}:
            block = _Block(shown)
            continue
        lines += _read_line(shown, line, signed=at >= signed)
    lines += block.lines() if block is not None else ()
    return Instructions(tuple(_without_contradictions(lines)))


def _plain(line: str) -> str:
    """One spelling for what looks alike; a circled number is no number (⑫ OK asks which)."""
    if any(is_glue(c) for c in line):
        line = "".join("〓" if is_glue(c) else c for c in line)
    return " ".join(fold(line).split())


def _read_line(shown: str, line: str, *, signed: bool) -> Iterator[Line]:
    line = _BULLET.sub("", line)
    command = _command(line)
    if command is not None:
        yield _line(shown, command)
        return
    pieces = _PIECES.split(line)
    commands = [_command(p.strip(" 。")) for p in pieces] if len(pieces) > 1 else []
    if commands and all(c is not None and c.verb in ABOUT_QUESTIONS for c in commands):
        yield from (Line(shown, c) for c in commands)
    elif not signed and _looks_like_one(line):
        yield Line(shown)


def _command(line: str) -> Command | None:
    if len(line) > _LONGEST or "〓" in line:
        return None
    alone = next((verb for verb, pattern in words.ALONE if pattern.fullmatch(line)), None)
    if alone is not None:
        return Command(alone)
    first, _, rest = line.partition(" ")
    verb = words.LEADING.get(first.lower())
    if verb is not None:
        return arguments.of_verb(verb, rest.strip())
    return arguments.after_numbers(line)


def _line(shown: str, command: Command) -> Line:
    """Names keep the very characters they were written with, and are not repeated in answers."""
    if command.verb not in NAMES_PEOPLE:
        return Line(shown, command)
    name, kana = re.split("[/／]", shown)[_NAMES[command.verb]]
    before = re.match(r".*\d番?\s+" if command.row else r"\S+\s+", name)
    written = (name[before.end() if before else 0 :].strip(), kana.strip())
    told = f"{shown.split(maxsplit=1)[0]} {command.row or command.training} …"
    return Line(told, replace(command, words=(*written, *command.words[2:])))


_NAMES = {Verb.RENAME: slice(-3, -1), Verb.SUBSTITUTE: slice(-4, -2), Verb.ADD: slice(-4, -2)}
"""Which of the parts between slashes are 氏名 (with what stands before it) and フリガナ."""


def _looks_like_one(line: str) -> bool:
    if words.SUSPICIOUS.search(line) or _CODE.search(line) or "〓" in line:
        return True
    return bool(_NUMBER_FIRST.match(line)) and not _PROSE_NUMBER.match(line)


class _Block:
    """研修登録 and the labelled lines below it."""

    def __init__(self, shown: str) -> None:
        self._shown = [shown]
        self._given: dict[str, str] = {}
        self._broken = False

    def takes(self, shown: str, line: str) -> bool:
        """Whether the line belongs to the block; empty lines do as long as it is not complete."""
        label, colon, value = (part.strip() for part in line.partition(":"))
        if not line:
            return not {"course", "name", "starts", "ends"} <= self._given.keys()
        member = words.LABELS.get(label.lower(), "") if colon else ""
        if not member:
            return False
        self._broken = self._broken or member in self._given
        # The name of a training stands on every letter: it is kept as written.
        self._given[member] = re.split("[:：]", shown, maxsplit=1)[-1].strip() if member == "name" else value
        self._shown.append(line)
        return True

    def lines(self) -> list[Line]:
        shown = " / ".join(self._shown)
        return [Line(shown, None if self._broken else arguments.new_training(self._given))]


def _without_contradictions(lines: list[Line]) -> Iterator[Line]:
    """Two commands about one thing are no command: neither is done."""
    targets = Counter(t for line in lines if line.command for t in _targets(line.command))
    for line in lines:
        twice = line.command is not None and any(targets[t] > 1 for t in _targets(line.command))
        yield Line(line.text) if twice else line


def _targets(command: Command) -> Iterator[tuple[str, object]]:
    if command.verb in {Verb.APPROVE, Verb.DECLINE}:
        yield "proposal", 0
    elif command.verb in {Verb.STOP_ALL, Verb.RESUME}:
        yield "switch", 0
    elif command.verb in ABOUT_MAILS:
        yield from (("mail", n) for n in command.numbers)
    elif command.verb in ABOUT_QUESTIONS:
        yield from (("question", n) for n in command.numbers)
        yield from [("all", 0)] if command.verb is Verb.ACCEPT_ALL else []
    elif command.row and command.verb not in READS_ONLY:
        yield "row", (command.row, command.field)
    elif command.verb in {Verb.IMPORT, Verb.RESULTS, Verb.NEW_TRAINING}:
        yield "file", 0
    elif command.training and command.verb not in READS_ONLY | {Verb.ADD}:
        yield "training", command.training
