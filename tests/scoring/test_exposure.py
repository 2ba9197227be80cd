"""Light is measured in stops: halving it takes one stop off every percentile."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from clearshot.optics import to_encoded
from clearshot.scoring.exposure import measure_exposure


def _expose(stops: float) -> np.ndarray:
    light = np.linspace(0.02, 0.9, 256 * 256).reshape(256, 256) * 2.0**stops
    return np.round(to_encoded(light) * 255).astype(np.uint8)


def test_one_stop_less_light_is_one_stop_less() -> None:
    full, half = measure_exposure(_expose(0)), measure_exposure(_expose(-1))
    assert full.median_stops - half.median_stops == pytest.approx(1.0, abs=0.05)
    assert full.bright_stops - half.bright_stops == pytest.approx(1.0, abs=0.05)


def test_darker_is_darker_and_brighter_is_brighter() -> None:
    series = [measure_exposure(_expose(stops)) for stops in range(-6, 5)]
    for darker, brighter in pairwise(series):
        assert darker.median_stops <= brighter.median_stops
        assert darker.black_share >= brighter.black_share
        assert darker.white_share <= brighter.white_share


def test_extremes() -> None:
    black = measure_exposure(np.zeros((64, 64), np.uint8))
    white = measure_exposure(np.full((64, 64), 255, np.uint8))
    assert black.black_share == 1.0
    assert black.white_share == 0.0
    assert black.median_stops < -10
    assert white.white_share == 1.0
    assert white.black_share == 0.0
    assert white.median_stops == pytest.approx(0.0, abs=0.01)
