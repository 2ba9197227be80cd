from __future__ import annotations

import os
import sys
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearshot.discover import Discovery, _split, find_photos, name_shots
from clearshot.errors import InputError


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode("utf-8", "surrogateescape"))


def names(found: Discovery, root: Path) -> list[str]:
    return [photo.path.relative_to(root).as_posix() for photo in found.photos]


def companions(found: Discovery) -> dict[str, list[str]]:
    return {photo.path.name: [path.name for path in photo.companions] for photo in found.photos}


def skipped(found: Discovery) -> dict[str, str]:
    return {skip.path.name: skip.reason for skip in found.skipped}


def test_photos_come_in_order_with_their_stamps(tmp_path: Path) -> None:
    write(tmp_path, "b/2.JPG", "b/1.jpeg", "a/x/9.webp", "a/y.tif", "z.png", "notes.txt", "b/v.avi")
    os.utime(tmp_path / "z.png", ns=(5, 1_234_567_890_123_456_789))

    found = find_photos([tmp_path])

    assert names(found, tmp_path) == ["z.png", "a/y.tif", "a/x/9.webp", "b/1.jpeg", "b/2.JPG"]
    assert found.num_ignored == 2
    assert found.skipped == ()
    assert found.photos[0].stamp.size_bytes == len("z.png")
    assert found.photos[0].stamp.mtime_ns == (tmp_path / "z.png").stat().st_mtime_ns
    assert all(photo.path.is_absolute() for photo in found.photos)


@pytest.mark.parametrize(
    "name",
    [
        ".hidden/a.jpg",
        ".a.jpg",
        "._IMG_1.jpg",
        "@eaDir/a.jpg",
        "#recycle/a.jpg",
        ".Trash-1000/a.jpg",
        ".clearshot/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "System Volume Information/a.jpg",
    ],
)
def test_hidden_and_system_folders_are_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "kept.jpg")

    found = find_photos([tmp_path])

    assert found == Discovery(found.photos, (), 0)
    assert names(found, tmp_path) == ["kept.jpg"]


def test_a_root_is_used_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, ".private/a.jpg")

    assert names(find_photos([tmp_path / ".private"]), tmp_path) == [".private/a.jpg"]


def test_companions_go_with_their_photo(tmp_path: Path) -> None:
    everything = [
        *("IMG.aae", "IMG.CR3", "IMG.CR3.xmp", "IMG.JPG.dop", "IMG.JPG.pp3", "IMG.JPG.xmp"),
        *("IMG.MOV", "IMG.THM", "IMG.WAV", "IMG.xmp"),
    ]
    write(tmp_path, "IMG.JPG", *everything, "OTHER.jpg", "IMG_2.mov", "x/IMG.xmp", "img.xmp")

    found = find_photos([tmp_path])

    assert companions(found) == {"IMG.JPG": sorted(everything), "OTHER.jpg": []}
    assert found.skipped == ()
    assert found.num_ignored == 3  # a video, a sidecar elsewhere, a sidecar spelled differently


def test_sidecars_of_duplicates_go_with_their_photo(tmp_path: Path) -> None:
    duplicates = ["IMG_01.CR2.xmp", "IMG_12.JPG.xmp"]
    write(tmp_path, "IMG.JPG", "IMG.CR2", "IMG.CR2.xmp", "IMG.acr", "IMG_1.CR2.xmp", *duplicates)

    found = find_photos([tmp_path])

    assert companions(found) == {
        "IMG.JPG": sorted(["IMG.CR2", "IMG.CR2.xmp", "IMG.acr", *duplicates])
    }
    assert (found.skipped, found.num_ignored) == ((), 1)
    assert name_shots("IMG_01.CR2.xmp") >= {"IMG", "IMG_01"}


@pytest.mark.parametrize("suffix", [".acr", ".aae"])
def test_masks_and_edits_are_named_by_the_base_name_alone(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, "IMG.jpg", f"IMG{suffix}", f"IMG.jpg{suffix}")
    (photo,) = find_photos([tmp_path]).photos
    assert [path.name for path in photo.companions] == [f"IMG{suffix}"]
    assert name_shots(f"IMG.jpg{suffix}") == {"IMG.jpg"}


def test_a_sidecar_of_a_duplicate_or_of_another_photo_stays_with_none(tmp_path: Path) -> None:
    write(tmp_path, "IMG.CR2", "IMG_01.jpg", "IMG_01.CR2.xmp", "IMG_01.jpg.xmp")

    found = find_photos([tmp_path])

    assert companions(found) == {"IMG.CR2": [], "IMG_01.jpg": ["IMG_01.jpg.xmp"]}
    assert "stays with none" in skipped(found)["IMG_01.CR2.xmp"]


@pytest.mark.parametrize(
    ("names", "judged"),
    [
        (["IMG.ARW", "IMG.JPG"], ["IMG.JPG"]),
        (["IMG.heic", "IMG.mov"], ["IMG.heic"]),
        (["IMG.HIF", "IMG.CR3", "IMG.CR3.xmp"], ["IMG.HIF"]),
        (["IMG.dng"], ["IMG.dng"]),
        (["IMG.jpg", "IMG.heic", "IMG.dng"], ["IMG.jpg"]),
        (["IMG.raf", "img.jpg"], ["IMG.raf", "img.jpg"]),  # spelled differently
        (["IMG.nef", "IMG.nef.xmp", "IMG.xmp", "IMG.pp3", "IMG.nef.dop"], ["IMG.nef"]),
    ],
)
def test_files_of_one_shot_are_one_photo(
    tmp_path: Path, names: list[str], judged: list[str]
) -> None:
    write(tmp_path, *names)

    found = find_photos([tmp_path])

    assert set(companions(found)) == set(judged)
    assert sorted(sum(companions(found).values(), judged)) == sorted(names)
    assert (found.skipped, found.num_ignored) == ((), 0)


def test_a_companion_of_several_photos_stays_with_none(tmp_path: Path) -> None:
    write(tmp_path, "IMG.jpg", "IMG.png", "IMG.xmp", "IMG.png.xmp", "IMG.nef", "IMG.nef.xmp")

    found = find_photos([tmp_path])

    assert companions(found) == {
        "IMG.jpg": [],
        "IMG.nef": ["IMG.nef.xmp"],
        "IMG.png": ["IMG.png.xmp"],
    }
    assert set(skipped(found)) == {"IMG.xmp", "IMG.nef"}
    assert "stays with none" in skipped(found)["IMG.xmp"]
    assert skipped(found)["IMG.nef"] == (
        "may be the same shot as any of IMG.jpg, IMG.png; judged as one of its own"
    )


def test_two_raw_files_of_one_name_are_not_guessed_at(tmp_path: Path) -> None:
    write(tmp_path, "IMG.dng", "IMG.jpg", "IMG.nef", "IMG.dng.xmp")

    found = find_photos([tmp_path])

    assert companions(found) == {"IMG.dng": ["IMG.dng.xmp"], "IMG.jpg": [], "IMG.nef": []}
    assert set(skipped(found)) == {"IMG.dng", "IMG.nef"}


def test_two_pictures_of_one_name_are_two_photos_without_remark(tmp_path: Path) -> None:
    write(tmp_path, "IMG.jpg", "IMG.png")

    found = find_photos([tmp_path])

    assert companions(found) == {"IMG.jpg": [], "IMG.png": []}
    assert found.skipped == ()


def test_symlinks_are_reported_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "library/a/1.jpg", "outside/2.jpg")
    library = tmp_path / "library"
    (library / "a" / "loop").symlink_to(library, target_is_directory=True)
    (library / "away").symlink_to(tmp_path / "outside", target_is_directory=True)
    (library / "3.jpg").symlink_to(tmp_path / "outside" / "2.jpg")

    found = find_photos([library])

    assert names(found, library) == ["a/1.jpg"]
    assert set(skipped(found)) == {"loop", "away", "3.jpg"}
    assert set(skipped(found).values()) == {"symbolic link, not followed"}


def test_a_junction_of_windows_is_reported_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "mine/1.jpg", "theirs/2.jpg")

    class Listing:
        """A folder's entries, one of which is a junction: a folder, and no symbolic link."""

        def __init__(self, folder: Path) -> None:
            self._entries = list(scandir(folder))

        def __enter__(self) -> list[Any]:
            return [Junction(e) if e.name == "theirs" else e for e in self._entries]

        def __exit__(self, *_: object) -> None: ...

    class Junction:
        def __init__(self, entry: os.DirEntry[str]) -> None:
            self.name = entry.name

        def is_symlink(self) -> bool:
            return False

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            return True

        def stat(self, *, follow_symlinks: bool) -> SimpleNamespace:
            return SimpleNamespace(st_reparse_tag=0xA0000003)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", Listing)

    found = find_photos([tmp_path])

    assert names(found, tmp_path) == ["mine/1.jpg"]
    assert skipped(found) == {"theirs": "junction, not followed"}


def test_libraries_of_other_programs_are_reported_and_left_alone(tmp_path: Path) -> None:
    inside = "Photos Library.photoslibrary/originals/0/1.jpg"
    write(tmp_path, "2.jpg", inside, "Catalog Smart Previews.lrdata/0/0A12.dng")

    found = find_photos([tmp_path])

    assert names(found, tmp_path) == ["2.jpg"]
    assert len(found.skipped) == 2
    assert set(skipped(found).values()) == {"library of another program, left alone"}
    # Who names one means it.
    package = tmp_path / "Photos Library.photoslibrary"
    assert names(find_photos([package]), tmp_path) == [inside]


def test_overlapping_roots_give_each_photo_once(tmp_path: Path) -> None:
    write(tmp_path, "1.jpg", "2.jpg", "2.xmp", "sub/3.jpg")
    (tmp_path.parent / f"{tmp_path.name}-link").symlink_to(tmp_path, target_is_directory=True)
    link = tmp_path.parent / f"{tmp_path.name}-link"

    found = find_photos([tmp_path / "sub", tmp_path / "2.jpg", tmp_path, tmp_path / "1.jpg", link])

    assert names(found, tmp_path) == ["sub/3.jpg", "2.jpg", "1.jpg"]
    assert companions(found)["2.jpg"] == ["2.xmp"]


def test_a_file_is_one_photo_whatever_its_suffix(tmp_path: Path) -> None:
    write(tmp_path, "scan.dat", "other.jpg", "scan.xmp")

    found = find_photos([tmp_path / "scan.dat"])

    assert companions(found) == {"scan.dat": []}


def test_a_relative_root_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "sub/1.jpg")
    monkeypatch.chdir(tmp_path)

    assert [photo.path for photo in find_photos([Path("sub")]).photos] == [tmp_path / "sub/1.jpg"]


def test_a_missing_root_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: No such file"):
        find_photos([tmp_path / "nowhere"])


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    found = find_photos([tmp_path])

    assert found.photos == ()
    assert skipped(found) == {"pipe.jpg": "not a regular file"}
    with pytest.raises(InputError, match="neither a folder nor a regular file"):
        find_photos([tmp_path / "pipe.jpg"])


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "locked/1.jpg", "open/2.jpg")
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)

    found = find_photos([tmp_path])

    assert names(found, tmp_path) == ["open/2.jpg"]
    assert skipped(found) == {"locked": "Permission denied"}
    with pytest.raises(InputError, match="locked: Permission denied"):
        find_photos([tmp_path / "locked"])


def test_a_file_that_vanishes_during_the_walk_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "1.jpg", "2.jpg")
    scandir = os.scandir

    class Vanishing:
        def __init__(self, folder: Path) -> None:
            self.entries = scandir(folder)

        def __enter__(self) -> list[os.DirEntry[str]]:
            with self.entries as entries:
                listing = list(entries)
            (tmp_path / "1.jpg").unlink()
            return listing

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Vanishing)

    found = find_photos([tmp_path])

    assert names(found, tmp_path) == ["2.jpg"]
    assert skipped(found) == {"1.jpg": "No such file or directory"}


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_any_file_name_survives(tmp_path: Path) -> None:
    strange = ["new\nline.jpg", "\N{CAMERA WITH FLASH}.jpg", os.fsdecode(b"caf\xe9.jpg"), " .jpg"]
    write(tmp_path, *strange, os.fsdecode(b"caf\xe9.xmp"))

    found = find_photos([tmp_path])

    assert set(companions(found)) == set(strange)
    assert companions(found)[os.fsdecode(b"caf\xe9.jpg")] == [os.fsdecode(b"caf\xe9.xmp")]
    assert all(photo.path.exists() for photo in found.photos)


def test_long_names_and_deep_folders(tmp_path: Path) -> None:
    name = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 125 + ".jpg"  # 254 bytes, one below the limit
    deep = "/".join(["folder-of-a-name-that-is-long"] * 30)
    write(tmp_path, name, f"{deep}/{name}")

    assert names(find_photos([tmp_path]), tmp_path) == [name, f"{deep}/{name}"]


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1))
def test_names_are_split_as_paths_are(name: str) -> None:
    assume(name not in {".", ".."})
    assert _split(name) == (PurePath(name).stem, PurePath(name).suffix)


def test_a_jpeg_of_a_browser_is_a_photo(tmp_path: Path) -> None:
    (tmp_path / "picture.JFIF").touch()
    assert [photo.path.name for photo in find_photos([tmp_path]).photos] == ["picture.JFIF"]
