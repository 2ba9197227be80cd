"""TIFF files written by hand: one strip, described before it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STRIP_OFFSETS, STRIP_SIZES = 0x0111, 0x0117
SHORT, LONG = 3, 4


def make_tiff(
    strip: bytes, size: tuple[int, int], tags: Mapping[int, tuple[int, ...]], *, order: str = "<"
) -> bytes:
    """Write a file whose description comes first and whose last bytes are those of the strip."""
    width, height = size
    entries = {0x0100: (width,), 0x0101: (height,), 0x0116: (height,), **tags}
    entries |= {STRIP_OFFSETS: (0,), STRIP_SIZES: (len(strip),)}
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    behind = 8 + 2 + 12 * len(entries) + 4
    longer = b"".join(struct.pack(f"{order}{len(v)}H", *v) for v in _sort(entries) if len(v) > 2)
    entries[STRIP_OFFSETS] = (behind + len(longer),)
    table = b""
    for tag, values in sorted(entries.items()):
        is_place = tag in {STRIP_OFFSETS, STRIP_SIZES}
        kind, letter = (LONG, "I") if is_place else (SHORT, "H")
        field = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(field) > 4:
            field, behind = struct.pack(order + "I", behind), behind + len(field)
        table += struct.pack(order + "HHI", tag, kind, len(values)) + field.ljust(4, b"\0")
    return start + struct.pack(order + "H", len(entries)) + table + bytes(4) + longer + strip


def _sort(entries: Mapping[int, tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [values for _, values in sorted(entries.items())]
