"""The native score reads known kernels on the pixels of the file, wherever the photo is sharp."""

from __future__ import annotations

import io
from itertools import pairwise
from math import exp2, hypot
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from clearshot import optics
from clearshot.decode.image import CELL_PX, choose_size
from clearshot.photo import BlurKind, FocusScores, Region, SharpAt, covers
from clearshot.scoring.blur import SHARP_SIGMA_PX, classify_blur
from clearshot.scoring.focus import FocusMap, FocusNetwork
from clearshot.scoring.native import CROP_PX, SOFT_OCTAVES, choose_blur, choose_crops
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge
from conftest import draw_scene
from raw_files import write_dng
from scoring.mosaics import draw_mosaic, to_picture
from scoring.records import make_scores

SCORER = Scorer(sharp_at=SharpAt.FULL)

# The network reads known blurs within this factor.
TOLERANCE = 1.4
# A pixel of blur or less is read as up to a third less.
SUBTLE_TOLERANCE = 1.5
# Across a movement it reads more blur than there is, and along it less.
MOVED_TOLERANCE = 1.7


class CountingNetwork(FocusNetwork):
    """Notes the shapes that it measures."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def measure(self, luma_hw: NDArray[np.uint8]) -> FocusMap:
        self.shapes.append(luma_hw.shape)
        return super().measure(luma_hw)


def make_map(width: int, height: int, *, top: int, left: int, side: int) -> FocusMap:
    """Make the map of a photo that is blurred but for a square of cells."""
    cols, rows = (n // CELL_PX for n in choose_size(width, height))
    log2_sigma = np.full((5, rows, cols), 3.0, np.float32)
    log2_sigma[:, top : top + side, left : left + side] = -1.0
    return FocusMap(log2_sigma, np.full((5, rows, cols), 0.2, np.float32))


def score(path: Path, picture: Image.Image) -> FocusScores:
    picture.save(path, quality=95)
    return SCORER.score(path).focus


def read_sigma(path: Path, picture: Image.Image) -> float:
    blur = score(path, picture).native_blur
    assert blur is not None
    return exp2(blur)


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_known_kernels_are_read_in_px_of_the_photo(tmp_path: Path, name: str) -> None:
    light = draw_mosaic(name)
    sigmas = [read_sigma(tmp_path / "sharp.jpg", to_picture(light))]
    assert sigmas[0] < SHARP_SIGMA_PX * 1.1
    for sigma_px in (1.0, 3.0):
        blurred = to_picture(optics.blur(light, optics.draw_gaussian(sigma_px)))
        sigmas.append(read_sigma(tmp_path / f"{sigma_px}.jpg", blurred))
        expected = hypot(sigma_px, SHARP_SIGMA_PX)
        assert expected / TOLERANCE < sigmas[-1] < expected * TOLERANCE
    assert all(sharper < blurrier for sharper, blurrier in pairwise(sigmas))


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_effective_megapixels_fall_with_known_blur(tmp_path: Path, name: str) -> None:
    light = draw_mosaic(name)
    found = []
    for sigma_px in (0.0, 0.5, 1.0, 2.0):
        blurred = optics.blur(light, optics.draw_gaussian(sigma_px)) if sigma_px else light
        path = tmp_path / f"{sigma_px}.jpg"
        to_picture(blurred).save(path, quality=95)
        megapixels = judge(SCORER.score(path)).effective_mp
        assert megapixels is not None
        kept = SHARP_SIGMA_PX**2 / (SHARP_SIGMA_PX**2 + sigma_px**2)
        expected = light.size / 1e6 * kept
        assert expected / SUBTLE_TOLERANCE**2 < megapixels < expected * SUBTLE_TOLERANCE**2
        found.append(megapixels)
    assert found == sorted(found, reverse=True)
    assert found[0] <= light.size / 1e6


@pytest.mark.parametrize("angle_rad", [0.0, np.pi / 4])
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_a_movement_costs_megapixels_along_itself_only(
    tmp_path: Path, name: str, angle_rad: float
) -> None:
    light = draw_mosaic(name)
    sigma_px = 3.0
    blurred = optics.blur(light, optics.draw_line(sigma_px, angle_rad=angle_rad))
    to_picture(blurred).save(tmp_path / "moved.jpg", quality=95)
    megapixels = judge(SCORER.score(tmp_path / "moved.jpg")).effective_mp
    assert megapixels is not None
    # Across the movement the picture is as sharp as before.
    expected = light.size / 1e6 * SHARP_SIGMA_PX / hypot(SHARP_SIGMA_PX, sigma_px)
    assert expected / MOVED_TOLERANCE**2 < megapixels < expected * MOVED_TOLERANCE**2


def test_a_movement_that_only_native_pixels_show_is_motion(tmp_path: Path) -> None:
    light = draw_mosaic("coffee", width=3840, height=1280)
    moved = optics.blur(light, optics.draw_line(1.2, angle_rad=0.0))
    to_picture(moved).save(tmp_path / "moved.jpg", quality=95)
    scores = SCORER.score(tmp_path / "moved.jpg")
    assert classify_blur(scores, SharpAt.SCREEN) is BlurKind.DEFOCUS
    assert classify_blur(scores, SharpAt.FULL) is BlurKind.MOTION


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0])
def test_enlarging_adds_no_megapixels(tmp_path: Path, factor: float) -> None:
    picture = to_picture(draw_mosaic("astronaut", width=768, height=512))
    size = round(picture.width * factor), round(picture.height * factor)
    picture.resize(size, Image.Resampling.BICUBIC).save(tmp_path / "large.jpg", quality=95)
    megapixels = judge(SCORER.score(tmp_path / "large.jpg")).effective_mp
    assert megapixels is not None
    assert megapixels == pytest.approx(768 * 512 / 1e6, rel=TOLERANCE**2 - 1)


def test_noise_does_not_make_a_large_blur_sharp(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    light = optics.blur(draw_mosaic("coffee", width=2048, height=1360), optics.draw_disc(8.0))
    noisy = np.asarray(to_picture(light), np.float32) + rng.normal(0, 6, light.shape)
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    assert read_sigma(tmp_path / "noisy.jpg", picture) > 3.0


def test_the_sharpest_crop_answers(tmp_path: Path) -> None:
    light = draw_mosaic("astronaut", width=1800, height=1400)
    photo = optics.blur(light, optics.draw_disc(5.0))
    photo[900:1400, 300:900] = light[900:1400, 300:900]
    assert read_sigma(tmp_path / "subject.jpg", to_picture(photo)) < SHARP_SIGMA_PX * TOLERANCE


def test_turning_a_photo_changes_nothing(tmp_path: Path) -> None:
    picture = to_picture(draw_mosaic("coffee"))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "upright.png")
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    upright, turned = (SCORER.score(tmp_path / f"{name}.png") for name in ("upright", "turned"))
    assert (upright.width_px, upright.height_px) == (turned.width_px, turned.height_px)
    assert upright.focus.native_blur == pytest.approx(turned.focus.native_blur, abs=0.02)


@pytest.mark.parametrize("width", [640, 800, 1024])
def test_a_small_photo_is_measured_once_and_holds_both_scores(tmp_path: Path, width: int) -> None:
    path = tmp_path / "small.png"
    to_picture(draw_mosaic("coffee", width=width, height=448)).save(path)
    for sharp_at in SharpAt:
        network = CountingNetwork()
        scores = Scorer(network, sharp_at=sharp_at).score(path)
        focus = scores.focus
        assert focus.native_blur is not None
        assert focus.blur == focus.native_blur
        assert focus.native_anisotropy == focus.anisotropy
        assert len(network.shapes) == 1
        assert all(covers(scores.recipe, Scorer(sharp_at=wanted).recipe) for wanted in SharpAt)


def test_native_pixels_are_measured_only_for_who_asks(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    to_picture(draw_mosaic("coffee", width=1800, height=1200)).save(path)
    network, full = CountingNetwork(), CountingNetwork()
    screen_scores = Scorer(network).score(path)
    full_scores = Scorer(full, sharp_at=SharpAt.FULL).score(path)
    assert screen_scores.focus.native_blur is None
    assert len(network.shapes) == 1
    assert full.shapes[1:] == [(CROP_PX, CROP_PX)] * 3
    assert full_scores.focus.blur == screen_scores.focus.blur  # it holds both
    assert covers(full_scores.recipe, screen_scores.recipe)
    assert not covers(screen_scores.recipe, full_scores.recipe)


def test_a_raw_photo_whose_preview_is_damaged_is_measured_as_if_it_had_none(
    tmp_path: Path,
) -> None:
    pytest.importorskip("rawpy")
    rgb = draw_scene(1, width=1280, height=848)
    stream = io.BytesIO()
    Image.fromarray(rgb).resize((1216, 806)).save(stream, "JPEG")
    damaged = stream.getvalue()[: len(stream.getvalue()) // 2]
    first, second = (
        SCORER.score(write_dng(tmp_path / "photo.dng", rgb, preview=preview))
        for preview in (damaged, None)
    )
    assert first == second
    assert first.focus.native_blur is not None


@given(st.integers(1025, 9000), st.integers(300, 9000), st.floats(0, 1), st.floats(0, 1))
def test_crops_lie_in_the_photo(width: int, height: int, x: float, y: float) -> None:
    cols, rows = (n // CELL_PX for n in choose_size(width, height))
    if min(rows, cols) < 4:
        return
    focus_map = make_map(width, height, top=int(y * (rows - 1)), left=int(x * (cols - 1)), side=1)
    crops = [crop.region for crop in choose_crops(focus_map, Region(0, 0, width, height))]
    assert 1 <= len(crops) <= 3
    for crop in crops:
        assert min(crop.x, crop.y) >= 0
        assert crop.x + crop.width <= width
        assert crop.y + crop.height <= height
        assert (crop.width % CELL_PX, crop.height % CELL_PX) == (0, 0)
        assert max(crop.width, crop.height) <= CROP_PX


def test_crops_are_around_the_sharp_cells_and_apart() -> None:
    # 6000 x 4000 px: 64 x 43 cells of 93.75 x 93 px, of which a square of ten is sharp.
    focus_map = make_map(6000, 4000, top=20, left=40, side=10)
    crops = [crop.region for crop in choose_crops(focus_map, Region(0, 0, 6000, 4000))]
    sharp = Region(3750, 1860, 938, 930)
    first = crops[0]
    assert sharp.x - 50 <= first.x <= sharp.x + sharp.width - CROP_PX + 50
    assert sharp.y - 50 <= first.y <= sharp.y + sharp.height - CROP_PX + 50
    assert len(crops) == 3
    for other in crops[1:]:
        apart = max(abs(first.x - other.x), abs(first.y - other.y))
        assert apart > CROP_PX - 94  # at most a cell is shared


def test_the_native_blur_is_eased_and_never_below_that_of_the_screen() -> None:
    for size_px, eased in (((6000, 4000), SOFT_OCTAVES), ((1024, 700), 0.0)):
        scores = make_scores(blur=-1.5, native_blur=1.0, size_px=size_px)
        assert choose_blur(scores, SharpAt.SCREEN) == -1.5
        assert choose_blur(scores, SharpAt.FULL) == 1.0 - eased
    just_larger = make_scores(blur=1.0, native_blur=1.0, size_px=(1025, 700))
    assert choose_blur(just_larger, SharpAt.FULL) == pytest.approx(1.0, abs=0.01)
    assert choose_blur(make_scores(blur=2.0, native_blur=1.0), SharpAt.FULL) == 2.0
