"""The recipe of the calibration: from labelled photos to constants in a manifest of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearshot.errors import InputError
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Failure, Label, Scores
from clearshot.scan import score_paths
from clearshot.scoring.exposure import ExposureNetwork
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.weights import read_network
from clearshot.training.calibrate import fit_calibration
from clearshot.training.manifest import write_manifest
from clearshot.training.runs import read_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.evaluation.labels import LabelledPhoto

# What each network tells.
_CALIBRATED: Final[dict[str, tuple[Label, ...]]] = {
    "focus": (Label.BLURRY,),
    "exposure": (Label.DARK, Label.OVEREXPOSED),
}


def calibrate(
    photos: Sequence[LabelledPhoto], network_folder: Path, *, num_workers: int | None = None
) -> tuple[Path, dict[Path, Failure]]:
    """Fit the calibration of the networks in a folder and write it into their manifest.

    Only half of the scenes are used; the other half is left to measure.

    Parameters
    ----------
    photos : sequence of LabelledPhoto
        Clear photos and those that the networks tell: blurred ones for focus, dark and overexposed
        ones for exposure.
    network_folder : Path
        Holds `focus.onnx`, `exposure.onnx` or both, and `manifest.toml`. What it does not hold is
        taken from the package, and not calibrated.
    num_workers : int or None
        Processes that score photos; None for one per core.

    Returns
    -------
    tuple of (Path, dict)
        The manifest; photos that could not be scored, and why.

    Raises
    ------
    InputError
        If the manifest is missing or broken, or photos of a kind are too few; nothing is written
        then.
    NetworkError
        If the network is missing or changed.
    """
    manifest = network_folder / "manifest.toml"
    entries = read_tables(manifest)
    files = {n: read_network(n, folder=network_folder) for n in _CALIBRATED if n in entries}
    if not files:
        raise InputError("describes neither focus nor exposure", path=manifest)
    scorer = Scorer(FocusNetwork(files.get("focus")), ExposureNetwork(files.get("exposure")))
    paths = [photo.path for photo in photos if is_for_calibration(photo)]
    results = dict(score_paths(paths, scorer, num_workers=num_workers))
    scores = {path: result for path, result in results.items() if isinstance(result, Scores)}
    fitted = {name: fit_calibration(photos, scores, _CALIBRATED[name]) for name in files}
    for name, constants in fitted.items():
        write_manifest(manifest, name, {**entries[name], "calibration": constants})
    return manifest, {p: each for p, each in results.items() if isinstance(each, Failure)}
