"""JPEG files whose end was never written: a copy or a recovery that broke off left zeros there.

Zeros decode to grey without an error, and Pillow keeps a decoder's warnings to itself; so such a
photo would be judged by what is not in it.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import BinaryIO

# A disk's block: what a copy leaves out is not shorter.
_TAIL_BYTES: Final = 512

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_SCAN: Final = 0xDA


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

    References
    ----------
    .. [1] ITU-T T.81, annex B: markers, and lengths of segments.
    """
    size_bytes = os.fstat(stream.fileno()).st_size
    place = stream.tell()
    stream.seek(max(0, size_bytes - _TAIL_BYTES))
    tail = stream.read(_TAIL_BYTES)
    stream.seek(place)
    if size_bytes < _TAIL_BYTES or tail.strip(b"\0"):
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        scan = _find_scan(content)
        return scan is not None and content.rfind(_END, scan) < 0


def _find_scan(content: mmap.mmap) -> int | None:
    """Find where the pixels of a JPEG begin; None where its segments do not lead there."""
    if content[:2] != _START:
        return None
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == _SCAN:
            return place
        if marker == 0xFF:  # a byte that only fills
            place += 1
            continue
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
