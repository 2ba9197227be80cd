"""JPEG files whose end was never written: a copy or a recovery that broke off left zeros there.

Zeros decode to grey without an error, and Pillow keeps a decoder's warnings to itself; so such a
photo would be judged by what is not in it.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Final

from clearshot.decode.segments import SCAN, walk_segments

if TYPE_CHECKING:
    from typing import BinaryIO

# A disk's block: what a copy leaves out is not shorter.
_TAIL_BYTES: Final = 512

_END: Final = b"\xff\xd9"


def is_cut_off(stream: BinaryIO) -> bool:
    """Tell whether a JPEG ends in zeros and its own picture has no end.

    A file that is whole may well end in zeros: programs put films and notes behind a picture.

    Parameters
    ----------
    stream : binary file
        An open file of this system, at any place; it is left where it was.

    Returns
    -------
    bool
        False also for what is no JPEG.
    """
    size_bytes = os.fstat(stream.fileno()).st_size
    place = stream.tell()
    stream.seek(max(0, size_bytes - _TAIL_BYTES))
    is_blank = size_bytes >= _TAIL_BYTES and not stream.read(_TAIL_BYTES).strip(b"\0")
    segments = walk_segments(stream) if is_blank else ()
    scan = next((start for marker, start, _ in segments if marker == SCAN), None)
    stream.seek(place)
    if scan is None:
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.rfind(_END, scan) < 0
