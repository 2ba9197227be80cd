"""The system's trash: files go there, and come back where it tells their place."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from actions.kinds import plan_kind, read_all, undo
from actions.trees import find_journal_folder, make_library, read_tree, write_file
from clearshot.actions import deeds, moves
from clearshot.actions import trash as trash_module
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.deeds import NOT_IN_TRASH
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.trash import NO_BIN, PROTECTED, TrashListing, find_refusal, send_to_trash
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.photo import FileStamp


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of five files."""
    folder = tmp_path / "library"
    make_library(folder)
    return folder


@pytest.fixture
def journals(library: Path) -> Path:
    return find_journal_folder(library)


def test_names_that_are_no_unicode(library: Path, journals: Path, trash: Path) -> None:
    names = [os.fsdecode(b"caf\xe9 100%.jpg"), "two\nlines.jpg", "📷.jpg"]
    try:
        paths = [write_file(library / name, name.encode(errors="replace")) for name in names]
    except OSError:
        pytest.skip("this disk takes Unicode names only")
    steps = [
        Step(path, TRASH_PLACE, FileStamp(s.st_size, s.st_mtime_ns), n, "dark", Kind.TRASH)
        for n, path in enumerate(paths)
        for s in [path.stat()]
    ]
    before = read_all(library)
    apply_plan(Plan(library, tuple(steps)), journals)
    assert not any(path.exists() for path in paths)
    undo(journals)
    assert read_all(library) == before
    assert list((trash / "info").iterdir()) == []


@pytest.mark.parametrize("value", ["", "data", "~/data"])
def test_a_data_folder_that_is_not_absolute_is_passed_over(
    tmp_path: Path, trash: Path, value: str
) -> None:
    """As desktops do; the library of the trash reads the variable when it is imported."""
    home, photo = tmp_path / "home", write_file(tmp_path / "library" / "one.jpg", b"one")
    home.mkdir()
    script = (
        "import sys; from pathlib import Path;"
        "from clearshot.actions.atomic import read_stamp;"
        "from clearshot.actions.trash import TrashListing, send_to_trash;"
        "path = Path(sys.argv[1]); stamp = read_stamp(path); send_to_trash(path);"
        "print(TrashListing().find(path, stamp))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(photo)],
        env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": value},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not photo.exists()
    assert Path(found.stdout.strip()) == home / ".local/share/Trash/files/one.jpg"


def test_the_same_name_twice(library: Path, journals: Path, trash: Path) -> None:
    plan = plan_kind(library, Kind.TRASH)
    before = read_all(library)
    apply_plan(plan, journals)
    make_library(library)
    write_file(library / "two.jpg", b"another", mtime_ns=1)
    apply_plan(Plan(library, plan.steps[2:4]), journals)
    assert (library / "two.jpg").exists(), "it is another photo now"
    (library / "two.jpg").unlink()
    for name in ("two.xmp", "a/one.jpg", "a/one.xmp", "three.jpg"):
        (library / name).unlink()
    undo(journals)
    assert read_all(library) == before


def test_an_emptied_trash(library: Path, journals: Path, trash: Path) -> None:
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    (trash / "files" / "two.jpg").unlink()
    back = plan_undo(journals)
    reasons = {skip.path.name: skip.reason for skip in back.refused}
    assert reasons == {"two.jpg": NOT_IN_TRASH, "two.xmp": "stays with two.jpg"}
    apply_undo(back, journals)
    assert (library / "three.jpg").exists()
    assert (trash / "files" / "two.xmp").exists()


def test_a_photo_that_was_put_back_by_hand_is_not_looked_for_in_the_trash(
    library: Path, journals: Path, trash: Path
) -> None:
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    shutil.move(trash / "files" / "three.jpg", library / "three.jpg")
    (skip,) = plan_undo(journals).refused
    assert skip.reason == f"{library / 'three.jpg'} is occupied"


def test_a_system_that_gives_nothing_back(
    library: Path, journals: Path, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    monkeypatch.setattr("clearshot.actions.trash.GIVES_BACK", False)
    back = plan_undo(journals)
    assert {step.source for step in back.plan.steps} == {TRASH_PLACE}
    assert {skip.reason for skip in back.refused} == {NOT_IN_TRASH}
    assert apply_undo(back, journals).done == ()


def test_a_group_that_fails_comes_back(
    library: Path, journals: Path, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_kind(library, Kind.TRASH)
    before = read_all(library)
    send = trash_module.send_to_trash

    def fail(path: Path) -> None:
        if path.name == "two.xmp":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        send(path)

    monkeypatch.setattr(deeds, "send_to_trash", fail)
    outcome = apply_plan(plan, journals)
    assert len(outcome.done) == 3
    assert (library / "two.jpg").exists()
    undo(journals)
    assert read_all(library) == before


def test_a_redo_says_beforehand_what_the_trash_will_refuse(
    library: Path, journals: Path, trash: Path, ordinary_user: None
) -> None:
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    back = apply_undo(plan_undo(journals), journals)
    (library / "two.xmp").chmod(0o444)
    before = read_all(library)
    again = plan_undo(journals, back.journal.stem)
    assert PROTECTED in {skip.reason for skip in again.refused if skip.path.name == "two.xmp"}
    outcome = apply_undo(again, journals)
    assert {step.source.name for step in outcome.done}.isdisjoint({"two.jpg", "two.xmp"})
    assert read_all(library).items() <= before.items()
    assert (library / "two.jpg").exists()


def test_a_photo_that_was_protected_since_the_plan_stays(
    library: Path, journals: Path, trash: Path, ordinary_user: None
) -> None:
    plan = plan_kind(library, Kind.TRASH)
    (library / "two.jpg").chmod(0o444)
    outcome = apply_plan(plan, journals)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons == {"two.jpg": PROTECTED, "two.xmp": "stays with two.jpg"}
    assert (library / "two.jpg").exists()
    assert not (library / "three.jpg").exists()


@pytest.mark.parametrize(("kind", "reason"), [(2, NO_BIN), (3, ""), (4, NO_BIN)])
def test_a_drive_of_windows_without_a_recycle_bin_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int, reason: str
) -> None:
    photo = write_file(tmp_path / "photo.jpg", b"photo")
    kernel = SimpleNamespace(GetDriveTypeW=lambda root: kind)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(trash_module, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(trash_module, "GIVES_BACK", False)
    assert find_refusal(photo) == reason
    if reason:
        with pytest.raises(PermissionError, match="delete it for good"):
            send_to_trash(photo)
    assert photo.exists()


def test_a_restore_that_fails_goes_back_to_the_trash(
    library: Path, journals: Path, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    after = read_all(library)
    move = moves.move_file

    def fail(source: Path, target: Path, **options: object) -> None:
        if target.name == "two.jpg":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        move(source, target, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(deeds, "move_file", fail)
        outcome = apply_undo(plan_undo(journals), journals)
    assert {skip.path.name for skip in outcome.skipped} == {"two.jpg", "two.xmp"}
    assert not (library / "two.xmp").exists()
    undo(journals)
    assert (library / "two.xmp").read_bytes() == b"<two/>"
    assert after.items() <= read_all(library).items()


def test_notes_that_cannot_be_read(library: Path, journals: Path, trash: Path) -> None:
    before = read_all(library)
    apply_plan(plan_kind(library, Kind.TRASH), journals)
    (trash / "info" / "odd.trashinfo").write_text("[Trash Info]\n")
    (trash / "info" / "folder.trashinfo").mkdir()
    undo(journals)
    assert read_all(library) == before


def test_another_device_behind_a_link(tmp_path: Path, trash: Path, other_device: Path) -> None:
    (tmp_path / "link").symlink_to(other_device)
    library = tmp_path / "link" / "library"
    plan = plan_kind(library, Kind.TRASH)
    before = read_tree(library)
    apply_plan(plan, find_journal_folder(library))
    assert not (library / "two.jpg").exists()
    undo(find_journal_folder(library))
    assert read_tree(library) == before


def test_another_device(journals: Path, trash: Path, other_device: Path) -> None:
    """The trash of a drive is on that drive."""
    library = other_device / "library"
    plan = plan_kind(library, Kind.TRASH)
    before = read_tree(library)
    apply_plan(plan, find_journal_folder(library))
    assert not (library / "two.jpg").exists()
    undo(find_journal_folder(library))
    assert read_tree(library) == before


def test_a_file_is_found_by_its_state_and_of_equal_ones_the_last(
    tmp_path: Path, trash: Path
) -> None:
    path = tmp_path / "photo.jpg"
    stamps: list[FileStamp] = []
    notes: list[Path] = []
    for number, content in enumerate((b"first", b"other one", b"other one")):
        write_file(path, content, mtime_ns=1000 + len(content))
        stamps.append(read_stamp(path))
        send_to_trash(path)
        (note,) = set((trash / "info").iterdir()).difference(notes)
        # A second apart, whatever the disk's clock makes of three in a row.
        os.utime(note, ns=(number * 10**9, number * 10**9))
        notes.append(note)
    assert stamps[1] == stamps[2]
    places = [trash / "files" / note.name.removesuffix(".trashinfo") for note in notes]
    listing = TrashListing()
    assert listing.find(path, stamps[0]) == places[0]
    assert listing.find(path, stamps[1]) == places[2]
    assert listing.find(path, FileStamp(5, 1)) is None


def test_a_library_that_was_named_by_steps_up_comes_back(
    library: Path, journals: Path, trash: Path
) -> None:
    before = read_tree(library)
    photo = library / "a" / ".." / "two.jpg"
    step = Step(photo, TRASH_PLACE, read_stamp(photo), 0, "dark", Kind.TRASH)
    assert apply_plan(Plan(library, (step,)), journals).done == (step,)
    assert not photo.exists()
    assert list((trash / "files").iterdir())
    assert apply_undo(plan_undo(journals), journals).skipped == ()
    assert read_tree(library) == before
