"""What a person's reply without a roster means, judged from `Message.said`: a hint for the domain, never evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Wording(StrEnum):
    """Kinds of replies (domain.md §3.6). Anything not fully understood is OTHER."""

    COURTESY = "courtesy"
    """Only thanks, 了解, 受領: nothing to do."""
    COMMITMENT = "commitment"
    """来週, 4/10予定, 手続中: a note, never completion."""
    CLAIM = "claim"
    """Says it is done or gives dates: the proof is the office's sheet."""
    CORRECTION = "correction"
    """差し替え, 訂正, 誤り."""
    WITHDRAWAL = "withdrawal"
    """辞退, 取消, 欠席 of somebody."""
    FAX_SENT = "fax-sent"
    """本日FAXにて送付しました."""
    OTHER = "other"
    """A question, or anything else: a person must read."""


class Verdict(NamedTuple):
    """What `classify_said` decided."""

    wording: Wording
    phrase: str
    """The words that decided, as written; "" when there was nothing to read."""


def classify_said(text: str) -> Verdict:
    """Judge the text a person wrote (quotes already cut, signature still there)."""
    raise NotImplementedError
