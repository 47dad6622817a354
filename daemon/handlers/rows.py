"""Finding the row a person means, and taking a reason from them that may stand in the history for ever.

The history is hash-chained, so nothing in it can be erased later: names of trainees never enter it (domain.md §6).
"""

from __future__ import annotations

import unicodedata

from daemon.domain.model import Enrollment
from daemon.errors import Refused
from daemon.ports import Transaction
from parsers.names import name_key

_HIDDEN = "（氏名）"


def find_row(tx: Transaction, text: str) -> Enrollment:
    """The one row meant by "回付番号/No.", by enrollment code or by name; raises Refused when none or several fit."""
    found = find_rows(tx, text)
    if not found:
        raise Refused(f"{text} という受講者は見つかりません（回付番号/No. の形で指定してください）")
    if len(found) > 1:
        places = "、".join(f"{r.roster}/{r.row}" for r in found[:5])
        raise Refused(f"{text} は {len(found)} 名に当てはまります。回付番号/No. で指定してください: {places}")
    return found[0]


def find_rows(tx: Transaction, text: str) -> list[Enrollment]:
    """Every row meant by "回付番号/No." (before or after the training), enrollment code, or part of a name."""
    wanted = unicodedata.normalize("NFKC", text).strip()
    code, slash, number = wanted.partition("/")
    if slash and number.strip().isdecimal():
        return _numbered(tx, code.strip().upper(), int(number))
    row = tx.find_enrollment(wanted) or tx.find_enrollment(wanted.upper())
    if row is not None:
        return [row]
    key = name_key(text)
    return [r for r in tx.enrollments() if key and key in name_key(r.name)]


def _numbered(tx: Transaction, code: str, number: int) -> list[Enrollment]:
    roster = tx.find_roster(code)
    if roster is None:
        return []
    rows = tx.enrollments(training_id=roster.training_id, prefecture=roster.prefecture)
    return [r for r in rows if number == (r.row if r.roster == code else r.post_row if r.post_roster == code else 0)]


def known_row(tx: Transaction, enrollment_id: str) -> Enrollment:
    """Raises Refused for an unknown code."""
    row = tx.find_enrollment(enrollment_id)
    if row is None:
        raise Refused(f"受講者 {enrollment_id} は登録されていません")
    return row


def reason(because: str, *rows: Enrollment) -> str:
    """The reason as it enters the history; raises Refused when it is empty or names one of the trainees."""
    text = " ".join(because.split())
    if not text:
        raise Refused("理由を --because で指定してください（履歴に残ります）")
    if nameless(text, *rows) != text:
        raise Refused("理由に受講者の氏名を書かないでください（履歴は後から消せません。No. で書いてください）")
    return text


def nameless(text: str, *rows: Enrollment) -> str:
    """The text with the names of these trainees covered, however they are spaced; unchanged when it names nobody."""
    squeezed = "".join(text.split())
    covered = squeezed
    for name in sorted({"".join(n.split()) for r in rows for n in (r.name, r.kana)}, key=len, reverse=True):
        if len(name) > 1:
            covered = covered.replace(name, _HIDDEN)
    return text if covered == squeezed else covered
