"""Blur has a known size, in every direction, on both sides of a border."""

from __future__ import annotations

import numpy as np
import pytest

from clearshot import optics
from clearshot.training import kernels


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_labels_are_ordered_and_scale_with_the_picture() -> None:
    blur = kernels.draw_blur(4.0, rng=_rng(2))
    label, half = blur.log2_sigmas(), blur.log2_sigmas(0.5)
    assert label[4] >= label[:4].max() - 1e-4
    assert label[4] - half[4] == pytest.approx(1.0, abs=0.05)
    sharp = kernels.no_blur().log2_sigmas()
    assert np.allclose(2.0**sharp, kernels.PIXEL_SIGMA_PX)


def test_a_horizontal_line_blurs_along_x_only() -> None:
    kernel = optics.draw_line(4.0, angle_rad=0.0)
    blur = kernels.Blur(kernel, optics.measure_covariance(kernel))
    along_x, diagonal, along_y, _, longest = 2.0 ** blur.log2_sigmas()
    assert along_x == pytest.approx(longest, rel=1e-3)
    assert along_y < 0.7
    assert along_y < diagonal < along_x


def test_most_blurs_along_lines_are_movements_in_their_direction() -> None:
    def count(along_rad: float | None) -> float:
        blurs = [kernels.draw_blur(6.0, rng=_rng(seed), along_rad=along_rad) for seed in range(200)]
        labels = np.array([blur.log2_sigmas() for blur in blurs])
        return float((labels[:, 1] - labels[:, 3] > 1.0).mean())

    assert count(np.pi / 4) > 0.5
    assert count(None) < 0.2


def test_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind of blur 'fog'"):
        kernels.draw_kernel("fog", 2.0, rng=_rng())


def test_each_side_of_a_border_keeps_its_own_blur() -> None:
    light = np.kron(_rng(1).random((24, 24)), np.ones((4, 4))).astype(np.float32)
    mask = np.zeros_like(light)
    mask[:, :48] = 1.0
    kernel = optics.draw_gaussian(3.0)
    blurred = kernels.Blur(kernel, optics.measure_covariance(kernel))
    both = kernels.compose(light, mask, front=kernels.no_blur(), back=blurred)
    assert np.allclose(both[:, :48], light[:, :48], atol=1e-5)
    assert np.allclose(both[:, 48:], optics.blur(light, kernel)[:, 48:], atol=1e-5)
    # The outline of something blurred in front of something sharp is blurred too.
    turned = kernels.compose(np.ones_like(light), mask, front=blurred, back=kernels.no_blur())
    assert np.allclose(turned, 1.0, atol=1e-4)
