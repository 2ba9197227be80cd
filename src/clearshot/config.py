"""Settings that a caller may choose."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import Final

# Folder in a library that holds its catalog and its journals.
OWN_FOLDER: Final = ".clearshot"

# Photos with more pixels than this are refused before they are decoded, unless the caller says
# otherwise: above the largest camera sensors (151 MP), and twice what Pillow warns of.
MAX_PIXELS: Final = 178_956_970

# A photo that takes longer is given up [s]: a hundred times what a slow one takes.
PHOTO_TIMEOUT_S: Final = 120.0

# Windows waits for 63 handles at most; each worker process has one.
_MAX_WORKERS_WINDOWS: Final = 60


def usable_cores() -> int:
    """Count the processor cores that this process may use.

    Returns
    -------
    int
        At least 1; fewer than the machine has when the process is pinned to some of them, or when
        the system cannot wait for as many worker processes.
    """
    num = _count_cores()
    return min(num, _MAX_WORKERS_WINDOWS) if sys.platform == "win32" else num


def _count_cores() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """How a library is scanned.

    Attributes
    ----------
    num_workers : int
        Worker processes, >= 1; each keeps one core busy.
    retry_failed : bool
        Whether photos that failed before are tried again although nothing has changed.
    batch_photos : int
        Results that are committed together, >= 1; what a crash of the machine can cost.
    batch_s : float
        Time after which a smaller batch is committed too [s].
    timeout_s : float or None
        A photo that takes longer to measure has failed [s], > 0; None for no limit.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    num_workers: int = field(default_factory=usable_cores)
    retry_failed: bool = False
    batch_photos: int = 32
    batch_s: float = 1.0
    timeout_s: float | None = PHOTO_TIMEOUT_S

    def __post_init__(self) -> None:
        if self.num_workers < 1:
            raise ValueError(f"num_workers must be at least 1, not {self.num_workers}")
        if self.batch_photos < 1:
            raise ValueError(f"batch_photos must be at least 1, not {self.batch_photos}")
        if self.timeout_s is not None and self.timeout_s <= 0:
            raise ValueError(f"timeout_s must be above 0, not {self.timeout_s}")
