from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ExifTags, Image

from clearshot.web.facts import Facts, read_facts


def write_photo(path: Path, base: dict[int, object], detail: dict[int, object]) -> Path:
    exif = Image.Exif()
    exif.update(base)
    exif.get_ifd(ExifTags.IFD.Exif).update(detail)
    Image.new("RGB", (80, 80)).save(path, exif=exif)
    return path


def test_facts_are_those_of_the_camera(tmp_path: Path) -> None:
    path = write_photo(
        tmp_path / "photo.jpg",
        {ExifTags.Base.Make: "Canon", ExifTags.Base.Model: "Canon EOS R6"},
        {
            ExifTags.Base.ExposureTime: 1 / 250,
            ExifTags.Base.FNumber: 2.8,
            ExifTags.Base.ISOSpeedRatings: 800,
            ExifTags.Base.FocalLength: 85.0,
            ExifTags.Base.LensModel: "RF85mm F1.2",
            ExifTags.Base.DateTimeOriginal: "2026:05:01 12:30:00",
        },
    )
    facts = read_facts(path)
    assert facts.camera == "Canon EOS R6"
    assert facts.lens == "RF85mm F1.2"
    assert facts.taken_at == "2026-05-01T12:30:00"
    assert facts.exposure_s == pytest.approx(1 / 250)
    assert facts.f_number == pytest.approx(2.8)
    assert (facts.iso, facts.focal_mm) == (800, 85.0)


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D3400", "NIKON D3400"),
        ("FUJIFILM", "X-T5", "FUJIFILM X-T5"),
        ("Apple", "", "Apple"),
        ("", "", None),
        ("A\x00\x07", "\x1bM1", "A M1"),
    ],
)
def test_cameras_are_named_once(tmp_path: Path, make: str, model: str, camera: str | None) -> None:
    base: dict[int, object] = {ExifTags.Base.Make: make, ExifTags.Base.Model: model}
    assert read_facts(write_photo(tmp_path / "photo.jpg", base, {})).camera == camera


def test_nonsense_is_nothing(tmp_path: Path) -> None:
    path = write_photo(
        tmp_path / "photo.jpg",
        {ExifTags.Base.DateTime: "0000:00:00 00:00:00"},
        {ExifTags.Base.ExposureTime: 0.0, ExifTags.Base.ISOSpeedRatings: 0},
    )
    assert read_facts(path) == Facts()


def test_a_photo_that_cannot_be_read_has_no_facts(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe1broken")
    assert read_facts(tmp_path / "broken.jpg") == Facts()
    assert read_facts(tmp_path / "missing.jpg") == Facts()
