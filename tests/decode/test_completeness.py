"""A photo whose end is zeros or missing is none; one with zeros behind its end is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.completeness import is_cut_off
from clearshot.decode.image import decode
from clearshot.errors import DamagedPhotoError
from heif_files import make_heif
from jpegs import draw_jpeg

if TYPE_CHECKING:
    from pathlib import Path


NOISE = bytes(range(1, 256)) * 8

# As phones write them: tiles first, or what describes the photo. Programs pad that with zeros.
TILED = [(b"hvc1", NOISE), (b"hvc1", NOISE), (b"Exif", b"Exif" + bytes(2000))]


def _is_cut_off(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    with path.open("rb") as stream:
        return is_cut_off(stream)


def _draw(*, with_thumbnail: bool = False) -> bytes:
    picture = Image.effect_noise((320, 240), 60)
    exif = Image.Exif()
    if with_thumbnail:
        small = io.BytesIO()
        picture.resize((64, 48)).save(small, "JPEG")
        exif[0x927C] = small.getvalue()  # a JPEG with an end of its own, before the pixels
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("with_thumbnail", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_photo_of_which_the_rest_is_zeros_is_damaged(
    tmp_path: Path, share: float, with_thumbnail: bool
) -> None:
    whole = _draw(with_thumbnail=with_thumbnail)
    kept = int(share * len(whole))
    path = tmp_path / "recovered.jpg"
    path.write_bytes(whole[:kept] + bytes(max(len(whole) - kept, 4096)))
    with pytest.raises(DamagedPhotoError, match=r"recovered\.jpg"):
        decode(path)


@pytest.mark.parametrize("tail", [b"", bytes(5000), b"film" * 400 + bytes(2000)])
def test_what_lies_behind_a_whole_photo_does_not_matter(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "whole.jpg"
    path.write_bytes(_draw() + tail)
    assert decode(path).width_px == 320


def test_the_file_is_left_where_it_was(tmp_path: Path) -> None:
    beyond = b"\xff\xd8\xff\xe1\xff\xff" + bytes(2000)
    for content in (b"", b"\xff\xd8" + bytes(2000), beyond, bytes(2000), draw_jpeg() + bytes(999)):
        path = tmp_path / "any"
        path.write_bytes(content)
        with path.open("rb") as stream:
            stream.seek(1)
            assert not is_cut_off(stream)
            assert stream.tell() == 1


@pytest.mark.parametrize("items", [TILED, TILED[::-1]])
@pytest.mark.parametrize("is_open", [False, True])
def test_a_picture_of_tiles_is_whole_or_cut_off(
    tmp_path: Path, items: list[tuple[bytes, bytes]], is_open: bool
) -> None:
    path, whole = tmp_path / "photo.heic", make_heif(items, is_open=is_open)
    end = whole.rindex(NOISE) + len(NOISE)
    for tail in (b"", bytes(3000), b"\xff\xff\xff\xffmpvd"):
        assert not _is_cut_off(path, whole + tail)
    for missing in (600, len(NOISE), len(NOISE) + 600):
        assert _is_cut_off(path, whole[: end - missing])
        assert _is_cut_off(path, whole[: end - missing] + bytes(len(whole) - end + missing))
    # What describes the photo may be missing, the photo is all there.
    assert not _is_cut_off(path, whole[:end])


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_other_formats_of_which_the_rest_is_zeros_are_damaged(
    tmp_path: Path, suffix: str, share: float
) -> None:
    path = tmp_path / f"recovered{suffix}"
    picture = Image.effect_noise((320, 240), 60).convert("RGB")
    if suffix == ".heic":
        heif = pytest.importorskip("pillow_heif").from_pillow(picture)
        heif.save(path, quality=90, enc_params={"preset": "ultrafast"})
    else:
        picture.save(path, quality=90, speed=10)
    whole = path.read_bytes()
    kept = int(share * len(whole))
    assert decode(path).width_px == 320
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    with pytest.raises(DamagedPhotoError, match="its end is missing or zeros"):
        decode(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_png_in_one_chunk_of_which_the_rest_is_zeros_is_damaged(
    tmp_path: Path, share: float
) -> None:
    path = tmp_path / "recovered.png"
    grain = np.random.default_rng(1).normal(128, 10, (240, 240)).astype(np.uint8)
    Image.fromarray(grain).save(path)
    whole = path.read_bytes()
    assert whole.count(b"IDAT") == 1
    path.write_bytes(whole + bytes(3000))
    assert decode(path).width_px == 240
    kept = int(share * len(whole))
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    with pytest.raises(DamagedPhotoError, match="its end is missing or zeros"):
        decode(path)


def test_flat_rows_may_be_zeros_in_a_whole_webp(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1024, 768))
    picture.paste(Image.effect_noise((1024, 160), 60))
    path = tmp_path / "night.webp"
    picture.save(path, quality=100, method=0)
    assert path.read_bytes().endswith(bytes(1000))
    assert decode(path).luma_hw[-400:].max() < 3


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["iphone_7", "iphone_15_pro"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_photos_of_phones_that_are_cut_off_are_damaged(
    real_photos: Path, tmp_path: Path, name: str, share: float
) -> None:
    pytest.importorskip("pillow_heif")
    whole = (real_photos / "formats" / "photoprism" / f"{name}.heic").read_bytes()
    path = tmp_path / "cut.heic"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DamagedPhotoError, match=r"cut\.heic: its end is missing or zeros"):
        decode(path)
