"""A single directory of a TIFF, read entry by entry: that of an EXIF block or of a maker's note.

TIFF calls it an image file directory [1]_. In a maker's note its offsets may count from any place,
so that it is told where it begins; `directories` walks those that a file links by itself.

References
----------
.. [1] Adobe, "TIFF Revision 6.0", section 2: image file directories.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_MAX_ENTRIES: Final = 512
# Mirrorless cameras of Canon keep room for 1,053 areas: 4,352 numbers.
_MAX_NUMBERS: Final = 8192
# By type of a TIFF entry, as it is unpacked, and its size [bytes].
_LETTERS: Final = {1: "B", 3: "H", 4: "I", 5: "II", 7: "B", 8: "h"}
_SIZES: Final = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


@dataclass(frozen=True, slots=True)
class Ifd:
    """A table of TIFF entries that lies anywhere in a file.

    Attributes
    ----------
    stream : binary file
        The file.
    base : int
        Where its offsets count from [bytes].
    order : str
        `<` or `>`, as in `struct`.
    offset : int
        Where it begins, from `base` [bytes].
    """

    stream: BinaryIO
    base: int
    order: str
    offset: int

    def read(self, tag: int) -> tuple[int, ...]:
        """Read the numbers of an entry.

        Parameters
        ----------
        tag : int
            Its tag.

        Returns
        -------
        tuple of int
            Of a fraction numerator and denominator; empty where there is no such entry.
        """
        found = self.find(tag)
        if found is None or found[0] not in _LETTERS:
            return ()
        kind, count, place = found
        letters = self.order + _LETTERS[kind] * min(count, _MAX_NUMBERS)
        self.stream.seek(place)
        content = self.stream.read(struct.calcsize(letters))
        return struct.unpack(letters, content)

    def find(self, tag: int) -> tuple[int, int, int] | None:
        """Find an entry.

        Parameters
        ----------
        tag : int
            Its tag.

        Returns
        -------
        tuple of int or None
            Its type, its number of values, and where in the file they are [bytes].
        """
        entries = self._walk_entries()
        return next((entry[1:4] for entry in entries if entry[0] == tag), None)

    def measure_gap(self) -> int | None:
        """Measure how far behind the entries the first of the values lies that are not in them.

        Returns
        -------
        int or None
            In bytes, negative before their end; None where all values are in the entries.
        """
        entries = list(self._walk_entries())
        end = self.base + self.offset + 2 + 12 * len(entries)
        return min((place - end for *_, place, is_apart in entries if is_apart), default=None)

    def _walk_entries(self) -> Iterator[tuple[int, int, int, int, bool]]:
        """Walk the entries: tag, type, number of values, their place, and whether it is apart."""
        self.stream.seek(self.base + self.offset)
        (count,) = struct.unpack(self.order + "H", self.stream.read(2))
        table_at = self.base + self.offset + 2
        table = self.stream.read(12 * min(count, _MAX_ENTRIES))
        for at in range(0, len(table) - 11, 12):
            tag, kind, num, value = struct.unpack_from(self.order + "HHII", table, at)
            is_apart = num * _SIZES.get(kind, 1) > 4
            yield tag, kind, num, self.base + value if is_apart else table_at + at + 8, is_apart
