from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.square import read_square
from clearshot.errors import DamagedPhotoError, MissingPhotoError


@pytest.fixture
def quarters(tmp_path: Path) -> Path:
    """A photo of 400 x 240 px, stored turned, whose upright quarters are of four colours."""
    upright = np.zeros((240, 400, 3), np.uint8)
    upright[:120, 200:] = (255, 0, 0)
    upright[120:, :200] = (0, 255, 0)
    upright[120:, 200:] = (0, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(path, exif=exif)
    return path


@pytest.mark.parametrize("side_px", [8, 32, 192])
def test_whole_upright_photo_is_in_the_square(quarters: Path, side_px: int) -> None:
    square = read_square(quarters, side_px)
    assert square.shape == (side_px, side_px, 3)
    assert square.dtype == np.uint8
    low, high = side_px // 4, 3 * side_px // 4
    assert square[low, low].tolist() == [0, 0, 0]
    assert square[low, high].tolist() == [255, 0, 0]
    assert square[high, low].tolist() == [0, 255, 0]
    assert square[high, high].tolist() == [0, 0, 255]


def test_pixels_are_means_over_areas(tmp_path: Path) -> None:
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::2] = 200
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    assert np.abs(read_square(tmp_path / "stripes.png", 32).astype(int) - 100).max() <= 1


def test_a_photo_that_is_enlarged_gets_no_blocks(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 255, 64)[None, :, None], 64, 0).repeat(3, 2).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    steps = np.diff(read_square(tmp_path / "ramp.png", 192)[96, :, 0].astype(int))
    assert steps.max() <= 2


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPhotoError):
        read_square(tmp_path / "missing.jpg", 32)
    Image.new("RGB", (200, 200)).save(tmp_path / "cut.jpg")
    content = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedPhotoError):
        read_square(tmp_path / "cut.jpg", 32)
    with pytest.raises(ValueError, match="side_px must be at least 1"):
        read_square(tmp_path / "cut.jpg", 0)
