"""The second reader: a dense network on edge directions of the ink alone, upright and of one size.

It never sees the box, the place or the size of the writing, and the first reader never sees directions; what fools one
by its frame, its slant or its thickness looks different to the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def logits(weights: Mapping[str, Floats], features: Floats) -> Floats:
    """(n, `cells.FEATURES`) → (n, `network.CLASSES`)."""
    hidden = np.maximum(features @ weights["w1"] + weights["b1"], 0)
    return np.asarray(hidden @ weights["w2"] + weights["b2"], dtype=np.float32)
