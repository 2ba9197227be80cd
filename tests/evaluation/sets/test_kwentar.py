from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.errors import InputError
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Label
from public_sets import make_files

NAMES = {
    "sharp": "12_HUAWEI-NOVA-LITE_S.jpg",
    "defocused_blurred": "12_HUAWEI-NOVA-LITE_F.JPG",
    "motion_blurred": "3_BQ_5512_L_M.jpg",
}
LABELS = (None, Label.BLURRY, Label.BLURRY)
SCENES = ("kw_12", "kw_12", "kw_3")


@pytest.fixture
def kwentar(tmp_path: Path) -> Path:
    """A small copy of Kwentar's set."""
    root = tmp_path.resolve() / "blur_dataset"
    make_files(root, *(f"{folder}/{name}" for folder, name in NAMES.items()))
    return root


def test_labels_and_scenes_are_those_of_the_names(kwentar: Path) -> None:
    found = read_labelled(kwentar)
    assert set(found.photos) == {
        LabelledPhoto(kwentar / folder / name, label, "kwentar", scene)
        for (folder, name), label, scene in zip(NAMES.items(), LABELS, SCENES, strict=True)
    }
    assert found.left_out == ()
    assert found.notes == ("Kwentar's set has 1 S and 1 F and 1 M photos; published: 350 of each",)


def test_each_folder_of_it_reads_as_in_the_whole_set(kwentar: Path) -> None:
    whole = read_labelled(kwentar)
    parts = read_labelled(*(kwentar / folder for folder in NAMES))
    assert set(parts.photos) == set(whole.photos)


def test_a_flat_folder_needs_no_other(tmp_path: Path) -> None:
    make_files(tmp_path / "photos", *NAMES.values())
    found = read_labelled(tmp_path / "photos")
    assert [(p.label, p.source, p.scene) for p in sorted(found.photos, key=lambda p: p.path)] == [
        (Label.BLURRY, "kwentar", "kw_12"),
        (None, "kwentar", "kw_12"),
        (Label.BLURRY, "kwentar", "kw_3"),
    ]


def test_a_photo_is_in_the_same_half_whether_a_manifest_or_its_name_is_read(tmp_path: Path) -> None:
    names = [f"{number}_HONOR-8X_S.jpg" for number in range(40)]
    make_files(tmp_path / "set", *(f"photos/{name}" for name in names))
    by_name = {p.path: is_for_calibration(p) for p in read_labelled(tmp_path / "set").photos}
    # Those at full size, as in the manifest of the photos that calibrate the shipped networks.
    bare = {"0", "2", "4", "6", "8", "10", "20", "30"}
    scenes = [("" if f"{number}" in bare else "kw_") + f"{number}" for number in range(40)]
    rows = [f"photos/{name},sharp,{scene}" for scene, name in zip(scenes, names, strict=True)]
    (tmp_path / "set" / "manifest.csv").write_text("\n".join(["file,label,scene", *rows]), "utf-8")
    by_row = {p.path: is_for_calibration(p) for p in read_labelled(tmp_path / "set").photos}
    assert by_name == by_row
    assert set(by_row.values()) == {True, False}


@pytest.mark.realdata
def test_no_photo_that_calibrates_the_shipped_networks_is_unseen_by_its_name(
    real_photos: Path, tmp_path: Path
) -> None:
    known = {
        photo.path.name.removeprefix("kwentar_"): photo.scene
        for photo in read_labelled(real_photos / "blur").photos
        if photo.source == "kwentar"
    }
    make_files(tmp_path / "set", *known)
    assert {p.path.name: p.scene for p in read_labelled(tmp_path / "set").photos} == known


def test_the_whole_published_set_has_no_note(tmp_path: Path) -> None:
    make_files(tmp_path / "s", *(f"{i}_X_{kind}.jpg" for i in range(350) for kind in "SFM"))
    assert read_labelled(tmp_path / "s").notes == ()


@pytest.mark.parametrize("given", [".", "sharp"])
def test_a_folder_that_contradicts_the_name_is_an_error(kwentar: Path, given: str) -> None:
    make_files(kwentar, "sharp/7_HONOR-8X_M.jpg")
    with pytest.raises(InputError) as error:
        read_labelled(kwentar / given)
    assert error.value.path == kwentar / "sharp" / "7_HONOR-8X_M.jpg"
    assert "lies in the folder sharp, but its name ends with _M; expected _S" in str(error.value)


def test_other_names_are_left_out(kwentar: Path) -> None:
    make_files(kwentar, "sharp/cover.jpg")
    found = read_labelled(kwentar)
    assert len(found.photos) == 3
    assert [(s.path.name, s.reason) for s in found.left_out] == [
        ("cover.jpg", "not named ID_DEVICE_S, _F or _M")
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("sharp/a.jpg", "motion_blurred/b.jpg"),
        ("sharp/1_X_S.jpg", "sharp/2_X_S.jpg", "blurred/b.jpg"),
        ("sharp/1_X_s.jpg", "motion_blurred/1_X_m.jpg"),
        ("clear/1_X_S.jpg", "blurred/1_X_S.jpg"),
    ],
)
def test_plain_labelled_folders_stay_plain(tmp_path: Path, names: tuple[str, ...]) -> None:
    make_files(tmp_path / "mine", *names)
    found = read_labelled(tmp_path / "mine")
    assert len(found.photos) == len(names)
    assert {photo.source for photo in found.photos} == {"mine"}
    assert found.notes == ()


def test_a_folder_named_like_another_label_stays_plain(tmp_path: Path) -> None:
    make_files(tmp_path / "dark", "1_X_S.jpg")
    assert [p.label for p in read_labelled(tmp_path / "dark").photos] == [Label.DARK]
