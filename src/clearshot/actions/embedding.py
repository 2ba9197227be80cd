"""XMP in JPEG photos exchanged: the old photo or the new one is there, never a part.

A step knows the segments that go and those that come, and SHA-256 of the whole photo before and
after. So the journal needs no photo to take it back: all else is the same in both.
"""

from __future__ import annotations

import errno
import hashlib
import stat
from itertools import accumulate
from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp, remove_file, sync_folder
from clearshot.actions.identity import hash_file
from clearshot.actions.parts import finish_part
from clearshot.actions.writing import choose_times
from clearshot.errors import SidecarError
from clearshot.sidecars.jpeg import HEAD_START, is_xmp_exchange, read_segments

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from clearshot.actions.plan import Step

_CHUNK_BYTES = 1 << 20

_CHANGED = (errno.EBUSY, "changed since planning")

# Not `os.access`, which lets the administrator write everything.
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def find_protection(photo: Path) -> str:
    """Say why a photo may not be replaced by another of its name. Raises OSError if it is gone.

    Parameters
    ----------
    photo : Path
        The photo.

    Returns
    -------
    str
        Empty when it may. Else its owner protects it, or it has other names, which would not
        change with it.
    """
    if is_write_protected(photo):
        return "is write-protected"
    if photo.stat().st_nlink > 1:
        return "has other names by hard link, which would keep the old metadata"
    return ""


def is_write_protected(path: Path) -> bool:
    """Tell whether nobody may write to a file. Raises OSError if it is gone.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        Its owner wants it to stay as it is, whether or not the folder lets it be replaced.
    """
    return not path.stat().st_mode & _WRITABLE


def exchange_xmp(step: Step, part: Path) -> None:
    """Exchange segments of a photo that hold XMP.

    The photo that comes is written beside it, synced, compared by SHA-256, and renamed onto it.

    Parameters
    ----------
    step : Step
        The photo, what is exchanged, and SHA-256 of the photo before and after.
    part : Path
        Name for the new photo in the making, in the photo's folder.

    Raises
    ------
    OSError
        If the photo is not the one that the step says, something else than XMP would change,
        it is write-protected, has other names, or it cannot be written. Nothing has changed then.
    """
    path = step.target
    stamp = read_stamp(path)
    with path.open("rb") as reader:
        if not _has_seam(reader, step):
            raise OSError(*_CHANGED, str(path))
        reader.seek(0)
        _write_part(reader, step, part)
    if hash_file(part).hex() != step.sha256_after:
        raise OSError(errno.EIO, "the copy differs from the plan", str(part))
    if read_stamp(path) != stamp:
        raise OSError(*_CHANGED, str(path))
    if protection := find_protection(path):
        raise OSError(errno.EPERM, protection, str(path))
    part.replace(path)
    sync_folder(path.parent)


def settle_exchange(step: Step, part: Path) -> bool:
    """Tell whether an interrupted `exchange_xmp` took place, and clean up behind it.

    Parameters
    ----------
    step, part : Step, Path
        As `exchange_xmp` got them.

    Returns
    -------
    bool
        As `is_exchanged`.
    """
    remove_file(part)
    return is_exchanged(step)


def is_exchanged(step: Step) -> bool:
    """Tell whether a photo is the one that a step makes. Raises OSError if it cannot be read.

    Parameters
    ----------
    step : Step
        What is exchanged.

    Returns
    -------
    bool
        False also where the photo is gone. One that was changed since is left alone.
    """
    try:
        size_bytes = read_stamp(step.target).size_bytes
    except FileNotFoundError:
        return False
    return size_bytes == step.size_bytes and hash_file(step.target).hex() == step.sha256_after


def _has_seam(reader: BinaryIO, step: Step) -> bool:
    """Tell whether a photo has the segments that go, as whole ones, before its pixels.

    A journal may say anything; so what they are is looked at here too.
    """
    before, after = step.before or b"", step.after or b""
    try:
        segments = read_segments(reader)
    except SidecarError:
        return False
    bounds = set(accumulate(map(len, segments), initial=len(HEAD_START)))
    head = HEAD_START + b"".join(segments)
    is_whole = {step.offset, step.offset + len(before)} <= bounds
    is_there = head[step.offset : step.offset + len(before)] == before
    return is_whole and is_there and is_xmp_exchange(before, after)


def _write_part(reader: BinaryIO, step: Step, part: Path) -> None:
    """Copy a photo with the new segments in place of the old ones.

    Raises
    ------
    OSError
        If the photo is not the one that the step says.
    """
    digest = hashlib.sha256()
    with part.open("xb") as writer:
        head = reader.read(step.offset)
        digest.update(head)
        writer.write(head)
        digest.update(reader.read(len(step.before or b"")))
        writer.write(step.after or b"")
        while chunk := reader.read(_CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    if digest.hexdigest() != step.sha256_before:
        raise OSError(*_CHANGED, str(step.target))
    finish_part(part, step.target, choose_times(step))
