"""Time each stage of judging one photo on one core: decode, network, pooling, 100 %, verdict.

    python benchmarks/stages.py [PHOTO]

Without a photo, a 24 MP one is made from a drawn picture with detail and noise.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from clearshot.decode.image import decode
from clearshot.errors import PhotoError
from clearshot.scoring.exposure import ExposureNetwork, measure_exposure
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.native import measure_native_blur
from clearshot.scoring.pooling import pool
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable

_REPEATS = 15


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path)
    photo = parser.parse_args().photo
    with tempfile.TemporaryDirectory() as name:
        path = photo or draw_photo(Path(name) / "photo.jpg")
        try:
            image = decode(path)
        except PhotoError as error:
            parser.error(str(error))
        network, exposure = FocusNetwork(), ExposureNetwork()
        focus_map = network.measure(image.luma_hw)
        scores = Scorer().score(path)
        times = {
            "rgb_decode_ms": time_ms(lambda: np.asarray(Image.open(path).convert("RGB"))),
            "decode_ms": time_ms(lambda: decode(path)),
            "network_and_pooling_ms": time_ms(
                lambda: pool(network.measure(image.luma_hw), image.judged)
            ),
            "pooling_ms": time_ms(lambda: pool(focus_map, image.judged)),
            "sharp_at_full_ms": time_ms(
                lambda: measure_native_blur(path, focus_map, image.judged, network)
            ),
            "light_ms": time_ms(lambda: measure_exposure(image.luma_hw, focus_map, exposure)),
            "verdict_ms": time_ms(lambda: judge(scores)),
        }
        print(f"{image.width_px} x {image.height_px} px, {path.stat().st_size / 1e6:.1f} MB")
    for key, value in times.items():
        # Beside the decode, because a busy machine slows both.
        print(f"{key:24} {value:8.2f} {100 * value / times['decode_ms']:8.1f} % of decode")
    print(json.dumps(times))


def draw_photo(path: Path) -> Path:
    """Draw a 24 MP photo with detail at all sizes, as a JPEG of about 8 MB."""
    rng = np.random.default_rng(0)
    plane = np.zeros((4000, 6000), np.float32)
    for cell in (250, 50, 10, 2):
        grid = rng.normal(0, 12, (4000 // cell, 6000 // cell)).astype(np.float32)
        plane += np.kron(grid, np.ones((cell, cell), np.float32))
    rgb = np.stack([plane + 128 + offset for offset in (0, 10, -10)], axis=-1)
    Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


def time_ms(function: Callable[[], object]) -> float:
    """Give the median time of a call [ms], after one that warms up."""
    function()
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return round(1e3 * median(times), 2)


if __name__ == "__main__":
    main()
