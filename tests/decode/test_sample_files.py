"""Public sample files of other projects, whole and broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from clearshot.decode.image import decode, read_rgb

FORMATS = Path(__file__).resolve().parents[2] / "benchmarks" / "formats.py"
SAMPLES = [f"{shape}_{number}" for shape in ("Landscape", "Portrait") for number in range(9)]

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize("name", SAMPLES)
def test_orientation_samples_are_upright_as_pillow_has_them(real_photos: Path, name: str) -> None:
    path = real_photos / "formats" / "exif_orientation" / f"{name}.jpg"
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        expected = np.asarray(upright.convert("RGB"))
    rgb = read_rgb(path, long_side_px=max(expected.shape))
    assert np.array_equal(rgb, expected)
    image = decode(path)
    assert (image.width_px, image.height_px) == upright.size
    assert (image.width_px > image.height_px) == name.startswith("Landscape")
    reduced = upright.convert("L").resize(image.luma_hw.shape[::-1], Image.Resampling.BOX)
    assert np.abs(image.luma_hw.astype(int) - np.asarray(reduced)).mean() < 2


@pytest.mark.parametrize("folder", ["broken", "sharp_fixtures", "pillow_heif", "photoprism", "raw"])
def test_every_file_ends_in_pixels_or_a_typed_error(real_photos: Path, folder: str) -> None:
    for library in ("rawpy", "pillow_heif"):
        pytest.importorskip(library)
    command = [sys.executable, str(FORMATS), str(real_photos / "formats" / folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result = json.loads(done.stdout.splitlines()[-1])
    assert done.stderr == ""
    assert set(result["ends"]) <= {"read", "damaged", "format", "undersized", "oversized"}
    assert result["files"] == sum(result["ends"].values()) > 0
    assert result["slowest_s"] < 10
    assert result["peak_mb"] < 500
