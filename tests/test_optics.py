"""Kernels have the size that is asked for, and blur is what an ideal lens would do."""

from __future__ import annotations

import numpy as np
import pytest

from clearshot import optics


def _axes(kernel: np.ndarray) -> tuple[float, float]:
    """Give the standard deviations along the shortest and the longest axis [px]."""
    variances = np.linalg.eigvalsh(optics.measure_covariance(kernel))
    return float(np.sqrt(variances[0])), float(np.sqrt(variances[1]))


@pytest.mark.parametrize("sigma_px", [0.6, 1.0, 2.5, 8.0])
def test_every_kernel_has_the_sigma_asked_for(sigma_px: float) -> None:
    rng = np.random.default_rng(3)
    # Drawing on the pixel grid adds at most a quarter of a pixel's square.
    grid = 0.25
    for kernel in (
        optics.draw_gaussian(sigma_px),
        optics.draw_disc(sigma_px),
        optics.draw_line(sigma_px, angle_rad=0.7),
        optics.draw_line(sigma_px, angle_rad=0.7, held_part=0.5),
        *(optics.draw_shake(sigma_px, rng=rng) for _ in range(12)),
    ):
        _, longest = _axes(kernel)
        assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
        assert abs(longest**2 - sigma_px**2) < grid + 0.02 * sigma_px**2


def test_a_line_is_long_in_its_own_direction_only() -> None:
    kernel = optics.draw_line(5.0, angle_rad=np.pi / 2)
    covariance = optics.measure_covariance(kernel)
    assert np.sqrt(covariance[1, 1]) == pytest.approx(5.0, rel=0.02)
    assert np.sqrt(covariance[0, 0]) < 0.6


def test_a_late_movement_leaves_a_dot_with_a_tail() -> None:
    steady = optics.draw_line(5.0, angle_rad=0.0)
    late = optics.draw_line(5.0, angle_rad=0.0, held_part=0.5)
    # Two pixels hold the dot, which may fall between them.
    brightest = np.sort(late.sum(axis=0))[::-1]
    assert brightest[:2].sum() == pytest.approx(0.5, abs=0.06)
    assert np.sort(steady.sum(axis=0))[::-1][:2].sum() < 0.2


def test_some_shakes_hold_still_for_a_while() -> None:
    rng = np.random.default_rng(1)
    peaks = np.array([optics.draw_shake(6.0, rng=rng).max() for _ in range(200)])
    assert 0.1 < (peaks > 0.12).mean() < 0.6


def test_large_shakes_leave_no_dots() -> None:
    rng = np.random.default_rng(2)
    is_whole = []
    for _ in range(40):
        kernel = optics.draw_shake(60.0, rng=rng)
        for axis in (0, 1):
            hit = np.flatnonzero(kernel.sum(axis=axis))
            is_whole.append(len(hit) == hit[-1] - hit[0] + 1)
    # Those of a few moments are dots on purpose.
    assert np.mean(is_whole) > 0.7


def test_variances_add_when_kernels_are_combined() -> None:
    both = optics.combine(optics.draw_gaussian(2.0), optics.draw_line(3.0, angle_rad=0.0))
    covariance = optics.measure_covariance(both)
    assert covariance[0, 0] == pytest.approx(4.0 + 9.0, abs=0.4)
    assert covariance[1, 1] == pytest.approx(4.0, abs=0.4)


def test_blur_keeps_light_and_a_flat_plane() -> None:
    kernel = optics.draw_disc(3.0, num_blades=6, angle_rad=0.3)
    flat = np.full((40, 50), 0.25, np.float32)
    assert np.allclose(optics.blur(flat, kernel), flat, atol=1e-6)
    lamp = np.zeros((61, 61), np.float32)
    lamp[30, 30] = 10.0
    blurred = optics.blur(lamp, kernel)
    assert blurred.sum() == pytest.approx(10.0, rel=1e-4)
    assert blurred.min() >= 0.0
    assert blurred[30, 30] > blurred[30, 40]


def test_blur_equals_direct_convolution() -> None:
    rng = np.random.default_rng(0)
    plane = rng.random((17, 23)).astype(np.float32)
    kernel = optics.draw_line(1.2, angle_rad=0.4)
    radius = kernel.shape[0] // 2
    padded = np.pad(plane, radius, mode="symmetric")
    expected = np.zeros_like(plane)
    for row in range(kernel.shape[0]):
        for col in range(kernel.shape[1]):
            # A convolution reads the kernel backwards.
            weight = kernel[kernel.shape[0] - 1 - row, kernel.shape[1] - 1 - col]
            expected += weight * padded[row : row + 17, col : col + 23]
    assert np.allclose(optics.blur(plane, kernel), expected, atol=1e-5)


def test_light_and_code_are_inverse() -> None:
    code = np.linspace(0, 1, 256)
    assert np.allclose(optics.to_encoded(optics.to_linear(code)), code, atol=1e-5)
    assert optics.to_linear(np.array([0.5]))[0] == pytest.approx(0.2140, abs=1e-4)
