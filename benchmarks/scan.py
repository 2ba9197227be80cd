"""Scan a library of N photos beside a bare decoder, then interrupt a scan and resume it.

    python benchmarks/scan.py FOLDER --photos 1000

FOLDER holds JPEG photos of any size; they are copied under new names until there are N. The bare
decoder and the scan beside it are those of `clearshot bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

from clearshot.bench.race import Course, race
from clearshot.catalog.catalog import Catalog
from clearshot.config import usable_cores
from clearshot.discover import find_photos


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        library = Path(name) / "library"
        copy_photos(arguments.folder, library, arguments.photos)
        racers = ("bare decode", "clearshot")
        bare, own = race(Course(library, 0), racers, num_workers=usable_cores())
        num_kept = interrupt_scan(library)
        resumed_s = time_scan(library)
        num_scored = count_scored(library)
        rescan_s = time_scan(library)
    result = {
        "photos": own.num_photos,
        "megabytes": round(own.size_bytes / 1e6, 1),
        "processes": own.num_workers,
        "bare_decode_s": round(bare.seconds, 2),
        "scan_s": round(own.seconds, 2),
        "scan_photos_per_s": round(own.photos_per_s, 1),
        "scan_to_bare_decode": round(own.seconds / bare.seconds, 2),
        "kept_at_interrupt": num_kept,
        "scored_after_resume": num_scored,
        "resumed_s": round(resumed_s, 2),
        "unchanged_rescan_s": round(rescan_s, 2),
        "peak_process_mb": round(own.peak_mb),
    }
    for key, value in result.items():
        print(f"{key:24} {value}")
    print(json.dumps(result))


def copy_photos(source: Path, library: Path, num_photos: int) -> None:
    """Fill a library with copies."""
    library.mkdir()
    paths = [photo.path for photo in find_photos([source]).photos]
    photos = [path for path in paths if path.suffix.lower() in {".jpg", ".jpeg"}]
    if not photos:
        sys.exit(f"no JPEG photos found in {source}")
    for number, path in enumerate(islice(cycle(photos), num_photos)):
        shutil.copyfile(path, library / f"{number:06}.jpg")


def time_scan(library: Path) -> float:
    """Run the command as a user would, and time it [s]."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "clearshot", "scan", "-q", str(library)], check=True)
    return time.perf_counter() - started


def interrupt_scan(library: Path) -> int:
    """Press Ctrl-C when about a third is scored; give the number of photos that were kept."""
    program = subprocess.Popen(
        [sys.executable, "-m", "clearshot", "scan", "-q", str(library)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    target = len(list(library.glob("*.jpg"))) // 3
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


if __name__ == "__main__":
    main()
