"""Light is measured in stops: halving it takes one stop off every percentile."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest

from clearshot.optics import to_encoded
from clearshot.photo import ExposureScores
from clearshot.scoring.exposure import (
    NUM_STATISTICS,
    SQUARE_PX,
    ExposureNetwork,
    cut_sharpest,
    describe_light,
    measure_exposure,
    squeeze_luma,
)
from clearshot.scoring.focus import FocusMap

NETWORK = ExposureNetwork()


def _expose(stops: float) -> np.ndarray:
    light = np.linspace(0.02, 0.9, 256 * 256).reshape(256, 256) * 2.0**stops
    return np.round(to_encoded(light) * 255).astype(np.uint8)


def _draw_map(rows: int, cols: int, *, sharp: tuple[slice, slice]) -> FocusMap:
    log2_sigma = np.full((5, rows, cols), 3.0, np.float32)
    log2_sigma[:, *sharp] = -1.0
    return FocusMap(log2_sigma, np.full((5, rows, cols), 0.1, np.float32))


def _measure(luma: np.ndarray, *, sensor_white_share: float | None = None) -> ExposureScores:
    rows, cols = (side // 16 for side in luma.shape)
    focus_map = _draw_map(rows, cols, sharp=(slice(0, rows // 3), slice(0, cols // 3)))
    return measure_exposure(luma, focus_map, NETWORK, sensor_white_share=sensor_white_share)


def test_one_stop_less_light_is_one_stop_less() -> None:
    full, half = _measure(_expose(0)), _measure(_expose(-1))
    assert full.median_stops - half.median_stops == pytest.approx(1.0, abs=0.05)
    assert full.bright_stops - half.bright_stops == pytest.approx(1.0, abs=0.05)
    assert full.subject_stops - half.subject_stops == pytest.approx(1.0, abs=0.2)


def test_darker_is_darker_and_brighter_is_brighter() -> None:
    series = [_measure(_expose(stops)) for stops in range(-6, 5)]
    for darker, brighter in pairwise(series):
        assert darker.median_stops <= brighter.median_stops
        assert darker.black_share >= brighter.black_share
        assert darker.white_share <= brighter.white_share
        assert darker.error_stops < brighter.error_stops


def test_black_and_white_pictures_are_at_the_ends_of_every_scale() -> None:
    black = _measure(np.zeros((64, 64), np.uint8))
    white = _measure(np.full((64, 64), 255, np.uint8))
    assert black.black_share == 1.0
    assert black.white_share == 0.0
    assert black.median_stops < -10
    assert white.white_share == 1.0
    assert white.black_share == 0.0
    assert white.median_stops == pytest.approx(0.0, abs=0.01)
    assert black.dark_logit > 0 > black.overexposed_logit
    assert white.overexposed_logit > 0 > white.dark_logit


def test_the_light_of_the_sharpest_part_is_measured_there() -> None:
    luma = np.full((160, 320), 20, np.uint8)
    luma[:64, :128] = 200
    focus_map = _draw_map(10, 20, sharp=(slice(0, 3), slice(0, 6)))
    assert (cut_sharpest(luma, focus_map) == 200).all()
    scores = measure_exposure(luma, focus_map, NETWORK)
    assert scores.subject_stops > scores.median_stops + 4


def test_what_the_raw_file_holds_is_kept() -> None:
    assert _measure(_expose(0)).sensor_white_share is None
    assert _measure(_expose(0), sensor_white_share=0.02).sensor_white_share == 0.02


def test_the_network_reads_a_square_of_any_photo() -> None:
    luma = np.tile(np.arange(0, 256, dtype=np.uint8).repeat(2), (128, 1))
    square = squeeze_luma(luma)
    assert square.shape == (SQUARE_PX, SQUARE_PX)
    assert square.mean() == pytest.approx(luma.mean(), abs=1)
    assert np.array_equal(square, squeeze_luma(np.repeat(luma, 2, axis=0)))


def test_statistics_are_finite_and_rise_with_light() -> None:
    series = [describe_light(_expose(stops), _expose(stops)[:64]) for stops in (-9, -3, 0, 3, 9)]
    for each in series:
        assert each.shape == (NUM_STATISTICS,)
        assert np.isfinite(each).all()
        assert np.abs(each).max() <= 2
    for darker, brighter in pairwise(series):
        assert (darker[:10] <= brighter[:10]).all()


def test_a_network_that_has_measured_can_be_sent_elsewhere() -> None:
    scores = _measure(_expose(0))
    copy: ExposureNetwork = pickle.loads(pickle.dumps(NETWORK))
    square = squeeze_luma(_expose(0))
    statistics = describe_light(_expose(0), _expose(0)[:64])
    assert copy.measure(square, statistics) == NETWORK.measure(square, statistics)
    assert np.isfinite([scores.error_stops, scores.dark_logit, scores.overexposed_logit]).all()
