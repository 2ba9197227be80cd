"""A TIFF is judged by its photo, wherever that lies in the file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageOps

from clearshot.decode.image import decode, read_crops
from clearshot.errors import UnknownFormatError
from clearshot.photo import Region
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge
from conftest import draw_scene

if TYPE_CHECKING:
    from pathlib import Path

PHOTO = Image.fromarray(draw_scene(4, width=640, height=480))
THUMBNAIL = Image.new("RGB", (160, 120), "white")

SUBFILE_TYPE, COMPRESSION, ORIENTATION, SUB_IFDS = 0x00FE, 0x0103, 0x0112, 0x014A
COMPUTER = 0x013C  # writers refuse to name children: this takes their place until it is replaced
XMP = 0x02BC
REDUCED, MASK = 1, 4

TURNING_XMP = b'<rdf:Description tiff:Orientation="6"/>'


def write(
    path: Path,
    *,
    kinds: tuple[int, int] = (REDUCED, 0),
    is_child: bool = False,
    compression: str = "raw",
    orientations: tuple[int, int | None] = (1, 1),
    xmp: bytes = b"",
) -> Path:
    """Write a thumbnail and the photo, which is the next picture or a child of the first."""
    tags = {SUBFILE_TYPE: 0, ORIENTATION: 1, COMPUTER: "abc"} | ({XMP: xmp} if xmp else {})
    both = [THUMBNAIL, PHOTO]
    both[0].save(
        path, save_all=True, append_images=both[1:], compression=compression, tiffinfo=tags
    )
    content = bytearray(path.read_bytes())
    assert content[:4] == b"II*\0"
    first = int.from_bytes(content[4:8], "little")
    link = find_link(content, first)
    (second,) = struct.unpack_from("<I", content, link)
    for directory, kind, orientation in zip((first, second), kinds, orientations, strict=True):
        set_value(content, directory, SUBFILE_TYPE, kind)
        tag = ORIENTATION + (orientation is None)  # no reader knows the next one
        set_value(content, directory, ORIENTATION, orientation or 0, new_tag=tag)
    if is_child:
        set_value(content, first, COMPUTER, second, new_tag=SUB_IFDS)
        struct.pack_into("<I", content, link, 0)
    path.write_bytes(content)
    return path


def find_link(content: bytearray, directory: int) -> int:
    num_fields = int.from_bytes(content[directory : directory + 2], "little")
    return directory + 2 + 12 * num_fields


def set_value(
    content: bytearray, directory: int, tag: int, value: int, *, new_tag: int | None = None
) -> None:
    for at in range(directory + 2, find_link(content, directory), 12):
        if struct.unpack_from("<H", content, at) == (tag,):
            struct.pack_into("<HHII", content, at, tag if new_tag is None else new_tag, 4, 1, value)
            return
    raise AssertionError(f"no tag {tag}")


def luma_of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), dtype=int)


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("is_child", [False, True])
def test_a_thumbnail_before_the_photo_is_passed_over(
    tmp_path: Path, is_child: bool, compression: str
) -> None:
    path = write(tmp_path / "photo.tif", is_child=is_child, compression=compression)
    image = decode(path)
    assert (image.width_px, image.height_px) == PHOTO.size
    assert np.abs(image.luma_hw - luma_of(PHOTO)).max() <= 1
    (crop,) = read_crops(path, [Region(64, 32, 128, 96)])
    assert np.array_equal(crop, image.luma_hw[32:128, 64:192])


@pytest.mark.parametrize(("of_thumbnail", "of_photo"), [(6, 6), (6, None), (1, 6)])
def test_the_photo_is_turned_as_it_says_or_as_its_thumbnail_does(
    tmp_path: Path, of_thumbnail: int, of_photo: int | None
) -> None:
    path = write(tmp_path / "photo.tif", is_child=True, orientations=(of_thumbnail, of_photo))
    upright = PHOTO.copy()
    upright.getexif()[ORIENTATION] = 6
    expected = luma_of(ImageOps.exif_transpose(upright))
    image = decode(path)
    assert (image.height_px, image.width_px) == expected.shape
    assert np.abs(image.luma_hw - expected).max() <= 1


@pytest.mark.parametrize("is_child", [None, False, True])
@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
def test_a_photo_that_only_its_xmp_turns_is_turned_in_all_that_is_told(
    tmp_path: Path, is_child: bool | None, compression: str
) -> None:
    path = tmp_path / "photo.tif"
    if is_child is None:
        PHOTO.save(path, compression=compression, tiffinfo={XMP: TURNING_XMP})
    else:
        write(
            path,
            is_child=is_child,
            compression=compression,
            orientations=(8, None),
            xmp=TURNING_XMP,
        )
    upright = PHOTO.transpose(Image.Transpose.ROTATE_270)
    upright.save(tmp_path / "upright.png")
    image = decode(path)
    assert (image.width_px, image.height_px) == upright.size
    assert np.array_equal(image.luma_hw, luma_of(upright))
    (crop,) = read_crops(path, [Region(64, 32, 128, 96)])
    assert np.array_equal(crop, image.luma_hw[32:128, 64:192])
    region, expected = (
        judge(Scorer().score(each)).sharpest_region for each in (path, tmp_path / "upright.png")
    )
    assert region == expected


@pytest.mark.parametrize("kinds", [(0, 0), (0, REDUCED), (2, 2), (REDUCED, REDUCED | MASK)])
def test_a_first_picture_that_is_no_thumbnail_of_another_is_the_photo(
    tmp_path: Path, kinds: tuple[int, int]
) -> None:
    assert decode(write(tmp_path / "photo.tif", kinds=kinds)).width_px == THUMBNAIL.width


def test_a_photo_that_is_not_read_is_not_judged_by_its_thumbnail(tmp_path: Path) -> None:
    path = write(tmp_path / "photo.tif")
    content = bytearray(path.read_bytes())
    (second,) = struct.unpack_from("<I", content, find_link(content, 8))
    set_value(content, second, COMPRESSION, 50002)  # JPEG XL
    path.write_bytes(content)
    with pytest.raises(UnknownFormatError, match=r"photo\.tif: its first picture is a thumbnail"):
        decode(path)
    tags = {SUBFILE_TYPE: REDUCED}
    THUMBNAIL.save(path, save_all=True, append_images=[PHOTO], big_tiff=True, tiffinfo=tags)
    with pytest.raises(UnknownFormatError, match="its first picture is a thumbnail"):
        decode(path)


@pytest.mark.parametrize("is_child", [False, True])
@pytest.mark.parametrize("with_zeros", [False, True])
def test_a_photo_that_was_cut_off_is_not_judged_by_its_thumbnail(
    tmp_path: Path, with_zeros: bool, is_child: bool
) -> None:
    path = write(tmp_path / "photo.tif", is_child=is_child)
    content = path.read_bytes()
    sub_ifds = struct.pack("<HHI", SUB_IFDS, 4, 1)
    at = content.index(sub_ifds) + 8 if is_child else find_link(bytearray(content), 8)
    (second,) = struct.unpack_from("<I", content, at)
    path.write_bytes(content[:second] + bytes(len(content) - second if with_zeros else 0))
    with pytest.raises(UnknownFormatError, match="its first picture is a thumbnail"):
        decode(path)


@pytest.mark.parametrize("is_big", [False, True])
def test_the_only_picture_of_a_file_is_the_photo_whatever_it_is_called(
    tmp_path: Path, is_big: bool
) -> None:
    path = tmp_path / "photo.tif"
    PHOTO.save(path, big_tiff=is_big, tiffinfo={SUBFILE_TYPE: REDUCED})
    assert decode(path).width_px == PHOTO.width


@pytest.mark.parametrize("next_picture", [2, 4])
def test_a_link_to_what_is_no_picture_leads_to_no_photo(tmp_path: Path, next_picture: int) -> None:
    path = tmp_path / "photo.tif"
    PHOTO.save(path, tiffinfo={SUBFILE_TYPE: REDUCED})
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, find_link(content, 8), next_picture)
    path.write_bytes(content)
    assert decode(path).width_px == PHOTO.width


@pytest.mark.parametrize(("num_thumbnails", "is_found"), [(40, True), (300, False)])
def test_a_photo_behind_many_thumbnails_is_found_or_missed_aloud(
    tmp_path: Path, num_thumbnails: int, is_found: bool
) -> None:
    path = tmp_path / "photo.tif"
    small = THUMBNAIL.resize((16, 16))
    more = [small] * (num_thumbnails - 1)
    tags = {SUBFILE_TYPE: REDUCED}
    THUMBNAIL.save(path, save_all=True, append_images=[*more, PHOTO], tiffinfo=tags)
    content = bytearray(path.read_bytes())
    directory = 8
    while following := struct.unpack_from("<I", content, find_link(content, directory))[0]:
        directory = following
    set_value(content, directory, SUBFILE_TYPE, 0)
    path.write_bytes(content)
    if is_found:
        assert decode(path).width_px == PHOTO.width
    else:
        with pytest.raises(UnknownFormatError, match="its first picture is a thumbnail"):
            decode(path)
