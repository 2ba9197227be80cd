"""A library's own calibration: two numbers a label, and the scores that its limits are set on.

The shipped curve is moved and stretched by the owner's photos, with a prior that holds it where it
is, so that a few of them help and none can wreck it. Limits are order statistics of the same
photos: a curve that rises keeps their order, so that fitting it spends none of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.errors import InputError
from clearshot.photo import Label
from clearshot.scoring.calibration import PRIORS
from clearshot.scoring.tolerance import Tail, TailPair, Tolerance, build_tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# How far a library's curve may lie from the shipped one: standard deviations of the offset [log
# odds] and of the logarithm of the slope. Of four pairs the one with which 16 to 30 photos of one
# source of labelled photos gained most on limits from the others (docs/experiments.md).
OFFSET_SPREAD: Final = 1.0
SLOPE_SPREAD: Final = 0.3

# Fewest photos of each kind from which a curve is moved at all.
MIN_PHOTOS: Final = 5

# A camera gets limits of its own from this many good and bad photos on.
MIN_CAMERA_PHOTOS: Final = 60

_FORMAT: Final = "clearshot-calibration-1"


@dataclass(frozen=True, slots=True)
class Curve:
    """Log odds of a library from the shipped ones: `slope * logit + offset`.

    Attributes
    ----------
    slope : float
        Above 0.
    offset : float
        Log odds.
    """

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, logit: float) -> float:
        """Give the library's log odds for shipped ones."""
        return self.slope * logit + self.offset

    def invert(self, logit: float) -> float:
        """Give the shipped log odds for the library's."""
        return (logit - self.offset) / self.slope


@dataclass(frozen=True, slots=True)
class LabelledScore:
    """What is known of one photo, beside its scores.

    Attributes
    ----------
    logits : mapping of Label to float
        Shipped log odds.
    label : Label or None
        What is wrong with it; None for a good photo.
    camera : str
        Which camera took it; empty where nobody knows.
    """

    logits: Mapping[Label, float]
    label: Label | None
    camera: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A calibration of all photos, or of one camera's.

    Attributes
    ----------
    curves : mapping of Label to Curve
        By label.
    pairs : mapping of Label to TailPair
        The shipped log odds of the owner's photos.
    """

    curves: Mapping[Label, Curve]
    pairs: Mapping[Label, TailPair]


@dataclass(frozen=True, slots=True)
class Recalibration:
    """A library's own calibration.

    Attributes
    ----------
    common : Part
        For all photos.
    cameras : mapping of str to Part
        For cameras with enough photos, in place of `common`.
    tolerances : mapping of Label to Tolerance
        What the owner accepts where a command is not told.
    made_for : str
        The shipped calibration whose log odds these are, see `digest_calibration`.
    origin : str
        Where the decisions came from, in words.
    """

    common: Part
    tolerances: Mapping[Label, Tolerance]
    made_for: str
    origin: str
    cameras: Mapping[str, Part] = field(default_factory=dict)


def recalibrate(
    decisions: Sequence[LabelledScore],
    *,
    tolerances: Mapping[Label, Tolerance],
    made_for: str,
    origin: str,
) -> Recalibration:
    """Calibrate on photos of a library.

    Parameters
    ----------
    decisions : sequence of LabelledScore
        Independent photos of the library: drawn at random, or one a scene.
    tolerances : mapping of Label to Tolerance
        What the owner accepts.
    made_for : str
        The shipped calibration whose log odds the decisions hold.
    origin : str
        Where they came from.

    Returns
    -------
    Recalibration
        For all photos, and for each camera with `MIN_CAMERA_PHOTOS` of them, good and bad together.
        For a label of which it has fewer than `MIN_PHOTOS` of a kind, that of all photos holds.
    """
    by_camera: dict[str, list[LabelledScore]] = {}
    for decision in decisions:
        by_camera.setdefault(decision.camera, []).append(decision)
    common = _build_part(decisions)
    cameras = {
        camera: _build_part(part, default=common)
        for camera, part in sorted(by_camera.items())
        if camera and len(part) >= MIN_CAMERA_PHOTOS
    }
    return Recalibration(common, tolerances, made_for, origin, cameras)


def _build_part(decisions: Sequence[LabelledScore], default: Part | None = None) -> Part:
    curves, pairs = {}, {}
    for label in Label:
        good = np.array([d.logits[label] for d in decisions if d.label is None])
        bad = np.array([d.logits[label] for d in decisions if d.label is label])
        if default is not None and min(good.size, bad.size) < MIN_PHOTOS:
            curves[label], pairs[label] = default.curves[label], default.pairs[label]
            continue
        curves[label] = fit_curve(good, bad, prior_bad=PRIORS[label])
        pairs[label] = TailPair(build_tail(good, is_bad=False), build_tail(bad, is_bad=True))
    return Part(curves, pairs)


def fit_curve(good: NDArray[np.float64], bad: NDArray[np.float64], *, prior_bad: float) -> Curve:
    """Fit slope and offset by Platt's method [1]_, with a normal prior at the shipped curve.

    Both kinds count for as much as where the prior share of bad photos holds, so that what share of
    the decisions is bad moves nothing: only how photos of either kind score does.

    Parameters
    ----------
    good, bad : ndarray of float, shape (N,) and (M,)
        Shipped log odds.
    prior_bad : float
        Share of bad photos for which they are stated, so that the shipped ones and the library's
        stay comparable, in (0, 1).

    Returns
    -------
    Curve
        The shipped one where there are fewer than `MIN_PHOTOS` of a kind.

    References
    ----------
    .. [1] Platt, "Probabilistic outputs for support vector machines and comparisons to regularized
       likelihood methods", Advances in Large Margin Classifiers, 1999.
    """
    if min(good.size, bad.size) < MIN_PHOTOS:
        return Curve()
    x = np.concatenate([good, bad])
    y = np.concatenate([np.zeros(good.size), np.ones(bad.size)])
    # As many photos as the scarcer kind would make with the prior share.
    total = min(good.size / (1 - prior_bad), bad.size / prior_bad)
    shares = ((1 - prior_bad) / good.size, prior_bad / bad.size)
    w = total * np.where(y > 0, shares[1], shares[0])
    theta = np.zeros(2)  # log of the slope, offset
    precision = np.array([SLOPE_SPREAD, OFFSET_SPREAD]) ** -2.0
    for _ in range(100):
        slope = math.exp(theta[0])
        p = 1 / (1 + np.exp(-np.clip(slope * x + theta[1], -50, 50)))
        inner = np.column_stack([slope * x, np.ones(x.size)])
        gradient = inner.T @ (w * (p - y)) + precision * theta
        curvature = (inner * (w * p * (1 - p))[:, None]).T @ inner + np.diag(precision)
        # The slope is the exponential of theta[0]: its second derivative counts too, but only where
        # it is positive. Else the step might lead uphill.
        curvature[0, 0] += max(0.0, float(w * (p - y) @ inner[:, 0]))
        step = np.linalg.solve(curvature, gradient)
        step /= max(1.0, float(np.abs(step).max()) / 0.3)
        theta -= step
        if np.abs(step).max() < 1e-9:
            break
    return Curve(math.exp(theta[0]), float(theta[1]))


def write_recalibration(own: Recalibration) -> str:
    """Write a calibration as JSON, for the catalog and for other libraries.

    Parameters
    ----------
    own : Recalibration
        The calibration.

    Returns
    -------
    str
        Indented JSON; it holds numbers, names of cameras and the origin, no photo and no path.
    """
    record = {
        "format": _FORMAT,
        "made_for": own.made_for,
        "origin": own.origin,
        "tolerances": {
            label.value: {"lost": t.lost, "missed": t.missed, "confidence": t.confidence}
            for label, t in own.tolerances.items()
        },
        "common": _part_to_json(own.common),
        "cameras": {camera: _part_to_json(part) for camera, part in own.cameras.items()},
    }
    return json.dumps(record, indent=1) + "\n"


def parse_recalibration(content: str) -> Recalibration:
    """Read what `write_recalibration` wrote.

    Parameters
    ----------
    content : str
        JSON.

    Returns
    -------
    Recalibration
        The calibration.

    Raises
    ------
    InputError
        If it is something else.
    """
    try:
        record = json.loads(content)
        _check_format(record["format"])
        return Recalibration(
            common=_parse_part(record["common"]),
            tolerances={Label(k): Tolerance(**v) for k, v in record["tolerances"].items()},
            made_for=str(record["made_for"]),
            origin=str(record["origin"]),
            cameras={str(k): _parse_part(v) for k, v in record["cameras"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"is no calibration of clearshot: {error}") from error


def _check_format(name: object) -> None:
    if name != _FORMAT:
        raise ValueError(f"its format is {name!r}, not {_FORMAT!r}")


def _part_to_json(part: Part) -> dict[str, Any]:
    return {
        label.value: {
            "slope": curve.slope,
            "offset": curve.offset,
            "good": _expand(part.pairs[label].good),
            "bad": _expand(part.pairs[label].bad),
        }
        for label, curve in part.curves.items()
    }


def _parse_part(record: dict[str, Any]) -> Part:
    curves, pairs = {}, {}
    for label in Label:
        row = record[label.value]
        curves[label] = Curve(float(row["slope"]), float(row["offset"]))
        if not (curves[label].slope > 0 and math.isfinite(curves[label].offset)):
            raise ValueError(f"the curve of {label.value!r} does not rise")
        good, bad = np.array(row["good"], float), np.array(row["bad"], float)
        if not (np.isfinite(good).all() and np.isfinite(bad).all()):
            raise ValueError(f"the scores of {label.value!r} are not finite")
        pairs[label] = TailPair(build_tail(good, is_bad=False), build_tail(bad, is_bad=True))
    return Part(curves, pairs)


def _expand(tail: Tail) -> list[float]:
    """List every photo's score, the tied ones too."""
    num = round(tail.num_scenes)
    starts = [round(share * num) for share in tail.shares]
    counts = np.diff([*starts, num])
    return [float(logit) for logit in np.repeat(tail.logits, counts)]
