"""Pixels of a TIFF are read right however they are laid out, or not at all."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from clearshot.decode.color import to_rgb
from clearshot.decode.image import decode
from clearshot.decode.luma import to_luma
from conftest import draw_scene
from tiff_files import make_tiff

if TYPE_CHECKING:
    from pathlib import Path

LUMA = np.asarray(Image.fromarray(draw_scene(4, width=640, height=480)).convert("L"))
SIZE = (640, 480)

BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 0x0102, 0x0103, 0x0106, 0x010A
SAMPLES, PLANES, SAMPLE_FORMAT, SUBSAMPLING = 0x0115, 0x011C, 0x0153, 0x0212
PLAIN, DEFLATE = 1, 8
WHITE_IS_ZERO, GREY, RGB, YCBCR = 0, 1, 2, 6
SIGNED, FLOAT = 2, 3


def check_luma(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert np.abs(decode(path).luma_hw.astype(int) - LUMA).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [PLAIN, DEFLATE])
@pytest.mark.parametrize(("dtype", "white", "kind"), [("f4", 1, FLOAT), ("i4", 2**31 - 1, SIGNED)])
def test_deep_grey_is_the_same_in_both_orders_of_bytes(
    tmp_path: Path, dtype: str, white: int, kind: int, compression: int, order: str
) -> None:
    values = (LUMA / 255 * white).astype(order + dtype).tobytes()
    tags = {BITS: (32,), COMPRESSION: (compression,), PHOTOMETRIC: (GREY,), SAMPLE_FORMAT: (kind,)}
    strip = zlib.compress(values) if compression == DEFLATE else values
    check_luma(tmp_path / "photo.tif", make_tiff(strip, SIZE, tags, order=order))


@pytest.mark.parametrize(
    ("dtype", "photometric"), [("u1", GREY), ("u1", WHITE_IS_ZERO), ("<u2", GREY)]
)
def test_a_single_plane_may_be_called_separate(
    tmp_path: Path, dtype: str, photometric: int
) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    values = (LUMA.astype(dtype) * ((2**bits - 1) // 255)).tobytes()
    if photometric == WHITE_IS_ZERO:
        values = bytes(255 - value for value in values)
    tags = {BITS: (bits,), COMPRESSION: (PLAIN,), PHOTOMETRIC: (photometric,), SAMPLES: (1,)}
    check_luma(tmp_path / "photo.tif", make_tiff(values, SIZE, tags | {PLANES: (2,)}))


def test_grey_that_is_multiplied_by_its_transparency_is_divided_again() -> None:
    # As newer versions of Pillow open such a TIFF.
    alpha = np.full_like(LUMA, 255)
    alpha[:, :300] = 200
    both = Image.merge("LA", (Image.fromarray(LUMA), Image.fromarray(alpha)))
    multiplied = both.convert("La")
    for read in (to_luma(multiplied), to_rgb(multiplied, None).getchannel(0)):
        assert np.abs(np.asarray(read, dtype=int) - LUMA).max() <= 1


@pytest.mark.parametrize("subsampling", [None, (1, 2), (2, 1), (1, 1)])
def test_there_may_be_fewer_values_of_colour_than_pixels(
    tmp_path: Path, subsampling: tuple[int, int] | None
) -> None:
    cols, rows = subsampling or (2, 2)  # as many are meant where nothing is told
    blocks = LUMA.reshape(480 // rows, rows, 640 // cols, cols).swapaxes(1, 2)
    luma = blocks.reshape(-1, rows * cols)
    strip = np.hstack([luma, np.full((len(luma), 2), 128, np.uint8)]).tobytes()
    tags = {BITS: (8, 8, 8), COMPRESSION: (PLAIN,), PHOTOMETRIC: (YCBCR,), SAMPLES: (3,)}
    more = {SUBSAMPLING: subsampling} if subsampling else {}
    check_luma(tmp_path / "photo.tif", make_tiff(strip, SIZE, tags | more))


def test_planes_may_have_their_bits_in_the_other_order(tmp_path: Path) -> None:
    reversed_bits = np.packbits(np.unpackbits(LUMA, bitorder="little")).tobytes()
    tags = {BITS: (8, 8, 8), COMPRESSION: (PLAIN,), PHOTOMETRIC: (RGB,), SAMPLES: (3,)}
    tags |= {PLANES: (2,), FILL_ORDER: (2,)}
    planes = [reversed_bits] * 3
    check_luma(tmp_path / "photo.tif", make_tiff(planes, SIZE, tags))


def test_planes_of_two_photos_are_read_right_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = (LUMA.astype("<u2") * 257).tobytes()
    tags = {BITS: (16, 16, 16), COMPRESSION: (PLAIN,), PHOTOMETRIC: (RGB,), SAMPLES: (3,)}
    paths = [tmp_path / "one.tif", tmp_path / "other.tif"]
    for path in paths:
        path.write_bytes(make_tiff([plane] * 3, SIZE, tags | {PLANES: (2,)}))
    set_up, both, is_one_read = TiffImageFile._setup, Barrier(2, timeout=30), Event()

    def wait_for_the_other(picture: TiffImageFile) -> None:
        # Once more for libtiff: the second to come has its turn when the first is through.
        if picture.tile and both.wait() == 1:
            is_one_read.wait(30)
        set_up(picture)

    def read(path: Path) -> np.ndarray:
        luma = decode(path).luma_hw
        is_one_read.set()
        return luma

    monkeypatch.setattr(TiffImageFile, "_setup", wait_for_the_other)
    with ThreadPoolExecutor(2) as threads:
        for luma in threads.map(read, paths):
            assert np.abs(luma.astype(int) - LUMA).max() <= 1
