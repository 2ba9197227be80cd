"""Time the racers on the same photos, in turn, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearshot.errors import ClearshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Course:
    """Photos to go through.

    Attributes
    ----------
    folder : Path
        Photos `*.jpg`, nothing else.
    megapixels : int
        Their size.
    has_previews : bool
        Whether they hold a large preview.
    """

    folder: Path
    megapixels: int
    has_previews: bool = False


@dataclass(frozen=True, slots=True)
class Lap:
    """One racer's way through a course.

    Attributes
    ----------
    racer : str
        A key of `clearshot.bench.racers.RACERS`.
    megapixels : int
        Size of the photos.
    num_workers : int
        Processes.
    num_photos : int
        How many photos.
    size_bytes : int
        Size of all files [bytes].
    seconds : float
        Wall time, from the start of its program to its end [s].
    peak_mb : float
        Memory of its largest process [MB of 10^6 bytes]; 0 where the system does not tell.
    has_previews : bool
        Whether the photos hold a large preview.
    """

    racer: str
    megapixels: int
    num_workers: int
    num_photos: int
    size_bytes: int
    seconds: float
    peak_mb: float
    has_previews: bool = False

    @property
    def name(self) -> str:
        """The racer, and what is special about its photos."""
        return f"{self.racer}, previews" if self.has_previews else self.racer

    @property
    def photos_per_s(self) -> float:
        """Photos a second."""
        return self.num_photos / self.seconds

    @property
    def mb_per_s(self) -> float:
        """Megabytes of files a second."""
        return self.size_bytes / 1e6 / self.seconds


def race(
    course: Course,
    racers: Sequence[str],
    *,
    num_workers: int,
    num_rounds: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Lap]:
    """Let racers go through a course in turn, and keep the fastest lap of each.

    All files are read once before: every racer finds them in the memory of the system. Each round
    begins with another racer than the one before.

    Parameters
    ----------
    course : Course
        The photos.
    racers : sequence of str
        Keys of `clearshot.bench.racers.RACERS`.
    num_workers : int
        Processes, >= 1.
    num_rounds : int
        How often each runs, >= 1.
    progress : callable
        Called with the number of laps that are done, and of all.

    Returns
    -------
    list of Lap
        In the order of `racers`.

    Raises
    ------
    ClearshotError
        If a racer fails, or gets through some of the photos only.
    """
    photos = sorted(course.folder.glob("*.jpg"))
    size_bytes = sum(photo.stat().st_size for photo in photos)
    for photo in photos:
        photo.read_bytes()
    best: dict[str, Lap] = {}
    for number in range(num_rounds * len(racers)):
        # Who goes first finds a machine that rested: that is not always the same one.
        round_number, place = divmod(number, len(racers))
        racer = racers[(round_number + place) % len(racers)]
        seconds, told = _run(racer, course.folder, num_workers)
        if told["num_photos"] != len(photos):
            of_all = f"{told['num_photos']} of {len(photos)} photos"
            raise ClearshotError(f"{racer} got through {of_all} only", path=course.folder)
        lap = Lap(
            racer,
            course.megapixels,
            num_workers,
            len(photos),
            size_bytes,
            seconds,
            told["peak_mb"],
            course.has_previews,
        )
        if racer not in best or lap.seconds < best[racer].seconds:
            best[racer] = lap
        progress(number + 1, num_rounds * len(racers))
    return [best[racer] for racer in racers]


def _run(racer: str, folder: Path, num_workers: int) -> tuple[float, dict[str, Any]]:
    """Run one lap; give its seconds and what it told about itself.

    Raises
    ------
    ClearshotError
        If it fails.
    """
    command = [sys.executable, "-m", "clearshot.bench", racer, str(folder), str(num_workers)]
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        # S603: the program is this one, and no shell reads the arguments.
        ended = subprocess.run(  # noqa: S603
            [*command, scratch], capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
    if ended.returncode:
        last = ended.stderr.strip().splitlines()[-1:] or [f"exit code {ended.returncode}"]
        raise ClearshotError(f"the benchmark of {racer} failed: {last[0]}")
    return seconds, json.loads(ended.stdout.splitlines()[-1])
