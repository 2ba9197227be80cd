"""From raw scores to probabilities: a logistic curve for each label, with constants kept as data.

The constants are fitted on labelled photos that train nothing and from which no figure is reported;
they live in `weights/manifest.toml` beside the network that they belong to.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from clearshot.errors import NetworkError
from clearshot.photo import Label, SharpAt
from clearshot.scoring.native import choose_blur
from clearshot.scoring.weights import read_packaged_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import Scores


# How much of a photo's anisotropy is added to its blur, and up to which anisotropy [octaves].
_MOVEMENT_WEIGHT: Final = 0.5
_MAX_MOVEMENT_OCTAVES: Final = 0.5


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


def describe(label: Label, scores: Scores, sharp_at: SharpAt = SharpAt.SCREEN) -> tuple[float, ...]:
    """Give the features from which the probability of a label is computed.

    Raises ValueError as `clearshot.scoring.native.choose_blur`.

    Parameters
    ----------
    label : Label
        The label.
    scores : Scores
        Raw scores.
    sharp_at : SharpAt
        How large the photo is seen.

    Returns
    -------
    tuple of float
        In the order of the label's weights in `Calibration`.
    """
    exposure = scores.exposure
    match label:
        case Label.BLURRY:
            return (choose_blur(scores, sharp_at) + _weigh_movement(scores.focus.anisotropy),)
        case Label.DARK:
            return (exposure.median_stops, exposure.bright_stops)
        case Label.OVEREXPOSED:
            return (exposure.median_stops, exposure.shadow_stops, exposure.white_share)


def _weigh_movement(anisotropy: float) -> float:
    """Give what a movement of the whole photo adds to the blur of its sharpest part [octaves].

    A moved photo is sharp across its movement, so that its sharpest cells look better than it is;
    a blurred background has no direction. Up to half an octave of anisotropy counts, by one half.
    With these, more blur never lowers the sum: blur in all directions of variance v lengthens the
    short axis by at most twice as many octaves as the long one, while that one counts 1.5 times
    and the short one 0.5 times.
    """
    return _MOVEMENT_WEIGHT * min(anisotropy, _MAX_MOVEMENT_OCTAVES)


def compute_logits(
    scores: Scores, calibration: Calibration, sharp_at: SharpAt = SharpAt.SCREEN
) -> dict[Label, float]:
    """Compute the log odds that each label applies.

    Raises ValueError as `clearshot.scoring.native.choose_blur`.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    calibration : Calibration
        The constants.
    sharp_at : SharpAt
        How large the photo is seen.

    Returns
    -------
    dict of Label to float
        Natural log of p / (1 - p).
    """
    logits = {}
    for label in Label:
        *weights, offset = getattr(calibration, label.value)
        features = describe(label, scores, sharp_at)
        logits[label] = math.fsum(map(operator.mul, weights, features)) + offset
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
