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

TESTS = Path(__file__).parents[1]


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
    limit = time.monotonic() + 60
    while time.monotonic() < limit and any(map(_is_running, workers)):
        time.sleep(0.05)
    left = list(filter(_is_running, workers))
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert not left


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts as POSIX does")
@pytest.mark.parametrize("is_begun", [False, True])
def test_ctrl_c_waits_for_no_other_visit(tmp_path: Path, is_begun: bool) -> None:
    program = (
        "import sys; from clearshot.training.visits import visit_in_turn\n"
        "from interrupted_visit import InterruptedVisit\n"
        "visit = InterruptedVisit(sys.argv[1], at=int(sys.argv[2]))\n"
        "try: list(visit_in_turn(visit, range(99), num_workers=2))\n"
        "except KeyboardInterrupt: print('heard')\n"
    )
    notes = tmp_path / "notes"
    done = subprocess.run(
        [sys.executable, "-c", program, str(notes), "9" if is_begun else "-1"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert (done.stdout, done.stderr) == ("heard\n", "")
    before, after = notes.read_text().split("!")
    assert bool(before) == is_begun
    # The other worker may have been about to begin one.
    assert len(after) <= 1


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
