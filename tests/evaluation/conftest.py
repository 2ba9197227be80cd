"""Drawn photos in labelled folders, and a real measuring object for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from clearshot.decode.image import decode
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.results import Measures
from clearshot.photo import Failure, Label

Measure = Callable[[Iterable[LabelledPhoto]], dict[Path, Measures | Failure]]


@pytest.fixture(scope="session")
def measure() -> Measure:
    """Measure how little neighbouring pixels differ, and the mean light."""
    return lambda photos: {photo.path: measure_photo(photo.path) for photo in photos}


def measure_photo(path: Path) -> Measures:
    luma = decode(path).luma_hw.astype(np.float64)
    center, cross = luma[1:-1, 1:-1], luma[1:-1, :-2] + luma[1:-1, 2:] + luma[:-2, 1:-1]
    variance = (cross + luma[2:, 1:-1] - 4 * center).var()
    return {
        Label.BLURRY: -float(np.log2(1 + variance)),
        Label.DARK: -float(luma.mean()),
        Label.OVEREXPOSED: float(luma.mean()),
    }


def draw_photo(path: Path, *, seed: int, blur_px: float = 0.0, gain: float = 1.0) -> None:
    """Draw rectangles and a little noise, blur them, and expose them."""
    rng = np.random.default_rng(seed)
    luma = np.full((96, 128), 110.0)
    for _ in range(25):
        y, x = rng.integers(0, 88), rng.integers(0, 120)
        luma[y : y + rng.integers(4, 40), x : x + rng.integers(4, 40)] = rng.integers(40, 190)
    pixels = np.clip(luma * gain + rng.normal(0, 1.0, luma.shape), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(blur_px)).save(path, quality=92)


@pytest.fixture(scope="session")
def drawn_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a set of two cameras with all labels, and a third with clear photos only."""
    root = tmp_path_factory.mktemp("drawn")
    for i, camera in enumerate(["phone", "reflex"]):
        for n in range(8):
            seed = 100 * i + n
            draw_photo(root / "clear" / camera / f"{n}.jpg", seed=seed)
            draw_photo(root / "blurred" / camera / f"{n}.jpg", seed=seed, blur_px=0.5 + 0.3 * n)
            draw_photo(root / "dark" / camera / f"{n}.jpg", seed=seed, gain=0.1)
            draw_photo(root / "overexposed" / camera / f"{n}.jpg", seed=seed, gain=2.5)
    for n in range(5):
        draw_photo(root / "bokeh" / "portraits" / f"{n}.jpg", seed=300 + n)
    return root
