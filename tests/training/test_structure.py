"""Lines are found where they are, in the direction in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from clearshot.training.structure import find_lines, measure_structure

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _draw_stripes(angle_rad: float) -> NDArray[np.uint8]:
    y, x = np.mgrid[:128, :160].astype(float)
    across = -x * np.sin(angle_rad) + y * np.cos(angle_rad)
    return np.asarray(np.round(120 + 100 * np.sin(across / 2)), dtype=np.uint8)


@pytest.mark.parametrize("angle_rad", [-1.2, -0.7, 0.0, 0.4, 1.5])
def test_the_direction_is_that_of_the_lines(angle_rad: float) -> None:
    coherence, direction = find_lines(measure_structure(_draw_stripes(angle_rad)))
    assert coherence > 0.95
    assert direction == pytest.approx(angle_rad, abs=0.05)


def test_noise_runs_nowhere() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 160)).astype(np.uint8)
    assert find_lines(measure_structure(noise))[0] < 0.1


def test_nothing_to_see_has_no_lines() -> None:
    structure = measure_structure(np.full((70, 50), 90, np.uint8))
    assert structure.shape == (3, 4, 3)
    assert find_lines(structure)[0] == 0.0
