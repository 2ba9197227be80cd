"""Sidecars that were deleted after they moved keep no photo from going back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from actions.trees import find_journal_folder, make_library, plan_moves, read_tree, write_file
from clearshot.actions.apply import apply_plan
from clearshot.actions.history import Effect, History
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

SIDECARS = ("one.xmp", "one.jpg.xmp", "one.jpg.pp3", "one.jpg.DOP", "one.acr", "one.AAE")


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return find_journal_folder(tmp_path)


def undo(journals: Path, name: str | None = None) -> str:
    """Take back a run; return the name of the undo's own journal."""
    return apply_undo(plan_undo(journals, name), journals).journal.stem


def test_a_sidecar_that_is_gone_stays_away_and_its_photo_goes_back(
    tmp_path: Path, journals: Path
) -> None:
    names = ("one.jpg", "one.nef", *SIDECARS)
    for name in (*names, "two.jpg"):
        write_file(tmp_path / name, name.encode())
    before = read_tree(tmp_path)
    older = apply_plan(plan_moves(tmp_path, {"two.jpg": "bad/two.jpg"}), journals).journal.stem
    plan = plan_moves(tmp_path, {name: f"bad/one/{name}" for name in names})
    applied = apply_plan(plan, journals).journal.stem
    gone = {tmp_path / "bad" / "one" / name for name in SIDECARS[1:]}
    for path in gone:
        path.unlink()
    moved = read_tree(tmp_path)

    back = plan_undo(journals)
    assert {step.source for step in back.gone} == gone
    assert (back.refused, back.staying, back.edited) == ((), (), frozenset())
    undone = apply_undo(back, journals)
    assert undone.skipped == ()
    assert {step.target.name for step in undone.done} == {"one.jpg", "one.nef", "one.xmp"}
    left = {name: entry for name, entry in before.items() if name not in SIDECARS[1:]}
    two = left["two.jpg"]
    assert read_tree(tmp_path) | {"two.jpg": two} == left | {"bad": None, "bad/two.jpg": two}

    # Nothing of the plan is left to take back: the next undo is that of the plan before.
    with pytest.raises(ActionError, match=f"nothing to undo: plan {applied} was taken back"):
        plan_undo(journals, applied)
    effects = {each.name: each.effect for each in History(journals).summarize()}
    assert effects[applied] is Effect.NONE
    assert plan_undo(journals).name == older

    # A redo has nothing more to say about them, and can be taken back as well.
    redo = plan_undo(journals, undone.journal.stem)
    assert redo.gone == ()
    assert apply_undo(redo, journals).skipped == ()
    assert read_tree(tmp_path) == moved
    effects = {each.name: each.effect for each in History(journals).summarize()}
    assert effects[applied] is Effect.WHOLE
    assert apply_undo(plan_undo(journals), journals).skipped == ()
    undo(journals)
    assert read_tree(tmp_path) == left
    with pytest.raises(ActionError, match="nothing to undo"):
        plan_undo(journals)


def test_an_undo_is_undone_without_a_sidecar_that_is_gone(tmp_path: Path, journals: Path) -> None:
    apply_plan(make_library(tmp_path), journals)
    undone = undo(journals)
    (tmp_path / "two.xmp").unlink()
    before = read_tree(tmp_path)
    redo = plan_undo(journals, undone)
    assert [step.source for step in redo.gone] == [tmp_path / "two.xmp"]
    assert redo.refused == ()
    redone = apply_undo(redo, journals)
    assert (len(redone.done), redone.skipped) == (4, ())
    with pytest.raises(ActionError, match=f"plan {undone} was taken back"):
        plan_undo(journals, undone)
    assert apply_undo(plan_undo(journals), journals).skipped == ()
    assert read_tree(tmp_path) == before
    with pytest.raises(ActionError, match="nothing to undo"):
        plan_undo(journals)


@pytest.mark.parametrize("place", ["bad/dark", "bad"])
@pytest.mark.parametrize("is_mounted", [False, True])
def test_no_sidecar_is_called_gone_where_its_drive_is(
    tmp_path: Path, journals: Path, place: str, *, is_mounted: bool
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    drive, away = tmp_path / place, tmp_path / "away"
    drive.rename(away)
    if is_mounted:
        # Where a drive was, an empty folder may be left.
        drive.mkdir()
    back = plan_undo(journals)
    assert back.gone == ()
    reasons = {skip.path.name: skip.reason for skip in back.refused}
    assert reasons["two.jpg"] == reasons["two.xmp"] == "is not there any more"
    apply_undo(back, journals)
    if drive.exists():
        drive.rmdir()
    drive.parent.mkdir(exist_ok=True)
    away.rename(drive)
    undo(journals)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("is_listed", [False, True])
def test_no_sidecar_is_called_gone_that_cannot_be_looked_for(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch, *, is_listed: bool
) -> None:
    apply_plan(make_library(tmp_path), journals)
    folder = tmp_path / "bad" / "dark"
    lstat, scandir = Path.lstat, os.scandir

    def look(path: Path) -> os.stat_result:
        if is_listed and path == folder / "two.xmp":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return lstat(path)

    def list_names(path: Path) -> object:
        if not is_listed and path == folder:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(path)

    (folder / "two.xmp").unlink()
    monkeypatch.setattr(Path, "lstat", look)
    monkeypatch.setattr(os, "scandir", list_names)
    back = plan_undo(journals)
    assert back.gone == ()
    assert {skip.path.name for skip in back.refused} == {"two.jpg", "two.xmp"}


def test_the_sidecar_of_a_photo_that_is_gone_is_refused_with_it(
    tmp_path: Path, journals: Path
) -> None:
    apply_plan(make_library(tmp_path), journals)
    for name in ("two.jpg", "two.xmp"):
        (tmp_path / "bad" / "dark" / name).unlink()
    back = plan_undo(journals)
    assert back.gone == ()
    reasons = {skip.path.name: skip.reason for skip in back.refused}
    assert reasons == dict.fromkeys(["two.jpg", "two.xmp"], "is not there any more")


@pytest.mark.parametrize("name", ["one.nef", "one.heic", "one.mov", "one.wav"])
def test_a_picture_film_or_sound_that_is_gone_keeps_its_photo_from_going_back(
    tmp_path: Path, journals: Path, name: str
) -> None:
    for each in ("one.jpg", name):
        write_file(tmp_path / each, each.encode())
    apply_plan(plan_moves(tmp_path, {n: f"bad/{n}" for n in ("one.jpg", name)}), journals)
    (tmp_path / "bad" / name).unlink()
    back = plan_undo(journals)
    assert back.gone == ()
    assert {skip.path.name for skip in back.refused} == {"one.jpg", name}
    assert apply_undo(back, journals).done == ()


def test_a_sidecar_that_was_gone_and_is_there_again_keeps_its_photo_until_the_next_undo(
    tmp_path: Path, journals: Path
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    sidecar = tmp_path / "bad" / "dark" / "two.xmp"
    content, mtime_ns = sidecar.read_bytes(), sidecar.stat().st_mtime_ns
    sidecar.unlink()
    back = plan_undo(journals)
    write_file(sidecar, content, mtime_ns=mtime_ns)
    outcome = apply_undo(back, journals)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons == {
        "two.xmp": "is there again since planning",
        "two.jpg": "stays with two.xmp",
    }
    assert len(outcome.done) == 3
    undo(journals)
    assert read_tree(tmp_path) == before


def test_a_photo_that_cannot_go_back_is_still_waited_for_with_its_sidecar(
    tmp_path: Path, journals: Path
) -> None:
    applied = apply_plan(make_library(tmp_path), journals).journal.stem
    photo = tmp_path / "bad" / "dark" / "two.jpg"
    occupied = write_file(tmp_path / "two.jpg", b"new")
    photo.with_suffix(".xmp").unlink()
    back = plan_undo(journals)
    assert {skip.path.name for skip in back.refused} == {"two.jpg"}
    assert len(apply_undo(back, journals).done) == 3
    # The sidecar comes back meanwhile.
    write_file(photo.with_suffix(".xmp"), b"<two/>")
    occupied.unlink()
    back = plan_undo(journals)
    assert (back.name, back.gone) == (applied, ())
    assert {step.target.name for step in apply_undo(back, journals).done} == {"two.jpg", "two.xmp"}
