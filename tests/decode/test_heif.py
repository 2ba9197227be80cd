from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.heif import is_turned_by_file
from clearshot.decode.image import decode, read_crops
from clearshot.errors import MissingReaderError, OversizedPhotoError, PhotoError
from clearshot.photo import Region
from conftest import draw_scene

if TYPE_CHECKING:
    from pathlib import Path

pillow_heif = pytest.importorskip("pillow_heif")


def write_heic(path: Path, picture: Image.Image, *, orientation: int = 1) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    fast = {"preset": "ultrafast"}
    heif = pillow_heif.from_pillow(picture)
    heif.save(path, quality=90, exif=exif.tobytes(), enc_params=fast)
    return path


def test_content_decides_and_luma_is_that_of_the_picture(tmp_path: Path) -> None:
    scene = Image.fromarray(draw_scene(1))
    image = decode(write_heic(tmp_path / "photo.jpg", scene))
    assert (image.reader, image.width_px, image.height_px) == ("HEIF", 512, 384)
    assert np.abs(image.luma_hw.astype(int) - np.asarray(scene.convert("L"))).mean() < 6
    (crop,) = read_crops(tmp_path / "photo.jpg", [Region(64, 32, 128, 96)])
    assert np.array_equal(crop, image.luma_hw[32:128, 64:192])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_once(tmp_path: Path, orientation: int) -> None:
    stored = Image.new("L", (320, 192), 40)
    stored.paste(220, (0, 0, 160, 96))
    path = tmp_path / "photo.heic"
    write_heic(path, stored.convert("RGB"), orientation=orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "same.png", exif=exif)
    image, same = decode(path), decode(tmp_path / "same.png")
    assert (image.width_px, image.height_px) == (same.width_px, same.height_px)
    assert np.abs(image.luma_hw.astype(int) - same.luma_hw).mean() < 5


def test_without_pillow_heif_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_heic(tmp_path / "photo.heic", Image.new("RGB", (128, 128)))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingReaderError, match=r"photo\.heic: .*pip install 'clearshot\[heif\]'"):
        decode(path)


def test_limits_and_damage_are_photo_errors(tmp_path: Path) -> None:
    path = write_heic(tmp_path / "photo.heic", Image.fromarray(draw_scene(2)))
    with pytest.raises(OversizedPhotoError, match="512 x 384 px is more than 1,000 pixels"):
        decode(path, max_pixels=1000)
    whole = path.read_bytes()
    for length in (40, len(whole) // 4, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:length])
        with pytest.raises(PhotoError):
            decode(path)


def test_settings_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    before = pillow_heif.options.DECODE_THREADS, pillow_heif.options.THUMBNAILS
    decode(write_heic(tmp_path / "photo.heic", Image.new("RGB", (128, 128))))
    assert before == (pillow_heif.options.DECODE_THREADS, pillow_heif.options.THUMBNAILS)


def test_without_a_rotation_of_its_own_exif_decides(tmp_path: Path) -> None:
    path = write_heic(tmp_path / "photo.heic", Image.new("RGB", (320, 192)), orientation=6)
    with path.open("rb") as stream:
        assert is_turned_by_file(stream)
    content = path.read_bytes()
    assert content.count(b"irot") == 1
    # A box of a length in 64 bits may come first.
    start = int.from_bytes(content[:4], "big")
    wide = (1).to_bytes(4, "big") + b"free" + (32).to_bytes(8, "big") + bytes(16)
    with io.BytesIO(content[:start] + wide + content[start:]) as stream:
        assert is_turned_by_file(stream)
    with io.BytesIO(content.replace(b"irot", b"free")) as stream:
        assert not is_turned_by_file(stream)
    for broken in (b"", content[:30], content[:4] + b"mdat", bytes(64)):
        with io.BytesIO(broken) as stream:
            assert not is_turned_by_file(stream)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["iphone_7", "iphone_15_pro"])
def test_photos_of_phones_are_upright(real_photos: Path, name: str) -> None:
    # One of them is turned by the file, the other by EXIF only.
    image = decode(real_photos / "formats" / "photoprism" / f"{name}.heic")
    assert (image.width_px, image.height_px) == (3024, 4032)
