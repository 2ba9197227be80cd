"""The recipe of the exposure network: from a folder of clear photos to a network that ships."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from clearshot.evaluation.metrics import compute_auc
from clearshot.scoring.exposure import NUM_STATISTICS, ExposureNetwork
from clearshot.training import losses, networks
from clearshot.training.backend import make_optimiser, prepare_backend
from clearshot.training.batches import ExposureBatches
from clearshot.training.config import ExposureConfig
from clearshot.training.curves import draw_curves
from clearshot.training.drawn import load_or_draw
from clearshot.training.export import EXPOSURE_ENDS, export_onnx, measure_exposure_parity
from clearshot.training.exposures import ExposureSet, draw_examples
from clearshot.training.fitting import fit
from clearshot.training.manifest import write_manifest
from clearshot.training.photos import find_training_photos, split_photos
from clearshot.training.runs import begin_run, check_place, find_run, name_commits, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clearshot.scoring.weights import NetworkFile
    from clearshot.training.photos import TrainingPhotos

_TITLES: Final = {"loss": "loss", "measure_stop_error": "error [stops]"}

# Rows of the validation table: from where to where the error lies [stops].
_BANDS: Final = ((-9.0, -3.5), (-3.5, -1.5), (-1.5, 1.5), (1.5, 3.5), (3.5, 9.0))


@dataclass(frozen=True, slots=True)
class TrainedExposure:
    """A trained exposure network.

    Attributes
    ----------
    path : Path
        The ONNX file.
    rows : tuple of tuple of str
        How it did on validation photos: a head, then a row for each band of errors.
    num_failed : int
        Photos and folders that could not be read and did not train; the log names them.
    """

    path: Path
    rows: tuple[tuple[str, ...], ...]
    num_failed: int


def train_exposure(
    photo_folder: Path,
    run_folder: Path,
    *,
    out_folder: Path | None = None,
    config: ExposureConfig = ExposureConfig(),  # noqa: B008  (frozen)
    verbose: int = 1,
) -> TrainedExposure:
    """Train the exposure network: examples, training, export, manifest, curves, validation.

    Called again with the same run folder, it goes on where it was interrupted.

    Parameters
    ----------
    photo_folder : Path
        Clear photos, in any subfolders.
    run_folder : Path
        Keeps training data, checkpoints, history, curves and `validation.json`.
    out_folder : Path or None
        Gets `exposure.onnx` and `manifest.toml`; the run folder by default.
    config : ExposureConfig
        All settings.
    verbose : int
        Keras' own: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns
    -------
    TrainedExposure
        The network and its validation.

    Raises
    ------
    InputError
        If the run folder is inside that of the photos or cannot be this run's, see
        `clearshot.training.runs`, or if photos do not fit.
    """
    check_place(run_folder, photo_folder)
    photos = find_training_photos(photo_folder)
    # Before the folder is claimed: too few photos must not leave a claim.
    parts = split_photos(photos, config)
    facts: dict[str, Any] = {"config": asdict(config), **parts.facts}
    if not find_run(run_folder, facts):
        begin_run(run_folder, facts)
    out = run_folder if out_folder is None else out_folder
    out.mkdir(parents=True, exist_ok=True)

    prepare_backend(config.seed)
    data = {
        part: load_examples(chosen, config, run_folder, part=part, verbose=verbose)
        for part, chosen in (("training", parts.training), ("validation", parts.validation))
    }
    model = _fit(data, config, run_folder / "checkpoints", verbose=verbose)
    path = out / "exposure.onnx"
    # Asked before the network is written, which may lie in the checkout itself.
    facts["commit"] = name_commits(run_folder)
    network = export_onnx(model, path, EXPOSURE_ENDS, measure=measure_exposure_parity)
    rows, figures = validate(network, data["validation"])
    facts |= {"sha256": network.sha256, "validation": figures}
    write_manifest(out / "manifest.toml", "exposure", _describe(model, photos, facts))
    write_whole(run_folder / "validation.json", json.dumps(figures, indent=1) + "\n")
    draw_curves(
        [run_folder / "checkpoints" / "history.json"], run_folder / "curves.png", titles=_TITLES
    )
    return TrainedExposure(path, rows, photos.num_failed)


def load_examples(
    photos: Sequence[Path], config: ExposureConfig, run_folder: Path, *, part: str, verbose: int = 1
) -> ExposureSet:
    """Draw the examples of a run, or map those that an earlier call left.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    config : ExposureConfig
        Settings.
    run_folder : Path
        Gets a folder with one `.npy` file per array.
    part : str
        `training`, or `validation`, which gets its share of the examples.
    verbose : int
        Keras' own; 0 draws no progress bar.

    Returns
    -------
    ExposureSet
        Arrays mapped from disk.
    """
    is_validation = part == "validation"
    folder = run_folder / f"examples{'-validation' * is_validation}"
    share = config.validation_share if is_validation else 1.0
    num_examples = max(1, round(config.num_examples * share))

    def draw(progress: Callable[[int], Any]) -> ExposureSet:
        return draw_examples(
            photos,
            config,
            num_examples=num_examples,
            seed=config.seed + is_validation,
            progress=progress,
        )

    return load_or_draw(
        ExposureSet, folder, draw, num_drawn=num_examples, unit="example", verbose=verbose
    )


def validate(
    network: NetworkFile, examples: ExposureSet
) -> tuple[tuple[tuple[str, ...], ...], dict[str, float]]:
    """Measure a network on examples of photos that did not train it.

    Parameters
    ----------
    network : NetworkFile
        The ONNX file.
    examples : ExposureSet
        Examples.

    Returns
    -------
    tuple
        The rows of a table: a head, then one for each band of errors that has examples; and the
        figures for a manifest.
    """
    runner = ExposureNetwork(network)
    measured = np.array(
        [
            runner.measure(luma, s)
            for luma, s in zip(examples.luma, examples.statistics, strict=True)
        ]
    )
    truth = np.asarray(examples.labels)
    distance = np.abs(measured[:, 0] - truth[:, 0])
    figures: dict[str, float] = {
        "num_examples": len(truth),
        "error_stops": round(float(distance.mean()), 3),
    }
    for name, column in (("dark", 1), ("overexposed", 2)):
        is_bad, is_good = truth[:, column] >= 0.5, truth[:, column] < 0.5
        if is_bad.any() and is_good.any():
            auc = compute_auc(measured[is_good, column], measured[is_bad, column])
            figures[f"auc_{name}"] = round(auc, 4)
    rows: list[tuple[str, ...]] = [
        ("exposure", "examples", "mean error", "called dark", "called overexposed")
    ]
    for low, high in _BANDS:
        inside = (truth[:, 0] >= low) & (truth[:, 0] < high)
        if inside.any():
            called = (f"{100 * (measured[inside, c] > 0).mean():.1f} %" for c in (1, 2))
            error = f"{distance[inside].mean():.2f} stops"
            rows.append((_name_band(low, high), str(int(inside.sum())), error, *called))
    return tuple(rows), figures


def _name_band(low: float, high: float) -> str:
    if low <= _BANDS[0][0]:
        return f"below {high:+.1f}"
    return f"above {low:+.1f}" if high >= _BANDS[-1][1] else f"{low:+.1f} to {high:+.1f}"


def _fit(
    data: dict[str, ExposureSet], config: ExposureConfig, folder: Path, *, verbose: int
) -> Any:
    model = networks.build_exposure()
    batches = {
        part: ExposureBatches(
            examples,
            batch_size=min(config.batch_size, len(examples.luma)),
            seed=config.seed,
            is_training=part == "training",
        )
        for part, examples in data.items()
    }
    num_steps = config.num_epochs * len(batches["training"])
    model.compile(
        make_optimiser(config.peak_rate, num_steps),
        loss=losses.measure_exposure_loss,
        metrics=[losses.measure_stop_error],
    )
    return fit(
        model,
        batches["training"],
        batches["validation"],
        num_epochs=config.num_epochs,
        folder=folder,
        verbose=verbose,
    )


def _describe(model: Any, photos: TrainingPhotos, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "sha256": facts["sha256"],
        "input": "luma float32 (N, 64, 64), 0-255, the upright photo squeezed to a square; "
        f"statistics float32 (N, {NUM_STATISTICS}), see clearshot.scoring.exposure.describe_light",
        "exposure": "float32 (N, 3): error of the exposure [stops], log odds of too dark, log odds "
        "of overexposed",
        "num_parameters": int(model.count_params()),
        "recipe": "clearshot train exposure",
        "commit": facts["commit"],
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        **photos.counts,
        "photos_sha256": facts["photos_sha256"],
        "validation_sha256": facts["validation_sha256"],
        "config": facts["config"],
        "validation": facts["validation"],
    }
