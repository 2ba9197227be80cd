"""What spoils a photo is physical: blur has a known size, cameras only lose detail."""

from __future__ import annotations

import numpy as np
import pytest

from clearshot import optics
from clearshot.training import degrade


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_labels_are_ordered_and_scale_with_the_picture() -> None:
    blur = degrade.draw_blur(4.0, rng=_rng(2))
    label, half = blur.log2_sigmas(), blur.log2_sigmas(0.5)
    assert label[4] == pytest.approx(label.max(), abs=1e-4) or label[4] > label[:4].max()
    assert label[4] - half[4] == pytest.approx(1.0, abs=0.05)
    sharp = degrade.no_blur().log2_sigmas()
    assert np.allclose(2.0**sharp, degrade.PIXEL_SIGMA_PX)


def test_a_horizontal_line_blurs_along_x_only() -> None:
    kernel = optics.draw_line(4.0, angle_rad=0.0)
    blur = degrade.Blur(kernel, optics.measure_covariance(kernel))
    along_x, diagonal, along_y, _, longest = 2.0 ** blur.log2_sigmas()
    assert along_x == pytest.approx(longest, rel=1e-3)
    assert along_y < 0.7
    assert along_y < diagonal < along_x


def test_highlights_rise_above_white_and_nothing_turns_negative() -> None:
    plane = optics.to_linear(np.linspace(0, 1, 128 * 128).reshape(128, 128))
    peaks = []
    for seed in range(20):
        light = degrade.relight(plane, rng=_rng(seed))
        assert light.min() >= 0
        assert np.isfinite(light).all()
        peaks.append(float(light.max()))
    assert max(peaks) > 4


@pytest.mark.parametrize("seed", range(8))
def test_a_finished_file_has_the_promised_size_and_is_seeded(seed: int) -> None:
    camera = degrade.draw_camera(rng=_rng(seed))
    plane = np.full((96, 128), 0.3, np.float32)
    first = degrade.photograph(plane, camera, rng=_rng(seed))
    again = degrade.photograph(plane, camera, rng=_rng(seed))
    assert first.dtype == np.uint8
    assert first.shape == (round(96 * camera.scale), round(128 * camera.scale))
    assert np.array_equal(first, again)


def test_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind of blur 'fog'"):
        degrade.draw_kernel("fog", 2.0, rng=_rng())
