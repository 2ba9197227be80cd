"""Light judged by one number of the whole photo, as others do it, to be compared with the network.

They see luma as clearshot judges it: upright, the longer side 1024 px at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.decode.image import decode
from clearshot.photo import Label
from clearshot.scoring.exposure import BLACK_LEVEL, WHITE_LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.results import Measures


def measure_mean(luma_hw: NDArray[np.uint8]) -> dict[Label, float]:
    """Measure light by mean luma.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.

    Returns
    -------
    dict of Label to float
        Minus the mean for dark, the mean for overexposed [levels].
    """
    mean = float(luma_hw.mean())
    return {Label.DARK: -mean, Label.OVEREXPOSED: mean}


def measure_clipping(luma_hw: NDArray[np.uint8]) -> dict[Label, float]:
    """Measure light by what is lost at both ends.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.

    Returns
    -------
    dict of Label to float
        Share of black pixels for dark, of white ones for overexposed, in [0, 1].
    """
    return {
        Label.DARK: float(np.mean(luma_hw <= BLACK_LEVEL)),
        Label.OVEREXPOSED: float(np.mean(luma_hw >= WHITE_LEVEL)),
    }


LIGHT_METRICS: Final[Mapping[str, Callable[[NDArray[np.uint8]], dict[Label, float]]]] = {
    "mean-luma": measure_mean,
    "clipped-share": measure_clipping,
}

# Those of pixcull (https://github.com/ChrisChen667788/pixcull): mean luma below 40 or above 220,
# more than 5 % clipped.
_SHIPPED: Final[Mapping[str, Mapping[Label, float]]] = {
    "mean-luma": {Label.DARK: -40.0, Label.OVEREXPOSED: 220.0},
    "clipped-share": {Label.OVEREXPOSED: 0.05},
}


@dataclass(frozen=True, slots=True)
class LightDetector:
    """One number of light.

    Attributes
    ----------
    name : str
        Its row in a table.
    metric : str
        One of `LIGHT_METRICS`.
    """

    name: str
    metric: str
    labels: frozenset[Label] = frozenset({Label.DARK, Label.OVEREXPOSED})
    has_log_odds: bool = False

    @property
    def shipped(self) -> Mapping[Label, float]:
        """Thresholds that others use; a photo is bad from this score on."""
        return _SHIPPED[self.metric]

    @property
    def recipe(self) -> str:
        """Name of the metric."""
        return f"metric-{self.metric}"

    def score(self, path: Path) -> Measures:
        """Measure a photo.

        Parameters
        ----------
        path : Path
            A photo.

        Returns
        -------
        dict of Label to float
            The metric.

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        """
        return LIGHT_METRICS[self.metric](decode(path).luma_hw)
