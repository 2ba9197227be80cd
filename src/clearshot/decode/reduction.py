"""Luma in NumPy's memory: decoded straight into it, and averaged down.

What a photo costs beyond the decoding itself is mostly copies. Letters in shapes: H, W pixels of a
picture, h, w pixels of the smaller one that is made of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage

from clearshot.decode.color import correct_luma
from clearshot.decode.luma import to_luma

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rows that are averaged at a time: what they need stays in the processor's cache.
_BAND_ROWS: Final = 64

# Pillow was seen to begin with the columns of wide pictures down to this scale at most, 1.004.
_LEAST_SCALE: Final = 1.02

# Formats of which libjpeg-turbo decodes luma alone, and all of it or none.
_PLAIN_LUMA: Final = frozenset({"JPEG", "MPO"})


def load_luma(picture: PillowImage.Image) -> NDArray[np.uint8]:
    """Decode a picture to luma; a JPEG's is written where it is used, without a copy.

    Parameters
    ----------
    picture : PIL.Image.Image
        Opened, of any mode, not decoded yet; for a JPEG of which `draft` has chosen luma the way is
        short.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Luma of sRGB, 0-255.
    """
    if picture.mode != "L" or picture.format not in _PLAIN_LUMA:
        return np.asarray(to_luma(picture), dtype=np.uint8)
    luma_hw = np.empty(picture.size[::-1], np.uint8)
    # Pillow decodes into the memory that a picture has already.
    shared = PillowImage.frombuffer("L", picture.size, luma_hw, "raw", "L", 0, 1)
    picture.im = shared.im
    picture.load()
    if picture.im is not shared.im:
        return np.asarray(to_luma(picture), dtype=np.uint8)
    corrected = correct_luma(shared, picture.info.get("icc_profile"))
    return luma_hw if corrected is shared else np.asarray(corrected, dtype=np.uint8)


def average_down(luma_hw: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Average a picture down as Pillow's BOX does: the same bits at the scales of whole photos.

    BOX gives each row and column to the one of the smaller picture that holds its middle. Down to
    half the size these are single ones and pairs, and the mean of two bytes takes four operations
    on many of them at once. Tall pictures and smaller copies are left to Pillow.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.
    size : tuple of int
        w and h [px]; a side may be a little longer than it was.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Means, along rows first; both are rounded half up.
    """
    (height, width), (cols, rows) = luma_hw.shape, size
    top, bottom = _divide(height, rows)
    left, right = _divide(width, cols)
    # Pillow begins with the columns of some tall or hardly reduced pictures: that rounds otherwise.
    is_usual = width >= height and width >= _LEAST_SCALE * cols
    if not is_usual or max((bottom - top).max(), (right - left).max()) > 1:
        reduced = PillowImage.fromarray(luma_hw).resize(size, PillowImage.Resampling.BOX)
        return np.asarray(reduced, dtype=np.uint8)
    is_left_of_pair = np.zeros(width, np.uint8)
    is_left_of_pair[left[right > left]] = 255
    judged_hw = np.empty((rows, cols), np.uint8)
    for start in range(0, rows, _BAND_ROWS):
        end = min(start + _BAND_ROWS, rows)
        first = top[start]
        band = _average_neighbours(luma_hw[first : bottom[end - 1] + 1], is_left_of_pair)
        above = band.take(top[start:end] - first, axis=0)
        below = band.take(bottom[start:end] - first, axis=0)
        # The mean of two bytes, rounded up: a | b less half of what differs.
        different = above ^ below
        different >>= 1
        above |= below
        above -= different
        # The indices fit; with any other mode NumPy would write into a buffer first.
        above.take(left, axis=1, out=judged_hw[start:end], mode="clip")
    return judged_hw


@lru_cache(maxsize=32)
def _divide(num: int, num_parts: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the first and the last of `num` pixels that each pixel of the other picture is made of.

    As `precompute_coeffs` of Pillow's Resample.c does, rounding errors included.
    """
    scale = num / num_parts
    reach = 0.5 * max(scale, 1.0)
    middle = (np.arange(num_parts) + 0.5) * scale
    first = np.maximum((middle - reach + 0.5).astype(np.intp), 0)
    last = np.minimum((middle + reach + 0.5).astype(np.intp), num) - 1
    per_pixel = 1.0 / max(scale, 1.0)
    first = first + ((first - middle + 0.5) * per_pixel <= -0.5)
    last = last - ((last - middle + 0.5) * per_pixel > 0.5)
    return first, last


def _average_neighbours(
    luma_hw: NDArray[np.uint8], is_left_of_pair: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Replace the left ones of pairs by the mean of both, rounded up.

    Masks of shape (W,) are 255 or 0; the last column is never the left one of a pair.
    """
    flat = np.ascontiguousarray(luma_hw).reshape(-1)
    # Rows run into each other here, where the mask is 0.
    different = np.zeros_like(flat)
    np.bitwise_xor(flat[:-1], flat[1:], out=different[:-1])
    different_hw = different.reshape(luma_hw.shape)
    different_hw &= is_left_of_pair
    means_hw = luma_hw | different_hw
    different_hw >>= 1
    means_hw -= different_hw
    return means_hw
