from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from clearshot.errors import InputError, MissingExtraError
from clearshot.evaluation.sets.sheet import read_sheet
from public_sets import write_sheet


def test_cells_are_text_without_blanks_around(tmp_path: Path) -> None:
    rows = [("Name ", None), (" a b  ", -1), (None, 0.5)]
    assert read_sheet(write_sheet(tmp_path / "s.xlsx", rows)) == [
        ["Name"],
        ["a b", "-1"],
        ["", "0.5"],
    ]


def test_decimals_of_whole_numbers_and_a_wrong_size_do_not_matter(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "s.xlsx", [("Name", "Label"), ("a", 12)])
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"]
    changed = xml.replace(b"<v>12</v>", b"<v>12.0</v>").replace(b'ref="A1:B2"', b'ref="A1"')
    assert len(changed) == len(xml) + 2 - 3
    with ZipFile(path, "w") as book:
        for name, content in (parts | {"xl/worksheets/sheet1.xml": changed}).items():
            book.writestr(name, content)
    assert read_sheet(path) == [["Name", "Label"], ["a", "12"]]


@pytest.mark.parametrize("content", [b"", b"name,label\n", b"PK\x03\x04 cut short"])
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"s\.xlsx: is no Excel workbook"):
        read_sheet(path)


def test_a_workbook_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "s.xlsx", [("Name", "Label")])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="is no Excel workbook"):
        read_sheet(path)


def test_a_missing_sheet_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_sheet(tmp_path / "s.xlsx")


def test_missing_openpyxl_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clearshot\[evaluate\]'"):
        read_sheet(tmp_path / "s.xlsx")
