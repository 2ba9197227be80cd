from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from clearshot.cli.main import cli
from clearshot.cli.options import repeat_options
from clearshot.photo import SharpAt
from clearshot.scoring.verdict import Thresholds


def test_options_are_repeated_to_the_last_digit() -> None:
    thresholds = Thresholds(blurry=0.1234567891, sharp_at=SharpAt.FULL)
    words = repeat_options(thresholds, Path("c.sqlite"))
    assert words[:2] == ["--threshold", "blurry=0.1234567891"]
    assert words[2:] == ["--sharp-at", "full", "--catalog", Path("c.sqlite")]


def test_usual_options_are_not_repeated() -> None:
    assert repeat_options(Thresholds(), None) == []


@pytest.mark.parametrize(
    "words",
    [
        ["scan", ""], ["score", ""], ["report", "", "--csv", "-"], ["undo", ""], ["tag", ""],
        ["sort", "", "--trash", "--apply"], ["sort", ".", "--to", ""], ["calibrate", ""],
        ["review", ""], ["explain", ""], ["audit", ""], ["scan", ".", "--catalog", ""],
    ],
)  # fmt: skip
def test_an_empty_path_is_not_the_current_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, words)
    assert (result.exit_code, "the path is empty" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
