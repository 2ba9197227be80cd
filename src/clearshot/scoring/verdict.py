"""From raw scores to a verdict with reasons. Pure, so that old scans can be judged anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearshot.photo import Label, Rating, SharpAt, Verdict
from clearshot.scoring.blur import classify_blur, estimate_effective_mp
from clearshot.scoring.calibration import (
    Calibration,
    compute_logits,
    compute_saturation_logit,
    read_calibration,
    to_probability,
)
from clearshot.scoring.reasons import explain, explain_headroom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import Scores
    from clearshot.scoring.limits import Wishes
    from clearshot.scoring.recalibration import Curve


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

    def find_bad(self, label: Label) -> float:
        """Give the probability from which on a photo is bad.

        Parameters
        ----------
        label : Label
            Of which label.

        Returns
        -------
        float
            Above 0; above 1 where no photo is.
        """
        return float(getattr(self, label.value))

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
        return self.find_bad(label) * self.unsure

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
    ranked = sorted(Label, key=lambda label: -p[label])
    ratings = {
        label: rate(p[label], thresholds.find_bad(label), thresholds.find_unsure(label))
        for label in ranked
    }
    bad, doubtful = (
        tuple(label for label in ranked if ratings[label] is rating)
        for rating in (Rating.BAD, Rating.UNSURE)
    )
    kind = classify_blur(scores, thresholds.sharp_at) if Label.BLURRY in bad else None
    reasons = explain(scores, thresholds.sharp_at, bad, doubtful)
    saturation = scores.exposure.sensor_white_share
    if saturation is not None and _is_saved_by_raw(scores, saturation, thresholds, constants):
        reasons = (*reasons, explain_headroom(saturation))
    return Verdict(
        rating=Rating.BAD if bad else Rating.UNSURE if doubtful else Rating.GOOD,
        labels=bad,
        p_blurry=p[Label.BLURRY],
        p_dark=p[Label.DARK],
        p_overexposed=p[Label.OVEREXPOSED],
        blur_kind=kind,
        effective_mp=estimate_effective_mp(scores, is_blurry=Label.BLURRY in bad),
        sharpest_region=scores.focus.sharpest,
        reasons=reasons,
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


def _is_saved_by_raw(
    scores: Scores, saturation: float, thresholds: Thresholds, calibration: Calibration
) -> bool:
    """Tell whether a photo would be called overexposed if its raw file did not hold the light."""
    developed = replace(scores, exposure=replace(scores.exposure, sensor_white_share=None))
    label = Label.OVEREXPOSED
    logit = compute_logits(developed, calibration, thresholds.sharp_at)[label]
    logits = [logit, min(logit, compute_saturation_logit(saturation))]
    if thresholds.curves is not None:
        logits = [thresholds.curves[label].apply(each) for each in logits]
    unsure_from = thresholds.find_unsure(label)
    without_raw, with_raw = (
        rate(to_probability(each), thresholds.overexposed, unsure_from) for each in logits
    )
    return without_raw is not with_raw
