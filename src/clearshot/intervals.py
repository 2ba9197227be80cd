"""Exact bounds on a share of photos from a count: no approximation, however few photos there are.

Two models. Photos that are drawn from an endless supply are counted by the binomial distribution;
photos that are drawn from a pile of known size, and not put back, by the hypergeometric one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Halvings of an interval of shares: 2 ** -60 is far below any share that counts.
_NUM_HALVINGS = 60


def sum_binomial(num_hits: int, num_draws: int, share: float) -> float:
    """Compute the probability of at most so many hits.

    Parameters
    ----------
    num_hits : int
        Most hits, any number; below 0 the probability is 0.
    num_draws : int
        Independent draws, >= 0.
    share : float
        Probability of a hit in each, in [0, 1].

    Returns
    -------
    float
        Probability in [0, 1].
    """
    if num_hits < 0:
        return 0.0
    if num_hits >= num_draws or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    return _sum_weights(_list_log_choose(num_hits, num_draws), num_draws, share)


def bound_share(num_hits: int, num_draws: int, confidence: float) -> float:
    """Give the share that is not exceeded with a confidence, from a count of hits.

    Parameters
    ----------
    num_hits : int
        Hits, from 0 to `num_draws`.
    num_draws : int
        Independent draws, >= 0.
    confidence : float
        In (0, 1): the bound is too low in at most the rest of all samples.

    Returns
    -------
    float
        Upper bound of Clopper and Pearson [1]_; 1 without draws.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    .. [1] Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of
       the binomial", Biometrika 26, 1934. doi:10.1093/biomet/26.4.404

    Examples
    --------
    >>> round(bound_share(0, 230, 0.9), 4)
    0.01
    """
    _check(num_hits, num_draws, confidence)
    if num_hits == num_draws:
        return 1.0
    log_choose = _list_log_choose(num_hits, num_draws)
    # The probability of so few hits falls as the share rises.
    return _bisect(lambda share: _sum_weights(log_choose, num_draws, share) > 1 - confidence)


def clopper_pearson(num_hits: int, num_draws: int, coverage: float = 0.95) -> tuple[float, float]:
    """Give the exact interval of a share, with independent draws.

    Parameters
    ----------
    num_hits : int
        Hits, from 0 to `num_draws`.
    num_draws : int
        Independent draws, >= 0.
    coverage : float
        Least share of samples whose interval holds the truth, in (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper end, see `bound_share`; 0 and 1 without draws.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> [round(end, 3) for end in clopper_pearson(2, 100)]
    [0.002, 0.07]
    """
    side = (1 + coverage) / 2
    high = bound_share(num_hits, num_draws, side)
    return 1.0 - bound_share(num_draws - num_hits, num_draws, side), high


def bound_pile(
    num_hits: int, num_draws: int, num_photos: int, coverage: float = 0.95
) -> tuple[int, int]:
    """Give the exact interval of the hits in a whole pile, from draws without putting back.

    The ends are the smallest and the largest number of hits in the pile under which neither so many
    nor so few in the sample are improbable [1]_. A pile that was looked at as a whole leaves no
    doubt.

    Parameters
    ----------
    num_hits : int
        Hits in the sample.
    num_draws : int
        Size of the sample.
    num_photos : int
        Size of the pile, at least that of the sample.
    coverage : float
        Least share of samples whose interval holds the truth, in (0, 1).

    Returns
    -------
    tuple of int
        Fewest and most hits in the pile.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    .. [1] Buonaccorsi, "A note on confidence intervals for proportions in finite populations", The
       American Statistician 41, 1987. doi:10.1080/00031305.1987.10475484

    Examples
    --------
    >>> bound_pile(0, 100, 300)
    (0, 6)
    """
    _check(num_hits, num_draws, coverage)
    if num_photos < num_draws:
        raise ValueError(f"{num_draws} photos cannot be drawn from {num_photos}")
    most = _count_most(num_hits, num_draws, num_photos, (1 - coverage) / 2)
    rest = _count_most(num_draws - num_hits, num_draws, num_photos, (1 - coverage) / 2)
    return num_photos - rest, most


def count_allowed(num_draws: int, share: float, confidence: float) -> int:
    """Count the hits that a sample may have when a share is to be kept with a confidence.

    This is the rule of Neyman-Pearson classification [1]_ and of training-conditional conformal
    prediction [2]_: a limit set at the order statistic that leaves so many photos beyond it is
    exceeded by more than `share` of all such photos with a probability of at most 1 - confidence.

    Parameters
    ----------
    num_draws : int
        Independent photos in the sample, >= 0.
    share : float
        Share of all such photos that may lie beyond the limit, in [0, 1).
    confidence : float
        In (0, 1).

    Returns
    -------
    int
        The most hits k with P(at most k of `num_draws` | share) <= 1 - confidence; -1 if even none
        are too many, because the sample is too small.

    References
    ----------
    .. [1] Tong, Feng, Li, "Neyman-Pearson classification algorithms and NP receiver operating
       characteristics", Science Advances 4, 2018. doi:10.1126/sciadv.aao1659
    .. [2] Vovk, "Conditional validity of inductive conformal predictors", Machine Learning 92,
       2013. arXiv:1209.2673

    Examples
    --------
    >>> count_allowed(229, 0.01, 0.9), count_allowed(230, 0.01, 0.9)
    (-1, 0)
    """
    if share <= 0:
        return -1
    total = 0.0
    for num in range(num_draws):
        total += _weigh_binomial(num, num_draws, share)
        if total > 1 - confidence:
            return num - 1
    return num_draws - 1


def predict_kept(num_beyond: int, num_draws: int, num_others: int, num_allowed: int) -> float:
    """Compute how probably a limit that leaves some photos beyond it lets few others beyond it.

    The limit is one of the `num_draws` photos; the others are as many more from the same place.
    Among the highest scores of both together, each is of either by lot [1]_.

    Parameters
    ----------
    num_beyond : int
        Photos of the sample beyond the limit, from 0 to `num_draws` - 1.
    num_draws : int
        Photos in the sample, >= 1.
    num_others : int
        Other photos, >= 0.
    num_allowed : int
        How many of these may lie beyond the limit, >= 0.

    Returns
    -------
    float
        Probability that no more do, in [0, 1].

    References
    ----------
    .. [1] Marques F., "Universal distribution of the empirical coverage in split conformal
       prediction", 2023. arXiv:2303.02770

    Examples
    --------
    >>> predict_kept(0, 100, 100, 2) > 0.87
    True
    """
    if num_allowed >= num_others:
        return 1.0
    num_top = num_beyond + 1 + num_allowed
    # At least one more than `num_beyond` of the top photos have to be of the sample.
    return 1.0 - _sum_hypergeometric(num_beyond, num_top, num_draws, num_draws + num_others)


def count_needed(share: float, confidence: float) -> int:
    """Count the photos from which on a share can be kept with a confidence.

    Parameters
    ----------
    share : float
        In (0, 1).
    confidence : float
        In (0, 1).

    Returns
    -------
    int
        The fewest photos for which `count_allowed` is 0.
    """
    return math.ceil(math.log1p(-confidence) / math.log1p(-share) - 1e-9)


def _weigh_binomial(num_hits: int, num_draws: int, share: float) -> float:
    """Compute the probability of so many hits, for a share in (0, 1)."""
    log_odds = num_hits * math.log(share) + (num_draws - num_hits) * math.log1p(-share)
    return math.exp(_log_choose(num_draws, num_hits) + log_odds)


def _log_choose(num: int, num_chosen: int) -> float:
    return math.lgamma(num + 1) - math.lgamma(num_chosen + 1) - math.lgamma(num - num_chosen + 1)


def _list_log_choose(num_hits: int, num_draws: int) -> NDArray[np.float64]:
    """Compute the part of the weights of 0 to `num_hits` hits that knows no share."""
    return np.array([_log_choose(num_draws, i) for i in range(num_hits + 1)])


def _sum_weights(log_choose: NDArray[np.float64], num_draws: int, share: float) -> float:
    """Sum the probabilities of 0 hits and more, for a share in (0, 1)."""
    num_hits = np.arange(len(log_choose))
    log_odds = num_hits * math.log(share) + (num_draws - num_hits) * math.log1p(-share)
    return min(1.0, float(np.exp(log_choose + log_odds).sum()))


def _bisect(is_low: Callable[[float], bool]) -> float:
    """Find where a condition on shares ends that holds for low ones only."""
    low, high = 0.0, 1.0
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return high


def _count_most(num_hits: int, num_draws: int, num_photos: int, alpha: float) -> int:
    """Count the most hits in a pile with which so few in the sample are not improbable."""
    # The probability of so few hits falls as the pile holds more.
    low, high = num_hits, num_photos - (num_draws - num_hits)
    while low < high:
        middle = (low + high + 1) // 2
        is_probable = _sum_hypergeometric(num_hits, num_draws, middle, num_photos) > alpha
        low, high = (middle, high) if is_probable else (low, middle - 1)
    return low


def _sum_hypergeometric(num_hits: int, num_draws: int, num_marked: int, num_photos: int) -> float:
    """Compute the probability of at most so many marked photos in a sample of a pile."""
    lowest = max(0, num_draws - (num_photos - num_marked))
    whole = _log_choose(num_photos, num_draws)
    terms = (
        math.exp(
            _log_choose(num_marked, i) + _log_choose(num_photos - num_marked, num_draws - i) - whole
        )
        for i in range(lowest, min(num_hits, num_draws, num_marked) + 1)
    )
    return min(1.0, math.fsum(terms))


def _check(num_hits: int, num_draws: int, confidence: float) -> None:
    if not 0 <= num_hits <= num_draws or not 0 < confidence < 1:
        msg = f"{num_hits} hits in {num_draws} draws with confidence {confidence} cannot be"
        raise ValueError(msg)
