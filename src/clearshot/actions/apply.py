"""Carry out a plan: step by step, journaled, and never onto an existing file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from clearshot.actions.atomic import is_writable, read_stamp, sync_folder
from clearshot.actions.journal import Journal, Place, create_journal
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Move, Outcome, Plan
from clearshot.actions.recovery import end_run, recover_locked
from clearshot.actions.step import move_step
from clearshot.errors import ActionError
from clearshot.photo import Skip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Called with the number of steps looked at and the number of all steps.
Progress = Callable[[int, int], None]

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENODEV}
_DENIALS = {errno.EACCES, errno.EPERM}


def apply_plan(plan: Plan, journal_folder: Path, progress: Progress | None = None) -> Outcome:
    """Carry out a plan. What a crash left of earlier runs is put in order first.

    The files of a group move all or none. A group with a file that changed since planning, is
    gone, or cannot be moved is left where it was, and the run goes on. However the run ends,
    also by Ctrl-C, each group has moved or has not, and the journal says which.

    Raises ActionError if the disk is full or cannot be written, the library is not there, another
    program is changing files of the library, or the journal cannot be written.

    Parameters
    ----------
    plan : Plan
        What to do.
    journal_folder : Path
        Where the journals of the library are; made if it is missing. Its parent holds the lock.
    progress : callable or None
        Called after each group with the number of steps looked at and the number of all steps.

    Returns
    -------
    Outcome
        What moved, what was left alone and why.
    """
    return carry_out(plan, journal_folder, progress=progress)


def carry_out(
    plan: Plan,
    journal_folder: Path,
    *,
    undoes: str | None = None,
    leftovers: tuple[Path, ...] = (),
    progress: Progress | None = None,
) -> Outcome:
    """Carry out a plan of any kind; see `apply_plan`.

    Parameters
    ----------
    plan : Plan
        What to do.
    journal_folder : Path
        Where the journals of the library are.
    undoes : str or None
        Name of the journal that the plan takes back.
    leftovers : tuple of Path
        Folders that are removed at the end if they are empty.
    progress : callable or None
        As for `apply_plan`.

    Returns
    -------
    Outcome
        What moved, what was left alone and why.

    Raises
    ------
    ActionError
        As `apply_plan` does.
    """
    if not os.path.lexists(plan.folder):
        raise ActionError("the library folder is not there", path=plan.folder)
    with hold_lock(journal_folder.parent):
        recovered = recover_locked(journal_folder)
        journal = create_journal(journal_folder, plan, undoes=undoes, leftovers=leftovers)
        try:
            skipped = _move_groups(journal, progress)
        finally:
            ended = end_run(journal.path)
    return Outcome(journal.path, ended.moved, (*skipped, *ended.skipped), recovered)


def find_obstacles(moves: Sequence[Move]) -> tuple[Skip, ...]:
    """Find what keeps a group from being moved, by a look at the disk.

    Parameters
    ----------
    moves : sequence of Move
        The steps of one group.

    Returns
    -------
    tuple of Skip
        Empty when all can be moved; else one for each file of the group.
    """
    reasons = {move: _find_obstacle(move) for move in moves}
    culprit = next((move for move in moves if reasons[move]), None)
    if culprit is None:
        return ()
    stays = f"stays with {culprit.source.name}"
    return tuple(Skip(move.source, reason or stays) for move, reason in reasons.items())


def _find_obstacle(move: Move) -> str:
    """Say why a file cannot be moved; empty when it can."""
    try:
        if read_stamp(move.source) != move.stamp:
            return "changed since planning"
    except FileNotFoundError:
        return "is not there any more"
    except OSError as error:
        return error.strerror or str(error)
    return f"{move.target} is occupied" if os.path.lexists(move.target) else ""


def _move_groups(journal: Journal, progress: Progress | None) -> list[Skip]:
    skipped: list[Skip] = []
    num_steps = len(journal.plan.moves)
    steps = range(num_steps)
    for _, group in groupby(steps, key=lambda step: journal.plan.moves[step].group):
        numbers = list(group)
        skipped += _move_group(journal, numbers)
        if progress is not None:
            progress(numbers[-1] + 1, num_steps)
    return skipped


def _move_group(journal: Journal, steps: list[int]) -> tuple[Skip, ...]:
    moves = [journal.plan.moves[step] for step in steps]
    if obstacles := find_obstacles(moves):
        return obstacles
    for step, move in zip(steps, moves, strict=True):
        try:
            _make_folder(journal, move.target.parent)
            move_step(journal, step, Place.TARGET)
        except OSError as error:
            reason = error.strerror or str(error)
            if _ends_run(error, move.target.parent):
                message = f"{reason}; stopped, journal {journal.name} says what was moved before"
                raise ActionError(message, path=move.target) from error
            stays = f"stays with {move.source.name}"
            return tuple(Skip(each.source, reason if each is move else stays) for each in moves)
    return ()


def _make_folder(journal: Journal, folder: Path) -> None:
    if folder.is_dir():
        return
    if folder == folder.parent:
        raise OSError(errno.ENODEV, "there is no such drive", str(folder))
    _make_folder(journal, folder.parent)
    journal.record_folder(folder)
    folder.mkdir()
    sync_folder(folder.parent)


def _ends_run(error: OSError, folder: Path) -> bool:
    """Tell an error that every further step would meet from one of this file alone."""
    if error.errno in _DISK_ERRORS:
        return True
    return error.errno in _DENIALS and not is_writable(folder)
