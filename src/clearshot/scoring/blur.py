"""What a blur is beside probable: of which kind, and how many megapixels of detail it leaves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from clearshot.decode.image import JUDGED_PX
from clearshot.photo import BlurKind, Region, SharpAt
from clearshot.scoring.native import choose_blur

if TYPE_CHECKING:
    from clearshot.photo import Scores

# Blur that is longer along one direction than along another by this many octaves, all over the
# photo, is a movement. Of 12 photos of Kwentar out of focus two reach it, of 12 moved
# ones 11 do.
_MOTION_OCTAVES: Final = 0.12

# What the network reads where a picture is as sharp as its pixels can show [px]. A longer blur of
# sigma px leaves one real pixel in sigma / this, along each of its two axes.
SHARP_SIGMA_PX: Final = 0.4


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
    if focus.native_anisotropy is not None and is_native_decisive(scores, sharp_at):
        anisotropy = focus.native_anisotropy
    return BlurKind.MOTION if anisotropy >= _MOTION_OCTAVES else BlurKind.DEFOCUS


def is_native_decisive(scores: Scores, sharp_at: SharpAt) -> bool:
    """Tell whether the blur at 100 % is the one that decides.

    Raises ValueError as `clearshot.scoring.native.choose_blur`.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    sharp_at : SharpAt
        How large the photo is seen.

    Returns
    -------
    bool
        False where the blur at the judged size decides.
    """
    return choose_blur(scores, sharp_at) != scores.focus.blur


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
        Megapixels, never more than the photo has, without a frame around it; None where only 100 %
        could tell.
    """
    focus, long_side = scores.focus, max(scores.width_px, scores.height_px)
    inside = scores.inside or Region(0, 0, scores.width_px, scores.height_px)
    if focus.native_blur is not None:
        blur, scale = focus.native_blur, 1.0
        anisotropy = focus.native_anisotropy or 0.0
    elif is_blurry:
        blur, scale = focus.blur, min(1.0, JUDGED_PX / long_side)
        anisotropy = focus.anisotropy
    else:
        return None
    measured_mp = inside.width * inside.height * scale**2 / 1e6
    sigmas_px = math.exp2(blur), math.exp2(blur - anisotropy)
    return measured_mp * math.prod(min(1.0, SHARP_SIGMA_PX / sigma_px) for sigma_px in sigmas_px)
