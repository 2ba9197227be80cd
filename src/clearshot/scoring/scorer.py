"""Scorer: a photo's path in, its raw scores out. Picklable, and it knows no catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearshot.config import MAX_PIXELS
from clearshot.decode.image import Image, decode, find_judged_region, read_despite_preview
from clearshot.decode.metadata import read_facts
from clearshot.decode.preview import JPEG_PREVIEW_READER
from clearshot.photo import Scores, SharpAt
from clearshot.scoring.exposure import ExposureNetwork, measure_exposure
from clearshot.scoring.focus import FocusMap, FocusNetwork
from clearshot.scoring.native import NATIVE_RECIPE, is_judged_in_full, measure_native_blur
from clearshot.scoring.pooling import pool

if TYPE_CHECKING:
    from os import PathLike

    from clearshot.photo import ExposureScores, FocusScores

# Raise when decoding, reduction, pooling or statistics change so that old scores cannot be compared
# with new ones.
PIXEL_RECIPE: Final = 6

# Up to this blur score, and these log odds of too dark and of overexposed, the preview of a camera
# decides; only its own pixels may call a photo unsure or bad. The usual threshold for unsure is
# -0.3 octaves, and those of light lie higher, too. A preview reads a tenth of an octave sharper,
# one that was sharpened up to 0.6.
_GOOD_OCTAVES: Final = -0.8
_GOOD_LOGIT: Final = -1.5


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything that measuring a photo gives.

    Attributes
    ----------
    image : Image
        Upright pixels at the judged size.
    focus_map : FocusMap
        Blur and its uncertainty by cell.
    scores : Scores
        Raw scores.
    """

    image: Image
    focus_map: FocusMap
    scores: Scores


class Scorer:
    """Measures photos, one at a time, on one core.

    Building one costs nothing; the network is loaded at the first photo, once per process. A
    scorer can be pickled and sent to other processes and machines.

    Parameters
    ----------
    network : FocusNetwork or None
        The focus network; the packaged one by default.
    exposure_network : ExposureNetwork or None
        The exposure network; the packaged one by default.
    sharp_at : SharpAt
        Whether the blur at 100 % is measured too. It costs a decode of the whole photo and three
        crops of 512 x 512 px.
    max_pixels : int
        A photo with more pixels is refused before it is decoded.

    Examples
    --------
    >>> from clearshot import Scorer
    >>> scores = Scorer().score(photo)  # doctest: +SKIP
    >>> scores.focus.sigma_px  # doctest: +SKIP
    0.52
    """

    def __init__(
        self,
        network: FocusNetwork | None = None,
        exposure_network: ExposureNetwork | None = None,
        *,
        sharp_at: SharpAt = SharpAt.SCREEN,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self._focus_network = FocusNetwork() if network is None else network
        self._exposure_network = ExposureNetwork() if exposure_network is None else exposure_network
        self._sharp_at = sharp_at
        self.max_pixels = max_pixels

    @property
    def recipe(self) -> str:
        """Name of what is measured of any photo, and how; see `clearshot.photo.covers`."""
        return self._name_recipe(is_full=self._sharp_at == SharpAt.FULL)

    def score(self, path: str | PathLike[str]) -> Scores:
        """Measure a photo.

        Parameters
        ----------
        path : str or path-like
            A photo.

        Returns
        -------
        Scores
            Raw scores.

        Raises
        ------
        PhotoError
            If the photo cannot be read; see `clearshot.decode.image.decode`.
        """
        return self.measure(path).scores

    def measure(self, path: str | PathLike[str]) -> Measurement:
        """Measure a photo and keep what the scores were taken from.

        Parameters
        ----------
        path : str or path-like
            A photo.

        Returns
        -------
        Measurement
            Pixels, focus map and raw scores.

        Raises
        ------
        PhotoError
            If the photo cannot be read; see `clearshot.decode.image.decode`.
        """
        path = Path(path)
        image, focus_map, focus, exposure = read_despite_preview(
            lambda with_preview: self._measure_pixels(path, with_preview=with_preview)
        )
        if image.reader == JPEG_PREVIEW_READER and not _is_good(focus, exposure):
            image, focus_map, focus, exposure = self._measure_pixels(path, with_preview=False)
        size_px = image.width_px, image.height_px
        focus = self._add_native_blur(focus, path, image, focus_map)
        # A small photo holds both scores, whichever was asked for.
        recipe = self._name_recipe(is_full=focus.native_blur is not None)
        facts = read_facts(path, size_px)
        # What is cut off the rim of a small photo is no frame.
        inside = None if image.judged == find_judged_region(*size_px) else image.judged
        scores = Scores(*size_px, focus, exposure, recipe, image.reader, facts, inside)
        return Measurement(image, focus_map, scores)

    def _measure_pixels(
        self, path: Path, *, with_preview: bool
    ) -> tuple[Image, FocusMap, FocusScores, ExposureScores]:
        """Measure a photo at the judged size, by its preview where that may stand for it."""
        image = decode(path, max_pixels=self.max_pixels, with_preview=with_preview)
        focus_map = self._focus_network.measure(image.luma_hw)
        focus = pool(focus_map, image.judged)
        exposure = measure_exposure(
            image.luma_hw,
            focus_map,
            self._exposure_network,
            sensor_white_share=image.sensor_white_share,
        )
        return image, focus_map, focus, exposure

    def _add_native_blur(
        self, focus: FocusScores, path: Path, image: Image, focus_map: FocusMap
    ) -> FocusScores:
        """Add what is measured at 100 %, where it is asked for or was measured anyway."""
        if is_judged_in_full(image.width_px, image.height_px):
            return replace(focus, native_blur=focus.blur, native_anisotropy=focus.anisotropy)
        if self._sharp_at != SharpAt.FULL:
            return focus
        blur, anisotropy = measure_native_blur(
            path, focus_map, image.judged, self._focus_network, max_pixels=self.max_pixels
        )
        return replace(focus, native_blur=blur, native_anisotropy=anisotropy)

    def _name_recipe(self, *, is_full: bool) -> str:
        recipe = (
            f"{PIXEL_RECIPE}-{self._focus_network.sha256[:16]}-{self._exposure_network.sha256[:16]}"
        )
        return f"{recipe}+full{NATIVE_RECIPE}" if is_full else recipe


def _is_good(focus: FocusScores, exposure: ExposureScores) -> bool:
    is_well_lit = max(exposure.dark_logit, exposure.overexposed_logit) <= _GOOD_LOGIT
    return is_well_lit and focus.blur <= _GOOD_OCTAVES
