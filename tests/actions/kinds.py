"""Plans of every kind of step, for the library of `trees`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from actions.trees import Tree, make_library, read_tree
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from pathlib import Path


def plan_kind(library: Path, kind: Kind) -> Plan:
    """Plan to do the same to every file of a library, beside `library`."""
    moves = make_library(library).steps
    goal = library.parent / "bad"
    steps = []
    for step in moves:
        target = goal / step.target.relative_to(library / "bad")
        steps.append(replace(step, kind=kind, target=TRASH_PLACE if kind is Kind.TRASH else target))
    return Plan(library, tuple(steps))


def plan_writes(library: Path, *contents: tuple[str, bytes | None]) -> Plan:
    """Plan to write files; None removes them."""
    steps = []
    for group, (name, after) in enumerate(contents):
        path = library / name
        before = path.read_bytes() if path.exists() else None
        stamp = FileStamp(0, 0)
        if before is not None:
            stamp = FileStamp(len(before), path.stat().st_mtime_ns)
        write = Step(path, path, stamp, group, "dark", Kind.WRITE, before=before, after=after)
        steps.append(write)
    return Plan(library, tuple(steps))


def undo(journals: Path, name: str | None = None) -> str:
    outcome = apply_undo(plan_undo(journals, name), journals)
    assert outcome.skipped == ()
    return outcome.journal.stem


def read_all(library: Path) -> Tree:
    """Read the library and what is beside it, but no trash."""
    root = library.parent
    return {
        name: entry
        for name, entry in read_tree(root).items()
        if ".clearshot" not in name and not name.startswith("data")
    }
