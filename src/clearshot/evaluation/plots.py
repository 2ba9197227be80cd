"""Plots of an evaluation: ROC curves, and the scores with the thresholds over them.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart [1]_; lines
differ in their dashes too.

References
----------
.. [1] Okabe, Ito, "Color Universal Design", 2008. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.errors import InputError, MissingExtraError
from clearshot.evaluation.metrics import trace_roc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.evaluate import Evaluation, LabelResult, SourceResult

_COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: Final[tuple[Any, ...]] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
_CLEAR_COLOR, _BAD_COLOR = "#0072B2", "#D55E00"
_THRESHOLD_COLOR: Final = "#333333"
_THRESHOLD_DASHES: Final[tuple[Any, ...]] = ("-", (0, (1.2, 1.2)), (0, (6, 3)))
_MARKERS: Final = ("o", "s", "D")

# Left end of the false alarm axis; with fewer than 500 clear photos a curve begins inside it.
_LOWEST_RATE: Final = 0.002
_RATE_TICKS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_NUM_BINS: Final = 40
_STYLE: Final = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def write_plots(evaluation: Evaluation, folder: Path, *, suffix: str = ".png") -> list[Path]:
    """Write the plots of all labels; files of the same names are replaced.

    Parameters
    ----------
    evaluation : Evaluation
        The evaluation.
    folder : Path
        Where to; it is made if it is missing.
    suffix : str
        Format: `.png`, `.pdf` or `.svg`.

    Returns
    -------
    list of Path
        `roc_LABEL` where a source has photos of both kinds, and `scores_LABEL`, for each label.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    InputError
        If a plot cannot be written.
    """
    written = []
    for result in evaluation.results:
        figures = {"scores": draw_scores(result)}
        if any(source.auc is not None for source in result.sources):
            figures["roc"] = draw_roc(result)
        for name, figure in sorted(figures.items()):
            path = folder / f"{name}_{result.label.value}{suffix}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                figure.savefig(path, dpi=200)
            except OSError as error:
                raise InputError(f"cannot be written: {error.strerror}", path=path) from error
            written.append(path)
    return written


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
    label = result.label.value
    with _make_figure(6.2, 3.9) as figure:
        axes = figure.subplots()
        sources = [source for source in result.sources if source.auc is not None]
        lowest = 1.0
        for i, source in enumerate(sources):
            style = {"color": _COLORS[i % len(_COLORS)], "ls": _DASHES[i % len(_DASHES)]}
            lowest = min(lowest, _trace_source(axes, result, source, **style))
        for threshold, marker in zip(result.thresholds, _MARKERS, strict=False):
            style = {"mfc": "white", "mec": _THRESHOLD_COLOR, "ls": "none", "ms": 5}
            axes.plot([], [], marker=marker, label=f"threshold {threshold.name}", **style)
        axes.set_xscale("log")
        names = [f"{100 * rate:g}" for rate in _RATE_TICKS]
        axes.set_xticks(_RATE_TICKS, [f"≤ {names[0]}", *names[1:]])
        axes.set_xticks([], minor=True)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}")
        axes.set(xlim=(_LOWEST_RATE, 1.0), ylim=(_choose_floor(lowest), 1.0))
        axes.set(xlabel=f"clear photos called {label} [%]", ylabel=f"{label} photos found [%]")
        axes.grid(color="#dddddd", lw=0.6)
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=3.2)
    return figure


def draw_scores(result: LabelResult) -> Any:
    """Draw the distribution of the scores, one panel for each source, with the thresholds.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.

    Returns
    -------
    matplotlib.figure.Figure
        Share of the clear and of the bad photos of a source by score; all panels have the same
        axis, cut at the 0.5th and 99.5th percentile, beyond which scores count into the last bin.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    label = result.label.value
    num = len(result.sources)
    bins = _choose_bins(result)
    with _make_figure(6.2, 0.8 + 1.1 * num) as figure:
        panels = figure.subplots(num, 1, sharex=True, squeeze=False)[:, 0]
        for panel, source in zip(panels, result.sources, strict=True):
            _draw_histograms(panel, result, source, bins)
            for threshold, dashes in zip(result.thresholds, _THRESHOLD_DASHES, strict=False):
                name = f"threshold {threshold.name}" if panel is panels[0] else None
                panel.axvline(threshold.value, color=_THRESHOLD_COLOR, lw=1, ls=dashes, label=name)
            panel.set_title(source.source, loc="left", fontsize=9, pad=2)
            panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.1))
        panels[-1].set_xlabel(f"{label} score (the higher, the more {label})")
        figure.supylabel("photos of each kind [%]", fontsize=9)
    return figure


def _trace_source(axes: Any, result: LabelResult, source: SourceResult, **style: Any) -> float:
    # Draws one curve and gives the lowest share that it shows.
    clear, bad = (_pick(result, source, is_bad=kind) for kind in (False, True))
    curve = trace_roc(clear, bad)
    name = f"{source.source} (AUC {source.auc.value:.3f})" if source.auc else source.source
    # The last point left of the axis is where the curve enters at the edge.
    first = int(np.searchsorted(curve.false_alarms, _LOWEST_RATE, "right")) - 1
    x, y = np.maximum(curve.false_alarms[first:], _LOWEST_RATE), curve.found[first:]
    axes.step(x, y, where="post", lw=1.6, label=name, clip_on=False, **style)
    lowest = float(y[0])
    for outcome, marker in zip(source.outcomes, _MARKERS, strict=False):
        if outcome.found is not None and outcome.lost is not None:
            point = (max(outcome.lost.value, _LOWEST_RATE), outcome.found.value)
            edge = {"mfc": "white", "mec": style["color"], "ms": 5, "zorder": 5, "clip_on": False}
            axes.plot(*point, marker, **edge)
            lowest = min(lowest, point[1])
    return lowest


def _choose_floor(lowest: float) -> float:
    # Good curves shall not be a line at the top of the axis.
    return next(floor for floor in (0.9, 0.8, 0.6, 0.4, 0.2, 0.0) if floor <= lowest)


def _choose_bins(result: LabelResult) -> NDArray[np.float64]:
    low, high = np.quantile([p.score for p in result.photos], [0.005, 0.995])
    thresholds = [t.value for t in result.thresholds if np.isfinite(t.value)]
    low, high = min(low, *thresholds, high), max(high, *thresholds, low)
    return np.linspace(low, high if high > low else low + 1.0, _NUM_BINS + 1)


def _draw_histograms(
    panel: Any, result: LabelResult, source: SourceResult, bins: NDArray[np.float64]
) -> None:
    kinds = (("clear", _CLEAR_COLOR, "-"), (result.label.value, _BAD_COLOR, "--"))
    for is_bad, (name, color, dashes) in enumerate(kinds):
        scores = _pick(result, source, is_bad=bool(is_bad))
        if scores.size:
            inside = np.clip(scores, bins[0], bins[-1])
            style = {"color": color, "weights": np.full(scores.size, 100 / scores.size)}
            panel.hist(inside, bins, histtype="stepfilled", alpha=0.2, **style)
            label = f"{name} ({scores.size})"
            panel.hist(inside, bins, histtype="step", lw=1.3, ls=dashes, label=label, **style)


def _pick(result: LabelResult, source: SourceResult, *, is_bad: bool) -> NDArray[np.float64]:
    return np.array(
        [
            scored.score
            for scored in result.photos
            if scored.photo.source == source.source and (scored.photo.label is not None) is is_bad
        ]
    )


@contextmanager
def _make_figure(width_in: float, height_in: float) -> Iterator[Any]:
    # The figure belongs to no window, and the caller's settings stay as they are.
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "plots need Matplotlib: pip install 'clearshot[plots]'"
        raise MissingExtraError(msg) from error
    with mpl.rc_context(_STYLE):
        yield Figure(figsize=(width_in, height_in), layout="constrained")
