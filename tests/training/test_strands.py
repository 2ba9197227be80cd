"""Drawn fur is sharp, keeps to its ground and leaves the rest of a photo alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clearshot import optics
from clearshot.training import strands
from clearshot.training.softness import measure_softness
from clearshot.training.structure import find_lines, measure_structure

_PELT = strands.Coat(
    length_px=24.0,
    width_px=1.2,
    cover=4.0,
    angle_rad=0.0,
    waves=3,
    bend_rad=0.0,
    stray_rad=0.05,
    contrast=0.4,
    shade=0.5,
)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _grey(side_px: int = 192) -> np.ndarray:
    return np.full((side_px, side_px), 0.2, np.float32)


def _encode(linear: np.ndarray) -> np.ndarray:
    return np.round(np.clip(optics.to_encoded(linear), 0, 1) * 255).astype(np.uint8)


def test_a_coat_keeps_size_and_gives_light() -> None:
    for seed in range(12):
        rng = _rng(seed)
        furry = strands.grow(
            _grey(96), np.ones((96, 96), np.float32), strands.draw_coat(rng=rng), rng=rng
        )
        assert furry.shape == (96, 96)
        assert np.isfinite(furry).all()
        assert furry.min() >= 0


def test_a_coat_is_sharp_and_blur_shows_on_it() -> None:
    furry = strands.grow(_grey(), np.ones((192, 192), np.float32), _PELT, rng=_rng(1))
    softness = [float(np.median(measure_softness(_encode(furry))))]
    for sigma_px in (1.0, 2.0):
        blurred = optics.blur(furry, optics.draw_gaussian(sigma_px))
        softness.append(float(np.median(measure_softness(_encode(blurred)))))
    assert softness[0] < 1.0
    assert softness == sorted(softness)


@pytest.mark.parametrize("angle_rad", [0.0, 0.7, -1.1])
def test_strands_run_as_they_are_told(angle_rad: float) -> None:
    coat = replace(_PELT, angle_rad=angle_rad)
    furry = strands.grow(_grey(), np.ones((192, 192), np.float32), coat, rng=_rng(2))
    coherence, direction = find_lines(measure_structure(_encode(furry)))
    assert coherence > 0.5
    # Pixels pull what runs steeply towards the diagonal.
    assert abs(direction - angle_rad) < 0.25


def test_what_no_strand_reaches_stays_as_it_was() -> None:
    photo = _rng(3).uniform(0.05, 0.9, (192, 192)).astype(np.float32)
    ground = np.zeros((192, 192), np.float32)
    ground[:, :40] = 1
    coat = replace(_PELT, length_px=8.0)
    furry = strands.grow(photo, ground, coat, rng=_rng(4))
    # Loose hair, if any, is thin: most of what is far away does not change at all.
    same = np.isclose(furry[:, 80:], photo[:, 80:], rtol=1e-5)
    assert same.mean() > 0.9
    assert not np.isclose(furry[:, :40], photo[:, :40]).any(axis=1).all()


def test_a_coat_keeps_what_is_light_and_dark() -> None:
    photo = _grey()
    photo[:, 96:] = 0.8
    furry = strands.grow(photo, np.ones_like(photo), _PELT, rng=_rng(5))
    assert furry[:, 120:].mean() > 2 * furry[:, :72].mean()


def test_no_ground_changes_nothing() -> None:
    photo = _rng(6).uniform(0, 1, (64, 80)).astype(np.float32)
    furry = strands.grow(photo, np.zeros_like(photo), _PELT, rng=_rng(7))
    np.testing.assert_allclose(furry, photo, atol=1e-6)
