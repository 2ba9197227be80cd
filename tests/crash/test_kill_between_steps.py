"""A run that ends at any moment loses nothing, doubles nothing, and can be taken back."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from actions.trees import (
    Tree,
    find_journal_folder,
    list_contents,
    make_library,
    read_tree,
)
from clearshot.actions.apply import apply_plan
from clearshot.actions.journal import has_ended, list_journals
from clearshot.actions.plan import Plan
from clearshot.actions.recovery import recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator

if not hasattr(os, "fork"):
    pytest.skip("needs processes that fork", allow_module_level=True)

DRIVER = Path(__file__).with_name("driver.py")
WAYS = ["link", "reserve", "copy", "copy and reserve"]
KILLED, INTERRUPTED = -signal.SIGKILL, 130


class Driver:
    """Runs file actions in processes that end at a chosen moment."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        command: str,
        plan: Plan,
        *,
        way: str = "link",
        at: int | None = None,
        after_s: float | None = None,
        signal_number: int = signal.SIGKILL,
    ) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "command": command,
            "folder": str(plan.folder),
            "journals": str(find_journal_folder(plan.folder)),
            "steps": plan.as_rows(),
            "way": way,
            "at": at,
            "after_s": after_s,
            "signal": signal_number,
        }
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(autouse=True)
def no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed program wrote is there; only a power cut asks for syncs."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def check_tree(plan: Plan, before: Tree) -> None:
    """Check that nothing is lost or doubled and that each group has moved or has not."""
    assert list_contents(read_tree(plan.folder)) == list_contents(before)
    groups = defaultdict(set)
    for move in plan.steps:
        assert move.source.exists() != move.target.exists()
        groups[move.group].add(move.target.exists())
    assert all(len(states) == 1 for states in groups.values())


def check_undo(plan: Plan, before: Tree) -> None:
    """Check that the run was put in order, and that undo restores every byte."""
    journals = find_journal_folder(plan.folder)
    assert all(map(has_ended, list_journals(journals)))
    check_tree(plan, before)
    try:
        undo = plan_undo(journals)
    except ActionError:
        pass
    else:
        apply_undo(undo, journals)
    assert read_tree(plan.folder) == before


def make_case(folder: Path, command: str) -> tuple[Plan, Tree]:
    """Make a library, for the command `undo` with its plan applied; give the tree before.

    The plan moves a photo with its sidecar, and an empty photo.
    """
    moves = make_library(folder).steps
    plan = Plan(folder, (*moves[:2], moves[4]))
    before = read_tree(folder)
    if command == "undo":
        apply_plan(plan, find_journal_folder(folder))
    return plan, before


@pytest.mark.parametrize(
    ("command", "way"), [*(("apply", way) for way in WAYS), ("undo", "link"), ("undo", "copy")]
)
def test_killed_before_each_operation(
    tmp_path: Path, driver: Driver, command: str, way: str
) -> None:
    code, number = KILLED, 0
    while code == KILLED:
        number += 1
        plan, before = make_case(tmp_path / str(number), command)
        code = driver.run(command, plan, way=way, at=number)
        assert driver.run("recover", plan, way=way, at=0) == 0
        check_undo(plan, before)
    assert code == 0
    assert number > 20


@pytest.mark.parametrize("way", ["link", "copy and reserve"])
def test_interrupted_before_each_operation(tmp_path: Path, driver: Driver, way: str) -> None:
    code, number = INTERRUPTED, 0
    while code == INTERRUPTED:
        number += 1
        plan, before = make_case(tmp_path / str(number), "apply")
        code = driver.run("apply", plan, way=way, at=number, signal_number=signal.SIGINT)
        ended = recover(find_journal_folder(plan.folder))
        check_undo(plan, before)
        if 10 < number < 20:
            assert ended == (), "Ctrl-C in the middle of a run leaves nothing to recover"
    assert code == 0


@pytest.mark.parametrize("way", ["reserve", "copy"])
def test_killed_again_while_it_recovers(tmp_path: Path, driver: Driver, way: str) -> None:
    code, number = KILLED, 0
    while code == KILLED:
        number += 4
        plan, before = make_case(tmp_path / str(number), "apply")
        code = driver.run("apply", plan, way=way, at=number)
        # Each attempt comes one operation further than the one before.
        attempt = 1
        while driver.run("recover", plan, way=way, at=attempt) == KILLED:
            attempt += 1
        check_undo(plan, before)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_ended_at_any_moment(tmp_path: Path, driver: Driver, signal_number: signal.Signals) -> None:
    plan, _ = make_case(tmp_path / "timed", "apply")
    start = time.monotonic()
    assert driver.run("apply", plan, way="copy") == 0
    duration_s = time.monotonic() - start
    moments = random.Random(20)
    for number in range(20):
        plan, before = make_case(tmp_path / str(number), "apply")
        after_s = moments.random() * duration_s
        driver.run("apply", plan, way="copy", after_s=after_s, signal_number=signal_number)
        assert driver.run("recover", plan, way="copy", at=0) == 0
        check_undo(plan, before)
