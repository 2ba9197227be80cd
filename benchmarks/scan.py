"""Scan a library of N photos, interrupt it, resume it, and compare with bare decoding.

    python benchmarks/scan.py FOLDER --photos 1000

FOLDER holds photos; they are copied under new names until there are N. The bare decoder reads the
same files with as many processes, luma only, at the reduced scale that the verdict needs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from PIL import Image

from clearshot.catalog.catalog import Catalog
from clearshot.config import usable_cores
from clearshot.discover import find_photos
from clearshot.errors import PhotoError


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        library = Path(name) / "library"
        size_bytes = copy_photos(arguments.folder, library, arguments.photos)
        decode_s = time_call(lambda: decode_all(library))
        num_kept = interrupt_scan(library)
        resumed_s = time_call(lambda: run_scan(library))
        num_scored = count_scored(library)
        shutil.rmtree(library / ".clearshot")
        scan_s = time_call(lambda: run_scan(library))
        rescan_s = time_call(lambda: run_scan(library))
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result = {
        "photos": arguments.photos,
        "megabytes": round(size_bytes / 1e6, 1),
        "processes": usable_cores(),
        "bare_decode_s": round(decode_s, 2),
        "scan_s": round(scan_s, 2),
        "scan_photos_per_s": round(arguments.photos / scan_s, 1),
        "scan_to_bare_decode": round(scan_s / decode_s, 2),
        "kept_at_interrupt": num_kept,
        "scored_after_resume": num_scored,
        "resumed_s": round(resumed_s, 2),
        "unchanged_rescan_s": round(rescan_s, 2),
        "peak_process_mb": round(peak_mb),
    }
    for key, value in result.items():
        print(f"{key:24} {value}")
    print(json.dumps(result))


def copy_photos(source: Path, library: Path, num_photos: int) -> int:
    """Fill a library with copies; give its size [bytes]."""
    library.mkdir()
    photos = [photo.path for photo in find_photos([source]).photos]
    size_bytes = 0
    for number, path in zip(range(num_photos), cycle(photos), strict=False):
        target = library / f"{number:06}{path.suffix}"
        shutil.copyfile(path, target)
        size_bytes += target.stat().st_size
    return size_bytes


def decode_all(library: Path) -> None:
    """Decode every photo to reduced luma, with one process per core."""
    with ProcessPoolExecutor(usable_cores()) as pool:
        list(pool.map(decode_bare, sorted(library.glob("*.*")), chunksize=8))


def decode_bare(path: Path) -> None:
    """Do what any program has to do at least."""
    with suppress(OSError, PhotoError), Image.open(path) as picture:
        picture.draft("L", (1024, 1024))
        picture.load()


def run_scan(library: Path) -> None:
    """Run the command as a user would."""
    subprocess.run([sys.executable, "-m", "clearshot", "scan", "-q", str(library)], check=False)


def interrupt_scan(library: Path) -> int:
    """Press Ctrl-C when about a third is scored; give the number of photos that were kept."""
    program = subprocess.Popen(
        [sys.executable, "-m", "clearshot", "scan", "-q", str(library)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    target = len(list(library.glob("*.*"))) // 3
    while program.poll() is None and count_scored(library) < target:
        time.sleep(0.2)
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGINT)
    program.wait()
    return count_scored(library)


def count_scored(library: Path) -> int:
    """Count the photos that have a result."""
    if not (library / ".clearshot" / "catalog.sqlite").exists():
        return 0
    with Catalog.open(library) as catalog:
        return len(catalog.states())


def time_call(function: object) -> float:
    """Time one call [s]."""
    assert callable(function)
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
