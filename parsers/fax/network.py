"""The digit network run with numpy: four convolutions and two dense layers on the picture of a box.

No inference library: 150 boxes cost a few dozen milliseconds and the reading process stays small. The weights come
from `python -m tests.training.train`, batch normalisation folded into them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
CLASSES = 14
"""Digits 0–9, an empty box, a digit struck out or written over, a mark (〃, tick, dash), other writing."""
BLANK, STRUCK, MARK, OTHER = 10, 11, 12, 13
_BATCH = 32
"""Boxes at a time: the unfolded pictures stay in the processor's cache."""


def logits(weights: Mapping[str, Floats], pictures: Floats) -> Floats:
    """(n, 44, 36) float32, 1 = ink → (n, `CLASSES`)."""
    if not len(pictures):
        return np.zeros((0, CLASSES), np.float32)
    parts = [_forward(weights, pictures[at : at + _BATCH]) for at in range(0, len(pictures), _BATCH)]
    return np.concatenate(parts)


def _forward(weights: Mapping[str, Floats], pictures: Floats) -> Floats:
    x = pictures[..., None]
    x = _convolve(x, weights["w1"], weights["b1"], step=2)
    x = _convolve(x, weights["w2"], weights["b2"], step=2)
    x = _pool(_convolve(x, weights["w3"], weights["b3"]))
    x = _convolve(x, weights["w4"], weights["b4"])
    x = np.maximum(x.reshape(len(x), -1) @ weights["w5"] + weights["b5"], 0)
    return np.asarray(x @ weights["w6"] + weights["b6"], dtype=np.float32)


def _convolve(x: Floats, weight: Floats, bias: Floats, step: int = 1) -> Floats:
    """(n, h, w, c) with a (k, k, c, d) kernel, same size, rectified."""
    k = weight.shape[0]
    padded = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))[:, ::step, ::step]
    n, h, w = windows.shape[:3]
    unfolded = windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * h * w, -1)
    out = unfolded @ weight.reshape(-1, weight.shape[3]) + bias
    return np.asarray(np.maximum(out, 0, out=out).reshape(n, h, w, -1), dtype=np.float32)


def _pool(x: Floats) -> Floats:
    """The largest of every two by two; an odd last row or column is left out."""
    n, h, w, c = x.shape
    even = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    return np.asarray(even.max(axis=(2, 4)), dtype=np.float32)
