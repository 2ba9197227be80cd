"""Work that takes a while: one at a time, in a thread, with progress that can be asked for."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from clearshot.errors import ClearshotError, UsageError, explain_refusal
from clearshot.web.names import spell

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

# How long the end of a job is waited for at a stretch: not everywhere does Ctrl-C interrupt it [s].
_STRETCH_S: Final = 0.2


class JobKind(StrEnum):
    """What is being done."""

    SCAN = "scan"
    SORT = "sort"
    UNDO = "undo"


class JobStatus(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job at one moment.

    Attributes
    ----------
    number : int
        Counts the jobs of a run from 1.
    kind : JobKind
        What is being done.
    status : JobStatus
        How far it is.
    num_done, num_total : int
        Steps; a total of 0 means that it is not known yet.
    result : dict or None
        What came of it, as JSON values, when it is done.
    message : str or None
        Why it failed.
    """

    number: int
    kind: JobKind
    status: JobStatus = JobStatus.RUNNING
    num_done: int = 0
    num_total: int = 0
    result: dict[str, Any] | None = None
    message: str | None = None


class Report(Protocol):
    """Tells how far a job is; raises `StopJob` when the program ends."""

    def __call__(self, num_done: int, num_total: int) -> None:
        """Note the steps that are done, and all of them."""


class StopJob(Exception):  # noqa: N818 - it tells no error
    """Ends a scan early; what was measured is kept."""


class JobRunner:
    """Runs one job at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job | None = None
        # By number: a page may ask late what came of the job that it began.
        self._ended: dict[int, Job] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_ending = False

    @property
    def job(self) -> Job | None:
        """The job that runs, or the last one."""
        return self._job

    def find(self, number: int) -> Job:
        """Tell how far a job is, also when others came after it.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Job
            As it is now, or as it ended.

        Raises
        ------
        UsageError
            If this run has had no such job.
        """
        job = self._job
        if job is None or job.number != number:
            job = self._ended.get(number)
        if job is None:
            raise UsageError("there was no such job")
        return job

    def start(self, kind: JobKind, work: Callable[[Report], dict[str, Any]]) -> Job:
        """Start a job.

        Parameters
        ----------
        kind : JobKind
            What is to be done.
        work : callable
            Does it; is given a `Report` and returns JSON values.

        Returns
        -------
        Job
            As it starts.

        Raises
        ------
        UsageError
            If another one is running, or none may begin any more.
        """
        with self._lock:
            if self._is_closed:
                raise UsageError("clearshot is about to end")
            if self._job is not None and self._job.status is JobStatus.RUNNING:
                raise UsageError("something else is still going on; wait until it has finished")
            job = Job(1 if self._job is None else self._job.number + 1, kind)
            self._job = job
            self._thread = threading.Thread(target=self._run, args=(job, work), daemon=True)
            self._thread.start()
        return job

    @property
    def is_moving(self) -> bool:
        """Whether a job runs that moves files."""
        job = self._job
        return job is not None and job.status is JobStatus.RUNNING and job.kind is not JobKind.SCAN

    def close(self) -> None:
        """Let no other job begin; one that runs goes on."""
        with self._lock:
            self._is_closed = True

    def end(self, *, patience_s: float = 5.0) -> None:
        """Stop a scan, and wait until a job that moves files has come to its end.

        Parameters
        ----------
        patience_s : float
            How long to wait for a scan [s]; it may be at a photo that takes long. A move is waited
            for however long it takes.
        """
        self._is_ending = True
        if self._thread is None:
            return
        while self.is_moving:
            self._thread.join(_STRETCH_S)
        self._thread.join(patience_s)

    def _run(self, job: Job, work: Callable[[Report], dict[str, Any]]) -> None:
        def report(num_done: int, num_total: int) -> None:
            self._job = replace(job, num_done=num_done, num_total=num_total)
            if self._is_ending and job.kind is JobKind.SCAN:
                raise StopJob

        try:
            result = work(report)
        except ClearshotError as error:
            self._finish(status=JobStatus.FAILED, message=spell(str(error)))
        except OSError as error:
            message = spell(str(explain_refusal(error) or error))
            self._finish(status=JobStatus.FAILED, message=message)
        except StopJob:
            self._finish(status=JobStatus.FAILED, message="stopped; what was measured is kept")
        except Exception as error:  # noqa: BLE001 - the border: the page must learn of an own fault
            _log.exception("a job failed")
            message = f"unexpected {type(error).__name__}: {error}"
            self._finish(status=JobStatus.FAILED, message=message)
        else:
            self._finish(status=JobStatus.DONE, result=result)

    def _finish(
        self, *, status: JobStatus, result: dict[str, Any] | None = None, message: str | None = None
    ) -> None:
        assert self._job is not None
        ended = replace(self._job, status=status, result=result, message=message)
        # Before the next one may begin.
        self._ended[ended.number] = ended
        self._job = ended
