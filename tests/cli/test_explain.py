from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from PIL import Image

Run = Callable[..., Result]


def test_picture_is_written_and_kept_without_force(run: Run, library: Path, tmp_path: Path) -> None:
    output = tmp_path / "why.png"
    result = run("explain", library / "blurred.jpg", "-o", output)
    assert result.exit_code == 0
    assert "blurry" in result.stdout
    with Image.open(output) as picture:
        assert picture.format == "PNG"
    before = output.read_bytes()
    again = run("explain", library / "clear.jpg", "-o", output)
    assert again.exit_code == 3
    assert "--force" in again.stderr
    assert output.read_bytes() == before
    assert run("explain", library / "clear.jpg", "-o", output, "--force", "-q").output == ""
    assert output.read_bytes() != before


def test_photo_that_cannot_be_read(run: Run, broken_photos: Path, tmp_path: Path) -> None:
    for name in ("a-empty.jpg", "c-truncated.jpg", "missing.jpg"):
        result = run("explain", broken_photos / name, "-o", tmp_path / "why.png")
        assert result.exit_code == 1
        assert name in result.stderr
    assert not (tmp_path / "why.png").exists()


def test_what_is_no_photo_is_refused_as_score_refuses_it(
    run: Run, library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "why.png"
    missing = run("explain", tmp_path / "nothere", "-o", output)
    scored = run("score", tmp_path / "nothere")
    assert missing.exit_code == scored.exit_code == 3
    assert missing.stderr == scored.stderr
    folder = run("explain", library, "-o", output)
    assert folder.exit_code == 3
    assert "is a folder; name one photo" in folder.stderr
    assert not output.exists()


def test_photo_is_never_replaced(run: Run, library: Path, tmp_path: Path) -> None:
    for name, suffix in (("clear", ".png"), ("white", ".jpg")):
        photo = (library / f"{name}.jpg").rename(tmp_path / f"photo{suffix}")
        before = photo.read_bytes()
        assert run("explain", photo, "-o", photo, "--force").exit_code == 2
        assert photo.read_bytes() == before


def test_pixels_are_limited(run: Run, clear_photos: Path, tmp_path: Path) -> None:
    words = ("explain", clear_photos / "scene0.jpg", "-o", tmp_path / "why.png")
    result = run(*words, "--max-megapixels", "0.1")
    assert result.exit_code == 1
    assert "512 x 384 px is more than 100,000 pixels" in result.stderr
    assert run(*words).exit_code == 0
