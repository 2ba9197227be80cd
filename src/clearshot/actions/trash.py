"""The system's trash: sending a file there, and finding it again where the system tells.

Sending is left to Send2Trash. Finding works for the trash of freedesktop.org [1]_, which notes in a
`.trashinfo` file where each file came from; the trashes of macOS and Windows do not tell programs.

References
----------
.. [1] https://specifications.freedesktop.org/trash-spec/latest/
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from clearshot.actions.atomic import read_stamp, remove_file, sync_folder
from clearshot.paths import anchor

if TYPE_CHECKING:
    from clearshot.photo import FileStamp

GIVES_BACK = sys.platform not in {"win32", "darwin"}
"""Whether this system's trash tells programs where a file came from."""

# Where programs keep a user's data, and with it the trash, if it is not the usual place.
_DATA_HOME = "XDG_DATA_HOME"

_FILES, _INFO, _INFO_SUFFIX = "files", "info", ".trashinfo"

# Why a file stays, see `find_refusal`.
PROTECTED = "write-protected; the trash refuses it"
NO_BIN = "is on a drive without a recycle bin; Windows would delete it for good"

# What `GetDriveTypeW` of Windows calls a disk that is built in [1]_.
_BUILT_IN = 3


def find_refusal(path: Path) -> str:
    """Say why a file must not be sent to the trash.

    On Linux Send2Trash asks that the file may be written, though its folder alone would decide. On
    Windows drives of networks and memory cards have no recycle bin, and what is sent there is gone.

    Parameters
    ----------
    path : Path
        The file, absolute.

    Returns
    -------
    str
        Empty where it may.

    References
    ----------
    .. [1] https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-getdrivetypew
    """
    if GIVES_BACK and os.path.lexists(path) and not os.access(path, os.W_OK):
        return PROTECTED
    if sys.platform == "win32":
        import ctypes

        # A network share by its name has no letter; it is no drive that is built in, either.
        kind = ctypes.windll.kernel32.GetDriveTypeW(path.anchor)
        return "" if kind == _BUILT_IN else NO_BIN
    return ""


def send_to_trash(path: Path) -> None:
    """Move a file to the system's trash. Raises OSError if the system refuses it.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    PermissionError
        If it must not be sent there, see `find_refusal`.
    """
    if reason := find_refusal(path):
        raise PermissionError(errno.EACCES, reason, str(path))
    if not _is_usable(os.environ.get(_DATA_HOME)):
        # Send2Trash would take an empty value for the folder of the moment; desktops do not.
        os.environ.pop(_DATA_HOME, None)
    from send2trash import send2trash

    send2trash(path)
    sync_folder(path.parent)


class TrashListing:
    """What is in the trashes that can hold the files of a library. Each is read once.

    A trash of macOS or Windows looks empty.
    """

    def __init__(self) -> None:
        self._list_origins = cache(_list_origins)

    def find(self, path: Path, stamp: FileStamp) -> Path | None:
        """Find a file in the trash by the place that it had.

        Parameters
        ----------
        path : Path
            Where it was.
        stamp : FileStamp
            Its state, which the trash keeps.

        Returns
        -------
        Path or None
            Where it is now, the last one that was sent; None when the trash has no such file.
        """
        if not GIVES_BACK:
            return None
        found: list[Path] = []
        for trash, top in _list_trashes(path):
            for place in self._list_origins(trash, top).get(anchor(path), ()):
                with contextlib.suppress(OSError):
                    if read_stamp(place) == stamp:
                        found.append(place)
        return max(found, key=_read_sending_ns, default=None)


def forget_trashed(place: Path) -> None:
    """Remove the note that the trash holds about a file that has left it.

    Parameters
    ----------
    place : Path
        Where the file was in the trash, as `TrashListing.find` gave it.
    """
    remove_file(_find_info(place))


def _find_info(place: Path) -> Path:
    return place.parent.parent / _INFO / f"{place.name}{_INFO_SUFFIX}"


def _read_sending_ns(place: Path) -> int:
    """Read when a file was sent: its note says so to the second, the note's own time exactly."""
    return _find_info(place).stat().st_mtime_ns


def _list_trashes(path: Path) -> list[tuple[Path, Path]]:
    """List the trash folders that can hold a file, each with what its relative paths start from."""
    named = os.environ.get(_DATA_HOME)
    data = Path(named) if named and _is_usable(named) else Path.home() / ".local" / "share"
    folder = path.parent.resolve()
    top = next(parent for parent in (folder, *folder.parents) if parent.is_mount())
    user = os.getuid()
    return [
        (data / "Trash", data),
        (top / ".Trash" / str(user), top),
        (top / f".Trash-{user}", top),
    ]


def _is_usable(data_home: str | None) -> bool:
    """Tell whether a desktop would follow the variable; it passes over what is not absolute [2]_.

    References
    ----------
    .. [2] https://specifications.freedesktop.org/basedir-spec/latest/
    """
    return data_home is not None and Path(data_home).is_absolute()


def _list_origins(trash: Path, top: Path) -> dict[Path, list[Path]]:
    """List the files of a trash by the places that they had."""
    origins: dict[Path, list[Path]] = {}
    for info in sorted((trash / _INFO).glob(f"*{_INFO_SUFFIX}")):
        with contextlib.suppress(OSError):
            for line in info.read_bytes().splitlines():
                if line.startswith(b"Path="):
                    noted = os.fsdecode(unquote_to_bytes(line.removeprefix(b"Path=")))
                    # Relative to the drive, with `..` where the library was reached by a link.
                    origin = Path(os.path.normpath(top / noted))
                    place = trash / _FILES / info.name.removesuffix(_INFO_SUFFIX)
                    origins.setdefault(origin, []).append(place)
                    break
    return origins
