"""`clearshot sort`: move bad photos out of the way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clearshot.cli.forecasts import announce, settle_thresholds
from clearshot.cli.options import (
    catalog_option,
    is_quiet,
    judging_options,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import (
    find_journals,
    note_moves,
    print_left_alone,
    print_outcome,
    print_plan,
    print_plan_json,
    put_in_order,
)
from clearshot.cli.screen import print_line, print_remark, show_progress
from clearshot.cli.text import to_command, to_count, to_size
from clearshot.photo import Failure, Skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.actions.plan import Outcome, Plan
    from clearshot.photo import Label, Photo
    from clearshot.scoring.verdict import Thresholds


@click.command(
    short_help="Plan to move bad photos to a folder per label; --apply does it.",
    epilog=show_example(
        "clearshot sort ~/Pictures/2026 --to ~/Pictures/2026-bad",
        "clearshot sort ~/Pictures/2026 --to ~/Pictures/2026-bad --apply",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where bad photos go, into blurry/, dark/ and overexposed/.",
)
@click.option("--apply", "is_applied", is_flag=True, help="Move the files; without it none moves.")
@click.option("--json", "is_json", is_flag=True, help="Print the plan as one JSON object.")
@judging_options
@catalog_option
@verbosity_options
@click.pass_context
def sort(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    folder: Path,
    target: Path,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    is_applied: bool,
    is_json: bool,
) -> None:
    """Print the plan to move the bad photos of FOLDER; with --apply, carry it out.

    The verdicts are those of the last scan. Sidecars and RAW files move with their photo. No file
    is overwritten, and `clearshot undo` takes everything back.
    """
    from clearshot.sorting import find_companions, plan_sort

    skipped = put_in_order(folder, catalog_path, is_applied=is_applied)
    bad, outdated = _list_bad(folder, catalog_path, thresholds)
    bad, absent = find_companions(folder, bad)
    plan = plan_sort(folder, bad, target)
    options = repeat_options(thresholds, catalog_path)
    _print_left_out(outdated, absent, to_command("clearshot", "scan", folder, *options))
    if plan.moves and not is_json and not (is_applied and is_quiet()):
        print_plan(plan)
    outcome = None
    if is_applied and plan.moves:
        outcome = _apply(plan)
        note_moves(folder, catalog_path, outcome)
    skipped += (*outdated, *absent)
    if is_json:
        print_plan_json(plan, outcome, skipped)
    elif outcome is not None:
        print_outcome(outcome, what="moved")
        if not is_quiet():
            print_line(f"Take it back: {to_command('clearshot', 'undo', folder, '--apply')}")
    elif not plan.moves:
        print_line("Nothing to move: no bad photo is known here.")
    else:
        _print_next_step(plan, folder, target, options)
    skipped += () if outcome is None else outcome.skipped
    context.exit(1 if is_applied and skipped else 0)


def _list_bad(
    folder: Path, catalog_path: Path | None, thresholds: Thresholds
) -> tuple[list[tuple[Photo, Label]], tuple[Skip, ...]]:
    """List the bad photos with their first label, and those that cannot be judged any more."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.report import OUTDATED, judge_entry

    bad = []
    outdated = []
    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        announce(remarks)
        for entry in catalog.entries():
            verdict = judge_entry(entry, thresholds)
            if isinstance(verdict, Failure):
                if verdict.kind == OUTDATED.kind:
                    outdated.append(Skip(entry.photo.path, verdict.message))
            elif verdict.labels:
                bad.append((entry.photo, verdict.labels[0]))
    return bad, tuple(outdated)


def _print_left_out(outdated: Sequence[Skip], absent: Sequence[Skip], remedy: str) -> None:
    for reason, count in Counter(skip.reason for skip in outdated).items():
        print_remark(f"{to_count(count, 'photo')} left out, {reason}: {remedy}")
    print_left_alone(absent, "left out")


def _apply(plan: Plan) -> Outcome:
    from clearshot.actions.apply import apply_plan

    with show_progress("Moving", unit="files") as move:
        return apply_plan(plan, find_journals(plan.folder), progress=move)


def _print_next_step(plan: Plan, folder: Path, target: Path, options: list[str | Path]) -> None:
    if is_quiet():
        return
    size = to_size(plan.size_bytes)
    print_line(f"Nothing was moved. To move {to_count(len(plan.moves), 'file')} ({size}):")
    words = ["clearshot", "sort", folder, "--to", target, *options, "--apply"]
    print_line(f"  {to_command(*words)}")
