"""Pages that are not ours, as offices fax them too: letters, lists, forms with boxes, codes of other people."""

from __future__ import annotations

import numpy as np
import segno

from daemon.simulation.fax import Sheet, Stamp, Stroke, printed, write
from parsers.codes import PageCode
from tests.fakes.pdfs import set_page
from tests.fakes.rosters import KEY

_WORDS = (
    "年金相談",
    "受講",
    "名簿",
    "登録",
    "ご案内",
    "担当者",
    "各位",
    "送付",
    "ご確認",
    "社会保険",
    "研修",
    "日程",
    "以上",
)
_CODE_SIZE_MM = 25.0


def strangers(rng: np.random.Generator) -> dict[str, Sheet]:
    """One page of each kind."""
    ours = PageCode(1, "V5DF7QZ4FB", 1, 1, 1).text(KEY)
    bent = ours[:16] + ("00" if ours[16:18] != "00" else "11") + ours[18:]
    return {
        "letter": _set(_letter(rng)),
        "list with rules": _set(_table(rng)),
        "form with boxes": write(_set(_letter(rng)), _boxes(rng)),
        "corner squares": write(_set(_table(rng)), _squares()),
        "code of a shop": _with_codes("https://example.jp/fax/2026", rng),
        "code as long as ours": _with_codes("".join(rng.choice(list("0123456789ABCDEF"), 20)), rng),
        "our code misread": _with_codes(bent, rng),
        "handwriting": write(_white(), _scrawl(rng)),
        "empty": _white(),
    }


def _set(body: str) -> Sheet:
    return printed(set_page(body), dpi=300)


def _white() -> Sheet:
    return _set("")


def _sentence(rng: np.random.Generator, words: int) -> str:
    return "、".join(str(w) for w in rng.choice(_WORDS, words))


def _letter(rng: np.random.Generator) -> str:
    return "#pad(20mm)[" + " \\ ".join(_sentence(rng, int(rng.integers(3, 9))) for _ in range(28)) + "]"


def _table(rng: np.random.Generator) -> str:
    cells = ", ".join(f"[{_sentence(rng, 2)}]" for _ in range(5 * 16))
    return f"#pad(12mm, table(columns: 5, rows: 13mm, {cells}))"


def _boxes(rng: np.random.Generator) -> list[Stroke]:
    """Digit boxes in rows, about as ours are."""
    found = []
    left, top = rng.uniform(70, 110), rng.uniform(70, 100)
    for row in range(12):
        for column in range(6):
            x, y = left + 9.0 * column, top + 13.0 * row
            found.append(Stroke([(x, y), (x + 7, y), (x + 7, y + 9), (x, y + 9), (x, y)], 0.4))
    return found


def _squares() -> list[Stamp]:
    black, hollow = np.zeros((20, 20), dtype=np.uint8), np.zeros((20, 20), dtype=np.uint8)
    hollow[6:14, 6:14] = 255
    places = ((8.0, 14.0), (197.0, 14.0), (8.0, 278.0), (197.0, 278.0))
    return [Stamp(hollow if index == 1 else black, (x, y, 5.0, 5.0)) for index, (x, y) in enumerate(places)]


def _with_codes(text: str, rng: np.random.Generator) -> Sheet:
    """A letter with a QR code where ours stand."""
    bits = np.array([[0 if bit else 255 for bit in row] for row in segno.make(text, error="h").matrix], dtype=np.uint8)
    symbol = np.kron(bits, np.ones((8, 8), dtype=np.uint8))
    white = [Stroke([(5, 5)], 0.2)]
    places = ((17.0, 16.0), (168.0, 260.0))
    page = write(_set(_table(rng)), white)
    gray = page.gray.copy()
    for x, y in places:
        left, top, size = (round(v * page.per_mm[0]) for v in (x - 3, y - 3, _CODE_SIZE_MM + 6))
        gray[top : top + size, left : left + size] = 255
    return write(Sheet(gray, page.per_mm), [Stamp(symbol, (x, y, _CODE_SIZE_MM, _CODE_SIZE_MM)) for x, y in places])


def _scrawl(rng: np.random.Generator) -> list[Stroke]:
    return [
        Stroke([(float(x), float(y)) for x, y in start + rng.normal(0, 6, (8, 2)).cumsum(axis=0)], 0.6)
        for start in rng.uniform((20, 20), (190, 270), (60, 2))
    ]
