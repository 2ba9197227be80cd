"""Visits are made in turn, by this process or by others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from clearshot.training.visits import join_parts, visit_in_turn


@dataclass(frozen=True)
class _Part:
    odd: np.ndarray
    even: np.ndarray


@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_is_drawn_comes_in_the_order_of_the_visits(num_workers: int) -> None:
    drawn = visit_in_turn(divmod, range(20), [7] * 20, num_workers=num_workers)
    assert list(drawn) == [divmod(number, 7) for number in range(20)]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_error_of_a_visit_is_the_callers(num_workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(visit_in_turn(divmod, [5, 6], [7, 0], num_workers=num_workers))


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    program = (
        "import os, signal; from clearshot.training.visits import visit_in_turn\n"
        "drawn = visit_in_turn(divmod, range(99), [7] * 99, num_workers=2); next(drawn)\n"
        "from multiprocessing import active_children\n"
        "print(*(child.pid for child in active_children()), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    with (tmp_path / "workers").open("w") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, check=False)
    workers = [int(word) for word in (tmp_path / "workers").read_text().split()]
    assert len(workers) == 2
    limit = time.monotonic() + 20
    while time.monotonic() < limit and any(map(_is_running, workers)):
        time.sleep(0.05)
    left = list(filter(_is_running, workers))
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert not left


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts as POSIX does")
@pytest.mark.parametrize("is_begun", [False, True])
def test_ctrl_c_waits_for_no_other_visit(is_begun: bool) -> None:
    program = (
        "import os, signal, threading, time; from clearshot.training.visits import visit_in_turn\n"
        "drawn = visit_in_turn(time.sleep, [0.5] * 99, num_workers=2)\n"
        f"{'next(drawn)' if is_begun else ''}\n"
        "threading.Timer(0.1, os.killpg, (0, signal.SIGINT)).start(); began = time.monotonic()\n"
        "try: list(drawn)\n"
        "except KeyboardInterrupt: print(time.monotonic() - began)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert float(done.stdout) < 3.0, "eight visits take 4 s"
    assert done.stderr == ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_parts_are_joined_field_by_field_in_their_order() -> None:
    joined = join_parts([_Part(np.array([n]), np.array([[n + 1, 0]])) for n in (1, 3, 5)])
    assert joined.odd.tolist() == [1, 3, 5]
    assert joined.even.tolist() == [[2, 0], [4, 0], [6, 0]]
