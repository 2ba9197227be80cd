"""Time a catalog of many photos: the rescan of an unchanged library, and its size.

    python benchmarks/catalog.py [--photos 100000]

The files hold a few bytes each, and the scores are drawn: an unchanged photo is told by its stamp,
without reading it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from clearshot.catalog.catalog import Catalog
from clearshot.discover import find_photos
from clearshot.photo import ExposureScores, FocusScores, Photo, Region, Scores
from clearshot.scan import scan
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

_FOLDER_PHOTOS = 1000
_BATCH_PHOTOS = 1000


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    num_photos = parser.parse_args().photos
    scorer = Scorer()
    with tempfile.TemporaryDirectory() as name:
        library = Path(name)
        write_files(library, num_photos)
        with Catalog.open(library) as catalog:
            find_s, photos = time_call(lambda: find_photos([library]).photos)
            record_s, _ = time_call(lambda: record(catalog, photos, scorer.recipe))
            rescan_s, summary = time_call(lambda: scan(library, catalog, scorer))
            read_s, entries = time_call(catalog.entries)
            judge_s, _ = time_call(
                lambda: [judge(entry.scores) for entry in entries if entry.scores]
            )
        size_bytes = (library / ".clearshot" / "catalog.sqlite").stat().st_size
    assert summary.num_unchanged == len(entries) == num_photos
    result = {
        "photos": num_photos,
        "find_s": round(find_s, 2),
        "record_s": round(record_s, 2),
        "unchanged_rescan_s": round(rescan_s, 2),
        "read_all_scores_s": round(read_s, 2),
        "judge_all_s": round(judge_s, 2),
        "catalog_bytes_per_photo": round(size_bytes / num_photos),
    }
    for key, value in result.items():
        print(f"{key:24} {value}")
    print(json.dumps(result))


def write_files(library: Path, num_photos: int) -> None:
    """Fill a library with files that look like photos from outside."""
    for number in range(num_photos):
        folder = library / f"{number // _FOLDER_PHOTOS:04}"
        if number % _FOLDER_PHOTOS == 0:
            folder.mkdir()
        (folder / f"IMG_{number:06}.JPG").write_bytes(b"\xff\xd8\xff")


def record(catalog: Catalog, photos: tuple[Photo, ...], recipe: str) -> None:
    """Record drawn scores for all photos."""
    rng = np.random.default_rng(0)
    for start in range(0, len(photos), _BATCH_PHOTOS):
        batch = photos[start : start + _BATCH_PHOTOS]
        catalog.record([(photo, draw_scores(recipe, rng)) for photo in batch], recipe=recipe)


def draw_scores(recipe: str, rng: np.random.Generator) -> Scores:
    """Draw the scores of a photo of 24 MP."""
    focus = FocusScores(float(rng.normal(-0.5, 0.5)), 0.1, Region(1000, 1000, 1500, 1000))
    median = float(rng.normal(-2.5, 1.0))
    exposure = ExposureScores(-6.0, median, -0.5, 0.01, 0.01, -2.0, median + 2.5, -4.0, -4.0)
    return Scores(6000, 4000, focus, exposure, recipe)


def time_call(function: Callable[[], _Result]) -> tuple[float, _Result]:
    """Time one call [s]; give its result too."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
