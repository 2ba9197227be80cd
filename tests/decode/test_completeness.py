"""A JPEG whose end is zeros is no photo; one with zeros behind its end is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from clearshot.decode.completeness import is_cut_off
from clearshot.decode.image import decode
from clearshot.errors import DamagedPhotoError
from jpegs import draw_jpeg

if TYPE_CHECKING:
    from pathlib import Path


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
