"""How a plan and its outcome are printed, for every command that moves files."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearshot.cli.options import is_verbose
from clearshot.cli.screen import open_console, print_failures, print_line, print_remark
from clearshot.cli.text import to_count, to_printable, to_size
from clearshot.errors import CatalogError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.actions.plan import Move, Outcome, Plan
    from clearshot.photo import Skip

_MAX_ROWS = 10


def find_journals(folder: Path) -> Path:
    """Tell where the journals of a library are kept.

    Parameters
    ----------
    folder : Path
        The library's folder.

    Returns
    -------
    Path
        A folder in the library's hidden folder.

    Raises
    ------
    InputError
        If the library is no folder.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", path=folder)
    from clearshot.review import find_journals as find_in_library

    return find_in_library(folder)


def print_plan(plan: Plan) -> None:
    """Print a plan as tables: photos per label, then the first moves.

    Parameters
    ----------
    plan : Plan
        What would be done.
    """
    from rich.table import Table

    counts = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    counts.add_column("label")
    for name in ("photos", "files", "size"):
        counts.add_column(name, justify="right")
    photos = Counter(move.why for move in _pick_photos(plan.moves))
    for why, num_photos in sorted(photos.items()):
        files = [move for move in plan.moves if move.why == why]
        size = to_size(sum(move.size_bytes for move in files))
        counts.add_row(why, f"{num_photos:,}", f"{len(files):,}", size)
    console = open_console()
    console.print(counts)
    console.print()
    _print_moves(plan)


def print_plan_json(plan: Plan, outcome: Outcome | None, skipped: Sequence[Skip] = ()) -> None:
    """Print a plan, and what became of it, as one JSON object.

    Parameters
    ----------
    plan : Plan
        What is or was to be done.
    outcome : Outcome or None
        What was done; None when nothing was.
    skipped : sequence of Skip
        What is left alone beside the files that the outcome names, and why.
    """
    if outcome is not None:
        skipped = (*skipped, *outcome.skipped)
    document: dict[str, Any] = {
        "folder": str(plan.folder),
        "applied": outcome is not None,
        "plan": None if outcome is None else outcome.journal.stem,
        "moves": plan.as_rows() if outcome is None else [move.as_row() for move in outcome.moved],
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in skipped],
    }
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
    if skipped:
        print_remark(f"{to_count(len(skipped), 'file')} {remark}:")
        print_failures([(skip.path, skip.reason) for skip in skipped], rest="see with -v")


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

    if not is_applied:
        for interruption in find_interruptions(find_journals(folder)):
            num_files = to_count(len(interruption.half_done), "half-done file")
            line = f"Plan {interruption.name} was interrupted; --apply first puts it in order"
            print_remark(f"{line} ({num_files})" + (":" if interruption.half_done else ""))
            print_failures(interruption.half_done, rest="see with -v")
        return ()
    outcomes = recover(find_journals(folder))
    for outcome in outcomes:
        num_files = to_count(len(outcome.moved), "file")
        line = f"Plan {outcome.journal.stem} was interrupted and has been put in order"
        print_remark(f"{line} ({num_files} moved)")
        print_left_alone(outcome.skipped, "could not be put right")
        note_moves(folder, catalog_path, outcome)
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
    num_photos = len(_pick_photos(outcome.moved))
    line = f"{to_count(num_photos, 'photo')} {what} ({to_count(len(outcome.moved), 'file')})"
    print_line(f"{line}, plan {outcome.journal.stem}")
    print_left_alone(outcome.skipped, "left alone")


def note_moves(folder: Path, catalog_path: Path | None, outcome: Outcome) -> None:
    """Tell the catalog, if there is one, which photos are not or again where it knows them.

    Parameters
    ----------
    folder : Path
        The library's folder.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    outcome : Outcome
        What was moved.
    """
    from clearshot.catalog.catalog import Catalog
    from clearshot.review import note_moves as note_in_catalog

    try:
        with Catalog.open(folder, path=catalog_path, create=False) as catalog:
            note_in_catalog(catalog, outcome)
    except CatalogError:
        # The files have moved all the same; the next scan finds out by itself.
        return


def _pick_photos(moves: Sequence[Move]) -> list[Move]:
    """Pick one move for each group."""
    return list({move.group: move for move in reversed(moves)}.values())[::-1]


def _print_moves(plan: Plan) -> None:
    from rich.table import Table

    source_root = _find_root([move.source for move in plan.moves])
    target_root = _find_root([move.target for move in plan.moves])
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("file", overflow="fold")
    table.add_column("goes to", overflow="fold")
    table.add_column("size", justify="right")
    table.add_column()
    shown = plan.moves if is_verbose() else plan.moves[:_MAX_ROWS]
    for move in shown:
        source, target = move.source.relative_to(source_root), move.target.relative_to(target_root)
        remark = "renamed" if move.renamed else ""
        row = (to_printable(source), to_printable(target), to_size(move.size_bytes), remark)
        table.add_row(*row)
    print_line(f"From {to_printable(source_root)}")
    print_line(f"  to {to_printable(target_root)}")
    console = open_console()
    console.print()
    console.print(table)
    if num_rest := len(plan.moves) - len(shown):
        console.print(f"and {to_count(num_rest, 'file')} more (-v lists them)")
    num_renamed = sum(move.renamed for move in plan.moves)
    if num_renamed:
        console.print(f"{to_count(num_renamed, 'file')} renamed because the name is taken")
    console.print()


def _find_root(paths: Sequence[Path]) -> Path:
    """Find the deepest folder that holds all files."""
    return Path(os.path.commonpath([path.parent for path in paths]))
