"""Frames around photos: bars of one grey that end in a straight line, as programs draw them.

Their edge is as sharp as any, around a blurred photo, too, and their grey is no light of the
scene. Letters in shapes: H rows, W columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The levels of a bar differ by no more than this: JPEG draws even ones evenly, cameras do not.
_EVEN_LEVELS: Final = 6

# From its rim to its middle a bar has one grey, and so have opposite bars, to this many levels. A
# smooth gradient goes on, and the stripes of a flag differ.
_CONSTANT_LEVELS: Final = 1

# Some scanners and cameras leave a line or two of one grey at the rim; that is no frame.
_LEAST_BAR_PX: Final = 4

# So far behind a bar its edge is over: JPEG smears it over a block of this many pixels.
_EDGE_PX: Final = 8

# There the photo differs from the bar by more than this, along so much of the edge. A white sky or
# a black night ends in no such line.
_OTHER_LEVELS: Final = 10
_OTHER_SHARE: Final = 0.7


def find_inside(luma_hw: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Find the photo inside a frame.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma of a photo, perhaps with bars above and below, left and right, or all around.

    Returns
    -------
    tuple of slice
        Rows and columns that show neither bars nor their edges; all where there are no bars on
        opposite sides, as of photos with a caption or on an even background.
    """
    height, width = luma_hw.shape
    sides = luma_hw, luma_hw[::-1], luma_hw.T, luma_hw.T[::-1]
    above, below, left, right = (_measure_bar(side) for side in sides)
    if above + below >= height - 2 * _EDGE_PX or left + right >= width - 2 * _EDGE_PX:
        return slice(0, height), slice(0, width)
    rows, cols = slice(above, height - below), slice(left, width - right)
    return _cut(luma_hw[:, cols], above, below), _cut(luma_hw[rows].T, left, right)


def _measure_bar(luma_hw: NDArray[np.uint8]) -> int:
    """Count the first rows that are of one grey, the same for all."""
    # Nearly all photos end here; of the others all rows are looked at, many at a time.
    if np.ptp(luma_hw[0]) > _EVEN_LEVELS:
        return 0
    lowest_h = np.minimum.accumulate(luma_hw.min(axis=1))
    highest_h = np.maximum.accumulate(luma_hw.max(axis=1))
    return int(np.count_nonzero(highest_h - lowest_h <= _EVEN_LEVELS))


def _cut(luma_hw: NDArray[np.uint8], before: int, behind: int) -> slice:
    """Give the rows between two bars of one grey, or all where one does not end in a line."""
    height = len(luma_hw)
    is_alike = abs(_read_grey(luma_hw[0]) - _read_grey(luma_hw[-1])) <= _CONSTANT_LEVELS
    if is_alike and _ends_in_line(luma_hw, before) and _ends_in_line(luma_hw[::-1], behind):
        return slice(before + _EDGE_PX, height - behind - _EDGE_PX)
    return slice(0, height)


def _ends_in_line(luma_hw: NDArray[np.uint8], bar: int) -> bool:
    """Tell whether the first rows are a bar and nearly all of what comes then is not."""
    if bar < _LEAST_BAR_PX:
        return False
    grey = _read_grey(luma_hw[0])
    if abs(_read_grey(luma_hw[bar // 2]) - grey) > _CONSTANT_LEVELS:
        return False
    difference = luma_hw[bar + _EDGE_PX].astype(int) - grey
    return bool(np.mean(np.abs(difference) > _OTHER_LEVELS) >= _OTHER_SHARE)


def _read_grey(row_w: NDArray[np.uint8]) -> int:
    return int(np.median(row_w))
