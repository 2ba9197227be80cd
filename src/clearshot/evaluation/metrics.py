"""How well scores tell bad photos from clear ones (NumPy only).

Everywhere the higher score is the worse one, and a photo is called bad when its score is **above**
the threshold, not at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Two-sided 95 % quantile of the normal distribution.
_Z95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class RocCurve:
    """False alarms against found photos at every threshold that matters, strictest first.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (N,)
        Falling from the highest score to minus infinity.
    false_alarms, found : ndarray of float64, shape (N,)
        Shares of the clear and of the bad photos above each threshold, rising from 0 to 1.
    """

    thresholds: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    found: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Found photos against the truth of the calls at every threshold, strictest first.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (N,)
        Falling from below the highest score to minus infinity.
    found : ndarray of float64, shape (N,)
        Shares of the bad photos above each threshold, rising to 1.
    precision : ndarray of float64, shape (N,)
        Shares of bad photos among those above each threshold; at the end, that among all.
    """

    thresholds: NDArray[np.float64]
    found: NDArray[np.float64]
    precision: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Probabilities against what came true, in bins of probability that hold photos.

    Attributes
    ----------
    predicted : ndarray of float64, shape (N,)
        Mean probability of the photos in a bin, rising.
    observed, low, high : ndarray of float64, shape (N,)
        Share of them that are bad, and the ends of its 95 % interval.
    counts : ndarray of int, shape (N,)
        How many photos are in a bin.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    counts: NDArray[np.intp]


def compute_auc(clear_scores: ArrayLike, bad_scores: ArrayLike) -> float:
    """Compute the area under the ROC curve.

    It is the probability that a bad photo scores higher than a clear one, ties counting half:
    the Mann-Whitney statistic [1]_.

    Parameters
    ----------
    clear_scores, bad_scores : array_like of float, one-dimensional
        Scores; infinities are allowed.

    Returns
    -------
    float
        Area in [0, 1]; 0.5 is chance, 1 is perfect.

    Raises
    ------
    ValueError
        If an array is empty, not one-dimensional, or holds NaN.

    References
    ----------
    .. [1] Hanley, McNeil, "The meaning and use of the area under a receiver operating
       characteristic (ROC) curve", Radiology 143, 1982. doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> compute_auc([1, 2, 3], [3, 4])
    0.9166666666666666
    """
    clear, bad = np.sort(_check(clear_scores)), _check(bad_scores)
    below = np.searchsorted(clear, bad, "left") + np.searchsorted(clear, bad, "right")
    return float(below.sum() / (2 * clear.size * bad.size))


def trace_roc(clear_scores: ArrayLike, bad_scores: ArrayLike) -> RocCurve:
    """Trace the ROC curve.

    Parameters
    ----------
    clear_scores, bad_scores : array_like of float, one-dimensional
        Scores.

    Returns
    -------
    RocCurve
        One point for each distinct score, and the one where everything is called bad.

    Raises
    ------
    ValueError
        As `compute_auc`.
    """
    clear, bad = _check(clear_scores), _check(bad_scores)
    thresholds = np.append(np.unique(np.concatenate([clear, bad]))[::-1], -np.inf)
    return RocCurve(
        thresholds,
        _count_above(clear, thresholds) / clear.size,
        _count_above(bad, thresholds) / bad.size,
    )


def trace_precision_recall(clear_scores: ArrayLike, bad_scores: ArrayLike) -> PrecisionRecallCurve:
    """Trace precision against recall.

    Parameters
    ----------
    clear_scores, bad_scores : array_like of float, one-dimensional
        Scores.

    Returns
    -------
    PrecisionRecallCurve
        One point for each threshold of `trace_roc` that any photo is above.

    Raises
    ------
    ValueError
        As `compute_auc`.
    """
    curve = trace_roc(clear_scores, bad_scores)
    num_lost = curve.false_alarms * np.size(clear_scores)
    num_found = curve.found * np.size(bad_scores)
    is_called = num_lost + num_found > 0
    precision = num_found[is_called] / (num_lost + num_found)[is_called]
    return PrecisionRecallCurve(curve.thresholds[is_called], curve.found[is_called], precision)


def measure_reliability(
    probabilities: ArrayLike,
    is_bad: ArrayLike,
    *,
    share_bad: float | None = None,
    num_bins: int = 10,
) -> Reliability:
    """Compare probabilities with what came true.

    Parameters
    ----------
    probabilities : array_like of float, one-dimensional
        Probabilities that photos are bad, in [0, 1].
    is_bad : array_like of bool, same shape
        Whether they are.
    share_bad : float or None
        Share of bad photos for which the probabilities are stated, in (0, 1): the kinds are weighed
        as if these photos had it, for else what share was labelled would look like an error. None
        takes them as they are.
    num_bins : int
        Bins of equal width, >= 1.

    Returns
    -------
    Reliability
        The bins that hold photos; the intervals are Wilson's [1]_ and take photos for independent.

    Raises
    ------
    ValueError
        If the shapes differ, there is no photo, none of a kind that is to be weighed, or a
        probability is none.

    References
    ----------
    .. [1] Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22,
       1927. doi:10.1080/01621459.1927.10502953
    """
    p, bad = _check(probabilities), np.asarray(is_bad, dtype=bool)
    if bad.shape != p.shape or p.min() < 0 or p.max() > 1 or num_bins < 1:
        msg = f"need probabilities in [0, 1] and as many truths, got {p.shape} and {bad.shape}"
        raise ValueError(msg)
    odds = 1.0 if share_bad is None else _weigh_bad(bad, share_bad)
    bins = np.minimum((p * num_bins).astype(np.intp), num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    is_used = counts > 0
    counts_used = counts[is_used]
    observed = np.bincount(bins, weights=bad, minlength=num_bins)[is_used] / counts_used
    weights = np.where(bad, odds, 1.0)
    predicted = (
        np.bincount(bins, weights=weights * p, minlength=num_bins)[is_used]
        / np.bincount(bins, weights=weights, minlength=num_bins)[is_used]
    )
    center = (observed + _Z95**2 / (2 * counts_used)) / (1 + _Z95**2 / counts_used)
    variance = observed * (1 - observed) / counts_used + (_Z95 / (2 * counts_used)) ** 2
    half = _Z95 * np.sqrt(variance) / (1 + _Z95**2 / counts_used)
    low, high = np.clip(center - half, 0.0, observed), np.clip(center + half, observed, 1.0)
    # A bad photo counts as `odds` ones, in the ends of the interval too.
    observed, low, high = (odds * x / (odds * x + 1 - x) for x in (observed, low, high))
    return Reliability(predicted, observed, low, high, counts_used)


def _weigh_bad(is_bad: NDArray[np.bool_], share_bad: float) -> float:
    num_bad = int(is_bad.sum())
    if not 0 < share_bad < 1 or num_bad in {0, is_bad.size}:
        raise ValueError(
            f"{num_bad} bad photos of {is_bad.size} cannot count as {share_bad} of all"
        )
    return share_bad / (1 - share_bad) * (is_bad.size - num_bad) / num_bad


def threshold_at_false_alarms(clear_scores: ArrayLike, rate: float) -> float:
    """Find the lowest threshold that loses at most a given share of the clear photos.

    Convention: a photo is lost when its score is above the threshold. With n clear photos, k =
    floor(rate n) may be lost, so the threshold is the (k + 1)-th highest score: at most k are above
    it, fewer where that score is tied, and any lower threshold loses more than the rate allows.

    Parameters
    ----------
    clear_scores : array_like of float, one-dimensional
        Scores of clear photos.
    rate : float
        Largest share of them that may be lost, in [0, 1].

    Returns
    -------
    float
        The threshold; minus infinity for a rate of 1.

    Raises
    ------
    ValueError
        If the scores are empty, not one-dimensional or hold NaN, or the rate is out of range.
    """
    clear = np.sort(_check(clear_scores))
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be in [0, 1], got {rate}")
    # The tiny addition keeps 0.29 * 100 = 28.999... at 29.
    num_lost = int(rate * clear.size + 1e-9)
    return -np.inf if num_lost >= clear.size else float(clear[clear.size - 1 - num_lost])


def share_above(scores: ArrayLike, threshold: float) -> float:
    """Compute the share of photos whose score is above a threshold.

    Parameters
    ----------
    scores : array_like of float, one-dimensional
        Scores.
    threshold : float
        The threshold.

    Returns
    -------
    float
        Share in [0, 1].

    Raises
    ------
    ValueError
        As `compute_auc`.
    """
    return float(np.mean(_check(scores) > threshold))


def _check(scores: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or np.isnan(values).any():
        msg = f"scores must be one-dimensional, not empty, without NaN; got shape {values.shape}"
        raise ValueError(msg)
    return values


def _count_above(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.intp]:
    return scores.size - np.searchsorted(np.sort(scores), thresholds, "right")
