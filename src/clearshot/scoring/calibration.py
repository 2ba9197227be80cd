"""From raw scores to probabilities: a logistic curve for each label, with constants kept as data.

The constants are fitted on labelled photos that train nothing and from which no figure is reported;
they live in `weights/manifest.toml` beside the network that they belong to.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from clearshot.errors import NetworkError
from clearshot.photo import Label
from clearshot.scoring.weights import read_packaged_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import Scores


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of the logistic curves; every exponent is weights times features plus offset.

    Attributes
    ----------
    blurry : tuple of float
        Weight of the blur score and offset.
    dark : tuple of float
        Weights of the median and bright stops, and offset.
    overexposed : tuple of float
        Weights of the median and shadow stops and of the white share, and offset.
    """

    blurry: tuple[float, ...]
    dark: tuple[float, ...]
    overexposed: tuple[float, ...]


@cache
def read_calibration() -> Calibration:
    """Read the calibration that ships with the focus network.

    Returns
    -------
    Calibration
        The constants.

    Raises
    ------
    NetworkError
        If the manifest holds none.
    """
    return parse_calibration(read_packaged_network("focus").calibration)


def parse_calibration(table: Mapping[str, object]) -> Calibration:
    """Build a calibration from the manifest's table.

    Parameters
    ----------
    table : mapping
        Lists of numbers under `blurry` (2), `dark` (3) and `overexposed` (4).

    Returns
    -------
    Calibration
        The constants.

    Raises
    ------
    NetworkError
        If a list is missing or has another length.
    """
    lengths = {"blurry": 2, "dark": 3, "overexposed": 4}
    rows: dict[str, tuple[float, ...]] = {}
    for label, length in lengths.items():
        values = table.get(label)
        if not isinstance(values, list) or len(values) != length:
            msg = f"the manifest's calibration of {label!r} must hold {length} numbers, "
            msg += f"found {values!r}"
            raise NetworkError(msg)
        rows[label] = tuple(float(value) for value in values)
    return Calibration(**rows)


def describe(label: Label, scores: Scores) -> tuple[float, ...]:
    """Give the features from which the probability of a label is computed.

    Parameters
    ----------
    label : Label
        The label.
    scores : Scores
        Raw scores.

    Returns
    -------
    tuple of float
        In the order of the label's weights in `Calibration`.
    """
    focus, exposure = scores.focus, scores.exposure
    match label:
        case Label.BLURRY:
            return (focus.blur,)
        case Label.DARK:
            return (exposure.median_stops, exposure.bright_stops)
        case Label.OVEREXPOSED:
            return (exposure.median_stops, exposure.shadow_stops, exposure.white_share)


def compute_logits(scores: Scores, calibration: Calibration) -> dict[Label, float]:
    """Compute the log odds that each label applies.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    calibration : Calibration
        The constants.

    Returns
    -------
    dict of Label to float
        Natural log of p / (1 - p).
    """
    logits = {}
    for label in Label:
        *weights, offset = getattr(calibration, label.value)
        logits[label] = math.fsum(map(operator.mul, weights, describe(label, scores))) + offset
    return logits


def to_probability(logit: float) -> float:
    """Turn log odds into a probability.

    Parameters
    ----------
    logit : float
        Natural log of p / (1 - p).

    Returns
    -------
    float
        p in [0, 1].
    """
    return 1.0 / (1.0 + math.exp(-min(max(logit, -50.0), 50.0)))


def to_logit(probability: float) -> float:
    """Turn a probability into log odds.

    Parameters
    ----------
    probability : float
        p in [0, 1].

    Returns
    -------
    float
        Natural log of p / (1 - p); infinite at 0 and 1.
    """
    if probability in {0.0, 1.0}:
        return math.copysign(math.inf, probability - 0.5)
    return math.log(probability / (1.0 - probability))
