"""How far a shape is from each digit: Kimura's modified quadratic discriminant function on edge directions.

It knows for each digit what its shapes are like, not what tells it from others: what resembles no digit is far from
all of them. Not accurate enough to be a reader of its own; it lowers the certainty of the two that are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def distances(model: Mapping[str, Floats], features: Floats) -> Floats:
    """(n, `cells.FEATURES`) → (n, 10): how far each shape is from each digit, per dimension; smaller is likelier."""
    reduced = (features - model["mean"]) @ model["project"]
    found = [_distance(reduced - model["centre"][digit], model, digit) for digit in range(10)]
    return np.stack(found, axis=1) if len(features) else np.zeros((0, 10), np.float32)


def _distance(off: Floats, model: Mapping[str, Floats], digit: int) -> Floats:
    along = off @ model["axes"][digit]
    values, floor = model["values"][digit], model["floor"]
    rest = np.maximum((off * off).sum(axis=1) - (along * along).sum(axis=1), 0)
    total = (along * along / values).sum(axis=1) + rest / floor + model["bias"][digit]
    return np.asarray(total / off.shape[1], dtype=np.float32)
