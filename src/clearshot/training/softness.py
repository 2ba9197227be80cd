"""Where a clear photo is soft by itself, as blurred backgrounds are: a re-blur test [1]_.

Letters in shapes: H rows, W columns of pixels.

References
----------
.. [1] S. Zhuo, T. Sim, "Defocus map estimation from a single image", Pattern Recognition 44(9),
   2011, section 3 (ratio of gradients before and after a known blur).
   doi:10.1016/j.patcog.2011.03.009
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot import optics
from clearshot.training.structure import average_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Width of the known blur [px].
_REBLUR_SIGMA_PX: Final = 1.0


def measure_softness(luma_hw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Estimate the blur that a picture already has, cell by cell.

    The gradient energy of an edge of standard deviation s falls as 1 / s; after a known blur g it
    falls as 1 / sqrt(s^2 + g^2). Their ratio gives s. Cells without structure give 0.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, 0-255.

    Returns
    -------
    ndarray of float32, shape (H // 16, W // 16)
        Standard deviation [px], capped at 8.
    """
    plane = luma_hw.astype(np.float32)
    before = _pool_energy(plane)
    after = _pool_energy(_blur_separable(plane, _REBLUR_SIGMA_PX))
    ratio = before / np.maximum(after, 1e-6)
    sigma = _REBLUR_SIGMA_PX / np.sqrt(np.maximum(ratio**2 - 1, (1 / 8) ** 2))
    return np.where(before < 0.5, 0.0, sigma).astype(np.float32)


def _blur_separable(plane: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    line = optics.draw_gaussian(sigma_px).sum(axis=0)
    radius = len(line) // 2
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius, radius)
        padded = np.pad(plane, pad, mode="symmetric")
        length = plane.shape[axis]
        plane = sum(
            w * (padded[k : k + length] if axis == 0 else padded[:, k : k + length])
            for k, w in enumerate(line)
        )
    return plane


def _pool_energy(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum the squared gradient over 3x3 cells around each cell, as a mean per pixel."""
    gx = np.diff(plane, axis=1, append=plane[:, -1:])
    gy = np.diff(plane, axis=0, append=plane[-1:])
    cells = average_cells(gx**2 + gy**2)
    height, width = cells.shape
    padded = np.pad(cells, 1, mode="edge")
    rows, cols = range(3), range(3)
    total = sum(padded[r : r + height, c : c + width] for r in rows for c in cols)
    return np.asarray(total / 9, dtype=np.float32)
