"""Photos train or are left out and named, and none trains and validates at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from clearshot.discover import find_photos
from clearshot.errors import InputError
from clearshot.photo import Skip
from clearshot.training.config import FocusConfig
from clearshot.training.photos import find_training_photos, split_photos

CONFIG = FocusConfig(validation_share=0.34)


def test_photos_that_cannot_train_are_left_out_and_named(
    clear_photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = (clear_photos / "scene0.jpg").read_bytes()
    (tmp_path / "good.jpg").write_bytes(whole)
    (tmp_path / "cut\x1b[31m.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "._good.jpg").write_bytes(b"hidden")
    Image.new("RGB", (300, 200)).save(tmp_path / "small.jpg")
    photos = find_training_photos(tmp_path)
    assert list(photos.digests) == [tmp_path / "good.jpg"]
    assert photos.counts == {"num_photos": 1, "num_left_out": 2}
    assert photos.num_failed == 1, "a photo that is too small has not failed"
    # What a terminal would take for a command is spelled.
    assert [f"{tmp_path}/cut\\x1b[31m.jpg: " in text for text in caplog.messages] == [True, False]
    assert f"{tmp_path}/small.jpg: smaller than " in caplog.messages[1]


def test_a_folder_that_cannot_be_read_has_failed(
    clear_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = Skip(clear_photos / "locked", "no permission", is_unreadable=True)
    found = replace(find_photos([clear_photos]), skipped=(locked,))
    monkeypatch.setattr("clearshot.training.photos.find_photos", lambda _: found)
    photos = find_training_photos(clear_photos)
    assert photos.num_failed == 1
    assert photos.counts == {"num_photos": 6, "num_left_out": 0}


def test_no_photo_is_in_both_parts(clear_photos: Path) -> None:
    photos = find_training_photos(clear_photos)
    parts = split_photos(photos, CONFIG)
    assert not set(parts.training) & set(parts.validation)
    assert sorted(parts.training + parts.validation) == list(photos.digests)


def test_no_copy_of_a_photo_validates_what_it_trained(clear_photos: Path, tmp_path: Path) -> None:
    for path in clear_photos.iterdir():
        shutil.copy(path, tmp_path)
        shutil.copy(path, tmp_path / f"copy-of-{path.name}")
    parts = split_photos(find_training_photos(tmp_path), CONFIG)
    contents = [{path.read_bytes() for path in part} for part in (parts.training, parts.validation)]
    assert [len(part) for part in contents] == [4, 2]
    assert not contents[0] & contents[1]


def test_four_photos_must_differ(clear_photos: Path, tmp_path: Path) -> None:
    for number in range(5):
        shutil.copy(clear_photos / f"scene{number % 3}.jpg", tmp_path / f"{number}.jpg")
    with pytest.raises(InputError, match="at least 4 different clear photos, found 3"):
        split_photos(find_training_photos(tmp_path), CONFIG)
