"""From raw scores to a verdict with reasons. Pure, so that old scans can be judged anew."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from clearshot.decode.image import JUDGED_PX
from clearshot.photo import BlurKind, Label, Rating, SharpAt, Verdict
from clearshot.scoring.calibration import (
    Calibration,
    compute_logits,
    compute_saturation_logit,
    read_calibration,
    to_probability,
)
from clearshot.scoring.native import choose_blur

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import ExposureScores, Scores
    from clearshot.scoring.limits import Wishes
    from clearshot.scoring.recalibration import Curve

# Blur that is longer along one direction than along another by this many octaves, all over the
# photo, is a movement. Of 12 photos of Kwentar out of focus two reach it, of 12 moved
# ones 11 do.
_MOTION_OCTAVES: Final = 0.12

# What the network reads where a picture is as sharp as its pixels can show [px]. A longer blur of
# sigma px leaves one real pixel in sigma / this, along each of its two axes.
SHARP_SIGMA_PX: Final = 0.4


# An estimated error below this is not told: the photo looks wrong for another reason [stops].
_LEAST_ERROR_STOPS: Final = 0.75


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a photo is called bad.

    Attributes
    ----------
    blurry, dark, overexposed : float
        A photo is bad from this probability on, above 0; above 1 none is.
    unsure : float
        It is unsure from this share of the threshold on, in [0, 1].
    sharp_at : SharpAt
        How large the photo is seen when its sharpness is judged; at 100 % only what was measured
        there can be judged.
    unsure_from : mapping of Label to float or None
        Where a tolerance sets it: the probability from which on a photo is unsure, in place of
        `unsure`.
    curves : mapping of Label to Curve or None
        A library's own curves over the shipped log odds; probabilities are then its own.
    cameras : mapping of str to Thresholds or None
        In place of these for photos of some cameras, see `for_camera`.
    wishes : Wishes or None
        What the user asked for, where `clearshot.scoring.limits.set_thresholds` set them.
    """

    blurry: float = 0.5
    dark: float = 0.5
    overexposed: float = 0.5
    unsure: float = 0.5
    sharp_at: SharpAt = SharpAt.SCREEN
    unsure_from: Mapping[Label, float] | None = None
    curves: Mapping[Label, Curve] | None = None
    cameras: Mapping[str, Thresholds] | None = None
    wishes: Wishes | None = None

    def find_unsure(self, label: Label) -> float:
        """Give the probability from which on a photo is unsure.

        Parameters
        ----------
        label : Label
            Of which label.

        Returns
        -------
        float
            At most the label's threshold.
        """
        if self.unsure_from is not None and label in self.unsure_from:
            return self.unsure_from[label]
        return float(getattr(self, label.value)) * self.unsure

    def for_camera(self, camera: str | None) -> Thresholds:
        """Give the thresholds for the photos of a camera.

        Parameters
        ----------
        camera : str or None
            Its name; None where nobody knows.

        Returns
        -------
        Thresholds
            Those of the camera, or these.
        """
        return (self.cameras or {}).get(camera or "", self)


def judge(
    scores: Scores,
    thresholds: Thresholds = Thresholds(),
    calibration: Calibration | None = None,
) -> Verdict:
    """Judge a photo by its scores.

    Raises ValueError if it is to be judged at 100 % but was not measured there.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    thresholds : Thresholds
        When a photo is called bad.
    calibration : Calibration or None
        From scores to probabilities; the packaged one by default.

    Returns
    -------
    Verdict
        Rating, labels, probabilities and reasons.
    """
    constants = read_calibration() if calibration is None else calibration
    p = compute_probabilities(scores, thresholds, constants)
    limits = {label: float(getattr(thresholds, label.value)) for label in Label}
    ranked = sorted(Label, key=lambda label: -p[label])
    unsure = {label: thresholds.find_unsure(label) for label in Label}
    ratings = {label: rate(p[label], limits[label], unsure[label]) for label in ranked}
    bad, doubtful = (
        tuple(label for label in ranked if ratings[label] is rating)
        for rating in (Rating.BAD, Rating.UNSURE)
    )
    kind = classify_blur(scores, thresholds.sharp_at) if Label.BLURRY in bad else None
    return Verdict(
        rating=Rating.BAD if bad else Rating.UNSURE if doubtful else Rating.GOOD,
        labels=bad,
        p_blurry=p[Label.BLURRY],
        p_dark=p[Label.DARK],
        p_overexposed=p[Label.OVEREXPOSED],
        blur_kind=kind,
        effective_mp=estimate_effective_mp(scores, is_blurry=Label.BLURRY in bad),
        sharpest_region=scores.focus.sharpest,
        reasons=(
            *_explain(scores, thresholds.sharp_at, bad, doubtful),
            *_explain_headroom(scores, thresholds, constants),
        ),
    )


def compute_probabilities(
    scores: Scores,
    thresholds: Thresholds = Thresholds(),
    calibration: Calibration | None = None,
) -> dict[Label, float]:
    """Compute the probability of each label, as `judge` does, without anything in words.

    Raises ValueError as `judge`.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    thresholds : Thresholds
        Hold the library's own curves, and how large the photo is seen.
    calibration : Calibration or None
        From scores to probabilities; the packaged one by default.

    Returns
    -------
    dict of Label to float
        In [0, 1].
    """
    constants = read_calibration() if calibration is None else calibration
    logits = compute_logits(scores, constants, thresholds.sharp_at)
    if thresholds.curves is not None:
        logits = {label: thresholds.curves[label].apply(logit) for label, logit in logits.items()}
    return {label: to_probability(logit) for label, logit in logits.items()}


def rate(p: float, limit: float, unsure_from: float) -> Rating:
    """Rate a photo by the probability of one label.

    Parameters
    ----------
    p : float
        Probability, in [0, 1].
    limit : float
        The photo is bad from this probability on, above 0; above 1 it never is.
    unsure_from : float
        It is unsure from this probability on, at most `limit`.

    Returns
    -------
    Rating
        Good, unsure or bad.
    """
    if p >= limit:
        return Rating.BAD
    return Rating.UNSURE if p >= unsure_from else Rating.GOOD


def classify_blur(scores: Scores, sharp_at: SharpAt = SharpAt.SCREEN) -> BlurKind:
    """Tell a movement from a lens out of focus.

    Raises ValueError as `clearshot.scoring.native.choose_blur`.

    Parameters
    ----------
    scores : Scores
        Raw scores of a blurred photo.
    sharp_at : SharpAt
        How large the photo is seen; the blur that decides there is the one that is classified.

    Returns
    -------
    BlurKind
        Motion when the blur has a direction, else defocus.
    """
    focus = scores.focus
    anisotropy = focus.anisotropy
    # A photo that is soft only pixel by pixel shows no direction at the judged size.
    if focus.native_anisotropy is not None and _is_native_decisive(scores, sharp_at):
        anisotropy = focus.native_anisotropy
    return BlurKind.MOTION if anisotropy >= _MOTION_OCTAVES else BlurKind.DEFOCUS


def estimate_effective_mp(scores: Scores, *, is_blurry: bool) -> float | None:
    """Estimate how many megapixels would hold all the detail of a photo.

    A blur costs pixels along its longest axis, and across it as far as it is wide there: a movement
    along a line costs them along that line alone.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    is_blurry : bool
        Whether the photo is blurry, so that the judged size tells where 100 % was not measured.

    Returns
    -------
    float or None
        Megapixels, never more than the photo has; None where only 100 % could tell.
    """
    focus, long_side = scores.focus, max(scores.width_px, scores.height_px)
    if focus.native_blur is not None:
        blur, scale = focus.native_blur, 1.0
        anisotropy = focus.native_anisotropy or 0.0
    elif is_blurry:
        blur, scale = focus.blur, min(1.0, JUDGED_PX / long_side)
        anisotropy = focus.anisotropy
    else:
        return None
    measured_mp = scores.width_px * scores.height_px * scale**2 / 1e6
    sigmas_px = math.exp2(blur), math.exp2(blur - anisotropy)
    return measured_mp * math.prod(min(1.0, SHARP_SIGMA_PX / sigma_px) for sigma_px in sigmas_px)


def _explain(
    scores: Scores, sharp_at: SharpAt, bad: tuple[Label, ...], doubtful: tuple[Label, ...]
) -> tuple[str, ...]:
    reasons = [_describe(label, scores, sharp_at) for label in bad]
    reasons += [f"Perhaps: {_describe(label, scores, sharp_at)}" for label in doubtful]
    if Label.BLURRY not in bad + doubtful:
        length = _describe_length(scores, sharp_at)
        reasons.append(f"Sharp: the sharpest part is blurred by only {length}.")
    return tuple(reasons)


def _explain_headroom(
    scores: Scores, thresholds: Thresholds, calibration: Calibration
) -> tuple[str, ...]:
    """Say so where a photo would be called overexposed if its raw file did not hold the light."""
    saturation = scores.exposure.sensor_white_share
    if saturation is None:
        return ()
    developed = replace(scores, exposure=replace(scores.exposure, sensor_white_share=None))
    label = Label.OVEREXPOSED
    logit = compute_logits(developed, calibration, thresholds.sharp_at)[label]
    logits = [logit, min(logit, compute_saturation_logit(saturation))]
    if thresholds.curves is not None:
        logits = [thresholds.curves[label].apply(each) for each in logits]
    ratings = [
        rate(to_probability(each), thresholds.overexposed, thresholds.find_unsure(label))
        for each in logits
    ]
    if ratings[0] is ratings[1]:
        return ()
    return (
        "Bright, but not lost: the raw file still holds the highlights; "
        f"{_write_share(saturation)} of its values are saturated.",
    )


def _describe(label: Label, scores: Scores, sharp_at: SharpAt) -> str:
    match label:
        case Label.BLURRY:
            return _describe_blur(scores, sharp_at)
        case Label.DARK:
            return _describe_darkness(scores.exposure)
        case Label.OVEREXPOSED:
            return _describe_overexposure(scores.exposure)


def _describe_blur(scores: Scores, sharp_at: SharpAt) -> str:
    what = {
        BlurKind.MOTION: "Blurred along one direction, as if moved",
        BlurKind.DEFOCUS: "Blurred in all directions, as if out of focus",
    }
    length = _describe_length(scores, sharp_at)
    kind = what[classify_blur(scores, sharp_at)]
    return f"{kind}: even the sharpest part is blurred by about {length}."


def _describe_length(scores: Scores, sharp_at: SharpAt) -> str:
    """Say how long the blur is that decided, and at which size."""
    focus, long_side = scores.focus, min(JUDGED_PX, max(scores.width_px, scores.height_px))
    if focus.native_blur is not None and _is_native_decisive(scores, sharp_at):
        return f"{math.exp2(focus.native_blur):.1f} px, seen at 100 %"
    return f"{focus.sigma_px:.1f} px, seen at {long_side} px"


def _is_native_decisive(scores: Scores, sharp_at: SharpAt) -> bool:
    return choose_blur(scores, sharp_at) != scores.focus.blur


def _describe_darkness(exposure: ExposureScores) -> str:
    floor = f"{exposure.black_share:.0%} of the picture is too dark to hold detail"
    subject = f"the sharpest part lies {_write_stops(-exposure.subject_stops)} below white"
    if exposure.error_stops > -_LEAST_ERROR_STOPS:
        return f"Dark: {floor}; {subject}."
    error = _write_stops(-exposure.error_stops)
    return f"Dark: about {error} too dark; {floor}; {subject}."


def _describe_overexposure(exposure: ExposureScores) -> str:
    clipped = f"{exposure.white_share:.0%} of the picture is clipped to white"
    if exposure.sensor_white_share is not None:
        saturated = _write_share(exposure.sensor_white_share)
        clipped += f", {saturated} of the raw file's values are saturated"
    if exposure.error_stops < _LEAST_ERROR_STOPS:
        return f"Overexposed: {clipped}."
    return f"Overexposed: about {_write_stops(exposure.error_stops)} too bright; {clipped}."


def _write_stops(stops: float) -> str:
    """Write stops as exactly as an estimate deserves, to a half."""
    halves = round(2 * stops) / 2
    return f"{halves:g} stop" if halves == 1 else f"{halves:g} stops"


def _write_share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"
