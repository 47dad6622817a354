"""How bad it is out there: draws the passes of one page from ranges seen in practice (capture.md §3.4, §3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from daemon.simulation.fax.passes import FINE, FaxPass, LostLines, Streak

_NONE = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Weather:
    """Ranges and probabilities of one pass. The defaults are those of §3.5, with header lines and cut edges added."""

    gain_mm: tuple[float, float] = (0.0, 0.084)
    scale: tuple[float, float] = (0.95, 1.0)
    """Of both axes together."""
    scale_apart: float = 0.01
    """How far the axes may differ, at most."""
    skew_deg: float = 1.2
    shift_mm: float = 2.0
    threshold: tuple[float, float] = (0.38, 0.62)
    uneven: float = 0.04
    noise: tuple[float, float] = (0.01, 0.06)
    speckles_per_cm2: tuple[float, float] = (0.0, 0.15)
    streak: float = 0.05
    """Probability of a black streak; half as often a white one."""
    streak_mm: tuple[float, float] = (0.12, 0.6)
    lost: float = 0.3
    """Probability of one to three lines lost or repeated."""
    header: float = 0.9
    cut: float = 0.05
    """Probability of an edge cut by up to 8 mm; the same again for a folded corner."""
    upside_down: float = 0.1
    """On the first pass only: later ones come from a machine."""

    def calm(self) -> Weather:
        """The same machines, nothing broken: no streaks, lost lines, cut edges, sheets upside down."""
        return Weather(
            self.gain_mm,
            self.scale,
            self.scale_apart,
            self.skew_deg,
            self.shift_mm,
            self.threshold,
            self.uneven,
            self.noise,
            self.speckles_per_cm2,
            streak=0.0,
            lost=0.0,
            cut=0.0,
            upside_down=0.0,
        )


def draw_passes(
    rng: np.random.Generator,
    modes: Sequence[tuple[float, float]] = (FINE, FINE),
    weather: Weather | None = None,
    size_mm: tuple[float, float] = (210.0, 297.0),
) -> tuple[FaxPass, ...]:
    """One pass for each mode, in the order they happen."""
    weather = weather or Weather()
    return tuple(draw_pass(rng, mode, weather, first=index == 0, size_mm=size_mm) for index, mode in enumerate(modes))


def draw_pass(
    rng: np.random.Generator,
    mode: tuple[float, float],
    weather: Weather,
    *,
    first: bool = False,
    size_mm: tuple[float, float] = (210.0, 297.0),
) -> FaxPass:
    """One pass in this weather."""
    scale = rng.uniform(*weather.scale)
    apart = rng.uniform(-weather.scale_apart, weather.scale_apart)
    shift = rng.uniform(-weather.shift_mm, weather.shift_mm, 2)
    return FaxPass(
        dpi=mode,
        scale=(float(scale), float(scale * (1 + apart))),
        turned_deg=180 if first and rng.random() < weather.upside_down else 0,
        skew_deg=float(rng.uniform(-weather.skew_deg, weather.skew_deg)),
        shift_mm=(float(shift[0]), float(shift[1])),
        gain_mm=float(rng.uniform(*weather.gain_mm)),
        threshold=float(rng.uniform(*weather.threshold)),
        uneven=weather.uneven,
        noise=float(rng.uniform(*weather.noise)),
        speckles_per_cm2=float(rng.uniform(*weather.speckles_per_cm2)),
        streaks=tuple(_streaks(rng, weather, size_mm)),
        lost=_lost(rng, weather, size_mm),
        header=_header(rng) if rng.random() < weather.header else "",
        header_pushes=bool(rng.random() < 0.5),
        cut_mm=_one_of_four(rng, 1.0, 8.0) if rng.random() < weather.cut else _NONE,
        folded_mm=_one_of_four(rng, 5.0, 25.0) if rng.random() < weather.cut else _NONE,
    )


def _streaks(rng: np.random.Generator, weather: Weather, size_mm: tuple[float, float]) -> list[Streak]:
    found = []
    for black, probability in ((True, weather.streak), (False, weather.streak / 2)):
        if rng.random() < probability:
            found.append(Streak(float(rng.uniform(0, size_mm[0])), float(rng.uniform(*weather.streak_mm)), black))
    return found


def _lost(rng: np.random.Generator, weather: Weather, size_mm: tuple[float, float]) -> tuple[LostLines, ...]:
    if rng.random() >= weather.lost:
        return ()
    return (LostLines(float(rng.uniform(0, size_mm[1])), int(rng.integers(1, 4)), bool(rng.random() < 0.5)),)


def _header(rng: np.random.Generator) -> str:
    hour, minute = int(rng.integers(8, 18)), int(rng.integers(60))
    number = f"0{int(rng.integers(10, 100))}-{int(rng.integers(100, 1000))}-{int(rng.integers(1000, 10000))}"
    page = int(rng.integers(1, 4))
    return f"2026-04-{int(rng.integers(1, 29)):02d} {hour:02d}:{minute:02d}   FROM {number}   P.{page:03d}/{page:03d}"


def _one_of_four(rng: np.random.Generator, least: float, most: float) -> tuple[float, float, float, float]:
    edges = [0.0, 0.0, 0.0, 0.0]
    edges[int(rng.integers(4))] = float(rng.uniform(least, most))
    return edges[0], edges[1], edges[2], edges[3]
