"""A photo is as sharp as its sharpest part, whatever the errors of single cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearshot.decode.image import CELL_PX, choose_size, find_judged_region
from clearshot.photo import Region
from clearshot.scoring.focus import LONGEST, FocusMap
from clearshot.scoring.pooling import estimate_shares, measure_anisotropy, measure_blur, pool

SIDES = st.integers(64, 2500)


def make_map(rows: int, cols: int, *, top: int, left: int, side: int) -> FocusMap:
    """Make the map of a photo that is blurred but for a square of cells."""
    log2_sigma = np.full((5, rows, cols), 3.0, np.float32)
    log2_sigma[:, top : top + side, left : left + side] = -1.0
    deviation = np.full((5, rows, cols), 0.2, np.float32)
    return FocusMap(log2_sigma, deviation)


def find_region(width: int, height: int, *, top: int, left: int, side: int) -> Region:
    cols, rows = (n // CELL_PX for n in choose_size(width, height))
    judged = find_judged_region(width, height)
    return pool(make_map(rows, cols, top=top, left=left, side=side), judged).sharpest


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


def make_noisy_map(log2_sigma: np.ndarray, deviation: float, seed: int = 0) -> FocusMap:
    """Make a map of this blur, shape (h, w), whose cells err by half of the stated variance."""
    rng = np.random.default_rng(seed)
    truth = np.broadcast_to(log2_sigma, (5, *log2_sigma.shape)).astype(np.float32)
    noise = rng.normal(0, deviation * 0.5**0.5, truth.shape).astype(np.float32)
    return FocusMap(truth + noise, np.full_like(truth, deviation))


def test_sharp_cells_give_the_blur_of_the_photo() -> None:
    scores = pool(make_map(30, 30, top=12, left=3, side=8), Region(0, 0, 480, 480))
    assert scores.sigma_px == pytest.approx(0.5, rel=0.15)
    # Eight cells of 16 px from (48, 192) on; the region is six wide and lies among them.
    assert 48 <= scores.sharpest.x <= 80
    assert 192 <= scores.sharpest.y <= 224


def test_a_sharp_subject_makes_a_sharp_photo_a_sharp_cell_does_not() -> None:
    assert measure_blur(make_map(40, 60, top=10, left=10, side=13)) == pytest.approx(-1, abs=0.25)
    assert measure_blur(make_map(40, 60, top=10, left=10, side=2)) == pytest.approx(3, abs=0.25)


def test_blur_along_one_direction_is_enough() -> None:
    log2_sigma = np.full((5, 20, 20), -1.0, np.float32)
    log2_sigma[1] = log2_sigma[LONGEST] = 2.5
    focus_map = FocusMap(log2_sigma, np.full((5, 20, 20), 0.2, np.float32))
    assert measure_blur(focus_map) == pytest.approx(2.5, abs=0.25)


def test_cells_that_tell_nothing_hardly_count() -> None:
    focus_map = make_map(20, 20, top=0, left=0, side=20)
    focus_map.log2_sigma[:, :, 10:] = 1.0  # half of the photo is a flat sky
    focus_map.deviation[:, :, 10:] = 3.0
    assert measure_blur(focus_map) == pytest.approx(-1.0, abs=0.25)


def test_a_photo_that_tells_nothing_is_as_blurred_as_it_was_measured() -> None:
    focus_map = make_noisy_map(np.full((40, 60), 2.4), 0.2)
    assert measure_blur(FocusMap(focus_map.log2_sigma, np.full((5, 40, 60), 8.0))) > 2.0


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
def test_flat_surroundings_make_no_blurred_subject_sharper(share: float) -> None:
    truth = np.full((40, 60), 2.0)
    focus_map = make_noisy_map(truth, 0.3)
    focus_map.deviation[:, round(40 * share) :] = 3.0
    assert measure_blur(focus_map) == pytest.approx(2.0, abs=0.5)


@pytest.mark.parametrize("deviation", [0.3, 0.6])
def test_noise_makes_no_photo_sharper(deviation: float) -> None:
    focus_map = make_noisy_map(np.full((40, 60), 1.5), deviation)
    # The plain quantile of the cells believes the noise.
    believing = max(np.quantile(focus_map.log2_sigma[d], 0.05) for d in range(LONGEST))
    assert believing < 1.5 - deviation
    assert 1.5 - 0.7 * deviation < measure_blur(focus_map) < 1.5 + 0.2 * deviation


def test_a_sharp_subject_stands_out_of_the_noise() -> None:
    truth = np.full((40, 60), 2.0)
    truth[10:24, 20:35] = -1.2  # 9 % of the photo
    assert measure_blur(make_noisy_map(truth, 0.5)) == pytest.approx(-1.2, abs=0.5)


@given(st.floats(0.0, 2.2), st.floats(0.1, 0.6), st.integers(0, 9))
def test_more_blur_in_every_cell_is_more_blur_of_the_photo(
    blur: float, deviation: float, seed: int
) -> None:
    truth = np.full((12, 16), blur)
    truth[3:9, 3:9] -= 1.0
    less = make_noisy_map(truth, deviation, seed)
    more = FocusMap(less.log2_sigma + np.float32(0.3), less.deviation)
    assert measure_blur(more) >= measure_blur(less)


def test_shares_are_those_of_the_photo() -> None:
    truth = np.full((40, 60), -1.0)
    truth[:, 15:] = 2.0
    shares = estimate_shares(make_noisy_map(truth, 0.4))
    assert shares.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-4)
    # Levels 0.2 apart from -2 on: the border between both blurs is at 0.5.
    assert shares[:, :13].sum(axis=1) == pytest.approx(np.full(4, 0.25), abs=0.02)


def test_only_blur_with_a_direction_is_anisotropic() -> None:
    everywhere = make_map(20, 20, top=0, left=0, side=1)
    assert measure_anisotropy(everywhere) == 0.0
    everywhere.log2_sigma[2] -= 1.5
    assert measure_anisotropy(everywhere) == pytest.approx(1.5, abs=1e-5)


def test_cells_that_disagree_on_a_direction_are_not_anisotropic() -> None:
    swirl = make_map(20, 20, top=0, left=0, side=1)
    swirl.log2_sigma[0, :, :10] += 1.5
    swirl.log2_sigma[2, :, 10:] += 1.5
    assert measure_anisotropy(swirl) == pytest.approx(0.0, abs=1e-5)
