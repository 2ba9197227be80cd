from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from clearshot.bench import photos
from clearshot.bench.photos import write_with_preview
from clearshot.decode.image import decode, read_crops, read_rgb
from clearshot.decode.preview import JPEG_PREVIEW_READER
from clearshot.errors import DamagedPhotoError
from clearshot.photo import Region
from clearshot.scoring.scorer import Scorer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PHOTO = Image.fromarray(data.coffee()).resize((2400, 1600))
# Told from the photo by its tone.
PREVIEW = PHOTO.resize((1620, 1080)).point(lambda level: level // 2)


def write_mpo(path: Path, photo: Image.Image, preview: Image.Image, orientation: int = 1) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    write_with_preview(path, photo, preview, quality=92, exif=exif)


def find_end(content: bytes) -> int:
    """Find where the photo ends, before its preview begins."""
    return content.index(b"\xff\xd9\xff\xd8") + 2


def mean_level(luma_hw: NDArray[np.uint8]) -> float:
    return float(np.mean(luma_hw))


@pytest.fixture
def mpo(tmp_path: Path) -> Path:
    write_mpo(tmp_path / "photo.jpg", PHOTO, PREVIEW)
    return tmp_path / "photo.jpg"


def test_a_preview_stands_for_its_photo_unless_each_pixel_counts(mpo: Path) -> None:
    seen, whole = decode(mpo), decode(mpo, with_preview=False)
    assert seen.reader == JPEG_PREVIEW_READER
    assert whole.reader == "MPO"
    assert (seen.width_px, seen.height_px) == (whole.width_px, whole.height_px) == (2400, 1600)
    assert seen.luma_hw.shape == whole.luma_hw.shape
    assert mean_level(seen.luma_hw) < 0.6 * mean_level(whole.luma_hw)


def test_a_preview_is_read_for_a_small_picture_and_never_for_crops(mpo: Path) -> None:
    assert mean_level(read_rgb(mpo, long_side_px=800)) < 0.6 * mean_level(np.asarray(PHOTO))
    assert mean_level(read_rgb(mpo, long_side_px=2000)) > 0.9 * mean_level(np.asarray(PHOTO))
    [crop] = read_crops(mpo, [Region(0, 0, 2400, 1600)])
    assert mean_level(crop) > 0.9 * mean_level(np.asarray(PHOTO.convert("L")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_preview_is_turned_as_its_photo_is(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "photo.jpg"
    write_mpo(path, PHOTO, PHOTO.resize((1620, 1080)), orientation=orientation)
    seen, whole = decode(path), decode(path, with_preview=False)
    assert seen.reader == JPEG_PREVIEW_READER
    assert (seen.width_px, seen.height_px) == (whole.width_px, whole.height_px)
    assert np.abs(seen.luma_hw.astype(float) - whole.luma_hw).mean() < 3


@pytest.mark.parametrize("size", [(1280, 853), (1620, 911), (2400, 1600)])
def test_small_cut_or_equal_pictures_do_not_stand_for_a_photo(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    write_mpo(tmp_path / "photo.jpg", PHOTO, PREVIEW.resize(size))
    assert decode(tmp_path / "photo.jpg").reader == "MPO"


@pytest.mark.parametrize("kind", [0, 0x010001, 0x020002])
def test_only_a_large_thumbnail_is_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int
) -> None:
    monkeypatch.setattr(photos, "_PREVIEW_TYPE", kind)
    write_mpo(tmp_path / "photo.jpg", PHOTO, PREVIEW)
    is_preview = kind == 0x010001  # of the smaller class, whatever its size is
    assert (decode(tmp_path / "photo.jpg").reader == JPEG_PREVIEW_READER) is is_preview


def test_a_preview_that_an_editor_left_behind_is_not_believed(mpo: Path) -> None:
    content = mpo.read_bytes()
    end = find_end(content)
    # The photo was compressed anew and is shorter; the table and the preview are the old ones.
    mpo.write_bytes(content[: end - 500] + b"\xff\xd9" + content[end:])
    assert decode(mpo).reader == "MPO"


@pytest.mark.parametrize("kept", [0, 3, 600, 50_000])
def test_a_broken_preview_costs_nothing_but_itself(mpo: Path, kept: int) -> None:
    content = mpo.read_bytes()
    end = find_end(content)
    mpo.write_bytes(content[: end + kept])
    image = decode(mpo)
    assert mean_level(image.luma_hw) > 0.9 * mean_level(np.asarray(PHOTO.convert("L")))


def test_a_doubtful_photo_is_read_itself(tmp_path: Path) -> None:
    sharp, doubtful = tmp_path / "sharp.jpg", tmp_path / "doubtful.jpg"
    # The sample has 600 px; a mosaic of it has detail at every size.
    mosaic = Image.fromarray(np.tile(data.coffee(), (4, 4, 1)))
    write_mpo(sharp, mosaic, mosaic.resize((1620, 1080)))
    soft = PHOTO.filter(ImageFilter.GaussianBlur(1.9))
    write_mpo(doubtful, soft, soft.resize((1620, 1080)))
    scorer = Scorer()
    blur = scorer.score(doubtful).focus.blur
    assert -0.75 < blur < 0.4
    readers = [scorer.measure(path).image.reader for path in (sharp, doubtful)]
    assert readers == [JPEG_PREVIEW_READER, "MPO"]


def test_a_photo_is_not_bad_by_its_preview(tmp_path: Path) -> None:
    mosaic = Image.fromarray(np.tile(data.coffee(), (4, 4, 1)))
    small = mosaic.resize((1620, 1080))
    previews = {
        "blurred": small.filter(ImageFilter.GaussianBlur(9)),
        "dark": small.point(lambda level: level // 30),
        "white": small.point(lambda level: min(255, level * 9)),
    }
    scorer = Scorer()
    for name, preview in previews.items():
        path = tmp_path / f"{name}.jpg"
        write_mpo(path, mosaic, preview)
        assert decode(path).reader == JPEG_PREVIEW_READER
        assert scorer.measure(path).image.reader == "MPO"


def test_a_photo_whose_preview_is_damaged_is_read_itself(mpo: Path) -> None:
    content = bytearray(mpo.read_bytes())
    begin = find_end(bytes(content))
    scan = content.index(b"\xff\xda", begin)
    # A marker that does not belong there ends the decoding.
    content[scan + 2000 : scan + 2004] = b"\xff\xc4\x00\x05"
    mpo.write_bytes(bytes(content))
    with pytest.raises(DamagedPhotoError):
        decode(mpo)
    assert Scorer().measure(mpo).image.reader == "MPO"
    assert mean_level(read_rgb(mpo, long_side_px=800)) > 0.9 * mean_level(np.asarray(PHOTO))
