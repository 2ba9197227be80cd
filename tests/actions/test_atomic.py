from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from actions.disks import fail_with, refuse_links
from actions.trees import list_names, write_file
from clearshot.actions.atomic import (
    is_writable,
    place_file,
    read_stamp,
    restore_mtime,
    sync_folder,
)

MTIME_NS = 1_500_000_000_987_654_321


def test_only_regular_files_have_a_stamp(tmp_path: Path) -> None:
    path = write_file(tmp_path / "photo.jpg", b"12345", mtime_ns=MTIME_NS)
    link = tmp_path / "link.jpg"
    link.symlink_to(path)
    assert read_stamp(path).size_bytes == 5
    assert read_stamp(path).mtime_ns == MTIME_NS
    for other in (tmp_path, link):
        with pytest.raises(OSError, match="not a regular file"):
            read_stamp(other)


def test_the_time_of_anothers_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *, ns: tuple[int, int]) -> None:
        raise PermissionError

    path = write_file(tmp_path / "photo.jpg", b"", mtime_ns=MTIME_NS)
    assert restore_mtime(path, 5).mtime_ns == 5
    monkeypatch.setattr(os, "utime", fail)
    assert restore_mtime(path, 6).mtime_ns == 5


def test_a_folder_is_writable_where_it_could_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path / "photo.jpg", b"")
    assert is_writable(tmp_path)
    assert is_writable(tmp_path / "a" / "b")
    assert not is_writable(path)
    assert not is_writable(path / "b")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not is_writable(tmp_path)


def test_a_name_that_was_reserved_in_vain_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_file(tmp_path / "in" / "photo.jpg", b"photo")
    target = tmp_path / "out" / "photo.jpg"
    target.parent.mkdir()
    refuse_links(monkeypatch, errno.EPERM)

    def fail(self: Path, target: Path) -> None:
        raise fail_with(errno.EXDEV)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match=os.strerror(errno.EXDEV)):
        place_file(source, target, lambda: None)
    assert source.exists()
    assert list_names(target.parent) == []


@pytest.mark.parametrize(("code", "is_tolerated"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_a_disk_that_cannot_sync_folders_is_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_tolerated: bool
) -> None:
    def fail(descriptor: int) -> None:
        raise fail_with(code)

    monkeypatch.setattr(os, "fsync", fail)
    if is_tolerated:
        sync_folder(tmp_path)
    else:
        with pytest.raises(OSError, match="Input/output"):
            sync_folder(tmp_path)
