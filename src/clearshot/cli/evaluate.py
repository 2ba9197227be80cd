"""`clearshot evaluate`: how good the verdicts are on labelled photos."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from clearshot.cli.card import CardRequest, check_card, check_unseen, write_card_file
from clearshot.cli.files import check_distinct, check_free, encode, is_stdout, write_file
from clearshot.cli.labelled import choose_photos, read_photos
from clearshot.cli.limits import workers_option
from clearshot.cli.options import NamedPath, is_verbose, show_example, verbosity_options
from clearshot.cli.screen import (
    describe_failures,
    print_failures,
    print_remark,
    show_progress,
)
from clearshot.cli.tables import print_table
from clearshot.cli.text import to_count
from clearshot.errors import UsageError
from clearshot.photo import Failure, Label
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from clearshot.evaluation.brackets import Bracket, BracketResult
    from clearshot.evaluation.comparison import NetworkEvaluation
    from clearshot.evaluation.detectors import Detector
    from clearshot.evaluation.labels import LabelledPhoto, LabelledSet
    from clearshot.evaluation.results import Measures

    # Who measured what.
    Measured = list[tuple[Detector, Mapping[Path, Measures | Failure]]]


@click.command(
    short_help="Measure the accuracy on labelled photos.",
    epilog=show_example(
        "clearshot evaluate ~/labelled --plots plots",
        "clearshot evaluate phone.csv dslr.csv --json -",
        "clearshot evaluate ~/labelled --network focus --network classical",
    ),
)
@click.argument(
    "labelled",
    metavar="LABELLED...",
    nargs=-1,
    required=True,
    type=NamedPath(),
)
@click.option(
    "--json",
    "json_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write all numbers as JSON; - is the standard output, in place of the table.",
)
@click.option(
    "--plots",
    "plot_folder",
    metavar="DIR",
    type=NamedPath(),
    help="Write plots of the first network here, and of all beside each other.",
)
@click.option(
    "--markdown",
    "markdown_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write the tables as Markdown.",
)
@click.option(
    "--card",
    "card_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write the card of the first network as Markdown, with the plots of --plots and the prose "
    "of the file beside it whose name ends in .notes.md.",
)
@click.option(
    "--force", is_flag=True, help="Replace the files of --json, --markdown, --card and --plots."
)
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
    help="Measure on the unseen half only: leave out the scenes that may calibrate.",
)
@click.option(
    "--network",
    "words",
    metavar="NAME",
    multiple=True,
    default=("focus",),
    help="What to measure (focus): focus or exposure; lenet or inception as trained in runs/; "
    "laplacian, tile-laplacian, blur-effect, or classical for these three; mean-luma, "
    "clipped-share, or light for both; cleanvision; or a folder with manifest.toml. NAME=DIR "
    "names its row. Repeated, all are compared in one table.",
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
    card_path: Path | None,
    threshold_sources: tuple[str, ...],
    words: tuple[str, ...],
    workers: int | None,
    *,
    unseen: bool,
    force: bool,
) -> None:
    """Measure on labelled photos how many bad ones are found and how many clear ones are lost.

    LABELLED is a folder with subfolders named clear, blurred, dark or overexposed, a CSV with the
    columns file and label, or one of the public sets CERTH, CUHK and Kwentar. Photos named
    runNNN_RR are frames of an exposure bracket from the darkest to the brightest; along them the
    scores for dark and overexposed are followed. Scores of networks are log odds: 0 is a
    probability of 0.5, ln(p / (1 - p)) one of p.
    """
    outputs = [path for path in (json_path, markdown_path, card_path) if path is not None]
    check_distinct(outputs)
    for path in [*outputs, *_list_plots(plot_folder)]:
        check_free(path, force=force)
    request = None
    if card_path is not None:
        request = CardRequest(card_path, labelled, words, threshold_sources, plot_folder)
        check_card(request, is_unseen_only=unseen)
    detectors = _open_detectors(words, has_plots=plot_folder is not None)
    found = read_photos(labelled, words[0])
    _check_not_measured(outputs, [*labelled, *(photo.path for photo in found.photos)])
    photos = choose_photos(found.photos, threshold_sources, unseen=unseen)
    if request is not None:
        check_unseen(request, photos)
    brackets = _find_brackets(found, unseen=unseen)
    measured: Measured = [(each, _measure(photos, brackets, each, workers)) for each in detectors]
    networks = _evaluate(photos, measured, threshold_sources)
    followed = _follow(brackets, measured)
    _write_numbers(networks, followed, json_path, markdown_path, force=force)
    plots = _write_plots(networks, plot_folder)
    if request is not None:
        on_unseen = _evaluate_unseen(photos, measured, threshold_sources)
        write_card_file(request, photos, networks, on_unseen, plots, followed)
    if request is not None or is_verbose():
        _print_worst(networks[0])
    num_failed = _print_failed(networks, followed)
    is_complete = not any(skip.is_unreadable for skip in found.left_out)
    context.exit(0 if is_complete and not num_failed else 1)


def _find_brackets(found: LabelledSet, *, unseen: bool) -> list[Bracket]:
    from clearshot.evaluation.brackets import find_brackets

    return [each for each in find_brackets(found) if each.is_unseen or not unseen]


def _follow(brackets: list[Bracket], measured: Measured) -> list[BracketResult]:
    """Tell how well each detector follows the light along brackets."""
    from clearshot.evaluation.brackets import evaluate_brackets

    results = []
    for detector, measures in measured:
        told = _tells_light(detector)
        if told and brackets:
            results += evaluate_brackets(detector.name, told, brackets, measures)
    return results


def _tells_light(detector: Detector) -> frozenset[Label]:
    return detector.labels & {Label.DARK, Label.OVEREXPOSED}


def _check_not_measured(outputs: Iterable[Path], inputs: Sequence[Path]) -> None:
    """Refuse to replace a photo that is measured, or the table of its labels.

    Raises
    ------
    UsageError
        If one of the files to write is such a file.
    """
    for output in outputs:
        if output.exists() and any(path.exists() and output.samefile(path) for path in inputs):
            raise UsageError("is one of the labelled files; name another file", path=output)


def _open_detectors(words: tuple[str, ...], *, has_plots: bool) -> list[Detector]:
    """Open what measures, once it is sure that all that comes after it is installed."""
    from clearshot.evaluation.figure import check_matplotlib
    from clearshot.evaluation.networks import open_detectors

    if has_plots:
        check_matplotlib()
    return open_detectors(words)


def _measure(
    photos: tuple[LabelledPhoto, ...],
    brackets: list[Bracket],
    detector: Detector,
    workers: int | None,
) -> dict[Path, Measures | Failure]:
    from clearshot.evaluation.memory import count_workers
    from clearshot.scan import score_paths

    workers = count_workers(detector) if workers is None else workers
    frames = (frame for bracket in brackets for frame in bracket.frames)
    wanted = (photo.path for photo in photos)
    paths = list(dict.fromkeys((*wanted, *(frames if _tells_light(detector) else ()))))
    measures: dict[Path, Measures | Failure] = {}
    num_failed = 0
    with (
        show_progress(f"Scoring with {detector.name}") as move,
        closing(score_paths(paths, detector, num_workers=workers)) as results,
    ):
        move(0, len(paths))
        for path, result in results:
            num_failed += isinstance(result, Failure)
            measures[path] = result
            move(len(measures), len(paths), num_failed)
    return measures


def _evaluate(
    photos: tuple[LabelledPhoto, ...], measured: Measured, threshold_sources: tuple[str, ...]
) -> list[NetworkEvaluation]:
    from clearshot.evaluation.comparison import evaluate_networks

    return evaluate_networks(photos, measured, threshold_sources=threshold_sources or None)


def _evaluate_unseen(
    photos: tuple[LabelledPhoto, ...], measured: Measured, threshold_sources: tuple[str, ...]
) -> list[NetworkEvaluation]:
    from clearshot.evaluation.split import keep_unseen

    return _evaluate(keep_unseen(photos), measured, threshold_sources)


def _write_numbers(
    networks: list[NetworkEvaluation],
    followed: list[BracketResult],
    json_path: Path | None,
    markdown_path: Path | None,
    *,
    force: bool,
) -> None:
    from clearshot.evaluation.brackets import tabulate_brackets

    if json_path is not None:
        _write_json(networks, followed, json_path, force=force)
    if markdown_path is not None:
        _write_markdown(networks, followed, markdown_path, force=force)
    if not is_stdout(json_path):
        _print_tables(networks)
        for table in tabulate_brackets(followed):
            print_table(table)


def _write_json(
    networks: list[NetworkEvaluation], followed: list[BracketResult], path: Path, *, force: bool
) -> None:
    from clearshot.evaluation.brackets import brackets_to_json
    from clearshot.evaluation.comparison import networks_to_json
    from clearshot.evaluation.table import to_json

    one = to_json(networks[0].evaluation) if len(networks) == 1 else None
    numbers = one or networks_to_json(networks)
    if followed:
        numbers["brackets"] = brackets_to_json(followed)
    content = json.dumps(numbers, indent=2) + "\n"
    write_file(path, encode(content), force=force)


def _write_markdown(
    networks: list[NetworkEvaluation], followed: list[BracketResult], path: Path, *, force: bool
) -> None:
    from clearshot.evaluation.brackets import write_brackets_markdown
    from clearshot.evaluation.comparison import write_networks_markdown
    from clearshot.evaluation.table import write_markdown

    one = write_markdown(networks[0].evaluation) if len(networks) == 1 else None
    text = (one or write_networks_markdown(networks)) + write_brackets_markdown(followed)
    write_file(path, encode(text), force=force)


def _print_tables(networks: list[NetworkEvaluation]) -> None:
    from clearshot.evaluation.comparison import tabulate_networks
    from clearshot.evaluation.table import tabulate

    if len(networks) == 1:
        for result in networks[0].evaluation.results:
            print_table(tabulate(result))
        return
    for table in tabulate_networks(networks):
        # There are many columns: they are as narrow as their words.
        columns = tuple("\n".join(name.split(" ", 2)) for name in table.columns)
        print_table(replace(table, columns=columns))


def _print_worst(network: NetworkEvaluation) -> None:
    """Name the photos that the network judged most wrongly, on stderr."""
    from clearshot.evaluation.worst import find_worst

    for result in network.own.results:
        worst = find_worst(result)
        judged = f"{result.label.value} {worst.threshold.name}"
        kinds = (("missed", worst.num_missed, worst.missed), ("lost", worst.num_lost, worst.lost))
        for kind, num, photos in kinds:
            if photos:
                print_remark(f"{network.name}, {judged}: {num:,} {kind}, the worst:")
            for each in photos:
                name = to_printable(each.photo.path.stem)
                print_remark(f"  {each.score:8.3f}  {each.photo.source}  {name}")


def _list_plots(folder: Path | None) -> list[Path]:
    """List where plots may come to lie among what is there already."""
    if folder is None or not folder.is_dir():
        return []
    from clearshot.evaluation.plots import list_places

    return list_places(folder)


def _write_plots(networks: list[NetworkEvaluation], folder: Path | None) -> list[Path]:
    """Write the plots where a folder is given."""
    from clearshot.evaluation.plots import write_network_plots, write_plots

    if folder is None:
        return []
    first = networks[0]
    paths = write_plots(first.own, folder, has_log_odds=first.has_log_odds)
    paths += write_network_plots([(each.name, each.evaluation) for each in networks], folder)
    print_remark(f"{to_count(len(paths), 'plot')} written to {to_printable(folder)}")
    return paths


def _print_failed(networks: list[NetworkEvaluation], followed: list[BracketResult]) -> int:
    """Name the photos that a network could not measure, on stderr, and count them."""
    from clearshot.evaluation.comparison import collect_failures

    # Most frames of a bracket have no label, so that no network was evaluated on them.
    frames = (failure for each in followed for failure in each.failures)
    failures = dict([*frames, *collect_failures(networks)])
    heading = f"{describe_failures(len(failures))}:"
    named = [(path, each.message) for path, each in failures.items()]
    print_failures(heading, named)
    return len(failures)
