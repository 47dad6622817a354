"""Boxes read by two readers of different kind; only what both say, clearly, is a digit.

The first is a network on the box as it is (`parsers.fax.network`; where it is not quite clear others are asked, and
their answers averaged), the second one on edge directions of the ink alone (`parsers.fax.shapes`). A third look, how
far the shape is from all digits of that kind (`parsers.fax.quadratic`), is evidence for the certainty and nothing else.

How sure a digit is comes from a logistic curve over the margins of all three, fitted on people none of them learned
from (`tests.training.calibrate`); the model file says on how many.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from parsers.fax import cells, network, quadratic, shapes
from parsers.findings import Problem

Floats = npt.NDArray[np.float32]
_PROBLEMS = {
    network.STRUCK: Problem.STRUCK_OUT,
    network.MARK: Problem.DITTO_UNRESOLVED,
    network.OTHER: Problem.EXTRA_TEXT,
}
_FAR, _SPREAD = 9.0, 20.0
"""Cap of a distance; what makes differences of distances as large as those of logits."""
_AGAINST_NO_DIGIT, _A_DIGIT = 2, 2.0
"""Which evidence that is, and its least value for a digit: seven to one."""
_MILDER = 2.0
"""Temperature: how far down the list of other digits still counts."""
_CLEAR = 8.0
"""Margin of a network nobody else needs to be asked after."""
_GUESSED = 0.02
"""Share of the network's belief that makes a digit worth offering to a person."""


@dataclass(frozen=True, slots=True)
class BoxReading:
    """What stands in one box."""

    blank: bool
    """Nothing is written in it."""
    digit: int | None
    """What both readers say; None when they differ, or one of them sees no digit."""
    sure: float
    """Calibrated probability that `digit` is what was written; of an empty box, that it is empty."""
    network: int
    """The first reader's answer: 0–9, or a class of `parsers.fax.network`."""
    shape: int
    """The second reader's answer, likewise."""
    guesses: tuple[int, ...] = ()
    """Digits either reader thinks possible, likeliest first: for a person to choose from."""
    problem: Problem | None = None
    """Why it is neither blank nor a digit."""
    others: tuple[float, ...] = ()
    """If `digit` is wrong, how likely each of 0–9 is what was written; () = nobody knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    """All readers on a number of boxes."""

    blank: npt.NDArray[np.bool_]
    network: Floats
    """(n, 14), the mean of the networks."""
    dissent: Floats
    """(n,): how little the most doubtful network believes in the common answer, −log of its probability."""
    shapes: Floats
    """(n, 14) of the second reader; all zero where there is no ink."""
    distances: Floats
    """(n, 10): how far the ink is from each digit; infinite where there is none."""

    def both(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The answers of the first and the second reader; the second one's is BLANK where there is no ink."""
        second = np.where(self.inked(), self.shapes.argmax(axis=1), network.BLANK)
        return self.network.argmax(axis=1), second

    def inked(self) -> npt.NDArray[np.bool_]:
        """Where the second reader had something to look at."""
        return np.isfinite(self.distances[:, 0])

    def evidence(self) -> Floats:
        """(n, 6): what the calibration weighs, of the first reader's answer; higher is surer but for the last two.

        Margin of the networks, margin of the second reader, the networks against everything that is no digit, the
        shape's margin over the nearest other digit, its distance, dissent among the networks.
        """
        answer = np.minimum(self.network[:, :10].argmax(axis=1), 9)
        rows = np.arange(len(answer))
        far = np.where(self.inked()[:, None], self.distances, _FAR)
        own = far[rows, answer]
        others = far.copy()
        others[rows, answer] = np.inf
        parts = (
            (_margin(self.network), -5, 15),
            (self.shapes[rows, answer] - _best_other(self.shapes, answer), -5, 15),
            (self.network[rows, answer] - self.network[:, network.BLANK :].max(axis=1), -5, 15),
            (_SPREAD * (others.min(axis=1) - own), -5, 15),
            (own, 0, _FAR),
            (self.dissent, 0, 9),
        )
        return np.stack([np.clip(part, low, high) for part, low, high in parts], axis=1).astype(np.float32)


class DigitReader:
    """All readers with one model."""

    def __init__(self, model: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """`model`: the arrays of a model file, as `tests.training.build` writes it."""
        self._shapes, self._likeness = _part(model, "s/"), _part(model, "q/")
        names = sorted({key.split("/")[0] for key in model if key.startswith("n")})
        self._networks = [_part(model, f"{name}/") for name in names]
        self._weights = np.asarray(model["calibration"], np.float64) if "calibration" in model else np.zeros(7)
        self.accepts = float(model["accepts"]) if "accepts" in model else 1.0
        """Least confidence of a date that is accepted."""

    def opinions(self, crops: npt.NDArray[np.uint8]) -> Opinions:
        """Ask all. `crops`: (n, 88, 72) as `parsers.fax.cells.crops_of` cuts them; blank ones are not read."""
        count = len(crops)
        blank = np.array([cells.is_blank(crop) for crop in crops], dtype=np.bool_)
        first = np.zeros((count, network.CLASSES), np.float32)
        first[:, network.BLANK] = 20.0
        dissent = np.zeros(count, np.float32)
        second = np.zeros((count, network.CLASSES), np.float32)
        distances = np.full((count, 10), np.inf, np.float32)
        there = np.flatnonzero(~blank)
        if len(there):
            first[there], dissent[there] = self._ask_networks(cells.net_input(crops[there]))
            inks = {int(index): ink for index in there if (ink := cells.ink_of(crops[index])) is not None}
            features, at = cells.features(list(inks.values())), list(inks)
            second[at] = shapes.logits(self._shapes, features)
            distances[at] = quadratic.distances(self._likeness, features)
        return Opinions(blank, first, dissent, second, distances)

    def _ask_networks(self, pictures: Floats) -> tuple[Floats, Floats]:
        """Their mean and their dissent; where the first one is quite clear no other is asked."""
        mean = network.logits(self._networks[0], pictures)
        dissent = _dissent(mean[None])
        doubtful = np.flatnonzero(_margin(mean) < _CLEAR)
        if len(doubtful):
            others = [network.logits(weights, pictures[doubtful]) for weights in self._networks[1:]]
            each = np.stack([mean[doubtful], *others])
            mean[doubtful], dissent[doubtful] = each.mean(axis=0), _dissent(each)
        return mean, dissent

    def sure(self, opinions: Opinions) -> npt.NDArray[np.float64]:
        """(n,): probability that the first reader's answer is right, given that both say it, by the calibration.

        0 for what may well be no digit at all: of that the calibration, fitted on digits, knows nothing.
        """
        evidence = opinions.evidence().astype(np.float64)
        score = evidence @ self._weights[:-1] + self._weights[-1]
        return np.where(evidence[:, _AGAINST_NO_DIGIT] < _A_DIGIT, 0.0, 1 / (1 + np.exp(-score)))

    def read(self, crops: npt.NDArray[np.uint8]) -> list[BoxReading]:
        """One reading a crop."""
        if not len(crops):
            return []
        seen = self.opinions(crops)
        first, second = seen.both()
        sure = self.sure(seen)
        return [
            _reading(seen, index, int(first[index]), int(second[index]), float(sure[index]))
            for index in range(len(crops))
        ]


def _reading(seen: Opinions, index: int, first: int, second: int, sure: float) -> BoxReading:
    if seen.blank[index]:
        return BoxReading(True, None, 1.0, network.BLANK, network.BLANK)
    guesses = _guesses(seen.network[index], second)
    if first < network.BLANK and first == second:
        others = _others(seen.network[index], seen.shapes[index], first)
        return BoxReading(False, first, sure, first, second, guesses, None, others)
    named = _PROBLEMS.get(first) or _PROBLEMS.get(second) or Problem.LOW_CONFIDENCE
    problem = named if first >= network.BLANK else Problem.LOW_CONFIDENCE
    return BoxReading(False, None, 0.0, first, second, guesses, problem)


def _guesses(logits: Floats, second: int) -> tuple[int, ...]:
    belief = np.exp(logits[:10] - logits[:10].max())
    belief /= belief.sum()
    likely = [int(d) for d in np.argsort(-belief)[:3] if belief[d] >= _GUESSED]
    return tuple(dict.fromkeys([*likely, *([second] if second < network.BLANK else [])]))


def _others(first: Floats, second: Floats, answer: int) -> tuple[float, ...]:
    """What else a digit may be, by both readers; a tenth is left to what neither thinks of."""
    share = np.zeros(10)
    for logits in (first, second):
        belief = np.exp((logits[:10] - logits[:10].max()).astype(np.float64) / _MILDER)
        belief[answer] = 0.0
        share += 0.45 * belief / max(float(belief.sum()), 1e-12)
    share += 0.1 / 9
    share[answer] = 0.0
    return tuple(float(value) for value in share)


def _margin(logits: Floats) -> Floats:
    ordered = np.sort(logits, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2], dtype=np.float32)


def _best_other(logits: Floats, answer: npt.NDArray[np.intp]) -> Floats:
    others = logits.copy()
    others[np.arange(len(answer)), answer] = -np.inf
    return np.asarray(others.max(axis=1), dtype=np.float32)


def _dissent(each: Floats) -> Floats:
    """(networks, n, 14) → (n,): −log of the least probability any network gives the common answer."""
    answer = each.mean(axis=0).argmax(axis=1)
    top = each.max(axis=2)
    total = top + np.log(np.exp(each - top[:, :, None]).sum(axis=2))
    own = each[:, np.arange(each.shape[1]), answer]
    return np.asarray((total - own).max(axis=0), dtype=np.float32)


def _part(model: Mapping[str, npt.NDArray[np.generic]], prefix: str) -> dict[str, Floats]:
    return {
        key[len(prefix) :]: np.asarray(value, dtype=np.float32)
        for key, value in model.items()
        if key.startswith(prefix)
    }


@cache
def digit_reader() -> DigitReader:
    """The reader with the model this version ships."""
    data = files("parsers.fax").joinpath("digits.npz").read_bytes()
    with np.load(io.BytesIO(data)) as model:
        return DigitReader({key: model[key] for key in model.files})


def stack(crops: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Crops of equal size as one array; (0, 88, 72) for none."""
    if not crops:
        return np.zeros((0, cells.NET_SHAPE[0] * 2, cells.NET_SHAPE[1] * 2), np.uint8)
    return np.stack(list(crops))
