"""Read one damaged file in every way that clearshot reads photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.decode.image import decode, read_crops, read_rgb
from clearshot.decode.metadata import read_facts
from clearshot.errors import PhotoError
from clearshot.photo import Region

if TYPE_CHECKING:
    from pathlib import Path

# Far above every seed, so that damaged sizes are decoded; far below what slows the run down.
MAX_PIXELS = 30_000_000


def read_all(path: Path) -> str:
    """Read a file; gives `scored`, or the kind of the first error. Any other error escapes."""
    read_facts(path)
    try:
        image = decode(path, max_pixels=MAX_PIXELS)
    except PhotoError as error:
        return error.kind
    assert image.luma_hw.ndim == 2
    assert 0 <= (image.sensor_white_share or 0) <= 1
    try:
        read_rgb(path, long_side_px=256, max_pixels=MAX_PIXELS)
        read_crops(path, [Region(0, 0, 64, 64)], max_pixels=MAX_PIXELS)
    except PhotoError as error:
        return f"scored, then {error.kind}"
    return "scored"
