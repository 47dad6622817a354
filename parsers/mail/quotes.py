"""What the sender wrote and what is only quoted: `said` must never hold our own reminder or an older mail.

Knows the heads Japanese mailers put before a quoted mail (Outlook, Gmail, iPhone, Thunderbird, Becky!, Yahoo!),
quote marks, and forwarded blocks. Answers between quoted lines are kept, signatures too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTE_MARK = re.compile(r"^[ 　\t]{0,3}(?:>|＞|&gt;)")
_RULE = re.compile(r"^\s*[_＿]{8,}\s*$|^\s*[-－=＝*─━―]{8,}\s*$")
_BETWEEN_DASHES = re.compile(
    r"^\s*[-－─━―=＝*]{2,}\s*("
    r"original message|forwarded message|original mail|reply message|begin forwarded message|転送されたメッセージ|"
    r"元のメッセージ|元のメール|転送メッセージ|転送メール|転送|以下[、,]?転送|以下原文|原文|オリジナルメッセージ|"
    r"original appointment|元の予定|返信元メッセージ|受信メール|引用|以下引用"
    r")\s*[-－─━―=＝*:：]{0,60}\s*$",
    re.IGNORECASE,
)
_FORWARD_WORD = re.compile(
    r"^\s*(?:【(?:以下)?転送】|〔転送〕|［転送］|\[転送\]|(?:Begin )?forwarded message\s*:?|"
    r"転送されたメッセージ\s*[:：]?|"
    r"以下は転送メールです。?|開始[:：]\s*転送メッセージ\s*[:：]?)\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^\s*\*{0,2}(差出人|送信者|発信者|送信元|from|送信日時|送信日|受信日時|日[ 　]{0,3}時|日[ 　]{0,3}付|sent|"
    r"date|宛[ 　]{0,3}先|to|cc|ＣＣ|bcc|件[ 　]{0,3}名|表題|"
    r"題名|subject|返信先|reply-to|添付ファイル|添付|attachments?|重要度|importance)\s*\*{0,2}\s*[:：]\*{0,2}(?=\s|"
    r"\S)",
    re.IGNORECASE,
)
_FIELD_KINDS = {
    **dict.fromkeys(("差出人", "送信者", "発信者", "送信元", "from"), "from"),
    **dict.fromkeys(("送信日時", "送信日", "受信日時", "日時", "日付", "sent", "date"), "date"),
    **dict.fromkeys(("件名", "表題", "題名", "subject"), "subject"),
    **dict.fromkeys(("宛先", "to"), "to"),
}
_WHEN = r"(?:\d{1,4}\s*[年/\-.]\s*\d{1,2}|\d{1,2}[:：]\d{2}|\b(?:19|20)\d\d\b|(?:令和|平成)\s*\d{1,2})"
_ATTRIBUTION = re.compile(
    rf"^(?=.{{0,400}}{_WHEN})"
    r"(?:.{0,400}<[^<>\s]{1,200}@[^<>\s]{1,200}>.{0,20}[:：]"
    r"|.{0,400}\S+@\S+\s*(?:\(.{0,80}\)|さん)?(?:のメール|は(?:書きました|書かれました))?\s*[:：]"
    r"|.{0,400}(?:\bwrote|\bwrites|schrieb|のメール|(?:さん|様)?(?:は|が)(?:書きました|書かれました|"
    r"wrote))\s*[:：]?)\s*$",
    re.IGNORECASE,
)
_ON_START = re.compile(
    r"^\s*(?:On\s.{0,80}\d|(?:19|20)\d\d[年/\-.]\s?\d{1,2}[月/\-.]\s?\d{1,2}日?.{0,40}\d{1,2}[:：]\d{2})",
    re.IGNORECASE,
)
_WROTE_PLAIN = re.compile(
    r"^.{0,200}(?:\bwrote|さんは書きました|さんが書きました|様は書きました)\s*[:：]\s*$", re.IGNORECASE
)
_MOBILE_FOOTER = re.compile(
    r"^\s*(?:(?:Get )?Outlook for (?:iOS|Android)(?: を入手)?.{0,80}|(?:iPhone|iPad|Android)(?:から送信|"
    r".{0,20}から送信されました)"
    r"|Sent from (?:my|Outlook|Mail).{0,40})\s*$",
    re.IGNORECASE,
)
MAX_LINES = 20_000
_LONGEST_HEAD = 800
"""A longer line introduces nothing; the patterns are not tried on it."""


class Said(NamedTuple):
    """The two halves of a text."""

    said: str
    quoted: str


def split_quotes(text: str) -> Said:
    """Cut `text` into what was written now and what was quoted or forwarded, both as lines in their order."""
    return split_with_start(text)[0]


def split_with_start(text: str) -> tuple[Said, int]:
    """Both halves, and how many lines of `text` stand above the first quoted or forwarded one."""
    lines = text.split("\n")[:MAX_LINES]
    said: list[str] = []
    quoted: list[str] = []
    at = start = 0
    while at < len(lines):
        if _QUOTE_MARK.match(lines[at]):
            quoted.append(lines[at])
            at += 1
            continue
        head = _head_length(lines, at)
        if not head:
            said.append(lines[at])
            start += not quoted
            at += 1
            continue
        quoted += lines[at : at + head]
        at += head
        if not _quote_marks_follow(lines, at):
            quoted += lines[at:]
            break
    return Said(_tidy(said), _tidy(quoted)), start


def above_quotes(text: str, lines_above: int) -> str:
    """What was written in the first lines, before anything quoted: the beginning of `said`."""
    return _tidy(text.split("\n")[:lines_above])


def _head_length(lines: list[str], at: int) -> int:
    """How many lines from `at` introduce a quoted mail; 0 = none do."""
    line = lines[at]
    if not line.strip() or len(line) > _LONGEST_HEAD:
        return 0
    if _BETWEEN_DASHES.match(line) or _FORWARD_WORD.match(line):
        return 1 + _field_block(lines, at + 1, needed=1)
    if _RULE.match(line):
        block = _field_block(lines, at + 1, needed=2)
        return 1 + block if block else 0
    return _field_block(lines, at, needed=3) or _attribution(lines, at)


def _field_block(lines: list[str], at: int, *, needed: int) -> int:
    """Lines of a 差出人/送信日時/宛先/件名 block in any order; 0 unless `needed` different ones are there."""
    kinds: set[str] = set()
    last, i, misses = at - 1, at, 0
    while i < len(lines) and i < at + 20 and misses < 3:
        found = _FIELD.match(lines[i])
        if found:
            kinds.add(_FIELD_KINDS.get(re.sub(r"[ 　]", "", found.group(1)).lower(), ""))
            last, misses = i, 0
        elif i == at and lines[i].strip() and needed > 2:
            return 0
        else:  # a folded list of recipients, or an empty line
            misses += 1
        i += 1
    kinds.discard("")
    return last - at + 1 if len(kinds) >= needed and ("from" in kinds or needed == 1) else 0


def _attribution(lines: list[str], at: int) -> int:
    """「2026年4月1日(水) 10:00 … <addr>:」, "On … wrote:", also wrapped over two or three lines."""
    if not _ON_START.match(lines[at]) and not _WROTE_PLAIN.match(lines[at]):
        return 1 if _ATTRIBUTION.match(lines[at]) and _quote_marks_follow(lines, at + 1) else 0
    for count in (1, 2, 3):
        joined = " ".join(line.strip() for line in lines[at : at + count])
        if len(joined) > _LONGEST_HEAD:
            return 0
        if _ATTRIBUTION.match(joined) or (_WROTE_PLAIN.match(joined) and _quote_marks_follow(lines, at + count)):
            return count
    return 0


def _quote_marks_follow(lines: list[str], at: int) -> bool:
    """Whether the next line that is not empty carries a quote mark."""
    following = next((line for line in lines[at : at + 10] if line.strip()), "")
    return bool(_QUOTE_MARK.match(following))


def _tidy(lines: list[str]) -> str:
    kept = [line.rstrip() for line in lines if not _MOBILE_FOOTER.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
