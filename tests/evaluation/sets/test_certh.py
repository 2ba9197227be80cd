from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from clearshot.errors import InputError, MissingExtraError
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.labels import LabelledSet
from clearshot.photo import Label
from public_sets import NATURAL_ROWS, make_certh, make_files, write_sheet


@pytest.fixture
def certh(tmp_path: Path) -> Path:
    """A small CERTH set."""
    return make_certh(tmp_path.resolve() / "CERTH_ImageBlurDataset")


def summarize(found: LabelledSet) -> dict[str, tuple[Label | None, str, str]]:
    return {
        f"{p.path.parent.name}/{p.path.name}": (p.label, p.source, p.scene) for p in found.photos
    }


TRAINING = {
    "Undistorted/100_2088.JPG": (None, "certh-training", "100_2088"),
    "Undistorted/DSC02106.JPG": (None, "certh-training", "DSC02106"),
    "Naturally-Blurred/DSC02106.JPG": (Label.BLURRY, "certh-training", ""),
    "Artificially-Blurred/DiskR10_DSC02106.JPG": (
        Label.BLURRY, "certh-training-artificial", "DSC02106",
    ),
    "Artificially-Blurred/GaussH5_S2_100_2088.jpg": (
        Label.BLURRY, "certh-training-artificial", "100_2088",
    ),
}  # fmt: skip
NATURAL = {
    "NaturalBlurSet/15-08-07_1.jpg": (None, "certh-natural", ""),
    "NaturalBlurSet/img 2.JPG": (Label.BLURRY, "certh-natural", ""),
    "NaturalBlurSet/1234.jpg": (None, "certh-natural", ""),
    "NaturalBlurSet/DSC.3.jpg": (Label.BLURRY, "certh-natural", ""),
}
DIGITAL = {
    "DigitalBlurSet/Original_1.jpg": (None, "certh-digital", "1"),
    "DigitalBlurSet/DiskR10_1.jpg": (Label.BLURRY, "certh-digital", "1"),
    "DigitalBlurSet/GaussH5_S2_1.jpg": (Label.BLURRY, "certh-digital", "1"),
    "DigitalBlurSet/MotionL9_7.jpg": (Label.BLURRY, "certh-digital", ""),
}


def test_the_whole_set_has_labels_sources_and_scenes(certh: Path) -> None:
    found = read_labelled(certh)
    assert summarize(found) == TRAINING | NATURAL | DIGITAL
    assert found.left_out == ()


@pytest.mark.parametrize("name", ["CERTH_ImageBlurDataset", "certh"])
def test_it_may_have_another_name_or_lie_in_a_folder_of_its_own_name(
    certh: Path, tmp_path: Path, name: str
) -> None:
    outer = tmp_path / name / "x"
    shutil.copytree(certh, outer / "CERTH_ImageBlurDataset")
    assert summarize(read_labelled(outer)) == TRAINING | NATURAL | DIGITAL
    certh.rename(certh.with_name("renamed"))
    assert summarize(read_labelled(certh.with_name("renamed"))) == TRAINING | NATURAL | DIGITAL


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("TrainingSet", TRAINING),
        ("EvaluationSet", NATURAL | DIGITAL),
        ("EvaluationSet/NaturalBlurSet", NATURAL),
        ("EvaluationSet/DigitalBlurSet", DIGITAL),
        *(
            (f"TrainingSet/{kind}", {n: v for n, v in TRAINING.items() if n.startswith(kind)})
            for kind in ("Undistorted", "Naturally-Blurred", "Artificially-Blurred")
        ),
    ],
)
def test_each_folder_of_it_reads_as_in_the_whole_set(
    certh: Path, folder: str, expected: dict[str, tuple[Label | None, str, str]]
) -> None:
    found = read_labelled(certh / folder)
    assert summarize(found) == expected
    assert found.left_out == ()


def test_overlapping_folders_count_once(certh: Path) -> None:
    folders = [certh, certh / "TrainingSet", certh / "EvaluationSet" / "DigitalBlurSet"]
    assert summarize(read_labelled(*folders)) == TRAINING | NATURAL | DIGITAL


def test_more_or_fewer_photos_than_published_are_a_note(certh: Path) -> None:
    assert read_labelled(certh / "TrainingSet").notes == (
        "CERTH Undistorted has 2 clear and 0 blurred photos; published: 630 and 0",
        "CERTH Naturally-Blurred has 0 clear and 1 blurred photos; published: 0 and 220",
        "CERTH Artificially-Blurred has 0 clear and 2 blurred photos; published: 0 and 150",
    )
    part = certh / "TrainingSet" / "Naturally-Blurred"
    make_files(part, *(f"{i}.jpg" for i in range(219)))
    assert read_labelled(part).notes == ()


def test_a_folder_that_only_some_copies_have_is_a_source_of_its_own(certh: Path) -> None:
    make_files(certh / "TrainingSet" / "NewDigitalBlur", "MotionL3_DSC02106.jpg")
    found = summarize(read_labelled(certh))
    assert found["NewDigitalBlur/MotionL3_DSC02106.jpg"] == (
        Label.BLURRY, "certh-training-digital", "DSC02106",
    )  # fmt: skip


def test_a_missing_half_is_a_note(certh: Path) -> None:
    shutil.rmtree(certh / "TrainingSet")
    found = read_labelled(certh)
    assert summarize(found) == NATURAL | DIGITAL
    assert any(n.startswith("CERTH Undistorted has 0 clear and 0 bl") for n in found.notes)


def test_a_missing_sheet_leaves_its_folder_out_and_says_what_was_found(certh: Path) -> None:
    sheet = certh / "EvaluationSet" / "NaturalBlurSet.xlsx"
    sheet.rename(sheet.with_suffix(".csv"))
    found = read_labelled(certh)
    assert summarize(found) == TRAINING | DIGITAL
    (skip,) = found.left_out
    assert (skip.path, skip.is_unreadable) == (sheet.with_suffix(""), True)
    assert skip.reason == (
        "expected the label sheet NaturalBlurSet.xlsx beside this folder; found "
        "DigitalBlurSet.xlsx, NaturalBlurSet.csv; without it 4 photos have no label"
    )
    with pytest.raises(InputError, match=r"no labelled photo: .* expected the label sheet Natural"):
        read_labelled(sheet.with_suffix(""))


def test_a_bad_sheet_leaves_its_folder_out_as_unreadable(certh: Path) -> None:
    sheet = write_sheet(certh / "EvaluationSet" / "DigitalBlurSet.xlsx", [("Name", "Blur")])
    found = read_labelled(certh / "EvaluationSet")
    assert summarize(found) == NATURAL
    (skip,) = found.left_out
    assert (skip.path, skip.is_unreadable) == (sheet, True)
    assert "found Name, Blur; without it 4 photos have no label" in skip.reason
    with pytest.raises(InputError, match=r"needs the columns .* found Name, Blur"):
        read_labelled(certh / "EvaluationSet" / "DigitalBlurSet")


def test_photos_and_rows_that_do_not_fit_are_told(certh: Path) -> None:
    sheet = certh / "EvaluationSet" / "NaturalBlurSet.xlsx"
    write_sheet(sheet, [*NATURAL_ROWS[:-1], ("gone", 1)])
    make_files(certh, "stray.jpg", "EvaluationSet/other/stray.jpg")
    found = read_labelled(certh)
    assert {(skip.path.name, skip.reason) for skip in found.left_out} == {
        ("DSC.3.jpg", "no row in NaturalBlurSet.xlsx"),
        ("stray.jpg", "in no folder of the CERTH set"),
    }
    assert len(found.left_out) == 3
    assert "NaturalBlurSet.xlsx: rows without a photo: 1 (gone)" in found.notes


def test_openpyxl_is_needed_for_the_evaluation_set_only(
    certh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert summarize(read_labelled(certh / "TrainingSet")) == TRAINING
    with pytest.raises(MissingExtraError):
        read_labelled(certh)


@pytest.mark.parametrize(
    "names",
    [
        ("TrainingSet/clear/a.jpg", "TrainingSet/blurred/b.jpg"),
        ("undistorted/a.jpg", "naturally-blurred/b.jpg", "dark/c.jpg"),
        ("clear/a.jpg", "naturally-blurred/b.jpg"),
        ("NaturalBlurSet/clear/a.jpg", "NaturalBlurSet/blurred/b.jpg"),
        ("Undistorted/a.jpg",),
    ],
)
def test_plain_labelled_folders_stay_plain(tmp_path: Path, names: tuple[str, ...]) -> None:
    make_files(tmp_path / "mine", *names)
    found = read_labelled(tmp_path / "mine")
    assert {p.path.name: p.label for p in found.photos} == {
        name: label
        for name, label in {"a.jpg": None, "b.jpg": Label.BLURRY, "c.jpg": Label.DARK}.items()
        if any(each.endswith(name) for each in names)
    }
    assert not any("certh" in photo.source for photo in found.photos)
    assert found.notes == ()


def test_a_plain_folder_in_a_sub_set_stays_plain(tmp_path: Path) -> None:
    make_files(tmp_path, "NaturalBlurSet/clear/a.jpg", "NaturalBlurSet/blurred/b.jpg")
    found = read_labelled(tmp_path / "NaturalBlurSet")
    assert {photo.source for photo in found.photos} == {"NaturalBlurSet"}


def test_a_manifest_comes_first(certh: Path) -> None:
    table = "file,label,source\nTrainingSet/Undistorted/100_2088.JPG,dark,mine\n"
    (certh / "manifest.csv").write_text(table, encoding="utf-8")
    found = summarize(read_labelled(certh / "TrainingSet"))
    assert found["Undistorted/100_2088.JPG"] == (Label.DARK, "mine", "")
