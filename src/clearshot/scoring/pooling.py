"""From the focus map to the scores of the photo.

The network measures each cell with an error that it states. The sharpest of thousands of noisy
values would be a chance hit, so the shares of the photo with each blur are estimated first, without
the noise [1]_ [2]_: where all cells agree within their errors, as in a shaken photo, they are taken
as one blur; where they differ by more, as with a subject before its background, they stay apart.

Letters in shapes: h, w cells; D = 4 directions; L levels of blur; E levels of error.

References
----------
.. [1] J. Kiefer, J. Wolfowitz, "Consistency of the maximum likelihood estimator in the presence of
   infinitely many incidental parameters", Annals of Mathematical Statistics 27(4), 1956.
   doi:10.1214/aoms/1177728066
.. [2] N. Laird, "Nonparametric maximum likelihood estimation of a mixing distribution", Journal of
   the American Statistical Association 73(364), 1978 (by expectation maximisation).
   doi:10.1080/01621459.1978.10480103
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.photo import FocusScores, Region
from clearshot.scoring.focus import LONGEST, find_sharpest_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearshot.scoring.focus import FocusMap

# A photo is as sharp as its sharpest part: this share of it has to be sharp. Less would believe
# single cells, more would blame a blurred background.
_SHARP_SHARE: Final = 0.05

# Levels of log2 sigma, from 0.25 to 12 px, and of the natural log of the error's variance.
_BLUR_LEVELS: Final = np.linspace(-2.0, 3.6, 29, dtype=np.float32)
_ERROR_LEVELS: Final = np.linspace(-5.0, 4.0, 10, dtype=np.float32)

# The part of the stated variance by which the cells of one photo differ from each other; the rest
# they have in common. On drawn photos with one blur it is 0.3 on average, `docs/experiments.md`.
_OWN_PART: Final = 0.5

# How much of the start is spread over all blurs, so that each stays possible.
_FREE_SHARE: Final = 0.02

# No measured value is impossible: it keeps sums from being 0.
_LEAST_LIKELIHOOD: Final = 1e-6

# Rounds of expectation maximisation. Many more would take every group of cells for a blur of its
# own.
_NUM_ROUNDS: Final = 15


def pool(focus_map: FocusMap, judged: Region) -> FocusScores:
    """Turn a focus map into the scores of the photo.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.
    judged : Region
        The part of the upright photo that the cells cover [px].

    Returns
    -------
    FocusScores
        Pooled scores; the sharpest region in px of the photo.
    """
    top, left, height, width = find_sharpest_cells(focus_map)
    rows, cols = focus_map.log2_sigma.shape[1:]
    # Edges are rounded, not sizes: a rounded size could reach out of the photo.
    x0, x1 = (judged.x + round(edge * judged.width / cols) for edge in (left, left + width))
    y0, y1 = (judged.y + round(edge * judged.height / rows) for edge in (top, top + height))
    return FocusScores(
        blur=measure_blur(focus_map),
        anisotropy=measure_anisotropy(focus_map),
        sharpest=Region(x0, y0, x1 - x0, y1 - y0),
    )


def measure_blur(focus_map: FocusMap) -> float:
    """Measure how blurred the sharpest part of a photo is.

    The sharpest part is asked for in each of the four directions, and the worst direction counts: a
    shaken photo is sharp along one direction, never along all.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    float
        log2 of the blur's standard deviation [px at the judged size], from -2.1 to 3.7.
    """
    shares = estimate_shares(focus_map)
    return max(_find_quantile(row, _SHARP_SHARE) for row in shares)


def measure_anisotropy(focus_map: FocusMap) -> float:
    """Measure how much the blur of a photo differs between directions, all over the photo.

    As for the polarisation of light, the differences between directions at right angles to each
    other are the two parts of a vector. Its mean over the cells, each with the weight of its
    certainty, is long only where cells agree on a direction.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    float
        log2 of the ratio of the standard deviations along the worst and the best direction; >= 0.
    """
    blur, variance = focus_map.log2_sigma, focus_map.deviation**2
    difference = blur[:2] - blur[2:LONGEST]
    weight = 1 / (variance[:2] + variance[2:LONGEST])
    x, y = (weight * difference).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
    return math.hypot(x, y)


def estimate_shares(focus_map: FocusMap) -> NDArray[np.float32]:
    """Estimate the share of a photo that has each blur, freed from the errors of the cells.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    ndarray of float32, shape (D, L)
        By direction, shares of the cells by level of blur; each row sums up to 1.
    """
    counts = _count_cells(focus_map)
    # The start is what was measured: of cells that tell little, nothing more is known.
    measured = counts.reshape(LONGEST, len(_BLUR_LEVELS), -1).sum(axis=2)
    is_met = counts.any(axis=0)
    counts, likelihood = counts[:, is_met], _compute_likelihood()[is_met]
    shares: NDArray[np.float32] = measured * (1 - _FREE_SHARE) + _FREE_SHARE / len(_BLUR_LEVELS)
    for _ in range(_NUM_ROUNDS):
        shares *= (counts / (shares @ likelihood.T)) @ likelihood
    return shares


def _count_cells(focus_map: FocusMap) -> NDArray[np.float32]:
    """Count the cells by what was measured and its error; shape (D, L * E), rows sum up to 1.

    A cell between levels is divided among its neighbours, so that small changes of the photo stay
    small changes of the score.
    """
    blur = focus_map.log2_sigma[:LONGEST].reshape(LONGEST, -1)
    error = 2 * np.log(focus_map.deviation[:LONGEST].reshape(LONGEST, -1))
    row, row_share = _place(blur, _BLUR_LEVELS)
    col, col_share = _place(error, _ERROR_LEVELS)
    num_cols = len(_ERROR_LEVELS)
    num_levels = len(_BLUR_LEVELS) * num_cols
    first = num_cols * row + col + num_levels * np.arange(LONGEST)[:, None]
    both = row_share * col_share
    weights = (1 - row_share - col_share + both, col_share - both, row_share - both, both)
    counts = np.zeros(LONGEST * num_levels)
    for step, weight in zip((0, 1, num_cols, num_cols + 1), weights, strict=True):
        counts += np.bincount((first + step).ravel(), weight.ravel(), len(counts))
    return (counts.reshape(LONGEST, -1) / blur.shape[1]).astype(np.float32)


def _place(
    values: NDArray[np.float32], levels: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the level below each value, and how far it is on its way to the next, in [0, 1]."""
    steps = (values - levels[0]) * (1 / (levels[1] - levels[0]))
    np.maximum(steps, 0, out=steps)
    np.minimum(steps, len(levels) - 1 - 1e-4, out=steps)
    below = steps.astype(np.int64)
    return below, steps - below.astype(np.float32)


@cache
def _compute_likelihood() -> NDArray[np.float32]:
    """How probable a measured blur with an error is, by true blur; shape (L * E, L)."""
    variance = _OWN_PART * np.exp(_ERROR_LEVELS)[None, :, None]
    distance = _BLUR_LEVELS[:, None, None] - _BLUR_LEVELS
    likelihood = np.exp(-0.5 * distance**2 / variance)
    likelihood /= likelihood.sum(axis=2, keepdims=True)
    return (likelihood + _LEAST_LIKELIHOOD).reshape(-1, len(_BLUR_LEVELS)).astype(np.float32)


def _find_quantile(shares: NDArray[np.float32], share: float) -> float:
    """Find the blur of which a share of the photo has less, evenly spread around each level."""
    sums = shares.cumsum()
    level = int(np.searchsorted(sums, share * sums[-1]))
    part = (share * sums[-1] - sums[level]) / shares[level] + 0.5
    return float(_BLUR_LEVELS[level] + part * (_BLUR_LEVELS[1] - _BLUR_LEVELS[0]))
