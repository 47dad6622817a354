"""Sets the curve from the readers' margins to a probability, on people no reader learned from.

`python -m tests.training.calibrate OUT FILE,… PART…`: puts the parts of the model together, fits the curve on the even
boxes of the FILEs, shows it on the odd ones, fits it on all, and writes the model file of the program.
"""

from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parsers.fax.digits import DigitReader, Opinions
from parsers.fax.network import BLANK, MARK, OTHER, STRUCK

ACCEPTS = 0.9985
"""Least confidence of an accepted date; of what it lets through, the bench says how much is wrong."""
_SURE = 0.975
"""Certainty at which the boxes that are no digits are counted."""
_NO_DIGITS = 0.02
"""Share of written boxes that hold no digit, as we suppose; the sheets have ten times as many."""
_LAST = ("/b7", "s/b2")
"""How the names of the biases of last layers end, of all networks and of the second reader; one value a class."""
_LEVELS = (0.9, 0.95, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995)

Model = dict[str, npt.NDArray[np.generic]]


def fit(
    evidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], counts: npt.NDArray[np.float64], ridge: float = 1.0
) -> npt.NDArray[np.float64]:
    """Logistic regression by Newton steps; `counts`: how often each box counts. The last weight is the constant."""
    x = np.hstack([evidence.astype(np.float64), np.ones((len(evidence), 1))])
    weights = np.zeros(x.shape[1])
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (counts * (right - p)) - ridge * np.r_[weights[:-1], 0]
        bend = (x * (counts * p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def table(name: str, sure: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], digits: int) -> None:
    """Accepted and wrong at several thresholds."""
    for least in _LEVELS:
        taken = sure >= least
        wrong = int((~right[taken]).sum())
        print(f"{name} sure >= {least}: accepted {taken.sum() / digits:.4f} of digits, wrong {wrong} of {taken.sum()}")


def frequencies(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """How often each box counts, so that those without a digit are as frequent as `_NO_DIGITS`."""
    none = labels > BLANK
    share = _NO_DIGITS / (1 - _NO_DIGITS) * (labels < BLANK).sum() / max(none.sum(), 1)
    return np.where(none, share, 1.0)


def expecting(model: Model, labels: npt.NDArray[np.uint8]) -> Model:
    """The readers with the odds of offices in mind, not those of the sheets: what is learnt as a bias is a prior.

    All classes without a digit lose what they come more often on the sheets, or broad digits look struck out.
    """
    more = np.log(frequencies(labels)[labels > BLANK][0])
    return {key: _less_often(value, more) if key.endswith(_LAST) else value for key, value in model.items()}


def _less_often(bias: npt.NDArray[np.generic], more: float) -> npt.NDArray[np.generic]:
    changed = np.array(bias, np.float32)
    changed[BLANK + 1 :] += more
    return changed


def agreeing(seen: Opinions, labels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Boxes in which both readers say the same digit, and whether it is right."""
    first, second = seen.both()
    return ~seen.blank & (first < 10) & (first == second), first == labels


def opinions(reader: DigitReader, crops: npt.NDArray[np.uint8]) -> Opinions:
    """Those on very many boxes, a few thousand at a time."""
    parts = [reader.opinions(crops[at : at + 2000]) for at in range(0, len(crops), 2000)]
    names = ("blank", "network", "dissent", "shapes", "distances")
    return Opinions(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _boxes(files: list[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Crops and labels of all files."""
    crops, labels = [], []
    for file in files:
        with np.load(file) as held:
            crops.append(held["crops"])
            labels.append(held["labels"])
    return np.concatenate(crops), np.concatenate(labels)


def _parts(names: list[str]) -> Model:
    model: Model = {}
    for name in names:
        with np.load(name) as held:
            model |= {key: held[key] for key in held.files}
    return model


def _describe(seen: Opinions, labels: npt.NDArray[np.uint8]) -> None:
    first, second = seen.both()
    digits = labels < 10
    print(
        f"{len(labels)} boxes, {digits.sum()} digits; networks right {np.mean(first[digits] == labels[digits]):.4f}, "
        f"shapes {np.mean(second[digits] == labels[digits]):.4f}"
    )
    print(f"blank called blank {seen.blank[labels == 10].mean():.4f}, digits called blank {seen.blank[digits].sum()}")


def write(model: Model, out: Path) -> None:
    """As npz, byte for byte the same for the same numbers: no clock in the archive."""
    with zipfile.ZipFile(out, "w") as archive:
        for key in sorted(model):
            held = BytesIO()
            np.lib.format.write_array(held, np.asanyarray(model[key]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, held.getvalue(), zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    """Fit, show and write."""
    out, files, parts = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
    crops, labels = _boxes(files)
    model = expecting(_parts(parts), labels)
    seen = opinions(DigitReader(model), crops)
    _describe(seen, labels)
    both, right = agreeing(seen, labels)
    evidence, counts, half = seen.evidence(), frequencies(labels), np.arange(len(labels)) % 2 == 0
    own, held_out = both & half, both & ~half
    model["calibration"] = fit(evidence[own], right[own], counts[own])
    table("held out", DigitReader(model).sure(seen)[held_out], right[held_out], int(((labels < 10) & ~half).sum()))
    model["calibration"] = fit(evidence[both], right[both], counts[both])
    model |= {"accepts": np.array(ACCEPTS), "calibrated_on": np.array([int(both.sum()), int((~right[both]).sum())])}
    sure = DigitReader(model).sure(seen)
    print("weights", np.round(model["calibration"], 3))
    first, second = seen.both()
    for kind, name in ((STRUCK, "struck out"), (MARK, "marks"), (OTHER, "other writing")):
        taken = ~seen.blank & (first < 10) & (first == second) & (labels == kind) & (sure >= _SURE)
        print(f"{name}: {int((labels == kind).sum())} boxes, taken for a digit {int(taken.sum())}")
    write(model, out)
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
