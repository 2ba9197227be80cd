from __future__ import annotations

from pathlib import Path

from PIL import Image

from clearshot.decode.camera import read_camera


def test_camera_is_the_model_that_exif_names(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "NIKON D3400 \0"
    Image.new("L", (32, 32)).save(tmp_path / "a.jpg", exif=exif)
    assert read_camera(tmp_path / "a.jpg") == "NIKON D3400"


def test_no_camera_is_no_error(tmp_path: Path) -> None:
    Image.new("L", (32, 32)).save(tmp_path / "plain.png")
    (tmp_path / "text.jpg").write_text("no picture")
    names = ("plain.png", "text.jpg", "missing.jpg")
    assert [read_camera(tmp_path / name) for name in names] == [None, None, None]
