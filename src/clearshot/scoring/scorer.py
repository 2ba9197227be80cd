"""Scorer: a photo's path in, its raw scores out. Picklable, and it knows no catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearshot.decode.image import Image, decode
from clearshot.photo import Scores
from clearshot.scoring.exposure import measure_exposure
from clearshot.scoring.focus import FocusMap, FocusNetwork, pool

if TYPE_CHECKING:
    from pathlib import Path

# Raise when decoding, reduction, pooling or statistics change so that old scores cannot be compared
# with new ones.
PIXEL_RECIPE: Final = 1


class Scorer:
    """Measures photos, one at a time, on one core.

    Building one costs nothing; the network is loaded at the first photo, once per process. A
    scorer can be pickled and sent to other processes and machines.

    Parameters
    ----------
    network : FocusNetwork or None
        The focus network; the packaged one by default.

    Examples
    --------
    >>> from clearshot import Scorer
    >>> scores = Scorer().score(photo)  # doctest: +SKIP
    >>> scores.focus.sigma_px  # doctest: +SKIP
    0.52
    """

    def __init__(self, network: FocusNetwork | None = None) -> None:
        self._network = FocusNetwork() if network is None else network

    @property
    def recipe(self) -> str:
        """Name of what was measured how: equal recipes give comparable scores."""
        return f"{PIXEL_RECIPE}-{self._network.sha256[:16]}"

    def score(self, path: Path) -> Scores:
        """Measure a photo.

        Parameters
        ----------
        path : Path
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
        return self.score_image(decode(path))

    def score_image(self, image: Image) -> Scores:
        """Measure pixels that are decoded already.

        Parameters
        ----------
        image : Image
            Upright pixels at the judged size.

        Returns
        -------
        Scores
            Raw scores.
        """
        return self.score_map(image, self.map_focus(image))

    def score_map(self, image: Image, focus_map: FocusMap) -> Scores:
        """Sum up what was measured on pixels and their focus map.

        Parameters
        ----------
        image : Image
            Upright pixels at the judged size.
        focus_map : FocusMap
            What `map_focus` gave for them.

        Returns
        -------
        Scores
            Raw scores.
        """
        return Scores(
            width_px=image.width_px,
            height_px=image.height_px,
            focus=pool(focus_map, image.width_px, image.height_px),
            exposure=measure_exposure(image.luma_hw),
            recipe=self.recipe,
        )

    def map_focus(self, image: Image) -> FocusMap:
        """Measure the blur of each cell of a photo.

        Parameters
        ----------
        image : Image
            Upright pixels at the judged size.

        Returns
        -------
        FocusMap
            Blur and its uncertainty by cell.
        """
        return self._network.measure(image.luma_hw)
