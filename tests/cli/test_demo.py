from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_demo_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    result = run("demo", tmp_path / "demo")
    assert result.exit_code == 0
    assert f"clearshot scan {tmp_path / 'demo'}" in result.stdout
    again = run("demo", tmp_path / "demo")
    assert again.exit_code == 3
    assert "is not empty" in again.stderr
