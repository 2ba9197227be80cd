"""Take an applied plan back: the journal backwards. An undo is a run with a journal of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from clearshot.actions.apply import carry_out, find_obstacles
from clearshot.actions.journal import Journal, list_journals
from clearshot.actions.plan import Move, Outcome, Plan
from clearshot.actions.recovery import recover
from clearshot.errors import ActionError
from clearshot.photo import FileStamp, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from clearshot.actions.apply import Progress


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What taking back a run would do.

    Attributes
    ----------
    name : str
        Name of the journal that is taken back.
    plan : Plan
        The steps back, the last one of the run first.
    leftovers : tuple of Path
        Folders that the run made; they are removed if they are empty then.
    refused : tuple of Skip
        Files of the plan that cannot go back as the disk is now, and why.
    """

    name: str
    plan: Plan
    leftovers: tuple[Path, ...]
    refused: tuple[Skip, ...]


def plan_undo(journal_folder: Path, name: str | None = None) -> UndoPlan:
    """Plan to take back a run. What a crash left of it is put in order first.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are.
    name : str or None
        Name of a journal. That of an undo is allowed: taking back an undo is a redo. None takes
        the last applied plan that is not taken back as a whole.

    Returns
    -------
    UndoPlan
        The steps back for all files that the run moved and that no undo has moved since.

    Raises
    ------
    ActionError
        If there is nothing to take back, a journal cannot be read, or another program is changing
        files of the library.
    """
    recover(journal_folder)
    journals = {path.stem: Journal(path) for path in list_journals(journal_folder)}
    undoings: dict[str, list[Journal]] = defaultdict(list)
    for journal in journals.values():
        if journal.undoes is not None:
            undoings[journal.undoes].append(journal)
    if name is not None and name not in journals:
        raise ActionError(f"no journal is named {name}", path=journal_folder)
    candidates = [
        journal
        for journal in reversed(journals.values())
        if (journal.undoes is None if name is None else journal.name == name)
    ]
    for journal in candidates:
        if steps := _find_effective_steps(journal, undoings):
            return _plan_back(journal, steps)
    raise ActionError("nothing to undo", path=journal_folder)


def apply_undo(undo: UndoPlan, journal_folder: Path, progress: Progress | None = None) -> Outcome:
    """Take a run back: names, places, times and bytes are as they were before it.

    Files that changed since the run, are gone, or whose old place is occupied are left alone with
    the files of their group; once the cause is gone, another undo takes them back. Folders that
    the run made are removed if they are empty. Raises ActionError as
    `clearshot.actions.apply.apply_plan` does.

    Parameters
    ----------
    undo : UndoPlan
        What to do.
    journal_folder : Path
        Where the journals of the library are.
    progress : callable or None
        Called after each group with the number of steps looked at and the number of all steps.

    Returns
    -------
    Outcome
        What went back, what was left alone and why.
    """
    return carry_out(
        undo.plan, journal_folder, undoes=undo.name, leftovers=undo.leftovers, progress=progress
    )


def _find_effective_steps(journal: Journal, undoings: Mapping[str, Sequence[Journal]]) -> list[int]:
    """Find the steps of a run that moved a file and that no undo in effect took back."""
    taken_back = {
        undoing.plan.moves[step].source
        for undoing in undoings.get(journal.name, ())
        for step in _find_effective_steps(undoing, undoings)
    }
    moves = journal.plan.moves
    return [step for step in journal.moved_steps if moves[step].target not in taken_back]


def _plan_back(journal: Journal, steps: list[int]) -> UndoPlan:
    moves = tuple(_turn_back(journal, step) for step in reversed(steps))
    groups = groupby(moves, key=lambda move: move.group)
    refused = tuple(skip for _, group in groups for skip in find_obstacles(list(group)))
    plan = Plan(journal.plan.folder, moves)
    return UndoPlan(journal.name, plan, tuple(journal.folders), refused)


def _turn_back(journal: Journal, step: int) -> Move:
    move, state = journal.plan.moves[step], journal.states[step]
    return replace(
        move,
        source=move.target,
        target=move.source,
        stamp=FileStamp(move.stamp.size_bytes, state.mtime_ns),
        renamed=False,
        restored_mtime_ns=move.stamp.mtime_ns,
    )
