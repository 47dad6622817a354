"""What stands in a box, before anybody reads it: the crop, the ink in it, and the shapes the two readers look at.

The readers see different things. The network sees the whole box with its frame, as it is. The second reader sees the
ink alone, frame taken off, upright, of one size, as directions of its edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.page import FittedPage, Gray, cut
from parsers.findings import Box

CROP_MARGIN_MM = 1.0
STRIP_MARGIN_MM = 2.0
CROP_PX_PER_MM = 8.0
"""A fax has 8 pixels per mm across."""
NET_SHAPE = (44, 36)
"""Rows and columns of what the network sees: 4 px per mm, 1 mm around a box of 7 by 9 mm."""
_DIRECTIONS, _PLACES = 8, 6
FEATURES = _DIRECTIONS * _PLACES**2
"""Eight directions in 6 by 6 places."""

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]
_FRAME_MM = 0.42
"""How far the printed frame and a misfit reach into the box."""
_INNER_MM = 0.8
"""Ink nearer to the frame than this does not make a box written on."""
_SPECK_MM2 = 0.1
_SPECK_MM = 0.75
_RIM_PX = 4
"""Thickness of what is left of a frame that lies a little off."""
_NORMAL_PX = 36
_SIZE_PX = 26.0
_MOST_SLANT = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The six boxes of a date and the paper around them, cut out once; everything looked at is a part of it."""

    pixels: Gray
    corner_mm: tuple[float, float]
    """Where its top left pixel lies on the form."""

    def part(self, box: Box, moved_mm: tuple[float, float] = (0.0, 0.0)) -> Gray:
        """The pixels of a place of the form, to the nearest pixel (1/16 mm)."""
        x, y, w, h = box
        left = round((x + moved_mm[0] - self.corner_mm[0]) * CROP_PX_PER_MM)
        top = round((y + moved_mm[1] - self.corner_mm[1]) * CROP_PX_PER_MM)
        return self.pixels[top : top + round(h * CROP_PX_PER_MM), left : left + round(w * CROP_PX_PER_MM)]


def strip_of(page: FittedPage, digits: Sequence[Box]) -> Strip:
    """Cut the strip of a date; `moved_mm` of `Strip.part` then counts from the mean move of its boxes."""
    x, y, w, h = hull(digits)
    m = STRIP_MARGIN_MM
    area = (x - m, y - m, w + 2 * m, h + 2 * m)
    return Strip(cut(page.gray, page.warp, area, _mean_move(page, digits), CROP_PX_PER_MM), (area[0], area[1]))


def crops_of(page: FittedPage, digits: Sequence[Box], strip: Strip) -> list[Gray]:
    """Each box with 1 mm around it, by its own refined place: six of (88, 72) uint8."""
    mean = _mean_move(page, digits)
    return [_boxed(strip, box, _less(page.cells[box].moved_mm, mean)) for box in digits]


def _boxed(strip: Strip, box: Box, moved_mm: tuple[float, float]) -> Gray:
    x, y, w, h = box
    m = CROP_MARGIN_MM
    # No box strays further from the others than the strip has room for.
    room = STRIP_MARGIN_MM - m
    near = (max(-room, min(room, moved_mm[0])), max(-room, min(room, moved_mm[1])))
    return strip.part((x - m, y - m, w + 2 * m, h + 2 * m), near)


def _mean_move(page: FittedPage, digits: Sequence[Box]) -> tuple[float, float]:
    moves = [page.cells[box].moved_mm for box in digits]
    return sum(m[0] for m in moves) / len(moves), sum(m[1] for m in moves) / len(moves)


def _less(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] - other[0], one[1] - other[1]


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of them."""
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, round(right - left, 3), round(bottom - top, 3)


def is_blank(crop: Gray) -> bool:
    """Whether nothing but specks lies inside: no piece of ink as large or as long as a dot somebody made."""
    inset = round((CROP_MARGIN_MM + _INNER_MM) * CROP_PX_PER_MM)
    inner = (crop[inset:-inset, inset:-inset] < 128).astype(np.uint8)
    if not inner.any():
        return True
    _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    pieces = stats[1:]
    large = pieces[:, cv2.CC_STAT_AREA] > _SPECK_MM2 * CROP_PX_PER_MM**2
    long = pieces[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1) > _SPECK_MM * CROP_PX_PER_MM
    return not bool((large & long).any())


def ink_of(crop: Gray) -> Mask | None:
    """The writing in a box without its frame: (h, w) uint8, 1 = ink, specks taken out; None when nothing is left."""
    inset = round((CROP_MARGIN_MM + _FRAME_MM) * CROP_PX_PER_MM)
    inner = (crop[inset:-inset, inset:-inset] < 128).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    inside = np.bincount(pieces[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX].ravel(), minlength=count)
    kept = ((stats[:, 4] > _SPECK_MM2 * CROP_PX_PER_MM**2) & (inside > 0)).astype(np.uint8)
    kept[0] = 0
    return kept[pieces] if kept.any() else None


def net_input(crops: npt.NDArray[np.uint8]) -> Floats:
    """(n, 88, 72) uint8 crops → (n, 44, 36) float32, 1 = ink."""
    wide = crops.astype(np.uint16)
    four = wide[:, ::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, ::2] + wide[:, 1::2, 1::2]
    return np.asarray(1 - four.astype(np.float32) / np.float32(4 * 255), dtype=np.float32)


def upright(mask: Mask) -> Mask:
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
    """(36, 6): bells over the picture, along one axis."""
    at, pitch = np.arange(_NORMAL_PX) + 0.5, _NORMAL_PX / _PLACES
    centres = (np.arange(_PLACES) + 0.5) * pitch
    return np.exp(-0.5 * ((at[:, None] - centres) / (pitch * 0.6)) ** 2).astype(np.float32)


_POOL = _pooling()


def features(masks: Sequence[Mask]) -> Floats:
    """(n, `FEATURES`): how much edge of each direction lies where, square roots, of length one."""
    if not masks:
        return np.zeros((0, FEATURES), np.float32)
    pictures = np.stack([upright(mask) for mask in masks]).astype(np.float32)
    planes = _planes(pictures).reshape(-1, _NORMAL_PX, _NORMAL_PX)
    pooled = np.matmul(np.matmul(_POOL.T, planes), _POOL).reshape(len(masks), -1)
    rooted = np.sqrt(np.maximum(pooled, 0))
    length = np.linalg.norm(rooted, axis=1, keepdims=True)
    return np.asarray(rooted / np.maximum(length, 1e-6), dtype=np.float32)


def _planes(pictures: Floats) -> Floats:
    """(n, 8 · 36 · 36): strength of the edge at every pixel, shared out to the two directions next to its own."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    which, row, col = np.nonzero((across != 0) | (down != 0))  # most of a picture is no edge
    g, h = across[which, row, col], down[which, row, col]
    turn = np.arctan2(h, g) * np.float32(_DIRECTIONS / (2 * np.pi))
    low = np.floor(turn)
    strength = np.hypot(g, h)
    beyond = strength * (turn - low)
    direction = low.astype(np.intp) % _DIRECTIONS
    size = _NORMAL_PX**2
    at = which * (_DIRECTIONS * size) + row * _NORMAL_PX + col
    planes = np.zeros(len(pictures) * _DIRECTIONS * size, np.float32)
    planes[at + direction * size] = strength - beyond
    planes[at + (direction + 1) % _DIRECTIONS * size] += beyond
    return planes
