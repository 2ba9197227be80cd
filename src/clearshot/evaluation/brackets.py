"""Exposure brackets: how well a detector follows the light from frame to frame of one scene.

The frames of a bracket are named `runNNN_RR`, from the darkest to the brightest. Their order is a
fact, where a label of a frame is an opinion. Along a bracket, a score for dark must fall and one
for overexposed must rise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.evaluation.split import is_for_calibration
from clearshot.evaluation.table import Table, failures_to_json, to_markdown
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from clearshot.evaluation.labels import LabelledSet
    from clearshot.evaluation.results import Measures

_FRAME: Final = re.compile(r"(run\d+)_(\d+)", re.IGNORECASE)

# Fewer frames have hardly an order.
MIN_FRAMES: Final = 3

# The direction in which a score moves along a bracket.
_DIRECTIONS: Final = {Label.DARK: -1.0, Label.OVEREXPOSED: 1.0}


@dataclass(frozen=True, slots=True)
class Bracket:
    """One scene at several exposures.

    Attributes
    ----------
    name : str
        E.g. `run001`.
    frames : tuple of Path
        From the darkest to the brightest.
    is_unseen : bool
        Whether its scene belongs to the half that calibrates nothing.
    """

    name: str
    frames: tuple[Path, ...]
    is_unseen: bool


@dataclass(frozen=True, slots=True)
class BracketResult:
    """How well one detector follows the light along brackets, by one label.

    Attributes
    ----------
    name : str
        The detector's row.
    label : Label
        Dark or overexposed.
    correlations : tuple of (Bracket, float)
        Brackets, with the frames that could be measured alone, and Spearman's rank correlation with
        their order, in the direction in which the score must move; 1 is perfect.
    failures : tuple of (Path, Failure)
        The frames that could not be measured, and why.
    """

    name: str
    label: Label
    correlations: tuple[tuple[Bracket, float], ...]
    failures: tuple[tuple[Path, Failure], ...] = ()


def find_brackets(found: LabelledSet) -> tuple[Bracket, ...]:
    """Find the brackets of labelled sets, frames without a label included.

    Parameters
    ----------
    found : LabelledSet
        Labelled photos and what was left out.

    Returns
    -------
    tuple of Bracket
        Those with at least 3 frames and a labelled one, by name.
    """
    frames: defaultdict[tuple[Path, str], dict[int, Path]] = defaultdict(dict)
    labelled = {photo.path: photo for photo in found.photos}
    left_out = (skip.path for skip in found.left_out if not skip.is_unreadable)
    for path in (*labelled, *left_out):
        if match := _FRAME.fullmatch(path.stem):
            frames[path.parent, match[1]][int(match[2])] = path
    brackets = []
    for (_, name), by_number in sorted(frames.items()):
        paths = tuple(by_number[number] for number in sorted(by_number))
        known = [labelled[path] for path in paths if path in labelled]
        if len(paths) >= MIN_FRAMES and known:
            is_unseen = not any(is_for_calibration(photo) for photo in known)
            brackets.append(Bracket(name, paths, is_unseen))
    return tuple(brackets)


def evaluate_brackets(
    name: str,
    labels: Iterable[Label],
    brackets: Sequence[Bracket],
    measures: Mapping[Path, Measures | Failure],
) -> list[BracketResult]:
    """Measure how well a detector follows the light.

    Parameters
    ----------
    name : str
        The detector's row.
    labels : iterable of Label
        What it can tell; blur is passed over.
    brackets : sequence of Bracket
        The brackets.
    measures : mapping of Path to Measures or Failure
        Scores of their frames, the higher the worse; frames that failed are left out and named.

    Returns
    -------
    list of BracketResult
        One for each label of light.
    """
    told = set(labels)
    results = []
    for label, direction in _DIRECTIONS.items():
        if label not in told:
            continue
        correlations = []
        failures: dict[Path, Failure] = {}
        for bracket in brackets:
            series: dict[Path, float] = {}
            for path in bracket.frames:
                scores = measures[path]
                if isinstance(scores, Failure):
                    failures[path] = scores
                else:
                    series[path] = scores[label]
            if len(series) >= MIN_FRAMES:
                rho = direction * correlate_ranks(np.arange(len(series)), list(series.values()))
                correlations.append((replace(bracket, frames=tuple(series)), rho))
        results.append(BracketResult(name, label, tuple(correlations), tuple(failures.items())))
    return results


def correlate_ranks(first: ArrayLike, second: ArrayLike) -> float:
    """Compute Spearman's rank correlation; ties share their mean rank.

    Parameters
    ----------
    first, second : array_like of float, shape (N,)
        Two series, N >= 2.

    Returns
    -------
    float
        In [-1, 1]; 0 where all values of a series are alike.
    """
    a, b = (_rank(np.asarray(series, dtype=float)) for series in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, "left")
    upto = np.searchsorted(ordered, values, "right")
    return np.asarray((below + upto - 1) / 2, dtype=np.float64)


def tabulate_brackets(results: Sequence[BracketResult]) -> list[Table]:
    """Lay out the rank correlations.

    Parameters
    ----------
    results : sequence of BracketResult
        Of one or several detectors.

    Returns
    -------
    list of Table
        One for each label.
    """
    tables = []
    for label in _DIRECTIONS:
        chosen = [each for each in results if each.label is label and each.correlations]
        if not chosen:
            continue
        rows = tuple((each.name, *_summarise(each)) for each in chosen)
        columns = ("network", "median", "worst", "unseen median", "unseen worst")
        brackets = [bracket for bracket, _ in chosen[0].correlations]
        counts = {sum(len(bracket.frames) for bracket, _ in each.correlations) for each in chosen}
        num_frames = " to ".join(f"{count}" for count in sorted({min(counts), max(counts)}))
        num_unseen = sum(bracket.is_unseen for bracket in brackets)
        moves = "falls" if label is Label.DARK else "rises"
        note = (
            f"Spearman's rank correlation of the score with the order of {num_frames} frames in "
            f"{len(brackets)} brackets, {num_unseen} of them unseen; 1 where it {moves} from each "
            "frame to the next."
        )
        title = f"{label.value} along exposure brackets"
        tables.append(Table(title, columns, rows, (note,), label))
    return tables


def write_brackets_markdown(results: Sequence[BracketResult]) -> str:
    """Write the rank correlations as Markdown.

    Parameters
    ----------
    results : sequence of BracketResult
        Of one or several detectors.

    Returns
    -------
    str
        A section for each label that begins with an empty line; empty without results.
    """
    lines = []
    for table in tabulate_brackets(results):
        lines += ["", f"## {table.title.capitalize()}", "", *to_markdown(table), ""]
        lines += [f"- {note}" for note in table.notes]
    return "".join(f"{line}\n" for line in lines)


def brackets_to_json(results: Sequence[BracketResult]) -> list[dict[str, Any]]:
    """Turn the correlations into plain JSON values.

    Parameters
    ----------
    results : sequence of BracketResult
        Of one or several detectors.

    Returns
    -------
    list of dict
        `network`, `label`, for each bracket its name, number of measured frames, whether it is
        unseen, and the correlation; `failures` as for photos.
    """
    return [
        {
            "network": each.name,
            "label": each.label.value,
            "brackets": [
                {
                    "name": bracket.name,
                    "num_frames": len(bracket.frames),
                    "is_unseen": bracket.is_unseen,
                    "rank_correlation": rho,
                }
                for bracket, rho in each.correlations
            ],
            "failures": failures_to_json(each.failures),
        }
        for each in results
    ]


def _summarise(result: BracketResult) -> tuple[str, ...]:
    everything = [rho for _, rho in result.correlations]
    unseen = [rho for bracket, rho in result.correlations if bracket.is_unseen]
    return tuple(
        f"{reduce(values):.3f}" if values else "-"
        for values in (everything, unseen)
        for reduce in (np.median, np.min)
    )
