"""Time a catalog of many photos: a rescan, a list of the bad ones, filtered pages, and its size.

    python benchmarks/catalog.py [--photos 100000] [--library FOLDER]

The files hold a few bytes each, and the scores are drawn: an unchanged photo is told by its stamp,
without reading it. Pages are timed cold: each in a process of its own, the catalog's file pushed
out of the system's memory before it is opened; the time of opening is told beside.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.pages import Filter, Order
from clearshot.catalog.place import default_path
from clearshot.discover import find_photos
from clearshot.listing import build_gauge, build_rules, refresh
from clearshot.photo import ExposureScores, Facts, FocusScores, Label, Photo, Rating, Region, Scores
from clearshot.report import judge_entry
from clearshot.review import list_bad
from clearshot.scan import scan
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

_FOLDER_PHOTOS = 1000
_BATCH_PHOTOS = 1000
_ROUNDS = 5
_PAGE_PHOTOS = 50
_START = datetime(2026, 1, 1, tzinfo=UTC)
_CAMERAS = ("Canon EOS 6D", "NIKON CORPORATION NIKON D750", "FUJIFILM X-T5")

# Filter, order and place of the pages that are timed.
_PAGES: dict[str, tuple[Filter, tuple[Order, Label | None], int]] = {
    "all, worst first": (Filter(), (Order.WORST, None), 0),
    "bad, worst first": (Filter([Rating.BAD]), (Order.WORST, None), 0),
    "bad, page 100": (Filter([Rating.BAD]), (Order.WORST, None), 99 * _PAGE_PHOTOS),
    "unsure, worst first": (Filter([Rating.UNSURE]), (Order.WORST, None), 0),
    "good, best first": (Filter([Rating.GOOD]), (Order.BEST, None), 0),
    "good, page 500": (Filter([Rating.GOOD]), (Order.WORST, None), 499 * _PAGE_PHOTOS),
    "bad and dark, by p_dark": (
        Filter([Rating.BAD], [Label.DARK]), (Order.WORST, Label.DARK), 0,
    ),
    "unsure, by p_blurry": (Filter([Rating.UNSURE]), (Order.WORST, Label.BLURRY), 0),
    "all, by p_blurry": (Filter(), (Order.WORST, Label.BLURRY), 0),
    "bad, by path": (Filter([Rating.BAD]), (Order.PATH, None), 0),
    "good, by path, page 500": (Filter([Rating.GOOD]), (Order.PATH, None), 499 * _PAGE_PHOTOS),
}  # fmt: skip


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--library", type=Path, help="keep the library there, or use the one there")
    parser.add_argument("--page", nargs=2, metavar=("NAME", "RULES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.page:
        print(json.dumps(time_page(arguments.library, *arguments.page)))
        return
    kept = arguments.library
    with nullcontext(str(kept)) if kept else tempfile.TemporaryDirectory() as name:
        result = measure(Path(name), arguments.photos)
    for key, value in result.items():
        print(f"{key:50} {value}")
    print(json.dumps(result))


def measure(library: Path, num_photos: int) -> dict[str, Any]:
    """Measure everything."""
    result: dict[str, Any] = {"photos": num_photos}
    if not default_path(library).exists():
        result |= fill(library, num_photos)
    with Catalog.open(library) as catalog:
        if (num_known := len(catalog.states())) != num_photos:
            sys.exit(f"{library} holds {num_known} photos: give --photos {num_known}")
        result["unchanged_rescan_s"], summary = time_call(
            lambda: scan(library, catalog, Scorer(), gauge=build_gauge())
        )
        assert summary.num_unchanged == num_photos
        result["read_and_judge_all_s"], _ = time_call(
            lambda: [judge_entry(entry, Thresholds()) for entry in catalog.entries()]
        )
        result["list_bad_s"], (bad, _) = time_call(lambda: list_bad(catalog, Thresholds()))
        result["bad_photos"] = len(bad)
    result["catalog_bytes_per_photo"] = round(default_path(library).stat().st_size / num_photos)
    result |= measure_tables(library, num_photos)
    for rules in ("usual", "tolerance", "cameras"):
        for page in ["counts", *_PAGES]:
            result[f"{page} ({rules}) [ms]"] = time_cold(library, page, rules)
    return result


def fill(library: Path, num_photos: int) -> dict[str, Any]:
    """Make the library, and time the ways of filling its catalog."""
    write_files(library, num_photos)
    gauge = build_gauge()
    with Catalog.open(library) as catalog:
        find_s, photos = time_call(lambda: find_photos([library]).photos)
        catalog.odds.adopt(gauge.digest)
        record_s, _ = time_call(lambda: record(catalog, photos))
        catalog.odds.adopt("another")
        refresh_s, _ = time_call(lambda: refresh(catalog))
    return {"find_s": find_s, "record_s": record_s, "make_all_odds_s": refresh_s}


def measure_tables(library: Path, num_photos: int) -> dict[str, Any]:
    """Tell how many bytes of the catalog each photo takes, by table and index."""
    connection = sqlite3.connect(default_path(library))
    query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING sum(pgsize) > 100000"
    sizes = connection.execute(query).fetchall()
    connection.close()
    return {f"bytes per photo: {name}": round(size / num_photos) for name, size in sizes}


def time_cold(library: Path, page: str, rules: str) -> str:
    """Time a page in processes of their own; give the median, the greatest, and of opening."""
    command = [sys.executable, __file__, "--library", str(library), "--page", page, rules]
    rounds = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(_ROUNDS)
    ]
    times = [each["page_ms"] for each in rounds]
    opening = statistics.median(each["open_ms"] for each in rounds)
    return f"{statistics.median(times):.0f}, at most {max(times):.0f}; opening {opening:.0f}"


def time_page(library: Path, name: str, rules_name: str) -> dict[str, float]:
    """Time opening the catalog, and one page with everything that is shown of its photos."""
    evict(default_path(library))
    thresholds = set_some_thresholds(rules_name)
    rules = build_rules(thresholds)
    open_s, catalog = time_call(lambda: Catalog.open(library, create=False))
    with catalog:
        page_s, _ = time_call(lambda: show(catalog, name, thresholds, rules))
    return {"open_ms": 1000 * open_s, "page_ms": 1000 * page_s}


def show(catalog: Catalog, name: str, thresholds: Thresholds, rules: Any) -> None:
    """Do what a page of results needs."""
    refresh(catalog)
    if name == "counts":
        counts = catalog.pages.count(rules)
        assert counts.num_photos
        return
    wanted, order, start = _PAGES[name]
    found = catalog.pages.find(rules, wanted, order, num_photos=_PAGE_PHOTOS, start=start)
    entries = catalog.entries([each.number for each in found])
    assert len([judge_entry(entry, thresholds) for entry in entries]) == len(found)


def set_some_thresholds(name: str) -> Thresholds:
    """Set thresholds: the usual ones, of a tolerance, or of a tolerance with two own cameras."""
    usual = Thresholds()
    if name == "usual":
        return usual
    wishes = Wishes(tolerances=dict.fromkeys(Label, Tolerance(0.01)))
    common = set_thresholds(wishes)
    if name == "tolerance":
        return common
    cameras = {
        camera: replace(common, blurry=0.6 + at / 10, curves=dict.fromkeys(Label, Curve(1.1, at)))
        for at, camera in enumerate(_CAMERAS[:2])
    }
    return replace(common, cameras=cameras)


def evict(path: Path) -> None:
    """Push a file out of the system's memory, where it lets itself be pushed."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def write_files(library: Path, num_photos: int) -> None:
    """Fill a library with files that look like photos from outside."""
    for number in range(num_photos):
        folder = library / f"{number // _FOLDER_PHOTOS:04}"
        if number % _FOLDER_PHOTOS == 0:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"IMG_{number:06}.JPG").write_bytes(b"\xff\xd8\xff")


def record(catalog: Catalog, photos: tuple[Photo, ...]) -> None:
    """Record drawn scores for all photos, as a scan does."""
    rng, gauge, recipe = np.random.default_rng(0), build_gauge(), Scorer().recipe
    for start in range(0, len(photos), _BATCH_PHOTOS):
        batch = photos[start : start + _BATCH_PHOTOS]
        results = [(photo, draw_scores(recipe, rng)) for photo in batch]
        catalog.record(results, recipe=recipe, gauge=gauge)


def draw_scores(recipe: str, rng: np.random.Generator) -> Scores:
    """Draw the scores of a photo of 24 MP: one in six or so is bad or unsure."""
    focus = FocusScores(float(rng.normal(-0.9, 0.4)), 0.1, Region(1000, 1000, 1500, 1000))
    error = float(rng.normal(0.0, 0.8))
    dark, bright = (sign * 2.5 * error - 6.0 + float(rng.normal()) for sign in (-1, 1))
    exposure = ExposureScores(-6.0, -2.5, -0.5, 0.01, 0.01, -2.0, error, dark, bright)
    taken_at = _START + timedelta(minutes=float(rng.uniform(0, 5e5)))
    camera = _CAMERAS[int(rng.integers(len(_CAMERAS)))]
    facts = Facts(camera, "24-70mm f/2.8", 400, 0.004, 2.8, taken_at.replace(tzinfo=None))
    return Scores(6000, 4000, focus, exposure, recipe, "jpeg", facts)


def time_call(function: Callable[[], _Result]) -> tuple[float, _Result]:
    """Time one call [s]; give its result too."""
    started = time.perf_counter()
    result = function()
    return round(time.perf_counter() - started, 4), result


if __name__ == "__main__":
    main()
