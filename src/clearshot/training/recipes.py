"""Recipes: from a folder of clear photos to a network that ships, one function each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import keras

from clearshot.errors import InputError
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Failure, Label, Scores
from clearshot.scan import score_paths
from clearshot.scoring.exposure import ExposureNetwork
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.weights import read_network
from clearshot.training import trainer
from clearshot.training.calibrate import fit_calibration
from clearshot.training.config import Earlier, FocusConfig
from clearshot.training.curves import draw_curves
from clearshot.training.export import (
    FOCUS_ENDS,
    export_onnx,
    measure_focus_parity,
    write_manifest,
)
from clearshot.training.photos import find_training_photos, split_photos
from clearshot.training.runs import begin_run, check_place, find_run, name_commits, read_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.evaluation.labelled import LabelledPhoto
    from clearshot.training.photos import TrainingPhotos

# What each network tells.
_CALIBRATED: Final[dict[str, tuple[Label, ...]]] = {
    "focus": (Label.BLURRY,),
    "exposure": (Label.DARK, Label.OVEREXPOSED),
}


@dataclass(frozen=True, slots=True)
class TrainedFocus:
    """A trained focus network.

    Attributes
    ----------
    path : Path
        The ONNX file.
    num_failed : int
        Photos and folders that could not be read and did not train; the log names them.
    """

    path: Path
    num_failed: int


def train_focus(
    photo_folder: Path,
    run_folder: Path,
    *,
    out_folder: Path | None = None,
    earlier: Earlier | None = None,
    config: FocusConfig = FocusConfig(),  # noqa: B008  (frozen)
    verbose: int = 1,
) -> TrainedFocus:
    """Train the focus network: patches, training, export, manifest, curves.

    Called again with the same run folder, it goes on where it was interrupted.

    Parameters
    ----------
    photo_folder : Path
        Clear photos, in any subfolders.
    run_folder : Path
        Keeps training data, checkpoints, histories and curves.
    out_folder : Path or None
        Gets `focus.onnx` and `manifest.toml`; the run folder by default.
    earlier : Earlier or None
        Focus networks that learn on from these photos, or teach; random weights by default.
    config : FocusConfig
        All settings.
    verbose : int
        Keras' own: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns
    -------
    TrainedFocus
        The network.

    Raises
    ------
    InputError
        If the run folder is inside that of the photos or cannot be this run's, see
        `clearshot.training.runs`, or if photos do not fit.
    NetworkError
        If the one that learns on is of another kind.
    """
    check_place(run_folder, photo_folder)
    photos = find_training_photos(photo_folder)
    # Before the folder is claimed: too few photos must not leave a claim.
    parts = split_photos(photos, config)
    facts: dict[str, Any] = {**parts.facts, "config": asdict(config)}
    if earlier is not None:
        facts |= _name_earlier(earlier)
    if not find_run(run_folder, facts):
        begin_run(run_folder, facts)
    out = run_folder if out_folder is None else out_folder
    out.mkdir(parents=True, exist_ok=True)

    model = trainer.train(parts, config, run_folder, earlier=earlier, verbose=verbose)
    path = out / "focus.onnx"
    # Asked before the network is written, which may lie in the checkout itself.
    commit = name_commits(run_folder)
    network = export_onnx(model, path, FOCUS_ENDS, measure=measure_focus_parity)
    manifest = out / "manifest.toml"
    facts |= {"sha256": network.sha256, "commit": commit}
    write_manifest(manifest, "focus", _describe(model, photos, facts))
    histories = [run_folder / stage / "history.json" for stage in trainer.STAGES]
    draw_curves([path for path in histories if path.exists()], run_folder / "curves.png")
    return TrainedFocus(path, photos.num_failed)


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


def _name_earlier(earlier: Earlier) -> dict[str, Any]:
    start = {"start_sha256": earlier.start.sha256} if earlier.start else {}
    teachers = {"teacher_sha256": [file.sha256 for file in earlier.teachers]}
    return start | (teachers if earlier.teachers else {})


def _describe(model: Any, photos: TrainingPhotos, facts: dict[str, Any]) -> dict[str, Any]:
    roles = [role for role in ("start", "teacher") if f"{role}_sha256" in facts]
    return {
        "sha256": facts["sha256"],
        "input": "luma float32 (N, H, W), 0-255, upright, long side <= 1024, sides multiples of 16",
        "cells": "float32 (N, 10, H/16, W/16): 5 means of log2 sigma [px], 5 ln variances; "
        "0, 45, 90, 135 degrees, longest axis",
        "num_parameters": int(model.count_params()),
        "recipe": " --".join(["clearshot train focus", *roles]),
        "commit": facts["commit"],
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        **photos.counts,
        **facts,
    }
