"""Where a photo runs in one direction: lines, fences, brushed metal, what a moving camera leaves.

Blur along such lines cannot be seen, so a network has to learn to doubt there. Letters in shapes:
H rows, W columns of pixels; h = H // 16, w = W // 16 of cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clearshot.decode.image import CELL_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray


def measure_structure(luma_hw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Measure the structure tensor of each cell.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, 0-255.

    Returns
    -------
    ndarray of float32, shape (3, h, w)
        Means over a cell of gx^2, gy^2 and gx gy, where g is the gradient [levels / px].
    """
    plane = luma_hw.astype(np.float32)
    # Central differences: those of neighbours share a pixel, and noise would run diagonally.
    gy, gx = np.gradient(plane)
    return average_cells(np.stack([gx * gx, gy * gy, gx * gy]))


def average_cells(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average over cells; the rest of a cell at the right and at the bottom is left out.

    Parameters
    ----------
    planes : ndarray of float32, shape (..., H, W)
        Any values.

    Returns
    -------
    ndarray of float32, shape (..., h, w)
        Their means.
    """
    *more, height, width = planes.shape
    rows, cols = height // CELL_PX, width // CELL_PX
    whole = planes[..., : rows * CELL_PX, : cols * CELL_PX]
    cells = whole.reshape(*more, rows, CELL_PX, cols, CELL_PX).mean(axis=(-3, -1))
    return np.asarray(cells, dtype=np.float32)


def find_lines(structure_chw: NDArray[np.float32]) -> tuple[float, float]:
    """Find how much a place runs in one direction, and in which [1]_.

    Parameters
    ----------
    structure_chw : ndarray of float32, shape (3, h, w)
        Structure tensors of its cells.

    Returns
    -------
    tuple of float
        Coherence, 0 for all directions alike or nothing to see, 1 for straight lines; direction of
        the lines [rad, from x towards y, in (-pi / 2, pi / 2]].

    References
    ----------
    .. [1] J. Bigun, G. H. Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987
       (the ratio of the eigenvalues' difference and sum; the direction at half the angle).
    """
    xx, yy, xy = structure_chw.reshape(3, -1).mean(axis=1, dtype=float)
    coherence = np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1.0)
    # Lines run at right angles to the gradient.
    direction = 0.5 * np.arctan2(-2 * xy, yy - xx)
    return float(coherence), float(direction)
