"""`clearshot evaluate`: how good the verdicts are on labelled photos."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clearshot.cli.files import check_free, encode, write_file
from clearshot.cli.options import is_quiet, show_example, verbosity_options, workers_option
from clearshot.cli.screen import (
    describe_failures,
    open_console,
    print_failures,
    print_remark,
    show_progress,
)
from clearshot.cli.text import to_count, to_printable
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from clearshot.evaluation.evaluate import Evaluation, Measures
    from clearshot.evaluation.labelled import LabelledPhoto
    from clearshot.evaluation.table import Table
    from clearshot.scoring.focus import FocusNetwork

_MAX_WIDTH = 1000


@click.command(
    short_help="Measure the accuracy on labelled photos.",
    epilog=show_example(
        "clearshot evaluate ~/labelled --plots plots",
        "clearshot evaluate phone.csv dslr.csv --json -",
    ),
)
@click.argument(
    "labelled", metavar="LABELLED...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--json",
    "json_path",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write all numbers as JSON; - is the standard output, in place of the table.",
)
@click.option(
    "--plots",
    "plot_folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write plots here; plots of the same names are replaced.",
)
@click.option(
    "--markdown",
    "markdown_path",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write the tables as Markdown.",
)
@click.option("--force", is_flag=True, help="Replace the files of --json and --markdown.")
@click.option(
    "--threshold-on",
    "threshold_sources",
    metavar="SOURCE",
    multiple=True,
    help="Set the thresholds on the clear photos of this source (all with both kinds); "
    "may be repeated.",
)
@click.option(
    "--unseen",
    is_flag=True,
    help="Leave out the scenes that may calibrate: the honest half for the shipped threshold.",
)
@click.option(
    "--network",
    "network_folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder with the focus.onnx and manifest.toml to measure (those of the package).",
)
@workers_option
@verbosity_options
@click.pass_context
def evaluate(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    labelled: tuple[Path, ...],
    json_path: Path | None,
    plot_folder: Path | None,
    markdown_path: Path | None,
    threshold_sources: tuple[str, ...],
    network_folder: Path | None,
    workers: int | None,
    *,
    unseen: bool,
    force: bool,
) -> None:
    """Measure on labelled photos how many bad ones are found and how many clear ones are lost.

    LABELLED is a folder with subfolders named clear, blurred, dark or overexposed, or a CSV with
    the columns file and label. Scores are log odds: 0 is a probability of 0.5, ln(p / (1 - p)) one
    of p.
    """
    for path in (json_path, markdown_path):
        if path is not None:
            check_free(path, force=force)
    photos = _read_photos(labelled, unseen=unseen)
    evaluation = _evaluate(photos, _load_network(network_folder), threshold_sources, workers)
    if json_path is not None:
        _write_json(evaluation, json_path, force=force)
    if markdown_path is not None:
        _write_markdown(evaluation, markdown_path, force=force)
    if json_path is None or str(json_path) != "-":
        _print_tables(evaluation)
    if plot_folder is not None:
        _write_plots(evaluation, plot_folder)
    if evaluation.failures:
        print_remark(f"{describe_failures(len(evaluation.failures))}:")
        failures = [(path, failure.message) for path, failure in evaluation.failures]
        print_failures(failures, rest="see with -v")
    context.exit(1 if evaluation.failures else 0)


def _read_photos(labelled: tuple[Path, ...], *, unseen: bool) -> tuple[LabelledPhoto, ...]:
    from clearshot.evaluation.labelled import read_labelled
    from clearshot.evaluation.split import is_for_calibration

    found = read_labelled(*labelled)
    if found.left_out:
        print_remark(f"{to_count(len(found.left_out), 'photo')} without a label left out")
    if not unseen:
        return found.photos
    photos = tuple(photo for photo in found.photos if not is_for_calibration(photo))
    seen = to_count(len(found.photos) - len(photos), "photo")
    print_remark(f"{seen} of calibration scenes left out")
    return photos


def _load_network(folder: Path | None) -> FocusNetwork:
    from clearshot.scoring.focus import FocusNetwork
    from clearshot.scoring.weights import read_network

    return FocusNetwork(None if folder is None else read_network("focus", folder=folder))


def _evaluate(
    photos: tuple[LabelledPhoto, ...],
    network: FocusNetwork,
    threshold_sources: tuple[str, ...],
    workers: int | None,
) -> Evaluation:
    from clearshot.evaluation.evaluate import evaluate as evaluate_photos
    from clearshot.scoring.calibration import to_logit
    from clearshot.scoring.verdict import Thresholds

    shipped = {label: to_logit(getattr(Thresholds(), label.value)) for label in Label}
    measures = _measure([photo.path for photo in photos], network, workers)
    return evaluate_photos(
        photos, measures, shipped=shipped, threshold_sources=threshold_sources or None
    )


def _measure(
    paths: list[Path], network: FocusNetwork, workers: int | None
) -> dict[Path, Measures | Failure]:
    from clearshot.scan import score_paths
    from clearshot.scoring.calibration import compute_logits, parse_calibration
    from clearshot.scoring.scorer import Scorer

    calibration = parse_calibration(network.file.calibration)
    measures: dict[Path, Measures | Failure] = {}
    num_failed = 0
    with (
        show_progress("Scoring") as move,
        closing(score_paths(paths, Scorer(network), num_workers=workers)) as results,
    ):
        move(0, len(paths))
        for path, result in results:
            if isinstance(result, Failure):
                num_failed += 1
                measures[path] = result
            else:
                # Not probabilities: those of very good and very bad photos are all alike.
                measures[path] = compute_logits(result, calibration)
            move(len(measures), len(paths), num_failed)
    return measures


def _write_json(evaluation: Evaluation, path: Path, *, force: bool) -> None:
    from clearshot.evaluation.table import to_json

    content = json.dumps(to_json(evaluation), indent=2) + "\n"
    write_file(path, encode(content), force=force)


def _write_markdown(evaluation: Evaluation, path: Path, *, force: bool) -> None:
    from clearshot.evaluation.table import write_markdown

    write_file(path, encode(write_markdown(evaluation)), force=force)


def _print_tables(evaluation: Evaluation) -> None:
    from clearshot.evaluation.table import tabulate

    for result in evaluation.results:
        _print_table(tabulate(result))


def _print_table(cells: Table) -> None:
    from rich.measure import Measurement
    from rich.table import Table as RichTable

    table = RichTable(title=cells.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for index, name in enumerate(cells.columns):
        table.add_column(name, justify="right" if index else "left", overflow="fold")
    for row in cells.rows:
        table.add_row(*(to_printable(cell) for cell in row))
    console = open_console()
    if not console.is_terminal:
        # A file has no width that the table must fit.
        endless = console.options.update(max_width=_MAX_WIDTH)
        console.width = max(console.width, Measurement.get(console, endless, table).maximum)
    console.print(table)
    if not is_quiet():
        for note in cells.notes:
            console.print(to_printable(note), style="dim")
    console.print()


def _write_plots(evaluation: Evaluation, folder: Path) -> None:
    from clearshot.evaluation.plots import write_plots

    paths = write_plots(evaluation, folder)
    print_remark(f"{to_count(len(paths), 'plot')} written to {to_printable(folder)}")
