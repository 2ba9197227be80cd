"""The original experiment: from a folder of clear photos to a classifier, one function each.

A run folder belongs to one run. A finished run is not trained again, one that was stopped begins
anew, and a folder that holds another run is refused.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import keras

from clearshot.errors import InputError
from clearshot.terminal import to_printable
from clearshot.training import classifiers
from clearshot.training.backend import prepare_backend
from clearshot.training.classifier_config import InceptionConfig, LeNetConfig
from clearshot.training.classifier_data import SquareBatches, draw_squares
from clearshot.training.classifier_export import export_classifier
from clearshot.training.classifier_trainer import ClassifierRun
from clearshot.training.curves import draw_curves
from clearshot.training.manifest import write_manifest
from clearshot.training.photos import Parts, find_training_photos, split_photos
from clearshot.training.runs import begin_run, check_place, find_run, name_commits
from clearshot.training.validation import (
    Validation,
    count_confusion,
    read_validation,
    to_figures,
    write_validation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clearshot.training.classifier_config import ClassifierConfig

_log = logging.getLogger(__name__)

_TITLES: Final = {"loss": "cross entropy", "accuracy": "accuracy"}

_MANIFEST: Final = "manifest.toml"

# For the manifest: figures that also chose are better than those of a photo that nothing chose by.
_VALIDATION_USE: Final = "stopped training and picked the weights; it trained none of them"

# Pictures on which the ONNX file is compared with Keras.
_NUM_PARITY: Final = 8


@dataclass(frozen=True, slots=True)
class TrainedClassifier:
    """What a recipe leaves.

    Attributes
    ----------
    path : Path
        The ONNX file, beside its `manifest.toml`.
    validation : Validation
        How it did on photos that did not train it, but stopped its training and picked its weights.
    num_failed : int
        Photos and folders that could not be read and did not train; the log names them.
    """

    path: Path
    validation: Validation
    num_failed: int


@dataclass(frozen=True, slots=True)
class _Stage:
    """One stage of fitting; `prepare` is called before it."""

    learning_rate: float
    patience: int
    prepare: Callable[[Any], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Recipe:
    """What tells one classifier's training from the other's."""

    name: str
    config: ClassifierConfig
    build: Callable[[], Any]
    stages: Sequence[_Stage]
    # Where weights come from: for the record of the run, and in words for the manifest.
    weights: str
    weights_note: str


def train_lenet(
    photo_folder: Path,
    run_folder: Path,
    *,
    config: LeNetConfig = LeNetConfig(),  # noqa: B008  (frozen)
    verbose: int = 1,
) -> TrainedClassifier:
    """Train the original LeNet on clear photos and blurred copies of them.

    Parameters
    ----------
    photo_folder : Path
        Clear photos, in any subfolders.
    run_folder : Path
        Gets `lenet.onnx`, `manifest.toml`, validation figures, curves and the best weights.
    config : LeNetConfig
        All settings.
    verbose : int
        Keras' own: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns
    -------
    TrainedClassifier
        The network and its validation.

    Raises
    ------
    InputError
        If the run folder is inside that of the photos or cannot be this run's, see
        `clearshot.training.runs`, or if photos do not fit.
    """
    recipe = _Recipe(
        name="lenet",
        config=config,
        build=lambda: classifiers.build_lenet(config.side_px),
        stages=[_Stage(config.learning_rate, config.patience)],
        weights="random",
        weights_note="random; the whole network trained",
    )
    return _train(recipe, photo_folder, run_folder, verbose=verbose)


def train_inception(
    photo_folder: Path,
    run_folder: Path,
    *,
    weights: classifiers.Weights = "imagenet",
    config: InceptionConfig = InceptionConfig(),  # noqa: B008  (frozen)
    verbose: int = 1,
) -> TrainedClassifier:
    """Train Inception: a new head over a frozen base, then the upper blocks with a low rate.

    With random weights there is one stage, in which the whole network is trained: a frozen random
    base would leave the head nothing to learn from.

    Parameters
    ----------
    photo_folder : Path
        Clear photos, in any subfolders.
    run_folder : Path
        As `train_lenet`; the network is `inception.onnx`.
    weights : Weights
        As `clearshot.training.classifiers.build_inception`.
    config : InceptionConfig
        All settings.
    verbose : int
        As `train_lenet`.

    Returns
    -------
    TrainedClassifier
        The network and its validation.

    Raises
    ------
    InputError
        As `train_lenet`, or if the weights file cannot be used.
    NetworkError
        If the ImageNet weights cannot be downloaded.
    """
    if weights == "none":
        stages = [_Stage(config.scratch_rate, config.scratch_patience)]
    else:
        stages = [
            _Stage(config.learning_rate, config.patience),
            _Stage(config.fine_rate, config.patience, classifiers.free_upper_blocks),
        ]
    source, note = _describe_weights(weights)
    recipe = _Recipe(
        name="inception",
        config=config,
        build=lambda: classifiers.build_inception(config.side_px, weights=weights),
        stages=stages,
        weights=source,
        weights_note=note,
    )
    return _train(recipe, photo_folder, run_folder, verbose=verbose)


def _train(
    recipe: _Recipe, photo_folder: Path, run_folder: Path, *, verbose: int
) -> TrainedClassifier:
    check_place(run_folder, photo_folder)
    photos = find_training_photos(photo_folder)
    # Before the folder is claimed: too few photos, or weights that are not there, must not leave a
    # claim.
    parts = split_photos(photos, recipe.config)
    facts = {
        "recipe": recipe.name,
        "config": asdict(recipe.config),
        "weights": recipe.weights,
        **parts.facts,
    }
    path = run_folder / f"{recipe.name}.onnx"
    is_begun = find_run(run_folder, facts)
    if is_begun and path.exists() and (run_folder / _MANIFEST).exists():
        _log.info("%s holds this run already, finished", to_printable(run_folder))
        return TrainedClassifier(path, read_validation(run_folder), photos.num_failed)
    prepare_backend(recipe.config.seed)
    model = recipe.build()
    begin_run(run_folder, facts)

    _log.info("%s; weights to start from: %s", recipe.name, recipe.weights_note)
    training, validation = _draw_batches(parts, recipe.config, verbose=verbose)
    run = ClassifierRun(model, run_folder / "checkpoints", verbose=verbose)
    for stage in recipe.stages:
        stage.prepare(model)
        run.fit(
            training,
            validation,
            recipe.config,
            learning_rate=stage.learning_rate,
            patience=stage.patience,
        )
    model = run.finish()

    squares = validation.squares
    result = count_confusion(model.predict(validation, verbose=0), squares.is_blurry)
    sha256 = export_classifier(model, path, photo_nhwc=squares.photo_nhwc[:_NUM_PARITY])
    write_validation(result, run_folder)
    history = run_folder / "checkpoints" / "history.json"
    draw_curves([history], run_folder / "curves.png", titles=_TITLES)
    entry = {"sha256": sha256, **_describe(recipe, model, name_commits(run_folder))}
    entry |= photos.counts | parts.facts
    entry |= {"validation_use": _VALIDATION_USE}
    entry |= {"config": facts["config"], "validation": to_figures(result)}
    # Last: a run with a manifest is finished.
    write_manifest(run_folder / _MANIFEST, recipe.name, entry)
    return TrainedClassifier(path, result, photos.num_failed)


def _draw_batches(
    parts: Parts, config: ClassifierConfig, *, verbose: int
) -> tuple[SquareBatches, SquareBatches]:
    """Draw the squares of both parts."""
    batches = []
    for number, part in enumerate((parts.training, parts.validation)):
        bar = keras.utils.Progbar(len(part), verbose=verbose, unit_name="photo")
        squares = draw_squares(
            part,
            config,
            seed=config.seed + number,
            progress=bar.update if verbose else lambda _: None,
        )
        batches.append(
            SquareBatches(
                squares, batch_size=config.batch_size, seed=config.seed, is_training=number == 0
            )
        )
    training, validation = batches
    return training, validation


def _describe_weights(weights: classifiers.Weights) -> tuple[str, str]:
    """Name the weights that Inception starts from, for the record and in words.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    if isinstance(weights, Path):
        try:
            sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", path=weights) from error
        name = to_printable(weights.name)
        return sha256, f"{name}, SHA-256 {sha256}; base frozen, then upper blocks tuned"
    if weights == "none":
        return weights, "none: random weights, the whole network trained, nothing frozen"
    return weights, f"{weights}; base frozen, then upper blocks tuned"


def _describe(recipe: _Recipe, model: Any, commit: str) -> dict[str, Any]:
    side_px = recipe.config.side_px
    backend = keras.backend.backend()
    return {
        "task": "classifier",
        "side_px": side_px,
        "input": f"photo float32 (N, {side_px}, {side_px}, 3), sRGB 0-255, the upright photo "
        "squeezed to a square",
        "probabilities": "float32 (N, 2): " + ", ".join(classifiers.CLASSES),
        "num_parameters": int(model.count_params()),
        "recipe": f"clearshot train {recipe.name}",
        "weights": recipe.weights_note,
        "seed": recipe.config.seed,
        "commit": commit,
        "backend": backend,
        "versions": {
            "clearshot": version("clearshot"),
            "keras": keras.__version__,
            backend: version(backend),
            "opencv": cv2.__version__,
        },
    }
