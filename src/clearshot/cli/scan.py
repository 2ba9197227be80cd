"""`clearshot scan`: score a library and say what is in it."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import click

from clearshot.cli.forecasts import settle_thresholds
from clearshot.cli.limits import (
    pixels_option,
    read_max_pixels,
    read_timeout,
    timeout_option,
    workers_option,
)
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    is_quiet,
    judging_options,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.review import suggest_target
from clearshot.cli.screen import (
    describe_failures,
    open_console,
    print_error,
    print_failures,
    print_line,
    print_skipped,
    show_progress,
)
from clearshot.cli.text import to_count, to_duration, to_share, to_size
from clearshot.errors import CatalogError, ClearshotError, InputError, UsageError, explain_refusal
from clearshot.paths import anchor
from clearshot.photo import Choice, Failure, Label, Rating
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from clearshot.catalog.catalog import Catalog, Entry
    from clearshot.config import ScanSettings
    from clearshot.photo import Verdict
    from clearshot.scan import ScanSummary
    from clearshot.scoring.verdict import Thresholds

# All photos but the good ones: of many photos it would take a while to judge each.
_Judged = list[tuple["Entry", "Verdict | Failure"]]

_MAX_DOUBTFUL = 5
# Characters of "  overexposed", and of a number or a share.
_NARROWEST: Final[dict[Literal["left", "right"], int]] = {"left": 13, "right": 5}
_RATINGS = (Rating.GOOD, Rating.UNSURE, Rating.BAD)
_STYLES = {"good": "green", "unsure": "yellow", "bad": "red", "failed": "magenta"}


@click.command(
    short_help="Score every new or changed photo of a library.",
    epilog=show_example(
        "clearshot scan ~/Pictures/2026", "clearshot scan ~/Pictures/2026 --tolerance 1%"
    ),
)
@click.argument(
    "folders",
    metavar="FOLDER...",
    nargs=-1,
    required=True,
    type=NamedPath(),
)
@judging_options
@catalog_option
@workers_option
@pixels_option
@timeout_option
@click.option("--retry-failed", is_flag=True, help="Try the photos again that failed before.")
@verbosity_options
@click.pass_context
def scan(
    context: click.Context,
    folders: tuple[Path, ...],
    thresholds: Thresholds,
    catalog_path: Path | None,
    workers: int | None,
    *,
    retry_failed: bool,
) -> None:
    """Score every new or changed photo below FOLDER, and say how many are bad.

    What was measured is kept in the catalog of the folder. A scan that was stopped goes on where it
    stopped, and later scans look at new and changed photos only. The photos are not touched.
    """
    from clearshot.config import ScanSettings

    _check_catalog(catalog_path, folders)
    settings = ScanSettings(retry_failed=retry_failed, timeout_s=read_timeout())
    if workers is not None:
        settings = replace(settings, num_workers=workers)
    done: list[tuple[_Findings, ScanSummary]] = []
    errors: list[ClearshotError] = []
    for folder in dict.fromkeys(folders):
        # A drive that is not there or fails, or a locked folder, stops no scan of the others.
        try:
            with _refusals_explained():
                done.append(_scan_folder(folder, catalog_path, thresholds, settings))
        except (InputError, CatalogError) as error:
            errors.append(error)
    if errors:
        *others, last = errors
        for other in others:
            print_error(str(other))
        raise last
    _check_found(sum(findings.num_photos for findings, _ in done), folders)
    has_failed = any(isinstance(each, Failure) for findings, _ in done for each in findings.results)
    is_partial = any(skip.is_unreadable for _, summary in done for skip in summary.skipped)
    context.exit(1 if has_failed or is_partial else 0)


@dataclass(frozen=True, slots=True)
class _Findings:
    """What is known about the photos of a library.

    Attributes
    ----------
    judged : list of (Entry, Verdict or Failure)
        All but the good ones.
    num_good : int
        How many these are.
    choices : mapping of Path to Choice
        What the owner keeps or rejects, by absolute path.
    has_rejected : bool
        Whether a photo that is there is rejected; it may be a good one.
    """

    judged: _Judged
    num_good: int
    choices: Mapping[Path, Choice]
    has_rejected: bool

    @property
    def num_photos(self) -> int:
        return len(self.judged) + self.num_good

    @property
    def results(self) -> list[Verdict | Failure]:
        return [result for _, result in self.judged]

    @property
    def undecided(self) -> _Judged:
        return [pair for pair in self.judged if pair[0].photo.path not in self.choices]

    @property
    def not_kept(self) -> _Judged:
        kept = {path for path, choice in self.choices.items() if choice is Choice.KEEP}
        return [pair for pair in self.judged if pair[0].photo.path not in kept]


@contextmanager
def _refusals_explained() -> Iterator[None]:
    """Turn what the system refused about a file or folder into an error of its name.

    Raises
    ------
    InputError
        In its place.
    OSError
        If it is about none, but for example about what is printed.
    """
    try:
        yield
    except OSError as error:
        if refusal := explain_refusal(error):
            raise refusal from error
        raise


def _check_catalog(catalog_path: Path | None, folders: tuple[Path, ...]) -> None:
    if catalog_path is not None and len(folders) > 1:
        raise UsageError("--catalog is for one folder; scan them one after the other")


def _check_found(num_photos: int, folders: tuple[Path, ...]) -> None:
    if not num_photos:
        raise InputError("no photos found", path=folders[0] if len(folders) == 1 else None)


def _scan_folder(
    folder: Path, catalog_path: Path | None, thresholds: Thresholds, settings: ScanSettings
) -> tuple[_Findings, ScanSummary]:
    from clearshot.catalog.catalog import Catalog
    from clearshot.catalog.place import choose_path, discard
    from clearshot.listing import build_gauge
    from clearshot.notary import catch_up
    from clearshot.scan import ScanProgress
    from clearshot.scan import scan as scan_library
    from clearshot.scoring.scorer import Scorer

    scorer = Scorer(sharp_at=thresholds.sharp_at, max_pixels=read_max_pixels())
    place = choose_path(folder, catalog_path)
    is_new = not place.exists()
    with Catalog.open(folder, path=catalog_path) as catalog:
        catch_up(catalog)
        with show_progress("Scanning") as move:

            def follow(progress: ScanProgress) -> None:
                counts = (progress.num_done, progress.num_total, progress.num_failed)
                move(*counts, size_bytes=progress.size_bytes)

            summary = scan_library(
                folder, catalog, scorer, settings=settings, progress=follow, gauge=build_gauge()
            )
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        findings = _read_findings(catalog, thresholds)
    if is_new and not findings.num_photos:
        # No photo: a later command shall say that nothing was scanned here.
        discard(place)
    _print_summary(folder, summary, findings, repeat_options(None, catalog_path))
    if findings.num_photos and not is_quiet():
        _print_remarks(remarks)
        print_doubtful(folder, findings.undecided, thresholds)
        _print_next_steps(folder, findings, thresholds, catalog_path)
    return findings, summary


def _read_findings(catalog: Catalog, thresholds: Thresholds) -> _Findings:
    from clearshot.listing import find_all_but_good
    from clearshot.report import judge_entry, read_choices

    others, num_good = find_all_but_good(catalog, thresholds)
    judged = [(entry, judge_entry(entry, thresholds)) for entry in others]
    decisions = catalog.decisions.read().items()
    rejected = [number for number, each in decisions if each.choice is Choice.REJECT]
    # Without those that are missing, whose decisions stay.
    has_rejected = bool(catalog.entries(rejected))
    return _Findings(judged, num_good, read_choices(catalog), has_rejected)


def _print_summary(
    folder: Path, summary: ScanSummary, findings: _Findings, options: list[str | Path]
) -> None:
    failures = [
        (entry.photo.path.relative_to(anchor(folder)), result.message)
        for entry, result in findings.judged
        if isinstance(result, Failure)
    ]
    if findings.num_photos and not is_quiet():
        print_line(_describe_scan(folder, summary))
        _print_table(findings)
    words = ["clearshot", "report", folder, "--csv", "-", *options]
    heading = f"{describe_failures(len(failures))}:"
    print_failures(heading, failures, rest=to_command(*words))
    print_skipped(summary.skipped, rest=to_command("clearshot", "scan", folder, *options, "-v"))


def _describe_scan(folder: Path, summary: ScanSummary) -> str:
    num_scored = summary.num_new + summary.num_changed + summary.num_renewed
    counts = [
        f"{num:,} {word}"
        for num, word in (
            (summary.num_new, "new"),
            (summary.num_changed, "changed"),
            (summary.num_renewed, "measured anew"),
            (summary.num_unchanged, "unchanged"),
            (summary.num_missing, "gone"),
        )
        if num
    ]
    line = f"{to_printable(folder)}: {', '.join(counts) or 'no photos'}"
    if num_scored:
        speed = num_scored / max(summary.seconds, 1e-3)
        size = to_size(round(summary.size_bytes / max(summary.seconds, 1e-3)))
        line += f"; scored in {to_duration(summary.seconds)} ({speed:.1f} photos/s, {size}/s)"
    if summary.num_paired:
        shots = to_count(summary.num_paired, "shot")
        line += f"; {shots} with a raw or HEIC file beside the judged picture"
    if summary.num_ignored:
        line += f"; {to_count(summary.num_ignored, 'other file')} ignored"
    return line


def _print_table(findings: _Findings) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2), show_header=False)
    # A narrow terminal wraps the remarks, not the numbers.
    for justify in ("left", "right", "right"):
        table.add_column(justify=justify, no_wrap=True, min_width=_NARROWEST[justify])
    table.add_column()
    is_open = bool(_select(findings.undecided, Rating.UNSURE))
    rows = count_results(findings.results, findings.num_good, is_open=is_open)
    for name, num, remark in rows:
        share = to_share(num, findings.num_photos)
        style = _STYLES.get(name, "") if num else "dim"
        indent = "  " if name in set(Label) else ""
        table.add_row(Text(indent + name, style), f"{num:,}", share, Text(remark, "dim"))
    console = open_console()
    console.print()
    console.print(table)


def count_results(
    results: list[Verdict | Failure], num_good: int = 0, *, is_open: bool = True
) -> list[tuple[str, int, str]]:
    """Count the photos by verdict, the bad ones also by label, with a remark each.

    A photo that is bad for two reasons counts for both, as in reports and on the page.

    Parameters
    ----------
    results : list of Verdict or Failure
        One for each photo.
    num_good : int
        Good photos that are not among them.
    is_open : bool
        Whether there is an unsure photo that the owner has not decided about.

    Returns
    -------
    list of (str, int, str)
        Name, number of photos and remark of each line.
    """
    verdicts = [result for result in results if not isinstance(result, Failure)]
    ratings = Counter(verdict.rating for verdict in verdicts)
    ratings[Rating.GOOD] += num_good
    labels = Counter(label for verdict in verdicts for label in verdict.labels)
    kinds = Counter(
        verdict.blur_kind
        for verdict in verdicts
        if verdict.blur_kind is not None and Label.BLURRY in verdict.labels
    )
    by_kind = ", ".join(f"{num:,} by {kind}" for kind, num in sorted(kinds.items()))
    remarks: dict[str, str] = {Rating.UNSURE: "look at them" if is_open else ""}
    # `sort` puts a photo into the folder of its worst label alone.
    seconds = Counter(label for verdict in verdicts for label in verdict.labels[1:])
    remarks |= {label: f"{num:,} with a worse label" for label, num in seconds.items()}
    remarks[Label.BLURRY] = "; ".join(filter(None, [by_kind, remarks.get(Label.BLURRY)]))
    counts: list[tuple[str, int]] = [(rating, ratings[rating]) for rating in _RATINGS]
    counts += [(label, labels[label]) for label in Label]
    if len(results) > len(verdicts):
        counts.append(("failed", len(results) - len(verdicts)))
    return [(name, num, remarks.get(name, "") if num else "") for name, num in counts]


def _print_next_steps(
    folder: Path, findings: _Findings, thresholds: Thresholds, catalog_path: Path | None
) -> None:
    options = repeat_options(thresholds, catalog_path)
    bad = _select(findings.not_kept, Rating.BAD)
    look = "Look at them and decide:" if findings.undecided else "Look at them:"
    steps: list[tuple[str, list[str | Path]]] = [(look, ["review", folder, *options])]
    if bad:
        worst, _ = max(bad, key=lambda pair: max(_list_probabilities(pair[1])))
        shown = folder / worst.photo.path.relative_to(anchor(folder))
        words = ["explain", shown, "-o", "why.png", *options]
        steps.append(("See why a photo is bad:", words))
    if bad or findings.has_rejected:
        which = "bad" if bad else "rejected"
        words = ["sort", folder, "--to", suggest_target(folder), *options]
        where = ", each by its worst label" if any(len(each.labels) > 1 for _, each in bad) else ""
        steps.append((f"Plan to move the {which} ones{where}:", words))
    steps.append(
        ("Get a table of all photos:", ["report", folder, "--csv", "report.csv", *options])
    )
    print_line()
    for what, words in steps:
        print_line(f"{what}\n  {to_command('clearshot', *words)}")


def _select(judged: _Judged, rating: Rating) -> list[tuple[Entry, Verdict]]:
    return [
        (entry, verdict)
        for entry, verdict in judged
        if not isinstance(verdict, Failure) and verdict.rating is rating
    ]


def _print_remarks(remarks: list[str]) -> None:
    for line in ["", *map(to_printable, remarks)] if remarks else []:
        print_line(line)


def print_doubtful(folder: Path, judged: _Judged, thresholds: Thresholds) -> None:
    """Name the unsure photos that a person should look at first.

    Parameters
    ----------
    folder : Path
        The library, as the user named it.
    judged : list of (Entry, Verdict or Failure)
        Its photos that the owner has not decided about.
    thresholds : Thresholds
        Those they were judged by.
    """
    from clearshot.report import measure_entry_doubt

    doubtful = _select(judged, Rating.UNSURE)
    if not doubtful:
        return
    doubtful.sort(key=lambda pair: -measure_entry_doubt(pair[0], pair[1], thresholds))
    num_unsure = to_count(len(doubtful), "unsure photo")
    print_line(f"\nLook at these first, of {num_unsure} to decide about:")
    for entry, verdict in doubtful[:_MAX_DOUBTFUL]:
        path = folder / entry.photo.path.relative_to(anchor(folder))
        print_line(f"  {to_printable(path)}: {verdict.reasons[0]}")


def _list_probabilities(verdict: Verdict) -> tuple[float, float, float]:
    return verdict.p_blurry, verdict.p_dark, verdict.p_overexposed
