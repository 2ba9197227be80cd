"""The recipe of the focus network: from a folder of clear photos to a network that ships."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras

from clearshot.training.config import Earlier, FocusConfig
from clearshot.training.curves import draw_curves
from clearshot.training.export import FOCUS_ENDS, export_onnx, measure_focus_parity
from clearshot.training.focus_trainer import Stage, train
from clearshot.training.manifest import write_manifest
from clearshot.training.photos import find_training_photos, split_photos
from clearshot.training.runs import begin_run, check_place, find_run, name_commits

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.training.photos import TrainingPhotos


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

    model = train(parts, config, run_folder, earlier=earlier, verbose=verbose)
    path = out / "focus.onnx"
    # Asked before the network is written, which may lie in the checkout itself.
    commit = name_commits(run_folder)
    network = export_onnx(model, path, FOCUS_ENDS, measure=measure_focus_parity)
    manifest = out / "manifest.toml"
    facts |= {"sha256": network.sha256, "commit": commit}
    write_manifest(manifest, "focus", _describe(model, photos, facts))
    histories = [run_folder / stage / "history.json" for stage in Stage]
    draw_curves([path for path in histories if path.exists()], run_folder / "curves.png")
    return TrainedFocus(path, photos.num_failed)


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
