"""Read thousands of damaged files in processes with a limit of memory and of time.

    python benchmarks/damaged.py --inputs 20000 [--first 0] [--keep FOLDER]

Prints how the files ended, then one line of JSON. A file that ends its process, hangs, or raises
anything but a `PhotoError` is a finding: its number is printed, and `--keep` keeps the file.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fuzz.mutants import make_mutant
from fuzz.seeds import make_seeds

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MEMORY_BYTES = 2_000_000_000
TIMEOUT_S = 30.0


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name), arguments.keep)
        run.read(arguments.first, arguments.first + arguments.inputs)
    result = {
        "inputs": sum(run.ends.values()),
        "ends": dict(sorted(run.ends.items())),
        "findings": run.findings,
        "slowest_s": round(run.slowest_s, 2),
        "peak_mb": run.peak_mb,
        "seconds": round(time.perf_counter() - started),
    }
    for end, num in sorted(run.ends.items()):
        print(f"{end:32} {num:7,}")
    print(json.dumps(result), flush=True)


class Run:
    """Processes that read file after file; each is replaced when a file ends it."""

    def __init__(self, folder: Path, keep: Path | None) -> None:
        self.ends: Counter[str] = Counter()
        self.findings: list[str] = []
        self.slowest_s = 0.0
        self.peak_mb = 0
        self._folder = folder
        self._keep = keep

    def read(self, first: int, last: int) -> None:
        """Read the files of these numbers."""
        while first < last:
            first = self._read_some(first, last)

    def _read_some(self, first: int, last: int) -> int:
        """Read until a file ends the process; gives the number to go on with."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self._folder, first, last))
        process.start()
        theirs.close()
        number = first
        try:
            # The first answer waits for imports.
            while number < last and ours.poll(TIMEOUT_S):
                end, seconds, peak_mb = ours.recv()
                self.ends[end] += 1
                self.slowest_s = max(self.slowest_s, seconds)
                self.peak_mb = max(self.peak_mb, peak_mb)
                if end.startswith("ERROR"):
                    self._note(number, end)
                number += 1
                if number % 1000 == 0:
                    print(f"{number:,} read", file=sys.stderr, flush=True)
            if number < last:
                self._fail(number, "ERROR hang")
                number += 1
        except EOFError:
            process.join()
            self._fail(number, f"ERROR process ended with {process.exitcode}")
            number += 1
        process.kill()
        process.join()
        return number

    def _fail(self, number: int, end: str) -> None:
        self.ends[end] += 1
        self._note(number, end)

    def _note(self, number: int, end: str) -> None:
        self.findings.append(f"{number}: {end}")
        print(f"{number}: {end}", file=sys.stderr, flush=True)
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._folder / "damaged", self._keep / str(number))


def serve(channel: Connection, folder: Path, first: int, last: int) -> None:
    """Read files, and tell after each how it ended, how long it took and how much memory."""
    from fuzz.reading import read_all

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders complain
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    seeds = make_seeds(folder)
    path = folder / "damaged"
    for number in range(first, last):
        path.write_bytes(make_mutant(seeds, number)[1])
        started = time.perf_counter()
        try:
            end = read_all(path)
        except Exception as error:  # noqa: BLE001 - what escapes is the finding
            end = f"ERROR {type(error).__name__}: {error}"[:100]
        peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
        channel.send((end, time.perf_counter() - started, peak_mb))


if __name__ == "__main__":
    main()
