from __future__ import annotations

from pathlib import Path

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
