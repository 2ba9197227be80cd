"""Copies and links: made without overwriting, removed only while the original is there."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from clearshot.actions.atomic import place_file, read_stamp, remove_file, sync_folder
from clearshot.actions.identity import is_equal, is_one_inode, is_one_name
from clearshot.actions.moves import has_arrived
from clearshot.actions.parts import copy_file
from clearshot.actions.plan import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearshot.actions.plan import Step


def make_copy(step: Step, part: Path, reserve: Callable[[], None]) -> None:
    """Copy a regular file, with its times and mode, to a place that is free.

    Parameters
    ----------
    step : Step
        From the source to the target, whose folder exists.
    part : Path
        Name for the copy in the making, in the target's folder.
    reserve : callable
        Called before an empty file is created at the target, on disks without hard links.

    Raises
    ------
    FileExistsError
        If the place is taken; nothing has changed then.
    OSError
        If it fails otherwise.
    """
    copy_file(step.source, part)
    try:
        place_file(part, step.target, reserve)
    except FileExistsError:
        remove_file(part)
        raise


def settle_copy(step: Step, part: Path, is_reserved: bool) -> bool:
    """Bring an interrupted `make_copy` to one of its two ends by what is on the disk.

    Parameters
    ----------
    step : Step
        As `make_copy` got it.
    part : Path
        As `make_copy` got it.
    is_reserved : bool
        True when `reserve` had been called.

    Returns
    -------
    bool
        True when the copy is at the target.

    Raises
    ------
    OSError
        If it cannot be told; it can be tried again.
    """
    if not os.path.lexists(step.source):
        if os.path.lexists(part):
            raise OSError(errno.ENOENT, "the file is gone, this copy is left", str(part))
        if has_arrived(step.target, step.stamp.size_bytes, is_reserved=is_reserved):
            return True
    remove_file(part)
    # First: an empty file is a whole copy of an empty source too, but has not its times.
    if is_reserved and _is_empty(step.target):
        remove_file(step.target)
        sync_folder(step.target.parent)
        return False
    return is_duplicate(step)


def make_link(step: Step) -> None:
    """Link a file to a place that is free, as the step's kind says.

    Parameters
    ----------
    step : Step
        From the file to its new name, whose folder exists.

    Raises
    ------
    FileExistsError
        If the place is taken; nothing has changed then.
    OSError
        If it fails otherwise, as on disks without such links.
    """
    if step.kind is Kind.HARDLINK:
        os.link(step.source, step.target)
    else:
        step.target.symlink_to(step.source)
    sync_folder(step.target.parent)


def is_duplicate(step: Step) -> bool:
    """Tell whether a step's two places hold what a copy or link of its kind makes.

    Parameters
    ----------
    step : Step
        One that makes or removes a copy or link.

    Returns
    -------
    bool
        False also where one of them is missing.
    """
    is_made = step.kind in {Kind.COPY, Kind.HARDLINK, Kind.SYMLINK}
    original, other = (step.source, step.target) if is_made else (step.target, step.source)
    try:
        if step.kind in {Kind.SYMLINK, Kind.REMOVE_SYMLINK}:
            return other.is_symlink() and other.readlink() == original
        if is_one_inode(original, other):
            # A copy that something has made a link since is a second name just as well.
            return not is_one_name(original, other)
        # A link that was made is told by its inode. One that is to go may have become a copy: a
        # sidecar that is written, and written back, gets a new file.
        return step.kind is not Kind.HARDLINK and is_equal(original, other)
    except FileNotFoundError:
        return False


def remove_duplicate(step: Step) -> None:
    """Remove a copy or link, which must be what the step's kind says.

    Parameters
    ----------
    step : Step
        From the copy or link to the file that stays.

    Raises
    ------
    OSError
        If the file that stays is gone or differs: what was to be removed may be the last of it.
    """
    if not is_duplicate(step):
        raise OSError(errno.EBUSY, describe_difference(step))
    is_link = step.kind is Kind.REMOVE_HARDLINK
    mode = stat.S_IMODE(step.target.lstat().st_mode) if is_link else 0
    try:
        remove_file(step.source)
    finally:
        if is_link and stat.S_IMODE(step.target.lstat().st_mode) != mode:
            # Windows has one read-only mark for all names of a file; it went to let this one go.
            step.target.chmod(mode)
    sync_folder(step.source.parent)


def find_loss(step: Step) -> str:
    """Say what would be lost by removing a copy or link, by a look that reads no file.

    Parameters
    ----------
    step : Step
        From the copy or link to the file that stays.

    Returns
    -------
    str
        Empty when nothing would be, as far as that look can tell.

    Raises
    ------
    OSError
        If one of the two places cannot be looked at.
    """
    if step.kind is Kind.REMOVE_COPY:
        if read_stamp(step.source) != step.stamp:
            return "changed since planning"
        if not os.path.lexists(step.target) or _is_original(step):
            return describe_difference(step)
        is_like = read_stamp(step.target).size_bytes == step.stamp.size_bytes
        return "" if is_like else describe_difference(step)
    if not os.path.lexists(step.source):
        return "is not there any more"
    return "" if is_duplicate(step) else describe_difference(step)


def describe_difference(step: Step) -> str:
    """Say why a copy or link is kept.

    Parameters
    ----------
    step : Step
        From the copy or link to the file that was to stay.

    Returns
    -------
    str
        A reason in plain words.
    """
    if _is_original(step):
        return f"is {step.target} itself, reached by another path"
    if step.kind is Kind.REMOVE_COPY:
        return f"{step.target} is gone or differs; this copy is the last"
    return f"is not a link to {step.target} any more"


def _is_original(step: Step) -> bool:
    """Tell whether what is to be removed is the file that shall stay."""
    try:
        one_inode = is_one_inode(step.source, step.target)
        return one_inode and is_one_name(step.source, step.target)
    except OSError:
        return False


def _is_empty(path: Path) -> bool:
    try:
        return read_stamp(path).size_bytes == 0
    except OSError:
        return False
