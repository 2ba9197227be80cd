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
    return folder.absolute() / ".clearshot" / "journals"


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


def print_plan_json(plan: Plan, outcome: Outcome | None, refused: Sequence[Skip] = ()) -> None:
    """Print a plan, and what became of it, as one JSON object.

    Parameters
    ----------
    plan : Plan
        What is or was to be done.
    outcome : Outcome or None
        What was done; None when nothing was.
    refused : sequence of Skip
        Files of the plan that cannot be moved as the disk is.
    """
    skipped = refused if outcome is None else outcome.skipped
    document: dict[str, Any] = {
        "folder": str(plan.folder),
        "applied": outcome is not None,
        "plan": None if outcome is None else outcome.journal.stem,
        "moves": plan.as_rows() if outcome is None else [move.as_row() for move in outcome.moved],
        "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in skipped],
    }
    print_line(json.dumps(document))


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
    if outcome.skipped:
        print_remark(f"{to_count(len(outcome.skipped), 'file')} left alone:")
        print_failures([(skip.path, skip.reason) for skip in outcome.skipped], rest="see with -v")


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

    try:
        with Catalog.open(folder, path=catalog_path, create=False) as catalog:
            known = {entry.photo.path: entry.photo for entry in catalog.entries(with_missing=True)}
            catalog.mark_missing([m.source for m in outcome.moved if m.source in known])
            catalog.update_found([known[m.target] for m in outcome.moved if m.target in known])
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
