"""Moves on disk that never overwrite, and the look at the disk that tells how far a move came.

A file gets its new name by a hard link, because a link fails when the name is taken; then the old
name is removed. Where the disk has no hard links, the new name is first reserved: an empty file is
created, which fails when the name is taken, and the move replaces that empty file. Both work on
every system, need no copy, and leave the whole file under one name at least at every moment.

Between devices the file is copied to a part file in the target folder, synced, read back and
compared by SHA-256, and given its name in the same way; only then the old file is removed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

_CHUNK_BYTES = 1 << 20

# What systems answer where a disk has no hard links, or this file may not have one more.
_NO_LINKS = {
    errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK
}  # fmt: skip

# What network disks answer that cannot sync a folder.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}

# What disks answer that cannot keep a mode or extended attributes.
_NO_METADATA = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


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


def copy_file(source: Path, part: Path) -> None:
    """Copy a file with its times and mode, and compare the copy with what was read.

    Parameters
    ----------
    source, part : Path
        The file, and the name of the copy, which must be free.

    Raises
    ------
    OSError
        If it cannot be done, the copy differs, or the file changed meanwhile.
    """
    before = source.stat()
    digest = hashlib.sha256()
    with source.open("rb") as reader, part.open("xb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    if hash_file(part) != digest.digest():
        raise OSError(errno.EIO, "the copy differs from the file", str(part))
    # Reading has changed the time of last access.
    finish_part(part, source, (before.st_atime_ns, before.st_mtime_ns))
    if read_stamp(source) != FileStamp(before.st_size, before.st_mtime_ns):
        raise OSError(errno.EBUSY, "the file changed while it was copied", str(source))


def finish_part(part: Path, like: Path | None, times_ns: tuple[int, int]) -> None:
    """Give a part file that is written and closed its mode and times, and bring it to the disk.

    It is closed before, because Windows sets the time of what was written when it is closed [1]_.

    Parameters
    ----------
    part : Path
        The file.
    like : Path or None
        The file whose mode and extended attributes it gets, as far as the disk can hold them.
    times_ns : tuple of int
        Times of last access and of last change [ns since the epoch].

    Raises
    ------
    OSError
        If it cannot be done.

    References
    ----------
    .. [1] https://learn.microsoft.com/windows/win32/sysinfo/file-times
    """
    if sys.platform == "win32":  # pragma: no cover
        # Only what may be written can be synced there, and nothing is written here.
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
        _copy_metadata(part, like, times_ns)
        return
    with part.open("rb") as stream:
        _copy_metadata(part, like, times_ns)
        os.fsync(stream.fileno())


def _copy_metadata(part: Path, like: Path | None, times_ns: tuple[int, int]) -> None:
    if like is not None:
        with tolerate(_NO_METADATA):
            shutil.copystat(like, part)
    os.utime(part, ns=times_ns)


def _free(target: Path) -> None:
    """Give up a name that was reserved, if nobody has written into its file."""
    with contextlib.suppress(OSError):
        if read_stamp(target).size_bytes == 0:
            remove_file(target)


def _is_from_move(source: Path, target: Path, is_reserved: bool) -> bool:
    """Tell whether the move has put there what is at the target, while the source is there."""
    theirs = target.lstat()
    if is_one_inode(source, target):
        return not is_one_name(source, target)
    if is_reserved and stat.S_ISREG(theirs.st_mode) and theirs.st_size == 0:
        return True
    return is_equal(source, target)


def is_equal(path: Path, other: Path) -> bool:
    """Tell whether two regular files hold the same bytes. Raises OSError if one cannot be read.

    Parameters
    ----------
    path, other : Path
        The files; links are not followed.

    Returns
    -------
    bool
        False also where one is no regular file.
    """
    ours, theirs = path.lstat(), other.lstat()
    if not (stat.S_ISREG(ours.st_mode) and stat.S_ISREG(theirs.st_mode)):
        return False
    return ours.st_size == theirs.st_size and hash_file(path) == hash_file(other)


def is_one_inode(path: Path, other: Path) -> bool:
    """Tell whether two paths lead to the same bytes on a disk. Raises OSError if one is missing.

    Parameters
    ----------
    path, other : Path
        The files; links are not followed.

    Returns
    -------
    bool
        True for two links to one file, and for two ways to one link.
    """
    return os.path.samestat(path.lstat(), other.lstat())


def is_one_name(path: Path, other: Path) -> bool:
    """Tell whether two paths of one file are the same name in the same folder.

    Then removing either removes both: a folder may be reached by a link or be mounted twice, and
    some disks take two spellings for one name. How many links a file has does not tell; a third
    may be in someone's backup. Raises OSError if a folder cannot be looked at.

    Parameters
    ----------
    path, other : Path
        Two paths for which `is_one_inode` is true.

    Returns
    -------
    bool
        False only where the two names are surely two entries of a disk.
    """
    if path.lstat().st_nlink == 1:
        return True
    if not path.parent.samefile(other.parent):
        return False
    if path.name == other.name:
        return True
    return not {path.name, other.name} <= {entry.name for entry in path.parent.iterdir()}


def hash_file(path: Path) -> bytes:
    """Give the SHA-256 of a file. Raises OSError if it cannot be read.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes
        The digest.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


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
