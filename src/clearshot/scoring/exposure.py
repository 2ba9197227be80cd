"""Light of a photo: where its tones lie, in stops below white, and what is lost at both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.optics import to_linear
from clearshot.photo import ExposureScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Encoded values at or below this are below the noise floor of an 8-bit picture, those at or above
# are clipped to white; a few levels are left for JPEG's ringing.
BLACK_LEVEL: Final = 6
WHITE_LEVEL: Final = 250

# Half a level above black, so that black has a finite number of stops.
_LINEAR: Final = to_linear((np.arange(256) + 0.5) / 256)


def measure_exposure(luma_hw: NDArray[np.uint8]) -> ExposureScores:
    """Measure the light of a photo.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, 0-255.

    Returns
    -------
    ExposureScores
        Stops relative to white and shares of lost pixels.
    """
    counts = np.bincount(luma_hw.ravel(), minlength=256)
    cumulative = np.cumsum(counts) / luma_hw.size
    shadow, median, bright = (
        float(np.log2(_LINEAR[int(np.searchsorted(cumulative, share))]))
        for share in (0.05, 0.5, 0.95)
    )
    return ExposureScores(
        shadow_stops=shadow,
        median_stops=median,
        bright_stops=bright,
        black_share=float(cumulative[BLACK_LEVEL]),
        white_share=float(1.0 - cumulative[WHITE_LEVEL - 1]),
    )
