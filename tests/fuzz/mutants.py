"""Damaged copies of files, each made from nothing but its number."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

# Numbers at which readers stumble, of one, two and four bytes.
_EDGES = [
    *(struct.pack("B", n) for n in (0, 1, 0x7F, 0x80, 0xFF)),
    *(struct.pack(order + "H", n) for order in "<>" for n in (0, 1, 0x7FFF, 0x8000, 0xFFFF)),
    *(
        struct.pack(order + "I", n)
        for order in "<>"
        for n in (0, 1, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
    ),
]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make_mutant(seeds: Mapping[str, bytes], number: int) -> tuple[str, bytes]:
    """Make a damaged copy; gives the name of the whole file, too."""
    rng = np.random.default_rng((20_261_122, number))
    names = sorted(seeds)
    name = names[number % len(names)]
    content = bytearray(seeds[name])
    # Most damage that matters is near the start, where sizes and offsets are.
    reach = len(content) if rng.random() < 0.5 else min(len(content), 400)
    for _ in range(int(rng.geometric(0.3))):
        _damage(content, reach, rng, seeds, names)
    if rng.random() < 0.2:
        del content[int(rng.integers(0, len(content) + 1)) :]
    if content.startswith(_SIGNATURE) and rng.random() < 0.8:
        content = _mend_checksums(content)
    return name, bytes(content)


def _damage(
    content: bytearray,
    reach: int,
    rng: np.random.Generator,
    seeds: Mapping[str, bytes],
    names: list[str],
) -> None:
    if not content:
        return
    at = int(rng.integers(0, min(reach, len(content))))
    length = int(rng.integers(1, 64))
    match int(rng.integers(0, 7)):
        case 0:
            content[at] ^= 1 << int(rng.integers(0, 8))
        case 1:
            content[at] = int(rng.integers(0, 256))
        case 2 | 3:
            edge = _EDGES[int(rng.integers(0, len(_EDGES)))]
            content[at : at + len(edge)] = edge
        case 4:
            del content[at : at + length]
        case 5:
            content[at:at] = content[at : at + length] * int(rng.integers(1, 8))
        case _:
            other = seeds[names[int(rng.integers(0, len(names)))]]
            start = int(rng.integers(0, len(other)))
            content[at : at + length] = other[start : start + length]


def _mend_checksums(content: bytearray) -> bytearray:
    """Write right checksums, or no reader would look at what is damaged."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(content):
            break
        content[end : end + 4] = zlib.crc32(bytes(content[at + 4 : end])).to_bytes(4, "big")
        at = end + 4
    return content
