from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from actions.disks import fail_with, refuse_links
from actions.trees import list_names, write_file
from clearshot.actions import moves, parts
from clearshot.actions.moves import move_file

MTIME_NS = 1_500_000_000_987_654_321
SIZE_BYTES = 2_500_000

WAYS = {
    "link": (None, None),
    "reserve": (errno.EPERM, None),
    "copy": (errno.EXDEV, None),
    "copy and reserve": (errno.EXDEV, errno.ENOTSUP),
}


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A file, a free place for it, and the name of a part file."""
    source = write_file(
        tmp_path / "in" / "photo.jpg", b"photo" * (SIZE_BYTES // 5), mtime_ns=MTIME_NS
    )
    source.chmod(0o640)
    (tmp_path / "out").mkdir()
    return source, tmp_path / "out" / "photo.jpg", tmp_path / "out" / ".photo.part"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of moving a file, as the disks ask for it."""
    name: str = request.param
    code, parts = WAYS[name]
    if code is not None:
        refuse_links(monkeypatch, code, parts=parts)
    return name


def settle_move(source: Path, target: Path, *, part: Path, is_reserved: bool) -> bool:
    """Settle the move of the photo of `paths`."""
    return moves.settle_move(
        source, target, part=part, is_reserved=is_reserved, size_bytes=SIZE_BYTES
    )


def test_a_moved_file_is_the_same_file(paths: tuple[Path, Path, Path], way: str) -> None:
    source, target, part = paths
    before, content = source.stat(), source.read_bytes()
    os.utime(source, ns=(before.st_atime_ns, MTIME_NS))
    reserved: list[bool] = []
    move_file(source, target, part=part, reserve=lambda: reserved.append(True))
    after = target.stat()
    assert target.read_bytes() == content
    assert (after.st_mtime_ns, after.st_mode) == (MTIME_NS, before.st_mode)
    assert after.st_atime_ns == before.st_atime_ns
    assert list_names(source.parent) == []
    assert list_names(target.parent) == [target.name]
    assert bool(reserved) == ("reserve" in way)


def test_a_taken_place_is_left_alone(paths: tuple[Path, Path, Path], way: str) -> None:
    source, target, part = paths
    write_file(target, b"another")
    with pytest.raises(FileExistsError):
        move_file(source, target, part=part, reserve=lambda: None)
    assert target.read_bytes() == b"another"
    assert source.stat().st_mtime_ns == MTIME_NS
    assert list_names(target.parent) == [target.name]


def test_nothing_goes_before_what_replaces_it_is_on_the_disk(
    paths: tuple[Path, Path, Path], way: str, events: list[tuple[str, Path]]
) -> None:
    source, target, part = paths
    move_file(source, target, part=part, reserve=lambda: None)
    gone = events.index(("unlink", source)) if way != "reserve" else len(events)
    before = events[:gone]
    assert ("sync", target.parent) in before
    if way.startswith("copy"):
        named = before.index(("unlink", part)) if ("unlink", part) in before else gone
        assert ("sync", part) in before[:named]
    assert events[-1] == ("sync", source.parent)


def test_a_copy_that_differs_is_refused(
    paths: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, part = paths
    refuse_links(monkeypatch, errno.EXDEV)
    monkeypatch.setattr(parts, "hash_file", lambda path: b"")
    with pytest.raises(OSError, match="the copy differs"):
        move_file(source, target, part=part, reserve=lambda: None)
    assert source.exists()
    assert not target.exists()


def test_a_file_that_changes_while_it_is_copied_is_refused(
    paths: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, part = paths
    copystat = shutil.copystat

    def change(source: Path, target: Path) -> None:
        copystat(source, target)
        with source.open("ab") as stream:
            stream.write(b"more")

    refuse_links(monkeypatch, errno.EXDEV)
    monkeypatch.setattr(shutil, "copystat", change)
    with pytest.raises(OSError, match="changed while it was copied"):
        move_file(source, target, part=part, reserve=lambda: None)
    assert not settle_move(source, target, part=part, is_reserved=False)
    assert source.read_bytes().endswith(b"more")
    assert list_names(target.parent) == []


@pytest.mark.parametrize(
    "code",
    [errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK],
)
def test_a_disk_without_hard_links_takes_photos_whatever_it_answers(
    paths: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    source, target, part = paths
    refuse_links(monkeypatch, code)
    move_file(source, target, part=part, reserve=lambda: None)
    assert target.stat().st_size == SIZE_BYTES
    assert not source.exists()


@pytest.mark.parametrize(
    ("code", "is_tolerated"),
    [
        (errno.EPERM, True),
        (errno.EACCES, True),
        (errno.ENOSYS, True),
        (errno.ENOTSUP, True),
        (errno.EIO, False),
    ],
)
def test_a_disk_without_modes_is_tolerated(
    paths: tuple[Path, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    is_tolerated: bool,
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise fail_with(code)

    source, target, part = paths
    refuse_links(monkeypatch, errno.EXDEV)
    monkeypatch.setattr(shutil, "copystat", fail)
    if is_tolerated:
        move_file(source, target, part=part, reserve=lambda: None)
        assert target.stat().st_mtime_ns == MTIME_NS
    else:
        with pytest.raises(OSError, match="Input/output"):
            move_file(source, target, part=part, reserve=lambda: None)


class TestSettleMove:
    """Each state that an interrupted move can leave, and what becomes of it."""

    def test_not_begun(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        assert not settle_move(source, target, part=part, is_reserved=False)
        assert source.exists()
        assert not target.exists()

    def test_linked(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        target.hardlink_to(source)
        assert not settle_move(source, target, part=part, is_reserved=False)
        assert source.stat().st_nlink == 1
        assert not target.exists()

    def test_moved(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        source.rename(target)
        part.hardlink_to(target)
        assert settle_move(source, target, part=part, is_reserved=False)
        assert list_names(target.parent) == [target.name]

    def test_reserved(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        target.touch()
        assert not settle_move(source, target, part=part, is_reserved=True)
        assert source.exists()
        assert not target.exists()

    def test_reserved_and_taken_since(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        write_file(target, b"another")
        assert not settle_move(source, target, part=part, is_reserved=True)
        assert source.exists()
        assert target.read_bytes() == b"another"

    @pytest.mark.parametrize("size_bytes", [0, 1, 1_000_000])
    def test_copied_in_part(self, paths: tuple[Path, Path, Path], size_bytes: int) -> None:
        source, target, part = paths
        part.write_bytes(source.read_bytes()[:size_bytes])
        assert not settle_move(source, target, part=part, is_reserved=False)
        assert source.exists()
        assert list_names(target.parent) == []

    def test_copied_and_placed(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        shutil.copy2(source, target)
        part.hardlink_to(target)
        assert not settle_move(source, target, part=part, is_reserved=False)
        assert source.exists()
        assert list_names(target.parent) == []

    @pytest.mark.parametrize("content", [b"another", b"", b"PHOTO" * 500_000])
    def test_taken_by_another_file(self, paths: tuple[Path, Path, Path], content: bytes) -> None:
        source, target, part = paths
        write_file(target, content)
        assert not settle_move(source, target, part=part, is_reserved=False)
        assert source.exists()
        assert target.read_bytes() == content

    def test_taken_by_a_folder(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        target.mkdir()
        assert not settle_move(source, target, part=part, is_reserved=True)
        assert source.exists()
        assert target.is_dir()

    def test_two_spellings_of_one_name(self, paths: tuple[Path, Path, Path]) -> None:
        source, _, part = paths
        assert not settle_move(source, source, part=part, is_reserved=False)
        assert source.exists()

    def test_gone(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        source.unlink()
        assert not settle_move(source, target, part=part, is_reserved=False)

    def test_the_last_copy_is_never_removed(self, paths: tuple[Path, Path, Path]) -> None:
        source, target, part = paths
        source.rename(part)
        with pytest.raises(OSError, match="this copy is left"):
            settle_move(source, target, part=part, is_reserved=False)
        assert part.exists()

    def test_the_last_copy_is_kept_beside_the_name_reserved_for_it(
        self, paths: tuple[Path, Path, Path]
    ) -> None:
        source, target, part = paths
        source.rename(part)
        target.touch()
        with pytest.raises(OSError, match="this copy is left"):
            settle_move(source, target, part=part, is_reserved=True)
        assert part.stat().st_size == SIZE_BYTES

    def test_a_name_reserved_for_a_file_that_is_gone_is_given_up(
        self, paths: tuple[Path, Path, Path]
    ) -> None:
        source, target, part = paths
        source.unlink()
        target.touch()
        assert not settle_move(source, target, part=part, is_reserved=True)
        assert list_names(target.parent) == []

    def test_an_empty_file_has_moved_to_the_name_reserved_for_it(
        self, paths: tuple[Path, Path, Path]
    ) -> None:
        source, target, part = paths
        source.unlink()
        target.touch()
        assert moves.settle_move(source, target, part=part, is_reserved=True, size_bytes=0)
        assert target.exists()
