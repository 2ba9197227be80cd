"""Light of a photo: statistics in stops below white, and what a small network makes of them.

The network sees the whole photo squeezed to a small square of luma, so that proportions do not
matter, and statistics of the luma at the judged size: of all of it and of its sharpest part. It
tells how far from a good exposure the photo is. Letters in shapes: H, W pixels of the judged photo,
S side of the square, K statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot.decode.image import CELL_PX, JUDGED_PX
from clearshot.optics import to_linear
from clearshot.photo import ExposureScores
from clearshot.scoring.focus import find_sharpest_cells
from clearshot.scoring.session import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearshot.scoring.focus import FocusMap

# Encoded values at or below this are below the noise floor of an 8-bit picture, those at or above
# are clipped to white; a few levels are left for JPEG's ringing.
BLACK_LEVEL: Final = 6
WHITE_LEVEL: Final = 250
# Deep shadows and bright lights that still show something end here.
_SHADOW_LEVEL: Final = 20
_LIGHT_LEVEL: Final = 235

# Side of the square that the network reads [px].
SQUARE_PX: Final = 64

# Percentiles of the photo and of its sharpest part that the network reads. The highest two tell a
# sky full of stars from an underexposed photo.
_SHARES: Final = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995, 0.9995)
_SUBJECT_SHARES: Final = (0.1, 0.5, 0.9)
NUM_STATISTICS: Final = len(_SHARES) + 4 + len(_SUBJECT_SHARES) + 2
# Brings stops to about the size of shares.
_STOPS_SCALE: Final = 1 / 8

# Half a level above black, so that black has a finite number of stops.
_LINEAR: Final = to_linear((np.arange(256) + 0.5) / 256)
_STOPS: Final = np.log2(_LINEAR)


class ExposureNetwork(Network):
    """Runs the exposure network with ONNX Runtime on one thread.

    Parameters
    ----------
    file : NetworkFile or None
        The network; the packaged one by default.
    """

    _NAME = "exposure"

    def measure(
        self, square_hw: NDArray[np.uint8], statistics: NDArray[np.float32]
    ) -> tuple[float, float, float]:
        """Tell how a photo is exposed.

        Parameters
        ----------
        square_hw : ndarray of uint8, shape (S, S)
            The photo as `squeeze_luma` gives it.
        statistics : ndarray of float32, shape (K,)
            As `describe_light` gives them.

        Returns
        -------
        tuple of float
            Error of the exposure [stops], positive for too bright; log odds that the photo is too
            dark, and that it is overexposed, among the photos of the training.
        """
        inputs = {
            "luma": square_hw[None].astype(np.float32),
            "statistics": statistics[None].astype(np.float32),
        }
        error, dark, overexposed = self._run("exposure", inputs)[0]
        return float(error), float(dark), float(overexposed)


def measure_exposure(
    luma_hw: NDArray[np.uint8],
    focus_map: FocusMap,
    network: ExposureNetwork,
    *,
    sensor_white_share: float | None = None,
) -> ExposureScores:
    """Measure the light of a photo.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Upright luma at the judged size, 0-255.
    focus_map : FocusMap
        Where it is sharp.
    network : ExposureNetwork
        Judges the exposure.
    sensor_white_share : float or None
        Share of a raw file's values at saturation; None for other files.

    Returns
    -------
    ExposureScores
        Stops relative to white, shares of lost pixels, and the network's raw outputs.
    """
    subject_hw = cut_sharpest(luma_hw, focus_map)
    counts, subject_counts = _count_levels(luma_hw), _count_levels(subject_hw)
    error, dark, overexposed = network.measure(
        squeeze_luma(luma_hw), describe_counts(counts, subject_counts)
    )
    cumulative = np.cumsum(counts) / luma_hw.size
    shadow, median, bright = _find_stops(cumulative, (0.05, 0.5, 0.95))
    (subject,) = _find_stops(np.cumsum(subject_counts) / subject_hw.size, (0.5,))
    return ExposureScores(
        shadow_stops=shadow,
        median_stops=median,
        bright_stops=bright,
        black_share=float(cumulative[BLACK_LEVEL]),
        white_share=float(1.0 - cumulative[WHITE_LEVEL - 1]),
        subject_stops=subject,
        error_stops=error,
        dark_logit=dark,
        overexposed_logit=overexposed,
        sensor_white_share=sensor_white_share,
    )


def cut_sharpest(luma_hw: NDArray[np.uint8], focus_map: FocusMap) -> NDArray[np.uint8]:
    """Cut the sharpest part out of a photo.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.
    focus_map : FocusMap
        Its focus map.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        A view of a window of about a fifth of the sides.
    """
    top, left, height, width = (CELL_PX * n for n in find_sharpest_cells(focus_map))
    return luma_hw[top : top + height, left : left + width]


def squeeze_luma(luma_hw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average a photo down to the square that the network reads.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, H and W >= S.

    Returns
    -------
    ndarray of uint8, shape (S, S)
        Averages over equal areas.
    """
    luma = Image.fromarray(luma_hw)
    if luma.width == JUDGED_PX:
        # The same means of 16 pixels, one and a half times as fast.
        luma = luma.reduce((JUDGED_PX // SQUARE_PX, 1))
    square = luma.resize((SQUARE_PX, SQUARE_PX), Image.Resampling.BOX)
    return np.asarray(square, dtype=np.uint8)


def describe_light(
    luma_hw: NDArray[np.uint8], subject_hw: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Describe the light of a photo as its network reads it.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.
    subject_hw : ndarray of uint8, shape (h, w)
        Its sharpest part.

    Returns
    -------
    ndarray of float32, shape (K,)
        Percentiles in eighths of stops and square roots of shares.
    """
    return describe_counts(_count_levels(luma_hw), _count_levels(subject_hw))


def describe_counts(
    counts: NDArray[np.intp], subject_counts: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Describe the light of a photo by its histogram and that of its sharpest part.

    Parameters
    ----------
    counts, subject_counts : ndarray of int, shape (256,)
        How many pixels have each level.

    Returns
    -------
    ndarray of float32, shape (K,)
        As `describe_light`.
    """
    photo = np.cumsum(counts) / counts.sum()
    subject = np.cumsum(subject_counts) / subject_counts.sum()
    shares = (
        photo[BLACK_LEVEL],
        photo[_SHADOW_LEVEL],
        1.0 - photo[_LIGHT_LEVEL - 1],
        1.0 - photo[WHITE_LEVEL - 1],
        subject[BLACK_LEVEL],
        1.0 - subject[WHITE_LEVEL - 1],
    )
    stops = (*_find_stops(photo, _SHARES), *_find_stops(subject, _SUBJECT_SHARES))
    # The square root tells a small share from none.
    roots = np.sqrt(np.clip(shares, 0.0, 1.0))
    return np.concatenate([np.array(stops) * _STOPS_SCALE, roots]).astype(np.float32)


def _count_levels(luma_hw: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Count the pixels of each level; Pillow is three times as fast as NumPy here."""
    return np.array(Image.fromarray(luma_hw).histogram(), dtype=np.intp)


def _find_stops(cumulative: NDArray[np.float64], shares: tuple[float, ...]) -> tuple[float, ...]:
    """Give percentiles of a cumulative histogram in stops relative to white."""
    levels = np.searchsorted(cumulative, np.array(shares) - 1e-12)
    return tuple(float(stops) for stops in _STOPS[np.minimum(levels, 255)])
