"""One step of a run, carried out and journaled. A step that fails stays open in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.actions.atomic import move_file, read_stamp, restore_mtime, settle_move
from clearshot.actions.journal import Place

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.actions.journal import Journal
    from clearshot.actions.plan import Move

# The coarsest disk in use (FAT) keeps times to two seconds.
_ROUNDING_NS = 2_000_000_000


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
    origin, goal = find_ends(journal.plan.moves[step], heading)
    part = _name_part(journal, step, goal)
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
    origin, goal = find_ends(journal.plan.moves[step], state.heading)
    part = _name_part(journal, step, goal)
    if settle_move(origin, goal, part=part, is_reserved=state.is_reserved):
        _record_arrival(journal, step, state.heading)
    else:
        _record_stay(journal, step, state.heading.opposite)


def find_ends(move: Move, heading: Place) -> tuple[Path, Path]:
    """Tell from where to where a file goes.

    Parameters
    ----------
    move : Move
        The step.
    heading : Place
        Where the file goes.

    Returns
    -------
    tuple of (Path, Path)
        Where it is and where it goes.
    """
    if heading is Place.SOURCE:
        return move.target, move.source
    return move.source, move.target


def _name_part(journal: Journal, step: int, goal: Path) -> Path:
    """Give the name of a copy in the making."""
    return goal.with_name(f".clearshot-{journal.name}-{step}.part")


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
