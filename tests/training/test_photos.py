"""Whole synthetic photos have the blur that their label says, in every kind of scene."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.image import CELL_PX
from clearshot.training.config import FocusConfig
from clearshot.training.patches import measure_softness, read_luma
from clearshot.training.photos import GRIDS, SCENES, draw_photo

CONFIG = FocusConfig()


@pytest.mark.parametrize("size", [(512, 512), (512, 384), (1400, 933), (263, 300), (900, 1300)])
def test_every_photo_fills_a_grid(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, size[::-1], dtype=np.uint8))
    for seed in range(12):
        luma, log2_sigma, scene = draw_photo(photo, CONFIG, rng=np.random.default_rng(seed))
        assert tuple(n // CELL_PX for n in luma.shape) in GRIDS
        assert luma.shape[0] % CELL_PX == luma.shape[1] % CELL_PX == 0
        assert np.log2(0.3) < log2_sigma < np.log2(40)
        assert scene in SCENES


def test_labels_follow_the_scene_and_the_pixels(clear_photos: Path) -> None:
    photo = read_luma(clear_photos / "scene1.jpg")
    drawn = [draw_photo(photo, CONFIG, rng=np.random.default_rng(seed)) for seed in range(60)]
    sharp = [(luma, sigma) for luma, sigma, scene in drawn if scene in {"clear", "bokeh"}]
    blurred = [(luma, s) for luma, s, scene in drawn if scene == "blurred" and s > np.log2(2.5)]
    assert sharp
    assert blurred
    assert max(sigma for _, sigma in sharp) < np.log2(1.3)

    def measure_sharpest(luma: np.ndarray) -> float:
        softness = measure_softness(luma)
        return float(np.quantile(softness[softness > 0], 0.05)) if (softness > 0).any() else 0.0

    softest_sharp = np.median([measure_sharpest(luma) for luma, _ in sharp])
    assert softest_sharp < np.median([measure_sharpest(luma) for luma, _ in blurred])


def test_the_same_seed_draws_the_same_photo(clear_photos: Path) -> None:
    photo = read_luma(clear_photos / "scene2.jpg")
    first, again = (draw_photo(photo, CONFIG, rng=np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert first[1:] == again[1:]
