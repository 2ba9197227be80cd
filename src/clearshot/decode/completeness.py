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
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"IEND"
_BOXES_START: Final = b"ftyp"  # behind a length


def is_cut_off(stream: BinaryIO, ending: tuple[int, int] | None = None) -> bool:
    """Tell whether the picture of a file has no end.

    A file that is whole may well end in zeros: programs put films and notes behind a picture. A
    picture that is just shorter is left to its reader, which complains.

    Parameters
    ----------
    stream : binary file
        An open file of this system, at any place; it is left where it was.
    ending : tuple of int or None
        Where the last part of a picture begins and ends [bytes], if that never ends in zeros; see
        `clearshot.decode.tiff.find_ending`.

    Returns
    -------
    bool
        Whether a JPEG or a PNG ends in zeros before its own picture ends, whether a picture of a
        HEIF or AVIF file ends in zeros or beyond the file, or whether `ending` ends in zeros. False
        for other formats.
    """
    place = stream.tell()
    stream.seek(0)
    head = stream.read(8)
    if head.startswith(_JPEG_START):
        is_lost = _is_end_zero(stream) and _is_jpeg_cut_off(stream)
    elif head == _PNG_START:
        is_lost = _is_end_zero(stream) and _is_png_cut_off(stream)
    elif head.endswith(_BOXES_START):
        size_bytes = _measure(stream)
        is_lost = any(
            end > size_bytes or _ends_in_zeros(stream, start, end)
            for start, end in find_coded_pictures(stream)
        )
    else:
        is_lost = ending is not None and _ends_in_zeros(stream, *ending)
    stream.seek(place)
    return is_lost


def _is_jpeg_cut_off(stream: BinaryIO) -> bool:
    segments = walk_segments(stream)
    scan = next((start for marker, start, _ in segments if marker == SCAN), None)
    if scan is None:
        return False
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.rfind(_JPEG_END, scan) < 0


def _is_png_cut_off(stream: BinaryIO) -> bool:
    stream.seek(len(_PNG_START))
    while True:
        head = stream.read(8)
        size_bytes, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == _PNG_END:
            return False
        if not kind.strip(b"\0"):
            return True
        stream.seek(size_bytes + 4, os.SEEK_CUR)  # the sum of a chunk comes behind it


def _is_end_zero(stream: BinaryIO) -> bool:
    size_bytes = _measure(stream)
    return size_bytes >= _TAIL_BYTES and _ends_in_zeros(stream, 0, size_bytes)


def _ends_in_zeros(stream: BinaryIO, start: int, end: int) -> bool:
    """Tell whether the last block of a part of a file is nothing but zeros; it has to be there."""
    tail_start = max(start, end - _TAIL_BYTES)
    stream.seek(tail_start)
    tail = stream.read(end - tail_start)
    return bool(tail) and not tail.strip(b"\0")


def _measure(stream: BinaryIO) -> int:
    return os.fstat(stream.fileno()).st_size
