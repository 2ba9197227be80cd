"""How a classifier did on its validation photos: table, confusion matrix, files.

Accuracy here is on blur that was made in the same way as in training, and on photos that stopped
the training and picked its weights; `clearshot evaluate` measures on blur of real cameras.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure

from clearshot.errors import InputError
from clearshot.training.classifiers import CLASSES
from clearshot.training.runs import read_record, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

_FIGURES: Final = "validation.json"


@dataclass(frozen=True, slots=True)
class Validation:
    """The confusion matrix of a classifier, and what follows from it.

    Attributes
    ----------
    confusion : tuple of tuple of int
        Number of pictures; a row for each true class, a column for each called one, in the order of
        `CLASSES`.
    """

    confusion: tuple[tuple[int, ...], ...]

    @property
    def num_pictures(self) -> int:
        """Number of pictures."""
        return int(self._counts.sum())

    @property
    def accuracy(self) -> float:
        """Share of pictures that were called what they are; NaN without any."""
        return _divide(int(np.trace(self._counts)), self.num_pictures)

    def precision(self, index: int) -> float:
        """Share of pictures that are of a class among those called so; NaN without any."""
        return _divide(self.confusion[index][index], int(self._counts[:, index].sum()))

    def recall(self, index: int) -> float:
        """Share of pictures that were called so among those of a class; NaN without any."""
        return _divide(self.confusion[index][index], int(self._counts[index].sum()))

    @property
    def _counts(self) -> NDArray[np.int64]:
        return np.array(self.confusion, dtype=np.int64)


def count_confusion(probabilities: ArrayLike, is_blurry: ArrayLike) -> Validation:
    """Compare calls with the truth. A picture is called blurry from a probability of 0.5 on.

    Parameters
    ----------
    probabilities : array_like of float, shape (N, 2)
        Clear, blurry.
    is_blurry : array_like of int, shape (N,)
        0 clear, 1 blurry.

    Returns
    -------
    Validation
        The confusion matrix.
    """
    called = (np.asarray(probabilities)[:, 1] >= 0.5).astype(np.int64)
    counts = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    np.add.at(counts, (np.asarray(is_blurry, dtype=np.int64), called), 1)
    return Validation(tuple(tuple(int(count) for count in row) for row in counts))


def to_figures(validation: Validation) -> dict[str, Any]:
    """Give all figures by name, for a manifest.

    Parameters
    ----------
    validation : Validation
        The confusion matrix.

    Returns
    -------
    dict
        Number of pictures, accuracy, confusion matrix, precision and recall by class; shares that
        are not defined are NaN.
    """
    figures: dict[str, Any] = {
        "num_pictures": validation.num_pictures,
        "accuracy": round(validation.accuracy, 4),
    }
    for index, name in enumerate(CLASSES):
        figures[f"precision_{name}"] = round(validation.precision(index), 4)
        figures[f"recall_{name}"] = round(validation.recall(index), 4)
    return figures | {"confusion": [list(row) for row in validation.confusion]}


def write_validation(validation: Validation, folder: Path) -> None:
    """Write `validation.json` and `confusion.png`.

    Parameters
    ----------
    validation : Validation
        The confusion matrix.
    folder : Path
        Where to.
    """
    figures = {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in to_figures(validation).items()
    }
    content = {"classes": list(CLASSES), "confusion_rows": "true", **figures}
    write_whole(folder / _FIGURES, json.dumps(content, indent=1) + "\n")
    draw_confusion(validation, folder / "confusion.png")


def read_validation(folder: Path) -> Validation:
    """Read what `write_validation` wrote.

    Parameters
    ----------
    folder : Path
        The run folder.

    Returns
    -------
    Validation
        The confusion matrix.

    Raises
    ------
    InputError
        If it is missing or broken.
    """
    path = folder / _FIGURES
    try:
        rows = [[int(count) for count in row] for row in read_record(path)["confusion"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"is broken: no confusion matrix ({error!r})", path=path) from error
    if [len(row) for row in rows] != [len(CLASSES)] * len(CLASSES):
        raise InputError(f"is broken: no confusion matrix of {len(CLASSES)} classes", path=path)
    return Validation(tuple(tuple(row) for row in rows))


def draw_confusion(validation: Validation, path: Path) -> None:
    """Draw the confusion matrix; a cell is the darker, the larger its share of its true class.

    Parameters
    ----------
    validation : Validation
        The confusion matrix.
    path : Path
        The picture, by its suffix PNG or SVG.
    """
    counts = np.array(validation.confusion, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(3.6, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{counts[row, column]:.0f}\n{100 * share:.1f} %"
        color = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=color)
    ticks = range(len(CLASSES))
    axes.set(xticks=ticks, yticks=ticks, xticklabels=CLASSES, yticklabels=CLASSES)
    axes.set(xlabel="called", ylabel="true", title=f"accuracy {100 * validation.accuracy:.1f} %")
    figure.savefig(path, dpi=120)


def tabulate(validation: Validation) -> list[tuple[str, ...]]:
    """Lay out the validation as rows of text.

    Parameters
    ----------
    validation : Validation
        The confusion matrix.

    Returns
    -------
    list of tuple of str
        The head, a row for each class, and a row for all with the accuracy; shares in percent.
    """
    rows: list[tuple[str, ...]] = [
        ("class", "pictures", *(f"called {name}" for name in CLASSES), "precision", "recall")
    ]
    for index, name in enumerate(CLASSES):
        counts = validation.confusion[index]
        shares = _write(validation.precision(index)), _write(validation.recall(index))
        rows.append((name, str(sum(counts)), *map(str, counts), *shares))
    called = [str(sum(column)) for column in zip(*validation.confusion, strict=True)]
    accuracy = f"accuracy {_write(validation.accuracy)}"
    rows.append(("all", str(validation.num_pictures), *called, accuracy, ""))
    return rows


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _write(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"
