"""`clearshot score`: score photos without a catalog."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from clearshot.cli.files import encode, write_stdout
from clearshot.cli.forecasts import announce, describe_forecast
from clearshot.cli.judges import Judge, open_judge
from clearshot.cli.limits import (
    pixels_option,
    read_max_pixels,
    read_timeout,
    timeout_option,
    workers_option,
)
from clearshot.cli.options import NamedPath, judging_options, show_example, verbosity_options
from clearshot.cli.screen import (
    PhotoProgress,
    describe_failures,
    open_console,
    print_remark,
    print_skipped,
    show_progress,
)
from clearshot.errors import InputError
from clearshot.paths import anchor
from clearshot.photo import Failure, Skip
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from clearshot.scoring.verdict import Thresholds

_COLORS = {"good": "green", "unsure": "yellow", "bad": "red", None: "red"}


@click.command(
    short_help="Score photos and print what was found, without a catalog.",
    epilog=show_example(
        "clearshot score IMG_0001.jpg --format table",
        "clearshot score ~/Pictures/2026 > scores.jsonl",
    ),
)
@click.argument(
    "paths",
    metavar="PHOTO_OR_FOLDER...",
    nargs=-1,
    required=True,
    type=NamedPath(),
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["jsonl", "csv", "table"]),
    default="jsonl",
    show_default=True,
    help="One JSON object per photo and line, CSV with a header, or a table to look at.",
)
@judging_options
@click.option(
    "--network",
    "word",
    metavar="NAME",
    help="Judge with another network (focus): lenet or inception as trained in runs/, or a folder "
    "with manifest.toml. Other networks tell blurry photos only; their probability is the "
    "network's own, not calibrated.",
)
@workers_option
@pixels_option
@timeout_option
@verbosity_options
@click.pass_context
def score(
    context: click.Context,
    paths: tuple[Path, ...],
    format_name: str,
    thresholds: Thresholds,
    word: str | None,
    workers: int | None,
) -> None:
    """Score photos, and all photos below folders, and print the results in the order of input.

    Nothing is written but the output. A photo that cannot be judged has its cause in the field
    `error`, and the exit code is 1; it is 1 too when a folder could not be read.
    """
    judge = open_judge(word, thresholds, max_pixels=read_max_pixels())
    announce(describe_forecast(thresholds))
    photos, skipped = _list_photos(paths)
    print_skipped(skipped)
    _check_found(photos, paths)
    is_table = format_name == "table"
    # A bar on the terminal that the lines go to would tear them.
    with show_progress("Scoring", is_wanted=is_table or not sys.stdout.isatty()) as move:
        rows = _score_photos(photos, judge, workers, move)
        if is_table:
            table = list(rows)
        else:
            num_failed = _print_lines(rows, format_name)
    if is_table:
        num_failed = _print_table(table)
    if num_failed:
        print_remark(describe_failures(num_failed))
    context.exit(1 if num_failed or any(skip.is_unreadable for skip in skipped) else 0)


def _list_photos(paths: tuple[Path, ...]) -> tuple[list[Path], list[Skip]]:
    # As the user named them: the photos of a folder begin with its name.
    from clearshot.discover import PHOTO_SUFFIXES, find_photos

    photos: dict[Path, None] = {}
    skipped: list[Skip] = []
    for path in paths:
        if _is_folder(path):
            try:
                found = find_photos([path])
            except InputError as error:
                if len(paths) == 1:
                    raise
                skipped.append(Skip(path, error.message, is_unreadable=True))
                continue
            home = anchor(path)
            photos.update((path / photo.path.relative_to(home), None) for photo in found.photos)
            skipped += found.skipped
        elif path.suffix.lower() in PHOTO_SUFFIXES or _exists(path):
            # A photo that is missing becomes a result with an error, as any other that fails.
            photos[path] = None
        else:
            raise InputError("there is no such photo or folder", path=path)
    return list(photos), skipped


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # In a folder that must not be searched, or on a drive that is gone: a photo becomes a
        # result with this error.
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # There is something that cannot be looked at, or a name that no disk takes.
        return True


def _check_found(photos: list[Path], paths: tuple[Path, ...]) -> None:
    if not photos:
        raise InputError("no photos found", path=paths[0] if len(paths) == 1 else None)


def _score_photos(
    photos: list[Path], judge: Judge, workers: int | None, move: PhotoProgress
) -> Iterator[dict[str, Any]]:
    from clearshot.scan import score_paths

    num_failed = 0
    move(0, len(photos))
    num_workers = judge.num_workers if workers is None else workers
    scoring = score_paths(photos, judge.scorer, num_workers=num_workers, timeout_s=read_timeout())
    with closing(scoring) as results:
        for num_done, (path, result) in enumerate(results, start=1):
            num_failed += isinstance(result, Failure)
            move(num_done, len(photos), num_failed)
            yield judge.build_row(path, result)


def _print_lines(rows: Iterable[dict[str, Any]], format_name: str) -> int:
    """Print each row as soon as it is there; return how many photos failed."""
    from clearshot.report import format_csv, format_jsonl

    num_failed = 0
    if format_name == "csv":
        write_stdout(encode(format_csv([])))
    for row in rows:
        line = format_jsonl(row) if format_name == "jsonl" else format_csv([row], has_header=False)
        write_stdout(encode(line))
        num_failed += row["error"] is not None
    return num_failed


def _print_table(rows: list[dict[str, Any]]) -> int:
    """Print all rows; return how many photos failed."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("photo", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in rows:
        verdict, why = _describe(row)
        color = _COLORS[row["verdict"]]
        table.add_row(to_printable(row["path"]), Text(verdict, color), to_printable(why))
    open_console().print(table)
    return sum(row["error"] is not None for row in rows)


def _describe(row: dict[str, Any]) -> tuple[str, str]:
    """Say in a word or two what a photo is, and in a sentence why."""
    if row["error"] is not None:
        return "failed", row["error"]["message"]
    shares = [f"{label} {row[f'p_{label}']:.0%}" for label in row["labels"]]
    return ", ".join(shares) or row["verdict"], next(iter(row["reasons"]), "")
