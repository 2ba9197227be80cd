"""A copy or link is removed only while the original is surely another name."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from actions.kinds import plan_kind
from actions.trees import find_journal_folder, make_library, read_tree
from clearshot.actions import atomic, duplicates
from clearshot.actions.apply import apply_plan
from clearshot.actions.duplicates import remove_duplicate
from clearshot.actions.identity import is_one_name
from clearshot.actions.plan import Kind, Plan
from clearshot.actions.undo import apply_undo, plan_undo


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK])
@pytest.mark.parametrize("has_third_name", [False, True])
def test_undo_spares_a_file_that_a_linked_folder_shows_twice(
    tmp_path: Path, kind: Kind, has_third_name: bool
) -> None:
    library = tmp_path / "library"
    make_library(library)
    plan = plan_kind(library, kind)
    photos = read_tree(library)
    journals = find_journal_folder(library)
    assert apply_plan(plan, journals).done == plan.steps
    if has_third_name:
        # A backup that links what has not changed.
        for step in plan.steps:
            os.link(step.source, tmp_path / step.source.name)
    # The owner drops the copies and links the library's own folders in their place.
    for step in plan.steps:
        step.target.unlink()
    for step in plan.steps:
        if step.target.parent.is_symlink():
            continue
        step.target.parent.rmdir()
        step.target.parent.symlink_to(step.source.parent)
    outcome = apply_undo(plan_undo(journals), journals)
    assert outcome.done == ()
    assert read_tree(library) == photos
    assert any("reached by another path" in skip.reason for skip in outcome.skipped)


def test_names_are_told_apart_by_the_folder_that_holds_them(tmp_path: Path) -> None:
    folder, other = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    other.mkdir()
    photo = folder / "IMG.jpg"
    photo.write_bytes(b"photo")
    assert is_one_name(photo, photo)
    (tmp_path / "link").symlink_to(folder)
    assert is_one_name(photo, tmp_path / "link" / "IMG.jpg")
    os.link(photo, other / "IMG.jpg")
    assert is_one_name(photo, tmp_path / "link" / "IMG.jpg")
    assert not is_one_name(photo, other / "IMG.jpg")
    os.link(photo, folder / "IMG (2).jpg")
    assert not is_one_name(photo, folder / "IMG (2).jpg")


def test_a_file_stays_write_protected_when_another_name_of_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    make_library(library)
    step = plan_kind(library, Kind.HARDLINK).steps[0]
    journals = find_journal_folder(library)
    apply_plan(Plan(library, (step,)), journals)
    step.source.chmod(0o444)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        # As Windows does for a file that is read-only.
        if path.exists() and not path.stat().st_mode & stat.S_IWRITE:
            raise PermissionError
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(atomic, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(duplicates, "sync_folder", lambda folder: None)
    remove_duplicate(step.invert(0))
    assert not step.target.exists()
    assert stat.S_IMODE(step.source.stat().st_mode) == 0o444


def test_a_copy_that_became_a_link_is_still_removed(tmp_path: Path) -> None:
    library = tmp_path / "library"
    make_library(library)
    plan = plan_kind(library, Kind.COPY)
    journals = find_journal_folder(library)
    apply_plan(plan, journals)
    photos = read_tree(library)
    # A program that saves space makes equal files one.
    step = plan.steps[0]
    step.target.unlink()
    os.link(step.source, step.target)
    outcome = apply_undo(plan_undo(journals), journals)
    assert len(outcome.done) == len(plan.steps)
    assert not step.target.exists()
    assert read_tree(library) == photos


def test_a_link_that_became_a_copy_is_still_removed_and_one_that_was_edited_is_not(
    tmp_path: Path,
) -> None:
    library = tmp_path / "library"
    make_library(library)
    plan = plan_kind(library, Kind.HARDLINK)
    journals = find_journal_folder(library)
    apply_plan(plan, journals)
    photos = read_tree(library)
    # Programs save by a new file in place of the old one.
    copied, edited = plan.steps[0], plan.steps[-1]
    assert copied.group != edited.group
    for step, more in ((copied, b""), (edited, b"edited")):
        content = step.target.read_bytes()
        step.target.unlink()
        step.target.write_bytes(content + more)
    outcome = apply_undo(plan_undo(journals), journals)
    assert not copied.target.exists()
    assert edited.target.read_bytes().endswith(b"edited")
    assert [skip.path for skip in outcome.skipped if "is not a link" in skip.reason] == [
        edited.target
    ]
    assert read_tree(library) == photos
