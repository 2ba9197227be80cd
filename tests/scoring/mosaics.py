"""Large pictures that are sharp pixel by pixel, made of sample photos, for tests at 100 %."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clearshot import optics


def draw_mosaic(name: str, *, width: int = 1280, height: int = 848) -> NDArray[np.float32]:
    """Tile a sample photo of scikit-image at half its size, mirrored; linear light, (H, W)."""
    data = pytest.importorskip("skimage.data", reason="the extra `bench` is not installed")
    tile = np.asarray(Image.fromarray(getattr(data, name)()).convert("L").reduce(2))
    row = np.concatenate([tile, tile[:, ::-1]], axis=1)
    block = np.concatenate([row, row[::-1]], axis=0)
    times = (-(-height // block.shape[0]), -(-width // block.shape[1]))
    return optics.to_linear(np.tile(block, times)[:height, :width] / 255).astype(np.float32)


def to_picture(light_hw: NDArray[np.float32]) -> Image.Image:
    """Encode linear light as a grey picture."""
    encoded = optics.to_encoded(np.clip(light_hw, 0, 1))
    return Image.fromarray(np.round(encoded * 255).astype(np.uint8))
