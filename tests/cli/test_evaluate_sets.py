from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from clearshot.errors import InputError
from clearshot.evaluation.labelled import read_labelled

Run = Callable[..., Result]


@pytest.fixture
def kwentar(library: Path, clear_photos: Path, tmp_path: Path) -> Path:
    """Kwentar's set with four photos, one of them named otherwise."""
    root = tmp_path / "kwentar"
    for folder, kind, photo in (
        ("sharp", "S", clear_photos / "scene1.jpg"),
        ("defocused_blurred", "F", library / "blurred.jpg"),
        ("motion_blurred", "M", library / "blurred.jpg"),
    ):
        (root / folder).mkdir(parents=True)
        shutil.copy(photo, root / folder / f"0_PHONE_{kind}.jpg")
    shutil.copy(clear_photos / "scene2.jpg", root / "sharp" / "cover.jpg")
    return root


def test_a_public_set_is_measured_with_its_notes(run: Run, kwentar: Path) -> None:
    result = run("evaluate", kwentar, "--workers", "1")
    assert result.exit_code == 0
    assert "kwentar" in result.stdout
    assert "Kwentar's set has 1 S and 1 F and 1 M photos; published: 350 of each" in result.stderr
    assert "1 file or folder left out or left alone:" in result.stderr
    assert "cover.jpg: not named ID_DEVICE_S, _F or _M" in result.stderr
    assert "published" not in run("evaluate", kwentar, "--workers", "1", "-q").stderr


def test_an_unreadable_folder_is_told_as_such_and_fails(
    run: Run, kwentar: Path, lock_folders: Callable[[str], None]
) -> None:
    lock_folders("motion_blurred")
    result = run("evaluate", kwentar, "--workers", "1")
    assert result.exit_code == 1
    assert "1 file or folder could not be read:" in result.stderr
    assert "motion_blurred: Permission denied" in result.stderr


def test_a_set_of_unreadable_folders_says_so(
    kwentar: Path, lock_folders: Callable[[str], None]
) -> None:
    shutil.rmtree(kwentar / "motion_blurred")
    shutil.rmtree(kwentar / "defocused_blurred")
    lock_folders("sharp")
    with pytest.raises(InputError, match=r"no labelled photo: .*sharp: Permission denied"):
        read_labelled(kwentar)
