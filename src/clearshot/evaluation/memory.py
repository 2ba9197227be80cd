"""How many worker processes the memory of a machine holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearshot.config import usable_cores
from clearshot.evaluation.detectors import ClassifierDetector

if TYPE_CHECKING:
    from clearshot.workers import PhotoScorer

_MEMINFO: Final = Path("/proc/meminfo")

# Memory that is set aside for a classifier in each process, in sizes of its file: its weights are
# copied while they are loaded.
_SIZES_IN_MEMORY: Final = 3


def count_workers(scorer: PhotoScorer[Any]) -> int:
    """Count the worker processes for which there is room, where the user names no number.

    Parameters
    ----------
    scorer : PhotoScorer
        What each of them loads.

    Returns
    -------
    int
        One per usable core; fewer, but at least 1, where a classifier takes three times the size of
        its file in each and the memory that is available now holds no more of them.
    """
    cores = usable_cores()
    available = read_available_bytes()
    if not isinstance(scorer, ClassifierDetector) or available is None:
        return cores
    needed = _SIZES_IN_MEMORY * max(1, scorer.file.path.stat().st_size)
    return max(1, min(cores, available // needed))


def read_available_bytes() -> int | None:
    """Read how much memory new processes can have.

    Returns
    -------
    int or None
        Available memory [bytes], all of it where the system does not tell more; None where it tells
        nothing.
    """
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
        kilobytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(kilobytes) * 1024
    except (OSError, ValueError, StopIteration):
        # Not Linux.
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, OSError, ValueError):
            return None
