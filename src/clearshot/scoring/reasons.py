"""The reasons of a verdict, in words that a photographer uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from clearshot.decode.image import JUDGED_PX
from clearshot.photo import BlurKind, Label
from clearshot.scoring.blur import classify_blur, is_native_decisive

if TYPE_CHECKING:
    from clearshot.photo import ExposureScores, Scores, SharpAt

# An estimated error below this is not told: the photo looks wrong for another reason [stops].
_LEAST_ERROR_STOPS: Final = 0.75


def explain(
    scores: Scores, sharp_at: SharpAt, bad: tuple[Label, ...], doubtful: tuple[Label, ...]
) -> tuple[str, ...]:
    """Say why a photo is judged as it is.

    Raises ValueError as `clearshot.scoring.native.choose_blur`.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    sharp_at : SharpAt
        How large the photo is seen.
    bad, doubtful : tuple of Label
        The labels by which it is bad, and those by which it is unsure.

    Returns
    -------
    tuple of str
        A sentence for each of these labels, and one that it is sharp where it is not blurry.
    """
    reasons = [_describe(label, scores, sharp_at) for label in bad]
    reasons += [f"Perhaps: {_describe(label, scores, sharp_at)}" for label in doubtful]
    if Label.BLURRY not in bad + doubtful:
        length = _describe_length(scores, sharp_at)
        reasons.append(f"Sharp: the sharpest part is blurred by only {length}.")
    return tuple(reasons)


def explain_headroom(saturated_share: float) -> str:
    """Say that a photo is bright, but that its raw file holds the light.

    Parameters
    ----------
    saturated_share : float
        Share of the sensor's values at saturation, in [0, 1].

    Returns
    -------
    str
        A sentence.
    """
    return (
        "Bright, but not lost: the raw file still holds the highlights; "
        f"{_write_share(saturated_share)} of its values are saturated."
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
    if focus.native_blur is not None and is_native_decisive(scores, sharp_at):
        return f"{math.exp2(focus.native_blur):.1f} px, seen at 100 %"
    return f"{focus.sigma_px:.1f} px, seen at {long_side} px"


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
