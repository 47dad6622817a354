"""A sheet photographed with a phone: perspective, uneven light, a table around it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from daemon.simulation.fax.sheet import Gray, Sheet


@dataclass(frozen=True, slots=True)
class Photo:
    """How the picture is taken."""

    size_px: tuple[int, int] = (1800, 2400)
    fills: float = 0.92
    """Share of the picture's height the sheet takes."""
    tilt: float = 0.03
    """How far each corner strays from where it would be seen from straight above, as a share of the height."""
    turned_deg: float = 2.0
    """Turn of the phone, clockwise."""
    light: float = 0.45
    """How much darker the darkest corner is than the brightest."""
    desk: int = 70
    """Brightness of the table, 0–255."""
    blur_px: float = 0.8
    noise: float = 4.0
    """Standard deviation of the sensor's noise, 0–255."""


def photograph(sheet: Sheet, how: Photo, rng: np.random.Generator) -> Gray:
    """(h, w) uint8 picture of the sheet."""
    wide, tall = how.size_px
    target = _corners(sheet, how, rng)
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32) * sheet.gray.shape[::-1]
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    sharp = cv2.GaussianBlur(sheet.gray, (0, 0), max(0.6, sheet.gray.shape[0] / tall / 2))
    picture = cv2.warpPerspective(
        sharp, matrix, (wide, tall), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=how.desk
    )
    light = cv2.GaussianBlur(picture, (0, 0), how.blur_px).astype(np.float32)
    # Ink is not black and paper not white under office light.
    light = (40 + light * (195 / 255)) * _shade(how, rng)
    light += rng.standard_normal(light.shape, dtype=np.float32) * np.float32(how.noise)
    return np.asarray(np.clip(light, 0, 255), dtype=np.uint8)


def _corners(sheet: Sheet, how: Photo, rng: np.random.Generator) -> np.ndarray:
    """Where the four corners of the sheet come to lie, clockwise from its top left: (4, 2) float32."""
    wide, tall = how.size_px
    half_h = tall * how.fills / 2
    half_w = half_h * sheet.size_mm[0] / sheet.size_mm[1]
    corners = np.array([[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]])
    corners += rng.uniform(-how.tilt, how.tilt, (4, 2)) * tall
    turn = np.deg2rad(how.turned_deg)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray(corners @ rotation + np.array([wide / 2, tall / 2]), dtype=np.float32)


def _shade(how: Photo, rng: np.random.Generator) -> np.ndarray:
    """Light over the picture, 1 where it is brightest: a slope across, and a soft shadow."""
    wide, tall = how.size_px
    way = rng.uniform(0, 2 * np.pi)
    x = np.linspace(-1, 1, wide, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, tall, dtype=np.float32)[:, None]
    slope = (x * np.float32(np.cos(way)) + y * np.float32(np.sin(way))) / np.float32(np.sqrt(2))
    return np.asarray(1 - how.light * (slope + 1) / 2, dtype=np.float32)
