from __future__ import annotations

import os
from pathlib import Path

import pytest

from clearshot.paths import anchor


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a folder and a link to it, the current one."""
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "inner")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("real", "real"),
        (".", ""),
        ("link/photo.jpg", "link/photo.jpg"),
        ("real/../link", "link"),
        ("link/../photo.jpg", "real/photo.jpg"),
        ("link/../../link/photo.jpg", "link/photo.jpg"),
        ("gone/../real", "real"),
    ],
)
def test_a_path_has_no_steps_up_and_leads_to_the_same_place(
    home: Path, path: str, expected: str
) -> None:
    anchored = anchor(Path(path))
    assert anchored == home / expected
    if Path(path).exists():
        assert anchored.samefile(path)


def test_the_root_has_nothing_above(home: Path) -> None:
    assert anchor(Path(os.sep, "..", "..", *home.parts[1:])) == home
