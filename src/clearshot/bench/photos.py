"""Photos as large cameras write them, for timing: real detail, sensor noise, 6 to 15 MB.

They are put together of sample photos that ship inside scikit-image, enlarged and grained.
Letters in shapes: H rows, W columns.
"""

from __future__ import annotations

import os
import shutil
import struct
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageOps

from clearshot.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# Width and height of a photo [px] by its megapixels: a camera of 24 MP and one of 45 MP.
SIZES_PX: Final = {24: (6000, 4000), 45: (8256, 5504)}

# How the photos of one size are compressed: quality, and horizontal and vertical steps of colour.
_COMPRESSIONS: Final = ((88, "4:2:0"), (91, "4:2:2"), (93, "4:2:0"), (95, "4:2:2"))

# Types of the entries in a file's table of pictures: the photo, and a preview of about 2 MP.
_PRIMARY_TYPE, _PREVIEW_TYPE = 0x030000, 0x010002
# The end of one JPEG and the start of the next.
_NEXT_PICTURE: Final = b"\xff\xd9\xff\xd8"
_PREVIEW_PX: Final = (1620, 1080)

_SAMPLES: Final = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "gravel.png")
_TILE_PX: Final = (1500, 1200)
_MIN_ENLARGED, _MAX_ENLARGED = 1.5, 3.0
# Standard deviation of the grain [levels of 255]: a large sensor at ISO 800.
_GRAIN_LEVELS: Final = 3.0


def write_photos(
    folder: Path,
    megapixels: int,
    num_photos: int,
    *,
    num_distinct: int = 4,
    has_previews: bool = False,
    progress: Callable[[int, int], None] = lambda num_done, num_total: None,
) -> None:
    """Write photos of one size, `0000.jpg` and so on; files that are there are kept.

    Parameters
    ----------
    folder : Path
        Where to; it is made if it is missing.
    megapixels : int
        A key of `SIZES_PX`.
    num_photos : int
        How many files.
    num_distinct : int
        How many of them are drawn, >= 1; the others are links to these, or copies where the disk
        knows no links.
    has_previews : bool
        Whether each photo has a large preview behind it.
    progress : callable
        Called with the number of photos that are there, and of all.

    Raises
    ------
    MissingExtraError
        If scikit-image is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(num_photos):
        target = folder / f"{number:04}.jpg"
        if not target.exists() and number < num_distinct:
            draw_photo(target, megapixels, seed=number, has_preview=has_previews)
        elif not target.exists():
            _link(folder / f"{number % num_distinct:04}.jpg", target)
        progress(number + 1, num_photos)


def draw_photo(target: Path, megapixels: int, *, seed: int, has_preview: bool = False) -> None:
    """Draw one photo.

    Parameters
    ----------
    target : Path
        The JPEG file to write.
    megapixels : int
        A key of `SIZES_PX`.
    seed : int
        Chooses content and compression, >= 0.
    has_preview : bool
        Whether it has a large preview behind it.

    Raises
    ------
    MissingExtraError
        If scikit-image is missing.
    """
    width, height = SIZES_PX[megapixels]
    rng = np.random.default_rng(seed)
    samples = _read_samples()
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, _TILE_PX[1]):
        for left in range(0, width, _TILE_PX[0]):
            sample = samples[int(rng.integers(len(samples)))]
            picture.paste(_cut_tile(sample, rng=rng), (left, top))
    grained = Image.fromarray(_add_grain(np.asarray(picture), rng=rng))
    quality, subsampling = _COMPRESSIONS[seed % len(_COMPRESSIONS)]
    if has_preview:
        preview = grained.resize(_PREVIEW_PX, Image.Resampling.LANCZOS)
        write_with_preview(target, grained, preview, quality=quality, subsampling=subsampling)
    else:
        grained.save(target, quality=quality, subsampling=subsampling)


def write_with_preview(
    target: Path, photo: Image.Image, preview: Image.Image, **options: Any
) -> None:
    """Write a photo with a large preview behind it, as many cameras do.

    Parameters
    ----------
    target : Path
        The JPEG file to write.
    photo, preview : PIL.Image.Image
        Both in colour.
    **options
        Pillow's for JPEG.
    """
    photo.save(target, "MPO", save_all=True, append_images=[preview], **options)
    content = bytearray(target.read_bytes())
    length = content.index(_NEXT_PICTURE) + 2
    # Pillow leaves the type of the second entry open; entries have 16 bytes.
    table = content.index(struct.pack("<LL", _PRIMARY_TYPE, length))
    content[table + 16 : table + 20] = struct.pack("<L", _PREVIEW_TYPE)
    target.write_bytes(content)


def _read_samples() -> list[Image.Image]:
    try:
        folder = resources.files("skimage") / "data"
    except ModuleNotFoundError as error:
        message = "the benchmark needs scikit-image: pip install 'clearshot[bench]'"
        raise MissingExtraError(message) from error
    samples = []
    for name in _SAMPLES:
        with (folder / name).open("rb") as file, Image.open(file) as picture:
            samples.append(picture.convert("RGB"))
    return samples


def _cut_tile(sample: Image.Image, *, rng: np.random.Generator) -> Image.Image:
    """Enlarge a part of a sample to a tile; half of them are mirrored."""
    enlarged = rng.uniform(_MIN_ENLARGED, _MAX_ENLARGED)
    width, height = (
        min(side, round(tile / enlarged)) for side, tile in zip(sample.size, _TILE_PX, strict=True)
    )
    left = int(rng.integers(sample.width - width + 1))
    top = int(rng.integers(sample.height - height + 1))
    box = (left, top, left + width, top + height)
    tile = sample.resize(_TILE_PX, Image.Resampling.BICUBIC, box)
    return ImageOps.mirror(tile) if rng.random() < 0.5 else tile


def _add_grain(rgb_hwc: NDArray[np.uint8], *, rng: np.random.Generator) -> NDArray[np.uint8]:
    grain = rng.standard_normal((*rgb_hwc.shape[:2], 1), dtype=np.float32) * _GRAIN_LEVELS
    return np.clip(rgb_hwc + grain + 0.5, 0, 255).astype(np.uint8)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
