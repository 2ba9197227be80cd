"""Fit the handful of calibration constants on labelled photos that train and measure nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.errors import InputError
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Label
from clearshot.scoring.calibration import PRIORS, list_features

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.photo import Scores

# Fewest photos of each kind from which a curve is fitted.
MIN_PHOTOS: Final = 8


def fit_calibration(
    photos: Sequence[LabelledPhoto],
    scores: Mapping[Path, Scores],
    labels: Collection[Label] = tuple(Label),
) -> dict[str, list[float]]:
    """Fit the logistic curve of each label, on the half of the scenes that calibrates.

    Each source counts as much as any other, however many photos it has.

    Parameters
    ----------
    photos : sequence of LabelledPhoto
        Clear and bad photos.
    scores : mapping of Path to Scores
        Raw scores; photos that are not in it are left out.
    labels : collection of Label
        The labels; all by default.

    Returns
    -------
    dict of str to list of float
        Weights and offset by label, as `clearshot.scoring.calibration` reads them.

    Raises
    ------
    InputError
        If a label has fewer than `MIN_PHOTOS` photos, or there are fewer clear ones.
    """
    chosen = [p for p in photos if p.path in scores and is_for_calibration(p)]
    constants = {}
    for label in labels:
        part = [photo for photo in chosen if photo.label in {None, label}]
        is_bad = np.array([photo.label is label for photo in part], dtype=bool)
        if min(is_bad.sum(), (~is_bad).sum()) < MIN_PHOTOS:
            msg = f"calibrating {label.value!r} needs {MIN_PHOTOS} such photos and {MIN_PHOTOS} "
            msg += f"clear ones, found {is_bad.sum()} and {(~is_bad).sum()}"
            raise InputError(msg)
        features = np.array([list_features(label, scores[photo.path]) for photo in part])
        constants[label.value] = list(
            fit_logistic(features, is_bad, weights=_balance(part, is_bad), prior_bad=PRIORS[label])
        )
    return constants


def fit_logistic(
    features: NDArray[np.float64],
    is_bad: NDArray[np.bool_],
    *,
    weights: NDArray[np.float64],
    prior_bad: float,
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
    prior_bad : float
        Share of bad photos in the library for which probabilities are stated, in (0, 1).
    ridge : float
        Penalty on the squared weights of standardised features, relative to the mean loss.

    Returns
    -------
    tuple of float
        F weights and the offset, for such a library.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    x = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    y = is_bad.astype(np.float64)
    w = weights * np.where(is_bad, 0.5 / weights[is_bad].sum(), 0.5 / weights[~is_bad].sum())
    penalty = np.diag([ridge] * (x.shape[1] - 1) + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (w * (p - y)) + penalty @ beta
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(curvature, gradient)
        # Newton's step, shortened where the curve is still far away.
        beta -= step / max(1.0, float(np.abs(step).max()) / 2.0)
        if np.abs(step).max() < 1e-8:
            break
    slopes = beta[:-1] / spread
    offset = beta[-1] - slopes @ centre + np.log(prior_bad / (1 - prior_bad))
    return (*(float(slope) for slope in slopes), float(offset))


def _balance(photos: Sequence[LabelledPhoto], is_bad: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weigh each photo by one over the number of its kind in its source."""
    keys = [(photo.source, bool(bad)) for photo, bad in zip(photos, is_bad, strict=True)]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([1.0 / counts[key] for key in keys])
