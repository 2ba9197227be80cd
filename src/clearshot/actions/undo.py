"""Take an applied plan back: the journal backwards. An undo is a run with a journal of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from clearshot.actions.apply import carry_out, find_obstacles
from clearshot.actions.journal import Journal, has_ended, list_journals
from clearshot.actions.plan import Move, Outcome, Plan
from clearshot.actions.recovery import foresee_end
from clearshot.errors import ActionError
from clearshot.photo import FileStamp, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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
    damaged : tuple of Skip
        Journals of other runs that cannot be read, and why. What they say is not known.
    """

    name: str
    plan: Plan
    leftovers: tuple[Path, ...]
    refused: tuple[Skip, ...]
    damaged: tuple[Skip, ...] = ()


def plan_undo(journal_folder: Path, name: str | None = None) -> UndoPlan:
    """Plan to take back a run. Looks only: nothing is written, and no file is moved.

    What a crash left half-done is planned as `recover` would put it in order; call that first to be
    exact where a disk stores times coarsely.

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
        If there is nothing to take back, or the journal that is named, or one of an interrupted
        run, cannot be read. Other damaged journals are passed over.
    """
    paths = {path.stem: path for path in list_journals(journal_folder)}
    if name is not None and name not in paths:
        raise ActionError(f"no journal is named {name}", path=journal_folder)
    journals, damaged = _read_journals(paths.values(), name)
    undoings: dict[str, list[Journal]] = defaultdict(list)
    for journal in journals:
        if journal.undoes is not None:
            undoings[journal.undoes].append(journal)
    candidates = [
        journal
        for journal in reversed(journals)
        if (journal.undoes is None if name is None else journal.name == name)
    ]
    for journal in candidates:
        if steps := _find_effective_steps(journal, undoings):
            return replace(_plan_back(journal, steps), damaged=damaged)
    reasons = [f"; passed over {skip.path.name}: {skip.reason}" for skip in damaged]
    raise ActionError(f"nothing to undo{''.join(reasons)}", path=journal_folder)


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


def _read_journals(
    paths: Iterable[Path], name: str | None
) -> tuple[list[Journal], tuple[Skip, ...]]:
    """Read journals as they are after a recovery; tell which ones are damaged.

    Raises
    ------
    ActionError
        If the one with the name, or one of an interrupted run, is damaged.
    """
    journals: list[Journal] = []
    damaged: list[Skip] = []
    for path in paths:
        is_finished = has_ended(path)
        try:
            journal = Journal(path)
        except ActionError as error:
            if path.stem == name or not is_finished:
                raise
            damaged.append(Skip(path, error.message))
            continue
        if not is_finished:
            foresee_end(journal)
        journals.append(journal)
    return journals, tuple(damaged)


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
