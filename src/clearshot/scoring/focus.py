"""The focus network: luma in, blur and its uncertainty in each cell out, pooled to one score.

Letters in shapes: H, W pixels of the judged photo; h = H / 16, w = W / 16 cells. Directions are 0,
45, 90 and 135 degrees from x towards y, then the longest axis of the blur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.decode.image import CELL_PX, find_judged_region
from clearshot.photo import FocusScores, Region
from clearshot.scoring.session import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A photo is as sharp as its sharpest part: this share of the cells that tell most about a direction
# has to be sharp. Less would believe single cells, more would blame a blurred background.
_SHARP_SHARE: Final = 0.05
_TELLING_SHARE: Final = 0.8

# Side of the window that is called the sharpest region, as a share of the photo's sides.
_REGION_SHARE: Final = 0.2

# Where the longest axis of the blur is among the directions.
LONGEST: Final = 4


@dataclass(frozen=True, slots=True)
class FocusMap:
    """Local blur over a photo.

    Attributes
    ----------
    log2_sigma : ndarray of float32, shape (5, h, w)
        log2 of the blur's standard deviation [px at the judged size] by direction.
    deviation : ndarray of float32, shape (5, h, w)
        Standard deviation of each value [octaves]; flat cells are uncertain.
    """

    log2_sigma: NDArray[np.float32]
    deviation: NDArray[np.float32]


class FocusNetwork(Network):
    """Runs the focus network with ONNX Runtime on one thread.

    Parameters
    ----------
    file : NetworkFile or None
        The network; the packaged one by default.
    """

    _NAME = "focus"

    def measure(self, luma_hw: NDArray[np.uint8]) -> FocusMap:
        """Measure the blur of each cell.

        Parameters
        ----------
        luma_hw : ndarray of uint8, shape (H, W)
            Upright luma at the judged size; H and W multiples of 16.

        Returns
        -------
        FocusMap
            Blur and its uncertainty by cell.

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        if luma_hw.ndim != 2 or any(n % CELL_PX for n in luma_hw.shape):
            msg = f"luma_hw must be 2-D with sides that are multiples of {CELL_PX}, "
            msg += f"got shape {luma_hw.shape}"
            raise ValueError(msg)
        cells = self._run("cells", {"luma": luma_hw[None].astype(np.float32)})[0]
        count = len(cells) // 2
        return FocusMap(log2_sigma=cells[:count], deviation=np.exp(0.5 * cells[count:]))


def pool(focus_map: FocusMap, width_px: int, height_px: int) -> FocusScores:
    """Turn a focus map into the scores of the photo.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.
    width_px, height_px : int
        Size of the upright photo in its file [px].

    Returns
    -------
    FocusScores
        Pooled scores; the sharpest region in px of the photo.
    """
    top, left, height, width = find_sharpest_cells(focus_map)
    rows, cols = focus_map.log2_sigma.shape[1:]
    judged = find_judged_region(width_px, height_px)
    # Rounding edges, not sizes, never leads out of the photo.
    x0, x1 = (judged.x + round(edge * judged.width / cols) for edge in (left, left + width))
    y0, y1 = (judged.y + round(edge * judged.height / rows) for edge in (top, top + height))
    return FocusScores(
        blur=measure_blur(focus_map),
        anisotropy=measure_anisotropy(focus_map),
        sharpest=Region(x0, y0, x1 - x0, y1 - y0),
    )


def measure_blur(focus_map: FocusMap) -> float:
    """Measure how blurred the sharpest part of a photo is.

    In each of the four directions the cells that tell most about it are asked, and the sharpest of
    them answer. The worst direction counts: a shaken photo is sharp along one direction, never
    along all.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    float
        log2 of the blur's standard deviation [px at the judged size].
    """
    return float(_ask_directions(focus_map, _SHARP_SHARE).max())


def measure_anisotropy(focus_map: FocusMap) -> float:
    """Measure how much the blur of a photo differs between directions.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    float
        log2 of the ratio of the standard deviations along the worst and the best direction, in the
        median of the cells that tell most; >= 0.
    """
    return float(np.ptp(_ask_directions(focus_map, 0.5)))


def _ask_directions(focus_map: FocusMap, share: float) -> NDArray[np.float64]:
    """Give the quantile of log2 sigma over the telling cells of each direction; shape (4,)."""
    blur = []
    for direction in range(LONGEST):
        deviation = focus_map.deviation[direction].ravel()
        is_telling = deviation <= _find_quantile(deviation, _TELLING_SHARE)
        telling = focus_map.log2_sigma[direction].ravel()[is_telling]
        blur.append(_find_quantile(telling, share))
    return np.array(blur)


def _find_quantile(values: NDArray[np.float32], share: float) -> float:
    """Give a quantile, linear between values; ten times as fast as NumPy's own."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    ordered = np.partition(values, (below, above))
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (place - below)


def find_sharpest_cells(focus_map: FocusMap) -> tuple[int, int, int, int]:
    """Find the window of cells that is sharpest, with certainty.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur.

    Returns
    -------
    tuple of int
        Top, left, height and width [cells].
    """
    rows, cols = focus_map.log2_sigma.shape[1:]
    height, width = (max(1, round(n * _REGION_SHARE)) for n in (rows, cols))
    # An uncertain cell counts as blurred as it may well be.
    pessimistic = focus_map.log2_sigma[LONGEST] + focus_map.deviation[LONGEST]
    windows = sum_windows(pessimistic, height, width)
    top, left = np.unravel_index(int(windows.argmin()), windows.shape)
    return int(top), int(left), height, width


def sum_windows(cells_hw: NDArray[np.floating], height: int, width: int) -> NDArray[np.floating]:
    """Sum up the cells of every window of one size.

    Parameters
    ----------
    cells_hw : ndarray of float, shape (h, w)
        Cells.
    height, width : int
        Size of the window [cells], at most h and w.

    Returns
    -------
    ndarray of float, shape (h - height + 1, w - width + 1)
        Sums by the top and left cell of the window.
    """
    sums = np.pad(cells_hw.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    return np.asarray(totals + sums[:-height, :-width])
