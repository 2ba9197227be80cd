from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.evaluation.metrics import (
    compute_auc,
    measure_reliability,
    share_above,
    threshold_at_false_alarms,
    trace_precision_recall,
    trace_roc,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sklearn import metrics as sklearn_metrics

# Few distinct values make ties likely.
TIED = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=30)
RATES = st.floats(0, 1)


def label(clear: list[float], bad: list[float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.repeat([0, 1], [len(clear), len(bad)]), np.array(clear + bad)


@given(TIED, TIED)
def test_auc_counts_pairs_and_half_of_the_ties(clear: list[float], bad: list[float]) -> None:
    pairs = [1.0 if f > c else 0.5 if f == c else 0.0 for c in clear for f in bad]
    assert compute_auc(clear, bad) == pytest.approx(np.mean(pairs))
    assert compute_auc(clear, bad) + compute_auc(bad, clear) == pytest.approx(1.0)


@given(TIED, TIED)
def test_curve_and_area_equal_those_of_scikit_learn(clear: list[float], bad: list[float]) -> None:
    labels, scores = label(clear, bad)
    assert compute_auc(clear, bad) == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores))
    curve = trace_roc(clear, bad)
    lost, found, _ = sklearn_metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_alarms, lost)
    np.testing.assert_allclose(curve.found, found)
    heights = (curve.found[1:] + curve.found[:-1]) / 2
    assert np.sum(heights * np.diff(curve.false_alarms)) == pytest.approx(compute_auc(clear, bad))


@given(TIED, TIED)
def test_each_roc_point_tells_the_shares_above_its_threshold(
    clear: list[float], bad: list[float]
) -> None:
    curve = trace_roc(clear, bad)
    assert [share_above(clear, t) for t in curve.thresholds] == pytest.approx(
        list(curve.false_alarms)
    )
    assert [share_above(bad, t) for t in curve.thresholds] == pytest.approx(list(curve.found))
    assert (curve.found[0], curve.found[-1], curve.false_alarms[-1]) == (0.0, 1.0, 1.0)


@given(TIED, RATES)
def test_threshold_loses_at_most_the_rate_and_none_lower_does(
    clear: list[float], rate: float
) -> None:
    threshold = threshold_at_false_alarms(clear, rate)
    assert share_above(clear, threshold) <= rate + 1e-9
    if np.isfinite(threshold):
        assert share_above(clear, np.nextafter(threshold, -np.inf)) > rate
    else:
        assert rate == pytest.approx(1.0)


def test_threshold_is_exact_where_floating_point_is_not() -> None:
    clear = np.arange(100.0)
    assert 0.29 * 100 < 29
    assert np.sum(clear > threshold_at_false_alarms(clear, 0.29)) == 29
    assert threshold_at_false_alarms(clear, 0.0) == 99.0


def test_a_photo_at_the_threshold_is_not_above_it() -> None:
    assert share_above([1, 2, 2, 3], 2) == 0.25


@pytest.mark.parametrize("scores", [[], [1.0, np.nan], [[1.0]]])
def test_scores_that_mean_nothing_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="one-dimensional, not empty, without NaN"):
        compute_auc([1.0], scores)


def test_a_rate_is_a_share() -> None:
    with pytest.raises(ValueError, match="rate"):
        threshold_at_false_alarms([1.0], 1.5)


@given(TIED, TIED)
def test_precision_and_recall_are_those_of_scikit_learn(
    clear: list[float], bad: list[float]
) -> None:
    curve = trace_precision_recall(clear, bad)
    precision, found, _ = sklearn_metrics.precision_recall_curve(*label(clear, bad))
    # It ends with a point that no threshold has, and begins with the lowest score.
    assert curve.precision[::-1] == pytest.approx(precision[:-1])
    assert curve.found[::-1] == pytest.approx(found[:-1])


def test_reliability_counts_every_photo_once() -> None:
    rng = np.random.default_rng(3)
    p = np.concatenate([rng.uniform(0, 1, 4000), [0.0, 1.0]])
    bins = measure_reliability(p, rng.uniform(0, 1, p.size) < p)
    assert bins.counts.sum() == p.size
    assert np.all(np.diff(bins.predicted) > 0)
    # Ten 95 % intervals: all but one or two hold the probability.
    inside = (bins.low <= bins.predicted) & (bins.predicted <= bins.high)
    assert inside.sum() >= 8
    assert np.all((bins.low <= bins.observed) & (bins.observed <= bins.high))


def test_the_share_that_was_labelled_is_no_error_of_probabilities() -> None:
    # Probabilities that hold where 25 % are bad, on a set in which half of them are.
    rng = np.random.default_rng(4)
    p = rng.beta(0.5, 1.5, 40_000)
    bad = rng.uniform(0, 1, p.size) < p
    clear = rng.permutation(np.flatnonzero(~bad))[: bad.sum()]
    chosen = np.concatenate([np.flatnonzero(bad), clear])
    bins = measure_reliability(p[chosen], bad[chosen], share_bad=0.25)
    np.testing.assert_allclose(bins.observed, bins.predicted, atol=0.03)
    assert np.all((bins.low <= bins.observed) & (bins.observed <= bins.high))
    assert bins.counts.sum() == chosen.size
    plain = measure_reliability(p[chosen], bad[chosen])
    assert plain.observed[4] > plain.predicted[4] + 0.2
    for truth, share in (([True, True], 0.5), ([True, False], 1.0)):
        with pytest.raises(ValueError, match="cannot count as"):
            measure_reliability([0.5, 0.5], truth, share_bad=share)


def test_empty_bins_are_left_out_and_no_probability_is_refused() -> None:
    bins = measure_reliability([0.02, 0.98], [False, True])
    assert bins.observed.tolist() == [0.0, 1.0]
    # Wilson's interval of 0 of 1.
    assert bins.high[0] == pytest.approx(0.7935, abs=1e-4)
    for p, truth in (([1.2], [True]), ([-0.1], [True]), ([0.5, 0.5], [True])):
        with pytest.raises(ValueError, match="need probabilities"):
            measure_reliability(p, truth)
