"""Raw files: the embedded picture where it is large enough, else developed sensor values."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageOps

from clearshot.decode.image import decode, read_crops, read_rgb
from clearshot.errors import (
    DamagedPhotoError,
    MissingReaderError,
    OversizedPhotoError,
    PhotoError,
    UnknownFormatError,
)
from clearshot.photo import Region
from conftest import draw_scene
from raw_files import write_dng

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytest.importorskip("rawpy")

WIDTH, HEIGHT = 2112, 1408


@pytest.fixture(scope="module")
def scene() -> NDArray[np.uint8]:
    """A scene that is dark on the left, so that every turn shows."""
    rgb = np.kron(draw_scene(3, width=WIDTH // 8, height=HEIGHT // 8), np.ones((8, 8, 1)))
    shade = np.linspace(0.3, 1, WIDTH)[:, None] * np.linspace(0.6, 1, HEIGHT)[:, None, None]
    return (rgb * shade).astype(np.uint8)


def shrink(rgb: NDArray[np.uint8], width: int) -> Image.Image:
    return Image.fromarray(rgb).resize((width, round(width * HEIGHT / WIDTH)), Image.Resampling.BOX)


def expected_luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(rgb).convert("L").resize((1024, 688), Image.Resampling.BOX))


@pytest.mark.parametrize(
    ("preview_px", "reader"),
    [(WIDTH, "RAW preview"), (1056, "RAW preview"), (600, "RAW"), (0, "RAW")],
)
def test_the_preview_is_judged_where_it_is_large_enough(
    tmp_path: Path, scene: NDArray[np.uint8], preview_px: int, reader: str
) -> None:
    preview = shrink(scene, preview_px) if preview_px else None
    image = decode(write_dng(tmp_path / "photo.dng", scene, preview=preview))
    assert (image.reader, image.width_px, image.height_px) == (reader, WIDTH, HEIGHT)
    difference = np.abs(image.luma_hw.astype(int) - expected_luma(scene))
    assert difference.mean() < 3  # developed without brightening, or as in the preview


def see_upright(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    picture = Image.fromarray(stored)
    picture.getexif()[0x0112] = orientation
    return np.asarray(ImageOps.exif_transpose(picture))


@pytest.mark.parametrize("preview_px", [1056, 0])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_come_upright(
    tmp_path: Path, scene: NDArray[np.uint8], preview_px: int, orientation: int
) -> None:
    preview = shrink(scene, preview_px) if preview_px else None
    path = write_dng(tmp_path / "photo.dng", scene, preview=preview, orientation=orientation)
    image = decode(path)
    upright = see_upright(expected_luma(scene), orientation)
    assert image.luma_hw.shape == upright.shape
    assert np.abs(image.luma_hw.astype(int) - upright).mean() < 4
    assert (image.width_px > image.height_px) == (orientation < 5)


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_square_preview_lies_as_a_nearly_square_sensor_does(
    tmp_path: Path, scene: NDArray[np.uint8], orientation: int
) -> None:
    stored = scene[:, : HEIGHT + 16]
    preview = Image.fromarray(stored).resize((1056, 1056))
    path = write_dng(tmp_path / "photo.dng", stored, preview=preview, orientation=orientation)
    image = decode(path)
    assert (image.reader, image.width_px, image.height_px) == ("RAW preview", HEIGHT, HEIGHT + 16)
    upright = Image.fromarray(see_upright(stored, orientation)).convert("L")
    expected = upright.resize(image.luma_hw.shape[::-1], Image.Resampling.BOX)
    assert np.abs(image.luma_hw.astype(int) - np.asarray(expected)).mean() < 4


def test_a_preview_that_the_camera_turned_is_not_turned_again(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    upright = shrink(scene, 1056).transpose(Image.Transpose.ROTATE_270)
    image = decode(write_dng(tmp_path / "photo.dng", scene, preview=upright, orientation=6))
    assert (image.reader, image.width_px, image.height_px) == ("RAW preview", HEIGHT, WIDTH)
    assert np.abs(image.luma_hw.astype(int) - np.rot90(expected_luma(scene), 3)).mean() < 4


@pytest.mark.parametrize("preview_px", [1056, 0])
def test_pixels_that_are_not_square_make_no_squeezed_photo(
    tmp_path: Path, scene: NDArray[np.uint8], preview_px: int
) -> None:
    preview = shrink(scene, preview_px) if preview_px else None
    flat = scene[::2]
    image = decode(write_dng(tmp_path / "photo.dng", flat, preview=preview, scale=(1, 2)))
    assert image.reader == ("RAW preview" if preview_px else "RAW")
    assert (image.width_px, image.height_px) == (WIDTH, HEIGHT)
    assert np.abs(image.luma_hw.astype(int) - expected_luma(scene)).mean() < 6


def test_without_its_preview_a_photo_has_the_size_of_the_sensor(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    path = write_dng(tmp_path / "photo.dng", scene, preview=shrink(scene, 2048))
    assert decode(path).width_px == 2048
    image = decode(path, with_preview=False)
    assert (image.reader, image.width_px, image.height_px) == ("RAW", WIDTH, HEIGHT)


def test_a_preview_of_other_proportions_is_not_used(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    square = Image.fromarray(scene[:, :HEIGHT])
    assert decode(write_dng(tmp_path / "photo.dng", scene, preview=square)).reader == "RAW"


def test_a_preview_with_more_pixels_than_the_sensor_is_not_used(tmp_path: Path) -> None:
    rgb = np.full((704, 1056, 3), 90, np.uint8)
    preview = Image.new("L", (10560, 7040))
    path = write_dng(tmp_path / "photo.dng", rgb, preview=preview.convert("RGB"))
    assert decode(path).reader == "RAW"


def test_crops_and_colour_come_at_the_size_of_the_photo(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    region = Region(640, 320, 512, 512)
    part = Image.fromarray(scene).convert("L").crop((640, 320, 640 + 512, 320 + 512))
    for preview_px in (WIDTH, 1056):
        preview = shrink(scene, preview_px)
        path = write_dng(tmp_path / f"{preview_px}.dng", scene, preview=preview)
        (crop,) = read_crops(path, [region])
        assert np.abs(crop.astype(int) - np.asarray(part)).mean() < 4
        assert read_rgb(path, long_side_px=WIDTH).shape == scene.shape
        assert read_rgb(path, long_side_px=500).shape == (333, 500, 3)


def test_the_sensor_tells_whether_light_was_lost(tmp_path: Path, scene: NDArray[np.uint8]) -> None:
    white = Image.new("RGB", (1056, 704), "white")
    held = decode(write_dng(tmp_path / "held.dng", scene, preview=white, exposure=0.5))
    lost = decode(write_dng(tmp_path / "lost.dng", scene, preview=white, exposure=100.0))
    asked = decode(write_dng(tmp_path / "dim.dng", scene // 2, preview=shrink(scene // 2, 1056)))
    developed = decode(write_dng(tmp_path / "plain.dng", scene, exposure=0.5))
    assert held.luma_hw.min() >= 250
    assert held.sensor_white_share == developed.sensor_white_share == 0
    assert lost.sensor_white_share is not None
    assert lost.sensor_white_share > 0.6
    assert asked.sensor_white_share is None  # a preview without white: nothing to ask


def test_the_suffix_does_not_matter(tmp_path: Path, scene: NDArray[np.uint8]) -> None:
    path = write_dng(tmp_path / "really-raw.jpg", scene, preview=shrink(scene, 1056))
    assert decode(path).reader == "RAW preview"


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_a_raw_photo_whose_name_is_no_text_is_read(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    path = write_dng(tmp_path / "caf\udce9.dng", scene)
    assert decode(path).reader == "RAW"


def test_without_rawpy_the_error_names_the_extra(
    tmp_path: Path, scene: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingReaderError, match=r"photo\.dng: .*pip install 'clearshot\[raw\]'"):
        decode(write_dng(tmp_path / "photo.dng", scene))


def test_too_many_pixels_are_refused_before_they_are_decoded(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    path = write_dng(tmp_path / "photo.dng", scene)
    with pytest.raises(OversizedPhotoError, match=r"2112 x 1408 px is more than 2,000,000 pixels"):
        decode(path, max_pixels=2_000_000)
    write_dng(path, scene, scale=(1, 2))
    with pytest.raises(OversizedPhotoError, match=r"2112 x 2816 px is more than 3,000,000 pixels"):
        decode(path, max_pixels=3_000_000)


def test_damage_is_a_photo_error(tmp_path: Path, scene: NDArray[np.uint8]) -> None:
    whole = write_dng(tmp_path / "whole.dng", scene).read_bytes()
    path = tmp_path / "cut.dng"
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(DamagedPhotoError, match=r"cut\.dng: LibRaw"):
        decode(path)
    path.write_bytes(whole[:300])
    with pytest.raises(PhotoError):
        decode(path)
    path.write_bytes(b"FUJIFILMCCD-RAW" + bytes(4000))
    with pytest.raises((UnknownFormatError, DamagedPhotoError)):
        decode(path)


def test_a_photo_that_is_cut_behind_its_preview_is_judged_by_it(
    tmp_path: Path, scene: NDArray[np.uint8]
) -> None:
    path = write_dng(tmp_path / "cut.dng", scene, preview=Image.new("RGB", (1056, 704), "white"))
    path.write_bytes(path.read_bytes()[:20_000])
    image = decode(path)
    assert (image.reader, image.sensor_white_share) == ("RAW preview", None)
    with pytest.raises(DamagedPhotoError):
        read_crops(path, [Region(0, 0, 512, 512)])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_photo_whose_preview_ends_in_zeros_is_developed(
    tmp_path: Path, scene: NDArray[np.uint8], share: float
) -> None:
    buffer = io.BytesIO()
    shrink(scene, 1056).save(buffer, "JPEG", quality=95)
    whole = buffer.getvalue()
    path, kept = tmp_path / "photo.dng", int(share * len(whole))
    for preview, reader in (
        (whole + bytes(2000), "RAW preview"),
        (whole[:kept] + bytes(len(whole) - kept), "RAW"),
    ):
        image = decode(write_dng(path, scene, preview=preview))
        assert image.reader == reader
        assert np.abs(image.luma_hw.astype(int) - expected_luma(scene)).mean() < 3
