from __future__ import annotations

from pathlib import Path

from clearshot.cli.options import repeat_options
from clearshot.scoring.verdict import Thresholds


def test_options_are_repeated_to_the_last_digit() -> None:
    words = repeat_options(Thresholds(blurry=0.1234567891), Path("c.sqlite"))
    assert words == ["--threshold", "blurry=0.1234567891", "--catalog", Path("c.sqlite")]


def test_usual_options_are_not_repeated() -> None:
    assert repeat_options(Thresholds(), None) == []
