"""The sharpest region is where the sharp cells are, and never leaves the photo."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from clearshot.decode.image import CELL_PX, choose_size
from clearshot.photo import Region
from clearshot.scoring.focus import (
    LONGEST,
    FocusMap,
    measure_anisotropy,
    measure_blur,
    pool,
)

SIDES = st.integers(64, 2500)


def make_map(rows: int, cols: int, *, top: int, left: int, side: int) -> FocusMap:
    """Make the map of a photo that is blurred but for a square of cells."""
    log2_sigma = np.full((5, rows, cols), 3.0, np.float32)
    log2_sigma[:, top : top + side, left : left + side] = -1.0
    deviation = np.full((5, rows, cols), 0.2, np.float32)
    return FocusMap(log2_sigma, deviation)


def find_region(width: int, height: int, *, top: int, left: int, side: int) -> Region:
    cols, rows = (n // CELL_PX for n in choose_size(width, height))
    return pool(make_map(rows, cols, top=top, left=left, side=side), width, height).sharpest


@given(SIDES, SIDES, st.floats(0, 1), st.floats(0, 1))
@example(2016, 819, 1.0, 1.0)  # both the top edge and the height end in a half
def test_region_is_inside_the_photo(width: int, height: int, x: float, y: float) -> None:
    cols, rows = (n // CELL_PX for n in choose_size(width, height))
    if min(rows, cols) < 1:
        return
    top, left = int(y * (rows - 1)), int(x * (cols - 1))
    region = find_region(width, height, top=top, left=left, side=1)
    assert min(region.x, region.y) >= 0
    assert min(region.width, region.height) >= 1
    assert region.x + region.width <= width
    assert region.y + region.height <= height


def test_region_of_a_cropped_photo_begins_behind_its_rim() -> None:
    # 510 x 510 px: 31 cells of 16 px, and 7 px left out before them.
    assert find_region(510, 510, top=0, left=0, side=6) == Region(7, 7, 96, 96)
    assert find_region(510, 510, top=25, left=10, side=6) == Region(167, 407, 96, 96)


def test_region_of_a_large_photo_is_scaled() -> None:
    # 2048 x 2048 px: 64 cells of 32 px; the window has 13.
    assert find_region(2048, 2048, top=51, left=20, side=13) == Region(640, 1632, 416, 416)


def test_sharp_cells_give_the_blur_of_the_photo() -> None:
    scores = pool(make_map(30, 30, top=12, left=3, side=8), 480, 480)
    assert scores.sigma_px == 0.5
    # Eight cells of 16 px from (48, 192) on; the region is six wide and lies among them.
    assert 48 <= scores.sharpest.x <= 80
    assert 192 <= scores.sharpest.y <= 224


def test_a_sharp_subject_makes_a_sharp_photo_a_sharp_cell_does_not() -> None:
    assert measure_blur(make_map(40, 60, top=10, left=10, side=12)) == -1.0
    assert measure_blur(make_map(40, 60, top=10, left=10, side=2)) == 3.0


def test_blur_along_one_direction_is_enough() -> None:
    log2_sigma = np.full((5, 20, 20), -1.0, np.float32)
    log2_sigma[1] = log2_sigma[LONGEST] = 2.5
    assert measure_blur(FocusMap(log2_sigma, np.full((5, 20, 20), 0.2, np.float32))) == 2.5


def test_cells_that_tell_nothing_do_not_count() -> None:
    focus_map = make_map(20, 20, top=0, left=0, side=20)
    focus_map.log2_sigma[:, :, 10:] = 4.0  # half of the photo is a flat sky
    focus_map.deviation[:, :, 10:] = 1.5
    assert measure_blur(focus_map) == -1.0


def test_only_blur_with_a_direction_is_anisotropic() -> None:
    everywhere = make_map(20, 20, top=0, left=0, side=1)
    assert measure_anisotropy(everywhere) == 0.0
    everywhere.log2_sigma[2] -= 1.5
    assert measure_anisotropy(everywhere) == 1.5
