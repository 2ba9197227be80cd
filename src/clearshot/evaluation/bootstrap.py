"""Bootstrap intervals over groups of photos, such as scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], ArrayLike],
    groups: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    coverage: float = 0.95,
    num_resamples: int = 1000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Estimate intervals by the percentile bootstrap [1]_ over groups of photos.

    Whole groups are drawn with replacement, within each stratum as many as it has, so that photos
    of one scene stay together. Equal seeds give equal intervals.

    Parameters
    ----------
    statistic : callable
        Takes positions of photos, int (M,), with repetitions; gives numbers of any shape S. NaN
        says that a resample does not define a number; it does not count.
    groups : array_like, shape (N,)
        Group of each photo, e.g. its scene; distinct values resample photo by photo.
    strata : array_like or None, shape (N,)
        Stratum of each photo; all photos of a group are in one. One stratum by default.
    coverage : float
        Share of resamples inside the interval, in (0, 1).
    num_resamples : int
        Number of resamples, >= 1.
    seed : int
        Seed, >= 0.

    Returns
    -------
    ndarray of float64, shape (2, *S)
        Lower and upper ends; NaN where no resample defines the number.

    Raises
    ------
    ValueError
        If there is no photo, the lengths differ, a group is in two strata, or a number is out of
        range.

    Notes
    -----
    A share of exactly 0 or 1 has an interval without width, however few photos there are.

    References
    ----------
    .. [1] Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13.
    """
    if not 0 < coverage < 1 or num_resamples < 1:
        raise ValueError(f"coverage {coverage} or num_resamples {num_resamples} is out of range")
    members = _list_members(np.asarray(groups), None if strata is None else np.asarray(strata))
    # The photos of all groups in one row; a stratum is a run of groups, a group a run of photos.
    photos = np.concatenate([group for part in members for group in part])
    sizes = np.array([group.size for part in members for group in part])
    begins = np.cumsum(sizes) - sizes
    nums = [len(part) for part in members]
    firsts = (np.cumsum(nums) - nums).tolist()
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(num_resamples):
        chosen = np.concatenate(
            [first + rng.integers(num, size=num) for first, num in zip(firsts, nums, strict=True)]
        )
        ends = np.cumsum(sizes[chosen])
        shifts = begins[chosen] - (ends - sizes[chosen])
        at = photos[np.repeat(shifts, sizes[chosen]) + np.arange(ends[-1])]
        draws.append(np.asarray(statistic(at), dtype=np.float64))
    values = np.stack(draws)
    undefined = np.isnan(values).all(axis=0)
    # NumPy warns of numbers that are never defined; they stay NaN.
    ends = np.nanquantile(
        np.where(undefined, 0.0, values), [(1 - coverage) / 2, (1 + coverage) / 2], axis=0
    )
    return np.asarray(np.where(undefined, np.nan, ends))


def _list_members(
    groups: NDArray[np.generic], strata: NDArray[np.generic] | None
) -> list[list[NDArray[np.intp]]]:
    """List the positions of the photos of each group, by stratum.

    Raises
    ------
    ValueError
        If there is no photo, the lengths differ, or a group is in two strata.
    """
    codes = np.zeros(groups.size, dtype=np.intp)
    if strata is not None:
        codes = np.unique(strata, return_inverse=True)[1]
    if groups.size == 0 or groups.ndim != 1 or codes.shape != groups.shape:
        raise ValueError(f"need photos and their strata, got {groups.shape} and {codes.shape}")
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    positions = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1])
    members: list[list[NDArray[np.intp]]] = [[] for _ in range(int(codes.max()) + 1)]
    for group in positions:
        if np.unique(codes[group]).size > 1:
            raise ValueError(f"group {groups[group[0]]!r} is in more than one stratum")
        members[codes[group[0]]].append(group)
    return members
