"""From raw scores to probabilities: a logistic curve for each label, with constants kept as data.

The constants are fitted on labelled photos that train nothing and from which no figure is reported;
they live in `weights/manifest.toml`, each with the network that it belongs to.
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
    from clearshot.scoring.weights import NetworkFile


# For raw files: with this share of saturated values the log odds of an overexposed photo are at
# most 0, and each doubling of the share raises that limit by so much. Set by hand: a lamp or a
# reflection is smaller, a lost sky is larger.
_SATURATED_SHARE: Final = 0.02
_LOGIT_PER_DOUBLING: Final = 1.5
_LEAST_SATURATED: Final = 1e-6

# Share of bad photos in the library for which probabilities are stated. Blurry: one in four, as
# after a shoot that has not been culled yet; cameras expose better than they focus. With it a
# threshold of 0.5 loses less than 1 % of the clear photos.
PRIORS: Final = {Label.BLURRY: 0.25, Label.DARK: 0.1, Label.OVEREXPOSED: 0.1}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of the logistic curves; every exponent is weights times features plus offset.

    Attributes
    ----------
    blurry : tuple of float
        Weight of the blur score and offset.
    dark, overexposed : tuple of float
        Weights of the exposure network's log odds of the label and of its error in stops as far as
        that speaks against the label, and offset. The log odds tell where there is doubt; where
        there is none they are all alike, and the error keeps the order.
    """

    blurry: tuple[float, ...]
    dark: tuple[float, ...]
    overexposed: tuple[float, ...]


@cache
def read_calibration() -> Calibration:
    """Read the calibration that ships with the networks.

    Returns
    -------
    Calibration
        The constants.

    Raises
    ------
    NetworkError
        If the manifest holds none.
    """
    return join_calibrations(read_packaged_network("focus"), read_packaged_network("exposure"))


def join_calibrations(focus: NetworkFile, exposure: NetworkFile) -> Calibration:
    """Put the constants of two networks together.

    Parameters
    ----------
    focus, exposure : NetworkFile
        The first gives the constants for blur, the second those for light.

    Returns
    -------
    Calibration
        The constants.

    Raises
    ------
    NetworkError
        If a network has none.
    """
    blur = {key: value for key, value in focus.calibration.items() if key == Label.BLURRY}
    return parse_calibration({**exposure.calibration, **blur})


def parse_calibration(table: Mapping[str, object]) -> Calibration:
    """Build a calibration from the manifest's table.

    Parameters
    ----------
    table : mapping
        Lists of numbers under `blurry` (2), `dark` (3) and `overexposed` (3).

    Returns
    -------
    Calibration
        The constants.

    Raises
    ------
    NetworkError
        If a list is missing or has another length.
    """
    lengths = {"blurry": 2, "dark": 3, "overexposed": 3}
    rows: dict[str, tuple[float, ...]] = {}
    for label, length in lengths.items():
        values = table.get(label)
        if values is None:
            msg = f"the manifest has no calibration of {label!r} yet; "
            raise NetworkError(f"{msg}`clearshot train calibration` fits it")
        if not isinstance(values, list) or len(values) != length:
            msg = f"the manifest's calibration of {label!r} must hold {length} numbers, "
            msg += f"found {values!r}"
            raise NetworkError(msg)
        rows[label] = tuple(float(value) for value in values)
    return Calibration(**rows)


def list_features(
    label: Label, scores: Scores, sharp_at: SharpAt = SharpAt.SCREEN
) -> tuple[float, ...]:
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
            return (choose_blur(scores, sharp_at),)
        case Label.DARK:
            return (exposure.dark_logit, max(exposure.error_stops, 0.0))
        case Label.OVEREXPOSED:
            return (exposure.overexposed_logit, min(exposure.error_stops, 0.0))


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
        features = list_features(label, scores, sharp_at)
        logits[label] = math.fsum(map(operator.mul, weights, features)) + offset
    saturation = scores.exposure.sensor_white_share
    if saturation is not None:
        held = compute_saturation_logit(saturation)
        logits[Label.OVEREXPOSED] = min(logits[Label.OVEREXPOSED], held)
    return logits


def compute_saturation_logit(share: float) -> float:
    """Compute the highest log odds of an overexposed photo that its raw file allows.

    A highlight that the raw file still holds can be developed anew and is not lost.

    Parameters
    ----------
    share : float
        Share of the sensor's values at saturation, in [0, 1].

    Returns
    -------
    float
        Natural log of p / (1 - p), rising with the share; 0 at one in fifty.
    """
    return _LOGIT_PER_DOUBLING * math.log2(max(share, _LEAST_SATURATED) / _SATURATED_SHARE)


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
