"""EXIF orientation: turns a stored picture upright, and its size, points and regions with it.

Orientations are 1 to 8 [1]_: 1 is upright, 2 to 4 are mirrored or upside down, and 5 to 8 lie on
their side, so that width and height change places.

References
----------
.. [1] CIPA DC-008-2024, "Exchangeable image file format", tag 274.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from clearshot.photo import Region

ORIENTATION_TAG: Final = 0x0112

# The same turns for pictures of Pillow and for arrays.
_TRANSPOSES: Final = {
    2: PillowImage.Transpose.FLIP_LEFT_RIGHT,
    3: PillowImage.Transpose.ROTATE_180,
    4: PillowImage.Transpose.FLIP_TOP_BOTTOM,
    5: PillowImage.Transpose.TRANSPOSE,
    6: PillowImage.Transpose.ROTATE_270,
    7: PillowImage.Transpose.TRANSVERSE,
    8: PillowImage.Transpose.ROTATE_90,
}

_TURNS: Final[dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    2: lambda luma_hw: luma_hw[:, ::-1],
    3: lambda luma_hw: luma_hw[::-1, ::-1],
    4: lambda luma_hw: luma_hw[::-1],
    5: lambda luma_hw: luma_hw.T,
    6: lambda luma_hw: luma_hw.T[:, ::-1],
    7: lambda luma_hw: luma_hw.T[::-1, ::-1],
    8: lambda luma_hw: luma_hw.T[::-1],
}


def read_orientation(picture: PillowImage.Image) -> int:
    """Read the EXIF orientation of a picture that is loaded.

    Parameters
    ----------
    picture : PIL.Image.Image
        Loaded: some of Pillow's readers turn the picture themselves when they load it.

    Returns
    -------
    int
        1 to 8; 1, which is upright, where there is none or EXIF is broken.
    """
    try:
        value = picture.getexif().get(ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error):
        return 1
    return value if isinstance(value, int) and value in _TRANSPOSES else 1


def is_sideways(orientation: int) -> bool:
    """Tell whether width and height of a picture change places when it is turned upright.

    Parameters
    ----------
    orientation : int
        Its EXIF orientation; other numbers count as upright.

    Returns
    -------
    bool
        Whether it is 5 to 8.
    """
    return 5 <= orientation <= 8


def turn_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Give the size of a picture that was turned upright, or back.

    Parameters
    ----------
    size : tuple of int
        Width and height [px].
    orientation : int
        Its EXIF orientation.

    Returns
    -------
    tuple of int
        Width and height [px].
    """
    return size[::-1] if is_sideways(orientation) else size


def turn_picture(picture: PillowImage.Image, orientation: int) -> PillowImage.Image:
    """Turn a picture upright.

    Parameters
    ----------
    picture : PIL.Image.Image
        As it is stored.
    orientation : int
        Its EXIF orientation, 1 to 8.

    Returns
    -------
    PIL.Image.Image
        As it is to be seen.
    """
    return picture.transpose(_TRANSPOSES[orientation]) if orientation in _TRANSPOSES else picture


def turn_luma(luma_hw: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn luma upright.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        As it is stored.
    orientation : int
        Its EXIF orientation, 1 to 8.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (W, H)
        As it is to be seen, in one piece of memory.
    """
    return np.ascontiguousarray(_TURNS.get(orientation, np.asarray)(luma_hw))


def turn_point(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Turn a point of a stored picture with the picture.

    Parameters
    ----------
    x, y : float
        Shares of the stored picture's width and height, in [0, 1].
    orientation : int
        Its EXIF orientation; other numbers count as upright.

    Returns
    -------
    tuple of float
        Shares of the upright picture's width and height.
    """
    points = {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }
    return points.get(orientation, (x, y))


def find_stored(
    region: Region, size: tuple[int, int], orientation: int
) -> tuple[int, int, int, int]:
    """Find where a region of an upright picture is stored.

    Parameters
    ----------
    region : Region
        Part of the upright picture [px].
    size : tuple of int
        Width and height of the upright picture [px].
    orientation : int
        EXIF orientation of the stored one.

    Returns
    -------
    tuple of int
        Left, top, right and bottom in the stored picture [px].
    """
    width, height = size
    x = width - region.x - region.width if orientation in {2, 3, 6, 7} else region.x
    y = height - region.y - region.height if orientation in {3, 4, 7, 8} else region.y
    left, top = turn_size((x, y), orientation)
    cols, rows = turn_size((region.width, region.height), orientation)
    return left, top, left + cols, top + rows
