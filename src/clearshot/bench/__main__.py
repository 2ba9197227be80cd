"""One lap of one racer: `python -m clearshot.bench RACER FOLDER WORKERS SCRATCH`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from clearshot.bench.racers import RACERS


def main() -> None:
    """Run the racer; print how many photos it got through and its memory as JSON."""
    racer, folder, num_workers, scratch = sys.argv[1:]
    num_photos = RACERS[racer](Path(folder), int(num_workers), Path(scratch))
    sys.stdout.write(json.dumps({"num_photos": num_photos, "peak_mb": measure_peak_mb()}) + "\n")


def measure_peak_mb() -> float:
    """Tell the most memory that this process or one of its ended children had.

    Returns
    -------
    float
        Megabytes of 10^6 bytes; 0 where the system does not tell.
    """
    try:
        import resource
    except ImportError:
        return 0.0
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    largest_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return max(largest_child, _measure_own_peak_bytes() or largest_child) / 1e6


def _measure_own_peak_bytes() -> int:
    """Give the peak of this process; 0 where only that of the one that began it is known."""
    # Not getrusage(): Linux hands the peak of the parent on to a process that it begins.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    peaks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return peaks[0] if peaks else 0


if __name__ == "__main__":
    main()
