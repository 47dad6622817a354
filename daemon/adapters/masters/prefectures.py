"""The 47 prefectures as people write them."""

from __future__ import annotations

import re

from daemon.adapters.masters.files import Line, Problems, nearest, plain

# fmt: off
PREFECTURES = (
    "北海道", "青森", "岩手", "宮城", "秋田", "山形", "福島", "茨城", "栃木", "群馬", "埼玉", "千葉",
    "東京", "神奈川", "新潟", "富山", "石川", "福井", "山梨", "長野", "岐阜", "静岡", "愛知", "三重",
    "滋賀", "京都", "大阪", "兵庫", "奈良", "和歌山", "鳥取", "島根", "岡山", "広島", "山口", "徳島",
    "香川", "愛媛", "高知", "福岡", "佐賀", "長崎", "熊本", "大分", "宮崎", "鹿児島", "沖縄",
)
# fmt: on
"""The 47, as the masters write them: without 都, 府, 県."""

PREFECTURE_HEADERS = ("都道府県", "都道府県名", "都道府県会", "県", "県名")
NOTE_HEADERS = ("備考", "メモ", "注", "remarks")


def short_name(written: str) -> str:
    """「神奈川県」 → 「神奈川」; what is no prefecture comes back without blanks."""
    bare = "".join(plain(written).split())
    cut = re.sub(r"[都府県]$", "", bare)
    return cut if bare not in PREFECTURES and cut in PREFECTURES else bare


def prefecture_of(line: Line, problems: Problems) -> str | None:
    """The prefecture of the line in our spelling; None (and a problem) when it is none of the 47."""
    name = short_name(line["prefecture"])
    if name in PREFECTURES:
        return name
    message = f"都道府県「{name}」がありません{nearest(name, PREFECTURES)}" if name else "都道府県が空です"
    problems.error(line, "unknown-prefecture", message, "47都道府県のいずれかを書いてください")
    return None
