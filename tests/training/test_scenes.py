"""Light above white stays physical."""

from __future__ import annotations

import numpy as np

from clearshot import optics
from clearshot.training import scenes


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_highlights_rise_above_white_and_nothing_turns_negative() -> None:
    plane = optics.to_linear(np.linspace(0, 1, 128 * 128).reshape(128, 128))
    peaks = []
    for seed in range(20):
        light = scenes.relight(plane, rng=_rng(seed))
        assert light.min() >= 0
        assert np.isfinite(light).all()
        peaks.append(float(light.max()))
    assert max(peaks) > 4


def test_lamps_only_add_light() -> None:
    night = np.full((128, 160), 0.01, np.float32)
    lit = scenes._add_lamps(night, rng=_rng(3))
    assert (lit >= night).all()
    assert lit.max() > 0.9
    assert (lit == night).mean() > 0.5


def test_small_lights_shine_on_nights_alone() -> None:
    day = np.full((128, 160), 0.3, np.float32)
    mix = scenes.SceneMix(night_share=1.0, lamp_share=0.0, small_lights_share=1.0)
    assert scenes.relight(day, mix, rng=_rng(1)).max() > 1.5
    never = scenes.SceneMix(night_share=0.0, lamp_share=1.0, small_lights_share=1.0)
    for seed in range(10):
        assert np.array_equal(scenes.relight(day, never, rng=_rng(seed)), day)


def test_rows_of_lights_reach_far_and_shine_on_nights_alone() -> None:
    night = np.full((192, 192), 0.001, np.float32)
    reaches = []
    for seed in range(20):
        lit = scenes._add_rows(night, rng=_rng(seed))
        assert 0 <= lit.min() <= lit.max() <= 64
        rows, cols = np.nonzero(lit > 0.9)
        reaches.append(np.hypot(np.ptp(rows), np.ptp(cols)) if len(rows) else 0.0)
        assert len(rows) < 0.2 * lit.size
    assert np.median(reaches) > 96
    day = np.full((128, 160), 0.3, np.float32)
    never = scenes.SceneMix(night_share=0.0, rows_share=1.0)
    for seed in range(10):
        assert np.array_equal(scenes.relight(day, never, rng=_rng(seed)), day)
