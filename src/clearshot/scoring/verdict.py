"""From raw scores to a verdict with reasons. Pure, so that old scans can be judged anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearshot.decode.image import JUDGED_PX
from clearshot.photo import BlurKind, Label, Rating, Verdict
from clearshot.scoring.calibration import (
    Calibration,
    compute_logits,
    read_calibration,
    to_probability,
)

if TYPE_CHECKING:
    from clearshot.photo import ExposureScores, FocusScores, Scores

# Blur that is longer along one direction than along another by this many octaves is a movement. On
# photos of phones, nine in ten that are out of focus stay below half of it.
_MOTION_OCTAVES: Final = 0.12

# A picture is sampled finely enough when its blur has half a pixel of standard deviation, so a blur
# of sigma px leaves one real pixel in (2 sigma)^2.
SHARP_SIGMA_PX: Final = 0.5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a photo is called bad.

    Attributes
    ----------
    blurry, dark, overexposed : float
        A photo is bad from this probability on, in (0, 1].
    unsure : float
        It is unsure from this share of the threshold on, in [0, 1].
    """

    blurry: float = 0.5
    dark: float = 0.5
    overexposed: float = 0.5
    unsure: float = 0.5


def judge(
    scores: Scores,
    thresholds: Thresholds = Thresholds(),
    calibration: Calibration | None = None,
) -> Verdict:
    """Judge a photo by its scores.

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
    curve = read_calibration() if calibration is None else calibration
    p = {label: to_probability(logit) for label, logit in compute_logits(scores, curve).items()}
    limits = {label: float(getattr(thresholds, label.value)) for label in Label}
    ranked = sorted(Label, key=lambda label: -p[label])
    bad = tuple(label for label in ranked if p[label] >= limits[label])
    doubtful = tuple(
        label
        for label in ranked
        if label not in bad and p[label] >= limits[label] * thresholds.unsure
    )
    kind = classify_blur(scores.focus) if Label.BLURRY in bad else None
    effective_mp = estimate_effective_mp(scores) if Label.BLURRY in bad else None
    return Verdict(
        rating=Rating.BAD if bad else Rating.UNSURE if doubtful else Rating.GOOD,
        labels=bad,
        p_blurry=p[Label.BLURRY],
        p_dark=p[Label.DARK],
        p_overexposed=p[Label.OVEREXPOSED],
        blur_kind=kind,
        effective_mp=effective_mp,
        sharpest_region=scores.focus.sharpest,
        reasons=_explain(scores, bad, doubtful),
    )


def classify_blur(focus: FocusScores) -> BlurKind:
    """Tell a movement from a lens out of focus.

    Parameters
    ----------
    focus : FocusScores
        Raw scores of a blurred photo.

    Returns
    -------
    BlurKind
        Motion when the blur has a direction, else defocus.
    """
    return BlurKind.MOTION if focus.anisotropy >= _MOTION_OCTAVES else BlurKind.DEFOCUS


def estimate_effective_mp(scores: Scores) -> float:
    """Estimate how many megapixels would hold all the detail of a blurred photo.

    Parameters
    ----------
    scores : Scores
        Raw scores.

    Returns
    -------
    float
        Megapixels, never more than the photo has.
    """
    shrink = min(1.0, JUDGED_PX / max(scores.width_px, scores.height_px))
    judged_mp = scores.width_px * scores.height_px * shrink**2 / 1e6
    return judged_mp * min(1.0, (SHARP_SIGMA_PX / scores.focus.sigma_px) ** 2)


def _explain(
    scores: Scores, bad: tuple[Label, ...], doubtful: tuple[Label, ...]
) -> tuple[str, ...]:
    reasons = [_describe(label, scores) for label in bad]
    reasons += [f"Perhaps: {_describe(label, scores)}" for label in doubtful]
    if Label.BLURRY not in bad + doubtful:
        sigma = scores.focus.sigma_px
        reasons.append(f"Sharp: the sharpest part is blurred by {sigma:.1f} px only.")
    return tuple(reasons)


def _describe(label: Label, scores: Scores) -> str:
    match label:
        case Label.BLURRY:
            return _describe_blur(scores)
        case Label.DARK:
            return _describe_darkness(scores.exposure)
        case Label.OVEREXPOSED:
            return _describe_overexposure(scores.exposure)


def _describe_blur(scores: Scores) -> str:
    what = {
        BlurKind.MOTION: "Blurred along one direction, as if moved",
        BlurKind.DEFOCUS: "Blurred in all directions, as if out of focus",
    }
    long_side = min(JUDGED_PX, max(scores.width_px, scores.height_px))
    return (
        f"{what[classify_blur(scores.focus)]}: even the sharpest part is blurred by about "
        f"{scores.focus.sigma_px:.1f} px, seen at {long_side} px."
    )


def _describe_darkness(exposure: ExposureScores) -> str:
    return (
        f"Dark: half of the picture is more than {-exposure.median_stops:.1f} stops below white; "
        f"{exposure.black_share:.0%} of it is black."
    )


def _describe_overexposure(exposure: ExposureScores) -> str:
    return (
        f"Overexposed: {exposure.white_share:.0%} of the picture is clipped to white; "
        f"half of it is less than {-exposure.median_stops:.1f} stops below white."
    )
