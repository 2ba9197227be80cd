"""How a plan and its outcome are printed, for every command that changes files."""

from __future__ import annotations

import json
import os
from collections import Counter
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearshot.actions.plan import Kind, Plan
from clearshot.cli.options import is_quiet, is_verbose, repeat_options
from clearshot.cli.screen import (
    open_console,
    print_failures,
    print_line,
    print_remark,
    show_progress,
)
from clearshot.cli.text import to_count, to_size
from clearshot.errors import SidecarError, check_folder
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from clearshot.actions.plan import Outcome, Step
    from clearshot.photo import Skip

_MAX_ROWS = 10

# What the two places of a step are; empty for the system's trash.
_HEADINGS = {
    Kind.MOVE: ("file", "goes to"),
    Kind.COPY: ("file", "is copied to"),
    Kind.HARDLINK: ("file", "gets a hard link at"),
    Kind.SYMLINK: ("file", "gets a symbolic link at"),
    Kind.TRASH: ("file", ""),
    Kind.RESTORE: ("", "file"),
    Kind.REMOVE_COPY: ("copy that is removed", "file that stays"),
    Kind.REMOVE_HARDLINK: ("hard link that is removed", "file that stays"),
    Kind.REMOVE_SYMLINK: ("symbolic link that is removed", "file that stays"),
}

# What is written.
_WRITTEN = {Kind.EMBED: "photos", Kind.WRITE: "sidecars"}


def find_journals(folder: Path) -> Path:
    """Tell where the journals of a library are kept.

    Raises InputError if the library is no folder.

    Parameters
    ----------
    folder : Path
        The library's folder.

    Returns
    -------
    Path
        A folder in the library's hidden folder.
    """
    check_folder(folder)
    from clearshot.notary import find_journals as find_in_library

    return find_in_library(folder)


def print_plan(plan: Plan, edited: AbstractSet[Path] = frozenset()) -> None:
    """Print a plan as tables: photos per label, then the first steps.

    Parameters
    ----------
    plan : Plan
        What would be done.
    edited : set of Path
        Sidecars of the plan that were changed since they moved, and go back as they are.
    """
    from rich.table import Table

    counts = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    counts.add_column("label")
    for name in ("photos", "files", "size"):
        counts.add_column(name, justify="right")
    photos = Counter(step.why for step in _pick_photos(plan.steps))
    for why, num_photos in sorted(photos.items()):
        files = [step for step in plan.steps if step.why == why]
        size = to_size(sum(step.size_bytes for step in files))
        counts.add_row(why, f"{num_photos:,}", f"{len(files):,}", size)
    console = open_console()
    console.print(counts)
    console.print()
    for kind, steps in groupby(plan.steps, key=_get_form):
        if kind is Kind.WRITE:
            _print_writes(list(steps))
        else:
            _print_steps(kind, list(steps), edited)


def print_plan_json(
    plan: Plan,
    outcome: Outcome | None,
    skipped: Sequence[Skip] = (),
    kept: Sequence[Skip] | None = None,
) -> None:
    """Print a plan, and what became of it, as one JSON object.

    Parameters
    ----------
    plan : Plan
        What is or was to be done.
    outcome : Outcome or None
        What was done; None when nothing was.
    skipped : sequence of Skip
        What is left alone beside the files that the outcome names, and why.
    kept : sequence of Skip or None
        Values of others that stay in sidecars; None for plans that write none.
    """
    if outcome is not None:
        skipped = (*skipped, *outcome.skipped)
    steps = plan.steps if outcome is None else outcome.done
    document: dict[str, Any] = {
        **Plan(plan.folder, steps).as_document(),
        "applied": outcome is not None,
        "plan": None if outcome is None else outcome.journal.stem,
        "skipped": [_build_row(skip) for skip in skipped],
    }
    if kept is not None:
        document["kept"] = [_build_row(skip) for skip in kept]
    print_line(json.dumps(document))


def print_left_alone(skipped: Sequence[Skip], remark: str) -> None:
    """Name files that are left alone, and why, on stderr.

    Parameters
    ----------
    skipped : sequence of Skip
        The files; nothing is printed when there are none.
    remark : str
        What goes before them, behind their number.
    """
    heading = f"{to_count(len(skipped), 'file')} {remark}:"
    print_failures(heading, [(skip.path, skip.reason) for skip in skipped])


def print_left_out(outdated: Sequence[Skip], absent: Sequence[Skip], remedy: str) -> None:
    """Say which photos of the catalog are in no plan.

    Parameters
    ----------
    outdated : sequence of Skip
        Photos that cannot be judged any more, and why.
    absent : sequence of Skip
        Photos that are not there, and why.
    remedy : str
        The command that judges the outdated ones anew.
    """
    for reason, count in Counter(skip.reason for skip in outdated).items():
        print_remark(f"{to_count(count, 'photo')} left out, {reason}: {remedy}")
    print_left_alone(absent, "left out")


def apply_shown(plan: Plan, doing: str, *, catalog_path: Path | None) -> Outcome:
    """Carry out a plan behind a progress bar.

    Parameters
    ----------
    plan : Plan
        What to do.
    doing : str
        The deed in one word, such as `Moving`.
    catalog_path : Path or None
        The catalog, where it is not in the library.

    Returns
    -------
    Outcome
        How it ended.
    """
    from clearshot.actions.apply import apply_plan
    from clearshot.notary import Notary

    notary = Notary(plan.folder, catalog_path)
    with show_progress(doing, unit="files") as move:
        return apply_plan(plan, find_journals(plan.folder), move, notary.note)


def print_way_back(folder: Path, catalog_path: Path | None) -> None:
    """Say how the plan that was carried out can be taken back, unless the user wants quiet.

    Parameters
    ----------
    folder : Path
        The library's folder.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    """
    if not is_quiet():
        words = ["clearshot", "undo", folder, *repeat_options(None, catalog_path), "--apply"]
        print_line(f"Take it back: {to_command(*words)}")


def put_in_order(folder: Path, catalog_path: Path | None, *, is_applied: bool) -> tuple[Skip, ...]:
    """Bring the runs to their end that a crash interrupted, or only tell what that would do.

    Parameters
    ----------
    folder : Path
        The library's folder.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    is_applied : bool
        Whether files may be touched.

    Returns
    -------
    tuple of Skip
        Files that could not be put right, and why.
    """
    from clearshot.actions.recovery import find_interruptions, recover
    from clearshot.notary import note_outcome

    if not is_applied:
        for interruption in find_interruptions(find_journals(folder)):
            num_files = to_count(len(interruption.half_done), "half-done file")
            line = f"Plan {interruption.name} was interrupted; --apply first puts it in order"
            if interruption.half_done:
                heading = f"{line} ({num_files}):"
                print_failures(heading, interruption.half_done)
            else:
                print_remark(f"{line} ({num_files})")
        return ()
    outcomes = recover(find_journals(folder))
    for outcome in outcomes:
        num_files = to_count(len(outcome.done), "file")
        line = f"Plan {outcome.journal.stem} was interrupted and has been put in order"
        print_remark(f"{line} ({num_files} done)")
        print_left_alone(outcome.skipped, "could not be put right")
        note_outcome(folder, catalog_path, outcome)
    return tuple(skip for outcome in outcomes for skip in outcome.skipped)


def print_outcome(outcome: Outcome, *, what: str) -> None:
    """Say what was done, and what was left alone and why.

    Parameters
    ----------
    outcome : Outcome
        How the run ended.
    what : str
        The deed in the past tense, such as `moved`.
    """
    num_photos = len(_pick_photos(outcome.done))
    line = f"{to_count(num_photos, 'photo')} {what} ({to_count(len(outcome.done), 'file')})"
    print_line(f"{line}, plan {outcome.journal.stem}")
    print_left_alone(outcome.skipped, "left alone")


def _build_row(skip: Skip) -> dict[str, str]:
    return {"path": str(skip.path), "reason": skip.reason}


def _pick_photos(steps: Sequence[Step]) -> list[Step]:
    """Pick one step for each group."""
    return list({step.group: step for step in reversed(steps)}.values())[::-1]


def _print_steps(kind: Kind, steps: Sequence[Step], edited: AbstractSet[Path]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = []
    for preposition, heading, get_place in (
        ("From", _HEADINGS[kind][0], attrgetter("source")),
        ("  to", _HEADINGS[kind][1], attrgetter("target")),
    ):
        if not heading:
            print_line(f"{preposition} the system's trash")
            continue
        root = _find_root([get_place(step) for step in steps])
        print_line(f"{preposition} {to_printable(root)}")
        table.add_column(heading, overflow="fold")
        columns.append((get_place, root))
    table.add_column("size", justify="right")
    table.add_column()
    shown = steps if is_verbose() else steps[:_MAX_ROWS]
    for step in shown:
        words = [to_printable(get_place(step).relative_to(root)) for get_place, root in columns]
        remark = "renamed" if step.renamed else "changed since" if step.source in edited else ""
        table.add_row(*words, to_size(step.size_bytes), remark)
    console = open_console()
    console.print()
    console.print(table)
    _print_rest(len(steps) - len(shown))
    num_renamed = sum(step.renamed for step in steps)
    if num_renamed:
        console.print(f"{to_count(num_renamed, 'file')} renamed because the name is taken")
    if num_edited := sum(step.source in edited for step in steps):
        fate = "goes back as it is" if num_edited == 1 else "go back as they are"
        console.print(f"{to_count(num_edited, 'sidecar')} changed since, {fate}")
    console.print()


def _get_form(step: Step) -> Kind:
    """Give the kind as which a step is printed."""
    return Kind.WRITE if step.kind is Kind.EMBED else step.kind


def _print_writes(steps: Sequence[Step]) -> None:
    from clearshot.sidecars.changes import describe_changes

    root = _find_root([step.target for step in steps])
    words = [_WRITTEN[kind] for kind in _WRITTEN if any(step.kind is kind for step in steps)]
    print_line(f"{' and '.join(words).capitalize()} in {to_printable(root)}")
    print_line()
    shown = steps if is_verbose() else steps[:_MAX_ROWS]
    # The sidecars of a photo that change alike are told at once.
    for _, alike in groupby(shown, key=lambda step: (step.group, step.kind, *_find_packets(step))):
        first, *others = alike
        before, after = _find_packets(first)
        state = "new" if before is None else "removed" if after is None else "changed"
        names = ", ".join(to_printable(step.target.relative_to(root)) for step in (first, *others))
        print_line(f"{names} ({'XMP ' if first.kind is Kind.EMBED else ''}{state})")
        changes = describe_changes(before, after, with_notes=is_verbose())
        for line in changes if is_verbose() else filter(None, [", ".join(changes)]):
            print_line(f"    {to_printable(line)}")
    _print_rest(len(steps) - len(shown))
    print_line()


def _find_packets(step: Step) -> tuple[bytes | None, bytes | None]:
    """Give the XMP that a step finds, and the one that it leaves."""
    if step.kind is not Kind.EMBED:
        return step.before, step.after
    from clearshot.sidecars.jpeg import find_packet, split_segments

    try:
        before, after = (split_segments(each or b"") for each in (step.before, step.after))
        return find_packet(before), find_packet(after)
    except SidecarError:
        # Of a journal that someone else wrote; it is told by its size.
        return step.before, step.after


def _print_rest(num_rest: int) -> None:
    if num_rest:
        print_line(f"and {to_count(num_rest, 'file')} more (-v lists them)")


def _find_root(paths: Sequence[Path]) -> Path:
    """Find the deepest folder that holds all files."""
    return Path(os.path.commonpath([path.parent for path in paths]))
