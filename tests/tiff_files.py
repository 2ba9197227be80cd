"""TIFF files written by hand: one picture, described before it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHORT, LONG = 3, 4
STRIP_HEIGHT, TILE_WIDTH = 0x0116, 0x0142
# Where the parts of a picture begin, and how long they are.
STRIPS, TILES = (0x0111, 0x0117), (0x0144, 0x0145)


def make_tiff(
    strips: bytes | Sequence[bytes],
    size: tuple[int, int],
    tags: Mapping[int, tuple[int, ...]],
    *,
    order: str = "<",
) -> bytes:
    """Write a file that ends with its strips, or tiles where the tags tell how wide they are.

    Each strip is as high as the picture where they do not tell.
    """
    strips = [strips] if isinstance(strips, bytes) else strips
    width, height = size
    sizes = tuple(len(strip) for strip in strips)
    places, counts = TILES if TILE_WIDTH in tags else STRIPS
    # Readers of tiles pass over the height of a strip.
    entries = {0x0100: (width,), 0x0101: (height,), STRIP_HEIGHT: (height,), counts: sizes}
    entries |= {places: sizes, **tags}
    table_end = 8 + 2 + 12 * len(entries) + 4
    # The lengths stand in until it is known how long what lies before the strips is.
    first = table_end + len(_describe(entries, order, table_end)[1])
    entries[places] = tuple(first + sum(sizes[:at]) for at in range(len(sizes)))
    table, longer = _describe(entries, order, table_end)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    head = start + struct.pack(order + "H", len(entries)) + table + bytes(4)
    return head + longer + b"".join(strips)


def _describe(entries: Mapping[int, tuple[int, ...]], order: str, at: int) -> tuple[bytes, bytes]:
    """Give the table of tags and the values that are too long for it, which begin at a place."""
    table = longer = b""
    for tag, values in sorted(entries.items()):
        is_place = tag in {*STRIPS, *TILES}
        kind, letter = (LONG, "I") if is_place else (SHORT, "H")
        field = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(field) > 4:
            longer += field
            field = struct.pack(order + "I", at + len(longer) - len(field))
        table += struct.pack(order + "HHI", tag, kind, len(values)) + field.ljust(4, b"\0")
    return table, longer
