"""ROC and precision-recall curves, with the thresholds on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.evaluation.figure import (
    GRID,
    THRESHOLD_COLOR,
    choose_line,
    make_figure,
    pick_scores,
    spell,
    to_percent,
)
from clearshot.evaluation.metrics import trace_precision_recall, trace_roc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.evaluation.results import LabelResult, SourceResult

_MARKERS: Final = ("o", "s", "D")

# Left end of the false alarm axis; with fewer than 500 clear photos a curve begins inside it.
_LOWEST_RATE: Final = 0.002
# Up to this share of found photos, the precision is shown in full.
_MOST_FOUND: Final = 0.95
_RATE_TICKS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def draw_roc(result: LabelResult) -> Any:
    """Draw the ROC curve of each source that has photos of both kinds.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.

    Returns
    -------
    matplotlib.figure.Figure
        False alarms from 0.2 % on, logarithmic; markers where the thresholds over all sources lie
        on each curve.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    sources = [source for source in result.sources if source.auc is not None]
    curves = [(source.source, result, source) for source in sources]
    return _draw_roc_curves(curves, [threshold.name for threshold in result.thresholds])


def draw_networks(networks: Sequence[tuple[str, LabelResult]]) -> Any:
    """Draw the ROC curves of several networks over all photos together.

    Parameters
    ----------
    networks : sequence of (str, LabelResult)
        Names and accuracies for one label, with photos of both kinds.

    Returns
    -------
    matplotlib.figure.Figure
        As `draw_roc`, with markers at the thresholds of each network.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    thresholds = max((result.thresholds for _, result in networks), key=len)
    curves = [(name, result, result.total) for name, result in networks]
    return _draw_roc_curves(curves, [threshold.name for threshold in thresholds])


def draw_precision_recall(result: LabelResult) -> Any:
    """Draw precision against recall of each source that has photos of both kinds.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.

    Returns
    -------
    matplotlib.figure.Figure
        Markers where the thresholds over all sources lie on each curve. Curves of sources with
        other shares of bad photos cannot be compared.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    label = result.label.value
    with make_figure(6.2, 3.9) as figure:
        axes = figure.subplots()
        sources = [source for source in result.sources if source.auc is not None]
        corners = [
            _trace_precision(axes, result, source, **choose_line(i))
            for i, source in enumerate(sources)
        ]
        _explain_markers(axes, [threshold.name for threshold in result.thresholds])
        left, bottom = (_choose_floor(min(each)) for each in zip(*corners, strict=True))
        axes.set(xlim=(left, 1.0), ylim=(bottom, 1.0))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(to_percent)
        axes.set(xlabel=f"{label} photos found [%]", ylabel=f"{label} among those called so [%]")
        axes.grid(**GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=3.2)
    return figure


def _draw_roc_curves(
    curves: Sequence[tuple[str, LabelResult, SourceResult]], thresholds: Sequence[str]
) -> Any:
    label = curves[0][1].label.value
    with make_figure(6.2, 3.9) as figure:
        axes = figure.subplots()
        lowest = 1.0
        for i, (name, result, source) in enumerate(curves):
            style = choose_line(i)
            lowest = min(lowest, _trace_source(axes, result, source, name=name, **style))
        _explain_markers(axes, thresholds)
        axes.set_xscale("log")
        names = [f"{100 * rate:g}" for rate in _RATE_TICKS]
        axes.set_xticks(_RATE_TICKS, [f"≤ {names[0]}", *names[1:]])
        axes.set_xticks([], minor=True)
        axes.yaxis.set_major_formatter(to_percent)
        axes.set(xlim=(_LOWEST_RATE, 1.0), ylim=(_choose_floor(lowest), 1.0))
        axes.set(xlabel=f"clear photos called {label} [%]", ylabel=f"{label} photos found [%]")
        axes.grid(**GRID)
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=3.2)
    return figure


def _trace_source(
    axes: Any, result: LabelResult, source: SourceResult, *, name: str, **style: Any
) -> float:
    """Draw one ROC curve; give the lowest share of found photos that it shows."""
    clear, bad = (pick_scores(result, source, is_bad=kind) for kind in (False, True))
    curve = trace_roc(clear, bad)
    name = f"{name} (AUC {source.auc.value:.3f})" if source.auc else name
    # The last point left of the axis is where the curve enters at the edge.
    first = int(np.searchsorted(curve.false_alarms, _LOWEST_RATE, "right")) - 1
    x, y = np.maximum(curve.false_alarms[first:], _LOWEST_RATE), curve.found[first:]
    axes.step(x, y, where="post", lw=1.6, label=spell(name), clip_on=False, **style)
    lowest = float(y[0])
    for outcome, marker in zip(source.outcomes, _MARKERS, strict=False):
        if outcome.found is not None and outcome.lost is not None:
            point = (max(outcome.lost.value, _LOWEST_RATE), outcome.found.value)
            axes.plot(*point, marker, **_mark(style["color"]))
            lowest = min(lowest, point[1])
    return lowest


def _trace_precision(
    axes: Any, result: LabelResult, source: SourceResult, **style: Any
) -> tuple[float, float]:
    """Draw one curve; give the left and lower end of the part that matters.

    That is where it leaves the top, and how low it is before the last photos are found, with which
    every curve ends.
    """
    clear, bad = (pick_scores(result, source, is_bad=kind) for kind in (False, True))
    curve = trace_precision_recall(clear, bad)
    share = f"{100 * bad.size / (clear.size + bad.size):.0f} %"
    name = f"{source.source} ({share} {result.label.value})"
    axes.plot(curve.found, curve.precision, lw=1.6, label=spell(name), **style)
    left = [float(curve.found[curve.precision < 1.0].min(initial=1.0))]
    bottom = [float(curve.precision[curve.found <= _MOST_FOUND].min(initial=1.0))]
    for threshold, marker in zip(result.thresholds, _MARKERS, strict=False):
        found, lost = (int((kind > threshold.value).sum()) for kind in (bad, clear))
        if found:
            left.append(found / bad.size)
            bottom.append(found / (found + lost))
            axes.plot(left[-1], bottom[-1], marker, **_mark(style["color"]))
    return min(left), min(bottom)


def _mark(color: str) -> dict[str, Any]:
    return {"mfc": "white", "mec": color, "ms": 5, "zorder": 5, "clip_on": False}


def _explain_markers(axes: Any, thresholds: Sequence[str]) -> None:
    for name, marker in zip(thresholds, _MARKERS, strict=False):
        style = {"mfc": "white", "mec": THRESHOLD_COLOR, "ls": "none", "ms": 5}
        axes.plot([], [], marker=marker, label=f"threshold {name}", **style)


def _choose_floor(lowest: float) -> float:
    """Choose where an axis begins, so that a good curve is not a line at its top."""
    return next(floor for floor in (0.9, 0.8, 0.6, 0.4, 0.2, 0.0) if floor <= lowest)
