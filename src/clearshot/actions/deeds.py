"""What each kind of step does to the disk, and the look at the disk that tells how far it came."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp, restore_mtime
from clearshot.actions.duplicates import (
    find_loss,
    is_duplicate,
    make_copy,
    make_link,
    remove_duplicate,
    settle_copy,
)
from clearshot.actions.embedding import (
    exchange_xmp,
    find_protection,
    is_exchanged,
    settle_exchange,
)
from clearshot.actions.moves import has_arrived, move_file, settle_move
from clearshot.actions.plan import TRASH_PLACE, Kind
from clearshot.actions.trash import find_refusal, forget_trashed, send_to_trash
from clearshot.actions.writing import read_content, settle_content, write_content
from clearshot.errors import describe_cause

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearshot.actions.plan import Step

NOT_IN_TRASH = "is not in a trash that gives files back; look for it in the system's trash"

# The coarsest disk in use (FAT) keeps times to two seconds.
_ROUNDING_NS = 2_000_000_000

_REMOVALS = {Kind.REMOVE_COPY, Kind.REMOVE_HARDLINK, Kind.REMOVE_SYMLINK}
_NEEDS_ROOM = {Kind.MOVE, Kind.RESTORE, Kind.COPY, Kind.HARDLINK, Kind.SYMLINK}


def carry_out(step: Step, part: Path, reserve: Callable[[], None]) -> None:
    """Do what a step says, once, without overwriting anything.

    When it fails, `settle` tells how far it came.

    Parameters
    ----------
    step : Step
        What to do; the folder of its target exists.
    part : Path
        Name for a file in the making, in the target's folder.
    reserve : callable
        Called before an empty file is created at the target, on disks without hard links.

    Raises
    ------
    FileExistsError
        If the target is taken; nothing has changed then.
    OSError
        If it fails otherwise.
    """
    match step.kind:
        case Kind.MOVE | Kind.RESTORE:
            move_file(step.source, step.target, part=part, reserve=reserve)
            _tidy_trash(step)
        case Kind.COPY:
            make_copy(step, part, reserve)
        case Kind.WRITE:
            write_content(step, part, reserve)
        case Kind.EMBED:
            exchange_xmp(step, part)
        case Kind.TRASH:
            send_to_trash(step.source)
        case Kind.HARDLINK | Kind.SYMLINK:
            make_link(step)
        case _:
            remove_duplicate(step)


def settle(step: Step, part: Path, *, is_reserved: bool) -> bool:
    """Bring an interrupted step to one of its two ends by what is on the disk.

    Parameters
    ----------
    step : Step
        As `carry_out` got it.
    part : Path
        As `carry_out` got it.
    is_reserved : bool
        True when `reserve` had been called.

    Returns
    -------
    bool
        True when the step is done; False when all is as before it.

    Raises
    ------
    OSError
        If it cannot be done; nothing is lost and it can be tried again.
    """
    match step.kind:
        case Kind.MOVE | Kind.RESTORE:
            is_done = settle_move(
                step.source,
                step.target,
                part=part,
                is_reserved=is_reserved,
                size_bytes=step.stamp.size_bytes,
            )
            if is_done:
                _tidy_trash(step)
            return is_done
        case Kind.COPY:
            return settle_copy(step, part, is_reserved)
        case Kind.WRITE:
            return settle_content(step, part, is_reserved)
        case Kind.EMBED:
            return settle_exchange(step, part)
        case _:
            return is_done_on_disk(step, is_reserved=is_reserved)


def is_done_on_disk(step: Step, *, is_reserved: bool) -> bool:
    """Tell by a look at the disk whether a step that was begun is done. Nothing is changed.

    Parameters
    ----------
    step : Step
        The step.
    is_reserved : bool
        As for `settle`.

    Returns
    -------
    bool
        What `settle` would say.

    Raises
    ------
    OSError
        If a file cannot be looked at.
    """
    match step.kind:
        case Kind.COPY | Kind.HARDLINK | Kind.SYMLINK:
            return is_duplicate(step)
        case Kind.WRITE:
            return read_content(step.target) == step.after
        case Kind.EMBED:
            return is_exchanged(step)
        case Kind.MOVE | Kind.RESTORE:
            is_here = os.path.lexists(step.source)
            size_bytes = step.stamp.size_bytes
            return not is_here and has_arrived(step.target, size_bytes, is_reserved=is_reserved)
        case _:
            return not os.path.lexists(step.source)


def find_obstacle(step: Step) -> str:
    """Say why a step cannot be done, by a look at the disk.

    Parameters
    ----------
    step : Step
        The step.

    Returns
    -------
    str
        Empty when it can.
    """
    if step.source == TRASH_PLACE:
        # The owner may have put it back by hand.
        return _find_occupant(step) or NOT_IN_TRASH
    try:
        return _find_obstacle(step)
    except FileNotFoundError:
        return "is not there any more"
    except OSError as error:
        return describe_cause(error)


def note_arrival(step: Step, *, is_settled: bool) -> int:
    """Give the file of a step that is done the time of last change that it shall have.

    Parameters
    ----------
    step : Step
        What was done.
    is_settled : bool
        True when it was found done after a crash: someone may have changed the file meanwhile.

    Returns
    -------
    int
        The time by which undo tells whether the file changed since [ns since the epoch].

    Raises
    ------
    OSError
        If the file cannot be looked at.
    """
    match step.kind:
        case Kind.MOVE | Kind.RESTORE | Kind.COPY:
            return _restore_time(step, is_settled=is_settled)
        case Kind.WRITE if step.after is not None:
            return read_stamp(step.target).mtime_ns
        case Kind.REMOVE_COPY | Kind.EMBED:
            # A redo copies from the file that stays; what is embedded makes a new file.
            return read_stamp(step.target).mtime_ns
        case _:
            return step.stamp.mtime_ns


def _find_obstacle(step: Step) -> str:
    if step.kind in _REMOVALS:
        return find_loss(step)
    if step.kind is Kind.WRITE and step.before is None:
        return _find_occupant(step)
    if read_stamp(step.source) != step.stamp:
        return "changed since planning"
    if step.kind is Kind.EMBED:
        return find_protection(step.source)
    if step.kind is Kind.TRASH:
        return find_refusal(step.source)
    return _find_occupant(step) if step.kind in _NEEDS_ROOM else ""


def _find_occupant(step: Step) -> str:
    return f"{step.target} is occupied" if os.path.lexists(step.target) else ""


def _restore_time(step: Step, *, is_settled: bool) -> int:
    left_ns, found_ns = step.stamp.mtime_ns, read_stamp(step.target).mtime_ns
    wanted_ns = left_ns if step.restored_mtime_ns is None else step.restored_mtime_ns
    if abs(found_ns - left_ns) <= _ROUNDING_NS:
        return restore_mtime(step.target, wanted_ns).mtime_ns
    # A file that someone changed since it arrived keeps its time, so that undo sees the change. One
    # that has just arrived is on a disk that cannot hold its time: FAT knows none before 1980.
    return wanted_ns if is_settled else found_ns


def _tidy_trash(step: Step) -> None:
    if step.kind is Kind.RESTORE:
        forget_trashed(step.source)
