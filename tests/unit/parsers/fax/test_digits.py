"""Boxes read by several networks and the reader of edge directions: who is asked, and when it counts."""

from __future__ import annotations

from importlib.resources import files

import cv2
import numpy as np
import pytest

from parsers.fax import cells, network
from parsers.fax.digits import BoxReading, DigitReader, digit_reader
from parsers.findings import Problem

SHAPE = (cells.NET_SHAPE[0] * 2, cells.NET_SHAPE[1] * 2)


def box(*strokes: tuple[tuple[int, int], tuple[int, int]], pen: int = 5) -> np.ndarray:
    """A printed box (88, 72) with strokes in it; points are (x, y) in pixels of 1/8 mm."""
    crop = np.full(SHAPE, 255, np.uint8)
    cv2.rectangle(crop, (8, 8), (63, 79), 0, 3)
    for start, end in strokes:
        cv2.line(crop, start, end, 0, pen)
    return crop


ONE = box(((36, 20), (36, 68)))
SEVEN = box(((22, 22), (50, 22)), ((50, 22), (32, 68)))
DASH = box(((20, 44), (52, 44)))
CROSSED = box(((22, 22), (50, 22)), ((50, 22), (32, 68)), ((6, 40), (66, 40)), ((6, 50), (66, 50)))


def read(*crops: np.ndarray) -> list[BoxReading]:
    return digit_reader().read(np.stack(crops))


def slowly(weights: dict[str, np.ndarray], picture: np.ndarray) -> np.ndarray:
    """The network by its definition, pixel by pixel."""
    x = picture[..., None].astype(np.float64)
    for index, step in ((1, 2), (2, 2), (3, 1), (4, 1), (5, 1)):
        weight, bias = weights[f"w{index}"], weights[f"b{index}"]
        k = weight.shape[0]
        padded = np.pad(x, ((k // 2, k // 2), (k // 2, k // 2), (0, 0)))
        rows, cols = range(0, x.shape[0], step), range(0, x.shape[1], step)
        x = np.array(
            [[np.tensordot(padded[r : r + k, c : c + k], weight, axes=3) + bias for c in cols] for r in rows]
        ).clip(min=0)
        if index == 4:
            h, w = x.shape[0] // 2, x.shape[1] // 2
            x = x[: 2 * h, : 2 * w].reshape(h, 2, w, 2, -1).max(axis=(1, 3))
    x = (x.ravel() @ weights["w6"] + weights["b6"]).clip(min=0)
    return np.asarray(x @ weights["w7"] + weights["b7"])


def random_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    channels = (1, 3, 4, 5, 4, 6)
    found: dict[str, np.ndarray] = {}
    for index in range(1, 6):
        k = 5 if index == 1 else 3
        found[f"w{index}"] = rng.normal(0, 0.3, (k, k, channels[index - 1], channels[index]))
        found[f"b{index}"] = rng.normal(0, 0.3, channels[index])
    found |= {"w6": rng.normal(0, 0.3, (5 * 4 * 6, 7)), "b6": rng.normal(0, 0.3, 7)}
    found |= {"w7": rng.normal(0, 0.3, (7, network.CLASSES)), "b7": rng.normal(0, 0.3, network.CLASSES)}
    return {name: value.astype(np.float32) for name, value in found.items()}


def test_the_network_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(1)
    weights, pictures = random_weights(rng), rng.random((19, *cells.NET_SHAPE)).astype(np.float32)
    expected = np.stack([slowly(weights, picture) for picture in pictures])
    np.testing.assert_allclose(network.logits(weights, pictures), expected, rtol=1e-4, atol=1e-4)


def test_no_boxes_are_no_readings() -> None:
    assert digit_reader().read(np.zeros((0, *SHAPE), np.uint8)) == []
    assert network.logits({}, np.zeros((0, *cells.NET_SHAPE), np.float32)).shape == (0, network.CLASSES)


def test_plain_digits_are_read_by_both() -> None:
    one, seven = read(ONE, SEVEN)
    assert (one.digit, one.network, one.shape) == (1, 1, 1)
    assert (seven.digit, seven.network, seven.shape) == (7, 7, 7)
    assert min(one.sure, seven.sure) > 0.9


def test_an_empty_box_is_blank_whatever_the_readers_would_say() -> None:
    (empty,) = read(box())
    assert empty.blank
    assert empty.digit is None


def test_a_dash_is_no_digit() -> None:
    (dash,) = read(DASH)
    assert dash.digit is None
    assert dash.problem is Problem.DITTO_UNRESOLVED


def test_a_digit_crossed_out_is_no_digit() -> None:
    (crossed,) = read(CROSSED)
    assert crossed.digit is None
    assert crossed.problem is Problem.STRUCK_OUT


class Asked:
    """The networks of a model, each answering what it is told, and a note of who was asked about how many boxes."""

    def __init__(self, answers: list[np.ndarray]) -> None:
        self.answers, self.boxes = answers, [0] * len(answers)

    def __call__(self, weights: dict[str, np.ndarray], pictures: np.ndarray) -> np.ndarray:
        which = int(weights["which"])
        self.boxes[which] += len(pictures)
        return np.repeat(self.answers[which][None], len(pictures), axis=0)


def asked(monkeypatch: pytest.MonkeyPatch, *answers: np.ndarray) -> tuple[Asked, DigitReader]:
    """A reader whose networks say `answers`; its second reader is the one shipped."""
    with np.load(str(files("parsers.fax").joinpath("digits.npz"))) as held:
        model = {name: held[name] for name in held.files if not name.startswith("n")}
    model |= {f"n{index}/which": np.array(index) for index in range(len(answers))}
    note = Asked(list(answers))
    monkeypatch.setattr(network, "logits", note)
    return note, DigitReader(model)


def logits(**values: float) -> np.ndarray:
    found = np.zeros(network.CLASSES, np.float32)
    for name, value in values.items():
        found[int(name[1:])] = value
    return found


def test_where_the_first_network_is_clear_no_other_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    note, reader = asked(monkeypatch, logits(_1=30), logits(_7=30))
    (one,) = reader.read(ONE[None])
    assert note.boxes == [1, 0]
    assert one.digit == 1


def test_where_it_is_not_all_are_asked_and_their_dissent_makes_the_answer_unsure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note, reader = asked(monkeypatch, logits(_1=5), logits(_1=5))
    (agreed,) = reader.read(ONE[None])
    assert note.boxes == [1, 1]
    note, reader = asked(monkeypatch, logits(_1=5), logits(_1=5, _7=4))
    (differing,) = reader.read(ONE[None])
    assert agreed.digit == differing.digit == 1
    assert differing.sure < agreed.sure
