from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from clearshot.bench import photos
from clearshot.decode.image import decode
from clearshot.decode.metadata import read_facts
from clearshot.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def small_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(photos.SIZES_PX, 24, (1600, 1300))


def test_photos_are_as_large_as_asked_and_have_detail(tmp_path: Path) -> None:
    photos.draw_photo(tmp_path / "a.jpg", 24, seed=0)
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.size == (1600, 1300)
        assert picture.format == "JPEG"
    # A camera needs about a quarter of a byte a pixel; a flat picture a hundredth.
    assert (tmp_path / "a.jpg").stat().st_size > 0.15 * 1600 * 1300


def test_any_size_can_be_drawn_and_has_the_facts_of_a_camera(tmp_path: Path) -> None:
    photos.draw_photo(tmp_path / "a.jpg", 2, seed=0)
    photos.draw_photo(tmp_path / "b.jpg", 24, seed=0, has_preview=True)
    with Image.open(tmp_path / "a.jpg") as picture:
        width, height = picture.size
    assert width * height == pytest.approx(2e6, rel=1e-2)
    assert width / height == pytest.approx(1.5, rel=1e-2)
    for name in "ab":
        facts = read_facts(tmp_path / f"{name}.jpg")
        assert facts.camera == "Clearshot Drawn photo"
        assert (facts.iso, facts.aperture, facts.lens) == (800, 2.8, "85mm F1.4")
        assert facts.taken_at is not None


def test_a_drawn_preview_stands_for_its_photo(tmp_path: Path) -> None:
    photos.draw_photo(tmp_path / "a.jpg", 6, seed=0, has_preview=True)
    assert decode(tmp_path / "a.jpg").reader == "JPEG preview"


def test_photos_are_drawn_without_any_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("skimage", "cv2", "cleanvision", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    photos.draw_photo(tmp_path / "a.jpg", 24, seed=0)
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.size == (1600, 1300)


def test_a_full_disk_is_named_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_disk(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Image.Image, "save", fill_disk)
    with pytest.raises(InputError, match="photos cannot be written: No space left") as caught:
        photos.write_photos(tmp_path / "kept", 24, 1)
    assert caught.value.path == tmp_path / "kept"


def test_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        photos.draw_photo(tmp_path / f"{name}.jpg", 24, seed=seed)
    contents = [(tmp_path / f"{name}.jpg").read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_few_photos_stand_for_many_and_none_is_drawn_twice(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    photos.write_photos(tmp_path, 24, 5, num_distinct=2, progress=lambda *n: calls.append(n))
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [f"{number:04}.jpg" for number in range(5)]
    assert calls == [(number, 5) for number in range(1, 6)]
    contents = [file.read_bytes() for file in files]
    assert contents[0] == contents[2] == contents[4] != contents[1] == contents[3]
    before = files[0].stat().st_mtime_ns
    photos.write_photos(tmp_path, 24, 6, num_distinct=2)
    assert files[0].stat().st_mtime_ns == before
    assert (tmp_path / "0005.jpg").read_bytes() == contents[1]


def stop_while_saving(photo: Image.Image, target: Path, *_: object, **__: object) -> None:
    target.write_bytes(b"\xff\xd8\xff")
    raise KeyboardInterrupt


def stop_while_copying(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[:1000])
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("name", "fault"),
    [("PIL.Image.Image.save", stop_while_saving), ("shutil.copyfile", stop_while_copying)],
)
def test_what_is_kept_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: object
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("os.link", refuse)  # as on a memory card
    with monkeypatch.context() as patch:
        patch.setattr(name, fault)
        with pytest.raises(KeyboardInterrupt):
            photos.write_photos(tmp_path, 24, 2, num_distinct=1)
    photos.write_photos(tmp_path, 24, 2, num_distinct=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0000.jpg", "0001.jpg"]
    for file in tmp_path.iterdir():
        with Image.open(file) as picture:
            picture.load()
