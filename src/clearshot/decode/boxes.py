"""The boxes of HEIF and AVIF files, and where their pictures lie [1]_ [2]_.

References
----------
.. [1] ISO/IEC 14496-12, "ISO base media file format", 4.2: boxes; 8.11: `meta`, `iinf`, `iloc`.
.. [2] ISO/IEC 23008-12, "Image file format": pictures, and the tiles of a picture, are items.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# No picture of the size that is read has so many tiles, nor needs so much to describe them.
_MAX_BOXES: Final = 10_000
_MAX_META_BYTES: Final = 4_000_000

# Items that are compressed pictures: HEVC and AV1.
_CODED: Final = frozenset({b"hvc1", b"av01"})

_IN_FILE: Final = 0  # the way in which an item is kept: at a place of the file


class Box(NamedTuple):
    """A box of a file.

    Attributes
    ----------
    kind : bytes
        Its four letters.
    start, end : int
        Where its content lies [bytes]; the end may be beyond that of what holds it.
    """

    kind: bytes
    start: int
    end: int


def walk_boxes(stream: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Walk the boxes between two places of a file.

    Parameters
    ----------
    stream : binary file
        Seekable; it may be moved between two boxes.
    start, end : int
        Where the first box begins, and where the last one ends [bytes].

    Yields
    ------
    Box
        In their order; nothing comes behind what is no box.
    """
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        stream.seek(start)
        head = stream.read(16)
        size, head_size = int.from_bytes(head[:4], "big"), 8
        if size == 1:  # the size follows in 64 bits
            size, head_size = int.from_bytes(head[8:], "big"), 16
        elif size == 0:  # the rest of the file
            size = end - start
        if size < head_size:
            return
        yield Box(head[4:8], start + head_size, start + size)
        start += size


def read_meta(stream: BinaryIO) -> bytes:
    """Read what describes the items of a file.

    Parameters
    ----------
    stream : binary file
        Seekable; left anywhere.

    Returns
    -------
    bytes
        Content of the box `meta`, empty where there is none; at most 4 MB.
    """
    size = stream.seek(0, os.SEEK_END)
    for box in walk_boxes(stream, 0, size):
        if box.kind == b"meta":
            stream.seek(box.start)
            return stream.read(min(box.end - box.start, _MAX_META_BYTES))
    return b""


def find_coded_pictures(stream: BinaryIO) -> list[tuple[int, int]]:
    """Find the compressed pictures of a file; a large one is many, its tiles.

    Parameters
    ----------
    stream : binary file
        Seekable; left anywhere.

    Returns
    -------
    list of tuple of int
        Where each part begins and ends by what the file says [bytes]; none for what is no file of
        boxes.
    """
    content = read_meta(stream)
    meta = BytesIO(content)
    boxes = {box.kind: box for box in walk_boxes(meta, 4, len(content))}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        return []
    coded = {number for number, kind in _read_kinds(meta, boxes[b"iinf"]) if kind in _CODED}
    places = _read_places(meta, boxes[b"iloc"])
    return [(start, start + size) for number, start, size in places if number in coded]


def _read_kinds(meta: BytesIO, box: Box) -> Iterator[tuple[int, bytes]]:
    """Read the number and the kind of each item."""
    meta.seek(box.start)
    is_long = _read_number(meta, 4) >> 24 > 0
    for entry in walk_boxes(meta, box.start + (8 if is_long else 6), box.end):
        meta.seek(entry.start)
        version = _read_number(meta, 4) >> 24
        if version >= 2:  # earlier ones name no kind
            number = _read_number(meta, 2 if version == 2 else 4)
            meta.seek(2, os.SEEK_CUR)  # how it is protected
            yield number, meta.read(4)


def _read_places(meta: BytesIO, box: Box) -> Iterator[tuple[int, int, int]]:
    """Read the number, the place and the length of each part of an item that the file holds."""
    meta.seek(box.start)
    version = _read_number(meta, 4) >> 24
    sizes = _read_number(meta, 2)
    offset_size, length_size, base_size, index_size = (sizes >> at & 15 for at in (12, 8, 4, 0))
    if length_size == 0:  # each part is the whole file
        return
    number_size = 2 if version < 2 else 4
    # A box may claim more than was read.
    end = min(box.end, meta.getbuffer().nbytes)
    for _ in range(_read_number(meta, number_size)):
        if meta.tell() >= end:
            return
        number = _read_number(meta, number_size)
        way = _read_number(meta, 2) & 15 if version > 0 else _IN_FILE
        is_elsewhere = _read_number(meta, 2) > 0 or way != _IN_FILE
        base = _read_number(meta, base_size)
        for _ in range(_read_number(meta, 2)):
            meta.seek(index_size if version > 0 else 0, os.SEEK_CUR)
            start, size = base + _read_number(meta, offset_size), _read_number(meta, length_size)
            if size > 0 and not is_elsewhere:
                yield number, start, size


def _read_number(meta: BytesIO, num_bytes: int) -> int:
    return int.from_bytes(meta.read(num_bytes), "big")
