"""Folder trees for the tests of file actions: made, read back, and planned."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import Plan, Step

if TYPE_CHECKING:
    from pathlib import Path

# Bytes and time of last change [ns] of a file; a folder has neither.
Tree = dict[str, tuple[bytes, int] | None]


def write_file(path: Path, content: bytes, *, mtime_ns: int = 1_600_000_000_123_456_789) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns + 7, mtime_ns))
    return path


def read_tree(root: Path) -> Tree:
    """Read everything below a folder but clearshot's own files."""
    tree: Tree = {}
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if relative.parts[0] != ".clearshot":
            is_file = path.is_file()
            entry = (path.read_bytes(), path.stat().st_mtime_ns) if is_file else None
            tree[str(relative)] = entry
    return tree


def list_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def list_contents(tree: Tree) -> list[tuple[bytes, int]]:
    """List the files of a tree, wherever they are."""
    return sorted(entry for entry in tree.values() if entry is not None)


def plan_moves(folder: Path, *groups: dict[str, str]) -> Plan:
    """Plan to move files, named by their paths in the folder."""
    moves = [
        Step(folder / source, folder / target, read_stamp(folder / source), number, "blurry")
        for number, group in enumerate(groups)
        for source, target in group.items()
    ]
    return Plan(folder, tuple(moves))


def make_library(root: Path) -> Plan:
    """Make two photos with a sidecar each and one without, and a plan that moves them."""
    write_file(root / "a" / "one.jpg", b"one" * 1000, mtime_ns=1_500_000_000_000_000_001)
    write_file(root / "a" / "one.xmp", b"<one/>", mtime_ns=1_500_000_001_000_000_003)
    write_file(root / "a" / "kept.jpg", b"kept")
    write_file(root / "two.jpg", b"two" * 1000, mtime_ns=1_500_000_002_999_999_999)
    write_file(root / "two.xmp", b"<two/>", mtime_ns=1_500_000_003_000_000_000)
    write_file(root / "three.jpg", b"", mtime_ns=5)
    return plan_moves(
        root,
        {"a/one.jpg": "bad/blurry/a/one.jpg", "a/one.xmp": "bad/blurry/a/one.xmp"},
        {"two.jpg": "bad/dark/two.jpg", "two.xmp": "bad/dark/two.xmp"},
        {"three.jpg": "bad/dark/three.jpg"},
    )


def find_journal_folder(root: Path) -> Path:
    return root / ".clearshot" / "journals"
