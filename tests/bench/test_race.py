from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.bench.plots import plot_speed
from clearshot.bench.race import Course, Lap, race
from clearshot.bench.racers import choose_draft, scan_folder
from clearshot.bench.table import compare, tabulate, to_json
from clearshot.catalog.catalog import Catalog
from clearshot.decode.image import choose_size
from clearshot.errors import ClearshotError
from clearshot.listing import refresh

if TYPE_CHECKING:
    from pathlib import Path


def make_lap(
    racer: str,
    seconds: float,
    *,
    megapixels: int = 24,
    num_workers: int = 2,
    has_previews: bool = False,
) -> Lap:
    size_bytes = 60_000_000
    return Lap(racer, megapixels, num_workers, 10, size_bytes, seconds, 120.0, has_previews)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        pixels = rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    return folder


@pytest.mark.parametrize("racer", ["bare decode", "clearshot", "Laplacian"])
def test_a_racer_runs_through_all_photos_and_leaves_nothing(folder: Path, racer: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    [lap] = race(Course(folder, 24), [racer], num_workers=1)
    assert lap.num_photos == 3
    assert lap.seconds > 0
    assert 10 < lap.peak_mb < 2000
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="names are text here")
@pytest.mark.parametrize("racer", ["bare decode", "clearshot", "Laplacian"])
def test_the_name_of_the_folder_may_be_no_text(folder: Path, racer: str) -> None:
    renamed = folder.rename(os.fsdecode(os.fsencode(folder.parent) + b"/caf\xe9 [1]\n"))
    [lap] = race(Course(renamed, 24), [racer], num_workers=1)
    assert lap.num_photos == 3


@pytest.mark.parametrize("racer", ["bare decode", "clearshot", "Laplacian"])
def test_a_lap_counts_only_with_all_photos(folder: Path, racer: str) -> None:
    (folder / "3.jpg").write_bytes(b"no photo")
    with pytest.raises(ClearshotError, match=f"{racer} got through 3 of 4 photos only"):
        race(Course(folder, 24), [racer], num_workers=1)


def test_the_scan_that_is_timed_leaves_nothing_to_do(folder: Path, tmp_path: Path) -> None:
    assert scan_folder(folder, 1, tmp_path) == 3
    with Catalog.open(folder, path=tmp_path / "catalog.sqlite") as catalog:
        assert len(catalog.states()) == 3
        assert refresh(catalog) == 0


def test_each_round_begins_with_another_racer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[str] = []

    def note(racer: str, _folder: Path, _num_workers: int) -> tuple[float, dict[str, float]]:
        run.append(racer)
        return 1.0, {"num_photos": 3, "peak_mb": 1.0}

    monkeypatch.setattr("clearshot.bench.race._run", note)
    laps = race(Course(folder, 24), ["a", "b", "c"], num_workers=1, num_rounds=4)
    assert "".join(run) == "abcbcacababc"
    assert [lap.racer for lap in laps] == ["a", "b", "c"]


def test_a_racer_that_fails_is_named(folder: Path) -> None:
    with pytest.raises(ClearshotError, match="benchmark of nobody failed: KeyError: 'nobody'"):
        race(Course(folder, 24), ["nobody"], num_workers=1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_no_worker_outlives_a_lap_that_is_killed(tmp_path: Path) -> None:
    photo = tmp_path / "0000.jpg"
    os.mkfifo(photo)
    command = [sys.executable, "-m", "clearshot.bench", "bare decode", str(tmp_path), "2"]
    with subprocess.Popen([*command, str(tmp_path)], stdout=subprocess.PIPE) as lap:
        with photo.open("wb"):  # opens when a worker does
            lap.kill()
        # Its workers hold the pipe, too, so that it ends with the last of them.
        assert lap.communicate(timeout=60)[0] == b""


def test_time_is_compared_with_the_bare_decoder_on_the_same_course() -> None:
    laps = [
        make_lap("bare decode", 2.0),
        make_lap("clearshot", 2.2),
        make_lap("bare decode", 9.0, megapixels=45),
        make_lap("clearshot", 9.9, megapixels=45),
        make_lap("clearshot", 5.0, num_workers=1),
    ]
    assert [compare(lap, laps) for lap in laps] == [1.0, 1.1, 1.0, 1.1, None]
    assert to_json(laps)[1]["times_bare_decode"] == 1.1
    assert to_json(laps)[1]["photos_per_s"] == pytest.approx(10 / 2.2, abs=0.01)


def test_table_has_a_row_for_each_lap() -> None:
    table = tabulate([make_lap("bare decode", 2.0), make_lap("clearshot", 2.2)])
    assert table.title == "10 JPEG of 24 MP, 6.0 MB each"
    assert table.rows[1] == ("clearshot", "2", "4.5", "27", "1.10 x", "120")


def test_previews_are_compared_with_the_whole_photos_and_as_many_processes() -> None:
    laps = [
        make_lap("bare decode", 2.0),
        make_lap("clearshot", 3.0),
        make_lap("clearshot", 0.5, has_previews=True),
        make_lap("clearshot", 6.0, num_workers=1),
        make_lap("clearshot", 0.8, num_workers=1, has_previews=True),
    ]
    table = tabulate(laps)
    assert [row[0] for row in table.rows[:3]] == ["bare decode", "clearshot", "clearshot, previews"]
    assert table.rows[2][4] == "0.25 x"
    gains = [note.partition(" is ")[2] for note in table.notes[1:]]
    assert gains == ["6.0 times as fast (2 processes).", "7.5 times as fast (1 process)."]


@pytest.mark.parametrize("size", [(6000, 4000), (8256, 5504), (4000, 6000), (5472, 3648)])
def test_the_bare_decoder_takes_the_scale_of_a_scan(size: tuple[int, int]) -> None:
    assert choose_draft(*size) == choose_size(*size)


def test_the_bare_decoder_loads_nothing_else() -> None:
    code = "import sys, clearshot.bench.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not {"numpy", "PIL", "onnxruntime", "sqlite3"} & set(loaded.stdout.split())


@pytest.mark.parametrize("sizes", [(24,), (12, 24, 45)])
@pytest.mark.parametrize("workers", [(2,), (1, 2, 4)])
def test_plot_has_a_panel_for_each_size_and_one_over_sizes(
    tmp_path: Path, sizes: tuple[int, ...], workers: tuple[int, ...]
) -> None:
    laps = [
        make_lap(racer, 2.0 * size / each, megapixels=size, num_workers=each)
        for racer in ("bare decode", "clearshot")
        for size in sizes
        for each in workers
    ]
    plot_speed(laps, tmp_path / "speed.png")
    with Image.open(tmp_path / "speed.png") as picture:
        num_panels = len(sizes) + (len(sizes) > 1)
        assert picture.width / picture.height == pytest.approx(num_panels * 4.2 / 3.4, rel=0.02)
