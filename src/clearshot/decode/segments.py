"""The segments of a JPEG before its pixels [1]_.

References
----------
.. [1] ITU-T T.81, annex B: markers, and lengths of segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SCAN: Final = 0xDA
APP1: Final = 0xE1

_START: Final = b"\xff\xd8"
_END: Final = b"\xd9"


def walk_segments(stream: Any) -> Iterator[tuple[int, int, int]]:
    """Walk the segments from the start of a file to its first scan.

    Parameters
    ----------
    stream : binary file, or what reads, seeks and tells like one
        Read from its start; it may be moved between two segments.

    Yields
    ------
    tuple of int
        The marker's second byte, where the content begins, and its length [bytes]. The first scan
        is the last; nothing comes of what is no JPEG, nor behind what is no segment.
    """
    stream.seek(0)
    if stream.read(2) != _START:
        return
    while stream.read(1) == b"\xff":
        mark = stream.read(1)
        while mark == b"\xff":  # bytes that only fill
            mark = stream.read(1)
        length = int.from_bytes(stream.read(2), "big") - 2
        if mark in {b"", _END} or length < 0:
            return
        place = stream.tell()
        yield mark[0], place, length
        if mark[0] == SCAN:
            return
        stream.seek(place + length)
