from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from clearshot import workers
from clearshot.photo import Failure, Label, Scores
from clearshot.workers import score_unordered
from luma_scorer import LumaScorer
from size_detector import EnvironmentScorer, HeldBack, SizeDetector, SlowToStart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A program without `if __name__ == "__main__":` around its work.
UNGUARDED = """
import sys
from pathlib import Path
from clearshot.workers import score_unordered
from size_detector import SizeDetector

print("begun")
for _, _, result in score_unordered([Path(sys.argv[1])], SizeDetector(), num_workers=1):
    print(*result.values())
"""

# A program whose scorer is made of a class of its own.
WITH_OWN_SCORER = """
import sys
from pathlib import Path
from clearshot.workers import score_unordered

class Own:
    recipe = "own"
    def score(self, path):
        return {"modules": float("numpy" in sys.modules)}

if __name__ == "__main__":
    for _, _, result in score_unordered([Path(sys.argv[1])], Own(), num_workers=1):
        print(*result.values())
"""


# A program that gives each photo so much time.
WITH_LIMIT = """
import sys
from pathlib import Path
from clearshot import workers
from clearshot.workers import score_unordered
from luma_scorer import LumaScorer

# What passes between two looks counts as spent on the photo.
workers._LOOK_S = 0.1
if __name__ == "__main__":
    scorer = LumaScorer(Path(sys.argv[2]))
    for _, _, result in score_unordered(
        [Path(sys.argv[1])], scorer, num_workers=1, timeout_s={limit_s}
    ):
        print(type(result).__name__)
"""


class Clock:
    """The time of this process, put forward at will."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the pool."""
    clock = Clock()
    monkeypatch.setattr(workers, "time", clock)
    return clock


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "1.png"
    Image.new("L", (8, 6), 80).save(path)
    return path


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_few_photos_are_taken_ahead(photo: Path, tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield photo

    scoring = score_unordered(endless(), LumaScorer(tmp_path / "log"), num_workers=2)
    for num_done in range(20):
        next(scoring)
        assert taken <= num_done + 1 + 2 * 2  # two photos for each worker
    scoring.close()


def test_a_suspect_is_measured_alone(photo: Path, tmp_path: Path) -> None:
    suspect = photo.rename(tmp_path / "flaky-slow.png")
    others = [photo.with_name(f"{number}.png") for number in range(12)]
    for other in others:
        Image.new("L", (8, 6)).save(other)
    scorer = LumaScorer(tmp_path / "log", delay_s=0.02)

    scored = list(score_unordered([*others[:3], suspect, *others[3:]], scorer, num_workers=2))

    assert sorted(index for index, _, _ in scored) == list(range(13))
    assert all(isinstance(result, Scores) for _, _, result in scored)
    notes = scorer.notes()
    second = notes.index(suspect.name, notes.index(suspect.name) + 1)
    assert notes[second + 1] == f"/{suspect.name}"
    begun = [note for note in notes[:second] if note != suspect.name and note[0] != "/"]
    assert sorted(f"/{name}" for name in begun) == sorted(
        note for note in notes[:second] if note[0] == "/"
    )


def test_closing_ends_the_workers_at_once(photo: Path, tmp_path: Path) -> None:
    scorer = LumaScorer(tmp_path / "log", delay_s=0.0)
    slow = [photo, *[tmp_path / "hang.png"] * 8]
    scoring = score_unordered(slow, scorer, num_workers=2)
    next(scoring)
    begin = time.monotonic()
    scoring.close()
    assert time.monotonic() - begin < 30, "a photo takes a minute"
    assert multiprocessing.active_children() == []


def test_any_result_is_brought_back_and_nan_in_it_is_a_failure(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    paths = [photo, tmp_path / "empty"]
    results = {
        path: each for _, path, each in score_unordered(paths, SizeDetector(), num_workers=1)
    }
    assert results[photo] == {Label.BLURRY: photo.stat().st_size}
    assert results[paths[1]] == Failure("unexpected", "a score is not a number")


def test_a_photo_that_takes_too_long_costs_no_other(photo: Path, tmp_path: Path) -> None:
    others = [photo.with_name(f"{number}.png") for number in range(2, 8)]
    for other in others:
        Image.new("L", (8, 6)).save(other)
    paths = [photo, tmp_path / "hang-1.png", *others, tmp_path / "hang-2.png"]
    scoring = score_unordered(paths, LumaScorer(tmp_path / "log"), num_workers=2, timeout_s=3)

    results = {path: result for _, path, result in scoring}

    expected = Failure("timeout", "took longer than 3 s")
    assert {path for path, result in results.items() if result == expected} == {
        paths[1],
        paths[-1],
    }
    assert sum(isinstance(result, Scores) for result in results.values()) == 7
    assert multiprocessing.active_children() == []


def test_the_time_that_the_caller_takes_is_not_the_photos(
    photo: Path, tmp_path: Path, clock: Clock
) -> None:
    held = tmp_path / "held.png"
    held.write_bytes(photo.read_bytes())
    scorer = LumaScorer(tmp_path / "log")
    results = []
    # While the first worker measures the others, one is in the hands of the second.
    paths = [photo, held, photo]
    for _, path, result in score_unordered(paths, scorer, num_workers=2, timeout_s=60):
        results.append((path, result))
        clock.ahead_s += 3600
        if len(results) == 2:
            held.with_suffix(".go").touch()
    assert [path for path, _ in results] == [photo, photo, held]
    assert all(isinstance(result, Scores) for _, result in results)


def test_decoders_do_not_write_to_the_terminal(
    photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noisy = photo.rename(tmp_path / "noisy.png")
    list(score_unordered([noisy], LumaScorer(tmp_path / "log"), num_workers=1))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("program", "lines"), [(UNGUARDED, ["begun", "{size}"]), (WITH_OWN_SCORER, ["0.0"])]
)
def test_a_worker_runs_the_program_again_only_for_its_own_scorer(
    photo: Path, tmp_path: Path, program: str, lines: list[str]
) -> None:
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(photo)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    size = float(photo.stat().st_size)
    assert done.stdout.split() == [line.format(size=size) for line in lines]


def test_workers_use_one_thread_unless_the_user_says_otherwise(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    before = dict(os.environ)
    [(_, _, result)] = score_unordered([photo], EnvironmentScorer(), num_workers=1)
    assert result == {"OMP_NUM_THREADS": 1.0, "OPENBLAS_NUM_THREADS": 3.0}
    assert dict(os.environ) == before


def test_the_start_of_a_worker_is_no_time_of_a_photo(photo: Path) -> None:
    scoring = score_unordered([photo], SlowToStart(), num_workers=1, timeout_s=2.5)
    assert [result for _, _, result in scoring] == [{Label.BLURRY: photo.stat().st_size}]


def test_a_limit_of_years_is_none(photo: Path) -> None:
    scoring = score_unordered([photo], SizeDetector(), num_workers=1, timeout_s=1e300)
    assert [result for _, _, result in scoring] == [{Label.BLURRY: photo.stat().st_size}]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals that stop a process")
def test_the_time_in_which_all_was_stopped_is_not_the_photos(photo: Path, tmp_path: Path) -> None:
    held = photo.rename(tmp_path / "held.png")
    program = WITH_LIMIT.format(limit_s=4.0)
    command = [sys.executable, "-c", program, str(held), str(tmp_path / "log")]
    path = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    wait_for((tmp_path / "log").exists)
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(5)
    os.killpg(process.pid, signal.SIGCONT)
    time.sleep(0.3)
    held.with_suffix(".go").touch()
    assert process.communicate(timeout=60)[0].split() == ["Scores"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals that kill a process")
def test_a_worker_that_is_killed_while_it_starts_costs_no_photo(
    photo: Path, tmp_path: Path
) -> None:
    scorer = HeldBack(folder=tmp_path)
    scorer.go()
    scoring = score_unordered([photo] * 8, scorer, num_workers=1)
    results = [next(scoring)[2]]
    scorer.stay()
    [first] = scorer.find_processes()
    os.kill(first, signal.SIGKILL)

    def kill_the_next() -> None:
        wait_for(lambda: len(scorer.find_processes()) == 2)
        [second] = scorer.find_processes() - {first}
        os.kill(second, signal.SIGKILL)
        scorer.go()

    killing = threading.Thread(target=kill_the_next)
    killing.start()
    results += [result for _, _, result in scoring]
    killing.join()
    assert results == [{Label.BLURRY: photo.stat().st_size}] * 8
    assert len(scorer.find_processes()) == 3


def test_workers_that_cannot_be_ended_are_waited_for_together(
    photo: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(_process: object, timeout: float) -> None:
        clock.ahead_s += timeout

    scorer = LumaScorer(tmp_path / "log")
    scoring = score_unordered([photo, *[tmp_path / "hang.png"] * 6], scorer, num_workers=4)
    next(scoring)
    hanging = multiprocessing.active_children()
    # As in a read from a network drive that is gone.
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "kill", lambda _self: None)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "join", wait)
    scoring.close()
    assert 0 < clock.ahead_s <= workers._KILL_PATIENCE_S
    assert len(hanging) > 2
    monkeypatch.undo()
    for process in hanging:
        process.kill()
        process.join()


@dataclass(frozen=True)
class InterruptedScorer(LumaScorer):
    """Somebody presses Ctrl-C while it goes to a worker."""

    def __reduce__(self) -> tuple[object, ...]:
        signal.raise_signal(signal.SIGINT)
        return LumaScorer, (self.log,)


def test_ctrl_c_counts_while_a_worker_starts(photo: Path, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(score_unordered([photo], InterruptedScorer(tmp_path / "log"), num_workers=1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs masks of signals")
def test_a_worker_that_starts_beside_the_main_thread_hears_no_ctrl_c(
    photo: Path, tmp_path: Path
) -> None:
    results: list[object] = []
    scorer = HeldBack(folder=tmp_path)

    def scan() -> None:
        results.extend(score_unordered([photo], scorer, num_workers=1))

    thread = threading.Thread(target=scan)
    thread.start()
    wait_for(multiprocessing.active_children)
    # As a terminal sends it to every process.
    [worker] = multiprocessing.active_children()
    assert worker.pid
    for _ in range(10):
        os.kill(worker.pid, signal.SIGINT)
        time.sleep(0.1)
    scorer.go()
    thread.join()
    assert len(results) == 1
