"""The digit network run with numpy: five convolutions and two dense layers on the picture of a box.

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
_BATCH = 16
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
    x = _convolve(x, weights["w3"], weights["b3"])
    x = _pool(_convolve(x, weights["w4"], weights["b4"]))
    x = _convolve(x, weights["w5"], weights["b5"])
    x = np.maximum(x.reshape(len(x), -1) @ weights["w6"] + weights["b6"], 0)
    return np.asarray(x @ weights["w7"] + weights["b7"], dtype=np.float32)


def _convolve(x: Floats, weight: Floats, bias: Floats, step: int = 1) -> Floats:
    """(n, h, w, c) with a (k, k, c, d) kernel, same size, rectified."""
    n, h, w, c = x.shape
    k, d = weight.shape[0], weight.shape[3]
    padded = np.zeros((n, h + k - 1, w + k - 1, c), np.float32)
    padded[:, k // 2 : k // 2 + h, k // 2 : k // 2 + w] = x
    # A row of the kernel lies in one piece in memory: the pixels beside each other and all their channels.
    down, across = -(-h // step), -(-w // step)
    apart, below, beside, next_ = padded.strides
    strides = (apart, step * below, step * beside, below, next_)
    windows = np.lib.stride_tricks.as_strided(padded, (n, down, across, k, k * c), strides, writeable=False)
    out = windows.reshape(n * down * across, -1) @ weight.reshape(-1, d)
    out += bias
    return np.maximum(out, 0, out=out).reshape(n, down, across, d)


def _pool(x: Floats) -> Floats:
    """The largest of every two by two; an odd last row or column is left out."""
    n, h, w, c = x.shape
    even = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    return np.asarray(even.max(axis=(2, 4)), dtype=np.float32)
