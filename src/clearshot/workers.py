"""Worker processes that measure photos.

They are separate processes so that a decoder that crashes on a broken file takes one photo with it
and not the run, and so that only they load the networks. Each keeps one core busy.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from multiprocessing import connection as channels
from multiprocessing import resource_tracker
from types import ModuleType
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from clearshot.config import PHOTO_TIMEOUT_S
from clearshot.errors import ClearshotError, PhotoError
from clearshot.photo import Failure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

# What is measured on a photo, e.g. `Scores`.
Result = TypeVar("Result")
_Measured = TypeVar("_Measured", covariant=True)

# The next photo waits in its worker's pipe, so that no core is idle while the parent commits.
_PHOTOS_PER_WORKER = 2

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# How often to check whether this process itself was stopped, by Ctrl-Z or a closed lid: that time
# does not count as spent on a photo [s].
_LOOK_S = 1.0

# How long a worker may take until it is ready, on a machine that is busy [s].
_START_S = 300.0

# Workers in a row that may end before they are ready, as when memory is short for a moment.
_MAX_FAILED_STARTS = 3

# How long to wait for a killed process to end [s]. One that waits for a network drive that is gone
# cannot even be killed; it is left behind.
_KILL_PATIENCE_S = 3.0


class PhotoScorer(Protocol[_Measured]):
    """What measures a photo. It is pickled once for each worker process."""

    @property
    def recipe(self) -> str:
        """Names everything that the scores depend on besides the photo."""
        ...

    def score(self, path: Path) -> _Measured:
        """Measure one photo; raises PhotoError when the photo is at fault.

        Parameters
        ----------
        path : Path
            The photo's file.

        Returns
        -------
        record or mapping
            What was measured: numbers, or records and mappings of them. A photo with NaN among
            them has failed.
        """
        ...


def score_unordered(
    paths: Iterable[Path],
    scorer: PhotoScorer[Result],
    *,
    num_workers: int,
    timeout_s: float | None = PHOTO_TIMEOUT_S,
) -> Generator[tuple[int, Path, Result | Failure]]:
    """Measure photos in worker processes.

    A photo whose worker dies is measured once more with no other beside it: then neither its
    neighbours nor the memory that they take can be the cause. If that worker dies too, the photo
    has failed. A photo that takes too long has failed at once; its worker is ended. An error that
    is not about one photo ends the run.

    Parameters
    ----------
    paths : iterable of Path
        Photos; taken as they are needed.
    scorer : PhotoScorer
        Measures the photos, in the workers.
    num_workers : int
        Worker processes at most, >= 1.
    timeout_s : float or None
        How long a photo may take, from when its worker begins it [s]; None for no limit.

    Yields
    ------
    tuple of (int, Path, result or Failure)
        The place in `paths`, the photo and its result, as soon as it is ready. Closing the
        generator, or an exception in it, ends the workers at once.

    Raises
    ------
    ValueError
        If there is to be no worker.
    """
    if num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, not {num_workers}")
    pool = _Pool(paths, scorer, num_workers, timeout_s)
    try:
        yield from pool.run()
    finally:
        pool.stop()


@dataclass(frozen=True, slots=True)
class _Task:
    index: int
    path: Path
    is_suspect: bool = False  # a worker died while it measured this photo


class _Pool(Generic[Result]):
    def __init__(
        self,
        paths: Iterable[Path],
        scorer: PhotoScorer[Result],
        num_workers: int,
        timeout_s: float | None,
    ) -> None:
        self._scorer = scorer
        self._timeout_s = timeout_s
        self._num_workers = num_workers
        self._tasks = (_Task(index, path) for index, path in enumerate(paths))
        self._returned: deque[_Task] = deque()  # suspects first
        self._workers: list[_Worker] = []
        self._has_started = False
        self._num_failed_starts = 0
        self._attended_at = time.monotonic()

    def run(self) -> Iterator[tuple[int, Path, Result | Failure]]:
        self._feed()
        while busy := [worker for worker in self._workers if worker.tasks]:
            ready = self._wait(busy)
            # Told apart first: the time that the caller takes for a result is not the photos'.
            late = [each for each in busy if each.channel not in ready and self._is_late(each)]
            for worker in busy:
                done = None
                if worker.channel in ready:
                    done = self._collect(worker)
                elif worker in late:
                    done = self._give_up(worker)
                if done:
                    task, result = done
                    yield task.index, task.path, result
            self._feed()

    def stop(self) -> None:
        # All at once: those that cannot be ended are waited for together.
        for worker in self._workers:
            worker.kill()
        end = time.monotonic() + _KILL_PATIENCE_S
        for worker in self._workers:
            worker.stop(kill_patience_s=max(0.0, end - time.monotonic()))

    def _feed(self) -> None:
        while self._has_room() and (task := self._next_task()):
            self._choose_worker().give(task)

    def _has_room(self) -> bool:
        waiting = [task for worker in self._workers for task in worker.tasks]
        if any(task.is_suspect for task in [*waiting, *self._returned]):
            return not waiting
        return len(waiting) < self._num_workers * _PHOTOS_PER_WORKER

    def _next_task(self) -> _Task | None:
        return self._returned.popleft() if self._returned else next(self._tasks, None)

    def _choose_worker(self) -> _Worker:
        least = min(self._workers, key=lambda worker: len(worker.tasks), default=None)
        if least is None or (least.tasks and len(self._workers) < self._num_workers):
            with interrupts_put_off():
                least = _Worker(self._scorer)
                self._workers.append(least)
        return least

    def _wait(self, busy: list[_Worker]) -> list[object]:
        """Wait for messages until a photo may have taken too long; give the channels with one."""
        began_at = time.monotonic()
        self._postpone(began_at - self._attended_at)
        limits = [worker.begun_at + self._find_limit(worker) for worker in busy]
        patience_s = min(_LOOK_S, max(0.0, min(limits) - began_at))
        ready: list[object] = []
        ready += channels.wait([worker.channel for worker in busy], patience_s)
        self._attended_at = time.monotonic()
        self._postpone(self._attended_at - began_at - patience_s)
        return ready

    def _postpone(self, lapse_s: float) -> None:
        """Do not count a time in which this process did not run, as the workers may not have."""
        if lapse_s > _LOOK_S:
            for worker in self._workers:
                worker.begun_at += lapse_s

    def _find_limit(self, worker: _Worker) -> float:
        """Tell how long a worker may take for what it does [s]."""
        if not worker.is_ready:
            return _START_S
        return math.inf if self._timeout_s is None else self._timeout_s

    def _is_late(self, worker: _Worker) -> bool:
        return self._attended_at - worker.begun_at >= self._find_limit(worker)

    def _give_up(self, worker: _Worker) -> tuple[_Task, Failure] | None:
        """End a worker whose photo has taken too long; None where it has come after all.

        Raises
        ------
        ClearshotError
            If the worker has not even started.
        """
        # This process may have been busy elsewhere while the result came.
        if worker.channel.poll():
            return None
        if not worker.is_ready:
            raise ClearshotError(f"a worker process was not ready after {_START_S:g} s")
        self._workers.remove(worker)
        worker.stop()
        task = worker.tasks.popleft()
        self._returned.extend(worker.tasks)
        return task, Failure("timeout", f"took longer than {self._timeout_s:g} s")

    def _collect(self, worker: _Worker) -> tuple[_Task, Result | Failure] | None:
        """Take one message of a worker; None when it is not about a finished photo."""
        try:
            message = worker.channel.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        worker.begun_at = time.monotonic()
        if message is None:
            worker.is_ready = self._has_started = True
            self._num_failed_starts = 0
            return None
        if isinstance(message, ClearshotError):
            raise message
        return worker.tasks.popleft(), message

    def _bury(self, worker: _Worker) -> tuple[_Task, Failure] | None:
        self._workers.remove(worker)
        cause = worker.stop(patience_s=1.0)
        if not worker.is_ready:
            self._note_failed_start(worker, cause)
            self._returned.extendleft(reversed(worker.tasks))
            return None
        task = worker.tasks.popleft()
        self._returned.extend(worker.tasks)
        if task.is_suspect:
            return task, Failure("crash", f"crashed the worker process twice ({cause})")
        self._returned.appendleft(replace(task, is_suspect=True))
        return None

    def _note_failed_start(self, worker: _Worker, cause: str) -> None:
        """Pass over a worker that was killed before it was ready; end the run where all would be.

        Raises
        ------
        ClearshotError
            If this program is the reason, or several in a row could not start.
        """
        self._num_failed_starts += 1
        message = f"a worker process ended before it was ready ({cause})"
        if not (self._has_started or worker.was_killed):
            raise ClearshotError(
                f"{message}; a script that scans needs the line "
                '`if __name__ == "__main__":` around its work'
            )
        if self._num_failed_starts > _MAX_FAILED_STARTS:
            raise ClearshotError(f"{message}, {self._num_failed_starts} times in a row")


class _Worker:
    """A process that measures one photo after the other, and the photos that it was given."""

    def __init__(self, scorer: PhotoScorer[object]) -> None:
        # Not a copy of the parent: threads, locks and open files would come along.
        context = multiprocessing.get_context("spawn")
        self.tasks: deque[_Task] = deque()
        self.is_ready = False
        self.was_killed = False
        # When its start or its first photo was begun, as far as is known here.
        self.begun_at = time.monotonic()
        self.channel, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, scorer), daemon=True)
        with _one_thread_each(), _program_left_out(scorer):
            self._process.start()
        # With its only other copy in the worker, the channel ends when the worker does.
        far_end.close()

    def give(self, task: _Task) -> None:
        if not self.tasks and self.is_ready:
            self.begun_at = time.monotonic()
        self.tasks.append(task)
        # A dead worker is noticed when its result is awaited.
        with suppress(OSError):
            self.channel.send(task.path)

    def kill(self) -> None:
        """End the process without waiting for that."""
        self._process.kill()

    def stop(self, *, patience_s: float = 0.0, kill_patience_s: float = _KILL_PATIENCE_S) -> str:
        """End the process, at once or when it had time to end by itself; say how it ended."""
        self._process.join(patience_s)
        self._process.kill()
        self._process.join(kill_patience_s)
        self.channel.close()
        if self._process.exitcode is None:
            return "cannot be ended"
        code = self._process.exitcode
        self.was_killed = code < 0
        self._process.close()
        return signal.strsignal(-code) or f"signal {-code}" if code < 0 else f"exit code {code}"


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Put off Ctrl-C while a process is started.

    The process hears none from its first instruction on: the parent decides. It inherits what this
    thread blocks. Here a Ctrl-C counts as soon as the process is started.

    Yields
    ------
    None
        While it is put off.
    """
    heard: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    with _interrupts_blocked():
        if is_main:
            before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
        try:
            yield
        finally:
            if is_main:
                signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    # When it starts, with the first worker, it takes the signal off the mask.
    resource_tracker.ensure_running()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    # LibRaw would use every core, and NumPy's OpenBLAS prepares for that as soon as it is loaded,
    # which takes longer than the rest of NumPy. What the user has set stays.
    added = _ONE_THREAD.keys() - os.environ.keys()
    os.environ.update({name: _ONE_THREAD[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def _program_left_out(scorer: PhotoScorer[object]) -> Iterator[None]:
    # A process started in here does not run the program's own file again, which may take as long
    # as all that it needs. It has to where the scorer is made of what that file defines.
    program = sys.modules["__main__"]
    if b"__main__" not in pickle.dumps(scorer):
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _serve(channel: channels.Connection, scorer: PhotoScorer[object]) -> None:
    """Measure the photos that come through a channel until its other end is closed."""
    # A terminal tells its whole group, and the program is to end first.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Decoders write about broken files straight to the terminal, over the progress of the run.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with suppress(EOFError, OSError):
        channel.send(None)
        while True:
            channel.send(_score(scorer, channel.recv()))


def _score(scorer: PhotoScorer[object], path: Path) -> object:
    try:
        measured = scorer.score(path)
    except PhotoError as error:
        return Failure(error.kind, error.message)
    except ClearshotError as error:
        # Not about this photo, for example a network file that is missing: every photo would fail.
        return error
    except Exception as error:  # noqa: BLE001 - one photo must not end the run
        return Failure("unexpected", f"{type(error).__name__}: {error}")
    if _has_nan(measured):
        return Failure("unexpected", "a score is not a number")
    return measured


def _has_nan(measured: object) -> bool:
    if isinstance(measured, float):
        return math.isnan(measured)
    if isinstance(measured, Mapping):
        return any(_has_nan(value) for value in measured.values())
    if is_dataclass(measured):
        return any(_has_nan(getattr(measured, field.name)) for field in fields(measured))
    return False
