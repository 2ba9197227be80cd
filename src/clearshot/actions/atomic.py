"""The operations on disk that moves, copies and writes are made of; each happens or does not.

A file gets its new name by a hard link, because a link fails when the name is taken; then the old
name is removed. Where the disk has no hard links, the new name is first reserved: an empty file is
created, which fails when the name is taken, and the file then replaces that empty one. Both work on
every system, need no copy, and leave the whole file under at least one name at every moment.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

# What systems answer where a disk has no hard links, or this file may not have one more.
_NO_LINKS = {
    errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK
}  # fmt: skip

# What network disks answer that cannot sync a folder.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def read_stamp(path: Path) -> FileStamp:
    """Read the state of a file.

    Parameters
    ----------
    path : Path
        The file; a link is not followed.

    Returns
    -------
    FileStamp
        Its size and time of last change.

    Raises
    ------
    OSError
        If it is not there, or is not a regular file.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return FileStamp(status.st_size, status.st_mtime_ns)


def restore_mtime(path: Path, mtime_ns: int) -> FileStamp:
    """Give a file its time of last change where it differs. Raises OSError if it is not there.

    Parameters
    ----------
    path : Path
        A regular file.
    mtime_ns : int
        The time [ns since the epoch].

    Returns
    -------
    FileStamp
        The state of the file as the disk keeps it: coarse disks round, and a file of another
        owner keeps its time.
    """
    if read_stamp(path).mtime_ns != mtime_ns:
        with contextlib.suppress(PermissionError):
            os.utime(path, ns=(path.stat().st_atime_ns, mtime_ns))
    return read_stamp(path)


def is_writable(folder: Path) -> bool:
    """Tell whether files can be put into a folder, or the folder be made.

    Parameters
    ----------
    folder : Path
        Need not exist; its nearest existing parent decides then.

    Returns
    -------
    bool
        False also when that parent is a file.
    """
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def place_file(source: Path, target: Path, reserve: Callable[[], None]) -> None:
    """Give a file another name on the same device, never that of an existing file.

    Parameters
    ----------
    source, target : Path
        Its name and the one it gets; the target's folder exists.
    reserve : callable
        Called before an empty file is created at the target, on disks without hard links.

    Raises
    ------
    OSError
        If it fails; EXDEV when the places are on two devices.
    """
    if sys.platform == "win32":  # pragma: no cover
        source.rename(target)  # fails there when the name is taken
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        reserve()
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            source.replace(target)
        except OSError:
            _free(target)
            raise
        sync_folder(target.parent)
    else:
        sync_folder(target.parent)
        remove_file(source)


def _free(target: Path) -> None:
    """Give up a name that was reserved, if nobody has written into its file."""
    with contextlib.suppress(OSError):
        if read_stamp(target).size_bytes == 0:
            remove_file(target)


def remove_file(path: Path) -> None:
    """Remove a name of a file that has another name or a whole copy; it may be gone already.

    On Windows a file that is read-only loses that mark, also under its other names.

    Parameters
    ----------
    path : Path
        The name.

    Raises
    ------
    PermissionError
        If the folder does not let it go.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32" or path.is_symlink():
            raise
        path.chmod(stat.S_IWRITE)  # a read-only file cannot be removed there
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power loss, where the system can.

    Raises OSError if the disk reports an error.

    Parameters
    ----------
    folder : Path
        An existing folder. Windows and some network disks cannot do it; it does nothing there.
    """
    if sys.platform == "win32":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with tolerate(_NO_FOLDER_SYNC):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def tolerate(errnos: Collection[int]) -> Iterator[None]:
    """Pass over errors of the system that are foreseen.

    Parameters
    ----------
    errnos : collection of int
        Their numbers.

    Yields
    ------
    None
        Once.

    Raises
    ------
    OSError
        Any other.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in errnos:
            raise
