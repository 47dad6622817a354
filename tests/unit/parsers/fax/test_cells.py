"""What stands in a box, and the shapes two readers look at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from parsers.fax import cells, network, quadratic


def empty_box(misfit: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A printed box of 7 by 9 mm with 1 mm around it, 8 px per mm."""
    crop = np.full((88, 72), 255, np.uint8)
    x, y = 8 + misfit[0], 8 + misfit[1]
    cv2.rectangle(crop, (x, y), (x + 56, y + 72), 0, 3)
    return crop


def written(misfit: tuple[int, int] = (0, 0)) -> np.ndarray:
    crop = empty_box(misfit)
    cv2.ellipse(crop, (36, 44), (12, 20), 0, 0, 360, 0, 4)
    return crop


@pytest.mark.parametrize("misfit", [(0, 0), (3, 0), (-3, 3), (0, -3)])
def test_a_frame_that_lies_a_little_off_is_no_writing(misfit: tuple[int, int]) -> None:
    assert cells.is_blank(empty_box(misfit))


def test_specks_are_no_writing() -> None:
    crop = empty_box()
    crop[30:32, 30:33] = 0
    crop[60, 50] = 0
    assert cells.is_blank(crop)


def test_the_shortest_stroke_is_writing() -> None:
    crop = empty_box()
    cv2.line(crop, (36, 40), (36, 50), 0, 3)
    assert not cells.is_blank(crop)


@pytest.mark.parametrize("misfit", [(0, 0), (3, 0), (-3, 3), (0, -3)])
def test_the_ink_of_a_ring_is_the_ring_without_the_frame(misfit: tuple[int, int]) -> None:
    ink = cells.ink_of(written(misfit))
    assert ink is not None
    _, _, wide, tall = cv2.boundingRect(ink)
    assert (wide, tall) == (29, 45)
    assert cells.ink_of(empty_box(misfit)) is None


def test_where_the_digit_stands_and_how_large_it_is_hardly_matters_to_the_second_reader() -> None:
    small, large = np.zeros((60, 44), np.uint8), np.zeros((60, 44), np.uint8)
    cv2.ellipse(small, (12, 16), (5, 9), 0, 0, 360, 1, 2)
    cv2.ellipse(large, (24, 30), (12, 22), 0, 0, 360, 1, 4)
    one, two = cells.features([small, large])
    assert float(one @ two) > 0.97
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)


def test_the_network_in_numpy_is_that_of_the_formula() -> None:
    rng = np.random.default_rng(3)
    x, weight, bias = rng.random((2, 6, 5, 3)), rng.random((3, 3, 3, 4)) - 0.5, rng.random(4)
    found = network._convolve(x.astype(np.float32), weight.astype(np.float32), bias.astype(np.float32))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = np.einsum("nabc,abcd->nd", padded[:, 2:5, 1:4], weight) + bias
    assert np.allclose(found[:, 2, 1], np.maximum(expected, 0), atol=1e-5)


def test_pooling_leaves_an_odd_last_row_out() -> None:
    x = np.arange(2 * 5 * 4, dtype=np.float32).reshape(1, 5, 4, 2)
    pooled = network._pool(x)
    assert pooled.shape == (1, 2, 2, 2)
    assert pooled[0, 0, 0].tolist() == [10.0, 11.0]


def test_what_resembles_no_digit_is_far_from_all_of_them() -> None:
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    model = {
        "mean": np.zeros(4), "project": np.eye(4), "centre": rng.normal(size=(10, 4)) * 5,
        "axes": np.stack([axes[:, :2]] * 10), "values": np.ones((10, 2)), "floor": np.array(1.0), "bias": np.zeros(10),
    }  # fmt: skip
    model = {k: v.astype(np.float32) for k, v in model.items()}
    near = quadratic.distances(model, model["centre"])
    assert near.argmin(axis=1).tolist() == list(range(10))
    stray = quadratic.distances(model, np.full((1, 4), 100, np.float32))
    assert stray.min() > 100 * near.min(axis=1).max() + 100


def test_no_boxes_are_no_readings() -> None:
    assert network.logits({}, np.zeros((0, 44, 36), np.float32)).shape == (0, 14)
    assert cells.features([]).shape == (0, cells.FEATURES)
