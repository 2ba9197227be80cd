"""`clearshot train`: train a network that clearshot can use."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clearshot.cli.files import encode, write_file
from clearshot.cli.labelled import read_sets
from clearshot.cli.limits import workers_option
from clearshot.cli.options import NamedPath, is_quiet, show_example, verbosity_options
from clearshot.cli.screen import (
    describe_failures,
    print_error,
    print_failures,
    print_line,
    print_remark,
)
from clearshot.errors import MissingExtraError
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from clearshot.evaluation.labels import LabelledSet
    from clearshot.photo import Failure
    from clearshot.scoring.weights import NetworkFile
    from clearshot.training.config import Earlier

_RUNS: Final = Path("runs")


def _run_folder_option(recipe: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--run-folder",
        default=_RUNS / recipe,
        metavar="DIR",
        type=NamedPath(),
        help=f"Where the run keeps its files and its record ({(_RUNS / recipe).as_posix()}).",
    )


_epochs_option = click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Passes over the training data at most; classifiers stop earlier when validation no "
    "longer gains.",
)


@click.group(
    short_help="Train a network by a recipe.",
    epilog=show_example(
        "clearshot train focus ~/clear-photos --out networks",
        "clearshot train exposure ~/clear-photos --out networks",
        "clearshot train lenet ~/clear-photos",
    ),
)
@verbosity_options
def train() -> None:
    """Train a network by a recipe. It needs pip install 'clearshot[train]'."""


@train.command(
    short_help="Train the focus network from clear photos alone.",
    epilog=show_example(
        "clearshot train focus ~/clear-photos --out networks",
        "clearshot train focus ~/clear-photos --start packaged --run-folder runs/further",
        "clearshot train focus ~/clear-photos --teacher wide --run-folder runs/taught",
    ),
)
@click.argument("photos", type=NamedPath())
@click.option(
    "--start",
    metavar="packaged|DIR",
    type=NamedPath(),
    help="Let a network learn on: the packaged one, or focus.onnx and manifest.toml in DIR (random "
    "weights). It takes a third of the time.",
)
@click.option(
    "--teacher",
    metavar="packaged|DIR",
    type=NamedPath(),
    multiple=True,
    help="Let a network learn from the answers of this one, too, which may be wider; repeat it to "
    "learn from the mean of several. Without --start the first one learns on itself, narrowed to "
    "the width of today's network.",
)
@_run_folder_option("focus")
@click.option(
    "--out",
    "out_folder",
    metavar="DIR",
    type=NamedPath(),
    help="Gets focus.onnx and manifest.toml (the run folder).",
)
@verbosity_options
def focus(
    photos: Path,
    start: Path | None,
    teacher: tuple[Path, ...],
    run_folder: Path,
    out_folder: Path | None,
) -> None:
    """Train the focus network: clear photos below PHOTOS are blurred in known ways.

    The same command goes on where a run was stopped.
    """
    recipes, earlier = _load("focus_recipe"), _read_earlier(start, teacher)
    with _show_training() as verbose:
        trained = recipes.train_focus(
            photos, run_folder, out_folder=out_folder, earlier=earlier, verbose=verbose
        )
    print_line(to_printable(trained.path))
    _finish_training(trained)


def _read_earlier(start: Path | None, teachers: Sequence[Path]) -> Earlier | None:
    if start is None and not teachers:
        return None
    earlier: Earlier = _load("config").Earlier(
        start=None if start is None else _read_focus(start),
        teachers=tuple(map(_read_focus, teachers)),
    )
    return earlier


def _read_focus(place: Path) -> NetworkFile:
    """Read the focus network of a folder, or the packaged one."""
    from clearshot.scoring.weights import read_network

    return read_network("focus", folder=None if str(place) == "packaged" else place)


@train.command(
    short_help="Train the exposure network from clear photos alone.",
    epilog=show_example("clearshot train exposure ~/clear-photos --out networks"),
)
@click.argument("photos", type=NamedPath())
@_run_folder_option("exposure")
@click.option(
    "--out",
    "out_folder",
    metavar="DIR",
    type=NamedPath(),
    help="Gets exposure.onnx and manifest.toml (the run folder).",
)
@_epochs_option
@verbosity_options
def exposure(photos: Path, run_folder: Path, out_folder: Path | None, epochs: int | None) -> None:
    """Train the exposure network: clear photos below PHOTOS are exposed too little and too much.

    Scenes that are dark or bright on purpose are made of them, too. The same command goes on where
    a run was stopped.
    """
    recipe, configs = _load("exposure_recipe"), _load("config")
    config = _limit_epochs(configs.ExposureConfig(), epochs)
    with _show_training() as verbose:
        trained = recipe.train_exposure(
            photos, run_folder, out_folder=out_folder, config=config, verbose=verbose
        )
    print_line("Validation, on photos that did not train; their errors are artificial, too:")
    _print_rows(trained.rows)
    print_line(to_printable(trained.path))
    _finish_training(trained)


@train.command(
    short_help="Repeat the original experiment: LeNet on clear photos and blurred copies.",
    epilog=show_example("clearshot train lenet ~/clear-photos"),
)
@click.argument("photos", type=NamedPath())
@_run_folder_option("lenet")
@_epochs_option
@verbosity_options
def lenet(photos: Path, run_folder: Path, epochs: int | None) -> None:
    """Train LeNet to tell the clear photos below PHOTOS from blurred copies of them.

    The network is 533 MB large, and training takes 5 GB of memory. A run that was stopped begins
    anew; a run folder that holds another run is refused.
    """
    recipes, configs = _load("classifier_recipes"), _load("classifier_config")
    config = _limit_epochs(configs.LeNetConfig(), epochs)
    with _show_training() as verbose:
        trained = recipes.train_lenet(photos, run_folder, config=config, verbose=verbose)
    _print_trained(trained, "lenet", run_folder)
    _finish_training(trained)


@train.command(
    short_help="Repeat the original experiment: transfer learning on Inception.",
    epilog=show_example(
        "clearshot train inception ~/clear-photos",
        "clearshot train inception ~/clear-photos --weights none",
    ),
)
@click.argument("photos", type=NamedPath())
@click.option(
    "--weights",
    default="imagenet",
    metavar="imagenet|none|FILE",
    callback=lambda _context, _parameter, value: _parse_weights(value),
    help="What to start from: imagenet is downloaded by Keras (88 MB, once), none is random, FILE "
    "is an .h5 or .weights.h5 file of InceptionV3 without its top (imagenet).",
)
@_run_folder_option("inception")
@_epochs_option
@verbosity_options
def inception(photos: Path, run_folder: Path, weights: str | Path, epochs: int | None) -> None:
    """Train InceptionV3 to tell the clear photos below PHOTOS from blurred copies of them.

    First a new head over the frozen base, then the upper blocks too, with a low rate. With
    --weights none the whole network is trained at once. A run that was stopped begins anew; a run
    folder that holds another run is refused.
    """
    recipes, configs = _load("classifier_recipes"), _load("classifier_config")
    config = _limit_epochs(configs.InceptionConfig(), epochs)
    with _show_training() as verbose:
        trained = recipes.train_inception(
            photos, run_folder, weights=weights, config=config, verbose=verbose
        )
    if weights == "none":
        print_remark("It began with random weights, not with those of ImageNet.")
    _print_trained(trained, "inception", run_folder)
    _finish_training(trained)


@train.command(
    short_help="Fit the probabilities of networks on labelled photos.",
    epilog=show_example("clearshot train calibration ~/labelled --network networks"),
)
@click.argument(
    "labelled",
    metavar="LABELLED...",
    nargs=-1,
    required=True,
    type=NamedPath(),
)
@click.option(
    "--network",
    "network_folder",
    required=True,
    metavar="DIR",
    type=NamedPath(),
    help="Folder with focus.onnx, exposure.onnx or both, and manifest.toml, which gets the "
    "calibration.",
)
@workers_option
@verbosity_options
@click.pass_context
def calibration(
    context: click.Context, labelled: tuple[Path, ...], network_folder: Path, workers: int | None
) -> None:
    """Fit the curves from scores to probabilities: two or six numbers, on half of the scenes.

    LABELLED is as for `clearshot evaluate`; clear photos are needed, and blurred ones for the focus
    network, dark and overexposed ones for the exposure network.
    """
    found = read_sets(*labelled)
    path, failures = _load("calibration_recipe").calibrate(
        found.photos, network_folder, num_workers=workers
    )
    _finish(context, path, failures, found)


@train.command(
    short_help="Make the table behind --tolerance from labelled photos.",
    epilog=show_example("clearshot train tolerance ~/labelled --network networks"),
)
@click.argument(
    "labelled",
    metavar="LABELLED...",
    nargs=-1,
    required=True,
    type=NamedPath(),
)
@click.option(
    "--network",
    "network_folder",
    required=True,
    metavar="DIR",
    type=NamedPath(),
    help="Folder with focus.onnx and manifest.toml, calibrated, and exposure.onnx where it is not "
    "the packaged one; it gets tolerance.toml.",
)
@workers_option
@verbosity_options
@click.pass_context
def tolerance(
    context: click.Context, labelled: tuple[Path, ...], network_folder: Path, workers: int | None
) -> None:
    """Write how labelled photos score: what --tolerance sets thresholds by.

    LABELLED is as for `clearshot evaluate`. Make it anew after every calibration; the table of
    another one is refused. It needs nothing but the base install.
    """
    from clearshot.evaluation.detectors import FocusDetector
    from clearshot.evaluation.networks import read_manifest
    from clearshot.evaluation.tolerances import write_table
    from clearshot.photo import Failure
    from clearshot.scan import score_paths
    from clearshot.scoring.exposure import ExposureNetwork
    from clearshot.scoring.focus import FocusNetwork
    from clearshot.scoring.weights import read_network

    focus = FocusNetwork(read_network("focus", folder=network_folder))
    exposure = None
    is_described = any(entry.name == "exposure" for entry in read_manifest(network_folder))
    if is_described and (network_folder / "exposure.onnx").exists():
        exposure = ExposureNetwork(read_network("exposure", folder=network_folder))
    detector = FocusDetector("focus", focus, exposure)
    found = read_sets(*labelled)
    paths = [photo.path for photo in found.photos]
    results = dict(score_paths(paths, detector, num_workers=workers))
    logits = {path: each for path, each in results.items() if not isinstance(each, Failure)}
    path = network_folder / "tolerance.toml"
    content = write_table(found.photos, logits, detector.calibration)
    write_file(path, encode(content), force=True)
    failures = {p: each for p, each in results.items() if isinstance(each, Failure)}
    _finish(context, path, failures, found)


def _finish(
    context: click.Context, path: Path, failures: dict[Path, Failure], found: LabelledSet
) -> None:
    """Name what was written and what failed; end with 1 if anything did or was unreadable."""
    print_line(to_printable(path))
    named = [(photo, failure.message) for photo, failure in failures.items()]
    print_failures(f"{describe_failures(len(named))}:", named)
    is_complete = not any(skip.is_unreadable for skip in found.left_out)
    context.exit(0 if is_complete and not named else 1)


def _load(module: str) -> ModuleType:
    try:
        return import_module(f"clearshot.training.{module}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("clearshot"):
            raise
        message = f"training needs {error.name}: pip install 'clearshot[train]'"
        raise MissingExtraError(message) from error


@contextmanager
def _show_training() -> Iterator[int]:
    """Show on stderr what the training reports, and give Keras' own verbosity.

    Keras prints on stdout, which is for results; it draws bars only for a terminal.
    """
    if is_quiet():
        yield 0
        return
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with redirect_stdout(sys.stderr):
        yield 1 if sys.stderr.isatty() else 2


def _parse_weights(value: str) -> str | Path:
    return value if value in {"imagenet", "none"} else Path(value)


def _limit_epochs(config: Any, epochs: int | None) -> Any:
    return config if epochs is None else replace(config, num_epochs=epochs)


def _print_trained(trained: Any, recipe: str, run_folder: Path) -> None:
    print_line("Validation, on photos that trained nothing but told when to stop and which weights")
    print_line("to keep; their blur is artificial, too:")
    _print_rows(_load("validation").tabulate(trained.validation))
    print_line(to_printable(trained.path))
    network = recipe if run_folder == _RUNS / recipe else run_folder
    command = to_command("clearshot", "evaluate", "LABELLED", "--network", network)
    print_remark(f"How it does on the blur of real cameras: {command}")


def _finish_training(trained: Any) -> None:
    """Say that photos could not be read, which the log named hours ago; end with 1 then."""
    if (num := trained.num_failed) > 0:
        what = "photo or folder" if num == 1 else "photos or folders"
        print_error(f"{num:,} {what} could not be read and did not train; see above")
        click.get_current_context().exit(1)


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        print_line("  ".join(cells).rstrip())
