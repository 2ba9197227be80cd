"""The sharpest region lies in the part of a photo that is sharp, in upright pixels of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clearshot import optics
from clearshot.photo import Region
from clearshot.scoring.scorer import Scorer
from scoring.mosaics import draw_mosaic, to_picture

# Middle of the sharp part, as shares of the width and the height, and its side, a share of both.
PLACES = [(0.25, 0.3), (0.5, 0.5), (0.74, 0.72)]
SIDE = 0.36


def blur_around(light: NDArray[np.float32], part: Region) -> NDArray[np.float32]:
    """Blur all but one part."""
    photo = optics.blur(light, optics.draw_disc(5.0))
    inside = (slice(part.y, part.y + part.height), slice(part.x, part.x + part.width))
    photo[inside] = light[inside]
    return photo


def find_part(size: tuple[int, int], place: tuple[float, float]) -> Region:
    width, height = (round(SIDE * n) for n in size)
    x, y = (round(middle * n - SIDE * n / 2) for middle, n in zip(place, size, strict=True))
    return Region(x, y, width, height)


def share_inside(region: Region, part: Region) -> float:
    """Give the share of a region that lies in a part."""
    width = min(region.x + region.width, part.x + part.width) - max(region.x, part.x)
    height = min(region.y + region.height, part.y + part.height) - max(region.y, part.y)
    return max(0, width) * max(0, height) / (region.width * region.height)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(1280, 848), (848, 1280)])
def test_region_lies_in_the_sharp_part(
    tmp_path: Path, size: tuple[int, int], orientation: int, place: tuple[float, float]
) -> None:
    part = find_part(size, place)
    light = draw_mosaic("astronaut", width=size[0], height=size[1])
    upright = to_picture(blur_around(light, part))
    exif = Image.Exif()
    exif[0x0112] = orientation
    # A camera that was held upright stores the picture lying; orientation 6 turns it back.
    stored = upright.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else upright
    stored.save(tmp_path / "photo.jpg", quality=95, exif=exif)

    scores = Scorer().score(tmp_path / "photo.jpg")

    assert (scores.width_px, scores.height_px) == size
    assert share_inside(scores.focus.sharpest, part) >= 0.9
