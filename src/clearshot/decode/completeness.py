"""Pictures whose end was never written: a copy or a recovery that broke off left zeros or nothing.

Zeros decode to grey or green without an error, tiles that are missing are painted over, and readers
keep a decoder's warnings to themselves; so such a photo would be judged by what is not in it.
"""

from __future__ import annotations

import mmap
import os
from io import BytesIO
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
    size_bytes = os.fstat(stream.fileno()).st_size
    if head.startswith((_JPEG_START, _PNG_START)):
        is_lost = False
        if _ends_in_zeros(stream, 0, size_bytes):
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                is_lost = _is_jpeg_cut_off(stream, content) or _is_png_cut_off(content)
    elif head.endswith(_BOXES_START):
        is_lost = any(
            end > size_bytes or _ends_in_zeros(stream, start, end)
            for start, end in find_coded_pictures(stream)
        )
    else:
        is_lost = ending is not None and _ends_in_zeros(stream, *ending)
    stream.seek(place)
    return is_lost


def is_preview_cut_off(content: bytes) -> bool:
    """Tell whether a JPEG within a file ends in zeros before its own picture does.

    Parameters
    ----------
    content : bytes
        All of it, with what may lie behind its picture.

    Returns
    -------
    bool
        False also for what has no picture at all.
    """
    with BytesIO(content) as stream:
        is_end_zero = _ends_in_zeros(stream, 0, len(content))
        return is_end_zero and _is_jpeg_cut_off(stream, content)


def _is_jpeg_cut_off(stream: BinaryIO, content: bytes | mmap.mmap) -> bool:
    """Tell whether a JPEG that ends in zeros does so before its own picture ends."""
    segments = walk_segments(stream)
    scan = next((start for marker, start, _ in segments if marker == SCAN), None)
    return scan is not None and content.rfind(_JPEG_END, scan) < 0


def _is_png_cut_off(content: mmap.mmap) -> bool:
    """Tell whether a PNG that ends in zeros does so before its last chunk."""
    at, kind = len(_PNG_START), content[: len(_PNG_START)]
    if kind != _PNG_START:
        return False
    while kind.strip(b"\0") and kind != _PNG_END:
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        at += 12 + length  # a sum comes behind each
    return kind != _PNG_END


def _ends_in_zeros(stream: BinaryIO, start: int, end: int) -> bool:
    """Tell whether the last block of a part of a file is nothing but zeros; it has to be there."""
    tail_start = max(start, end - _TAIL_BYTES)
    stream.seek(tail_start)
    tail = stream.read(end - tail_start)
    return bool(tail) and not tail.strip(b"\0")
