"""Fit the handful of calibration constants on labelled photos that train nothing.

Photos are split by scene into a half that calibrates and a half that measures; the split depends on
the scene's name alone, so that every run and every source splits alike.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Share of bad photos in the library for which probabilities are stated: one photo in ten.
PRIOR_BAD = 0.1


def is_calibration_scene(scene: str) -> bool:
    """Tell whether a scene calibrates (True) or measures (False).

    Parameters
    ----------
    scene : str
        Name of source and scene, e.g. `realblur/shift_48`.

    Returns
    -------
    bool
        About half of all scenes are True.
    """
    return zlib.crc32(scene.encode()) % 2 == 0


def fit_logistic(
    features: NDArray[np.floating],
    is_bad: NDArray[np.bool_],
    *,
    weights: NDArray[np.floating],
    ridge: float = 1e-2,
) -> tuple[float, ...]:
    """Fit a logistic curve by iteratively reweighted least squares, then set its prior.

    Parameters
    ----------
    features : ndarray of float, shape (N, F)
        Raw scores.
    is_bad : ndarray of bool, shape (N,)
        Labels.
    weights : ndarray of float, shape (N,)
        Weight of each photo; bad and good photos are balanced afterwards.
    ridge : float
        Penalty on the squared weights of standardised features, relative to the mean loss.

    Returns
    -------
    tuple of float
        F weights and the offset, for a library with `PRIOR_BAD` bad photos.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    x = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    y = is_bad.astype(np.float64)
    balance = np.where(is_bad, 0.5 / weights[is_bad].sum(), 0.5 / weights[~is_bad].sum())
    w = weights * balance
    penalty = np.diag([ridge] * (x.shape[1] - 1) + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (w * (p - y)) + penalty @ beta
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(curvature, gradient)
        beta -= step / max(1.0, float(np.abs(step).max()) / 2.0)
        if np.abs(step).max() < 1e-8:
            break
    slopes = beta[:-1] / spread
    offset = beta[-1] - slopes @ centre + np.log(PRIOR_BAD / (1 - PRIOR_BAD))
    return (*(float(s) for s in slopes), float(offset))
