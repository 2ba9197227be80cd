"""Photos squeezed to a small square, as classifiers of whole photos take them.

One function, so that training and use cannot read a photo differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage

from clearshot.decode.image import read_rgb

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# The photo is read with its longer side this many times the square's, so that both sides of photos
# of up to this aspect ratio are reduced and not enlarged.
_MARGIN: Final = 4


def read_square(path: Path, side_px: int) -> NDArray[np.uint8]:
    """Read a photo in colour, upright, squeezed to a square.

    Parameters
    ----------
    path : Path
        A photo.
    side_px : int
        Side of the square [px], >= 1. The whole photo is in it: its proportions change.

    Returns
    -------
    ndarray of uint8, shape (side_px, side_px, 3)
        RGB, 0-255. A photo longer than four squares is first reduced to that: a JPEG by 2, 4 or 8
        while it is decoded, as long as it stays longer, then any photo by Pillow's bicubic
        thumbnail. The pixels of the square are averages over areas of what is left; where one of
        its sides is shorter than the square, they are interpolated.

    Raises
    ------
    PhotoError
        If the photo cannot be read.
    ValueError
        If there is no side.
    """
    return squeeze(read_unsqueezed(path, side_px), side_px)


def read_unsqueezed(path: Path, side_px: int) -> NDArray[np.uint8]:
    """Read a photo in colour, upright, at the size from which it is squeezed.

    Parameters
    ----------
    path : Path
        A photo.
    side_px : int
        Side of the square [px], >= 1.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB, 0-255; the longer side is at most 4 times `side_px`, reduced as `read_square` says.

    Raises
    ------
    PhotoError
        If the photo cannot be read.
    ValueError
        If there is no side.
    """
    if side_px < 1:
        raise ValueError(f"side_px must be at least 1, not {side_px}")
    return read_rgb(path, long_side_px=_MARGIN * side_px)


def squeeze(rgb_hwc: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Squeeze a picture to a square.

    Parameters
    ----------
    rgb_hwc : ndarray of uint8, shape (H, W, 3)
        RGB, 0-255.
    side_px : int
        Side of the square [px], >= 1.

    Returns
    -------
    ndarray of uint8, shape (side_px, side_px, 3)
        As `read_square`.
    """
    picture = PillowImage.fromarray(rgb_hwc)
    is_reduced = min(picture.size) >= side_px
    # Enlarging by areas would draw edges around pixels that are in no photo.
    resampling = PillowImage.Resampling.BOX if is_reduced else PillowImage.Resampling.BILINEAR
    return np.asarray(picture.resize((side_px, side_px), resampling), dtype=np.uint8)
