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
JPEG, DEFLATE = 7, 8
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


def test_a_night_is_no_damage(tmp_path: Path) -> None:
    black = np.zeros((6000, 640), np.uint8)
    black[:480] = LUMA
    tags = {BITS: (8,), COMPRESSION: (DEFLATE,), PHOTOMETRIC: (GREY,)}
    path = tmp_path / "photo.tif"
    path.write_bytes(make_tiff(zlib.compress(black.tobytes()), (640, 6000), tags))
    assert decode(path).height_px == 6000
