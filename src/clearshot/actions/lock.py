"""One program at a time changes the files of a library."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import IO, TYPE_CHECKING

from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "lock"
# A lock file holds the number of a process and nothing else.
_MAX_DIGITS = 20
_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


@contextlib.contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Keep other programs from changing the files of a library.

    The system frees the lock when the program ends, however it ends. The lock file stays.

    Parameters
    ----------
    folder : Path
        The library's own folder for clearshot, `.clearshot`; made if it is missing.

    Yields
    ------
    None
        While the lock is held.

    Raises
    ------
    ActionError
        If another program holds the lock; the message names its process. Also if the disk allows
        no lock file or no locks, and if something else than a lock is at its place.
    """
    path = folder / _NAME
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(_open(path))
        except OSError as error:
            reason = f"cannot lock: {error.strerror}"
            if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
                reason += "; the journal of what is done is kept in the library, also for copies"
            raise ActionError(reason, path=path) from error
        try:
            _take(stream)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise ActionError(f"cannot lock: {error.strerror}", path=path) from error
            message = f"another clearshot (process {_read_process(stream)}) is changing files here"
            raise ActionError(message, path=folder) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the number too
            stream.truncate(0)
            stream.write(str(os.getpid()).encode("ascii"))
        yield


def _open(path: Path) -> IO[bytes]:
    """Open the lock file, and only that.

    A library can come from anyone. A link at this place would lead to a file of the user's, and the
    number of this process would be written over it.

    Raises
    ------
    OSError
        If something else is there, or it cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    stream = open(os.open(path, flags, 0o666), "a+b", buffering=0)  # noqa: SIM115, PTH123
    status = os.fstat(stream.fileno())
    is_own = stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and not path.is_symlink()
    if is_own and status.st_size <= _MAX_DIGITS:
        return stream
    stream.close()
    raise OSError(errno.EEXIST, "something else than a lock is at its place")


def _read_process(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("ascii", "replace") or "unknown"


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    # Far behind the process id, because a locked byte cannot be read.
    _LOCKED_BYTE = 1 << 20

    def _take(stream: IO[bytes]) -> None:
        stream.seek(_LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        stream.seek(0)

else:
    import fcntl

    def _take(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
