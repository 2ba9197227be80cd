"""File actions in processes that end at a chosen moment, and what they must leave behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from actions.trees import (
    Tree,
    find_journal_folder,
    list_contents,
    make_library,
    read_tree,
    write_file,
)
from clearshot.actions.atomic import read_stamp
from clearshot.actions.duplicates import is_duplicate
from clearshot.actions.identity import hash_file
from clearshot.actions.journal import has_ended, list_journals
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.trash import TrashListing
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.actions.writing import read_content
from clearshot.errors import ActionError
from clearshot.photo import FileStamp
from jpegs import draw_jpeg, make_step

DRIVER = Path(__file__).with_name("driver.py")
WAYS = ["link", "reserve", "copy", "copy and reserve"]
_JPEG = draw_jpeg()
KILLED, INTERRUPTED = -signal.SIGKILL, 130
KINDS = [
    Kind.MOVE, Kind.COPY, Kind.HARDLINK, Kind.SYMLINK, Kind.TRASH, Kind.WRITE, Kind.EMBED
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A library, a plan for it, and its files before."""

    root: Path
    plan: Plan
    before: Tree

    @property
    def library(self) -> Path:
        return self.root / "library"

    @property
    def data(self) -> Path:
        """Where the trash of this case is."""
        return self.root / "data"

    @property
    def journals(self) -> Path:
        return find_journal_folder(self.library)


class Driver:
    """Runs file actions in processes that end at a chosen moment."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate()

    def run(
        self,
        command: str,
        case: Case,
        *,
        way: str = "link",
        at: int | None = None,
        after_s: float | None = None,
        signal_number: int = signal.SIGKILL,
    ) -> int:
        """Run one command; give the exit code, negative for the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "command": command,
            "root": str(case.root),
            "data": str(case.data),
            "journals": str(case.journals),
            "plan": case.plan.as_document(),
            "way": way,
            "at": at,
            "after_s": after_s,
            "signal": signal_number,
        }
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def make_case(root: Path, *kinds: Kind) -> Case:
    """Make a library and a plan: for each kind a photo with its sidecar, and an empty photo."""
    library = root / "library"
    steps: list[Step] = []
    for kind in kinds:
        # A library of each kind's own, so that no file is in two steps.
        moves = make_library(library / kind).steps
        for move in (*moves[:2], moves[4]):
            group = 10 * KINDS.index(kind) + move.group
            steps.append(_change_kind(move, kind, group))
    return Case(root, Plan(library, tuple(steps)), read_tree(library))


def _change_kind(move: Step, kind: Kind, group: int) -> Step:
    source, target, after = move.source, move.target, None
    if kind is Kind.EMBED:
        # All files become photos, and those of a group are of one photo.
        photo = write_file(source.rename(source.with_suffix(f"{source.suffix}.jpg")), _JPEG)
        return make_step(photo, b"<new/>", group=group)
    before = source.read_bytes() if kind is Kind.WRITE else None
    if kind is Kind.TRASH:
        target = TRASH_PLACE
    if kind is Kind.WRITE:
        # The photo becomes a sidecar that changes, its sidecar is one that goes.
        after = None if source.suffix == ".xmp" else b"new content"
        if before != b"" and source.suffix == ".jpg":
            source = source.rename(source.with_name(f"{source.name}.xmp"))
        target = source
    stamp = read_stamp(source) if before != b"" else FileStamp(0, 0)
    if before == b"":
        # The empty photo becomes a sidecar that is made.
        source = target = source.with_suffix(".xmp")
        before, after = None, b"made"
    return Step(source, target, stamp, group, "dark", kind, before=before, after=after)


def is_done(step: Step, listing: TrashListing) -> bool:
    """Tell whether a step is done; it must be done or not, and nothing between."""
    match step.kind:
        case Kind.MOVE:
            assert step.source.exists() != step.target.exists()
            return step.target.exists()
        case Kind.TRASH:
            is_in_trash = listing.find(step.source, step.stamp) is not None
            assert step.source.exists() != is_in_trash
            return is_in_trash
        case Kind.WRITE:
            content = read_content(step.target)
            assert content in {step.before, step.after}
            return content == step.after
        case Kind.EMBED:
            digest = hash_file(step.target).hex()
            assert digest in {step.sha256_before, step.sha256_after}
            return digest == step.sha256_after
        case _:
            assert step.source.exists()
            assert is_duplicate(step) == os.path.lexists(step.target)
            return is_duplicate(step)


def check(case: Case) -> None:
    """Check that nothing is lost, doubled or half-done, and that undo restores the library."""
    os.environ["XDG_DATA_HOME"] = str(case.data)
    assert all(map(has_ended, list_journals(case.journals)))
    assert not list(case.root.rglob(".clearshot-*.part"))
    listing = TrashListing()
    groups = defaultdict(set)
    for step in case.plan.steps:
        groups[step.group].add(is_done(step, listing))
    assert all(len(states) == 1 for states in groups.values())
    if {step.kind for step in case.plan.steps} == {Kind.MOVE}:
        assert list_contents(read_tree(case.library)) == list_contents(case.before)
    try:
        undo = plan_undo(case.journals)
    except ActionError:
        pass
    else:
        assert apply_undo(undo, case.journals).skipped == ()
    assert read_tree(case.library) == case.before
    assert not list(case.data.rglob("files/*"))
    try:
        plan_undo(case.journals)
    except ActionError:
        return
    raise AssertionError("all is as before, and yet there is something to undo")


def prepare(driver: Driver, root: Path, command: str, *kinds: Kind, sidecars: str = "kept") -> Case:
    """Make a case, with its plan applied for the command `undo`, and taken back for `redo`.

    Where `sidecars` are `edited`, another program has written them anew after the plan was applied;
    where they are `gone`, it has deleted them before the command.
    """
    case = make_case(root, *kinds)
    if command in {"undo", "redo"}:
        assert driver.run("apply", case, at=0) == 0
    if sidecars == "edited":
        case = _edit_sidecars(case)
    if command == "redo":
        assert driver.run("undo", case, at=0) == 0
        assert read_tree(case.library) == case.before
    return _delete_sidecars(case) if sidecars == "gone" else case


def _edit_sidecars(case: Case) -> Case:
    """Write the sidecars anew that were moved; undo is to give back what is in them then."""
    edited: Tree = {}
    for step in case.plan.steps:
        if step.target.suffix == ".xmp":
            content, mtime_ns = b"<edited/>" * 100, 1_700_000_000_000_000_009
            write_file(step.target, content, mtime_ns=mtime_ns)
            edited[str(step.source.relative_to(case.library))] = (content, mtime_ns)
    assert edited
    return replace(case, before=case.before | edited)


def _delete_sidecars(case: Case) -> Case:
    """Delete the sidecars wherever they are; the rest of the plan is to be taken back."""
    names = {str(path.relative_to(case.library)) for path in case.library.rglob("*.xmp")}
    for name in names:
        (case.library / name).unlink()
    gone = {step.source for step in case.plan.steps if step.source.suffix == ".xmp"}
    assert gone
    steps = tuple(step for step in case.plan.steps if step.source not in gone)
    left = names | {str(path.relative_to(case.library)) for path in gone}
    before = {name: entry for name, entry in case.before.items() if name not in left}
    return replace(case, plan=replace(case.plan, steps=steps), before=before)


def kill_before_each_operation(
    driver: Driver, folder: Path, command: str, kind: Kind, way: str, *, sidecars: str = "kept"
) -> int:
    """Kill a run before its first operation on disk, another one before the second, and so on.

    Give how many there were. `sidecars` is that of `prepare`.
    """
    code, number = KILLED, 0
    while code == KILLED:
        number += 1
        case = prepare(driver, folder / str(number), command, kind, sidecars=sidecars)
        code = driver.run(command, case, way=way, at=number)
        assert driver.run("recover", case, way=way, at=0) == 0
        check(case)
        shutil.rmtree(case.root)
    assert code == 0
    return number - 1


def pick_case(root: Path, moments: random.Random) -> tuple[Case, str, str]:
    """Make a case at random; give its way of moving files, and the command to be ended, too."""
    kinds = moments.sample(KINDS, moments.randint(1, len(KINDS)))
    return make_case(root, *kinds), moments.choice(WAYS), moments.choice(["apply", "undo"])
