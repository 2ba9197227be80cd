"""Read files of every format and say what became of each: its reader, its size, its result.

    python benchmarks/formats.py [FOLDER...] [--libraries] [--summary]

FOLDERs hold photos, whole and broken; `--libraries` adds the sample pictures that scikit-image and
scikit-learn ship. Each file is read in a worker process with a time limit, as in a scan.
`--summary` counts the files by format of their suffix and by result.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from clearshot.decode.image import decode
from clearshot.photo import Failure
from clearshot.workers import score_unordered

_TIMEOUT_S = 30.0
# What lies beside the pictures of libraries.
_OTHER_SUFFIXES = {".py", ".pyc", ".pyi", ".txt", ".npy", ".npz", ".xml"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave; `number` is the mean luma, so that it is pickled as a result."""

    reader: str
    width_px: int
    height_px: int
    number: float
    seconds: float


@dataclass(frozen=True)
class Reader:
    """Reads photos in the workers."""

    recipe: str = "formats"

    def score(self, path: Path) -> Reading:
        """Read one photo."""
        started = time.perf_counter()
        image = decode(path)
        seconds = time.perf_counter() - started
        size = image.width_px, image.height_px
        return Reading(image.reader, *size, float(image.luma_hw.mean()), seconds)


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--libraries", action="store_true")
    parser.add_argument("--summary", action="store_true")
    arguments = parser.parse_args()
    folders = [*arguments.folders, *(list_libraries() if arguments.libraries else [])]
    paths = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in _OTHER_SUFFIXES
    )
    started = time.perf_counter()
    results: dict[int, Reading | Failure] = {
        index: result
        for index, _, result in score_unordered(
            paths, Reader(), num_workers=1, timeout_s=_TIMEOUT_S
        )
    }
    rows = [(path, results[index]) for index, path in enumerate(paths)]
    (print_summary if arguments.summary else print_rows)(rows)
    ends = Counter(r.kind if isinstance(r, Failure) else "read" for _, r in rows)
    slowest = max((r.seconds for _, r in rows if isinstance(r, Reading)), default=0.0)
    peak_mb = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6)
    result = {
        "files": len(rows),
        "ends": dict(sorted(ends.items())),
        "slowest_s": round(slowest, 2),
        "peak_mb": peak_mb,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(result))


def list_libraries() -> list[Path]:
    """List the folders of sample pictures of libraries that are installed."""
    places = []
    for name, part in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            places.append(Path(spec.origin).parent / part)
    return places


def print_rows(rows: list[tuple[Path, Reading | Failure]]) -> None:
    """Print a line for each file."""
    print(f"{'file':52} {'reader':12} {'size':>12} {'result'}")
    for path, result in rows:
        name = f"{path.parent.name}/{path.name}"[-52:]
        if isinstance(result, Failure):
            print(f"{name:52} {'-':12} {'-':>12} {result.kind}: {result.message}")
        else:
            size = f"{result.width_px}x{result.height_px}"
            print(f"{name:52} {result.reader:12} {size:>12} mean luma {result.number:.0f}")


def print_summary(rows: list[tuple[Path, Reading | Failure]]) -> None:
    """Print how many files of each suffix ended how."""
    ends: Counter[tuple[str, str]] = Counter()
    for path, result in rows:
        end = result.kind if isinstance(result, Failure) else f"read as {result.reader}"
        ends[path.parent.name, f"{path.suffix.lower() or path.name:8} {end}"] += 1
    for (folder, end), num in sorted(ends.items()):
        print(f"{folder:20} {end:40} {num:4}")


if __name__ == "__main__":
    main()
