"""`clearshot train`: train a network that clearshot can use."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clearshot.cli.options import is_quiet, show_example, verbosity_options, workers_option
from clearshot.cli.screen import print_line
from clearshot.cli.text import to_printable
from clearshot.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


@click.group(
    short_help="Train a network by a recipe.",
    epilog=show_example(
        "clearshot train focus ~/clear-photos --run-folder runs/focus --out networks"
    ),
)
@verbosity_options
def train() -> None:
    """Train a network by a recipe. It needs pip install 'clearshot[train]'."""


@train.command(
    short_help="Train the focus network from clear photos alone.",
    epilog=show_example(
        "clearshot train focus ~/clear-photos --run-folder runs/focus --out networks"
    ),
)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option(
    "--run-folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the run keeps its checkpoints and its record.",
)
@click.option(
    "--out",
    "out_folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Gets focus.onnx and manifest.toml (the run folder).",
)
@verbosity_options
def focus(photos: Path, run_folder: Path, out_folder: Path | None) -> None:
    """Train the focus network: clear photos below PHOTOS are blurred in known ways.

    The same command goes on where a run was stopped.
    """
    if not is_quiet():
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    verbose = 0 if is_quiet() else 1
    path = _load_recipes().train_focus(photos, run_folder, out_folder=out_folder, verbose=verbose)
    print_line(to_printable(path))


@train.command(
    short_help="Fit the probabilities of a focus network on labelled photos.",
    epilog=show_example("clearshot train calibration ~/labelled --network networks"),
)
@click.argument(
    "labelled", metavar="LABELLED...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--network",
    "network_folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder with focus.onnx and manifest.toml; the manifest gets the calibration.",
)
@workers_option
@verbosity_options
def calibration(labelled: tuple[Path, ...], network_folder: Path, workers: int | None) -> None:
    """Fit the curves from scores to probabilities: nine numbers, on half of the scenes.

    LABELLED is as for `clearshot evaluate`; blurred, dark, overexposed and clear photos are needed.
    """
    path = _load_recipes().calibrate(labelled, network_folder, num_workers=workers)
    print_line(to_printable(path))


def _load_recipes() -> ModuleType:
    try:
        from clearshot.training import recipes
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("clearshot"):
            raise
        message = f"training needs {error.name}: pip install 'clearshot[train]'"
        raise MissingExtraError(message) from error
    return recipes
