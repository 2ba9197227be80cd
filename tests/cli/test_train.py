from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("clearshot.training")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("keras", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("train", "focus", tmp_path, "--run-folder", tmp_path / "run")
    assert result.exit_code == 7
    assert "pip install 'clearshot[train]'" in result.stderr


def test_only_known_recipes(run: Run, tmp_path: Path) -> None:
    assert run("train", "unknown", tmp_path).exit_code == 2
