from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.errors import InputError
from clearshot.evaluation.sets.certh_sheet import read_sheet_labels
from clearshot.photo import Label
from public_sets import Rows, write_sheet

NAMES = [Path("/s/a.jpg"), Path("/s/b.JPG")]


@pytest.mark.parametrize(
    "headings",
    [
        ("Image Name", "Blur Label"),
        (" image name", "blur label "),
        ("MyDigital Blur", None),
        ("MyDigital Blur", "Unnamed: 1"),
        ("MyDigital Blur", "Blur Label"),
    ],
)
def test_names_fit_with_and_without_suffix(
    tmp_path: Path, headings: tuple[str, str | None]
) -> None:
    sheet = write_sheet(tmp_path / "s.xlsx", [headings, ("A ", 1), (None, None), ("b.jpg  ", -1)])
    found = read_sheet_labels(sheet, NAMES)
    assert found.labels == {NAMES[0]: Label.BLURRY, NAMES[1]: None}
    assert found.left_out == ()
    assert found.notes == ()


def test_columns_may_lie_anywhere_below_empty_rows(tmp_path: Path) -> None:
    rows = [(None,), ("No.", "Image Name", "Blur Label"), (1, "a", 1), (2, "b", -1)]
    found = read_sheet_labels(write_sheet(tmp_path / "s.xlsx", rows), NAMES)
    assert list(found.labels.values()) == [Label.BLURRY, None]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "found an empty sheet"),
        ([("Name", "Label"), ("a", 1)], "found Name, Label"),
        ([("Image Name", None), ("a", 1)], "found Image Name"),
        ([("Image Name",), ("a",)], "found Image Name"),
        ([("Blur Label", "Image Name"), (1, "a")], "found Blur Label, Image Name"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, rows: Rows, message: str) -> None:
    sheet = write_sheet(tmp_path / "s.xlsx", rows)
    with pytest.raises(InputError) as error:
        read_sheet_labels(sheet, NAMES)
    assert "needs the columns Image Name and Blur Label" in error.value.message
    assert error.value.message.endswith(message)
    assert error.value.path == sheet


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("b", 1)], "no row in s.xlsx"),
        ([("a", 0)], "label '0', expected 1 or -1, in s.xlsx"),
        ([("a", None)], "label '', expected 1 or -1, in s.xlsx"),
        ([("a", 1), ("A ", -1)], "labels '-1' and '1' in s.xlsx"),
    ],
)
def test_a_photo_without_a_usable_row_is_left_out(tmp_path: Path, rows: Rows, reason: str) -> None:
    sheet = write_sheet(tmp_path / "s.xlsx", [("Image Name", "Blur Label"), *rows])
    found = read_sheet_labels(sheet, NAMES[:1])
    assert found.labels == {}
    assert [(s.path, s.reason, s.is_unreadable) for s in found.left_out] == [
        (NAMES[0], reason, False)
    ]


def test_a_row_twice_is_as_good_as_once(tmp_path: Path) -> None:
    rows: Rows = [("Image Name", "Blur Label"), ("a", 1), ("a ", 1)]
    found = read_sheet_labels(write_sheet(tmp_path / "s.xlsx", rows), NAMES[:1])
    assert found.labels == {NAMES[0]: Label.BLURRY}


def test_rows_without_a_photo_are_counted_and_a_few_named(tmp_path: Path) -> None:
    rows: Rows = [("Image Name", "Blur Label"), ("a", 1), *((f"gone{i}", 1) for i in range(1200))]
    found = read_sheet_labels(write_sheet(tmp_path / "s.xlsx", rows), NAMES[:1])
    assert found.notes == ("s.xlsx: rows without a photo: 1,200 (gone0, gone1, gone2, ...)",)
