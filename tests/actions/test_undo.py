from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from actions.trees import (
    find_journal_folder,
    list_contents,
    make_library,
    plan_moves,
    read_tree,
    write_file,
)
from clearshot.actions.apply import apply_plan
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return find_journal_folder(tmp_path)


def undo(journals: Path, name: str | None = None) -> str:
    """Take back a run; return the name of the undo's own journal."""
    return apply_undo(plan_undo(journals, name), journals).journal.stem


def test_undo_restores_the_tree(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    applied = apply_plan(plan, journals)
    back = plan_undo(journals)
    assert back.name == applied.journal.stem
    assert back.refused == ()
    assert [move.target for move in back.plan.steps] == [
        move.source for move in reversed(plan.steps)
    ]
    seen: list[tuple[int, int]] = []
    outcome = apply_undo(back, journals, lambda done, total: seen.append((done, total)))
    assert len(outcome.done) == 5
    assert seen[-1] == (5, 5)
    assert read_tree(tmp_path) == before


def test_planning_an_undo_touches_nothing(tmp_path: Path, journals: Path) -> None:
    apply_plan(make_library(tmp_path), journals)
    before = read_tree(tmp_path)
    plan_undo(journals)
    assert read_tree(tmp_path) == before


def test_redo_is_the_undo_of_an_undo(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    applied = apply_plan(plan, journals).journal.stem
    after = read_tree(tmp_path)
    for _ in range(2):
        name = undo(journals)
        assert read_tree(tmp_path) == before
        undo(journals, name)
        assert read_tree(tmp_path) == after
    undo(journals, applied)
    assert read_tree(tmp_path) == before


def test_undo_goes_back_plan_by_plan(tmp_path: Path, journals: Path) -> None:
    make_library(tmp_path)
    trees = [read_tree(tmp_path)]
    for name in ("two.jpg", "three.jpg"):
        apply_plan(plan_moves(tmp_path, {name: f"bad/{name}"}), journals)
        trees.append(read_tree(tmp_path))
    for tree in reversed(trees[:-1]):
        undo(journals)
        assert read_tree(tmp_path) == tree
    with pytest.raises(ActionError, match="nothing to undo"):
        plan_undo(journals)


def test_a_named_plan_is_undone_before_later_ones(tmp_path: Path, journals: Path) -> None:
    make_library(tmp_path)
    before = read_tree(tmp_path)
    first = apply_plan(plan_moves(tmp_path, {"two.jpg": "bad/two.jpg"}), journals)
    apply_plan(plan_moves(tmp_path, {"three.jpg": "bad/three.jpg"}), journals)
    undo(journals, first.journal.stem)
    assert {"two.jpg", "bad/three.jpg"} <= read_tree(tmp_path).keys()
    name = first.journal.stem
    with pytest.raises(ActionError, match=f"nothing to undo: plan {name} was taken back"):
        plan_undo(journals, name)
    undo(journals)
    # The folder was made by the first plan, and was not empty when that was taken back.
    assert read_tree(tmp_path) == {**before, "bad": None}


def test_a_named_plan_that_did_nothing_is_told_as_such(tmp_path: Path, journals: Path) -> None:
    make_library(tmp_path)
    plan = plan_moves(tmp_path, {"two.jpg": "bad/two.jpg"})
    (tmp_path / "two.jpg").unlink()
    name = apply_plan(plan, journals).journal.stem
    with pytest.raises(ActionError, match=f"nothing to undo: plan {name} did nothing"):
        plan_undo(journals, name)


def test_an_unknown_name_is_refused(tmp_path: Path, journals: Path) -> None:
    with pytest.raises(ActionError, match=r"^nothing to undo$"):
        plan_undo(journals)
    with pytest.raises(ActionError, match=r"^no plan is named x$"):
        plan_undo(journals, "x")


def test_changed_files_and_occupied_places_stay(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    changed = tmp_path / "bad" / "blurry" / "a" / "one.jpg"
    content = changed.read_bytes()
    changed.write_bytes(b"edited")
    occupied = write_file(tmp_path / "three.jpg", b"new")
    total = list_contents(read_tree(tmp_path))

    back = plan_undo(journals)
    outcome = apply_undo(back, journals)
    assert outcome.skipped == back.refused
    assert {skip.path.name: skip.reason for skip in outcome.skipped} == {
        "three.jpg": f"{occupied} is occupied",
        "one.jpg": "changed since planning",
        "one.xmp": "stays with one.jpg",
    }
    assert {move.target.name for move in outcome.done} == {"two.jpg", "two.xmp"}
    assert occupied.read_bytes() == b"new"
    assert list_contents(read_tree(tmp_path)) == total

    # Once the causes are gone, another undo takes back the rest.
    occupied.unlink()
    write_file(changed, content, mtime_ns=1_500_000_000_000_000_001)
    undo(journals)
    assert read_tree(tmp_path) == before


SIDECARS = ("one.xmp", "one.jpg.xmp", "one.jpg.pp3", "one.jpg.DOP", "one.acr", "one.AAE")


def edit(path: Path, word: str) -> None:
    """Write a sidecar anew, as programs do: another file, content and time."""
    path.unlink()
    path.write_text(word * 10)


def test_sidecars_that_were_edited_go_back_as_they_are(tmp_path: Path, journals: Path) -> None:
    for name in ("one.jpg", *SIDECARS, "two.jpg", "two.xmp"):
        write_file(tmp_path / name, name.encode())
    names = ("one.jpg", *SIDECARS, "two.jpg", "two.xmp")
    plan = plan_moves(
        tmp_path,
        {name: f"bad/{name.replace('one', 'one (2)')}" for name in names[:-2]},
        {name: f"bad/{name}" for name in names[-2:]},
    )
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    places = {tmp_path / "bad" / name.replace("one", "one (2)") for name in SIDECARS}
    for place in places:
        edit(place, "edited")
    moved = read_tree(tmp_path)

    back = plan_undo(journals)
    assert back.edited == places
    assert (back.refused, back.staying) == ((), ())
    assert read_tree(tmp_path) == moved
    undone = apply_undo(back, journals)
    assert undone.skipped == ()
    after = read_tree(tmp_path)
    edited = {name: moved[f"bad/{name.replace('one', 'one (2)')}"] for name in SIDECARS}
    assert after == before | edited

    # A redo takes them there again, and what was written meanwhile, too.
    redo = plan_undo(journals, undone.journal.stem)
    assert redo.edited == frozenset()
    edit(tmp_path / "one.xmp", "again")
    between = read_tree(tmp_path)
    redo = plan_undo(journals, undone.journal.stem)
    assert redo.edited == {tmp_path / "one.xmp"}
    assert apply_undo(redo, journals).skipped == ()
    assert read_tree(tmp_path) == moved | {"bad/one (2).xmp": between["one.xmp"]}
    assert apply_undo(plan_undo(journals), journals).skipped == ()
    assert read_tree(tmp_path) == between


def test_an_edited_sidecar_stays_with_a_photo_that_cannot_go_back(
    tmp_path: Path, journals: Path
) -> None:
    plan = make_library(tmp_path)
    apply_plan(plan, journals)
    folder = tmp_path / "bad" / "blurry" / "a"
    edit(folder / "one.xmp", "edited")
    write_file(folder / "one.jpg", b"edited")
    back = plan_undo(journals)
    assert back.edited == frozenset()
    assert {skip.path.name: skip.reason for skip in back.refused} == {
        "one.jpg": "changed since planning",
        "one.xmp": "stays with one.jpg",
    }
    assert len(apply_undo(back, journals).done) == 3
    assert (folder / "one.xmp").exists()


def test_an_edited_sidecar_overwrites_nothing(tmp_path: Path, journals: Path) -> None:
    apply_plan(make_library(tmp_path), journals)
    edited = tmp_path / "bad" / "dark" / "two.xmp"
    edit(edited, "edited")
    new = write_file(tmp_path / "two.xmp", b"new")
    outcome = apply_undo(plan_undo(journals), journals)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons == {"two.xmp": f"{new} is occupied", "two.jpg": "stays with two.xmp"}
    assert (edited.read_text(), new.read_bytes()) == ("edited" * 10, b"new")


def test_a_sidecar_that_is_edited_after_the_plan_was_made_is_left_alone(
    tmp_path: Path, journals: Path
) -> None:
    apply_plan(make_library(tmp_path), journals)
    edited = tmp_path / "bad" / "dark" / "two.xmp"
    edit(edited, "edited")
    back = plan_undo(journals)
    edit(edited, "again")
    outcome = apply_undo(back, journals)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons == {"two.xmp": "changed since planning", "two.jpg": "stays with two.xmp"}
    assert edited.read_text() == "again" * 10


@pytest.mark.parametrize("name", ["one.nef", "one.heic", "one.mov", "one.wav"])
def test_a_picture_film_or_sound_that_changed_keeps_its_photo_from_going_back(
    tmp_path: Path, journals: Path, name: str
) -> None:
    for each in ("one.jpg", name):
        write_file(tmp_path / each, each.encode())
    apply_plan(plan_moves(tmp_path, {n: f"bad/{n}" for n in ("one.jpg", name)}), journals)
    edit(tmp_path / "bad" / name, "edited")
    back = plan_undo(journals)
    assert back.edited == frozenset()
    assert {skip.path.name for skip in back.refused} == {"one.jpg", name}
    assert apply_undo(back, journals).done == ()


def test_companions_that_came_after_the_move_go_back_with_their_photo(
    tmp_path: Path, journals: Path
) -> None:
    write_file(tmp_path / "one.jpg", b"one")
    plan = plan_moves(tmp_path, {"one.jpg": "bad/dark/one (2).jpg"})
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    # What programs write that look through the bad photos.
    folder = tmp_path / "bad" / "dark"
    for name in ("one (2).jpg.xmp", "one (2)_01.jpg.xmp", "one (2).pp3", "another.xmp"):
        write_file(folder / name, name.encode())
    moved = read_tree(tmp_path)
    undone = apply_undo(plan_undo(journals), journals)
    assert undone.skipped == ()
    after = read_tree(tmp_path)
    assert after["one.jpg"] == before["one.jpg"]
    for name in ("one.jpg.xmp", "one_01.jpg.xmp", "one.pp3"):
        assert after[name] == moved[f"bad/dark/{name.replace('one', 'one (2)')}"]
    assert [path.name for path in folder.iterdir()] == ["another.xmp"]
    apply_undo(plan_undo(journals, undone.journal.stem), journals)
    assert read_tree(tmp_path) == moved


def test_a_late_sidecar_goes_back_with_the_raw_file_it_names(
    tmp_path: Path, journals: Path
) -> None:
    write_file(tmp_path / "one.nef", b"one")
    apply_plan(plan_moves(tmp_path, {"one.nef": "bad/one (2).nef"}), journals)
    # A program writes its edits, and saves a JPEG that stands for the shot from then on.
    for name in ("one (2).nef.xmp", "one (2).jpg"):
        write_file(tmp_path / "bad" / name, name.encode())
    undo(journals)
    assert (tmp_path / "one.nef.xmp").read_bytes() == b"one (2).nef.xmp"
    assert [path.name for path in (tmp_path / "bad").iterdir()] == ["one (2).jpg"]


def test_a_companion_that_came_late_stays_where_its_place_is_taken(
    tmp_path: Path, journals: Path
) -> None:
    write_file(tmp_path / "one.jpg", b"one")
    apply_plan(plan_moves(tmp_path, {"one.jpg": "bad/one.jpg"}), journals)
    late = write_file(tmp_path / "bad" / "one.jpg.xmp", b"late")
    other = write_file(tmp_path / "one.jpg.xmp", b"other")
    back = plan_undo(journals)
    assert [(skip.path, "occupied" in skip.reason) for skip in back.staying] == [(late, True)]
    assert back.refused == ()
    assert len(apply_undo(back, journals).done) == 1
    assert (tmp_path / "one.jpg").exists()
    assert (late.read_bytes(), other.read_bytes()) == (b"late", b"other")


def test_a_removed_folder_is_made_again(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    (tmp_path / "a" / "kept.jpg").unlink()
    before = read_tree(tmp_path)
    apply_plan(plan, journals)
    (tmp_path / "a").rmdir()
    undo(journals)
    assert read_tree(tmp_path) == before


def test_a_folder_with_something_else_in_it_stays(tmp_path: Path, journals: Path) -> None:
    apply_plan(make_library(tmp_path), journals)
    other = write_file(tmp_path / "bad" / "blurry" / "note.txt", b"note")
    undo(journals)
    assert other.read_bytes() == b"note"
    assert not (tmp_path / "bad" / "dark").exists()


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda ns: ns // 2_000_000_000 * 2_000_000_000, id="rounds"),
        pytest.param(lambda ns: max(ns, 315_532_800_000_000_000), id="knows none before 1980"),
        pytest.param(lambda ns: 1_700_000_000_000_000_000, id="loses"),
    ],
)
def test_times_come_back_from_a_disk_that_does_not_keep_them(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch, keep: Callable[[int], int]
) -> None:
    link, utime = os.link, os.utime

    def refuse(source: Path, target: Path) -> None:
        if source.suffix != ".part":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, target)

    def change_time(path: Path, *, ns: tuple[int, int], follow_symlinks: bool = True) -> None:
        utime(path, ns=(ns[0], keep(ns[1]) if "bad" in path.parts else ns[1]))

    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "utime", change_time)
    apply_plan(plan, journals)
    for name, ns in {"two": 1_500_000_002_999_999_999, "three": 5}.items():
        assert (tmp_path / f"bad/dark/{name}.jpg").stat().st_mtime_ns == keep(ns)
    name = undo(journals)
    assert read_tree(tmp_path) == before
    undo(journals, name)
    undo(journals)
    assert read_tree(tmp_path) == before


def damage(journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"?\n", *lines[2:]]))


def test_a_damaged_old_journal_does_not_keep_others_from_undo(
    tmp_path: Path, journals: Path
) -> None:
    make_library(tmp_path)
    old = apply_plan(plan_moves(tmp_path, {"two.jpg": "bad/two.jpg"}), journals).journal
    between = read_tree(tmp_path)
    apply_plan(plan_moves(tmp_path, {"three.jpg": "bad/three.jpg"}), journals)
    damage(old)
    back = plan_undo(journals)
    assert [(skip.path, skip.reason) for skip in back.damaged] == [(old, "damaged journal, line 2")]
    apply_undo(back, journals)
    assert read_tree(tmp_path) == between
    with pytest.raises(ActionError, match=f"nothing to undo; passed over {old.name}: damaged"):
        plan_undo(journals)


def test_a_damaged_journal_that_is_named_or_unfinished_is_refused(
    tmp_path: Path, journals: Path
) -> None:
    path = apply_plan(make_library(tmp_path), journals).journal
    damage(path)
    with pytest.raises(ActionError, match="damaged journal, line 2"):
        plan_undo(journals, path.stem)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(ActionError, match="damaged journal, line 2"):
        plan_undo(journals)
