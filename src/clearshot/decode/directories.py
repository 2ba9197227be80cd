"""The directories of a TIFF and of the raw files that are made like one [1]_.

References
----------
.. [1] Adobe, "TIFF Revision 6.0", section 2: directories; "TIFF Tech Note 1": their children.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_STARTS: Final = {b"II*\x00": "<", b"MM\x00*": ">"}
_SUB_IFDS: Final = 0x014A
_SHORT: Final = 3
_NUMBERS: Final = frozenset({_SHORT, 4, 13})  # short, long, place of a directory

_MAX_ENTRIES: Final = 512
_MAX_NUMBERS: Final = 256


class Directory(NamedTuple):
    """What describes one picture of a file.

    Attributes
    ----------
    offset : int
        Where it lies [bytes].
    values : dict of int to tuple of int
        By tag, the first 256 numbers of each; none where they are no whole numbers.
    """

    offset: int
    values: dict[int, tuple[int, ...]]


def walk_directories(
    stream: BinaryIO, tags: frozenset[int], *, max_num: int = 16
) -> Iterator[Directory]:
    """Walk the main directories of a file and their children.

    Parameters
    ----------
    stream : binary file
        Seekable; read from its start, it may be moved between two directories.
    tags : frozenset of int
        What is read of each.
    max_num : int
        How many directories are read at most.

    Yields
    ------
    Directory
        The first one, its children, the next one, and so on, without values where nothing can be
        read; none of what is no TIFF of 32 bits.
    """
    stream.seek(0)
    order = _STARTS.get(stream.read(4))
    if order is None:
        return
    offsets = list(_unpack(order, "I", stream.read(4)))
    visited: set[int] = set()
    while offsets and len(visited) < max_num:
        offset = offsets.pop(0)
        if offset == 0 or offset in visited:
            continue
        visited.add(offset)
        values, following = _read_directory(stream, order, offset, tags | {_SUB_IFDS})
        offsets += [*values.get(_SUB_IFDS, ()), *following]
        yield Directory(offset, values)


def _read_directory(
    stream: BinaryIO, order: str, offset: int, tags: frozenset[int]
) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
    """Read the values of a directory that are asked for, and where the next one is."""
    stream.seek(offset)
    (count,) = _unpack(order, "H", stream.read(2)) or (0,)
    count = min(count, _MAX_ENTRIES)
    table = stream.read(12 * count)
    following = _unpack(order, "I", stream.read(4))
    values: dict[int, tuple[int, ...]] = {}
    for at in range(0, len(table) - 11, 12):
        tag, kind, num = struct.unpack_from(order + "HHI", table, at)
        if tag in tags:
            field = table[at + 8 : at + 12]
            is_number = kind in _NUMBERS
            values[tag] = _read_numbers(stream, order, kind, num, field) if is_number else ()
    return values, following


def _read_numbers(
    stream: BinaryIO, order: str, kind: int, num: int, field: bytes
) -> tuple[int, ...]:
    """Read the numbers of an entry, which lie in its last four bytes or where these point."""
    letter, num = "H" if kind == _SHORT else "I", min(num, _MAX_NUMBERS)
    size = num * struct.calcsize(letter)
    if size > len(field):
        stream.seek(struct.unpack(order + "I", field)[0])
        field = stream.read(size)
    return _unpack(order, letter * num, field[:size])


def _unpack(order: str, letters: str, content: bytes) -> tuple[int, ...]:
    """Unpack numbers; none where the file ends before them."""
    try:
        return struct.unpack(order + letters, content)
    except struct.error:
        return ()
