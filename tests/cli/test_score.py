from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from clearshot.report import FIELDS

Run = Callable[..., Result]


def read_lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_fields_are_those_of_the_contract(run: Run, library: Path) -> None:
    [row] = read_lines(run("score", library / "clear.jpg", "--workers", "1"))
    assert list(row) == [
        "path", "verdict", "labels", "p_blurry", "p_dark", "p_overexposed", "blur_kind",
        "effective_mp", "sharpest_region", "reasons", "error",
    ]  # fmt: skip
    assert row["verdict"] == "good"
    assert row["error"] is None
    assert all(0 <= row[f"p_{label}"] <= 1 for label in ("blurry", "dark", "overexposed"))
    x, y, width, height = row["sharpest_region"]
    assert x >= 0
    assert y >= 0
    assert 0 < x + width <= 512
    assert 0 < y + height <= 384


def test_order_is_that_of_the_input(run: Run, library: Path, clear_photos: Path) -> None:
    paths = [library / "white.jpg", clear_photos, library / "black.jpg"]
    found = [row["path"] for row in read_lines(run("score", *paths, "--workers", "2"))]
    scenes = [str(clear_photos / f"scene{number}.jpg") for number in range(6)]
    assert found == [str(paths[0]), *scenes, str(paths[2])]


def test_paths_are_as_they_were_given(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(library.parent)
    rows = read_lines(run("score", "library/white.jpg", "library", "--workers", "1"))
    assert [row["path"] for row in rows] == [
        str(Path("library") / f"{name}.jpg") for name in ("white", "black", "blurred", "clear")
    ]


def test_labels_and_kind_of_bad_photos(run: Run, library: Path) -> None:
    paths = [library / f"{name}.jpg" for name in ("blurred", "black", "white")]
    rows = read_lines(run("score", *paths, "--workers", "1"))
    assert [row["verdict"] for row in rows] == ["bad"] * 3
    labels = [row["labels"] for row in rows]
    assert "blurry" in labels[0]
    assert "dark" in labels[1]
    assert "overexposed" in labels[2]
    assert rows[0]["blur_kind"] in {"defocus", "motion"}
    assert 0 < rows[0]["effective_mp"] < 0.2
    assert all(row["reasons"] for row in rows)


def test_failed_photos_have_their_cause_and_exit_1(run: Run, broken_photos: Path) -> None:
    missing = broken_photos / "e-missing.jpg"
    result = run("score", broken_photos, missing, "--workers", "1")
    assert result.exit_code == 1
    rows = read_lines(result)
    kinds = [row["error"] and row["error"]["kind"] for row in rows]
    assert kinds == ["format", "format", "damaged", None, "missing"]
    assert rows[0]["verdict"] is None
    assert rows[0]["p_dark"] is None
    assert rows[0]["error"]["message"]


def test_csv_has_the_same_fields(run: Run, broken_photos: Path) -> None:
    result = run("score", broken_photos, "--format", "csv", "--workers", "1")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert tuple(rows[0]) == FIELDS
    assert [Path(row["path"]).name[0] for row in rows] == ["a", "b", "c", "d"]
    assert rows[0]["error"].startswith("format: ")
    assert rows[3]["error"] == ""


def test_table_shows_verdicts(run: Run, broken_photos: Path) -> None:
    result = run("score", broken_photos, "--format", "table", "--workers", "1")
    assert result.exit_code == 1
    assert "failed" in result.stdout
    assert "good" in result.stdout


def test_nothing_but_the_output_is_written(run: Run, library: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in library.rglob("*")}
    result = run("score", library, "--workers", "1")
    assert result.stderr == ""
    assert {path: path.stat().st_mtime_ns for path in library.rglob("*")} == before


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_folder_without_photos(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run("score", tmp_path / name)
    assert (result.exit_code, result.stdout) == (3, "")
    assert str(tmp_path / name) in result.stderr


def test_folder_that_cannot_be_read_is_named_and_exit_1(
    run: Run, library: Path, lock_folders: Callable[[str], None]
) -> None:
    (library / "locked").mkdir()
    lock_folders("locked")
    result = run("score", library, "--workers", "1")
    assert result.exit_code == 1
    assert len(read_lines(result)) == 4
    named = f"  {library / 'locked'}: Permission denied\n"
    assert result.stderr == f"1 file or folder could not be read:\n{named}"
    empty = run("score", library / "locked" / "..", "--workers", "1", "-q")
    assert empty.exit_code == 1
    assert empty.stderr == f"1 file or folder could not be read:\n{named}"


def test_what_is_left_out_on_purpose_is_named_and_no_failure(run: Run, library: Path) -> None:
    (library / "link.jpg").symlink_to(library / "clear.jpg")
    result = run("score", library, "--workers", "1")
    assert result.exit_code == 0
    assert f"left out or left alone:\n  {library / 'link.jpg'}: symbolic link" in result.stderr


def test_photo_below_a_locked_folder_fails_alone(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_dir = Path.is_dir

    def refuse(path: Path) -> bool:
        if "locked" in path.parts:
            raise PermissionError(13, os.strerror(13), str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", refuse)
    result = run("score", library / "locked" / "a.jpg", library / "clear.jpg", "--workers", "1")
    assert result.exit_code == 1
    assert [row["error"] is None for row in read_lines(result)] == [False, True]


def test_a_classifier_fills_what_it_can_tell(run: Run, library: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="the test network is made with the extra `train`")
    from classifier_network import write_classifier

    # The brighter a photo, the blurrier this network calls it.
    network = write_classifier(tmp_path / "tiny")
    paths = [library / "white.jpg", library / "black.jpg", library / "missing.jpg"]
    words = ["score", *paths, "--workers", "1", "--network", network]
    bright, dark, missing = read_lines(run(*words))
    assert (bright["verdict"], bright["labels"]) == ("bad", ["blurry"])
    assert (dark["verdict"], dark["labels"]) == ("good", [])
    assert bright["p_blurry"] > 0.9 > 0.1 > dark["p_blurry"]
    empty = ("p_dark", "p_overexposed", "blur_kind", "effective_mp", "sharpest_region", "error")
    assert list(bright) == list(FIELDS)
    assert [bright[name] for name in empty] == [None] * 6
    assert missing["error"]["kind"] == "missing"
    strict = read_lines(run(*words, "--threshold", "blurry=1"))[0]
    assert strict["verdict"] == "unsure"
    refused = run(*words, "--threshold", "blurry=1", "--threshold", "dark=0.9")
    assert refused.exit_code == 2
    assert "cannot tell dark photos; --threshold dark=... needs focus" in refused.stderr
    rows = list(csv.DictReader(run(*words, "--format", "csv").stdout.splitlines()))
    assert [row["labels"] for row in rows] == ["blurry", "", ""]
    assert "blurry" in run(*words, "--format", "table").stdout


def test_only_networks_that_give_probabilities_judge(
    run: Run, library: Path, tmp_path: Path
) -> None:
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    photo = library / "clear.jpg"
    assert read_lines(run("score", photo, "--network", "focus")) == read_lines(run("score", photo))
    for word in ("laplacian", "classical", "nothing"):
        assert run("score", photo, "--network", word).exit_code == 2
    assert run("score", photo, "--network", tmp_path).exit_code == 6


def test_a_name_that_no_disk_takes_costs_no_other_photo(run: Run, clear_photos: Path) -> None:
    result = run("score", clear_photos / "scene0.jpg", f"{'x' * 300}.jpg", "--workers", "1")
    errors = [json.loads(line)["error"] for line in result.stdout.splitlines()]
    assert [error and error["kind"] for error in errors] == [None, "unreadable"]
    assert result.exit_code == 1


def test_pixels_are_limited(run: Run, clear_photos: Path) -> None:
    photo = clear_photos / "scene0.jpg"
    result = run("score", photo, "--max-megapixels", "0.1")
    assert json.loads(result.stdout)["error"]["kind"] == "oversized"
    for words in ((), ("--max-megapixels", "1e303")):
        assert json.loads(run("score", photo, *words).stdout)["error"] is None


def test_a_locked_folder_among_others_is_named(
    run: Run, library: Path, tmp_path: Path, lock_folders: Callable[[str], None]
) -> None:
    (tmp_path / "locked").mkdir()
    lock_folders("locked")
    result = run("score", tmp_path / "locked", library, "--workers", "1")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 4
    assert f"{tmp_path / 'locked'}: Permission denied" in result.stderr
