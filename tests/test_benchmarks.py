"""The scripts in `benchmarks/`, each with as little as it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from clearshot.catalog.catalog import Catalog

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos of 1,200 px, one of them dark."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, brightness in enumerate((1.0, 0.9, 0.05)):
        blocks = rng.integers(0, 255, (100, 150, 3)) * brightness
        pixels = blocks.repeat(8, axis=0).repeat(8, axis=1)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.jpg")
    return folder


def run(script: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def read_last_line(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_scan_beside_the_bare_decoder_is_resumed_to_the_last_photo(folder: Path) -> None:
    result = read_last_line(run("scan.py", folder, "--photos", "5"))
    assert result["photos"] == result["scored_after_resume"] == 5
    # Seconds and ratio are told with two digits.
    scan_s, bare_s = result["scan_s"], result["bare_decode_s"]
    low, high = (scan_s - 0.005) / (bare_s + 0.005), (scan_s + 0.005) / (bare_s - 0.005)
    assert low - 0.006 < result["scan_to_bare_decode"] < high + 0.006


def test_photos_at_100_percent_are_told(folder: Path) -> None:
    done = run("native.py", folder)
    assert read_last_line(done)["photos"] > 0
    assert len(done.stdout.splitlines()) == 3 + 2


def test_tolerances_are_tried_with_labels_that_the_photos_have(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(160):
        label = ("clear", "blurred")[number % 2]
        photo = Image.fromarray(rng.integers(0, 255, (96, 128, 3), dtype=np.uint8))
        if label == "blurred":
            photo = photo.filter(ImageFilter.GaussianBlur(1 + number / 40))
        path = tmp_path / ("one", "other")[number % 4 // 2] / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo.save(path)
    words = ("--run-folder", tmp_path / "run", "--splits", "2")
    result = read_last_line(run("tolerance.py", tmp_path / "one", tmp_path / "other", *words))
    assert result["photos"] == 160
    assert {"halves_blurry", "table_blurry"} < set(result)
    assert "halves_dark" not in result


def test_changed_photos_are_counted_under_the_label_that_they_had(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photos = [draw_blocks(rng) for _ in range(4)]
    blurred = photos[1].filter(ImageFilter.GaussianBlur(6))
    dark = photos[2].point(lambda level: level // 30)
    # The last one is sharp, whatever its folder says.
    labelled = (("clear", photos[0]), ("blurred", blurred), ("dark", dark), ("blurred", photos[3]))
    for number, (label, photo) in enumerate(labelled):
        (tmp_path / label).mkdir(exist_ok=True)
        photo.save(tmp_path / label / f"{number}.png")
    result = read_last_line(run("changes.py", tmp_path, "--photos", "4"))
    assert result["photos"] == 4
    rows = {row.pop("change"): row for row in result["changes"]}
    for name, row in rows.items():
        # None of them is longer than what these two reduce to.
        once = 0 if name in {"reduced to 640 px", "reduced to 480 px"} else 1
        assert [kind["of"] for kind in row.values()] == [once, once, 0, once], name
    blurry, good, _, dark = rows["saved anew"].values()
    assert (blurry["good"], good["blurry"], dark["good"]) == (0, 0, 0)


def test_changes_are_drawn_alike_each_time_and_leave_their_photo_as_it_is() -> None:
    photo = draw_blocks(np.random.default_rng(0))
    for change in run_path(str(BENCHMARKS / "drawn_changes.py"))["CHANGES"]:
        given = photo.copy()
        changed = change.draw(given)
        assert given == photo, change.name
        assert changed.mode == "RGB", change.name
        assert changed == change.draw(given), change.name


def draw_blocks(rng: np.random.Generator) -> Image.Image:
    """Draw a sharp picture of 320 x 240 px."""
    blocks = rng.integers(30, 220, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((320, 240), Image.Resampling.NEAREST)


def test_a_broken_photo_is_named_and_the_others_are_told(folder: Path) -> None:
    broken = folder / "broken.jpg"
    broken.write_bytes((folder / "0.jpg").read_bytes()[:5000])
    done = run("native.py", folder)
    assert read_last_line(done)["photos"] > 0
    [line] = done.stderr.splitlines()
    assert str(broken) in line


def test_photos_that_are_smaller_than_the_blur_are_refused(tmp_path: Path) -> None:
    for name, side in (("tiny", 12), ("small", 100)):
        Image.new("L", (side, side), 99).save(tmp_path / f"{name}.png")
    assert_refused(run("known_blur.py", tmp_path), "no photos found whose shorter side is 256 px")


def test_tolerances_of_few_photos_or_one_source_are_refused(tmp_path: Path) -> None:
    for number in range(42):
        path = tmp_path / "one" / ("clear", "blurred")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(number)
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    words = (tmp_path / "one", "--run-folder", tmp_path / "run", "--splits", "2")
    assert_refused(run("tolerance.py", *words), "found 21 good ones from 1 and 21 blurry ones")


def test_a_library_of_another_number_of_photos_is_refused(tmp_path: Path) -> None:
    Catalog.open(tmp_path).close()
    done = run("catalog.py", "--library", tmp_path, "--photos", "3")
    assert_refused(done, "holds 0 photos")


def assert_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("script", ["known_blur.py", "native.py", "scan.py"])
def test_without_photos_it_says_so(tmp_path: Path, script: str) -> None:
    done = run(script, tmp_path)
    assert_refused(done, "found")


@pytest.mark.parametrize(
    "script", ["changes.py", "known_blur.py", "native.py", "previews.py", "stages.py"]
)
def test_a_path_that_is_not_there_is_named_in_one_line(tmp_path: Path, script: str) -> None:
    missing = tmp_path / "missing"
    done = run(script, missing)
    assert done.returncode == 2
    assert str(missing) in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
