"""Measuring objects that give mappings; in a module, so that worker processes can import them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clearshot.photo import Label


@dataclass(frozen=True)
class SizeDetector:
    """Measures how large a file is; NaN where it is empty."""

    recipe: str = "size-1"

    def score(self, path: Path) -> Mapping[Label, float]:
        return {Label.BLURRY: float(path.stat().st_size) or math.nan}


@dataclass(frozen=True)
class EnvironmentScorer:
    """Measures for how many threads its process is prepared."""

    recipe: str = "environment-1"

    def score(self, path: Path) -> Mapping[str, float]:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return {name: float(os.environ[name]) for name in names}


class SlowToStart(SizeDetector):
    """Takes three seconds until a worker has it."""

    def __reduce__(self) -> tuple[Callable[[], SizeDetector], tuple[()]]:
        return _make_slowly, ()


def _make_slowly() -> SizeDetector:
    time.sleep(3)
    return SizeDetector()


@dataclass(frozen=True)
class HeldBack(SizeDetector):
    """Starts in no worker before there is a file `go`; each that waits for it notes its process."""

    folder: Path = Path()

    def __reduce__(self) -> tuple[Callable[[Path], SizeDetector], tuple[Path]]:
        return _make_when_told, (self.folder,)

    def find_processes(self) -> set[int]:
        """Tell which processes have come to the start."""
        return {int(path.suffix[1:]) for path in self.folder.glob("process.*")}

    def go(self) -> None:
        """Let all start."""
        (self.folder / "go").touch()

    def stay(self) -> None:
        """Hold back those who come from now on."""
        (self.folder / "go").unlink()


def _make_when_told(folder: Path) -> SizeDetector:
    (folder / f"process.{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return SizeDetector()
