"""Whether two paths lead to the same bytes, the same file or the same name.

Nothing here follows a link, and nothing changes the disk.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
