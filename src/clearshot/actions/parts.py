"""Part files: what is written under another name until it is whole and on the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp, tolerate
from clearshot.actions.identity import hash_file
from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1 << 20

# What disks answer that cannot keep a mode or extended attributes.
_NO_METADATA = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


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
