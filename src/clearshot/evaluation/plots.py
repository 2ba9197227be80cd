"""Plots of an evaluation, and those of the scores: their distribution and their reliability."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.evaluation.curves import draw_networks, draw_precision_recall, draw_roc
from clearshot.evaluation.figure import (
    BAD_COLOR,
    CLEAR_COLOR,
    GRID,
    THRESHOLD_COLOR,
    make_figure,
    pick_scores,
    save_figure,
    spell,
    to_percent,
)
from clearshot.evaluation.metrics import measure_reliability
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Label
from clearshot.scoring.calibration import PRIORS, to_probability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.results import Evaluation, LabelResult, SourceResult

_THRESHOLD_DASHES: Final[tuple[Any, ...]] = ("-", (0, (1.2, 1.2)), (0, (6, 3)))
_NUM_BINS: Final = 40

# Fewest clear and bad photos of the unseen half from which reliability is drawn.
_FEWEST_PHOTOS: Final = 8

_KINDS: Final = ("scores", "roc", "precision-recall", "reliability", "networks")


def list_places(folder: Path, *, suffix: str = ".png") -> list[Path]:
    """List where plots may be written, whichever photos there are.

    Parameters
    ----------
    folder : Path
        The folder of the plots.
    suffix : str
        Format: `.png`, `.pdf` or `.svg`.

    Returns
    -------
    list of Path
        All files that `write_plots` and `write_network_plots` ever write there.
    """
    return [folder / f"{kind}_{label}{suffix}" for kind in _KINDS for label in Label]


def write_plots(
    evaluation: Evaluation,
    folder: Path,
    *,
    has_log_odds: bool = False,
    suffix: str = ".png",
) -> list[Path]:
    """Write the plots of all labels; files of the same names are replaced.

    Parameters
    ----------
    evaluation : Evaluation
        The evaluation.
    folder : Path
        Where to; it is made if it is missing.
    has_log_odds : bool
        Whether its scores are log odds, from which probabilities follow; without them there is no
        plot of reliability.
    suffix : str
        Format: `.png`, `.pdf` or `.svg`.

    Returns
    -------
    list of Path
        For each label `scores_LABEL`, `roc_LABEL` and `precision-recall_LABEL` where a source has
        photos of both kinds, and `reliability_LABEL`, of the unseen half alone, where that has
        eight photos of each kind.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    InputError
        If a plot cannot be written.
    """
    figures = {}
    for result in evaluation.results:
        label = result.label.value
        if any(source.auc is not None for source in result.sources):
            figures[f"precision-recall_{label}"] = draw_precision_recall(result)
            figures[f"roc_{label}"] = draw_roc(result)
        figures[f"scores_{label}"] = draw_scores(result)
        unseen = _keep_unseen(result)
        if has_log_odds and unseen is not None:
            figures[f"reliability_{label}"] = draw_reliability(unseen)
    return [
        save_figure(figure, folder / f"{name}{suffix}") for name, figure in sorted(figures.items())
    ]


def write_network_plots(
    networks: Sequence[tuple[str, Evaluation]], folder: Path, *, suffix: str = ".png"
) -> list[Path]:
    """Write the plots that compare networks; files of the same names are replaced.

    Parameters
    ----------
    networks : sequence of (str, Evaluation)
        Names and accuracies on the same photos.
    folder : Path
        Where to; it is made if it is missing.
    suffix : str
        Format: `.png`, `.pdf` or `.svg`.

    Returns
    -------
    list of Path
        `networks_LABEL` for each label that several networks can tell.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    InputError
        If a plot cannot be written.
    """
    curves = defaultdict(list)
    for name, evaluation in networks:
        for result in evaluation.results:
            if result.total.auc is not None:
                curves[result.label.value].append((name, result))
    return [
        save_figure(draw_networks(rows), folder / f"networks_{label}{suffix}")
        for label, rows in curves.items()
        if len(rows) > 1
    ]


def draw_reliability(result: LabelResult) -> Any:
    """Draw how often what was given a probability came true.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label; the scores are log odds.

    Returns
    -------
    matplotlib.figure.Figure
        Shares of bad photos in ten bins of probability with 95 % intervals, as in a library with
        the share of bad photos for which probabilities are stated, over the numbers of photos in
        each bin.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    label = result.label.value
    probabilities = [to_probability(each.score) for each in result.photos]
    is_bad = np.array([each.photo.label is not None for each in result.photos])
    share_bad = PRIORS[result.label]
    bins = measure_reliability(probabilities, is_bad, share_bad=share_bad)
    with make_figure(5.2, 4.6) as figure:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        axes.plot([0, 1], [0, 1], color="#999999", lw=1, ls=(0, (5, 3)), label="as it should be")
        errors = np.stack([bins.observed - bins.low, bins.high - bins.observed])
        points = {"color": CLEAR_COLOR, "marker": "o", "ms": 4, "lw": 1.3, "capsize": 2}
        name = "measured, 95 %"
        axes.errorbar(bins.predicted, bins.observed, errors, label=name, clip_on=False, **points)
        axes.set(xlim=(0, 1), ylim=(0, 1), ylabel=f"{label} photos among them [%]")
        axes.yaxis.set_major_formatter(to_percent)
        axes.set_title(f"in a library with {to_percent(share_bad)} % {label} photos", fontsize=9)
        axes.legend(loc="upper left")
        edges = np.linspace(0, 1, 11)
        kinds = [np.array(probabilities)[is_bad == kind] for kind in (False, True)]
        colors = [CLEAR_COLOR, BAD_COLOR]
        below.hist(kinds, edges, color=colors, label=["clear", label], alpha=0.7)
        # Most photos are near 0 or 1; a few in the middle shall be seen.
        below.set_yscale("log")
        below.set(xlabel=f"probability of {label} [%]", ylabel="photos", ylim=(0.7, None))
        below.xaxis.set_major_formatter(to_percent)
        below.legend(loc="upper center", ncols=2)
        for each in (axes, below):
            each.grid(**GRID)
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
    with make_figure(6.2, 0.8 + 1.1 * num) as figure:
        panels = figure.subplots(num, 1, sharex=True, squeeze=False)[:, 0]
        for panel, source in zip(panels, result.sources, strict=True):
            _draw_histograms(panel, result, source, bins)
            for threshold, dashes in zip(result.thresholds, _THRESHOLD_DASHES, strict=False):
                name = f"threshold {threshold.name}" if panel is panels[0] else None
                panel.axvline(threshold.value, color=THRESHOLD_COLOR, lw=1, ls=dashes, label=name)
            panel.set_title(spell(source.source), loc="left", fontsize=9, pad=2)
            panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.1))
        panels[-1].set_xlabel(f"{label} score (the higher, the more {label})")
        figure.supylabel("photos of each kind [%]", fontsize=9)
    return figure


def _keep_unseen(result: LabelResult) -> LabelResult | None:
    """Keep the photos of the unseen half, for their plot; None where they are too few."""
    photos = tuple(each for each in result.photos if not is_for_calibration(each.photo))
    num_bad = sum(each.photo.label is not None for each in photos)
    is_enough = min(num_bad, len(photos) - num_bad) >= _FEWEST_PHOTOS
    return replace(result, photos=photos) if is_enough else None


def _choose_bins(result: LabelResult) -> NDArray[np.float64]:
    low, high = np.quantile([p.score for p in result.photos], [0.005, 0.995])
    thresholds = [t.value for t in result.thresholds if np.isfinite(t.value)]
    low, high = min(low, *thresholds, high), max(high, *thresholds, low)
    return np.linspace(low, high if high > low else low + 1.0, _NUM_BINS + 1)


def _draw_histograms(
    panel: Any, result: LabelResult, source: SourceResult, bins: NDArray[np.float64]
) -> None:
    kinds = (("clear", CLEAR_COLOR, "-"), (result.label.value, BAD_COLOR, "--"))
    for is_bad, (name, color, dashes) in enumerate(kinds):
        scores = pick_scores(result, source, is_bad=bool(is_bad))
        if scores.size:
            inside = np.clip(scores, bins[0], bins[-1])
            style = {"color": color, "weights": np.full(scores.size, 100 / scores.size)}
            panel.hist(inside, bins, histtype="stepfilled", alpha=0.2, **style)
            label = f"{name} ({scores.size})"
            panel.hist(inside, bins, histtype="step", lw=1.3, ls=dashes, label=label, **style)
