from __future__ import annotations

import os
from pathlib import Path

import pytest

from actions.trees import write_file
from clearshot.actions.parts import copy_file

MTIME_NS = 1_500_000_000_987_654_321


def list_writers(path: Path) -> list[str]:
    """List the descriptors of this process by which a file may be written."""
    descriptors = [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    opened = [fd.name for fd in descriptors if os.path.realpath(fd) == str(path.resolve())]
    flags = [Path("/proc/self/fdinfo", name).read_text().split("flags:")[1] for name in opened]
    modes = [int(text.split()[0], 8) & os.O_ACCMODE for text in flags]
    return [name for name, mode in zip(opened, modes, strict=True) if mode != os.O_RDONLY]


def test_a_copy_gets_its_times_once_nobody_can_write_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Windows sets the time of a file that was written when it is closed.
    if not Path("/proc/self/fdinfo").is_dir():
        pytest.skip("needs /proc to tell what is open")
    source = write_file(tmp_path / "photo.jpg", b"photo" * 1000, mtime_ns=MTIME_NS)
    part = tmp_path / ".photo.part"
    given: list[list[str]] = []
    utime = os.utime

    def note(path: Path, *, ns: tuple[int, int], follow_symlinks: bool = True) -> None:
        given.append(list_writers(part))
        utime(path, ns=ns, follow_symlinks=follow_symlinks)

    with part.open("xb"):
        assert list_writers(part)
    part.unlink()
    monkeypatch.setattr(os, "utime", note)
    copy_file(source, part)
    assert given
    assert not any(given)
    assert part.stat().st_mtime_ns == MTIME_NS
