from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.split import is_for_calibration

Run = Callable[..., Result]


@pytest.fixture
def labelled(library: Path, clear_photos: Path, tmp_path: Path) -> Path:
    """A labelled set: six clear photos, a dark one and a file that is no photo."""
    folder = Path(shutil.copytree(clear_photos, tmp_path / "set" / "clear")).parent
    (folder / "dark").mkdir()
    shutil.copy(library / "black.jpg", folder / "dark")
    (folder / "dark" / "broken.jpg").touch()
    return folder


def test_table_numbers_plots_and_failures(run: Run, labelled: Path, tmp_path: Path) -> None:
    output = tmp_path / "numbers.json"
    result = run(
        "evaluate", labelled, "--workers", "1", "--json", output, "--plots", tmp_path / "plots"
    )
    assert result.exit_code == 1
    assert "dark against clear" in result.stdout
    assert "broken.jpg" in result.stderr
    numbers = json.loads(output.read_text(encoding="utf-8"))
    assert [each["label"] for each in numbers["results"]] == ["dark"]
    assert len(numbers["failures"]) == 1
    assert list((tmp_path / "plots").glob("*.png"))


def test_json_on_standard_output_stands_alone(run: Run, labelled: Path) -> None:
    (labelled / "dark" / "broken.jpg").unlink()
    result = run("evaluate", labelled, "--workers", "1", "--json", "-")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["failures"] == []


def read_numbers(result: Result) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(result.stdout)["results"][0]
    return numbers


def test_unseen_leaves_out_what_calibrates(run: Run, labelled: Path) -> None:
    photos = [p for p in read_labelled(labelled).photos if p.label is None]
    unseen = [photo for photo in photos if not is_for_calibration(photo)]
    assert 0 < len(unseen) < len(photos)
    for number in range(9):  # dark photos in both halves
        shutil.copy(labelled / "dark" / "black.jpg", labelled / "dark" / f"black{number}.jpg")
    result = run("evaluate", labelled, "--workers", "1", "--json", "-", "--unseen")
    assert "of calibration scenes left out" in result.stderr
    assert read_numbers(result)["all"]["num_clear"] == len(unseen)


def test_thresholds_on_a_source_and_markdown(run: Run, labelled: Path, tmp_path: Path) -> None:
    (labelled / "clear" / "phone").mkdir()
    (labelled / "clear" / "scene0.jpg").rename(labelled / "clear" / "phone" / "scene0.jpg")
    words = ["evaluate", labelled, "--workers", "1"]
    tables = tmp_path / "tables.md"
    chosen = [*words, "--threshold-on", "phone", "--markdown", tables, "--json", "-"]
    assert read_numbers(run(*chosen))["threshold_sources"] == ["phone"]
    assert tables.read_text("utf-8").startswith("## Dark against clear\n\n| source | clear |")
    again = run(*words, "--markdown", tables)
    assert again.exit_code == 3
    assert "--force" in again.stderr
    assert run(*words, "--threshold-on", "tablet").exit_code == 2


def test_another_network_is_measured(run: Run, labelled: Path, tmp_path: Path) -> None:
    words = ["evaluate", labelled, "--workers", "1", "--json", "-", "--network", tmp_path]
    assert run(*words).exit_code == 6
    with resources.as_file(resources.files("clearshot") / "weights") as packaged:
        for name in ("focus.onnx", "manifest.toml"):
            shutil.copy(packaged / name, tmp_path)
    manifest = (tmp_path / "manifest.toml").read_text("utf-8")
    thresholds = []
    for offset in (0.0, 3.0):
        lines = [line for line in manifest.splitlines() if not line.startswith("dark = ")]
        table = lines.index("[focus.calibration]") + 1
        lines.insert(table, f"dark = [-1.0, -1.0, {offset}]")
        (tmp_path / "manifest.toml").write_text("\n".join(lines), encoding="utf-8")
        thresholds.append(read_numbers(run(*words))["thresholds"][0]["value"])
    assert thresholds[1] - thresholds[0] == pytest.approx(3.0)


def test_folder_without_labels(run: Run, library: Path, tmp_path: Path) -> None:
    assert run("evaluate", library).exit_code == 3
    assert run("evaluate", tmp_path / "missing").exit_code == 3
