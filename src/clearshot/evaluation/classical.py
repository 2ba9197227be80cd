"""Blur metrics that learn nothing, as others use them, to be compared with networks.

All but CleanVision's see luma as clearshot judges it: upright, the longer side 1024 px at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.decode.image import decode, read_rgb
from clearshot.errors import MissingExtraError
from clearshot.photo import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.results import Measures

_NUM_TILES: Final = 6
_TILE_QUANTILE: Final = 0.9

# Variance of a picture without any detail [levels^2]: below that of one pixel that differs.
_NO_VARIANCE: Final = 1e-6

# No photo that can be read is longer [px].
_ANY_SIDE_PX: Final = 200_000_000

_BLUR_EFFECT: Final = "blur-effect"
_SCIKIT_IMAGE: Final = "scikit-image"

# CleanVision's names of what it finds.
_ISSUES: Final = {Label.BLURRY: "blurry", Label.DARK: "dark", Label.OVEREXPOSED: "light"}


def measure_laplacian(luma_hw: NDArray[np.uint8]) -> float:
    """Measure blur by the variance of the Laplacian [1]_.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, H and W >= 3.

    Returns
    -------
    float
        Minus the natural log of the variance [levels^2], at most 13.9: the higher, the blurrier.

    References
    ----------
    .. [1] Pech-Pacheco, Cristobal, Chamorro-Martinez, Fernandez-Valdivia, "Diatom autofocusing in
       brightfield microscopy: a comparative study", ICPR 2000. doi:10.1109/ICPR.2000.903548
    """
    return _to_score(float(_filter(luma_hw).var(dtype=np.float64)))


def measure_tile_laplacian(luma_hw: NDArray[np.uint8]) -> float:
    """Measure blur by the variance of the Laplacian in the sharper of 6 x 6 tiles.

    A sharp subject before a blurred background has sharp tiles, whatever the whole photo is like.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma, H and W >= 8.

    Returns
    -------
    float
        Minus the natural log of the 90th percentile of the tiles' variances [levels^2], at most
        13.9: the higher, the blurrier.
    """
    rows = np.array_split(_filter(luma_hw), _NUM_TILES, axis=0)
    tiles = [tile for row in rows for tile in np.array_split(row, _NUM_TILES, axis=1)]
    variances = [tile.var(dtype=np.float64) for tile in tiles]
    return _to_score(float(np.quantile(variances, _TILE_QUANTILE)))


def measure_blur_effect(luma_hw: NDArray[np.uint8]) -> float:
    """Measure blur by how little a picture changes when it is blurred again [1]_.

    Parameters
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        Luma.

    Returns
    -------
    float
        scikit-image's `blur_effect` with its default settings, in [0, 1]: the higher, the blurrier.

    Raises
    ------
    MissingExtraError
        If scikit-image is not installed.

    References
    ----------
    .. [1] Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new
       no-reference perceptual blur metric", SPIE 6492, 2007. doi:10.1117/12.702790
    """
    try:
        from skimage.measure import blur_effect
    except ImportError as error:
        raise MissingExtraError(_name_extra(_BLUR_EFFECT, _SCIKIT_IMAGE)) from error
    # Without any edge it divides zero by zero; such a picture shows nothing sharp.
    with np.errstate(invalid="ignore"):
        value = float(blur_effect(luma_hw))
    return 1.0 if math.isnan(value) else value


METRICS: Final[Mapping[str, Callable[[NDArray[np.uint8]], float]]] = {
    "laplacian": measure_laplacian,
    "tile-laplacian": measure_tile_laplacian,
    _BLUR_EFFECT: measure_blur_effect,
}


@dataclass(frozen=True, slots=True)
class MetricDetector:
    """A blur metric on luma; it comes with no threshold.

    Attributes
    ----------
    name : str
        Its row in a table.
    metric : str
        One of `METRICS`.

    Raises
    ------
    MissingExtraError
        If the metric's library is not installed.
    """

    name: str
    metric: str
    labels: frozenset[Label] = frozenset({Label.BLURRY})
    shipped: Mapping[Label, float] = field(default_factory=dict)
    has_log_odds: bool = False

    def __post_init__(self) -> None:
        # Found here, not at the first of many photos, and without the time that an import takes.
        if self.metric == _BLUR_EFFECT and find_spec("skimage") is None:
            raise MissingExtraError(_name_extra(_BLUR_EFFECT, _SCIKIT_IMAGE))

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
        MissingExtraError
            If the metric's library is not installed.
        """
        return {Label.BLURRY: METRICS[self.metric](decode(path).luma_hw)}


class CleanVisionDetector:
    """CleanVision's scores for blurry, dark and light photos, with its default thresholds [1]_.

    It sees the whole photo at full size and shrinks it itself. Its scores are low for bad photos;
    here their sign is turned.

    Parameters
    ----------
    name : str
        Its row in a table.

    Raises
    ------
    MissingExtraError
        If CleanVision is not installed.

    References
    ----------
    .. [1] CleanVision, https://github.com/cleanlab/cleanvision,
       `issue_managers/image_property_issue_manager.py`.
    """

    labels = frozenset(_ISSUES)
    has_log_odds = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._manager = _load_cleanvision()
        self.recipe = f"cleanvision-{_read_version()}"
        # Bad is below CleanVision's threshold, not at it.
        self.shipped = {
            label: math.nextafter(-self._manager.params[issue]["threshold"], math.inf)
            for label, issue in _ISSUES.items()
        }

    def __reduce__(self) -> tuple[object, ...]:
        # Its module must be imported before its objects are: by the constructor.
        return type(self), (self.name,)

    def score(self, path: Path) -> Measures:
        """Measure a photo.

        Parameters
        ----------
        path : Path
            A photo.

        Returns
        -------
        dict of Label to float
            Minus CleanVision's scores, in [-1, 0].

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        """
        import pandas as pd
        from PIL import Image

        photo = Image.fromarray(read_rgb(path, long_side_px=_ANY_SIDE_PX))
        scores = {}
        for label, issue in _ISSUES.items():
            manager = self._manager
            raw = pd.DataFrame([manager.image_properties[issue].calculate(photo)])
            table = manager.image_properties[issue].get_scores(raw, issue, **manager.params[issue])
            scores[label] = -float(table[f"{issue}_score"].iloc[0])
        return scores


def _load_cleanvision() -> Any:
    try:
        from cleanvision.issue_managers.image_property_issue_manager import (
            ImagePropertyIssueManager,
        )
    except ImportError as error:
        raise MissingExtraError(_name_extra("cleanvision", "CleanVision")) from error
    return ImagePropertyIssueManager()


def _read_version() -> str:
    from importlib.metadata import version

    return version("cleanvision")


def _name_extra(metric: str, library: str) -> str:
    return f"{metric} needs {library}: pip install 'clearshot[bench]'"


def _filter(luma_hw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Apply the Laplacian of four neighbours where all are in the picture."""
    luma = luma_hw.astype(np.float32)
    center = luma[1:-1, 1:-1]
    across = luma[1:-1, :-2] + luma[1:-1, 2:]
    return np.asarray(across + luma[:-2, 1:-1] + luma[2:, 1:-1] - 4 * center, dtype=np.float32)


def _to_score(variance: float) -> float:
    return -math.log(max(variance, _NO_VARIANCE))
