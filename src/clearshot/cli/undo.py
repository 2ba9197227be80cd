"""`clearshot undo`: take an applied plan back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clearshot.cli.options import (
    catalog_option,
    is_quiet,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import (
    find_journals,
    note_moves,
    print_outcome,
    print_plan,
    print_plan_json,
)
from clearshot.cli.screen import print_failures, print_line, print_remark, show_progress
from clearshot.cli.text import to_command, to_count

if TYPE_CHECKING:
    from clearshot.actions.plan import Outcome
    from clearshot.actions.undo import UndoPlan


@click.command(
    short_help="Show what taking back the last applied plan would do; --apply does it.",
    epilog=show_example("clearshot undo ~/Pictures/2026", "clearshot undo ~/Pictures/2026 --apply"),
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--plan",
    "name",
    metavar="ID",
    help="The plan to take back, as `sort --apply` named it (the last one that is in effect).",
)
@click.option("--apply", "is_applied", is_flag=True, help="Move the files; without it none moves.")
@click.option("--json", "is_json", is_flag=True, help="Print the plan as one JSON object.")
@catalog_option
@verbosity_options
@click.pass_context
def undo(
    context: click.Context,
    folder: Path,
    name: str | None,
    catalog_path: Path | None,
    *,
    is_applied: bool,
    is_json: bool,
) -> None:
    """Print what taking back the last applied plan of FOLDER would do; with --apply, do it.

    It works in any later session. Files that changed since are left alone and named.
    """
    from clearshot.actions.undo import plan_undo

    back = plan_undo(find_journals(folder), name)
    outcome = None
    if is_applied:
        outcome = _apply(back, folder)
        note_moves(folder, catalog_path, outcome)
    if is_json:
        print_plan_json(back.plan, outcome, back.refused)
    elif outcome is not None:
        print_outcome(outcome, what="back in place")
    else:
        print_plan(back.plan)
        _print_refused(back)
        if not is_quiet():
            words = ["undo", folder, *repeat_options(None, catalog_path)]
            words += [] if name is None else ["--plan", name]
            print_line(f"Nothing was moved. To take plan {back.name} back:")
            print_line(f"  {to_command('clearshot', *words, '--apply')}")
    context.exit(1 if outcome is not None and outcome.skipped else 0)


def _apply(back: UndoPlan, folder: Path) -> Outcome:
    from clearshot.actions.undo import apply_undo

    with show_progress("Moving back", unit="files") as move:
        return apply_undo(back, find_journals(folder), progress=move)


def _print_refused(back: UndoPlan) -> None:
    if back.refused:
        print_remark(f"{to_count(len(back.refused), 'file')} cannot go back as the disk is now:")
        print_failures([(skip.path, skip.reason) for skip in back.refused], rest="see with -v")
