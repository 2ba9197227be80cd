"""--sharp-at full judges the pixels of the file and measures only what the catalog lacks."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from clearshot import optics
from scoring.mosaics import draw_mosaic, to_picture

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def soft_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 3840 x 1280 px that is sharp on a screen and soft pixel by pixel."""
    path = tmp_path_factory.mktemp("soft") / "soft.jpg"
    light = draw_mosaic("astronaut", width=3840, height=1280)
    to_picture(optics.blur(light, optics.draw_gaussian(2.1))).save(path, quality=95)
    return path


@pytest.fixture
def soft_library(soft_photo: Path, tmp_path: Path) -> Path:
    """A library of `soft_photo` that was never scanned."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "soft.jpg").write_bytes(soft_photo.read_bytes())
    return folder


def test_score_judges_at_the_size_that_was_asked_for(run: Run, soft_photo: Path) -> None:
    screen, full = (
        json.loads(run("score", soft_photo, "--sharp-at", name, "--workers", "1").stdout)
        for name in ("screen", "full")
    )
    assert (screen["verdict"], full["verdict"]) == ("good", "bad")
    assert screen["effective_mp"] is None
    assert 0.1 < full["effective_mp"] < 1.0  # of 4.9
    assert screen["reasons"][0].endswith("seen at 1024 px.")
    assert full["reasons"][0].endswith("seen at 100 %.")
    usual = json.loads(run("score", soft_photo, "--workers", "1").stdout)
    assert usual == screen


def test_scan_measures_only_what_the_catalog_lacks(run: Run, soft_library: Path) -> None:
    assert "1 new; " in run("scan", soft_library, "--workers", "1").stdout
    full = run("scan", soft_library, "--workers", "1", "--sharp-at", "full").stdout
    assert "1 measured anew; " in full
    assert "--sharp-at full" in full  # the next steps judge alike
    assert "1 unchanged" in run("scan", soft_library, "--sharp-at", "full").stdout
    screen = run("scan", soft_library).stdout
    assert "1 unchanged" in screen
    assert "--sharp-at" not in screen


def test_report_and_sort_judge_the_catalog_at_either_size(
    run: Run, soft_library: Path, tmp_path: Path
) -> None:
    def count_moves(*options: str) -> int:
        plan = run("sort", soft_library, "--to", tmp_path / "bad", "--format", "json", *options)
        return len(json.loads(plan.stdout)["steps"])

    def read_report(*options: str) -> dict[str, object]:
        [row] = json.loads(run("report", soft_library, "--json", "-", *options).stdout)
        assert isinstance(row, dict)
        return row

    run("scan", soft_library, "--workers", "1")
    assert read_report("--sharp-at", "full")["error"] == {
        "kind": "outdated",
        "message": "not measured at 100 %; scan again with --sharp-at full",
    }
    assert count_moves("--sharp-at", "full") == 0
    shown = run("sort", soft_library, "--to", tmp_path / "bad", "--sharp-at", "full")
    assert f"clearshot scan {soft_library} --sharp-at full" in shown.stderr

    run("scan", soft_library, "--workers", "1", "--sharp-at", "full")
    assert read_report()["verdict"] == "good"
    assert read_report("--sharp-at", "full")["verdict"] == "bad"
    assert (count_moves(), count_moves("--sharp-at", "full")) == (0, 1)


def test_small_photos_are_judged_at_either_size_after_any_scan(
    run: Run, soft_library: Path, clear_photos: Path, tmp_path: Path
) -> None:
    for name in ("small.jpg", "old.jpg"):
        shutil.copy(clear_photos / "scene0.jpg", soft_library / name)
    run("scan", soft_library, "--workers", "1")
    with closing(sqlite3.connect(soft_library / ".clearshot" / "catalog.sqlite")) as db, db:
        db.execute("UPDATE photos SET recipe = '1-old' WHERE path = CAST('old.jpg' AS BLOB)")

    report = run("report", soft_library, "--json", "-", "--sharp-at", "full")
    verdicts = {row["relative_path"]: row["verdict"] for row in json.loads(report.stdout)}
    assert verdicts == {"old.jpg": None, "small.jpg": "good", "soft.jpg": None}

    shown = run("sort", soft_library, "--to", tmp_path / "bad", "--sharp-at", "full")
    assert "1 photo left out, scored with another network; scan again: " in shown.stderr
    assert "1 photo left out, not measured at 100 %; scan again with" in shown.stderr
    again = run("scan", soft_library, "--workers", "1", "--sharp-at", "full")
    assert "2 measured anew, 1 unchanged" in again.stdout


def test_explain_says_which_size_was_judged(run: Run, soft_photo: Path, tmp_path: Path) -> None:
    for name, size in (("screen", "1024 px"), ("full", "100 %")):
        output = tmp_path / f"{name}.png"
        result = run("explain", soft_photo, "-o", output, "--sharp-at", name)
        assert result.exit_code == 0
        assert f"seen at {size}." in result.stdout


def test_other_sizes_are_refused(run: Run, soft_photo: Path) -> None:
    assert run("score", soft_photo, "--sharp-at", "50").exit_code == 2
