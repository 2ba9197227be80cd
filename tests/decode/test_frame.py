"""A frame around a photo is no part of it: nothing of it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from clearshot.decode.frame import find_inside
from clearshot.decode.image import decode, find_judged_region
from clearshot.photo import SharpAt
from clearshot.scoring.scorer import Scorer
from conftest import draw_scene

if TYPE_CHECKING:
    from pathlib import Path

# Left, top, right, bottom as shares of the photo's width.
FRAMES = {
    "all around": (0.04, 0.04, 0.04, 0.04),
    "above and below": (0.0, 0.12, 0.0, 0.12),
    "left and right": (0.2, 0.0, 0.2, 0.0),
    "instant film": (0.07, 0.07, 0.07, 0.25),
}


def frame(photo: Image.Image, name: str, color: str) -> tuple[Image.Image, tuple[int, ...]]:
    """Put a frame around a photo; tell where the photo is: left, top, right, bottom."""
    left, top, right, bottom = (round(share * photo.width) for share in FRAMES[name])
    framed = ImageOps.expand(photo, (left, top, right, bottom), color)
    return framed, (left, top, left + photo.width, top + photo.height)


def blur(rgb: np.ndarray, sigma_px: float) -> Image.Image:
    return Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(sigma_px))


@pytest.mark.parametrize(
    ("color", "suffix", "width", "orientation"),
    [("white", ".jpg", 640, 6), ("black", ".png", 700, 1), ("#808890", ".jpg", 1100, 1)],
)
@pytest.mark.parametrize("name", FRAMES)
def test_what_is_judged_lies_in_the_frame_and_is_nearly_all_of_the_photo(
    tmp_path: Path, name: str, color: str, width: int, suffix: str, orientation: int
) -> None:
    photo = Image.fromarray(draw_scene(3, width=width, height=round(0.7 * width)))
    framed, box = frame(photo, name, color)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = framed.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else framed
    path = tmp_path / f"photo{suffix}"
    stored.save(path, quality=90, exif=exif)
    image = decode(path)
    judged = image.judged
    assert judged.x >= box[0]
    assert judged.y >= box[1]
    assert judged.x + judged.width <= box[2]
    assert judged.y + judged.height <= box[3]
    assert judged.width * judged.height >= 0.8 * photo.width * photo.height
    assert all(side % 16 == 0 for side in image.luma_hw.shape)


@pytest.mark.parametrize("sharp_at", SharpAt)
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_makes_no_blurred_photo_sharp(tmp_path: Path, name: str, sharp_at: SharpAt) -> None:
    photo = blur(draw_scene(5, width=1100, height=800), 6.0)
    framed, box = frame(photo, name, "white")
    scores = []
    for each in (photo, framed):
        each.save(tmp_path / "photo.png")
        scores.append(Scorer(sharp_at=sharp_at).score(tmp_path / "photo.png").focus)
    plain, inside = scores
    assert inside.blur == pytest.approx(plain.blur, abs=0.7)  # the photo is smaller inside
    assert inside.blur > 0.5
    assert inside.native_blur == pytest.approx(plain.native_blur, abs=0.3)
    assert inside.sharpest.x >= box[0]
    assert inside.sharpest.y >= box[1]


def test_the_scores_of_a_framed_photo_tell_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    for width in (250, 1100):
        photo = Image.fromarray(draw_scene(3, width=width, height=round(0.7 * width)))
        photo.save(path)
        assert Scorer().score(path).inside is None
        frame(photo, "all around", "white")[0].save(path)
        assert Scorer().score(path).inside == decode(path).judged


def test_the_light_of_a_frame_is_not_that_of_the_photo(tmp_path: Path) -> None:
    photo = Image.fromarray(draw_scene(5, width=1100, height=800))
    photo.save(tmp_path / "photo.png")
    plain = Scorer().score(tmp_path / "photo.png").exposure
    for color in ("white", "black"):
        frame(photo, "all around", color)[0].save(tmp_path / "photo.png")
        framed = Scorer().score(tmp_path / "photo.png").exposure
        assert framed.median_stops == pytest.approx(plain.median_stops, abs=0.1)
        assert framed.white_share == pytest.approx(plain.white_share, abs=0.01)
        assert framed.black_share == pytest.approx(plain.black_share, abs=0.01)


def make_noise(height: int = 320, width: int = 480) -> np.ndarray:
    return np.random.default_rng(2).integers(90, 160, (height, width), dtype=np.uint8)


@pytest.mark.parametrize("level", [0, 255])
def test_what_no_program_drew_is_no_frame(level: int) -> None:
    everything = slice(0, 320), slice(0, 480)
    photos = {key: make_noise() for key in ("rim", "one side", "night", "vignette", "even")}
    photos["rim"][:2] = photos["rim"][-2:] = level
    photos["one side"][:90] = level
    # A sky and a ground of one grey behind hills: no line.
    hills = 60 + 40 * np.sin(np.arange(480) / 30)
    rows = np.arange(320)[:, None]
    photos["night"][(rows < hills) | (rows > 319 - hills)] = level
    y, x = np.mgrid[-1:1:320j, -1:1:480j]
    photos["vignette"][np.hypot(x, y) > 0.9] = level
    photos["even"][:] = level
    photos["flag"] = np.repeat(np.array([73, 255, 67], np.uint8), [107, 106, 107])[:, None]
    photos["flag"] = np.tile(photos["flag"], 480)
    for key, luma_hw in photos.items():
        assert find_inside(luma_hw) == everything, key


def test_a_photo_that_is_tiny_in_its_frame_is_judged_with_it(tmp_path: Path) -> None:
    photo = Image.fromarray(draw_scene(1, width=70, height=70))
    ImageOps.expand(photo, 200, "white").save(tmp_path / "photo.png")
    image = decode(tmp_path / "photo.png")
    assert image.judged == find_judged_region(image.width_px, image.height_px)


@pytest.mark.parametrize("levels_per_px", [0.1, 0.5, 1.0, 1.4, 2.0, 5.0])
def test_a_smooth_gradient_is_no_frame(levels_per_px: float) -> None:
    """The backdrop of a studio, and much that is drawn."""
    levels = np.minimum(np.arange(480) * levels_per_px, 255).astype(np.uint8)
    tent = np.minimum(levels, levels[::-1])
    for luma_hw in (
        np.tile(levels, (320, 1)),
        np.tile(tent, (320, 1)),
        np.tile(tent[:, None], 320),
    ):
        height, width = luma_hw.shape
        assert find_inside(luma_hw) == (slice(0, height), slice(0, width))
