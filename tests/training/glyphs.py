"""Makes `parsers/fax/glyphs.npz`: every glyph a name may hold, printed, faxed a dozen times, projected.

`python -m tests.training.glyphs` prints the face on sheets, sends them through two and three passes of both
resolutions in calm weather, takes each glyph's portrait as the reader does, and fits a linear discriminant. An
eighth of the portraits is kept back to tell how often the nearest mean is wrong. Takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

import parsers.names
from daemon.simulation.fax import FINE, NORMAL, Sheet, Weather, draw_passes, fax, placed
from parsers.fax.glyphs import Em, portrait

DPI, POINTS, PER_MM = 300, 16, 8.0
MM = DPI / 25.4
EM_MM = POINTS * 25.4 / 72
PITCH_MM, LEFT_MM, TOP_MM = 7.0, 12.0, 16.0
COLUMNS, ROWS = 27, 38
ASCENT_EM = 0.88
"""Top of the em square above the base line, as in the form."""
ASTRAY_MM = 0.12
"""How far the fit of a page puts a glyph off, standard deviation."""
DIMENSIONS = 80
RIDGE = 3e-3
CALM = Weather(header=0, streak=0, lost=0, cut=0, upside_down=0)
PASSES = (
    ((NORMAL, NORMAL), 4),
    ((FINE, FINE), 3),
    ((NORMAL, FINE), 1),
    ((FINE, NORMAL), 1),
    ((NORMAL, NORMAL, NORMAL), 1),
)
OUT = Path(__file__).parents[2] / "parsers" / "fax" / "glyphs.npz"


def face() -> Path:
    """The face the forms are set in."""
    folder = Path(str(files("noto_cjk_sans_jp_regular")))
    return next(p for p in sorted(folder.rglob("*")) if p.suffix in {".otf", ".ttf", ".ttc"})


def glyphs_of_names() -> str:
    """Kana and kanji of cp932, and the variants `parsers.names` knows, as far as the face has them."""
    found: set[str] = set()
    for high in range(0x81, 0xFD):
        for low in range(0x40, 0xFD):
            text = bytes([high, low]).decode("cp932", "ignore")
            if len(text) == 1 and ("ぁ" <= text <= "ヿ" or "一" <= text <= "\u9fff" or "\uf900" <= text <= "\ufaff"):
                found.add(text)
    found |= set("々〆ー・")
    found |= set("".join((parsers.names._SAME, parsers.names._CONFUSED)).replace(" ", ""))
    there = TTFont(face(), fontNumber=0).getBestCmap()
    return "".join(sorted(g for g in found if ord(g) in there and g not in "ヽヾゝゞ"))


@dataclass(frozen=True)
class Printed:
    """A sheet full of glyphs."""

    glyphs: str
    sheet: Sheet
    lowered_mm: float
    """From where a glyph is drawn to the top of its em square."""


def printed(glyphs: str) -> Iterator[Printed]:
    """All glyphs, sheet by sheet."""
    font = ImageFont.truetype(str(face()), round(EM_MM * MM))
    lowered = font.getmetrics()[0] / MM - ASCENT_EM * EM_MM
    for start in range(0, len(glyphs), COLUMNS * ROWS):
        part = glyphs[start : start + COLUMNS * ROWS]
        picture = Image.new("L", (round(210 * MM), round(297 * MM)), 255)
        pen = ImageDraw.Draw(picture)
        for at, glyph in enumerate(part):
            x, y = place_mm(at)
            pen.text((x * MM, y * MM), glyph, font=font, fill=0, anchor="la")
        yield Printed(part, Sheet(np.array(picture), (MM, MM)), lowered)


def place_mm(at: int) -> tuple[float, float]:
    """Where glyph number `at` of a sheet is drawn."""
    return at % COLUMNS * PITCH_MM + LEFT_MM, at // COLUMNS * PITCH_MM + TOP_MM


def received(sheet: Sheet, resolutions: tuple[tuple[float, float], ...], rng: np.random.Generator) -> np.ndarray:
    """The sheet faxed and straightened by what the simulator knows."""
    matrix = np.eye(3)
    for how in draw_passes(rng, resolutions, CALM):
        matrix = placed(sheet.size_mm, how) @ matrix
        sheet = fax(sheet, how, rng)
    to_page = np.diag([*sheet.per_mm, 1.0]) @ matrix @ np.diag([1 / PER_MM, 1 / PER_MM, 1])
    size = round(210 * PER_MM), round(297 * PER_MM)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(sheet.gray, to_page[:2], size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=255)


def portraits(glyphs: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n, SIDE²) float32, 1 = ink, and (n,) which glyph."""
    pictures, labels, number = [], [], {g: n for n, g in enumerate(glyphs)}
    for resolutions, times in PASSES:
        for page in printed(glyphs):
            for _ in range(times):
                upright = received(page.sheet, resolutions, rng)
                for at, glyph in enumerate(page.glyphs):
                    x, y = np.array(place_mm(at)) + rng.normal(0, ASTRAY_MM, 2)
                    em = Em(x * PER_MM, (y + page.lowered_mm) * PER_MM, EM_MM * PER_MM, EM_MM * PER_MM)
                    seen = portrait(upright, em)
                    if seen is not None:
                        pictures.append(seen)
                        labels.append(number[glyph])
        print(resolutions, len(pictures), flush=True)
    return (255 - np.stack(pictures).reshape(len(pictures), -1)).astype(np.float32) / 255, np.array(labels)


def fit(pictures: np.ndarray, labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Projection (SIDE², DIMENSIONS) with the spread within glyphs made 1, and the mean of each glyph under it."""
    means = np.zeros((count, pictures.shape[1]), np.float32)
    np.add.at(means, labels, pictures)
    means /= np.maximum(np.bincount(labels, minlength=count), 1)[:, None]
    within = pictures - means[labels]
    spread = within.T @ within / len(pictures)
    spread += np.eye(len(spread), dtype=np.float32) * (RIDGE * np.trace(spread) / len(spread))
    apart = means - means.mean(axis=0)
    values, vectors = np.linalg.eigh(spread.astype(np.float64))
    whiten = vectors / np.sqrt(values)
    _, best = np.linalg.eigh(whiten.T @ (apart.T @ apart / count) @ whiten)
    projection = (whiten @ best[:, ::-1])[:, :DIMENSIONS]
    return projection, means @ projection


def wrong(projection: np.ndarray, means: np.ndarray, pictures: np.ndarray, labels: np.ndarray) -> float:
    """Share of portraits nearer to the mean of another glyph."""
    points = pictures @ projection
    return float(np.mean(((means**2).sum(axis=1) - 2 * points @ means.T).argmin(axis=1) != labels))


def store(projection: np.ndarray, means: np.ndarray, glyphs: str, path: Path) -> None:
    """Means as signed bytes, each dimension with its own scale."""
    centre = means.mean(axis=0)
    scale = np.abs(means - centre).max(axis=0) / 127
    np.savez_compressed(
        path,
        glyphs=np.array(glyphs),
        projection=projection.astype(np.float16),
        centre=centre.astype(np.float32),
        means=np.round((means - centre) / scale).astype(np.int8),
        scale=scale.astype(np.float32),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    glyphs = glyphs_of_names()
    pictures, labels = portraits(glyphs, rng)
    kept = rng.random(len(labels)) < 1 / 8
    tried = wrong(*fit(pictures[~kept], labels[~kept], len(glyphs)), pictures[kept][:10_000], labels[kept][:10_000])
    print(f"{len(glyphs)} glyphs, {len(labels)} portraits; nearest mean wrong for {tried:.2%} of those kept back")
    store(*fit(pictures, labels, len(glyphs)), glyphs, chosen.out)


if __name__ == "__main__":
    main()
