"""Answers out of a closed list: 修了の有無 and 配属予定のない理由, in the words and ticks people use for them.

Only what is plainly one of the choices has a value; a reason in words of one's own is a question, 「その他」 suggested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from parsers.findings import Decision, Problem
from parsers.forms import COMPLETED, NOT_COMPLETED, REASONS, WITHDRAWN
from parsers.text import fold, squash

_FINISHED = re.compile(r"修了(?:済み?|者)?|有り?|[○◯〇]|可|合格")
_UNFINISHED = re.compile(r"未修了(?:者)?|未了|不修了|無し?|なし|[×✕✖]|不可|不合格")
_WITHDRAWN = re.compile(r".*(?:辞退|取消|欠席|交代|不参加|中止).*")
_NOTHING = re.compile(r"なし|無し?|該当(?:なし|無し|せず)|[-ー−‐―－—*/]+")
_OTHER = re.compile(r"その他(?:[((:,、].*)?")
_PLAIN = {
    "retired": re.compile(r"(?:自己都合)?退職(?:予定|済み?|者|のため|の為|により|した(?:ため|為))?"),
    "transferred": re.compile(r"転出(?:予定|済み?|者|のため|の為|により|した(?:ため|為))?"),
}
_TICKED = "☑☒✓✔レ■●◎✅"
_FREE = "□☐▢◻○"
_BOXED = re.compile(f"([{_TICKED}{_FREE}])(退職|転出|その他)")


@dataclass(frozen=True, slots=True)
class ChoiceReading:
    """What the text says. Nothing written: no value, no problems."""

    value: str | None = None
    candidates: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def decision(self) -> Decision:
        """Empty, one meaning, or a question."""
        if self.problems:
            return Decision.REVIEW
        return Decision.ACCEPT if self.value else Decision.EMPTY


def read_result(text: str) -> bool | None:
    """修了 (True), 未修了 (False), None for anything else."""
    key = squash(fold(text))
    return True if _FINISHED.fullmatch(key) else False if _UNFINISHED.fullmatch(key) else None


def says_withdrawn(text: str) -> bool:
    """Whether the words say that the trainee withdrew: neither 修了 nor 未修了."""
    return _WITHDRAWN.fullmatch(squash(fold(text))) is not None


def read_completed(text: str) -> ChoiceReading:
    """修了の有無 as it stands on a roster that comes back: a value of `parsers.forms.RESULTS`."""
    if not squash(text):
        return ChoiceReading()
    done = read_result(text)
    if done is not None:
        return ChoiceReading(COMPLETED if done else NOT_COMPLETED)
    if squash(fold(text)) == "辞退":
        return ChoiceReading(WITHDRAWN)
    suggested = (WITHDRAWN,) if says_withdrawn(text) else ()
    return ChoiceReading(candidates=suggested, problems=(Problem.UNKNOWN_RESULT,))


def read_reason(text: str) -> ChoiceReading:
    """配属予定のない理由: a value of `parsers.forms.REASONS`; the words behind その他 are left to the text."""
    key = squash(fold(text))
    if not key or _NOTHING.fullmatch(key):
        return ChoiceReading()
    boxes = _BOXED.findall(key)
    if boxes:
        return _ticked(key, boxes)
    for value, words in _PLAIN.items():
        if words.fullmatch(key):
            return ChoiceReading(value)
    named = tuple(v for v, word in REASONS.items() if word in key)
    if _OTHER.fullmatch(key):
        return ChoiceReading("other")
    if len(named) > 1:
        return ChoiceReading(candidates=named, problems=(Problem.SEVERAL_CHOICES,))
    return ChoiceReading(candidates=tuple(dict.fromkeys((*named, "other"))), problems=(Problem.UNKNOWN_REASON,))


def _ticked(key: str, boxes: list[tuple[str, str]]) -> ChoiceReading:
    """A printed choice with boxes in the text (☑退職 □転出 □その他); a circle among ticks may be one or none."""
    by_word = {word: value for value, word in REASONS.items()}
    chosen = tuple(by_word[word] for box, word in boxes if box in _TICKED)
    rest = re.sub(r"\(\)|[・,、]", "", _BOXED.sub("", key))
    if len(chosen) == 1 and (not rest or chosen == ("other",)):
        return ChoiceReading(chosen[0])
    if not chosen and not rest and "○" not in key:
        return ChoiceReading()
    problem = Problem.SEVERAL_CHOICES if len(chosen) > 1 else Problem.UNKNOWN_REASON
    return ChoiceReading(candidates=chosen or ("other",), problems=(problem,))
