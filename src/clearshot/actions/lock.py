"""One program at a time changes the files of a library."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import IO, TYPE_CHECKING

from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "lock"
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
        no lock file or no locks.
    """
    path = folder / _NAME
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(path.open("a+b", buffering=0))
        except OSError as error:
            raise ActionError(f"cannot lock: {error.strerror}", path=path) from error
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
