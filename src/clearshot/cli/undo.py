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
    print_left_alone,
    print_outcome,
    print_plan,
    print_plan_json,
    put_in_order,
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

    skipped = put_in_order(folder, catalog_path, is_applied=is_applied)
    back = plan_undo(find_journals(folder), name)
    _print_damaged(back)
    if not is_json and not (is_applied and is_quiet()):
        print_plan(back.plan)
    outcome = None
    if is_applied:
        outcome = _apply(back, folder)
        note_moves(folder, catalog_path, outcome)
    if is_json:
        refused = back.refused if outcome is None else ()
        print_plan_json(back.plan, outcome, (*skipped, *refused))
    elif outcome is not None:
        print_outcome(outcome, what="back in place")
    else:
        print_left_alone(back.refused, "cannot go back as the disk is now")
        _print_next_step(back, ["undo", folder, *repeat_options(None, catalog_path)], name)
    context.exit(1 if skipped or (outcome is not None and outcome.skipped) else 0)


def _apply(back: UndoPlan, folder: Path) -> Outcome:
    from clearshot.actions.undo import apply_undo

    with show_progress("Moving back", unit="files") as move:
        return apply_undo(back, find_journals(folder), progress=move)


def _print_damaged(back: UndoPlan) -> None:
    if back.damaged:
        print_remark(f"{to_count(len(back.damaged), 'journal')} passed over:")
        print_failures([(skip.path, skip.reason) for skip in back.damaged], rest="see with -v")


def _print_next_step(back: UndoPlan, words: list[str | Path], name: str | None) -> None:
    if is_quiet():
        return
    words += [] if name is None else ["--plan", name]
    print_line(f"Nothing was moved. To take plan {back.name} back:")
    print_line(f"  {to_command('clearshot', *words, '--apply')}")
