"""Small files written as a whole: the old content or the new one is there, never a part."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

from clearshot.actions.atomic import place_file, read_stamp, remove_file, sync_folder
from clearshot.actions.parts import finish_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearshot.actions.plan import Step


def write_content(step: Step, part: Path, reserve: Callable[[], None]) -> None:
    """Give a file the content that the step has for it; None makes or removes the file.

    Parameters
    ----------
    step : Step
        With what is in the file and what will be.
    part : Path
        Name for the new content in the making, in the file's folder.
    reserve : callable
        Called before an empty file is created, on disks without hard links.

    Raises
    ------
    FileExistsError
        If the file was to be made and is there; nothing has changed then.
    OSError
        If it holds something else than the step says, or cannot be written.
    """
    path = step.target
    if step.before is not None:
        _look_again(step, part)
    if step.after is None:
        remove_file(path)
    else:
        _write_part(step, part, step.after)
        _place_part(step, part, reserve)
    sync_folder(path.parent)


def settle_content(step: Step, part: Path, is_reserved: bool) -> bool:
    """Tell whether an interrupted `write_content` took place, and clean up behind it.

    Parameters
    ----------
    step : Step
        As `write_content` got it.
    part : Path
        As `write_content` got it.
    is_reserved : bool
        True when `reserve` had been called.

    Returns
    -------
    bool
        True when the file holds the new content. A file with another content is left alone.

    Raises
    ------
    OSError
        If it cannot be told; it can be tried again.
    """
    remove_file(part)
    content = read_content(step.target)
    if is_reserved and content == b"" and step.after != b"":
        remove_file(step.target)
        sync_folder(step.target.parent)
    return content == step.after


def read_content(path: Path) -> bytes | None:
    """Read a regular file as a whole.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes or None
        None where there is no file.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file.
    """
    try:
        # A look first: opening a pipe would wait for ever.
        read_stamp(path)
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _look_again(step: Step, part: Path) -> None:
    if read_content(step.target) != step.before:
        remove_file(part)
        raise OSError(errno.EBUSY, "changed since planning", str(step.target))


def _write_part(step: Step, part: Path, content: bytes) -> None:
    with part.open("xb") as stream:
        stream.write(content)
    finish_part(part, None if step.before is None else step.target, choose_times(step))


def choose_times(step: Step) -> tuple[int, int]:
    """Choose the times of a file that is written: an undo gives the old one, else it changes now.

    Parameters
    ----------
    step : Step
        Of a file that is written, or of a photo that is written anew.

    Returns
    -------
    tuple of int
        Times of last access and of last change [ns since the epoch].
    """
    now_ns = time.time_ns()
    return now_ns, now_ns if step.restored_mtime_ns is None else step.restored_mtime_ns


def _place_part(step: Step, part: Path, reserve: Callable[[], None]) -> None:
    if step.before is not None:
        # Writing and syncing took a while; another program may have saved the file since.
        _look_again(step, part)
        part.replace(step.target)
        return
    try:
        place_file(part, step.target, reserve)
    except FileExistsError:
        remove_file(part)
        raise
