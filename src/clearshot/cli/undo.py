"""`clearshot undo`: take an applied plan back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from clearshot.cli.options import (
    NamedPath,
    apply_options,
    catalog_option,
    is_quiet,
    is_verbose,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import (
    find_journals,
    print_left_alone,
    print_outcome,
    print_plan,
    print_plan_json,
    put_in_order,
)
from clearshot.cli.screen import (
    open_console,
    print_failures,
    print_line,
    show_progress,
)
from clearshot.cli.text import to_count
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.actions.history import AppliedPlan
    from clearshot.actions.plan import Outcome, Step
    from clearshot.actions.undo import UndoPlan
    from clearshot.photo import Skip


@click.command(
    short_help="Show what taking back the last applied plan would do; --apply does it.",
    epilog=show_example(
        "clearshot undo ~/Pictures/2026",
        "clearshot undo ~/Pictures/2026 --apply",
        "clearshot undo ~/Pictures/2026 --list",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--plan",
    "name",
    metavar="ID",
    help="The plan to take back (the last one that is in effect); that of an undo is a redo.",
)
@click.option("--list", "is_list", is_flag=True, help="List the applied plans and do nothing.")
@apply_options
@catalog_option
@verbosity_options
@click.pass_context
def undo(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    folder: Path,
    name: str | None,
    catalog_path: Path | None,
    *,
    is_list: bool,
    is_applied: bool,
    is_json: bool,
) -> None:
    """Print what taking back the last applied plan of FOLDER would do; with --apply, do it.

    It works in any later session. Files that changed since are left alone and named; sidecars that
    were moved go back as they are, and keep no photo from going back where they are gone.
    """
    from clearshot.actions.undo import plan_undo
    from clearshot.notary import note_outcome
    from clearshot.photo import Skip

    if is_list:
        _print_list(folder, is_json=is_json)
        return
    skipped = put_in_order(folder, catalog_path, is_applied=is_applied)
    back = plan_undo(find_journals(folder), name)
    _print_damaged(back.damaged)
    if not is_json and not (is_applied and is_quiet()):
        print_plan(back.plan, back.edited)
        _print_gone(back.gone)
    outcome = None
    if is_applied:
        outcome = _apply(back, folder, catalog_path)
        note_outcome(folder, catalog_path, outcome)
    if is_json:
        refused = back.refused if outcome is None else ()
        gone = [Skip(step.source, "gone since, stays away") for step in back.gone]
        print_plan_json(back.plan, outcome, (*skipped, *refused, *back.staying, *gone))
    elif outcome is not None:
        print_outcome(outcome, what="back as before")
        print_left_alone(back.staying, "of these photos left behind")
        _print_redo(outcome, name, ["undo", folder, *repeat_options(None, catalog_path)])
    else:
        print_left_alone((*back.refused, *back.staying), "cannot go back as the disk is now")
        _print_next_step(back, ["undo", folder, *repeat_options(None, catalog_path)], name)
    is_left = outcome is not None and bool(outcome.skipped or back.staying)
    context.exit(1 if skipped or is_left else 0)


def _print_gone(gone: Sequence[Step]) -> None:
    if not gone:
        return
    fate = "is gone since and stays away" if len(gone) == 1 else "are gone since and stay away"
    print_line(f"{to_count(len(gone), 'sidecar')} {fate}")
    for step in gone if is_verbose() else ():
        print_line(f"  {to_printable(step.source)}")
    print_line()


def _print_list(folder: Path, *, is_json: bool) -> None:
    from clearshot.actions.history import History

    history = History(find_journals(folder))
    plans = history.summarize()
    _print_damaged(history.damaged)
    if is_json:
        print_line(json.dumps([_build_row(plan) for plan in plans]))
    elif not plans:
        print_line(f"No {'other ' if history.damaged else ''}plan was applied here.")
    else:
        _print_table(plans)


def _build_row(plan: AppliedPlan) -> dict[str, object]:
    return {
        "plan": plan.name,
        "time": plan.time.isoformat(),
        "kinds": {kind.value: count for kind, count in plan.kinds},
        "undoes": plan.undoes,
        "effect": plan.effect.value,
        "is_interrupted": plan.is_interrupted,
    }


def _print_table(plans: Sequence[AppliedPlan]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    # The name of a plan is for `--plan`: it is never broken.
    table.add_column("plan", no_wrap=True)
    for heading in ("applied", "files", "now"):
        table.add_column(heading, overflow="fold")
    for plan in plans:
        deeds = ", ".join(f"{kind.value} {count:,}" for kind, count in plan.kinds)
        words = deeds if plan.undoes is None else f"undo: {deeds}"
        effect = "interrupted" if plan.is_interrupted else plan.effect.value
        time = plan.time.astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(plan.name, time, words, effect)
    open_console().print(table)


def _apply(back: UndoPlan, folder: Path, catalog_path: Path | None) -> Outcome:
    from clearshot.actions.undo import apply_undo
    from clearshot.notary import Notary

    notary = Notary(folder, catalog_path)
    with show_progress("Taking back", unit="files") as move:
        return apply_undo(back, find_journals(folder), move, notary.note)


def _print_damaged(damaged: Sequence[Skip]) -> None:
    heading = f"{to_count(len(damaged), 'journal')} passed over:"
    print_failures(heading, [(skip.path, skip.reason) for skip in damaged])


def _print_redo(outcome: Outcome, name: str | None, words: list[str | Path]) -> None:
    if is_quiet():
        return
    if outcome.done:
        again = to_command("clearshot", *words, "--plan", outcome.journal.stem, "--apply")
        print_line(f"Do it again: {again}")
    elif name is None:
        # This plan stays the last one: without its name no older one would ever be reached.
        print_line(f"Older plans, for --plan: {to_command('clearshot', *words, '--list')}")


def _print_next_step(back: UndoPlan, words: list[str | Path], name: str | None) -> None:
    if is_quiet():
        return
    words += [] if name is None else ["--plan", name]
    print_line(f"Nothing was done. To take plan {back.name} back:")
    print_line(f"  {to_command('clearshot', *words, '--apply')}")
