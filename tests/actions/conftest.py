"""Places on other disks than the temporary folder, and the order in which disks were asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def other_device(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device than `tmp_path`."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on another device than the temporary folder")
    trash = memory / f".Trash-{os.getuid()}"
    is_new = not trash.exists()
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)
    if is_new and trash.exists():
        for folder in (trash / "files", trash / "info", trash):
            folder.rmdir()


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


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """What was synced to the disk, removed, renamed and made from here on, in order."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc to tell what is synced")
    seen: list[tuple[str, Path]] = []
    fsync, unlink, rename, mkdir = os.fsync, Path.unlink, Path.rename, Path.mkdir

    def note_sync(descriptor: int) -> None:
        fsync(descriptor)
        seen.append(("sync", (descriptors / str(descriptor)).readlink()))

    def note_unlink(path: Path, missing_ok: bool = False) -> None:
        seen.append(("unlink", path))
        unlink(path, missing_ok)

    def note_rename(path: Path, target: Path) -> Path:
        seen.append(("rename", target))
        return rename(path, target)

    def note_mkdir(
        path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False
    ) -> None:
        seen.append(("mkdir", path))
        mkdir(path, mode, parents, exist_ok)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "unlink", note_unlink)
    monkeypatch.setattr(Path, "rename", note_rename)
    monkeypatch.setattr(Path, "mkdir", note_mkdir)
    return seen
