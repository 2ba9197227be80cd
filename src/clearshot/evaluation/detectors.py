"""Everything that can judge photos behind one interface, so that all give rows of one table.

A detector scores photos in worker processes; what it scores is compared by ranks and by thresholds
of its own, so that its unit does not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from clearshot.decode.square import read_square
from clearshot.errors import NetworkError
from clearshot.evaluation.results import Measures
from clearshot.photo import Label
from clearshot.scoring.calibration import compute_logits, join_calibrations
from clearshot.scoring.exposure import ExposureNetwork
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.session import open_session
from clearshot.workers import PhotoScorer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Log odds of a probability of one half.
_EVEN_ODDS: Final = 0.0

# Probabilities below this count as this, so that log odds stay finite.
_LOWEST_PROBABILITY: Final = 1e-12


class Detector(PhotoScorer[Measures], Protocol):
    """What judges photos: a network or a classical metric. Picklable.

    `score` gives one number for each of `labels`, the higher the worse.
    """

    @property
    def name(self) -> str:
        """Its row in a table."""
        ...

    @property
    def labels(self) -> frozenset[Label]:
        """What it can tell from clear photos."""
        ...

    @property
    def shipped(self) -> Mapping[Label, float]:
        """Thresholds that it comes with; a photo is bad from this score on."""
        ...

    @property
    def has_log_odds(self) -> bool:
        """Whether its scores are log odds, from which probabilities follow."""
        ...


class FocusDetector:
    """The focus network and the exposure network with their calibration; tells all labels.

    Parameters
    ----------
    name : str
        Its row in a table.
    network : FocusNetwork
        The focus network; its file holds the calibration of blur.
    exposure_network : ExposureNetwork or None
        The exposure network; its file holds the calibration of light. The packaged one by default.

    Raises
    ------
    NetworkError
        If a network has no calibration.
    """

    labels = frozenset(Label)
    has_log_odds = True

    def __init__(
        self, name: str, network: FocusNetwork, exposure_network: ExposureNetwork | None = None
    ) -> None:
        self.name = name
        self.network = network
        self.exposure_network = ExposureNetwork() if exposure_network is None else exposure_network
        self.scorer = Scorer(network, self.exposure_network)
        self.calibration = join_calibrations(network.file, self.exposure_network.file)
        self.shipped = dict.fromkeys(self.labels, _EVEN_ODDS)

    @property
    def recipe(self) -> str:
        """Name of the network and of the pixel recipe."""
        return self.scorer.recipe

    def score(self, path: Path) -> Measures:
        """Measure a photo.

        Parameters
        ----------
        path : Path
            A photo.

        Returns
        -------
        dict of Label to float
            Log odds of each label: probabilities of very good and very bad photos are all alike.

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        """
        logits = compute_logits(self.scorer.score(path), self.calibration)
        return {label: logits[label] for label in Label if label in self.labels}


class ExposureDetector(FocusDetector):
    """The exposure network with its calibration, beside the packaged focus network; tells light.

    Parameters
    ----------
    name : str
        Its row in a table.
    network : ExposureNetwork
        The network; its file holds the calibration.

    Raises
    ------
    NetworkError
        If the network has no calibration.
    """

    labels = frozenset({Label.DARK, Label.OVEREXPOSED})

    def __init__(self, name: str, network: ExposureNetwork) -> None:
        super().__init__(name, FocusNetwork(), network)


@dataclass(frozen=True, slots=True)
class ClassifierFile:
    """The file of a network that sorts whole photos into clear and blurry.

    Attributes
    ----------
    path : Path
        The ONNX file, absolute, its digest checked.
    sha256 : str
        Its digest, hexadecimal.
    side_px : int
        Side of the square that it takes [px].
    """

    path: Path
    sha256: str
    side_px: int


class ClassifierDetector:
    """A network that sorts whole photos into clear and blurry, with ONNX Runtime on one thread.

    The file is large, so it is opened where it lies, at the first photo, once per process.

    Parameters
    ----------
    name : str
        Its row in a table.
    file : ClassifierFile
        The network: an input `photo`, float32 (N, side, side, 3), sRGB 0-255 of the upright photo
        squeezed to a square, and an output `probabilities`, float32 (N, 2): clear, blurry.
    """

    labels = frozenset({Label.BLURRY})
    has_log_odds = True

    def __init__(self, name: str, file: ClassifierFile) -> None:
        self.name = name
        self.file = file
        self.shipped = {Label.BLURRY: _EVEN_ODDS}
        self._session: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_session": None}

    @property
    def recipe(self) -> str:
        """Name of the network's file."""
        return f"classifier-{self.file.sha256[:16]}"

    def score(self, path: Path) -> Measures:
        """Measure a photo.

        Parameters
        ----------
        path : Path
            A photo.

        Returns
        -------
        dict of Label to float
            Log odds of a blurry photo, between -28 and 28.

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        NetworkError
            If the file is no such network.
        """
        photo = read_square(path, self.file.side_px)[None].astype(np.float32)
        if self._session is None:
            self._session = self._load()
        (probabilities,) = self._session.run(["probabilities"], {"photo": photo})
        if probabilities.shape != (1, 2):
            msg = f"must give probabilities of shape (1, 2), gave {probabilities.shape}"
            raise NetworkError(msg, path=self.file.path)
        clear, blurry = probabilities[0]
        return {Label.BLURRY: _to_log_odds(float(blurry), float(clear))}

    def _load(self) -> Any:
        try:
            session = open_session(self.file.path)
        except Exception as error:  # its errors have no other class in common
            raise NetworkError(f"cannot be loaded: {error}", path=self.file.path) from error
        inputs = [each.name for each in session.get_inputs()]
        outputs = [each.name for each in session.get_outputs()]
        if inputs != ["photo"] or "probabilities" not in outputs:
            msg = "must have the input photo and the output probabilities, "
            msg += f"has {', '.join(inputs)} and {', '.join(outputs)}"
            raise NetworkError(msg, path=self.file.path)
        self._check_shape(session.get_inputs()[0].shape)
        return session

    def _check_shape(self, shape: list[int | str | None]) -> None:
        side_px = self.file.side_px
        fits = (1, side_px, side_px, 3)
        # Sides that the file leaves open are names or nothing.
        is_fit = len(shape) == len(fits) and all(
            size == fit for size, fit in zip(shape, fits, strict=True) if isinstance(size, int)
        )
        if not is_fit:
            sizes = " x ".join(str(size) for size in shape)
            msg = f"takes photos of shape {sizes}; with the manifest's side_px {side_px} they are "
            raise NetworkError(f"{msg}N x {side_px} x {side_px} x 3", path=self.file.path)


def _to_log_odds(bad: float, clear: float) -> float:
    if math.isnan(bad) or math.isnan(clear):
        return math.nan
    return math.log(max(bad, _LOWEST_PROBABILITY)) - math.log(max(clear, _LOWEST_PROBABILITY))
