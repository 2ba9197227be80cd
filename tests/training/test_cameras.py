"""A camera finishes what it is given, always in the same way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clearshot.training import cameras


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(8))
def test_a_finished_file_has_the_promised_size_and_is_seeded(seed: int) -> None:
    camera = cameras.draw_camera(rng=_rng(seed))
    plane = np.full((96, 128), 0.3, np.float32)
    first = cameras.photograph(plane, camera, rng=_rng(seed))
    again = cameras.photograph(plane, camera, rng=_rng(seed))
    assert first.dtype == np.uint8
    assert first.shape == (round(96 * camera.scale), round(128 * camera.scale))
    assert np.array_equal(first, again)


def test_smearing_removes_noise_and_keeps_edges() -> None:
    plain = cameras.draw_camera(rng=_rng(5))
    plain = replace(
        plain, gain_stops=0.0, shot_noise=0.0, read_noise=0.01, noise_grain_px=0.0, gamma=1.0,
        contrast=0.0, scale=1.0, has_median=False, smear_levels=0.0, sharpen_percent=0.0,
        jpeg_qualities=(),
    )  # fmt: skip
    light = np.full((64, 64), 0.05, np.float32)
    light[:, 32:] = 0.6
    noisy = cameras.photograph(light, plain, rng=_rng(1)).astype(float)
    smeared = cameras.photograph(light, replace(plain, smear_levels=25.0), rng=_rng(1)).astype(
        float
    )
    assert smeared[:, :28].std() < 0.5 * noisy[:, :28].std()
    assert (
        np.abs(np.diff(smeared.mean(axis=0))).max()
        > 0.9 * np.abs(np.diff(noisy.mean(axis=0))).max()
    )
