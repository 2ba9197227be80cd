"""Any plans for any tree: undo brings back every name, place, byte and time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.trees import find_journal_folder, read_tree, write_file
from clearshot.actions.apply import apply_plan
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError
from clearshot.photo import FileStamp
from jpegs import FILM, draw_jpeg, make_step

plat_other = pytest.importorskip("send2trash.plat_other", reason="needs a freedesktop trash")

KINDS = [
    Kind.MOVE, Kind.COPY, Kind.HARDLINK, Kind.SYMLINK, Kind.TRASH, Kind.WRITE, Kind.EMBED,
    Kind.EMBED, Kind.EMBED,  # few files are photos
]  # fmt: skip
PHOTOS = [draw_jpeg(), draw_jpeg(xmp=b"<x/>", tail=FILM)]
# Few names, so that they clash; those that surprise programs among them.
names = st.sampled_from(
    ["a", "b.jpg", "B.JPG", "d.jpg", "ä\n.xmp", "c.xmp", "📷", os.fsdecode(b"\xff"), "-r", "%41"]
)
places = st.builds(
    lambda folder, name: f"{folder}{name}", st.sampled_from(["", "x/", "x/y/"]), names
)
contents = st.binary(max_size=6) | st.sampled_from(PHOTOS)
trees = st.dictionaries(places, st.tuples(contents, st.integers(1, 2**61)), min_size=1, max_size=8)
deeds = st.tuples(st.sampled_from(KINDS), places, st.none() | contents, st.booleans())
plans = st.lists(deeds, max_size=8)


def make_plan(folder: Path, deeds: list[tuple[Kind, str, bytes | None, bool]]) -> Plan:
    """Plan something for each file of a tree, in groups, some of it impossible."""
    steps: list[Step] = []
    group = 0
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = [path for path in files if ".clearshot" not in path.parts]
    for path, (kind, place, after, is_with_last) in zip(files, deeds, strict=False):
        status = path.stat()
        stamp = FileStamp(status.st_size, status.st_mtime_ns)
        target = {Kind.TRASH: TRASH_PLACE, Kind.WRITE: path}.get(kind, folder / "out" / place)
        before = path.read_bytes() if kind is Kind.WRITE else None
        group += not is_with_last
        if kind is Kind.EMBED:
            is_jpeg = path.suffix.lower() == ".jpg" and path.read_bytes().startswith(PHOTOS[0][:4])
            if is_jpeg and status.st_nlink == 1:
                steps.append(make_step(path, after or b"", group=group))
            continue
        if before is not None and status.st_nlink > 1:
            continue  # a file that is written is a new file: it shares no bytes with its links
        if before is not None and path.suffix != ".xmp":
            continue  # nothing but sidecars is written
        if before is None or after != before:
            after = after if kind is Kind.WRITE else None
            steps.append(Step(path, target, stamp, group, "x", kind, before=before, after=after))
    return Plan(folder, tuple(steps))


@contextmanager
def open_library() -> Iterator[Path]:
    """Give a folder with a trash of its own."""
    with tempfile.TemporaryDirectory() as name, mock.patch("os.fsync"):
        root = Path(name).resolve()
        data = root / "data"
        with (
            mock.patch.dict(os.environ, XDG_DATA_HOME=str(data)),
            mock.patch.object(plat_other, "XDG_DATA_HOME", os.fsencode(data)),
            mock.patch.object(plat_other, "HOMETRASH_B", os.fsencode(data / "Trash")),
            mock.patch("send2trash.send2trash", plat_other.send2trash),
        ):
            (root / "library").mkdir()
            yield root / "library"


@settings(max_examples=40)
@given(tree=trees, first=plans, second=plans)
def test_undo_and_redo_of_any_plans(
    tree: dict[str, tuple[bytes, int]],
    first: list[tuple[Kind, str, bytes | None, bool]],
    second: list[tuple[Kind, str, bytes | None, bool]],
) -> None:
    with open_library() as folder:
        for place, (content, mtime_ns) in tree.items():
            try:
                write_file(folder / place, content, mtime_ns=mtime_ns)
            except OSError:  # a file has the name of a folder, or the disk takes Unicode only
                continue
        journals = find_journal_folder(folder)
        states = [read_tree(folder)]
        for deeds in (first, second):
            plan = make_plan(folder, deeds)
            outcome = apply_plan(plan, journals)
            check_groups(plan, outcome.done)
            if outcome.done:
                states.append(read_tree(folder))
        after = states.pop()
        for state in reversed(states):
            outcome = apply_undo(plan_undo(journals), journals)
            assert outcome.skipped == ()
            assert read_tree(folder) == state
            redone = apply_undo(plan_undo(journals, outcome.journal.stem), journals)
            assert redone.skipped == ()
            assert read_tree(folder) == after
            assert apply_undo(plan_undo(journals), journals).skipped == ()
            assert read_tree(folder) == state
            after = state
        with pytest.raises(ActionError, match="nothing to undo"):
            plan_undo(journals)


def check_groups(plan: Plan, done: tuple[Step, ...]) -> None:
    """Check that each group is done as a whole or not at all."""
    for _, group in groupby(plan.steps, key=lambda step: step.group):
        assert len({step in done for step in group}) == 1
