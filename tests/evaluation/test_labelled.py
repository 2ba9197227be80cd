from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from clearshot.errors import InputError, UsageError
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.photo import Label

if TYPE_CHECKING:
    from pathlib import Path


def make_files(root: Path, *names: str) -> None:
    """Make empty files: labels are read without opening photos."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def summarize(*paths: Path) -> dict[str, tuple[Label | None, str]]:
    return {p.path.name: (p.label, p.source) for p in read_labelled(*paths).photos}


def write_csv(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_folder_names_are_labels_and_other_folders_sources(tmp_path: Path) -> None:
    make_files(
        tmp_path / "mine", "clear/a.jpg", "Sharp/phone/b.jpg", "blurry/phone/night/c.jpg",
        "reflex/dark/d.jpg", "over/e.png", "normal/f.jpg",
    )  # fmt: skip
    assert summarize(tmp_path / "mine") == {
        "a.jpg": (None, "mine"),
        "b.jpg": (None, "phone"),
        "c.jpg": (Label.BLURRY, "phone/night"),
        "d.jpg": (Label.DARK, "reflex"),
        "e.png": (Label.OVEREXPOSED, "mine"),
        "f.jpg": (None, "mine"),
    }


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_spreadsheet_may_write_semicolons(tmp_path: Path, mark: str) -> None:
    make_files(tmp_path, "a.jpg", "b, c.jpg")
    rows = (("file", "label", "pile"), ("a.jpg", "clear", "good"), ('"b, c.jpg"', "blurred", "bad"))
    path = write_csv(tmp_path / "audit.csv", "\r\n".join(mark.join(row) for row in rows))
    labels = {name: label for name, (label, _) in summarize(path).items()}
    assert labels == {"a.jpg": None, "b, c.jpg": Label.BLURRY}


def test_rows_that_a_spreadsheet_left_empty_are_none(tmp_path: Path) -> None:
    text = "file;label;source\r\n;;\r\na.jpg;clear;\r\n ;;\r\n;;;\r\nb.jpg;dark;\r\n;;\r\n"
    make_files(tmp_path, "a.jpg", "b.jpg")
    assert list(summarize(write_csv(tmp_path / "mine.csv", text))) == ["a.jpg", "b.jpg"]
    wrong = text.replace("dark", "drak")
    with pytest.raises(InputError, match="line 6: unknown label"):
        read_labelled(write_csv(tmp_path / "wrong.csv", wrong))


def test_a_folder_that_is_named_like_a_label_is_one(tmp_path: Path) -> None:
    make_files(tmp_path, "bokeh/a.jpg", "bokeh/portraits/b.jpg")
    assert summarize(tmp_path / "bokeh") == {"a.jpg": (None, "bokeh"), "b.jpg": (None, "portraits")}


def test_its_own_name_is_no_label_where_its_subfolders_are(tmp_path: Path) -> None:
    make_files(tmp_path / "dark", "clear/a.jpg", "blurred/b.jpg", "stray.jpg")
    found = read_labelled(tmp_path / "dark")
    assert {p.path.name: p.label for p in found.photos} == {"a.jpg": None, "b.jpg": Label.BLURRY}
    assert [(s.path.name, s.reason) for s in found.left_out] == [("stray.jpg", "no label")]


def test_manifest_above_the_set_names_labels_sources_and_scenes(tmp_path: Path) -> None:
    make_files(tmp_path, "bokeh/a.jpg", "runs/x/b.jpg", "runs/x/c.jpg", "runs/x/d.jpg")
    write_csv(
        tmp_path / "MANIFEST.csv",
        "file,label,kind,source,scene\nbokeh/a.jpg,clear,,cuhk,\nruns/x/b.jpg,over,,sice,7\n"
        "runs/x/c.jpg,between,,sice,7\nelsewhere/z.jpg,blurry,,z,\n",
    )
    found = read_labelled(tmp_path / "bokeh", tmp_path / "runs" / "x")
    assert found.photos == (
        LabelledPhoto((tmp_path / "bokeh/a.jpg").resolve(), None, "cuhk"),
        LabelledPhoto((tmp_path / "runs/x/b.jpg").resolve(), Label.OVEREXPOSED, "sice", "7"),
    )
    reasons = {s.path.name: s.reason for s in found.left_out}
    assert reasons == {"c.jpg": "label 'between'", "d.jpg": "no label"}


def test_what_a_table_of_the_folder_lists_is_never_dropped(tmp_path: Path) -> None:
    make_files(tmp_path, "a.jpg", "b.jpg", "b.heic", "c.CR2")
    write_csv(tmp_path / "labels.csv", "file,label\na.jpg,clear\nb.heic,blurry\ngone.jpg,clear\n")
    found = read_labelled(tmp_path)
    assert {photo.path.name: photo.label for photo in found.photos} == {
        "a.jpg": None,
        "b.jpg": Label.BLURRY,  # judged in place of its HEIC
        "gone.jpg": None,  # fails later, as a missing photo does
    }
    assert [skip.path.name for skip in found.left_out] == ["c.CR2"]


def test_a_table_above_the_set_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    make_files(root, "clear/a.jpg", "blurry/b.jpg")
    (tmp_path / "labels.csv").write_bytes(b"file;label\n\xf6.jpg;clear\n")
    (tmp_path / "manifest.csv").mkdir()
    found = read_labelled(root)
    assert len(found.photos) == 2
    assert len([note for note in found.notes if "passed over" in note]) == 2
    (root / "labels.csv").write_bytes(b"file;label\n\xf6.jpg;clear\n")
    with pytest.raises(InputError, match="is not in UTF-8"):
        read_labelled(root)


def test_tables_about_something_else_are_no_manifest(tmp_path: Path) -> None:
    make_files(tmp_path, "set/clear/a.jpg", "set/blurred/b.jpg")
    write_csv(tmp_path / "set" / "labels.csv", "name,price\nfish,3\n")
    write_csv(tmp_path / "manifest.csv", "file,label\nother/a.jpg,dark\n")
    assert summarize(tmp_path / "set")["a.jpg"] == (None, "set")


def test_csv_paths_are_relative_to_it_and_sources_optional(tmp_path: Path) -> None:
    table = write_csv(
        tmp_path / "labels" / "mine.csv",
        "\ufeffFile, Label ,source\n../p/a.jpg,blurred,phone\n\nb.jpg,Clear,\nsub/c.jpg,clear,\n"
        "d.jpg,,\n../q/e.jpg,dark,\n",
    )
    found = read_labelled(table)
    root = tmp_path.resolve()
    assert found.photos == (
        LabelledPhoto(root / "p" / "a.jpg", Label.BLURRY, "phone"),
        LabelledPhoto(root / "labels" / "b.jpg", None, "labels"),
        LabelledPhoto(root / "labels" / "sub" / "c.jpg", None, "sub"),
        LabelledPhoto(root / "q" / "e.jpg", Label.DARK, "q"),
    )
    assert [s.path.name for s in found.left_out] == ["d.jpg"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs the columns file and label; found an empty file"),
        ("name;label\na;clear\n", "needs the columns file and label; found name, label"),
        ("file,label\na.jpg,blury\n", "line 2: unknown label 'blury'; expected one of clear"),
        ("file,label\n,clear\n", "line 2: the column file is empty"),
        ("file,label\na,clear,x\n", "line 2: more fields than the 2 columns"),
        ("file,label\na,clear\na,dark\n", "line 3: a has two different labels"),
        ("file,label\na,between\n", "no labelled photo: expected subfolders"),
    ],
)
def test_bad_csv_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    table = write_csv(tmp_path / "t.csv", text)
    with pytest.raises(InputError) as error:
        read_labelled(table)
    assert message in str(error.value)
    assert "t.csv" in str(error.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_csv_in_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    make_files(tmp_path, "ü.jpg")
    (tmp_path / "t.csv").write_bytes("file,label\nü.jpg,clear\n".encode(encoding))
    with pytest.raises(InputError, match="is not in UTF-8"):
        read_labelled(tmp_path / "t.csv")


@pytest.mark.parametrize("column", ["source", "scene", "notes"])
def test_only_the_name_of_a_file_may_be_no_text(tmp_path: Path, column: str) -> None:
    make_files(tmp_path, "a.jpg")
    table = tmp_path / "t.csv"
    table.write_bytes(f"file,label,{column}\na.jpg,clear,Küche\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"t\.csv, line 2: is not in UTF-8"):
        read_labelled(table)


def test_csv_names_photos_whose_names_are_no_text(tmp_path: Path) -> None:
    photo = tmp_path / os.fsdecode(b"\xff\xfe.jpg")
    try:
        photo.touch()
    except OSError:
        pytest.skip("this disk takes Unicode names only")
    (tmp_path / "t.csv").write_bytes(b"file,label\n\xff\xfe.jpg,clear\n")
    assert [each.path for each in read_labelled(tmp_path / "t.csv").photos] == [photo]


def test_a_folder_without_labels_says_what_it_holds(tmp_path: Path) -> None:
    make_files(tmp_path / "s", "holiday/a.jpg", "b.jpg")
    with pytest.raises(InputError, match=r"expected subfolders.*2 photos and the subfolders holi"):
        read_labelled(tmp_path / "s")


def test_wrong_paths_are_refused(tmp_path: Path) -> None:
    make_files(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match="neither a folder nor"):
        read_labelled(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="no such folder"):
        read_labelled(tmp_path / "gone")
    with pytest.raises(UsageError, match="no labelled set"):
        read_labelled()


def test_overlapping_sets_count_photos_once_and_must_agree(tmp_path: Path) -> None:
    make_files(tmp_path / "s", "clear/a.jpg", "dark/b.jpg", "c.jpg")
    table = write_csv(tmp_path / "t.csv", "file,label\ns/c.jpg,dark\n")
    found = read_labelled(tmp_path / "s", tmp_path / "s" / "clear", table)
    assert sorted(p.path.name for p in found.photos) == ["a.jpg", "b.jpg", "c.jpg"]
    assert found.left_out == ()
    table = write_csv(tmp_path / "u.csv", "file,label\ns/dark/b.jpg,clear\n")
    with pytest.raises(InputError, match="is labelled both dark and clear"):
        read_labelled(tmp_path / "s", table)


def test_a_photo_is_the_same_by_whichever_link_its_folder_is_named(tmp_path: Path) -> None:
    make_files(tmp_path / "set", "clear/a.jpg", "blurred/b.jpg")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "set", target_is_directory=True)
    rows = f"file,label\n{link}/clear/a.jpg,clear\n{link}/blurred/b.jpg,blurred\n"
    table = write_csv(tmp_path / "mine.csv", rows)
    assert read_labelled(table, tmp_path / "set").photos == read_labelled(table).photos
    # A table of the folder is one of its photos, too.
    make_files(tmp_path / "set" / "new", "c.jpg")
    write_csv(tmp_path / "set" / "new" / "labels.csv", f"file,label\n{link}/new/c.jpg,dark\n")
    assert list(summarize(tmp_path / "set" / "new")) == ["c.jpg"]


def test_manifest_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    make_files(tmp_path, "s/clear/a.jpg", "s/dark/b.jpg")
    rows = "file,label\ns/clear/a.jpg,clear\ns/clear/a.jpg,dark\n"
    write_csv(tmp_path / "manifest.csv", rows)
    with pytest.raises(InputError, match=r"manifest\.csv, line 3: a\.jpg has two different labels"):
        read_labelled(tmp_path / "s")
    write_csv(tmp_path / "manifest.csv", rows.replace("dark", "clear"))
    assert len(read_labelled(tmp_path / "s").photos) == 2
