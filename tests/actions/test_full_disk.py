"""Runs on a real disk that gets full; skipped where none can be mounted."""

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
from clearshot.actions.plan import Plan
from clearshot.actions.recovery import recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE_BYTES = 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("needs mount and umount")
    command = [mount, "-t", "tmpfs", "-o", "size=512k", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run([umount, str(folder)], check=True)


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
