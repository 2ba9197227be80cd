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


def _draw_plain_camera() -> cameras.Camera:
    """Draw a camera without noise, tone curve, scaling, noise reduction, sharpening and JPEG."""
    return replace(
        cameras.draw_camera(rng=_rng(5)), gain_stops=0.0, shot_noise=0.0, read_noise=0.0,
        noise_grain_px=0.0, gamma=1.0, contrast=0.0, scale=1.0, has_median=False, smear_levels=0.0,
        sharpen_percent=0.0, jpeg_qualities=(),
    )  # fmt: skip


@pytest.mark.parametrize("grain_px", [0.0, 1.0])
def test_grain_is_as_strong_as_asked_for_and_fades_on_film(grain_px: float) -> None:
    camera = replace(_draw_plain_camera(), grain_levels=12.0, noise_grain_px=grain_px)
    middle, bright = np.full((128, 128), 0.21, np.float32), np.full((128, 128), 0.7, np.float32)
    deviations = {
        is_film: [
            cameras.photograph(light, replace(camera, is_film=is_film), rng=_rng(1)).std()
            for light in (middle, bright)
        ]
        for is_film in (False, True)
    }
    assert deviations[False] == pytest.approx([12.0, 12.0], rel=0.1)
    assert deviations[True][0] == pytest.approx(12.0, rel=0.1)
    assert deviations[True][1] < 7.0


def test_as_many_pictures_have_grain_as_asked_for() -> None:
    rng = _rng()
    drawn = [cameras.draw_camera(grain_share=0.3, rng=rng) for _ in range(400)]
    assert 80 < sum(camera.grain_levels > 0 for camera in drawn) < 160
    assert not any(cameras.draw_camera(rng=rng).grain_levels for _ in range(50))


def test_smearing_removes_noise_and_keeps_edges() -> None:
    plain = replace(_draw_plain_camera(), read_noise=0.01)
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
