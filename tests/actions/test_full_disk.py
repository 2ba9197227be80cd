"""Runs on a real disk that gets full or is read-only; skipped where none can be mounted."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from actions.trees import (
    find_journal_folder,
    list_contents,
    plan_moves,
    read_tree,
    write_file,
)
from clearshot.actions.apply import apply_plan
from clearshot.actions.journal import has_ended, list_journals
from clearshot.actions.plan import Kind, Plan, Step
from clearshot.actions.recovery import recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.discover import find_photos
from clearshot.errors import ActionError, InputError
from clearshot.photo import FileStamp, Label
from clearshot.sorting import plan_sort

if TYPE_CHECKING:
    from pathlib import Path

PAGE_BYTES = 4096


def test_the_target_gets_full(tmp_path: Path, small_disk: Path) -> None:
    library = tmp_path / "library"
    for number in range(4):
        write_file(library / f"{number}.jpg", bytes([number]) * 150_000)
        write_file(library / f"{number}.xmp", bytes([number]) * 50_000)
    pairs = [
        {f"{number}.{suffix}": f"{number}.{suffix}" for suffix in ("jpg", "xmp")}
        for number in range(4)
    ]
    moves = [
        replace(move, target=small_disk / "bad" / move.target.name)
        for move in plan_moves(library, *pairs).steps
    ]
    before = read_tree(library)
    journals = find_journal_folder(library)
    with pytest.raises(ActionError, match="No space left on device") as info:
        apply_plan(Plan(library, tuple(moves)), journals)
    assert info.value.path == small_disk / "bad" / "2.jpg"
    assert sorted(read_tree(small_disk / "bad")) == ["0.jpg", "0.xmp", "1.jpg", "1.xmp"]
    everything = {**read_tree(library), **read_tree(small_disk / "bad")}
    assert everything == before
    assert all(map(has_ended, list_journals(journals)))
    apply_undo(plan_undo(journals), journals)
    assert read_tree(library) == before
    assert read_tree(small_disk) == {}


def test_the_journal_gets_full(small_disk: Path) -> None:
    names = [f"{number}.jpg" for number in range(20)]
    for name in names:
        write_file(small_disk / name, name.encode())
    plan = plan_moves(small_disk, *({name: f"bad/{name}"} for name in names))
    before = read_tree(small_disk)
    journals = find_journal_folder(small_disk)
    journals.mkdir(parents=True)
    nums_moved = []
    for num_pages in range(6):
        filler = small_disk / ".clearshot" / "filler"
        free_bytes = shutil.disk_usage(small_disk).free
        filler.write_bytes(b"x" * (free_bytes - num_pages * PAGE_BYTES))
        with contextlib.suppress(ActionError):
            apply_plan(plan, journals)
        filler.unlink()
        recover(journals)
        after = read_tree(small_disk)
        assert list_contents(after) == list_contents(before)
        nums_moved.append(sum(name.startswith("bad/") for name in after))
        if nums_moved[-1] > 0:
            apply_undo(plan_undo(journals), journals)
        assert read_tree(small_disk) == before
    assert nums_moved == sorted(nums_moved)
    assert nums_moved[0] == 0
    assert nums_moved[-1] == len(names)
    assert any(0 < num_moved < len(names) for num_moved in nums_moved)


def test_sidecars_on_a_disk_that_gets_full(tmp_path: Path, small_disk: Path) -> None:
    """The journal is elsewhere, as for a library that spans disks."""
    steps = []
    for number in range(4):
        path = write_file(small_disk / f"{number}.xmp", bytes([number]) * 60_000)
        stamp = FileStamp(60_000, path.stat().st_mtime_ns)
        after = bytes([number]) * 160_000
        old = path.read_bytes()
        steps.append(Step(path, path, stamp, number, "x", Kind.WRITE, before=old, after=after))
    before = read_tree(small_disk)
    journals = find_journal_folder(tmp_path)
    with pytest.raises(ActionError, match="No space left on device"):
        apply_plan(Plan(tmp_path, tuple(steps)), journals)
    sizes = [len(entry[0]) for entry in read_tree(small_disk).values() if entry]
    assert set(sizes) == {60_000, 160_000}, "some are written as a whole, the others not at all"
    assert not list(small_disk.glob(".clearshot-*"))
    apply_undo(plan_undo(journals), journals)
    assert read_tree(small_disk) == before


def test_copies_to_a_disk_that_gets_full(tmp_path: Path, small_disk: Path) -> None:
    library = tmp_path / "library"
    for number in range(4):
        write_file(library / f"{number}.jpg", bytes([number]) * 200_000)
    moves = plan_moves(library, *({f"{n}.jpg": f"{n}.jpg"} for n in range(4))).steps
    steps = [
        replace(move, target=small_disk / "bad" / move.target.name, kind=Kind.COPY)
        for move in moves
    ]
    before = read_tree(library)
    journals = find_journal_folder(library)
    with pytest.raises(ActionError, match="No space left on device"):
        apply_plan(Plan(library, tuple(steps)), journals)
    assert sorted(read_tree(small_disk / "bad")) == ["0.jpg", "1.jpg"]
    assert read_tree(library) == before
    apply_undo(plan_undo(journals), journals)
    assert read_tree(small_disk) == {}


def test_a_read_only_disk(tmp_path: Path, small_disk: Path) -> None:
    library = tmp_path / "library"
    write_file(library / "a.jpg", b"photo")
    sidecar = write_file(small_disk / "library" / "b.xmp", b"<b/>")
    mount = shutil.which("mount")
    assert mount is not None
    subprocess.run([mount, "-o", "remount,ro", str(small_disk)], check=True)
    before = read_tree(tmp_path)
    (photo,) = find_photos([library]).photos
    with pytest.raises(InputError, match="the target cannot be written"):
        plan_sort(library, [(photo, Label.DARK)], small_disk / "bad")
    moves = plan_moves(library, {"a.jpg": "bad/a.jpg"}).steps
    for kind in (Kind.MOVE, Kind.COPY, Kind.SYMLINK):
        step = replace(moves[0], kind=kind, target=small_disk / "bad" / "a.jpg")
        with pytest.raises(ActionError, match="Read-only file system; stopped"):
            apply_plan(Plan(library, (step,)), find_journal_folder(library))
    stamp = FileStamp(4, sidecar.stat().st_mtime_ns)
    write = Step(sidecar, sidecar, stamp, 0, "x", Kind.WRITE, before=b"<b/>", after=b"<c/>")
    with pytest.raises(ActionError, match="Read-only file system"):
        apply_plan(Plan(tmp_path, (write,)), find_journal_folder(tmp_path))
    with pytest.raises(ActionError, match="cannot lock: Read-only file system"):
        apply_plan(Plan(small_disk, (write,)), find_journal_folder(small_disk / "library"))
    assert {k: v for k, v in read_tree(tmp_path).items() if ".clearshot" not in k} == before
