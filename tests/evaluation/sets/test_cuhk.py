from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.errors import InputError
from clearshot.evaluation.labelled import read_labelled
from clearshot.photo import Label
from public_sets import make_files, write_mask

PHOTOS = ("out_of_focus0001.jpg", "out_of_focus0002.JPG", "motion0001.jpg", "motion0002.jpg")


def summarize(*paths: Path) -> dict[str, tuple[Label | None, str]]:
    return {p.path.name: (p.label, p.source) for p in read_labelled(*paths).photos}


@pytest.mark.parametrize("folder", ["image", "BlurDatasetImage/image", "."])
def test_without_masks_names_label_what_they_can(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "cuhk"
    make_files(root / folder, *PHOTOS)
    clear = dict.fromkeys(PHOTOS[:2], (None, "cuhk"))
    assert summarize(root) == summarize(root / folder) == clear
    found = read_labelled(root)
    assert {s.path.name: s.reason for s in found.left_out} == dict.fromkeys(
        PHOTOS[2:], "motion in part of the photo, and no mask in gt"
    )
    assert found.notes == (
        "CUHK has 2 out_of_focus photos; published: 704",
        "CUHK has 2 motion photos; published: 296",
        "CUHK has no masks in gt: photos are labelled by name alone",
    )


@pytest.mark.parametrize(
    ("photos", "masks"),
    [("image", "gt"), ("BlurDatasetImage/image", "BlurDatasetGT/gt"), (".", "gt")],
)
def test_a_photo_that_is_blurred_nearly_everywhere_is_blurred(
    tmp_path: Path, photos: str, masks: str
) -> None:
    root = tmp_path / "cuhk"
    make_files(root / photos, *PHOTOS)
    shares = (0.97, 0.98, 1.0, 0.4)
    for name, share in zip(PHOTOS, shares, strict=True):
        write_mask(root / masks / f"{Path(name).stem}.png", share)
    expected = {
        PHOTOS[0]: (None, "cuhk"),
        PHOTOS[1]: (Label.BLURRY, "cuhk-defocus"),
        PHOTOS[2]: (Label.BLURRY, "cuhk-motion"),
    }
    assert summarize(root) == summarize(root / photos) == expected
    found = read_labelled(root)
    assert [(s.path.name, s.reason) for s in found.left_out] == [
        (PHOTOS[3], "motion in part of the photo: 40 % of its mask")
    ]


def test_missing_and_broken_masks_are_told(tmp_path: Path) -> None:
    make_files(tmp_path / "s", "image/out_of_focus0001.jpg", "image/out_of_focus0002.jpg")
    make_files(tmp_path / "s", "image/photo.jpg", "gt/out_of_focus0001.png")
    found = read_labelled(tmp_path / "s")
    assert [p.path.name for p in found.photos] == ["out_of_focus0002.jpg"]
    broken, stray = found.left_out
    assert (broken.path.name, broken.is_unreadable) == ("out_of_focus0001.jpg", True)
    assert broken.reason.startswith("mask out_of_focus0001.png: ")
    assert (stray.path.name, stray.is_unreadable) == ("photo.jpg", False)
    assert "CUHK photos without a mask: 1 (out_of_focus0002.jpg)" in found.notes


def test_motion_photos_alone_are_no_set(tmp_path: Path) -> None:
    make_files(tmp_path / "s", "image/motion0001.jpg")
    with pytest.raises(InputError, match=r"expected the CUHK set.*motion in part of the photo"):
        read_labelled(tmp_path / "s")


def test_plain_labelled_folders_stay_plain(tmp_path: Path) -> None:
    make_files(tmp_path, "mine/sharp/out_of_focus0001.jpg", "mine/dark/image/motion0001.jpg")
    assert summarize(tmp_path / "mine") == {
        "out_of_focus0001.jpg": (None, "mine"),
        "motion0001.jpg": (Label.DARK, "image"),
    }
    make_files(tmp_path, "blurred/image/out_of_focus0001.jpg")
    assert summarize(tmp_path / "blurred") == {"out_of_focus0001.jpg": (Label.BLURRY, "image")}
    make_files(tmp_path, "bokeh/out_of_focus0001.jpg")
    assert read_labelled(tmp_path / "bokeh").notes == ()


def test_masks_alone_are_no_photos(tmp_path: Path) -> None:
    write_mask(tmp_path / "gt" / "out_of_focus0001.png", 0.5)
    with pytest.raises(InputError, match="expected subfolders named clear"):
        read_labelled(tmp_path / "gt")
