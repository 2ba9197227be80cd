from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def read_counts(stdout: str) -> dict[str, int]:
    return {name: int(num) for name, num in re.findall(r"^ *(\w+) +(\d+) +\S+ %", stdout, re.M)}


def test_summary_counts_every_photo_once(run: Run, library: Path) -> None:
    result = run("scan", library, "--workers", "1")
    assert result.exit_code == 0
    assert f"{library}: 4 new; scored in" in result.stdout
    counts = read_counts(result.stdout)
    assert counts == {
        "good": 1, "unsure": 0, "bad": 3, "blurry": 1, "dark": 1, "overexposed": 1,
    }  # fmt: skip


def test_next_steps_can_be_pasted(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    lines = run("scan", scanned_library).stdout.splitlines()
    steps = [line.split()[1:] for line in lines if line.startswith("  clearshot ")]
    assert [step[0] for step in steps] == ["explain", "sort", "report"]
    assert Path(steps[0][1]).parent == scanned_library
    assert run(*steps[1]).exit_code == 0


def test_unchanged_photos_are_not_scored_again(run: Run, scanned_library: Path) -> None:
    assert "4 unchanged\n" in run("scan", scanned_library).stdout


def test_threshold_judges_anew(run: Run, scanned_library: Path) -> None:
    limits = [f"--threshold={label}=1" for label in ("blurry", "dark", "overexposed")]
    counts = read_counts(run("scan", scanned_library, *limits).stdout)
    assert counts["dark"] <= 1
    assert run("scan", scanned_library, "--threshold", "blurry=2").exit_code == 2
    assert run("scan", scanned_library, "--threshold", "bad=0.5").exit_code == 2


def test_failed_photos_are_named_and_counted(run: Run, broken_photos: Path) -> None:
    result = run("scan", broken_photos, "--workers", "1")
    assert result.exit_code == 1
    assert read_counts(result.stdout)["failed"] == 3
    assert "3 photos could not be judged:\n  a-empty.jpg: " in result.stderr


def test_many_failures_are_a_handful_and_the_way_to_see_all(run: Run, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.jpg").touch()
    result = run("scan", tmp_path, "--workers", "1")
    assert result.exit_code == 1
    assert "and 3 more: clearshot report" in result.stderr
    assert "7.jpg" not in result.stderr
    assert "7.jpg" in run("scan", tmp_path, "-v").stderr


def test_quiet_scan_prints_nothing(run: Run, scanned_library: Path) -> None:
    result = run("scan", "-q", scanned_library)
    assert (result.exit_code, result.output) == (0, "")
    assert run("-q", "scan", scanned_library).output == ""


def test_folders_without_photos_are_named(run: Run, tmp_path: Path) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    empty.mkdir()
    other.mkdir()
    (other / "notes.txt").write_text("no photo")
    for folder in (empty, other):
        result = run("scan", folder)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr == f"clearshot: {folder}: no photos found\n"


def test_missing_folder(run: Run, tmp_path: Path) -> None:
    result = run("scan", tmp_path / "missing")
    assert result.exit_code == 3
    assert "missing: there is no such folder" in result.stderr


def test_several_folders(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("scan", scanned_library, empty).exit_code == 0
    assert run("scan", scanned_library, empty, "--catalog", tmp_path / "c.sqlite").exit_code == 2


def test_catalog_elsewhere_leaves_the_library_as_it_is(
    run: Run, library: Path, tmp_path: Path
) -> None:
    before = sorted(library.rglob("*"))
    catalog = tmp_path / "catalog.sqlite"
    result = run("scan", library, "--catalog", catalog, "--workers", "1")
    assert result.exit_code == 0
    assert sorted(library.rglob("*")) == before
    assert f"--catalog {catalog}" in result.stdout
