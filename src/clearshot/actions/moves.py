"""Moves that never overwrite, and the look at the disk that tells how far one came.

On one device a file only changes its name, see `place_file`. Between devices it is copied to a part
file in the target folder, synced, read back, compared by SHA-256, and then named in the same way;
the old file is removed last.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from clearshot.actions.atomic import place_file, remove_file, sync_folder
from clearshot.actions.identity import is_equal, is_one_inode, is_one_name
from clearshot.actions.parts import copy_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def move_file(source: Path, target: Path, *, part: Path, reserve: Callable[[], None]) -> None:
    """Move a regular file to a place that is free.

    Bytes, times and mode stay as they are, as far as the target's disk can hold them. When it
    fails, `settle_move` tells where the file is.

    Parameters
    ----------
    source, target : Path
        Where the file is and where it goes; the target's folder exists.
    part : Path
        Name for a copy in the making, in the target's folder; used between devices only.
    reserve : callable
        Called before an empty file is created at the target, on disks without hard links.

    Raises
    ------
    FileExistsError
        If the place is taken; nothing has changed then.
    OSError
        If it fails otherwise.
    """
    try:
        place_file(source, target, reserve)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_file(source, part)
        try:
            place_file(part, target, reserve)
        except FileExistsError:
            remove_file(part)
            raise
        remove_file(source)
    sync_folder(source.parent)


def settle_move(
    source: Path, target: Path, *, part: Path, is_reserved: bool, size_bytes: int
) -> bool:
    """Bring an interrupted `move_file` to one of its two ends by what is on the disk.

    While the source is there, the move is taken back: what it has put at the target is removed.
    A file of another program at the target is left alone.

    Parameters
    ----------
    source, target, part : Path
        As `move_file` got them.
    is_reserved : bool
        True when `reserve` had been called.
    size_bytes : int
        Of the file.

    Returns
    -------
    bool
        True when the file is at the target.

    Raises
    ------
    OSError
        If it cannot be done; nothing is lost and it can be tried again. So it is when only the
        part file is there, or a folder is gone, as when a memory card was taken out.
    """
    is_here = os.path.lexists(source)
    is_moved = not is_here and has_arrived(target, size_bytes, is_reserved=is_reserved)
    if not is_here and not is_moved:
        if os.path.lexists(part):
            raise OSError(errno.ENOENT, "the file is gone, this copy is left", str(part))
        for folder in (target.parent, source.parent):
            if not folder.is_dir():
                raise OSError(errno.ENOENT, "the file may be in a folder that is gone", str(folder))
    remove_file(part)
    is_taken = not is_moved and os.path.lexists(target)
    if is_taken and (not is_here or _is_from_move(source, target, is_reserved)):
        remove_file(target)
        sync_folder(target.parent)
    return is_moved


def has_arrived(target: Path, size_bytes: int, *, is_reserved: bool) -> bool:
    """Tell whether a place that was free holds a file now, and not only the name reserved for it.

    Parameters
    ----------
    target : Path
        The place.
    size_bytes : int
        Of the file that goes there.
    is_reserved : bool
        True when an empty file was announced there.

    Returns
    -------
    bool
        False also where nothing is.
    """
    try:
        status = target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    is_empty = stat.S_ISREG(status.st_mode) and status.st_size == 0
    return not (is_reserved and is_empty and size_bytes > 0)


def _is_from_move(source: Path, target: Path, is_reserved: bool) -> bool:
    """Tell whether the move has put there what is at the target, while the source is there."""
    theirs = target.lstat()
    if is_one_inode(source, target):
        return not is_one_name(source, target)
    if is_reserved and stat.S_ISREG(theirs.st_mode) and theirs.st_size == 0:
        return True
    return is_equal(source, target)
