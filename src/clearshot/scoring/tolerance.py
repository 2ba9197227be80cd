"""From a tolerance to limits on log odds: what one accepts to lose, and what labelled photos say.

A `Tail` tells how often photos of one kind score like the other kind. The shipped ones are numbers
in `weights/tolerance.toml`, taken from labelled photos; those of a library come from the decisions
of its owner.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.errors import NetworkError
from clearshot.intervals import clopper_pearson, count_allowed, sum_binomial
from clearshot.photo import Label
from clearshot.scoring.calibration import read_calibration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from clearshot.scoring.calibration import Calibration

# No source of labelled photos counts for more than this share of all of a kind.
MAX_SOURCE_SHARE: Final = 1 / 3

# A limit becomes a probability and log odds again, and lies by so little beside its photo then.
_ROUNDING: Final = 1e-9

# Shares at which the shipped tails are written down; finer where tolerances are asked for.
SHARES: Final = (
    *(0.0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02),
    *(0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.0),
)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Which errors one accepts, for one label.

    Attributes
    ----------
    lost : float
        Share of good photos that may be called bad, in [0, 1).
    missed : float
        Share of bad photos that may be called good, in [0, 1); what is between the two is unsure.
    confidence : float
        How sure it shall be that no more are, in (0, 1).
    """

    lost: float = 0.01
    missed: float = 0.05
    confidence: float = 0.9

    def __post_init__(self) -> None:
        if not (0 <= self.lost < 1 and 0 <= self.missed < 1 and 0 < self.confidence < 1):
            raise ValueError(f"shares must be in [0, 1) and the confidence in (0, 1): {self}")


class Basis(StrEnum):
    """What a limit rests on.

    `CONFIDENT`: the share is kept in at least the confidence asked for of all calibrations.
    `AVERAGE`: it is kept on the average over calibrations, with less confidence than asked for,
    see `Tail.reach_confidence`; no photo of the sample lies beyond the limit.
    `NONE`: there are too few photos for either.
    """

    CONFIDENT = "confident"
    AVERAGE = "average"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Tail:
    """How photos of one kind score, the most misleading first.

    Attributes
    ----------
    logits : tuple of float
        Log odds that the label applies: falling for good photos, rising for bad ones.
    shares : tuple of float
        Share of the photos that mislead more than each, rising from 0.
    num_scenes : float
        Independent photos that say as much as these, at most the number of scenes.
    is_bad : bool
        Which kind.
    """

    logits: tuple[float, ...]
    shares: tuple[float, ...]
    num_scenes: float
    is_bad: bool

    def measure_share(self, logit: float) -> float:
        """Estimate the share of these photos that mislead more than a score.

        Parameters
        ----------
        logit : float
            Log odds.

        Returns
        -------
        float
            Of good photos, the share above it; of bad photos, the share below it. Between two
            photos in proportion; 0 beyond all.
        """
        if not self.logits:
            return math.nan
        sign = 1.0 if self.is_bad else -1.0
        # Of equal scores the first tells: none of them misleads more than itself.
        rising, first = np.unique(sign * np.array(self.logits), return_index=True)
        if sign * logit > rising[-1]:
            return 1.0
        share = float(np.interp(sign * logit, rising, np.array(self.shares)[first]))
        return 0.0 if share < _ROUNDING else share

    def bound_share(self, logit: float, coverage: float = 0.95) -> tuple[float, float]:
        """Give the interval of `measure_share`.

        Parameters
        ----------
        logit : float
            Log odds.
        coverage : float
            Of the interval, in (0, 1).

        Returns
        -------
        tuple of float
            Ends by Clopper and Pearson for as many photos as `num_scenes`, rounded outwards.
        """
        num = math.floor(self.num_scenes)
        share = 0.0 if num == 0 else self.measure_share(logit)
        low, _ = clopper_pearson(math.floor((share + _ROUNDING) * num), num, coverage)
        _, high = clopper_pearson(math.ceil((share - _ROUNDING) * num), num, coverage)
        return low, high

    def reach_confidence(self, share: float, confidence: float) -> float:
        """Tell with which confidence `find_limit` keeps a share.

        Parameters
        ----------
        share : float
            In [0, 1).
        confidence : float
            What was asked for, in (0, 1).

        Returns
        -------
        float
            That, or less where there are too few photos; 0 where nothing is kept.
        """
        _, basis = self.find_limit(share, confidence)
        if basis is Basis.NONE:
            return 0.0
        most = 1.0 - sum_binomial(0, math.floor(self.num_scenes), share)
        return confidence if basis is Basis.CONFIDENT else min(confidence, most)

    def find_limit(self, share: float, confidence: float) -> tuple[float | None, Basis]:
        """Find the limit beyond which at most a share of such photos lies.

        With n independent photos, at most k may lie beyond it: k by `count_allowed` for a
        confidence. Where n is too small for that, none may; a new photo then lies beyond it with a
        probability of 1 / (n + 1), on the average over all samples [1]_, which has to be at most
        `share`.

        Parameters
        ----------
        share : float
            In [0, 1).
        confidence : float
            In (0, 1).

        Returns
        -------
        tuple of (float or None, Basis)
            The score that is just not misleading, and what it rests on; None where there are too
            few photos.

        References
        ----------
        .. [1] Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, "Distribution-free predictive inference
           for regression", JASA 113, 2018. doi:10.1080/01621459.2017.1307116
        """
        num = math.floor(self.num_scenes)
        allowed, basis = count_allowed(num, share, confidence), Basis.CONFIDENT
        if allowed < 0:
            # The tiny addition keeps 0.01 * 100 = 0.9999... at 1.
            allowed, basis = min(0, math.floor((num + 1) * share + 1e-9) - 1), Basis.AVERAGE
        if allowed < 0 or not self.logits:
            return None, Basis.NONE
        within = [i for i, s in enumerate(self.shares) if s <= allowed / num + 1e-12]
        return self.logits[within[-1]], basis


@dataclass(frozen=True, slots=True)
class TailPair:
    """The good and the bad photos of one label.

    Attributes
    ----------
    good, bad : Tail
        Photos without and with the label.
    """

    good: Tail
    bad: Tail


@dataclass(frozen=True, slots=True)
class ToleranceTable:
    """What the shipped tolerances rest on.

    Attributes
    ----------
    pairs : mapping of Label to TailPair
        By label.
    sources : mapping of Label to str
        The sets that were measured, in words.
    """

    pairs: Mapping[Label, TailPair]
    sources: Mapping[Label, str]


def build_tail(logits: ArrayLike, *, is_bad: bool, sources: Sequence[str] | None = None) -> Tail:
    """Build a tail from independent photos: one a scene.

    Parameters
    ----------
    logits : array_like of float, shape (N,)
        Log odds of the photos.
    is_bad : bool
        Their kind.
    sources : sequence of str or None
        Where each comes from; no source counts for more than a third, or where there are fewer
        than three, for more than any other. None if all are alike.

    Returns
    -------
    Tail
        A step at each distinct score.
    """
    values = np.asarray(logits, dtype=np.float64)
    weights = np.ones(values.size) if sources is None else _weigh(sources)
    if values.size == 0:
        return Tail((), (), 0.0, is_bad)
    order = np.argsort(values if is_bad else -values, kind="stable")
    values, weights = values[order], weights[order]
    beyond = np.concatenate([[0.0], np.cumsum(weights)[:-1]]) / weights.sum()
    first = np.concatenate([[True], values[1:] != values[:-1]])
    # Kish's effective sample size: weighted photos say less than as many equal ones.
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return Tail(tuple(values[first].tolist()), tuple(beyond[first].tolist()), effective, is_bad)


def _weigh(sources: Sequence[str]) -> np.ndarray:
    """Weigh photos so that no source counts for more than its share; shape (N,)."""
    names, which, counts = np.unique(np.array(sources), return_inverse=True, return_counts=True)
    top = max(MAX_SOURCE_SHARE, 1 / len(names))
    totals = counts.astype(np.float64)
    # Capping one source makes the others larger in proportion, so the cap sinks until it holds.
    for _ in range(200):
        totals = np.minimum(totals, top * totals.sum())
    return np.asarray((totals / counts)[which])


def condense(tail: Tail) -> Tail:
    """Keep a few dozen points of a tail, at `SHARES`, so that no limit becomes more daring.

    Parameters
    ----------
    tail : Tail
        Of at least one photo.

    Returns
    -------
    Tail
        For each share, the least misleading photo beyond which no larger share lies.
    """
    shares = np.array(tail.shares)
    at = np.searchsorted(shares, np.array(SHARES) + 1e-12, "right") - 1
    return Tail(tuple(tail.logits[i] for i in at), SHARES, tail.num_scenes, tail.is_bad)


def digest_calibration(calibration: Calibration) -> str:
    """Name the calibration whose log odds a table holds.

    Parameters
    ----------
    calibration : Calibration
        The constants.

    Returns
    -------
    str
        First 16 hexadecimal digits of a digest.
    """
    return hashlib.sha256(repr(calibration).encode()).hexdigest()[:16]


@cache
def read_table() -> ToleranceTable:
    """Read the table that ships with the focus network.

    Returns
    -------
    ToleranceTable
        For the packaged calibration.

    Raises
    ------
    NetworkError
        If it is missing, not understood, or made for another calibration.
    """
    place = resources.files("clearshot") / "weights" / "tolerance.toml"
    try:
        content = place.read_text(encoding="utf-8")
    except OSError as error:
        raise NetworkError(f"the tolerance table is missing: {error}") from error
    return parse_table(content, read_calibration())


def parse_table(content: str, calibration: Calibration) -> ToleranceTable:
    """Read a table.

    Parameters
    ----------
    content : str
        TOML, as `clearshot train tolerance` writes it.
    calibration : Calibration
        The one in use.

    Returns
    -------
    ToleranceTable
        Tails and sources by label.

    Raises
    ------
    NetworkError
        If it is not understood or was made for another calibration.
    """
    try:
        table = tomllib.loads(content)
        made_for, shares = table["calibration"], tuple(float(s) for s in table["shares"])
        pairs = {label: _parse_pair(table[label.value], shares) for label in Label}
        sources = {label: str(table[label.value]["sources"]) for label in Label}
    except (KeyError, TypeError, ValueError) as error:  # a TOMLDecodeError is a ValueError
        raise NetworkError(f"the tolerance table is not understood: {error!r}") from error
    if made_for != digest_calibration(calibration):
        msg = "the tolerance table was made for another calibration; make it again: "
        raise NetworkError(f"{msg}clearshot train tolerance LABELLED")
    return ToleranceTable(pairs, sources)


def _parse_pair(row: Mapping[str, object], shares: tuple[float, ...]) -> TailPair:
    tails = []
    for kind in ("good", "bad"):
        values, num = row[kind], row[f"{kind}_scenes"]
        if not isinstance(values, list) or len(values) != len(shares):
            raise ValueError(f"{kind!r} must hold {len(shares)} numbers")
        logits = tuple(float(value) for value in values)
        tails.append(Tail(logits, shares, float(str(num)), kind == "bad"))
    return TailPair(*tails)
