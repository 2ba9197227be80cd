"""Pictures whose end was never written: a copy or a recovery that broke off left zeros or nothing.

Zeros decode to grey or green without an error, tiles that are missing are painted over, and readers
keep a decoder's warnings to themselves; so such a photo would be judged by what is not in it.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Final

from clearshot.decode.boxes import find_coded_pictures
from clearshot.decode.segments import SCAN, walk_segments

if TYPE_CHECKING:
    from typing import BinaryIO

# A disk's block: what a copy leaves out is not shorter. No compressed picture has so many zeros.
_TAIL_BYTES: Final = 512

_JPEG_START: Final = b"\xff\xd8"
_JPEG_END: Final = b"\xff\xd9"
_BOXES_START: Final = b"ftyp"  # behind a length


def is_cut_off(stream: BinaryIO) -> bool:
    """Tell whether the picture of a file has no end.

    A file that is whole may well end in zeros: programs put films and notes behind a picture. A
    JPEG that is just shorter is left to its reader, which complains.

    Parameters
    ----------
    stream : binary file
        An open file of this system, at any place; it is left where it was.

    Returns
    -------
    bool
        Whether a JPEG ends in zeros before its own picture ends, or whether a picture of a HEIF or
        AVIF file ends in zeros or beyond the file. False for other formats.
    """
    place = stream.tell()
    stream.seek(0)
    head = stream.read(8)
    if head.startswith(_JPEG_START):
        is_lost = _is_jpeg_cut_off(stream)
    elif head.endswith(_BOXES_START):
        parts = find_coded_pictures(stream)
        is_lost = any(_lacks_end(stream, start, end) for start, end in parts)
    else:
        is_lost = False
    stream.seek(place)
    return is_lost


def _is_jpeg_cut_off(stream: BinaryIO) -> bool:
    size_bytes = _measure(stream)
    if size_bytes < _TAIL_BYTES or not _lacks_end(stream, 0, size_bytes):
        return False
    segments = walk_segments(stream)
    scan = next((start for marker, start, _ in segments if marker == SCAN), None)
    if scan is None:
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.rfind(_JPEG_END, scan) < 0


def _lacks_end(stream: BinaryIO, start: int, end: int) -> bool:
    """Tell whether a part of a file ends in a block of zeros, or beyond the file."""
    if end > _measure(stream):
        return True
    tail_start = max(start, end - _TAIL_BYTES)
    stream.seek(tail_start)
    return not stream.read(end - tail_start).strip(b"\0")


def _measure(stream: BinaryIO) -> int:
    return os.fstat(stream.fileno()).st_size
