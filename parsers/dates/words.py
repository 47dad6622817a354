"""Words that stand in a date cell instead of a date, or beside one (domain.md §3.1), and what each means."""

from __future__ import annotations

import re
from enum import Enum


class Word(Enum):
    """What a word in a date cell says."""

    DONE = "done"
    """済 … also welcome after a date: 付, ㊞."""
    NOT_YET = "not-yet"
    PLANNED = "planned"
    """Never done, whatever date stands beside it."""
    EXCLUDED = "excluded"
    ALREADY = "already"
    """Registered in an earlier year: 改めて registration is required."""
    NOTHING = "nothing"
    """Means an empty cell."""
    DITTO = "ditto"
    """As the cell above."""
    DITTO_BELOW = "ditto-below"
    """As above, and so are the empty cells below."""
    DITTO_ELSEWHERE = "ditto-elsewhere"
    """As some other cell, not the one above."""


_WORDS = {
    Word.DONE: """
        済 済み 完了 完了済 登録 登録済 登録済み 登録完了 了 付 付け 印
        OK ok レ ✓ ✔ ☑ ☒ ◎ ● ○ ◯ ⭕ ✅
    """,
    Word.NOT_YET: """
        未 未済 未登録 未了 未完 未完了 未手続 未手続き 未処理 未定 未着手 登録未済 まだ 待ち 登録待ち
        手続中 手続き中 申請中 登録中 処理中 確認中 依頼中 進行中 対応中 準備中 調整中
        依頼済 依頼済み 申請済 申請済み 受付済 受付済み 提出済 提出済み
    """,
    Word.PLANNED: """
        予定 見込 見込み 次第 目途 目処 頃 ごろ 以降 まで 迄 後日 早々
        上旬 中旬 下旬 今週 来週 再来週 翌週 週明け 今月 来月 月初 月末 明日 翌日
    """,
    Word.EXCLUDED: """
        不要 対象外 非該当 該当なし 該当無し 該当無 辞退 不参加 欠席 受講せず 受講しない
        取消 取消し 取り消し 取止め 取りやめ 中止 キャンセル 異動 退会 退職 交代 交替
    """,
    Word.ALREADY: """
        既登録 既登録済 既登録済み 既に登録 既存 登録有 登録有り 登録あり
        前回 前回登録 前回登録済 前回登録済み 以前登録 過去登録
    """,
    Word.NOTHING: "不明 空欄 空白 なし 無し 無",
    Word.DITTO: "〃 々 〻 仝 同 同じ 同上 同前 上に同じ 上記同 上記と同じ ↓ | ¦ │ ┃ \" ” “ ″ ′′ '' „ ‟",
    Word.DITTO_BELOW: "以下同じ 以下同 以下同様 以下同上 以下同日",
    Word.DITTO_ELSEWHERE: "同左 同右 同日 左に同じ 左記同 ← → ↑ ⇒ ⇐ ⇓ ⇑",
}

MEANING = {word: kind for kind, words in _WORDS.items() for word in words.split()}
"""Word, folded and without spaces → what it says."""

PATTERN = "|".join(re.escape(w) for w in sorted(MEANING, key=len, reverse=True))
"""Regular expression alternatives, longest first so that 未登録 is not 登録."""
