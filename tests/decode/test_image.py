"""Pixels come out upright, at the judged size; every broken file is one clear error."""

from __future__ import annotations

import errno
import os
import struct
import sys
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageFile, ImageOps

from clearshot.decode.image import (
    CELL_PX,
    JUDGED_PX,
    choose_size,
    decode,
    find_judged_region,
    read_rgb,
)
from clearshot.errors import (
    ChangedPhotoError,
    DamagedPhotoError,
    MissingPhotoError,
    OversizedPhotoError,
    PhotoError,
    UndersizedPhotoError,
    UnknownFormatError,
    UnreadablePhotoError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _draw(width: int, height: int) -> NDArray[np.uint8]:
    """Draw a smooth picture in which every corner differs."""
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    red, green, blue = 255 * x + 0 * y, 255 * y + 0 * x, 60 + 100 * x * y
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def _save(path: Path, rgb: NDArray[np.uint8], *, orientation: int = 1) -> Path:
    picture = PillowImage.fromarray(rgb)
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    picture.save(path, quality=95, exif=exif)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_every_orientation_is_upright_as_pillow_has_it(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    path = _save(tmp_path / f"photo{suffix}", _draw(320, 208), orientation=orientation)
    image = decode(path)
    with PillowImage.open(path) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture).convert("L"))
    assert (image.height_px, image.width_px) == expected.shape
    assert image.luma_hw.shape == expected.shape  # multiples of 16: nothing is cropped
    assert np.abs(image.luma_hw.astype(int) - expected).max() <= 2


@pytest.mark.parametrize(
    ("width", "height"),
    [(3000, 2000), (2001, 1003), (2500, 2499), (2499, 2500), (1030, 700), (700, 500)],
)
def test_judged_size_fits_cells_and_keeps_proportions(
    tmp_path: Path, width: int, height: int
) -> None:
    image = decode(_save(tmp_path / "photo.jpg", _draw(width, height)))
    rows, cols = image.luma_hw.shape
    assert rows % CELL_PX == cols % CELL_PX == 0
    assert max(rows, cols) <= JUDGED_PX
    assert cols / rows == pytest.approx(width / height, rel=0.05)
    # The picture fills the frame: no black rim anywhere.
    assert image.luma_hw[-1, -1] > 150
    assert (image.width_px, image.height_px) == (width, height)


def test_a_photo_and_its_large_original_are_judged_on_the_same_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    detail = np.kron(rng.integers(0, 255, (64, 96, 3)), np.ones((32, 32, 1))).astype(np.uint8)
    large = decode(_save(tmp_path / "large.jpg", detail))
    small_rgb = np.asarray(
        PillowImage.fromarray(detail).resize((1024, 688), PillowImage.Resampling.BOX)
    )
    small = decode(_save(tmp_path / "small.png", small_rgb))
    assert large.luma_hw.shape == small.luma_hw.shape
    assert np.abs(large.luma_hw.astype(int) - small.luma_hw).mean() < 3


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("L", ".png"),
        ("1", ".png"),
        ("P", ".png"),
        ("RGBA", ".png"),
        ("CMYK", ".jpg"),
        ("F", ".tif"),
    ],
)
def test_other_modes_give_the_same_luma(tmp_path: Path, mode: str, suffix: str) -> None:
    grey = PillowImage.fromarray(np.full((96, 128, 3), 200, np.uint8))
    path = tmp_path / f"photo{suffix}"
    grey.convert(mode).save(path)
    # The mean, because one bit shows grey by a pattern.
    assert decode(path).luma_hw.mean() == pytest.approx(200, abs=4)
    assert read_rgb(path, long_side_px=64).shape == (48, 64, 3)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 128 * 96).reshape(96, 128).astype(np.uint16)
    PillowImage.fromarray(ramp).save(tmp_path / "deep.png")
    luma = decode(tmp_path / "deep.png").luma_hw
    assert luma[0, 0] == 0
    assert luma[-1, -1] == 255
    assert luma[48, 0] == pytest.approx(128, abs=2)


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        (np.uint16(65535), {0x106: (3, 1)}),
        (np.uint16(65535), {0x106: (3, 0)}),
        (np.uint16(65535), {0x106: (3, 1), 0x102: (5, 16)}),  # 16 as a fraction
        (np.uint16(65535), {0x106: (3, 1), 0x102: (11, 16)}),  # 16 as a float
        (np.uint32(2**32 - 1), {0x106: (3, 1)}),
        (np.float32(1), {0x106: (3, 1), 0x153: (3, 3)}),
        (np.float32(1), {0x106: (3, 0), 0x153: (3, 3)}),
    ],
)
def test_grey_of_many_bits_is_neither_clipped_nor_a_negative(
    tmp_path: Path, values: np.generic, tags: dict[int, tuple[int, int]]
) -> None:
    ramp = np.linspace(0, 1, 128 * 96).reshape(96, 128)
    white_is_zero = tags[0x106] == (3, 0)
    pixels = ((1 - ramp if white_is_zero else ramp) * float(values)).astype(values.dtype)
    path = _write_grey_tiff(tmp_path / "grey.tif", pixels, tags)
    luma = decode(path).luma_hw
    assert np.abs(luma - 255 * ramp).max() <= 1


def _write_grey_tiff(path: Path, pixels: np.ndarray, tags: dict[int, tuple[int, int]]) -> Path:
    """Write a plain TIFF; a tag is its type (3 short, 5 fraction, 11 float) and its value."""
    height, width = pixels.shape
    given = {0x102: (3, 8 * pixels.itemsize), 0x103: (3, 1), 0x115: (3, 1), **tags}
    given |= {0x100: (3, width), 0x101: (3, height), 0x116: (3, height)}
    given |= {0x111: (4, 1000), 0x117: (4, pixels.nbytes)}
    fields, far = b"", b""
    for tag, (kind, value) in sorted(given.items()):
        content = {3: struct.pack("<HH", value, 0), 11: struct.pack("<f", value)}.get(kind)
        if kind == 5:
            content = struct.pack("<I", 900 + len(far))
            far += struct.pack("<II", value, 1)
        fields += struct.pack("<HHI", tag, kind, 1) + (content or struct.pack("<I", value))
    header = b"II*\0" + struct.pack("<IH", 8, len(given)) + fields + bytes(4)
    path.write_bytes(header.ljust(900, b"\0") + far.ljust(100, b"\0") + pixels.tobytes())
    return path


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floats_are_read_on_the_scale_that_they_use(tmp_path: Path, white: float) -> None:
    ramp = np.linspace(0, 0.8 * white, 128 * 96, dtype=np.float32).reshape(96, 128)
    ramp[0, 0] = np.nan
    PillowImage.fromarray(ramp).save(tmp_path / "deep.tif")
    luma = decode(tmp_path / "deep.tif").luma_hw
    assert luma[0, 0] == 0
    assert luma[-1, -1] == pytest.approx(0.8 * 255, abs=1)


@pytest.mark.parametrize("suffix", [".gif", ".bmp", ".jp2", ".tga", ".ppm"])
def test_other_formats_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    PillowImage.fromarray(_draw(128, 128)).save(tmp_path / f"photo{suffix}")
    with pytest.raises(UnknownFormatError, match="not a JPEG, PNG, TIFF, WebP, AVIF, HEIC or raw"):
        decode(tmp_path / f"photo{suffix}")


def test_first_of_several_pictures_in_a_jpeg_is_judged(tmp_path: Path) -> None:
    first, second = (PillowImage.fromarray(_draw(*size)) for size in ((128, 96), (64, 64)))
    first.save(tmp_path / "photo.mpo", save_all=True, append_images=[second])
    image = decode(tmp_path / "photo.mpo")
    assert (image.reader, image.width_px) == ("MPO", 128)


def test_suffix_does_not_matter(tmp_path: Path) -> None:
    png = _save(tmp_path / "really.png", _draw(128, 128))
    assert decode(png.rename(tmp_path / "lies.jpg")).reader == "PNG"


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingPhotoError, match="no such file"):
        decode(tmp_path / "nowhere.jpg")
    with pytest.raises(UnreadablePhotoError, match="cannot be read"):
        decode(tmp_path)


def test_a_photo_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _save(tmp_path / "photo.jpg", _draw(128, 128))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(PillowImage, "open", refuse)
    with pytest.raises(UnreadablePhotoError, match="Permission denied"):
        decode(path)


def test_empty_text_and_truncated_files_name_path_and_cause(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.jpg", tmp_path / "text.jpg"
    empty.touch()
    text.write_text("not a picture")
    whole = _save(tmp_path / "whole.jpg", _draw(600, 400)).read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnknownFormatError, match=r"empty\.jpg: the file is empty"):
        decode(empty)
    with pytest.raises(UnknownFormatError, match="not a JPEG"):
        decode(text)
    with pytest.raises(DamagedPhotoError, match=r"cut\.jpg: its data ends before the picture does"):
        decode(cut)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_a_file_that_ends_in_its_header_is_damaged(tmp_path: Path, suffix: str) -> None:
    path = _save(tmp_path / f"cut{suffix}", _draw(128, 128))
    path.write_bytes(path.read_bytes()[:18])
    with pytest.raises(DamagedPhotoError, match=r"cut\.\w+: "):
        decode(path)


def test_a_jpeg_of_twelve_bits_is_said_to_be_of_a_kind_not_read(tmp_path: Path) -> None:
    path = _save(tmp_path / "deep.jpg", _draw(128, 128))
    content = bytearray(path.read_bytes())
    content[content.index(b"\xff\xc0") + 4] = 12
    path.write_bytes(content)
    with pytest.raises(
        DamagedPhotoError, match=r"begins like a JPEG picture, .* of a kind not read"
    ):
        decode(path)


def test_a_photo_that_promises_too_many_pixels_is_refused(tmp_path: Path) -> None:
    # A PNG header that promises far more pixels than the file holds.
    bomb = _save(tmp_path / "bomb.png", _draw(128, 128))
    content = bytearray(bomb.read_bytes())
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    bomb.write_bytes(content)
    with pytest.raises(OversizedPhotoError, match="pixels"):
        decode(bomb)


def test_a_photo_with_too_few_pixels_says_how_many_it_needs(tmp_path: Path) -> None:
    with pytest.raises(
        UndersizedPhotoError,
        match=r"40 x 40 px is too small to judge \(needed: 64 px on the shorter side\)",
    ):
        decode(_save(tmp_path / "icon.png", _draw(40, 40)))
    with pytest.raises(UndersizedPhotoError, match=r"side once the longer one is \d+ px; it is 1"):
        decode(_save(tmp_path / "ribbon.png", _draw(4000, 70)))


def test_random_damage_never_escapes_as_another_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    seeds = [
        _save(tmp_path / f"seed{suffix}", _draw(128, 96), orientation=6).read_bytes()
        for suffix in (".jpg", ".png", ".tif", ".webp", ".avif")
    ]
    path = tmp_path / "damaged"
    for turn in range(400):
        content = bytearray(seeds[turn % len(seeds)])
        for place in rng.integers(0, len(content), rng.integers(1, 12)):
            content[place] = rng.integers(256)
        path.write_bytes(content[: rng.integers(1, len(content) + 1)])
        with suppress(PhotoError):  # anything else fails the test
            decode(path)


def test_choose_size_never_enlarges() -> None:
    for width, height in ((64, 64), (640, 640), (1024, 683), (6000, 4000), (1000, 9000)):
        cols, rows = choose_size(width, height)
        assert cols <= max(width, CELL_PX)
        assert rows <= max(height, CELL_PX)


@pytest.mark.parametrize(("width", "height"), [(79, 100), (640, 480), (1024, 683), (3001, 2001)])
def test_judged_region_is_what_the_pixels_show(tmp_path: Path, width: int, height: int) -> None:
    path = _save(tmp_path / "photo.png", _draw(width, height))
    region = find_judged_region(width, height)
    whole = PillowImage.open(path).convert("L")
    part = whole.crop(
        (region.x, region.y, region.x + region.width, region.y + region.height)
    )  # beyond the photo it would be black
    luma = decode(path).luma_hw
    expected = part.resize(luma.shape[::-1], PillowImage.Resampling.BOX)
    assert np.abs(luma.astype(int) - np.asarray(expected)).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rim_of_an_odd_width_is_cut_from_the_upright_photo(
    tmp_path: Path, orientation: int
) -> None:
    rgb = np.random.default_rng(5).integers(0, 256, (219, 325, 3), dtype=np.uint8)
    upright = decode(_save(tmp_path / "upright.png", rgb)).luma_hw
    # What a camera stores that was held so: the way back of how viewers turn it.
    back = {6: 8, 8: 6}.get(orientation, orientation)
    way = ImageOps.exif_transpose(_tag(PillowImage.fromarray(rgb), back))
    stored = _save(tmp_path / "stored.png", np.asarray(way), orientation=orientation)
    assert np.array_equal(decode(stored).luma_hw, upright)


def _tag(picture: PillowImage.Image, orientation: int) -> PillowImage.Image:
    picture.getexif()[0x0112] = orientation
    return picture


@pytest.mark.parametrize("size", [(2048, 1360), (4096, 2728), (1360, 2048)])
def test_a_photo_that_a_decoder_brings_to_the_judged_size_is_scaled_whole(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    rgb = _draw(*size)
    lumas = [decode(_save(tmp_path / f"photo{each}", rgb)).luma_hw for each in (".jpg", ".png")]
    assert lumas[0].shape == lumas[1].shape == choose_size(*size)[::-1]
    assert np.abs(lumas[0].astype(int) - lumas[1]).max() <= 3


def test_the_limit_of_pixels_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _save(tmp_path / "photo.png", _draw(400, 300))
    with pytest.raises(OversizedPhotoError, match=r"400 x 300 px is more than 100,000 pixels"):
        decode(path, max_pixels=100_000)
    with pytest.raises(OversizedPhotoError):
        read_rgb(path, long_side_px=64, max_pixels=100_000)
    # Pillow has a limit of its own, which is raised for as long as it is in the way.
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 1000)
    assert decode(path, max_pixels=120_000).width_px == 400
    assert PillowImage.MAX_IMAGE_PIXELS == 1000


def test_a_file_that_changes_while_it_is_read_is_no_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _save(tmp_path / "photo.jpg", _draw(320, 208))
    whole = path.read_bytes()
    load = ImageFile.ImageFile.load

    def change(picture: ImageFile.ImageFile) -> object:
        path.write_bytes(whole + b"more")
        return load(picture)

    monkeypatch.setattr(ImageFile.ImageFile, "load", change)
    with pytest.raises(ChangedPhotoError, match=r"photo\.jpg: the file changed while it was read"):
        decode(path)
    monkeypatch.undo()
    assert decode(path).width_px == 320


@pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
@pytest.mark.parametrize("chunk", [b"zTXt", b"iCCP", b"iTXt"])
def test_bombs_in_the_chunks_of_a_png_are_refused_or_passed_over(
    tmp_path: Path, chunk: bytes
) -> None:
    import resource

    path = _save(tmp_path / "bomb.png", _draw(128, 128))
    bomb = zlib.compress(bytes(200_000_000), 6)
    body = {
        b"zTXt": b"Comment\0\0" + bomb,
        b"iCCP": b"name\0\0" + bomb,
        b"iTXt": b"Comment\0\1\0\0\0" + bomb,
    }[chunk]
    whole = path.read_bytes()
    at = 33  # behind the header
    length, checksum = len(body), zlib.crc32(chunk + body)
    piece = length.to_bytes(4, "big") + chunk + body + checksum.to_bytes(4, "big")
    path.write_bytes(whole[:at] + piece + whole[at:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(DamagedPhotoError):
        decode(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.skipif(sys.platform == "win32", reason="has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(UnreadablePhotoError, match="not a regular file"):
        decode(path)
