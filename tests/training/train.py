"""Trains the readers on crops made by `tests.training.sheets`; `make model` calls it (`tests.training.build`).

`net SEED EPOCHS OUT FILE…` trains one network, `shapes OUT FILE…` the reader of edge directions. Weights are written as
npz in half precision. Thresholds are set afterwards by `tests.training.calibrate`, on other writers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from parsers.fax import cells
from parsers.fax.network import CLASSES, MARK

_BATCH, _SHAKEN = 128, 1024
"""Boxes a step; boxes moved and bent at a time."""
_SHAPE_EPOCHS, _SHAPE_BATCH = 20, 256
_AXES, _DIMENSIONS = 44, 110
_BEND = 0.035
"""Of half the picture's side."""


class Net(nn.Module):
    """The network of `parsers.fax.network`, with batch normalisation for training."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.n1 = nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16)
        self.c2, self.n2 = nn.Conv2d(16, 48, 3, stride=2, padding=1), nn.BatchNorm2d(48)
        self.c3, self.n3 = nn.Conv2d(48, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.c4, self.n4 = nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.c5, self.n5 = nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128)
        self.d6, self.drop, self.d7 = nn.Linear(128 * 5 * 4, 128), nn.Dropout(0.4), nn.Linear(128, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.n1(self.c1(x)))
        x = torch.relu(self.n2(self.c2(x)))
        x = torch.relu(self.n3(self.c3(x)))
        x = nn.functional.max_pool2d(torch.relu(self.n4(self.c4(x))), 2)
        x = torch.relu(self.n5(self.c5(x)))
        return self.d7(self.drop(torch.relu(self.d6(x.permute(0, 2, 3, 1).flatten(1)))))


def shaken(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each box moved by up to a pixel, turned, stretched and slanted a little, and bent as no two hands write."""
    n = len(x)
    theta = torch.eye(2, 3).repeat(n, 1, 1)
    theta[:, :, :2] += torch.randn(n, 2, 2, generator=generator) * 0.04
    theta[:, :, 2] = torch.randn(n, 2, generator=generator) * 0.03
    grid = nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    bend = torch.randn(n, 2, 6, 5, generator=generator) * _BEND
    grid += nn.functional.interpolate(bend, x.shape[2:], mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    return nn.functional.grid_sample(x, grid, align_corners=False)


def train_net(
    pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], seed: int, epochs: int
) -> dict[str, np.ndarray]:
    """One network, folded."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the same sums in the same order, whatever the machine
    generator = torch.Generator().manual_seed(seed)
    net = Net().to(memory_format=torch.channels_last)
    rate = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    steps = epochs * (len(labels) // _SHAKEN) * (_SHAKEN // _BATCH)
    plan = torch.optim.lr_scheduler.OneCycleLR(rate, 4e-3, total_steps=steps, pct_start=0.2)
    x, y = torch.from_numpy(pictures)[:, None], torch.from_numpy(labels).long()
    net.train()
    for epoch in range(epochs):
        began, order, total = time.perf_counter(), torch.randperm(len(y), generator=generator), 0.0
        for at in range(0, len(y) - _SHAKEN + 1, _SHAKEN):
            pick = order[at : at + _SHAKEN]
            pool = shaken(x[pick].float() / 255, generator).contiguous(memory_format=torch.channels_last)
            for own, answers in zip(pool.split(_BATCH), y[pick].split(_BATCH), strict=True):
                with torch.autocast("cpu", torch.bfloat16):
                    out = net(own)
                loss = nn.functional.cross_entropy(out.float(), answers)
                rate.zero_grad()
                loss.backward()
                rate.step()
                plan.step()
                total += loss.item() * len(own)
        print(f"net {seed} epoch {epoch} loss {total / len(y):.4f} {time.perf_counter() - began:.0f} s", flush=True)
    net.eval()
    return folded(net)


def folded(net: Net) -> dict[str, np.ndarray]:
    """Weights as `parsers.fax.network` takes them."""
    found: dict[str, np.ndarray] = {}
    layers = ((net.c1, net.n1), (net.c2, net.n2), (net.c3, net.n3), (net.c4, net.n4), (net.c5, net.n5))
    for index, (conv, norm) in enumerate(layers, start=1):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert conv.bias is not None
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        weight = (conv.weight * gain[:, None, None, None]).detach().permute(2, 3, 1, 0)
        bias = ((conv.bias - norm.running_mean) * gain + norm.bias).detach()
        found |= {f"w{index}": weight.numpy(), f"b{index}": bias.numpy()}
    for index, dense in ((6, net.d6), (7, net.d7)):
        found |= {f"w{index}": dense.weight.detach().T.numpy(), f"b{index}": dense.bias.detach().numpy()}
    return found


def quadratic(features: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> dict[str, np.ndarray]:
    """Principal axes of all shapes, then of each digit; small variances are replaced by their mean."""
    mean = features.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((features - mean).T))
    project = axes[:, ::-1][:, :_DIMENSIONS].astype(np.float32)
    reduced = (features - mean) @ project
    centres, parts = [], []
    for digit in range(10):
        own = reduced[labels == digit]
        centres.append(own.mean(axis=0))
        values, vectors = np.linalg.eigh(np.cov((own - centres[-1]).T))
        parts.append((values[::-1], vectors[:, ::-1]))
    floor = float(np.mean([values[_AXES:].mean() for values, _ in parts]))
    kept = [np.maximum(values[:_AXES], floor) for values, _ in parts]
    bias = [np.log(v).sum() + (_DIMENSIONS - _AXES) * np.log(floor) for v in kept]
    return {
        "mean": mean,
        "project": project,
        "centre": np.stack(centres),
        "axes": np.stack([vectors[:, :_AXES] for _, vectors in parts]),
        "values": np.stack(kept),
        "floor": np.array(floor),
        "bias": np.array(bias) - min(bias),
    }


def train_shapes(features: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> dict[str, np.ndarray]:
    """A dense network on edge directions: 288 → 384 → 14, its scaling folded into the first layer."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    mean, spread = features.mean(axis=0), float(features.std())
    x, y = torch.from_numpy((features - mean) / spread).float(), torch.from_numpy(labels).long()
    net = nn.Sequential(nn.Linear(x.shape[1], 384), nn.ReLU(), nn.Dropout(0.25), nn.Linear(384, CLASSES))
    rate = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    steps = _SHAPE_EPOCHS * (len(y) // _SHAPE_BATCH)
    plan = torch.optim.lr_scheduler.OneCycleLR(rate, 4e-3, total_steps=steps)
    for _ in range(_SHAPE_EPOCHS):
        order = torch.randperm(len(y), generator=generator)
        for at in range(0, len(y) - _SHAPE_BATCH + 1, _SHAPE_BATCH):
            pick = order[at : at + _SHAPE_BATCH]
            noisy = x[pick] + 0.1 * torch.randn(_SHAPE_BATCH, x.shape[1], generator=generator)
            loss = nn.functional.cross_entropy(net(noisy), y[pick])
            rate.zero_grad()
            loss.backward()
            rate.step()
            plan.step()
    first, last = net[0], net[3]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    weight = first.weight.detach().numpy().T / spread
    return {
        "w1": weight,
        "b1": first.bias.detach().numpy() - mean @ weight,
        "w2": last.weight.detach().numpy().T,
        "b2": last.bias.detach().numpy(),
    }


def shapes(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of all crops with ink, and which those are."""
    found, kept = [], []
    for at in range(0, len(crops), 2000):
        inks = [cells.ink_of(crop) for crop in crops[at : at + 2000]]
        there = [(i, ink) for i, ink in enumerate(inks) if ink is not None]
        found.append(cells.features([ink for _, ink in there]))
        kept.append(np.array([i for i, _ in there], dtype=int) + at)
    return np.concatenate(found), np.concatenate(kept)


def _each(files: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Crops and labels, file by file."""
    for name in files:
        with np.load(name) as held:
            yield held["crops"], held["labels"]


def _pictures(files: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees, as bytes, and labels."""
    found, labels = [], []
    for crops, own in _each(files):
        found += [_bytes(cells.net_input(crops[i : i + 5000])) for i in range(0, len(crops), 5000)]
        labels.append(own)
    return np.concatenate(found), np.concatenate(labels)


def _shapes_of(files: list[str]) -> tuple[np.ndarray, np.ndarray]:
    found, labels = [], []
    for crops, own in _each(files):
        features, at = shapes(crops)
        found.append(features)
        labels.append(own[at])
    return np.concatenate(found), np.concatenate(labels)


def _bytes(pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.round(pictures * 255), dtype=np.uint8)


def _half(values: np.ndarray) -> np.ndarray:
    """Half precision where it does no harm: variances are small numbers."""
    small = values.astype(np.float16)
    fits = np.all(np.isfinite(small)) and np.allclose(small.astype(np.float32), values, rtol=2e-3, atol=1e-6)
    return small if fits and values.size > 100 else values.astype(np.float32)


def main() -> None:
    """Train one part of the model and write it."""
    what, *rest = sys.argv[1:]
    model: dict[str, np.ndarray] = {}
    if what == "net":
        seed, epochs, out, files = int(rest[0]), int(rest[1]), rest[2], rest[3:]
        pictures, labels = _pictures(files)
        model = {f"n{seed}/{k}": v for k, v in train_net(pictures, labels, seed, epochs).items()}
    else:
        out, files = rest[0], rest[1:]
        features, labels = _shapes_of(files)
        # At one size and upright a slash over the whole box is a 1: marks are the first reader's to tell.
        features, labels = features[labels != MARK], labels[labels != MARK]
        digits = labels < 10
        model = {f"s/{k}": v for k, v in train_shapes(features, labels).items()}
        model |= {f"q/{k}": v for k, v in quadratic(features[digits], labels[digits]).items()}
    np.savez_compressed(out, **{k: _half(v) for k, v in model.items()})  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
