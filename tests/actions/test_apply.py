from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path
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
from clearshot.actions import deeds, moves, recovery
from clearshot.actions.apply import apply_plan
from clearshot.actions.journal import Journal, has_ended, list_journals
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Plan
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return find_journal_folder(tmp_path)


@pytest.fixture
def fail_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Let moves to a target name fail with an error, before anything has happened."""

    def prepare(name: str, code: int) -> None:
        move_file = moves.move_file

        def fail(source: Path, target: Path, *, part: Path, reserve: Callable[[], None]) -> None:
            if target.name == name:
                raise OSError(code, os.strerror(code), str(source))
            move_file(source, target, part=part, reserve=reserve)

        monkeypatch.setattr(deeds, "move_file", fail)

    return prepare


def test_every_file_is_at_its_target(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    seen: list[tuple[int, int]] = []
    outcome = apply_plan(plan, journals, lambda done, total: seen.append((done, total)))
    after = read_tree(tmp_path)
    assert outcome.done == plan.steps
    assert outcome.skipped == ()
    assert seen == [(2, 5), (4, 5), (5, 5)]
    for move in plan.steps:
        source, target = (str(path.relative_to(tmp_path)) for path in (move.source, move.target))
        assert after[target] == before[source]
        assert source not in after
    assert list_contents(after) == list_contents(before)


def test_the_journal_says_what_was_done(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    outcome = apply_plan(plan, journals)
    journal = Journal(outcome.journal)
    assert journal.path.parent == journals
    assert journal.plan == plan
    assert journal.done_steps == [0, 1, 2, 3, 4]
    assert journal.is_finished
    assert journal.folders == [
        tmp_path / "bad",
        tmp_path / "bad" / "blurry",
        tmp_path / "bad" / "blurry" / "a",
        tmp_path / "bad" / "dark",
    ]


def test_an_empty_plan_does_nothing(tmp_path: Path, journals: Path) -> None:
    make_library(tmp_path)
    before = read_tree(tmp_path)
    assert apply_plan(Plan(tmp_path, ()), journals).done == ()
    assert read_tree(tmp_path) == before


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


def touch(path: Path) -> None:
    os.utime(path, ns=(0, 0))


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change, "changed since planning"),
        (touch, "changed since planning"),
        (Path.unlink, "is not there any more"),
        (link, "not a regular file"),
    ],
)
@pytest.mark.parametrize("spoilt", ["two.jpg", "two.xmp"])
def test_a_spoilt_file_keeps_its_group_back(
    tmp_path: Path, journals: Path, spoil: Callable[[Path], None], reason: str, spoilt: str
) -> None:
    plan = make_library(tmp_path)
    spoil(tmp_path / spoilt)
    before = read_tree(tmp_path)
    outcome = apply_plan(plan, journals)
    after = read_tree(tmp_path)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons.pop(spoilt) == reason
    assert list(reasons.values()) == [f"stays with {spoilt}"]
    assert len(outcome.done) == 3
    assert list_contents(after) == list_contents(before)
    assert "two.jpg" in after or spoilt == "two.jpg"
    assert not (tmp_path / "bad" / "dark" / "two.xmp").exists()


def test_a_taken_target_is_never_overwritten(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    taken = write_file(tmp_path / "bad" / "dark" / "two.xmp", b"mine")
    outcome = apply_plan(plan, journals)
    assert taken.read_bytes() == b"mine"
    assert (tmp_path / "two.jpg").exists()
    assert {skip.reason for skip in outcome.skipped} == {
        f"{taken} is occupied",
        "stays with two.xmp",
    }


def test_a_target_that_is_taken_at_the_last_moment(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    move_file = moves.move_file
    taken = tmp_path / "bad" / "dark" / "two.xmp"

    def race(source: Path, target: Path, *, part: Path, reserve: Callable[[], None]) -> None:
        if target == taken:
            shutil.copy2(source, target)
        move_file(source, target, part=part, reserve=reserve)

    monkeypatch.setattr(deeds, "move_file", race)
    outcome = apply_plan(plan, journals)
    assert taken.read_bytes() == (tmp_path / "two.xmp").read_bytes()
    assert (tmp_path / "two.jpg").exists()
    assert {skip.reason for skip in outcome.skipped} == {"File exists", "stays with two.xmp"}


def test_a_failing_file_takes_its_group_back(
    tmp_path: Path, journals: Path, fail_at: Callable[[str, int], None]
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    fail_at("two.xmp", errno.EIO)
    outcome = apply_plan(plan, journals)
    after = read_tree(tmp_path)
    assert [move.source.name for move in outcome.done] == ["one.jpg", "one.xmp", "three.jpg"]
    assert {skip.path.name: skip.reason for skip in outcome.skipped} == {
        "two.jpg": "stays with two.xmp",
        "two.xmp": "Input/output error",
    }
    assert {name: after[name] for name in ("two.jpg", "two.xmp")} == {
        name: before[name] for name in ("two.jpg", "two.xmp")
    }
    assert has_ended(outcome.journal)


def test_folders_that_stay_empty_are_removed(
    tmp_path: Path, journals: Path, fail_at: Callable[[str, int], None]
) -> None:
    plan = make_library(tmp_path)
    fail_at("one.jpg", errno.EIO)
    apply_plan(plan, journals)
    assert not (tmp_path / "bad" / "blurry").exists()
    assert (tmp_path / "bad" / "dark").is_dir()


def test_what_cannot_go_back_is_named(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    move_file = moves.move_file
    squatter = tmp_path / "two.jpg"

    def fail(source: Path, target: Path, *, part: Path, reserve: Callable[[], None]) -> None:
        if target.name == "two.xmp":
            squatter.write_bytes(b"new")
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        move_file(source, target, part=part, reserve=reserve)

    monkeypatch.setattr(deeds, "move_file", fail)
    outcome = apply_plan(plan, journals)
    stranded = tmp_path / "bad" / "dark" / "two.jpg"
    assert stranded in {move.target for move in outcome.done}
    assert [skip.reason[:25] for skip in outcome.skipped if skip.path == stranded] == [
        "could not be taken back: "
    ]
    monkeypatch.undo()
    squatter.unlink()
    apply_undo(plan_undo(journals), journals)
    assert squatter.read_bytes() == b"two" * 1000


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_or_read_only_disk_ends_the_run(
    tmp_path: Path, journals: Path, fail_at: Callable[[str, int], None], code: int
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    fail_at("two.xmp", code)
    with pytest.raises(ActionError, match=os.strerror(code)) as info:
        apply_plan(plan, journals)
    assert info.value.path == tmp_path / "bad" / "dark" / "two.xmp"
    assert all(map(has_ended, list_journals(journals)))
    after = read_tree(tmp_path)
    assert {"two.jpg", "two.xmp", "three.jpg", "bad/blurry/a/one.jpg"} <= after.keys()
    assert list_contents(after) == list_contents(before)
    apply_undo(plan_undo(journals), journals)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("is_writable", [True, False])
def test_a_denial_ends_the_run_where_the_target_is_read_only(
    tmp_path: Path,
    journals: Path,
    fail_at: Callable[[str, int], None],
    monkeypatch: pytest.MonkeyPatch,
    is_writable: bool,
    code: int,
) -> None:
    plan = make_library(tmp_path)
    fail_at("two.jpg", code)
    monkeypatch.setattr(os, "access", lambda path, mode: is_writable)
    if is_writable:
        assert len(apply_plan(plan, journals).done) == 3
    else:
        with pytest.raises(ActionError, match=os.strerror(code)):
            apply_plan(plan, journals)


def test_a_source_that_cannot_be_removed_stays(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    unlink = Path.unlink

    def fail(path: Path, missing_ok: bool = False) -> None:
        if path == tmp_path / "a" / "one.jpg":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    outcome = apply_plan(plan, journals)
    assert list_contents(read_tree(tmp_path)) == list_contents(before)
    assert (tmp_path / "a" / "one.jpg").stat().st_nlink == 1
    assert {skip.path.name for skip in outcome.skipped} == {"one.jpg", "one.xmp"}


def test_a_step_that_cannot_be_settled_is_tried_again(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)

    def fail(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", fail)
        outcome = apply_plan(plan, journals)
    assert {skip.reason.split(",")[0] for skip in outcome.skipped} >= {"half-done"}
    assert not has_ended(outcome.journal)
    recovered = recovery.recover(journals)
    assert [ended.skipped for ended in recovered] == [()]
    assert read_tree(tmp_path) == before
    assert recovery.recover(journals) == ()


def test_a_missing_library_is_refused(tmp_path: Path, journals: Path) -> None:
    plan = replace(make_library(tmp_path), folder=tmp_path / "unplugged")
    with pytest.raises(ActionError, match="unplugged: the library folder is not there"):
        apply_plan(plan, journals)


@pytest.mark.parametrize("left", ["nothing", "a mount point", "the same folder on another disk"])
def test_a_target_whose_drive_is_taken_out_is_not_made_anew(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    library, usb = tmp_path / "library", tmp_path / "usb"
    for number in range(4):
        write_file(library / f"{number}.jpg", b"%d" % number)
    # The third would be the first in its folder.
    targets = ["blurry/0.jpg", "blurry/1.jpg", "dark/2.jpg", "blurry/3.jpg"]
    moves = [{f"library/{n}.jpg": f"usb/{target}"} for n, target in enumerate(targets)]
    plan = plan_moves(tmp_path, *moves)
    (usb / "blurry").mkdir(parents=True)
    stat = Path.stat

    def on_other_disk(path: Path, **options: bool) -> os.stat_result:
        status = stat(path, **options)
        if usb in (path, *path.parents):
            status = os.stat_result((*status[:2], status.st_dev + 1, *status[3:]))
        return status

    def take_out(num_done: int, _total: int) -> None:
        if num_done != 2:
            return
        usb.rename(tmp_path / "in the pocket")
        if left != "nothing":
            usb.mkdir()
            monkeypatch.setattr(Path, "stat", on_other_disk)
        if left == "the same folder on another disk":
            (usb / "dark").mkdir()

    with pytest.raises(ActionError, match="has gone, perhaps with its drive; stopped, journal"):
        apply_plan(plan, journals, take_out)
    monkeypatch.undo()
    assert sorted(path.name for path in library.iterdir()) == ["2.jpg", "3.jpg"]
    assert [path for path in usb.rglob("*") if path.is_file()] == []
    assert all(map(has_ended, list_journals(journals)))
    shutil.rmtree(usb, ignore_errors=True)
    (tmp_path / "in the pocket").rename(usb)
    apply_undo(plan_undo(journals), journals)
    assert len(list(library.iterdir())) == 4


def test_a_library_whose_drive_is_taken_out_is_put_in_order_when_it_is_back(
    tmp_path: Path,
) -> None:
    library, away = tmp_path / "library", tmp_path / "in the pocket"
    library.mkdir()
    plan = make_library(library)
    before = read_tree(library)

    def take_out(_done: int, _total: int) -> None:
        library.rename(away)

    with pytest.raises(ActionError, match="did not end: when its drive is back") as info:
        apply_plan(plan, find_journal_folder(library), take_out)
    assert "aside" not in str(info.value)
    away.rename(library)
    journals = find_journal_folder(library)
    [outcome] = recovery.recover(journals)
    assert (len(outcome.done), outcome.skipped) == (2, ())
    apply_undo(plan_undo(journals), journals)
    assert list_contents(read_tree(library)) == list_contents(before)


def test_two_programs_at_once_are_refused(tmp_path: Path, journals: Path) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    with (
        hold_lock(journals.parent),
        pytest.raises(ActionError, match=f"process {os.getpid()}"),
    ):
        apply_plan(plan, journals)
    assert read_tree(tmp_path) == before


def test_a_callback_that_fails_leaves_no_half_done_group(tmp_path: Path, journals: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    plan = make_library(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        apply_plan(plan, journals, fail)
    (path,) = list_journals(journals)
    assert Journal(path).done_steps == [0, 1]
    assert has_ended(path)


def test_a_name_that_is_no_unicode(tmp_path: Path, journals: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        write_file(tmp_path / name, b"photo")
    except OSError:
        pytest.skip("this disk takes Unicode names only")
    before = read_tree(tmp_path)
    apply_plan(plan_moves(tmp_path, {name: f"bad/{name}"}), journals)
    assert (tmp_path / "bad" / name).read_bytes() == b"photo"
    apply_undo(plan_undo(journals), journals)
    assert read_tree(tmp_path) == before


def test_another_device(tmp_path: Path, journals: Path, other_device: Path) -> None:
    plan = make_library(tmp_path)
    plan = Plan(
        tmp_path,
        tuple(
            replace(move, target=other_device / move.target.relative_to(tmp_path))
            for move in plan.steps
        ),
    )
    before = read_tree(tmp_path)
    assert apply_plan(plan, journals).done == plan.steps
    after = read_tree(other_device)
    for move in plan.steps:
        source = str(move.source.relative_to(tmp_path))
        assert after[str(move.target.relative_to(other_device))] == before[source]
        assert not move.source.exists()
    apply_undo(plan_undo(journals), journals)
    assert read_tree(tmp_path) == before
    assert read_tree(other_device) == {}


def test_a_drive_that_is_not_there_ends_the_run(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    before = read_tree(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_dir", lambda path: False)
        with pytest.raises(ActionError, match="there is no such drive; stopped"):
            apply_plan(plan, journals)
    assert read_tree(tmp_path) == before


def test_the_outcome_tells_what_was_put_in_order_before(
    tmp_path: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)

    def fail(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", fail)
        first = apply_plan(plan, journals)
        (ended,) = apply_plan(Plan(tmp_path, ()), journals).recovered
        assert ended.journal == first.journal
        assert ended.skipped
    (ended,) = apply_plan(Plan(tmp_path, ()), journals).recovered
    assert (ended.journal, ended.skipped) == (first.journal, ())
    assert apply_plan(Plan(tmp_path, ()), journals).recovered == ()


def test_a_folder_is_on_the_disk_before_a_photo_goes_there(
    tmp_path: Path, journals: Path, events: list[tuple[str, Path]]
) -> None:
    plan = make_library(tmp_path)
    apply_plan(plan, journals)
    moved = events.index(("unlink", plan.steps[0].source))
    made = [path for what, path in events[:moved] if what == "mkdir" and "bad" in path.parts]
    assert made
    for folder in made:
        assert ("sync", folder.parent) in events[events.index(("mkdir", folder)) : moved]


def test_a_folder_that_cannot_be_written_stops_no_other(
    tmp_path: Path, journals: Path, fail_at: Callable[[str, int], None]
) -> None:
    plan = make_library(tmp_path)
    locked = tmp_path / "bad" / "blurry" / "a"
    fail_at("one.jpg", errno.EACCES)
    with pytest.MonkeyPatch.context() as patch:
        access = os.access
        patch.setattr(os, "access", lambda path, mode: path != locked and access(path, mode))
        outcome = apply_plan(plan, journals)
    assert outcome.done == plan.steps[2:]
    assert [skip.path for skip in outcome.skipped] == [step.source for step in plan.steps[:2]]
