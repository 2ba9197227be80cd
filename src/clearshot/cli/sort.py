"""`clearshot sort`: put bad photos out of the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from clearshot.actions.plan import Kind
from clearshot.cli.forecasts import announce, settle_thresholds
from clearshot.cli.options import (
    NamedPath,
    apply_options,
    catalog_option,
    is_quiet,
    judging_options,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import (
    apply_shown,
    print_left_out,
    print_outcome,
    print_plan,
    print_plan_json,
    print_way_back,
    put_in_order,
)
from clearshot.cli.screen import print_line, print_remark
from clearshot.cli.text import to_count, to_size
from clearshot.terminal import to_command

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.actions.plan import Plan
    from clearshot.photo import Photo, Skip
    from clearshot.scoring.verdict import Thresholds


@click.command(
    short_help="Plan to put bad photos into a folder per label; --apply does it.",
    epilog=show_example(
        "clearshot sort ~/Pictures/2026 --to ~/Pictures/2026-bad",
        "clearshot sort ~/Pictures/2026 --to ~/Pictures/2026-bad --apply",
        "clearshot sort ~/Pictures/2026 --trash --apply",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=NamedPath(),
    help="Where bad photos go, into blurry/, dark/ and overexposed/.",
)
@click.option(
    "--trash", "is_trashed", is_flag=True, help="Send them to the system's trash instead."
)
@click.option(
    "--by",
    "way",
    type=click.Choice(["move", "copy", "hardlink", "symlink"]),
    default="move",
    show_default=True,
    help="How they get there.",
)
@click.option(
    "--flat",
    "is_flat",
    is_flag=True,
    help="Put all photos of a label into one folder, without the subfolders of FOLDER.",
)
@apply_options
@judging_options
@catalog_option
@verbosity_options
@click.pass_context
def sort(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    folder: Path,
    target: Path | None,
    way: str,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    is_trashed: bool,
    is_flat: bool,
    is_applied: bool,
    is_json: bool,
) -> None:
    """Print the plan to put the bad photos of FOLDER out of the way; with --apply, carry it out.

    The verdicts are those of the last scan; what was decided in `clearshot review` outranks them.
    Sidecars and RAW files go with their photo. No file is overwritten, and `clearshot undo` takes
    everything back (from the trash on Linux alone).
    """
    from clearshot.notary import note_outcome
    from clearshot.sorting import find_companions

    goal = _read_goal(target, Kind(way), is_trashed=is_trashed, is_flat=is_flat)
    skipped = put_in_order(folder, catalog_path, is_applied=is_applied)
    bad, outdated = _list_bad(folder, catalog_path, thresholds)
    num_known = len(bad)
    bad, absent = find_companions(folder, bad)
    plan, refused = goal.plan(folder, bad)
    left_out = (*absent, *refused)
    options = repeat_options(thresholds, catalog_path)
    print_left_out(outdated, left_out, to_command("clearshot", "scan", folder, *options))
    if plan.steps and not is_json and not (is_applied and is_quiet()):
        print_plan(plan)
    outcome = None
    if is_applied and plan.steps:
        outcome = apply_shown(plan, goal.doing, catalog_path=catalog_path)
        note_outcome(folder, catalog_path, outcome)
    skipped += (*outdated, *left_out)
    if is_json:
        print_plan_json(plan, outcome, skipped)
    elif outcome is not None:
        print_outcome(outcome, what=goal.done)
        if outcome.done:
            print_way_back(folder, catalog_path)
    elif not plan.steps:
        print_line(f"Nothing to {goal.verb}: {_explain_nothing(num_known, len(bad), goal)}.")
    else:
        _print_next_step(plan, goal, ["clearshot", "sort", folder, *goal.words, *options])
    skipped += () if outcome is None else outcome.skipped
    context.exit(1 if is_applied and skipped else 0)


@dataclass(frozen=True, slots=True)
class _Goal:
    """Where the photos go and how, and the words for it.

    Attributes
    ----------
    target : Path or None
        None for the trash.
    kind : Kind
        How they get there.
    is_flat : bool
        Whether the folders of the library are left out there.
    """

    target: Path | None
    kind: Kind
    is_flat: bool

    @property
    def verb(self) -> str:
        return _VERBS[self.kind][0]

    @property
    def doing(self) -> str:
        return _VERBS[self.kind][1]

    @property
    def done(self) -> str:
        return _VERBS[self.kind][2]

    @property
    def words(self) -> list[str | Path]:
        """The options that say the same."""
        if self.target is None:
            return ["--trash"]
        way = [] if self.kind is Kind.MOVE else ["--by", self.kind.value]
        return ["--to", self.target, *way, *(["--flat"] if self.is_flat else [])]

    def plan(self, folder: Path, bad: list[tuple[Photo, str]]) -> tuple[Plan, tuple[Skip, ...]]:
        from clearshot.actions.trash import GIVES_BACK
        from clearshot.sorting import plan_sort, plan_trash

        if self.target is not None:
            return plan_sort(folder, bad, self.target, kind=self.kind, is_flat=self.is_flat), ()
        if not GIVES_BACK:
            print_remark(
                "On this system no program can take files back from the trash, clearshot undo "
                "included; open the trash and put them back there."
            )
        return plan_trash(folder, bad)


def _list_bad(
    folder: Path, catalog_path: Path | None, thresholds: Thresholds
) -> tuple[list[tuple[Photo, str]], tuple[Skip, ...]]:
    """List the photos that shall go, and those that cannot be judged any more."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.notary import catch_up
    from clearshot.review import list_bad

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        announce(remarks)
        catch_up(catalog)
        return list_bad(catalog, thresholds)


_VERBS = {
    Kind.MOVE: ("move", "Moving", "moved"),
    Kind.COPY: ("copy", "Copying", "copied"),
    Kind.HARDLINK: ("link", "Linking", "linked"),
    Kind.SYMLINK: ("link", "Linking", "linked"),
    Kind.TRASH: ("trash", "Trashing", "sent to the trash"),
}


def _read_goal(target: Path | None, kind: Kind, *, is_trashed: bool, is_flat: bool) -> _Goal:
    if target is not None and is_trashed:
        raise click.UsageError("--to and --trash exclude each other")
    if target is None and not is_trashed:
        raise click.UsageError("say where the photos go: --to DIR or --trash")
    if not is_trashed:
        return _Goal(target, kind, is_flat)
    if is_flat or kind is not Kind.MOVE:
        raise click.UsageError("--by and --flat go with --to, not with --trash")
    return _Goal(None, Kind.TRASH, is_flat)


def _explain_nothing(num_known: int, num_bad: int, goal: _Goal) -> str:
    if num_known == 0:
        return "no bad photo is known here"
    if num_bad == 0:
        return "every bad photo known here has changed or gone since the scan"
    if goal.target is None:
        return "no bad photo known here can go there"
    verb = "is" if num_bad == 1 else "are"
    return f"{to_count(num_bad, 'bad photo')} known here {verb} in {goal.target} already"


def _print_next_step(plan: Plan, goal: _Goal, words: list[str | Path]) -> None:
    if is_quiet():
        return
    size = to_size(plan.size_bytes)
    num_files = to_count(len(plan.steps), "file")
    print_line(f"Nothing was {goal.done}. To {goal.verb} {num_files} ({size}):")
    print_line(f"  {to_command(*words, '--apply')}")
