"""`clearshot calibrate`: thresholds from the owner's own photos."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from clearshot.cli.files import check_free, encode, is_stdout, write_file
from clearshot.cli.forecasts import describe_forecast
from clearshot.cli.labelled import read_sets
from clearshot.cli.limits import workers_option
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    is_quiet,
    read_tolerances,
    repeat_options,
    show_example,
    tolerance_options,
    verbosity_options,
)
from clearshot.cli.screen import (
    describe_failures,
    print_failures,
    print_line,
    print_remark,
    show_progress,
)
from clearshot.cli.text import to_count, to_exact_percent, to_percent
from clearshot.errors import InputError, UsageError
from clearshot.paths import anchor
from clearshot.photo import Label, Scores, SharpAt
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.catalog.calibrations import KeptCalibration
    from clearshot.owner import LabelReport
    from clearshot.scoring.recalibration import Recalibration
    from clearshot.scoring.tolerance import Tolerance


@click.command(
    short_help="Set thresholds from your own decisions or labelled photos.",
    epilog=show_example(
        "clearshot calibrate ~/Pictures/2026 --from-decisions --tolerance 2%",
        "clearshot calibrate ~/labelled --library ~/Pictures/2026 --tolerance 2%",
        "clearshot calibrate ~/Pictures/2026 --undo",
    ),
)
@click.argument("place", metavar="LABELLED|FOLDER", type=NamedPath())
@click.option(
    "--from-decisions",
    "is_from_decisions",
    is_flag=True,
    help="Calibrate on what was decided in the review of FOLDER.",
)
@click.option(
    "--library",
    metavar="FOLDER",
    type=NamedPath(),
    help="The library that a calibration from LABELLED or from a file is for.",
)
@tolerance_options
@click.option("--list", "is_listed", is_flag=True, help="List the calibrations of FOLDER.")
@click.option(
    "--undo", "is_undone", is_flag=True, help="Go back to the calibration before, or to none."
)
@click.option(
    "--export",
    "out",
    metavar="OUT",
    type=NamedPath(),
    help="Write the calibration as JSON; with a FOLDER alone, the one in use.",
)
@catalog_option
@workers_option
@verbosity_options
@click.pass_context
def calibrate(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    place: Path,
    library: Path | None,
    out: Path | None,
    catalog_path: Path | None,
    workers: int | None,
    *,
    is_from_decisions: bool,
    is_listed: bool,
    is_undone: bool,
) -> None:
    """Set the thresholds of a library from photos whose owner said what they are.

    LABELLED is as for `clearshot evaluate`: folders named clear, blurred, dark or overexposed, or a
    CSV with the columns file and label; or a file of --export, to use it elsewhere.

    A few dozen photos move the probabilities; some hundred keep a tolerance by themselves. The
    library's catalog keeps every calibration, and commands on the library use the last. Photos have
    to be drawn at random, as `clearshot audit --whole` does, or one a scene: not the doubtful ones.
    """
    if out is not None:
        check_free(out, force=None)
    _check_one(is_from_decisions, is_listed, is_undone)
    _check_pairs(
        place, library, out, is_from_decisions=is_from_decisions, is_shown=is_listed or is_undone
    )
    num_failed = 0
    tolerances = read_tolerances(context)
    if is_listed:
        _list(place, catalog_path)
    elif is_undone:
        _undo(place, catalog_path)
    elif _is_exported(place):
        _import(place, library, catalog_path, tolerances, out)
    elif is_from_decisions:
        _finish(_calibrate_decisions(place, catalog_path, tolerances), place, catalog_path, out)
    elif (
        out is not None and library is None and not tolerances and _is_library(place, catalog_path)
    ):
        _export(place, catalog_path, out)
    else:
        own, num_failed = _calibrate_labelled(place, library, catalog_path, tolerances, workers)
        _finish(own, library, catalog_path, out)
    context.exit(1 if num_failed else 0)


def _check_one(*is_chosen: bool) -> None:
    if sum(is_chosen) > 1:
        raise UsageError("give only one of --from-decisions, --list and --undo")


def _check_pairs(
    place: Path, library: Path | None, out: Path | None, *, is_from_decisions: bool, is_shown: bool
) -> None:
    """Refuse options of which one would have no effect.

    Raises
    ------
    UsageError
        If there are such.
    """
    if library is not None and (is_from_decisions or is_shown):
        raise UsageError("--library goes with LABELLED or a file; here FOLDER is the library")
    if out is not None and is_shown:
        raise UsageError("--export goes with neither --list nor --undo")
    if is_from_decisions and place.suffix.lower() == ".json":
        raise UsageError("--from-decisions needs FOLDER, not a file")


def _is_exported(place: Path) -> bool:
    """Tell whether a calibration was written there; labelled photos are a folder or a CSV."""
    suffix = place.suffix.lower()
    return suffix == ".json" or (suffix != ".csv" and place.is_file())


def _is_library(place: Path, catalog_path: Path | None) -> bool:
    """Tell whether a folder is a library, and no labelled set that was scanned as well."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.catalog.place import default_path
    from clearshot.evaluation.labelled import NoLabelledPhotoError, read_labelled
    from clearshot.owner import find_own

    if not place.is_dir() or (catalog_path is None and not default_path(place).exists()):
        return False
    with Catalog.open(place, path=catalog_path, create=False) as catalog:
        if find_own(catalog)[0] is not None:
            return True
    try:
        read_labelled(place)
    except NoLabelledPhotoError:
        return True
    return False


def _calibrate_decisions(
    folder: Path, catalog_path: Path | None, tolerances: dict[Label, Tolerance]
) -> Recalibration:
    from clearshot.catalog.catalog import Catalog
    from clearshot.owner import (
        BURST_S,
        choose_one_per_burst,
        is_evidently_chosen,
        match_decisions,
        read_decisions,
    )
    from clearshot.owner import calibrate as calibrate_owner

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        decisions = read_decisions(catalog)
        if not decisions:
            message = "you have not decided about any photo yet: use `clearshot review`, or give a "
            raise InputError(f"{message}CSV with the columns file and label", path=folder)
        # What was sorted out is not there any more, and would be missing among the bad ones.
        entries = catalog.entries(with_missing=True)
        found, num_left = match_decisions(decisions, entries, SharpAt.SCREEN)
    if num_left:
        why = "not scored, or not for blur or light"
        print_remark(f"{to_count(num_left, 'decision')} left out: {why}")
    photos = choose_one_per_burst(found)
    if len(photos) < len(found):
        num = to_count(len(found) - len(photos), "decision")
        print_remark(f"{num} left out: frames within {BURST_S:g} s of each other count once")
    if is_evidently_chosen(decisions, entries, len(photos)):
        options = repeat_options(None, catalog_path)
        command = to_command("clearshot", "audit", folder, "--whole", "--csv", "OUT", *options)
        print_remark(
            "these decisions are not a random sample: their scores differ from the library's, so "
            f"the shares below need not hold for it; decide about photos drawn at random: {command}"
        )
    origin = to_count(len(photos), "decision")
    return calibrate_owner(photos, _choose(tolerances), origin=origin)


def _calibrate_labelled(
    place: Path,
    library: Path | None,
    catalog_path: Path | None,
    tolerances: dict[Label, Tolerance],
    workers: int | None,
) -> tuple[Recalibration, int]:
    """Calibrate on labelled photos; give the calibration and how many photos failed."""
    from clearshot.evaluation.tolerances import choose_one_per_scene
    from clearshot.owner import calibrate as calibrate_owner

    found = read_sets(place)
    photos = choose_one_per_scene(found.photos)
    if len(photos) < len(found.photos):
        num = to_count(len(found.photos) - len(photos), "photo")
        print_remark(f"{num} left out: one photo counts of each scene and label")
    scores, failures = _score([photo.path for photo in photos], library, catalog_path, workers)
    print_failures(f"{describe_failures(len(failures))}:", failures)
    decisions = [(p.path, scores[p.path], p.label) for p in photos if p.path in scores]
    origin = f"{to_count(len(decisions), 'labelled photo')} of {anchor(place).name}"
    own = calibrate_owner(decisions, _choose(tolerances), origin=origin)
    return own, len(failures)


def _score(
    paths: list[Path], library: Path | None, catalog_path: Path | None, workers: int | None
) -> tuple[dict[Path, Scores], list[tuple[Path, str]]]:
    """Look scores up in the library's catalog, measure the other photos; name those that failed."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.photo import Failure
    from clearshot.report import judge_entry
    from clearshot.scan import score_paths
    from clearshot.scoring.scorer import Scorer
    from clearshot.scoring.verdict import Thresholds

    scores: dict[Path, Scores] = {}
    if library is not None:
        with Catalog.open(library, path=catalog_path) as catalog:
            for entry in catalog.entries(with_missing=True):
                fits = not isinstance(judge_entry(entry, Thresholds()), Failure)
                if fits and entry.scores is not None:
                    scores[entry.photo.path.resolve()] = entry.scores
    rest = [path for path in paths if path not in scores]
    failures: list[tuple[Path, str]] = []
    with (
        show_progress("Scoring") as move,
        closing(score_paths(rest, Scorer(), num_workers=workers)) as results,
    ):
        for num_done, (path, result) in enumerate(results, start=1):
            if isinstance(result, Scores):
                scores[path] = result
            else:
                failures.append((path, result.message))
            move(num_done, len(rest), len(failures))
    return scores, failures


def _choose(tolerances: dict[Label, Tolerance]) -> dict[Label, Tolerance]:
    from clearshot.owner import check_tolerances
    from clearshot.scoring.tolerance import Tolerance as Shares

    chosen = tolerances or dict.fromkeys(Label, Shares())
    check_tolerances(chosen)
    return chosen


def _finish(
    own: Recalibration, library: Path | None, catalog_path: Path | None, out: Path | None
) -> None:
    """Say what a calibration does, keep it, and write it where it was asked for."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.scoring.limits import Wishes, set_thresholds
    from clearshot.scoring.recalibration import write_recalibration

    content = write_recalibration(own)
    if not (is_quiet() or is_stdout(out)):
        _print_report(own)
        for line in ["", *describe_forecast(set_thresholds(Wishes(), own), own)]:
            print_line(line)
        print_line("It holds if these photos are a random sample of yours.\n")
    if out is not None:
        write_file(out, encode(content), force=None)
    if library is not None:
        with Catalog.open(library, path=catalog_path) as catalog:
            version = catalog.calibrations.add(content)
        say = print_remark if is_stdout(out) else print_line
        say(f"Kept as version {version} of {to_printable(library)}.")
        if not is_quiet():
            options = repeat_options(None, catalog_path)
            command = to_command("clearshot", "calibrate", library, "--undo", *options)
            say(f"Take it back: {command}")
    elif out is None:
        print_line(
            "Nothing was kept. --library FOLDER keeps it for a library, --export OUT as a file."
        )


def _print_report(own: Recalibration) -> None:
    from clearshot.owner import report_labels

    print_line(f"Calibration on {to_printable(own.origin)}:")
    for label, each in report_labels(own).items():
        tolerance, curve = own.tolerances[label], own.common.curves[label]
        moved = "stays as shipped" if curve == type(curve)() else f"offset {curve.offset:+.2f}"
        print_line(f"{label.value}: {each.num_good:,} good, {each.num_bad:,} bad; curve: {moved}")
        print_line(f"  {_describe_loss(each, tolerance)}")
        if each.num_bad_missing:
            line = f"With {to_count(each.num_bad_missing, 'more bad photo')} your own set that of "
            print_line(f"  {line}{to_exact_percent(tolerance.missed)} missed, too.")


def _describe_loss(report: LabelReport, tolerance: Tolerance) -> str:
    lost, sure = to_exact_percent(tolerance.lost), to_percent(tolerance.confidence)
    more = to_count(report.num_good_missing, "more good photo")
    if report.is_lost_own and report.lost_basis == "confident":
        return f"Your photos keep the {lost}: {sure} sure."
    if report.is_lost_own:
        now = to_percent(report.confidence)
        return f"Your photos keep the {lost}, {now} sure; {more} make it {sure}."
    return (
        f"Too few for {lost}: the limit is that of the shipped table, or stricter by your curve. "
        f"With {more} your own photos set it, {sure} sure."
    )


def _list(folder: Path, catalog_path: Path | None) -> None:
    from clearshot.catalog.catalog import Catalog
    from clearshot.scoring.recalibration import parse_recalibration

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        kept, current = catalog.calibrations.list_all(), catalog.calibrations.read_current()
    if not kept:
        print_line("No calibration of your own: the shipped thresholds are in use.")
    for each in kept:
        own = parse_recalibration(each.content)
        state = "in use" if each == current else "taken back" if each.taken_back_at else "replaced"
        shares = Counter(to_exact_percent(t.lost) for t in own.tolerances.values())
        lost, origin = "/".join(shares), to_printable(own.origin)
        print_line(f"{each.version:3}  {each.made_at:%Y-%m-%d %H:%M}  {lost}  {origin}  {state}")


def _undo(folder: Path, catalog_path: Path | None) -> None:
    from clearshot.catalog.catalog import Catalog

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        gone = catalog.calibrations.take_back()
        current = catalog.calibrations.read_current()
    if gone is None:
        raise InputError("there is no calibration to take back", path=folder)
    print_line(f"Version {gone.version} taken back; in use: {_name(current)}.")


def _name(kept: KeptCalibration | None) -> str:
    return "the shipped thresholds" if kept is None else f"version {kept.version}"


def _export(folder: Path, catalog_path: Path | None, out: Path) -> None:
    from clearshot.catalog.catalog import Catalog

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        current = catalog.calibrations.read_current()
    if current is None:
        raise InputError("has no calibration of its own to export", path=folder)
    write_file(out, encode(current.content), force=None)
    print_remark(f"Version {current.version} written to {to_printable(out)}")


def _import(
    source: Path,
    folder: Path | None,
    catalog_path: Path | None,
    tolerances: dict[Label, Tolerance],
    out: Path | None,
) -> None:
    from clearshot.catalog.catalog import Catalog
    from clearshot.owner import check_tolerances, read_calibration_file
    from clearshot.scoring.recalibration import write_recalibration

    own = read_calibration_file(source)
    if folder is None:
        raise UsageError("name the library that it is for: --library FOLDER")
    check_tolerances(tolerances)
    content = write_recalibration(replace(own, tolerances={**own.tolerances, **tolerances}))
    if out is not None:
        write_file(out, encode(content), force=None)
    with Catalog.open(folder, path=catalog_path) as catalog:
        version = catalog.calibrations.add(content)
    print_line(f"Kept as version {version} of {to_printable(folder)}: {to_printable(own.origin)}.")
