from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

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


def test_folder_without_labels(run: Run, library: Path, tmp_path: Path) -> None:
    assert run("evaluate", library).exit_code == 3
    assert run("evaluate", tmp_path / "missing").exit_code == 3
