"""Single steps, and how a run comes to its end: the same after success, error, Ctrl-C and crash.

A step that fails stays open in the journal. The end of a run looks at the disk to settle what is
open, takes back the groups that moved in part, and removes the folders that stayed empty.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING

from clearshot.actions.atomic import move_file, read_stamp, restore_mtime, settle_move
from clearshot.actions.journal import Journal, Place, has_ended, list_journals
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Outcome
from clearshot.photo import Skip

if TYPE_CHECKING:
    from pathlib import Path

# The coarsest disk in use (FAT) keeps times to two seconds.
_ROUNDING_NS = 2_000_000_000


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
    if all(has_ended(path) for path in list_journals(journal_folder)):
        return ()
    with hold_lock(journal_folder.parent):
        return recover_locked(journal_folder)


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
    unfinished = [path for path in list_journals(journal_folder) if not has_ended(path)]
    return tuple(end_run(path) for path in unfinished)


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


def move_step(journal: Journal, step: int, heading: Place) -> None:
    """Move the file of one step, journaled. Raises OSError if it fails; the step is open then.

    Parameters
    ----------
    journal : Journal
        The journal of the run.
    step : int
        Number of the step, from 0.
    heading : Place
        Where the file goes; it is at the other end.

    Raises
    ------
    FileExistsError
        If the place is taken; the step is not open then.
    """
    origin, goal, part = _ends(journal, step, heading)
    journal.record_intent(step, heading)
    try:
        move_file(
            origin,
            goal,
            part=part,
            reserve=lambda: journal.record_intent(step, heading, is_reserved=True),
        )
    except FileExistsError:
        # Known now and not later: what is at the goal is another program's.
        _record_stay(journal, step, heading.opposite)
        raise
    _record_arrival(journal, step, heading)


def settle_step(journal: Journal, step: int) -> None:
    """Bring an open step to one of its ends by what is on the disk.

    Raises OSError if it cannot be done; the step stays open.

    Parameters
    ----------
    journal : Journal
        The journal of the run.
    step : int
        Number of an open step.
    """
    state = journal.states[step]
    assert state.heading is not None
    origin, goal, part = _ends(journal, step, state.heading)
    if settle_move(origin, goal, part=part, is_reserved=state.is_reserved):
        _record_arrival(journal, step, state.heading)
    else:
        _record_stay(journal, step, state.heading.opposite)


def _ends(journal: Journal, step: int, heading: Place) -> tuple[Path, Path, Path]:
    """Give where the file of a step is, where it goes, and the name of a copy in the making."""
    move = journal.plan.moves[step]
    origin, goal = move.source, move.target
    if heading is Place.SOURCE:
        origin, goal = goal, origin
    return origin, goal, goal.with_name(f".clearshot-{journal.name}-{step}.part")


def _record_arrival(journal: Journal, step: int, place: Place) -> None:
    """Record that a file has moved, and set the time of last change that it shall have there."""
    move = journal.plan.moves[step]
    if place is Place.SOURCE:
        path, left_ns, mtime_ns = move.source, journal.states[step].mtime_ns, move.stamp.mtime_ns
    else:
        path, left_ns = move.target, move.stamp.mtime_ns
        mtime_ns = left_ns if move.restored_mtime_ns is None else move.restored_mtime_ns
    # A file that someone changed since it arrived keeps its time, so that undo sees the change.
    if abs(read_stamp(path).mtime_ns - left_ns) <= _ROUNDING_NS:
        mtime_ns = restore_mtime(path, mtime_ns).mtime_ns
    journal.record_done(step, place, mtime_ns)


def _record_stay(journal: Journal, step: int, place: Place) -> None:
    """Record that a file has not moved."""
    journal.record_done(step, place, journal.states[step].mtime_ns)


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
    groups: dict[int, list[int]] = defaultdict(list)
    for step, move in enumerate(journal.plan.moves):
        groups[move.group].append(step)
    moved = set(journal.moved_steps)
    skipped = []
    for steps in groups.values():
        if not moved.issuperset(steps):
            for step in reversed(steps):
                if step in moved:
                    skipped += _take_back(journal, step)
    return skipped


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
