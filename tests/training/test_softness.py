"""Softness is the blur that was applied, and nothing where nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clearshot import optics
from clearshot.decode.image import read_luma
from clearshot.training.softness import measure_softness

if TYPE_CHECKING:
    from pathlib import Path


def test_softness_finds_the_blur_that_was_applied(clear_photos: Path) -> None:
    luma = np.asarray(read_luma(clear_photos / "scene0.jpg"))
    medians = []
    for sigma_px in (0.0, 1.0, 2.0, 4.0):
        blurred = luma
        if sigma_px:
            light = optics.blur(optics.to_linear(luma / 255), optics.draw_gaussian(sigma_px))
            blurred = np.round(optics.to_encoded(light) * 255).astype(np.uint8)
        medians.append(float(np.median(measure_softness(blurred))))
    assert medians == sorted(medians)
    assert medians[0] < 0.5
    assert 0.5 < medians[2] / 2.0 < 1.5
    assert measure_softness(np.full((64, 64), 90, np.uint8)).max() == 0.0
