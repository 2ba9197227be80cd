"""From raw scores to probabilities: a logistic curve for each label, with constants kept as data.

The constants are fitted on labelled photos that train nothing and from which no figure is reported;
they live in `weights/manifest.toml` beside the network that they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from clearshot.errors import NetworkError
from clearshot.scoring.weights import read_packaged_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import ExposureScores, FocusScores


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


def describe_blur(focus: FocusScores) -> tuple[float, ...]:
    """Give the features from which `p_blurry` is computed.

    Parameters
    ----------
    focus : FocusScores
        Raw scores.

    Returns
    -------
    tuple of float
        The blur score [logits].
    """
    return (focus.blur,)


def describe_darkness(exposure: ExposureScores) -> tuple[float, ...]:
    """Give the features from which `p_dark` is computed.

    Parameters
    ----------
    exposure : ExposureScores
        Raw scores.

    Returns
    -------
    tuple of float
        Median and bright stops.
    """
    return (exposure.median_stops, exposure.bright_stops)


def describe_overexposure(exposure: ExposureScores) -> tuple[float, ...]:
    """Give the features from which `p_overexposed` is computed.

    Parameters
    ----------
    exposure : ExposureScores
        Raw scores.

    Returns
    -------
    tuple of float
        Median and shadow stops, share of white.
    """
    return (exposure.median_stops, exposure.shadow_stops, exposure.white_share)


def compute_probability(features: tuple[float, ...], constants: tuple[float, ...]) -> float:
    """Evaluate a logistic curve.

    Parameters
    ----------
    features : tuple of float
        One value per weight.
    constants : tuple of float
        Weights, then the offset.

    Returns
    -------
    float
        Probability in [0, 1].
    """
    exponent = float(np.dot(features, constants[:-1])) + constants[-1]
    return float(1.0 / (1.0 + np.exp(-np.clip(exponent, -50.0, 50.0))))
