"""The focus network: luma in, blur and its uncertainty in each cell out.

Letters in shapes: H, W pixels of the judged photo; h = H / 16, w = W / 16 cells. Directions are 0,
45, 90 and 135 degrees from x towards y, then the longest axis of the blur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.decode.image import CELL_PX
from clearshot.scoring.session import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    rows, cols = cells_hw.shape
    sums = np.zeros((rows + 1, cols + 1), cells_hw.dtype)
    np.cumsum(cells_hw.cumsum(0), axis=1, out=sums[1:, 1:])
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    return np.asarray(totals + sums[:-height, :-width])
