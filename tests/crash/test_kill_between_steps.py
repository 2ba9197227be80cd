"""A run that ends at any moment loses nothing, doubles nothing, and can be taken back."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from clearshot.actions.plan import Kind
from clearshot.actions.recovery import recover
from crash.processes import (
    INTERRUPTED,
    KILLED,
    KINDS,
    Driver,
    check,
    kill_before_each_operation,
    make_case,
    pick_case,
    prepare,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if not hasattr(os, "fork"):
    pytest.skip("needs processes that fork", allow_module_level=True)

# The other kinds and ways: random_kills.py --every.


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with Driver() as driver:
        yield driver


@pytest.fixture(autouse=True)
def no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed program wrote is there; only a power cut asks for syncs."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    # `check` sets it for each case.
    monkeypatch.setenv("XDG_DATA_HOME", "")


RUNS = [
    ("apply", Kind.MOVE, "link"),
    ("apply", Kind.MOVE, "copy and reserve"),
    ("undo", Kind.MOVE, "copy"),
    ("apply", Kind.COPY, "reserve"),
    ("undo", Kind.COPY, "link"),
    ("apply", Kind.HARDLINK, "link"),
    ("apply", Kind.SYMLINK, "link"),
    ("apply", Kind.TRASH, "link"),
    ("undo", Kind.TRASH, "link"),
    ("apply", Kind.WRITE, "reserve"),
    ("undo", Kind.WRITE, "link"),
    ("apply", Kind.EMBED, "link"),
    ("undo", Kind.EMBED, "link"),
]


@pytest.mark.parametrize(("command", "kind", "way"), RUNS)
def test_killed_before_each_operation(
    tmp_path: Path, driver: Driver, command: str, kind: Kind, way: str
) -> None:
    assert kill_before_each_operation(driver, tmp_path, command, kind, way) > 15


@pytest.mark.parametrize(
    ("command", "way"), [("undo", "link"), ("undo", "copy and reserve"), ("redo", "copy")]
)
def test_killed_while_edited_sidecars_go_back(
    tmp_path: Path, driver: Driver, command: str, way: str
) -> None:
    num = kill_before_each_operation(driver, tmp_path, command, Kind.MOVE, way, sidecars="edited")
    assert num > 15


@pytest.mark.parametrize(
    ("command", "way"), [("undo", "link"), ("undo", "copy and reserve"), ("redo", "copy")]
)
def test_killed_while_photos_go_back_without_their_sidecars_that_are_gone(
    tmp_path: Path, driver: Driver, command: str, way: str
) -> None:
    num = kill_before_each_operation(driver, tmp_path, command, Kind.MOVE, way, sidecars="gone")
    assert num > 15


@pytest.mark.parametrize("kind", [Kind.MOVE, Kind.TRASH])
def test_interrupted_before_each_operation(tmp_path: Path, driver: Driver, kind: Kind) -> None:
    code, number = INTERRUPTED, 0
    while code == INTERRUPTED:
        number += 1
        case = prepare(driver, tmp_path / str(number), "apply", kind)
        way = "copy and reserve" if number % 2 else "link"
        code = driver.run("apply", case, way=way, at=number, signal_number=signal.SIGINT)
        ended = recover(case.journals)
        check(case)
        if 10 < number < 20:
            assert ended == (), "Ctrl-C in the middle of a run leaves nothing to recover"
    assert code == 0


@pytest.mark.parametrize("kind", [Kind.MOVE, Kind.COPY])
def test_killed_again_while_it_recovers(tmp_path: Path, driver: Driver, kind: Kind) -> None:
    code, number = KILLED, 0
    while code == KILLED:
        number += 5
        case = prepare(driver, tmp_path / str(number), "apply", kind)
        code = driver.run("apply", case, way="copy", at=number)
        # Each attempt comes one operation further than the one before.
        attempt = 1
        while driver.run("recover", case, way="copy", at=attempt) == KILLED:
            attempt += 1
        check(case)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_ended_at_any_moment(tmp_path: Path, driver: Driver, signal_number: signal.Signals) -> None:
    case = make_case(tmp_path / "timed", *KINDS)
    start = time.monotonic()
    assert driver.run("apply", case, way="copy") == 0
    duration_s = time.monotonic() - start
    moments = random.Random(20)
    for number in range(10):
        case, way, command = pick_case(tmp_path / str(number), moments)
        if command == "undo":
            assert driver.run("apply", case, at=0) == 0
        after_s = moments.random() * duration_s
        driver.run(command, case, way=way, after_s=after_s, signal_number=signal_number)
        assert driver.run("recover", case, way=way, at=0) == 0
        check(case)
