"""Whatever is turned upright ends where the pixels of its picture do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.orientation import (
    find_stored,
    turn_luma,
    turn_picture,
    turn_point,
    turn_size,
)
from clearshot.photo import Region

STORED_HW = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7)
STORED = Image.fromarray(STORED_HW)
# 0 and 9 are no orientations; broken files have them.
ORIENTATIONS = range(10)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_luma_is_turned_as_pillow_turns_pictures(orientation: int) -> None:
    turned = turn_luma(STORED_HW, orientation)
    assert np.array_equal(turned, np.asarray(turn_picture(STORED, orientation)))
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_size_is_that_of_the_turned_picture(orientation: int) -> None:
    turned = turn_picture(STORED, orientation)
    assert turn_size(STORED.size, orientation) == turned.size
    assert turn_size(turned.size, orientation) == STORED.size


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_point_stays_on_its_pixel(orientation: int) -> None:
    turned_hw = turn_luma(STORED_HW, orientation)
    rows, cols = turned_hw.shape
    for (row, col), level in np.ndenumerate(STORED_HW):
        x, y = turn_point((col + 0.5) / 7, (row + 0.5) / 5, orientation)
        assert turned_hw[int(y * rows), int(x * cols)] == level


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_region_of_the_upright_picture_is_stored_where_its_pixels_are(orientation: int) -> None:
    upright_hw = turn_luma(STORED_HW, orientation)
    region = Region(1, 0, 3, 2)
    size = turn_size(STORED.size, orientation)
    crop = turn_picture(STORED.crop(find_stored(region, size, orientation)), orientation)
    assert np.array_equal(np.asarray(crop), upright_hw[0:2, 1:4])
