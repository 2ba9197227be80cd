"""Shortcuts around Pillow give Pillow's bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from clearshot.decode import reduction
from clearshot.decode.image import choose_size
from clearshot.decode.reduction import average_down, load_luma

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NOISE = np.random.default_rng(0).integers(0, 256, 2200 * 1100, dtype=np.uint8)


def draw_noise(width: int, height: int) -> NDArray[np.uint8]:
    return NOISE[: width * height].reshape(height, width)


def save_colours(path: Path, **options: Any) -> Path:
    rgb = NOISE[: 300 * 200 * 3].reshape(200, 300, 3)
    Image.fromarray(rgb).save(path, quality=90, **options)
    return path


@settings(max_examples=60)
@given(width=st.integers(1025, 2200), height=st.integers(100, 1100))
@pytest.mark.parametrize("is_tall", [False, True])
def test_averages_are_those_of_pillows_box(width: int, height: int, *, is_tall: bool) -> None:
    luma_hw = draw_noise(height, width) if is_tall else draw_noise(width, height)
    size = choose_size(luma_hw.shape[1], luma_hw.shape[0])
    expected = Image.fromarray(luma_hw).resize(size, Image.Resampling.BOX)
    assert np.array_equal(average_down(luma_hw, size), np.asarray(expected))


@pytest.mark.parametrize("size", [(1024, 688), (750, 500), (1500, 1000), (200, 120), (1490, 1001)])
def test_any_size_can_be_asked_for(size: tuple[int, int]) -> None:
    luma_hw = draw_noise(1500, 1000)
    expected = Image.fromarray(luma_hw).resize(size, Image.Resampling.BOX)
    assert np.array_equal(average_down(luma_hw, size), np.asarray(expected))


def test_what_is_averaged_stays_as_it_was() -> None:
    luma_hw = draw_noise(1500, 1000).copy()
    before = luma_hw.copy()
    average_down(luma_hw, (1024, 688))
    assert np.array_equal(luma_hw, before)


@pytest.mark.parametrize("mode", ["L", "RGB", None])
@pytest.mark.parametrize("size", [(300, 200), (100, 60)])
def test_decoded_luma_is_pillows(tmp_path: Path, mode: str | None, size: tuple[int, int]) -> None:
    path = save_colours(tmp_path / "a.jpg")
    with Image.open(path) as ours, Image.open(path) as theirs:
        for picture in (ours, theirs):
            picture.draft(mode, size)
        assert np.array_equal(load_luma(ours), np.asarray(theirs.convert("L")))


def test_formats_without_plain_luma_are_read_too(tmp_path: Path) -> None:
    path = save_colours(tmp_path / "a.png")
    with Image.open(path) as ours, Image.open(path) as theirs:
        assert np.array_equal(load_luma(ours), np.asarray(theirs.convert("L")))


def test_the_curve_of_a_profile_corrects_decoded_luma(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def invert(luma: Image.Image, profile: bytes | None) -> Image.Image:
        return luma if profile is None else luma.point(lambda level: 255 - level)

    monkeypatch.setattr(reduction, "correct_luma", invert)
    read = {}
    for name, profile in (("plain", None), ("profiled", b"a profile")):
        with Image.open(save_colours(tmp_path / f"{name}.jpg", icc_profile=profile)) as picture:
            picture.draft("L", (300, 200))
            read[name] = load_luma(picture)
    assert np.array_equal(read["profiled"], 255 - read["plain"])


def test_a_jpeg_that_ends_early_is_an_error_as_ever(tmp_path: Path) -> None:
    path = save_colours(tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:9000])
    with Image.open(path) as picture:
        picture.draft("L", (300, 200))
        with pytest.raises(OSError, match="truncated"):
            load_luma(picture)
