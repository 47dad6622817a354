"""What stands in a box, before anybody reads it: the crop, the ink in it, and the shapes the two readers look at.

The readers see different things. The network sees the whole box with its frame, as it is. The second reader sees the
ink alone, frame taken off, upright, of one size, as directions of its edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.page import FittedPage, Gray
from parsers.findings import Box

CROP_MARGIN_MM = 1.0
CROP_PX_PER_MM = 8.0
"""A fax has 8 pixels per mm across."""
NET_SHAPE = (44, 36)
"""Rows and columns of what the network sees: 4 px per mm, 1 mm around a box of 7 by 9 mm."""
FEATURES = 200
"""Eight directions in 5 by 5 places."""

Floats = npt.NDArray[np.float32]
_FRAME_MM = 0.42
"""How far the printed frame and a misfit reach into the box."""
_INNER_MM = 0.8
"""Ink nearer to the frame than this does not make a box written on."""
_SPECK_MM2 = 0.1
_SPECK_MM = 0.75
_NORMAL_PX = 36
_SIZE_PX = 26.0
_MOST_SLANT = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """The writing in a box without its frame."""

    mask: npt.NDArray[np.uint8]
    """(h, w) at `CROP_PX_PER_MM`, 1 = ink; specks taken out."""
    area_mm2: float
    box_mm: Box
    """Around the ink, from the top left of the printed box."""
    parts: int
    """Pieces not touching each other."""
    holes: int
    """White areas it encloses."""


def crop_of(page: FittedPage, box: Box) -> Gray:
    """The box with its surroundings: (88, 72) uint8 for a box of 7 by 9 mm."""
    return page.cell(box, CROP_MARGIN_MM, CROP_PX_PER_MM).pixels


def is_blank(crop: Gray) -> bool:
    """Whether nothing but specks lies inside: no piece of ink as large or as long as a dot somebody made."""
    inset = round((CROP_MARGIN_MM + _INNER_MM) * CROP_PX_PER_MM)
    inner = (crop[inset:-inset, inset:-inset] < 128).astype(np.uint8)
    if not inner.any():
        return True
    _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    for _, _, w, h, area in stats[1:]:
        if area > _SPECK_MM2 * CROP_PX_PER_MM**2 and max(w, h) > _SPECK_MM * CROP_PX_PER_MM:
            return False
    return True


def ink_of(crop: Gray) -> Ink | None:
    """The writing in a box; None when there is nothing but specks."""
    inset = round((CROP_MARGIN_MM + _FRAME_MM) * CROP_PX_PER_MM)
    inner = (crop[inset:-inset, inset:-inset] < 128).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    tall, wide = inner.shape
    kept, parts = np.zeros(count, np.uint8), 0
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        rim = (x == 0 or y == 0 or x + w == wide or y + h == tall) and min(w, h) <= 4
        if area > _SPECK_MM2 * CROP_PX_PER_MM**2 and not rim:
            kept[index], parts = 1, parts + 1
    if not parts:
        return None
    mask = kept[pieces]
    x, y, w, h = cv2.boundingRect(mask)
    rest = _FRAME_MM
    place = tuple(v / CROP_PX_PER_MM for v in (x, y, w, h))
    box = (place[0] + rest, place[1] + rest, place[2], place[3])
    return Ink(mask, float(mask.sum()) / CROP_PX_PER_MM**2, box, parts, _holes(mask))


def _holes(mask: npt.NDArray[np.uint8]) -> int:
    """White areas of more than a speck that the ink encloses."""
    padded = np.pad(1 - mask, 1, constant_values=1)
    count, _, stats, _ = cv2.connectedComponentsWithStats(padded, connectivity=4)
    return sum(1 for index in range(2, count) if stats[index][4] >= 6)


def net_input(crops: npt.NDArray[np.uint8]) -> Floats:
    """(n, 88, 72) uint8 crops → (n, 44, 36) float32, 1 = ink."""
    small = crops.reshape(len(crops), NET_SHAPE[0], 2, NET_SHAPE[1], 2).mean(axis=(2, 4), dtype=np.float32)
    return np.asarray(1 - small / 255, dtype=np.float32)


def upright(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The ink without slant, centred, as large as fits: (36, 36) uint8, 255 = ink."""
    moments = cv2.moments(mask, binaryImage=True)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    tall2 = max(moments["mu02"] / moments["m00"], 1e-3)
    wide2 = max(moments["mu20"] / moments["m00"], 1e-3)
    slant = float(np.clip(moments["mu11"] / moments["m00"] / tall2, -_MOST_SLANT, _MOST_SLANT))
    _, _, w, h = cv2.boundingRect(mask)
    size = max(4 * np.sqrt(max(tall2, wide2)) * 0.9, max(w, h) * 0.85, 12.0)
    scale = _SIZE_PX / size
    half = _NORMAL_PX / 2
    # Column x of a slanted stroke drifts by `slant` a row: taking it out makes the stroke stand upright.
    matrix = np.array(
        [
            [scale, -scale * slant, half - scale * (x + 0.5) + scale * slant * (y + 0.5)],
            [0.0, scale, half - scale * (y + 0.5)],
        ]
    )
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    soft = cv2.GaussianBlur(mask * 255, (0, 0), 0.8)
    return np.asarray(cv2.warpAffine(soft, matrix, (_NORMAL_PX, _NORMAL_PX), flags=flags), dtype=np.uint8)


def _pooling() -> Floats:
    """(36, 5): bells over the picture, along one axis."""
    at = np.arange(_NORMAL_PX) + 0.5
    centres = (np.arange(5) + 0.5) * _NORMAL_PX / 5
    return np.exp(-0.5 * ((at[:, None] - centres) / (_NORMAL_PX / 5 * 0.6)) ** 2).astype(np.float32)


_POOL = _pooling()


def features(masks: list[npt.NDArray[np.uint8]]) -> Floats:
    """(n, `FEATURES`): how much edge of each direction lies where, square roots, of length one."""
    if not masks:
        return np.zeros((0, FEATURES), np.float32)
    pictures = np.stack([upright(mask) for mask in masks]).astype(np.float32) / 255
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    strength = np.hypot(across, down)
    turn = (np.arctan2(down, across) * (8 / (2 * np.pi))) % 8
    low = np.floor(turn).astype(np.int8)
    rest = (turn - low).astype(np.float32)
    planes = [
        np.where(low % 8 == k, strength * (1 - rest), 0) + np.where((low + 1) % 8 == k, strength * rest, 0)
        for k in range(8)
    ]
    pooled = np.stack([_POOL.T @ plane @ _POOL for plane in planes], axis=1).reshape(len(masks), -1)
    rooted = np.sqrt(np.maximum(pooled, 0))
    length = np.linalg.norm(rooted, axis=1, keepdims=True)
    return np.asarray(rooted / np.maximum(length, 1e-6), dtype=np.float32)
