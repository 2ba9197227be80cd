"""`clearshot audit`: how many bad photos are still in the good pile."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from clearshot.cli.files import check_free, encode, is_stdout, write_file
from clearshot.cli.forecasts import announce, settle_thresholds
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    is_quiet,
    judging_options,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import print_left_out
from clearshot.cli.screen import print_line, print_remark
from clearshot.cli.text import to_count, to_interval
from clearshot.errors import UsageError
from clearshot.photo import Failure, Skip
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.audit import Count, Pile, Sampled
    from clearshot.scoring.verdict import Thresholds

_WHAT = {"good": "bad photos still in", "bad": "good ones thrown out", "whole": "bad photos"}


@click.command(
    short_help="Estimate from a random sample how many verdicts are wrong.",
    epilog=show_example(
        "clearshot audit ~/Pictures/2026 --csv audit.csv",
        "clearshot audit ~/Pictures/2026 --answers audit.csv",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--csv",
    "csv_path",
    metavar="OUT",
    type=NamedPath(),
    help="Draw a sample and write it here, for you to fill in the column label: clear, blurred, "
    "dark or overexposed.",
)
@click.option(
    "--answers",
    metavar="CSV",
    type=NamedPath(),
    help="Read the sample that you filled in, and print the result.",
)
@click.option(
    "--photos",
    "num_photos",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Photos to draw from each pile.",
)
@click.option(
    "--whole",
    "is_whole",
    is_flag=True,
    help="Draw from all photos alike, as `clearshot calibrate` needs it.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Another number draws other photos.",
)
@judging_options
@catalog_option
@verbosity_options
def audit(  # noqa: PLR0913 - one argument per option
    folder: Path,
    csv_path: Path | None,
    answers: Path | None,
    num_photos: int,
    seed: int,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    is_whole: bool,
) -> None:
    """Estimate how many bad photos are among the good ones of FOLDER, and the other way round.

    A random sample of both piles is enough for an exact interval. Look at each photo at the size
    at which you judge photos; write unsure where you cannot tell, which widens the interval. You
    may stop early: the first rows of each pile are a sample too, and empty rows at its end do not
    count.
    """
    _check_one(csv_path, answers)
    if answers is not None:
        _print_audit(folder, answers)
        return
    assert csv_path is not None
    check_free(csv_path, force=None)
    from clearshot.audit import draw_sample, write_sample
    from clearshot.catalog.catalog import Catalog
    from clearshot.listing import OUTDATED
    from clearshot.report import judge_entry

    options = repeat_options(thresholds, catalog_path)
    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        judged = [(each.photo.path, judge_entry(each, thresholds)) for each in catalog.entries()]
    announce(remarks)
    # What was scored so far is no random part of the library: a scan goes folder by folder.
    outdated = [
        Skip(path, verdict.message)
        for path, verdict in judged
        if isinstance(verdict, Failure) and verdict.kind == OUTDATED.kind
    ]
    print_left_out(outdated, [], to_command("clearshot", "scan", folder, *options))
    sample = draw_sample(judged, num_photos=num_photos, seed=seed, is_whole=is_whole)
    write_file(csv_path, encode(write_sample(sample)), force=None)
    if not is_quiet() and not is_stdout(csv_path):
        _print_sample(sample, folder, csv_path, catalog_path)


def _check_one(csv_path: Path | None, answers: Path | None) -> None:
    if (csv_path is None) == (answers is None):
        raise UsageError(
            "name where the sample goes, --csv OUT, or the filled-in one, --answers CSV"
        )


def _print_sample(
    sample: list[Sampled], folder: Path, csv_path: Path, catalog_path: Path | None
) -> None:
    from clearshot.audit import Pile

    for pile in Pile:
        part = [each for each in sample if each.pile is pile]
        if part:
            print_line(f"{pile}: {to_count(len(part), 'photo')} of {part[0].num_photos:,} drawn")
    print_line(f"Fill in the column label of {to_printable(csv_path)}, then:")
    options: list[str | Path] = [] if catalog_path is None else ["--catalog", catalog_path]
    words = ["clearshot", "audit", folder, "--answers", csv_path, *options]
    if sample[0].pile is Pile.WHOLE:
        words = ["clearshot", "calibrate", csv_path, "--library", folder, *options]
    print_line(f"  {to_command(*words)}")


def _print_audit(folder: Path, path: Path) -> None:
    from clearshot.audit import estimate, read_answers

    answers = read_answers(path)
    home = PurePath(os.path.realpath(folder))
    places = (PurePath(os.path.realpath(each.path.parent)) for each in answers)
    if foreign := [place for place in places if not place.is_relative_to(home)]:
        message = f"{to_count(len(foreign), 'photo')} of the sample not in {folder}"
        raise UsageError(message, path=path)
    found = estimate(answers)
    for pile, count in found.counts.items():
        print_line(_describe_count(pile, count))
    if found.lost is not None and found.missed is not None:
        lost, missed = (
            to_interval(each.value, each.low, each.high) for each in (found.lost, found.missed)
        )
        print_line(
            f"Of all good photos {lost} are thrown out; of all bad ones {missed} are still in."
        )
        print_line("Photos whose verdict is unsure are in neither pile.")
    num_open = sum(count.num_open for count in found.counts.values())
    if num_open:
        print_remark(f"{to_count(num_open, 'photo')} without an answer: the intervals are wider")


def _describe_count(pile: Pile, count: Count) -> str:
    counts = (count.estimate, count.low, count.high)
    shares = to_interval(*(each / count.num_photos for each in counts))
    wrong = "bad" if pile.value == "whole" else "wrong"
    told = f"{count.num_wrong} of {count.num_seen - count.num_open} with an answer are {wrong}"
    told += f" ({count.num_open} without)" if count.num_open else ""
    return (
        f"{pile.value}: {told}, so {shares}: "
        f"{round(count.estimate):,} [{count.low:,}, {count.high:,}] {_WHAT[pile.value]}, "
        f"of {to_count(count.num_photos, 'photo')}"
    )
