"""A TIFF of which the rest is zeros is damaged, and one that is black is not."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.image import decode
from clearshot.errors import DamagedPhotoError
from conftest import draw_scene
from tiff_files import make_tiff

if TYPE_CHECKING:
    from pathlib import Path

LUMA = np.asarray(Image.fromarray(draw_scene(4, width=640, height=480)).convert("L"))
SIZE = (640, 480)

BITS, COMPRESSION, PHOTOMETRIC = 0x0102, 0x0103, 0x0106
STRIP_HEIGHT, TILE_WIDTH, TILE_HEIGHT = 0x0116, 0x0142, 0x0143
JPEG, DEFLATE, OLD_DEFLATE = 7, 8, 32946
GREY = 1


@pytest.mark.parametrize("compression", [JPEG, DEFLATE])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_strip_of_which_the_rest_is_zeros_is_damaged(
    tmp_path: Path, compression: int, share: float
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(LUMA).save(buffer, "JPEG", quality=100)
    strip = buffer.getvalue() if compression == JPEG else zlib.compress(LUMA.tobytes())
    tags = {BITS: (8,), COMPRESSION: (compression,), PHOTOMETRIC: (GREY,)}
    whole, path = make_tiff(strip, SIZE, tags), tmp_path / "photo.tif"
    path.write_bytes(whole + bytes(2000))
    assert decode(path).width_px == SIZE[0]
    kept = int(share * len(whole))
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    with pytest.raises(DamagedPhotoError, match="its end is missing or zeros"):
        decode(path)


@pytest.mark.parametrize("compression", [DEFLATE, OLD_DEFLATE])
@pytest.mark.parametrize(
    "layout", [{STRIP_HEIGHT: (120,)}, {TILE_WIDTH: (320,), TILE_HEIGHT: (240,)}]
)
def test_the_last_of_several_parts_tells(
    tmp_path: Path, layout: dict[int, tuple[int, ...]], compression: int
) -> None:
    if TILE_WIDTH in layout:
        parts = [LUMA[y : y + 240, x : x + 320] for y in (0, 240) for x in (0, 320)]
    else:
        parts = [LUMA[y : y + 120] for y in range(0, 480, 120)]
    tags = {BITS: (8,), COMPRESSION: (compression,), PHOTOMETRIC: (GREY,), **layout}
    whole = make_tiff([zlib.compress(part.tobytes()) for part in parts], SIZE, tags)
    path = tmp_path / "photo.tif"
    path.write_bytes(whole)
    assert np.abs(decode(path).luma_hw.astype(int) - LUMA).max() <= 1
    path.write_bytes(whole[:-1000] + bytes(1000))
    with pytest.raises(DamagedPhotoError, match="its end is missing or zeros"):
        decode(path)


def test_a_night_is_no_damage(tmp_path: Path) -> None:
    black = np.zeros((6000, 640), np.uint8)
    black[:480] = LUMA
    tags = {BITS: (8,), COMPRESSION: (DEFLATE,), PHOTOMETRIC: (GREY,)}
    path = tmp_path / "photo.tif"
    path.write_bytes(make_tiff(zlib.compress(black.tobytes()), (640, 6000), tags))
    assert decode(path).height_px == 6000
