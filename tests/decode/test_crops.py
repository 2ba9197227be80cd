"""Crops are the pixels of the file, upright, whatever the orientation and the format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps

from clearshot.decode.image import CELL_PX, fit_region, read_crops
from clearshot.errors import DamagedPhotoError, MissingPhotoError, UnknownFormatError
from clearshot.photo import Region

REGIONS = (Region(16, 32, 64, 48), Region(180, 100, 96, 80))

# Decodes crops of one photo and prints the memory that it took at most [kB], counted from the start
# of the program; getrusage() would count that of the tests, too.
PROGRAM = """
import re, sys
from pathlib import Path
from clearshot.decode.image import read_crops
from clearshot.photo import Region

crops = read_crops(Path(sys.argv[1]), [Region(4000, 2000, 512, 512)] * 3)
assert [crop.shape for crop in crops] == [(512, 512)] * 3
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def draw(width: int, height: int) -> NDArray[np.uint8]:
    """Draw a smooth picture in which every place differs."""
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    planes = [255 * x + 0 * y, 255 * y + 0 * x, 60 + 100 * x * y]
    return np.stack(planes, axis=-1).astype(np.uint8)


def save(path: Path, rgb: NDArray[np.uint8], *, orientation: int = 1) -> Path:
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    PillowImage.fromarray(rgb).save(path, quality=95, exif=exif)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_crops_are_parts_of_the_upright_photo(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    size = (320, 208) if orientation < 5 else (208, 320)
    path = save(tmp_path / f"photo{suffix}", draw(*size), orientation=orientation)
    with PillowImage.open(path) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture).convert("L"), dtype=int)
    assert upright.shape == (208, 320)
    for region, crop in zip(REGIONS, read_crops(path, REGIONS), strict=True):
        expected = upright[region.y : region.y + region.height, region.x : region.x + region.width]
        assert crop.shape == expected.shape
        assert crop.dtype == np.uint8
        assert np.abs(crop - expected).max() <= 2


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16", "CMYK", "1"])
def test_every_mode_becomes_luma(tmp_path: Path, mode: str) -> None:
    grey = np.asarray(PillowImage.fromarray(draw(320, 208)).convert("L"))
    if mode == "I;16":
        picture = PillowImage.fromarray(grey.astype(np.uint16) * 257)
    else:
        picture = PillowImage.fromarray(grey).convert("RGB").convert(mode)
    picture.save(tmp_path / "photo.tif")
    [crop] = read_crops(tmp_path / "photo.tif", [Region(32, 64, 128, 96)])
    expected = grey[64:160, 32:160].astype(int)
    assert np.abs(crop.mean() - expected.mean()) < 4
    if mode not in {"1", "P"}:  # these two are dithered
        assert np.abs(crop - expected).max() <= 8


@given(
    st.tuples(st.integers(-900, 900), st.integers(-900, 900), st.integers(0, 900)),
    st.integers(16, 700),
    st.integers(16, 700),
)
def test_regions_fit_into_the_photo(place: tuple[int, int, int], width: int, height: int) -> None:
    x, y, side = place
    region = fit_region(Region(x, y, side, side), width, height)
    assert min(region.x, region.y) >= 0
    assert region.x + region.width <= width
    assert region.y + region.height <= height
    assert region.width % CELL_PX == region.height % CELL_PX == 0
    assert CELL_PX <= region.width <= max(CELL_PX, side)


def test_a_region_that_fits_stays() -> None:
    assert fit_region(Region(3, 5, 64, 32), 320, 208) == Region(3, 5, 64, 32)


def test_errors_name_path_and_cause(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.jpg", draw(600, 400)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("not a picture")
    for name, kind in (
        ("cut.jpg", DamagedPhotoError),
        ("text.jpg", UnknownFormatError),
        ("missing.jpg", MissingPhotoError),
    ):
        with pytest.raises(kind, match=name):
            read_crops(tmp_path / name, REGIONS)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_jpeg_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    PillowImage.new("RGB", (8256, 5504), (90, 120, 150)).save(path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 300_000
