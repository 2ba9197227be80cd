"""Any picture as 8-bit luma of sRGB, whichever numbers it holds: 1 to 32 bits, signed or floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage

from clearshot.decode.color import correct_luma, divide_by_alpha, to_rgb
from clearshot.decode.tiff import DEEP_GREY

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Floats on a scale from 0 to 1 may go this far beyond white.
_HIGHEST_OF_UNIT: Final = 1.5


def to_luma(picture: PillowImage.Image) -> PillowImage.Image:
    """Convert any mode to 8-bit luma of sRGB; Pillow itself would clip 16-bit values.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode.

    Returns
    -------
    PIL.Image.Image
        Mode L, of the same size.
    """
    picture = divide_by_alpha(picture)
    profile = picture.info.get("icc_profile")
    if picture.mode in {"CMYK", "LAB"}:
        return to_rgb(picture, profile).convert("L")
    bits, is_inverted = picture.info.get(DEEP_GREY, (16, False))
    if picture.mode.startswith("I;16"):
        luma_hw = (np.asarray(picture) >> (bits - 8)).astype(np.uint8)
        return correct_luma(PillowImage.fromarray(~luma_hw if is_inverted else luma_hw), profile)
    if picture.mode in {"I", "F"}:
        return _scale_numbers(picture, bits, is_inverted=is_inverted)
    return correct_luma(picture.convert("L"), profile)


def _scale_numbers(
    picture: PillowImage.Image, bits: int, *, is_inverted: bool
) -> PillowImage.Image:
    """Scale integers or floats of 32 bits (modes I and F) so that white is 255."""
    numbers = np.asarray(picture)
    is_unsigned = picture.mode == "I" and bits == 32
    values = (numbers.view(np.uint32) if is_unsigned else numbers).astype(np.float64)
    white = _find_white(values, is_float=picture.mode == "F", is_unsigned=is_unsigned)
    shares = 1.0 - values / white if is_inverted else values / white
    # Beyond white there may be infinity, and NaN where nothing was measured.
    luma_hw = np.nan_to_num(np.clip(shares * 255, 0, 255), nan=0.0)
    return PillowImage.fromarray(luma_hw.astype(np.uint8))


def _find_white(values: NDArray[np.float64], *, is_float: bool, is_unsigned: bool) -> float:
    """Tell which number is white; files that hold 0-1, 0-255, 0-65535 or more do not say which."""
    highest = float(values.max(initial=0.0, where=np.isfinite(values)))
    if highest > 65535 and not is_float:
        return 2.0 ** (32 if is_unsigned else 31) - 1
    if highest > 255:
        return 65535.0
    return 1.0 if is_float and highest <= _HIGHEST_OF_UNIT else 255.0
