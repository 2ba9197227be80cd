"""Simple measures of light go up with what they measure."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.evaluation.light import LIGHT_METRICS, LightDetector
from clearshot.photo import Label

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("metric", LIGHT_METRICS)
def test_less_light_is_darker(metric: str) -> None:
    ramp = np.tile(np.arange(256), (64, 1))
    planes = [np.clip(ramp + shift, 0, 255).astype(np.uint8) for shift in (-200, -100, 0, 100, 200)]
    series = [LIGHT_METRICS[metric](plane) for plane in planes]
    for darker, brighter in pairwise(series):
        assert darker[Label.DARK] >= brighter[Label.DARK]
        assert darker[Label.OVEREXPOSED] <= brighter[Label.OVEREXPOSED]
    assert series[0][Label.DARK] > series[-1][Label.DARK]
    assert series[0][Label.OVEREXPOSED] < series[-1][Label.OVEREXPOSED]


@pytest.mark.parametrize("metric", LIGHT_METRICS)
def test_a_detector_measures_a_file_and_can_be_sent_elsewhere(metric: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((80, 96), 255, np.uint8)).save(path)
    detector: LightDetector = pickle.loads(pickle.dumps(LightDetector("row", metric)))
    measures = detector.score(path)
    assert set(measures) == detector.labels == {Label.DARK, Label.OVEREXPOSED}
    assert detector.shipped.keys() <= detector.labels
    assert measures[Label.OVEREXPOSED] >= detector.shipped[Label.OVEREXPOSED]
