from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn

import pytest
from PIL import Image

from clearshot.actions.atomic import read_stamp
from clearshot.catalog.catalog import Catalog
from clearshot.catalog.place import default_path
from clearshot.config import ScanSettings, usable_cores
from clearshot.decode import formats
from clearshot.discover import find_photos
from clearshot.errors import (
    CatalogError,
    ClearshotError,
    InputError,
    MissingRawReaderError,
    NetworkError,
)
from clearshot.photo import Failure, Photo, Scores
from clearshot.scan import ScanProgress, ScanSummary, scan, score_paths
from luma_scorer import BrokenScorer, LumaScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Scans a library as another program, so that it can be interrupted and killed.
SCANNER = """
import signal
import sys
from pathlib import Path

from luma_scorer import LumaScorer

from clearshot.catalog.catalog import Catalog
from clearshot.config import ScanSettings
from clearshot.scan import scan

if __name__ == "__main__":
    # Where the tests run in the background, Ctrl-C is ignored from the start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    library, log, delay_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    with Catalog.open(library) as catalog:
        settings = ScanSettings(num_workers=2, batch_photos=4)
        scan(library, catalog, LumaScorer(log, delay_s=delay_s), settings=settings)
    print(*sorted(sys.modules))
"""


def draw(folder: Path, *names: str, luma: int = 80) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 6), luma).save(path)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of three photos, the brighter the later."""
    for number in range(3):
        draw(tmp_path / "library", f"{number}.png", luma=50 * number)
    return tmp_path / "library"


@pytest.fixture
def scorer(tmp_path: Path) -> LumaScorer:
    return LumaScorer(tmp_path / "log")


def run(
    library: Path, scorer: LumaScorer, *, num_workers: int = 1, retry_failed: bool = False
) -> ScanSummary:
    settings = ScanSettings(num_workers=num_workers, retry_failed=retry_failed, batch_photos=2)
    with Catalog.open(library) as catalog:
        return scan(library, catalog, scorer, settings=settings)


def results(library: Path) -> dict[str, Scores | Failure | None]:
    with Catalog.open(library, create=False) as catalog:
        return {
            entry.photo.path.relative_to(library).as_posix(): entry.scores or entry.failure
            for entry in catalog.entries()
        }


def kinds(library: Path) -> dict[str, str]:
    return {
        name: result.kind if isinstance(result, Failure) else "scored"
        for name, result in results(library).items()
    }


def test_every_photo_is_measured_and_recorded(library: Path, scorer: LumaScorer) -> None:
    draw(library, "sub/3.png", luma=200)
    (library / "notes.txt").touch()
    (library / "link").symlink_to(library, target_is_directory=True)

    summary = run(library, scorer, num_workers=2)

    blurs = {
        name: result.focus.blur
        for name, result in results(library).items()
        if isinstance(result, Scores)
    }
    assert blurs == {"0.png": 0, "1.png": 50, "2.png": 100, "sub/3.png": 200}
    assert sorted(scorer.begun()) == ["0.png", "1.png", "2.png", "3.png"]
    assert [skip.path.name for skip in summary.skipped] == ["link"]
    assert summary == ScanSummary(
        num_new=4,
        num_changed=0,
        num_unchanged=0,
        num_failed=0,
        num_missing=0,
        num_ignored=1,
        skipped=summary.skipped,
        size_bytes=sum(path.stat().st_size for path in library.rglob("*.png")),
        seconds=summary.seconds,
    )


def test_an_unchanged_library_is_not_measured_again(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    before = scorer.begun()

    summary = run(library, scorer)

    assert scorer.begun() == before
    assert (summary.num_new, summary.num_changed, summary.num_unchanged) == (0, 0, 3)


def test_a_changed_photo_is_measured_again(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    draw(library, "1.png", luma=222)
    os.utime(library / "1.png", ns=(1, 1))

    summary = run(library, scorer)

    assert scorer.begun()[3:] == ["1.png"]
    assert (summary.num_new, summary.num_changed, summary.num_unchanged) == (0, 1, 2)
    result = results(library)["1.png"]
    assert isinstance(result, Scores)
    assert result.focus.blur == 222


def test_another_recipe_measures_everything_again(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    assert run(library, replace(scorer, recipe="luma-2")).num_renewed == 3
    assert {r.recipe for r in results(library).values() if isinstance(r, Scores)} == {"luma-2"}


def test_a_recipe_that_holds_more_needs_no_measuring(library: Path, scorer: LumaScorer) -> None:
    both = replace(scorer, recipe=f"{scorer.recipe}+full1")
    assert run(library, scorer).num_new == 3
    assert run(library, both).num_renewed == 3  # the screen alone is not enough
    begun = scorer.begun()
    assert run(library, scorer).num_unchanged == 3
    draw(library, "1.png", luma=222)
    os.utime(library / "1.png", ns=(1, 1))
    assert run(library, scorer).num_changed == 1
    assert scorer.begun()[len(begun) :] == ["1.png"]
    assert run(library, both).num_renewed == 1  # only what lost it


def test_a_bad_photo_costs_one_row(library: Path, scorer: LumaScorer) -> None:
    (library / "damaged.jpg").write_text("no picture")
    draw(library, "bug.png", "nan.png", "crash.png", "flaky.png")

    summary = run(library, scorer, num_workers=2)

    assert kinds(library) == {
        "0.png": "scored",
        "1.png": "scored",
        "2.png": "scored",
        "bug.png": "unexpected",
        "crash.png": "crash",
        "damaged.jpg": "damaged",
        "flaky.png": "scored",
        "nan.png": "unexpected",
    }
    assert summary.num_failed == 4
    assert results(library)["bug.png"] == Failure(
        "unexpected", "ZeroDivisionError: division by zero"
    )
    assert "exit code 9" in str(results(library)["crash.png"])
    assert scorer.begun().count("crash.png") == scorer.begun().count("flaky.png") == 2


def test_failed_photos_are_tried_again_only_on_request(library: Path, scorer: LumaScorer) -> None:
    (library / "damaged.jpg").write_text("no picture")
    run(library, scorer)
    before = len(scorer.begun())

    summary = run(library, scorer)
    assert (summary.num_unchanged, summary.num_failed) == (4, 1)
    assert len(scorer.begun()) == before

    summary = run(library, scorer, retry_failed=True)
    assert (summary.num_renewed, summary.num_failed) == (1, 1)
    assert scorer.begun()[before:] == ["damaged.jpg"]


def test_an_error_that_is_not_about_one_photo_ends_the_scan(
    library: Path, scorer: LumaScorer
) -> None:
    draw(library, "weights.png")

    with pytest.raises(NetworkError, match=r"weights\.png: missing"):
        run(library, scorer)

    assert sorted(results(library)) == ["0.png", "1.png", "2.png"]


def test_workers_that_cannot_start_end_the_scan(
    library: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        Catalog.open(library) as catalog,
        pytest.raises(ClearshotError, match=r"before it was ready \(exit code 3\)"),
    ):
        scan(library, catalog, BrokenScorer(), settings=ScanSettings(num_workers=1))
    assert results(library) == {}


def test_missing_photos_keep_their_scores_and_come_back(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    before = results(library)
    (library / "1.png").rename(library.parent / "1.png")

    assert run(library, scorer).num_missing == 1
    assert run(library, scorer).num_missing == 0  # said once
    assert sorted(results(library)) == ["0.png", "2.png"]

    (library.parent / "1.png").rename(library / "1.png")
    summary = run(library, scorer)
    assert (summary.num_missing, summary.num_unchanged) == (0, 3)
    assert results(library) == before
    assert len(scorer.begun()) == 3


def test_photos_of_another_programs_library_that_were_scanned_once_are_gone(
    library: Path, scorer: LumaScorer
) -> None:
    run(library, scorer)
    draw(library, "Trip.photoslibrary/3.png")
    inside = library / "Trip.photoslibrary" / "3.png"
    with Catalog.open(library) as catalog:
        known = (Photo(inside, read_stamp(inside)), Failure("damaged", "broken"))
        catalog.record([known], recipe=scorer.recipe)
    assert run(library, scorer).num_missing == 1
    assert sorted(results(library)) == ["0.png", "1.png", "2.png"]


def test_photos_of_an_unreadable_folder_are_not_missing(
    library: Path, scorer: LumaScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(library, "locked/3.png")
    run(library, scorer)
    scandir = os.scandir

    def refuse(folder: Path) -> Iterator[os.DirEntry[str]]:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    summary = run(library, scorer)

    assert summary.num_missing == 0
    assert [skip.reason for skip in summary.skipped] == ["Permission denied"]
    assert "locked/3.png" in results(library)


def test_a_new_companion_needs_no_measuring(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    (library / "1.xmp").touch()

    assert run(library, scorer).num_unchanged == 3

    with Catalog.open(library) as catalog:
        companions = {entry.photo.path.name: entry.photo.companions for entry in catalog.entries()}
    assert companions == {"0.png": (), "1.png": (library / "1.xmp",), "2.png": ()}


def test_a_folder_of_the_library_can_be_scanned_alone(library: Path, scorer: LumaScorer) -> None:
    draw(library, "sub/3.png")
    run(library, scorer)
    shutil.rmtree(library / "sub")
    (library / "sub").mkdir()
    (library / "0.png").unlink()
    with Catalog.open(library) as catalog:
        summary = scan(library / "sub", catalog, scorer)
        assert (summary.num_missing, summary.num_unchanged) == (1, 0)
        assert len(catalog.entries()) == 3


def test_a_folder_outside_of_the_library_is_refused(library: Path, scorer: LumaScorer) -> None:
    with Catalog.open(library) as catalog:
        with pytest.raises(ValueError, match="is not in the library"):
            scan(library.parent, catalog, scorer)
        with pytest.raises(InputError, match="nowhere: there is no such folder"):
            scan(library / "nowhere", catalog, scorer)


def test_progress_counts_up_to_the_summary(library: Path, scorer: LumaScorer) -> None:
    run(library, scorer)
    (library / "damaged.jpg").write_text("no picture")
    draw(library, "3.png")
    seen: list[ScanProgress] = []

    with Catalog.open(library) as catalog:
        settings = ScanSettings(num_workers=1)
        summary = scan(library, catalog, scorer, settings=settings, progress=seen.append)

    assert [(state.num_done, state.num_failed) for state in seen] == [(0, 0), (1, 0), (2, 1)]
    assert {state.num_total for state in seen} == {2}
    assert summary.num_unchanged == 3
    assert seen[-1].size_bytes == summary.size_bytes


def test_an_exception_in_the_caller_keeps_what_is_finished(
    library: Path, scorer: LumaScorer
) -> None:
    def stop(state: ScanProgress) -> None:
        if state.num_done == 1:
            raise KeyboardInterrupt

    with Catalog.open(library) as catalog, pytest.raises(KeyboardInterrupt):
        scan(library, catalog, scorer, settings=ScanSettings(num_workers=1), progress=stop)

    assert sorted(results(library)) == ["0.png"]
    assert run(library, scorer).num_new == 2


def test_a_full_disk_ends_the_scan_and_keeps_the_catalog(library: Path, scorer: LumaScorer) -> None:
    folder = library / ("long" * 50)
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.jpg").touch()
    settings = ScanSettings(num_workers=1, batch_photos=2)
    with Catalog.open(library) as catalog:
        [[num_pages]] = catalog._connection.execute("PRAGMA page_count").fetchall()
        catalog._connection.execute(f"PRAGMA max_page_count = {num_pages + 1}")
        with pytest.raises(CatalogError, match="the disk is full"):
            scan(library, catalog, scorer, settings=settings)
    assert run(library, scorer).num_failed == 20
    assert len(results(library)) == 23


def test_a_scan_may_run_beside_the_main_thread(library: Path, scorer: LumaScorer) -> None:
    thread = threading.Thread(target=run, args=(library, scorer))
    thread.start()
    thread.join()
    assert len(results(library)) == 3


@contextlib.contextmanager
def scanning(library: Path, log: Path, *, delay_s: float) -> Iterator[subprocess.Popen[str]]:
    tests = str(Path(__file__).parent)
    command = [sys.executable, "-c", SCANNER, str(library), str(log), str(delay_s)]
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": tests},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def num_recorded(library: Path) -> int:
    if not default_path(library).exists():
        return 0
    with contextlib.closing(sqlite3.connect(default_path(library))) as connection:
        try:
            [[number]] = connection.execute("SELECT count(*) FROM photos").fetchall()
        except sqlite3.OperationalError:
            return 0
    return int(number)


def wait_for(condition: Callable[[], bool], *, what: str, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals to a group of processes")
@pytest.mark.parametrize("blow", ["SIGINT", "SIGKILL"])
def test_a_scan_goes_on_where_it_was_stopped(library: Path, scorer: LumaScorer, blow: str) -> None:
    draw(library, *(f"{number}.png" for number in range(3, 60)))

    # Slow enough that the scan cannot end between two looks, however busy the machine is.
    with scanning(library, scorer.log, delay_s=0.4) as process:
        wait_for(lambda: num_recorded(library) >= 8, what="photos recorded")
        if blow == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.kill()
        _, errors = process.communicate(timeout=60)

    def is_alone() -> bool:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for(is_alone, what="workers ended")
    recorded = num_recorded(library)
    begun = scorer.begun()
    assert 8 <= recorded < 60
    if blow == "SIGINT":
        assert errors.count("Traceback") == 1  # the scan's own: no worker complains
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert len(begun) - recorded <= 2 * 2  # in the hands of each worker, and in its pipe

    summary = run(library, scorer, num_workers=2)

    assert (summary.num_new, summary.num_unchanged) == (60 - recorded, recorded)
    assert len(scorer.begun()) - len(begun) == 60 - recorded
    assert set(kinds(library).values()) == {"scored"}
    assert len(results(library)) == 60
    with contextlib.closing(sqlite3.connect(default_path(library))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_only_the_workers_load_what_measures(library: Path, scorer: LumaScorer) -> None:
    with scanning(library, scorer.log, delay_s=0.0) as process:
        modules, errors = process.communicate(timeout=60)
    assert errors == ""
    assert not {"onnxruntime", "numpy"} & set(modules.split())


def test_photos_that_lacked_a_reader_are_tried_again_when_it_is_there(
    library: Path, scorer: LumaScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalog.open(library) as catalog:
        (photo,) = (each for each in find_photos([library]).photos if each.path.name == "0.png")
        failure = Failure(MissingRawReaderError.kind, "install it")
        catalog.record([(photo, failure)], recipe=scorer.recipe)
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)
    assert run(library, scorer).num_new == 2
    assert kinds(library)["0.png"] == MissingRawReaderError.kind

    monkeypatch.setattr(formats, "find_spec", lambda _name: object())
    summary = run(library, scorer)

    assert (summary.num_renewed, summary.num_unchanged) == (1, 2)
    assert set(kinds(library).values()) == {"scored"}


@pytest.mark.parametrize("kind", ["unreadable", "missing", "changed"])
def test_a_photo_that_could_not_be_read_is_tried_again(
    library: Path, scorer: LumaScorer, kind: str
) -> None:
    # Its permissions were wrong, or its drive was not there: neither is seen in its state.
    with Catalog.open(library) as catalog:
        (photo,) = (each for each in find_photos([library]).photos if each.path.name == "0.png")
        catalog.record([(photo, Failure(kind, "not now"))], recipe=scorer.recipe)

    summary = run(library, scorer)

    assert (summary.num_new, summary.num_renewed, summary.num_failed) == (2, 1, 0)
    assert set(kinds(library).values()) == {"scored"}


@pytest.mark.parametrize("loss", ["gone", "other disk", "cannot be listed"])
def test_a_folder_that_goes_ends_the_scan_and_fails_no_photo(
    library: Path, scorer: LumaScorer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, loss: str
) -> None:
    draw(library, *(f"{number}.png" for number in range(3, 30)))
    settings = ScanSettings(num_workers=1)
    stat = Path.stat

    def on_other_disk(path: Path) -> object:
        return SimpleNamespace(st_dev=-1) if path == library else stat(path)

    def refuse(_folder: Path) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    def take_out(state: ScanProgress) -> None:
        if state.num_done != 2:
            return
        library.rename(tmp_path / "away")
        if loss == "other disk":
            library.mkdir()  # where the disk was mounted
            monkeypatch.setattr(Path, "stat", on_other_disk)
        elif loss == "cannot be listed":
            monkeypatch.setattr(os, "scandir", refuse)

    with Catalog.open(library, path=tmp_path / "catalog.sqlite") as catalog:
        with pytest.raises(InputError, match="disappeared during the scan"):
            scan(library, catalog, scorer, settings=settings, progress=take_out)
        monkeypatch.undo()
        recorded = catalog.entries()
        if loss == "other disk":
            library.rmdir()
        (tmp_path / "away").rename(library)
        summary = scan(library, catalog, scorer, settings=settings)

    assert 2 <= len(recorded) < 30
    assert all(entry.scores for entry in recorded)
    assert (summary.num_new, summary.num_failed) == (30 - len(recorded), 0)


def test_pairs_are_counted_and_their_judged_file_is_measured(
    library: Path, scorer: LumaScorer
) -> None:
    (library / "0.nef").touch()
    draw(library, "3.heic.png")
    summary = run(library, scorer)
    assert (summary.num_new, summary.num_paired) == (4, 1)
    assert "0.nef" not in scorer.begun()


def test_a_photo_that_takes_too_long_is_a_failure(library: Path, scorer: LumaScorer) -> None:
    draw(library, "hang.png")
    with Catalog.open(library) as catalog:
        scan(library, catalog, scorer, settings=ScanSettings(num_workers=2, timeout_s=2.0))
    assert kinds(library) == {
        **dict.fromkeys(["0.png", "1.png", "2.png"], "scored"),
        "hang.png": "timeout",
    }


def test_paths_are_scored_in_their_order(library: Path, scorer: LumaScorer) -> None:
    draw(library, "slow.png", luma=7)
    (library / "damaged.jpg").write_text("no picture")
    names = ["slow.png", "2.png", "damaged.jpg", "0.png", "2.png", "nowhere.png"]
    paths = [library / name for name in names]

    scored = list(score_paths(paths, scorer, num_workers=2))

    assert [path for path, _ in scored] == paths
    values = [r.focus.blur if isinstance(r, Scores) else r.kind for _, r in scored]
    assert values == [7, 100, "damaged", 0, 100, "missing"]


def test_nothing_to_score_is_no_error(scorer: LumaScorer) -> None:
    assert list(score_paths([], scorer)) == []


def test_no_worker_is_an_error(library: Path, scorer: LumaScorer) -> None:
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        list(score_paths([library / "0.png"], scorer, num_workers=0))


@pytest.mark.parametrize("wrong", [{"num_workers": 0}, {"batch_photos": 0}, {"timeout_s": 0}])
def test_settings_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be (at least 1|above 0), not 0"):
        ScanSettings(**wrong)  # type: ignore[arg-type]


def test_by_default_every_usable_core_works() -> None:
    assert ScanSettings().num_workers == usable_cores() >= 1
