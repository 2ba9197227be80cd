"""How a run comes to its end: the same after success, error, Ctrl-C and crash.

The end of a run looks at the disk to settle what is open, takes back the groups that moved in part,
and removes the folders that stayed empty. `find_interruptions` tells beforehand what it would do.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearshot.actions.journal import Journal, Place, has_ended, list_journals
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Outcome
from clearshot.actions.step import find_ends, move_step, settle_step
from clearshot.photo import Skip

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Interruption:
    """What a crash left of a run, and what `recover` would make of it.

    Attributes
    ----------
    name : str
        Name of the run's journal.
    half_done : tuple of (Path, str)
        Where each half-done file will be, and what is done to it, in plain words.
    """

    name: str
    half_done: tuple[tuple[Path, str], ...]


def recover(journal_folder: Path) -> tuple[Outcome, ...]:
    """Bring runs to their end that a crash interrupted. Does nothing, fast, when there are none.

    Raises ActionError if another program is changing files of this library, or a journal cannot
    be read or written.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are; may be missing.

    Returns
    -------
    tuple of Outcome
        What became of each interrupted run; files that could not be put right are named there and
        tried again the next time.
    """
    if not _list_unfinished(journal_folder):
        return ()
    with hold_lock(journal_folder.parent):
        return recover_locked(journal_folder)


def find_interruptions(journal_folder: Path) -> tuple[Interruption, ...]:
    """Tell what `recover` would do. Looks only; fast when there is nothing to do.

    Raises ActionError as `recover` does.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are; may be missing.

    Returns
    -------
    tuple of Interruption
        One for each interrupted run, the oldest first.
    """
    unfinished = _list_unfinished(journal_folder)
    if not unfinished:
        return ()
    # A run that goes on is not interrupted: it holds the lock.
    with hold_lock(journal_folder.parent):
        return tuple(foresee_end(Journal(path)) for path in unfinished)


def recover_locked(journal_folder: Path) -> tuple[Outcome, ...]:
    """Do what `recover` does, while the caller holds the lock.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are.

    Returns
    -------
    tuple of Outcome
        As for `recover`.
    """
    for part in journal_folder.glob("*.part"):
        with contextlib.suppress(OSError):
            part.unlink()  # a journal that was never begun
    return tuple(end_run(path) for path in _list_unfinished(journal_folder))


def end_run(path: Path) -> Outcome:
    """Settle what a journal left open, so that each group has moved or has not.

    Parameters
    ----------
    path : Path
        The journal. It is read anew: nothing in memory is trusted, because an interrupt may have
        come at any moment.

    Returns
    -------
    Outcome
        What moved; skipped are only the files that could not be put right.
    """
    journal = Journal(path)
    skipped = _settle_open_steps(journal)
    skipped += _take_back_split_groups(journal)
    _remove_empty_folders(journal)
    if not journal.open_steps:
        journal.record_end()
    moved = tuple(journal.plan.moves[step] for step in journal.moved_steps)
    return Outcome(path, moved, tuple(skipped))


def foresee_end(journal: Journal) -> Interruption:
    """Tell by a look at the disk what `end_run` would do. Nothing is written.

    Parameters
    ----------
    journal : Journal
        Of a run that did not end. Its `states` are brought to what they would be then.

    Returns
    -------
    Interruption
        The files that are half-done.
    """
    half_done: dict[int, tuple[Path, str]] = {}
    for step in journal.open_steps:
        move, state = journal.plan.moves[step], journal.states[step]
        assert state.heading is not None
        origin, goal = find_ends(move, state.heading)
        has_moved = not os.path.lexists(origin) and os.path.lexists(goal)
        place = state.heading if has_moved else state.heading.opposite
        journal.states[step] = replace(state, place=place, heading=None)
        half_done[step] = (goal, "has moved") if has_moved else (origin, "stays")
    for step in _find_split_steps(journal):
        move = journal.plan.moves[step]
        journal.states[step] = replace(journal.states[step], place=Place.SOURCE)
        half_done[step] = (move.source, f"taken back from {move.target}")
    return Interruption(journal.name, tuple(half_done.values()))


def _list_unfinished(journal_folder: Path) -> list[Path]:
    return [path for path in list_journals(journal_folder) if not has_ended(path)]


def _settle_open_steps(journal: Journal) -> list[Skip]:
    skipped = []
    for step in journal.open_steps:
        try:
            settle_step(journal, step)
        except OSError as error:
            move = journal.plan.moves[step]
            skipped.append(Skip(move.source, f"half-done, tried again later: {error}"))
    return skipped


def _take_back_split_groups(journal: Journal) -> list[Skip]:
    return [skip for step in _find_split_steps(journal) for skip in _take_back(journal, step)]


def _find_split_steps(journal: Journal) -> list[int]:
    """Find the steps that moved a file whose group has not moved as a whole, to take them back."""
    groups: dict[int, list[int]] = defaultdict(list)
    for step, move in enumerate(journal.plan.moves):
        groups[move.group].append(step)
    moved = set(journal.moved_steps)
    split = (steps for steps in groups.values() if not moved.issuperset(steps))
    return [step for steps in split for step in reversed(steps) if step in moved]


def _take_back(journal: Journal, step: int) -> list[Skip]:
    try:
        move_step(journal, step, Place.SOURCE)
    except OSError as error:
        target = journal.plan.moves[step].target
        return [Skip(target, f"could not be taken back: {error}"), *_settle_open_steps(journal)]
    return []


def _remove_empty_folders(journal: Journal) -> None:
    """Remove what the run made, or was to remove, if nothing is in it; deepest folders first."""
    folders = {*journal.folders, *journal.leftovers}
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
