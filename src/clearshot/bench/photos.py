"""Photos as large cameras write them, for timing: real detail, sensor noise, 4 to 17 MB.

They are put together of the package's sample photos, enlarged and grained.
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
from PIL.TiffImagePlugin import IFDRational

from clearshot.errors import InputError, describe_cause

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# Width and height of the photos of common cameras [px] by their megapixels.
SIZES_PX: Final = {24: (6000, 4000), 45: (8256, 5504)}

# What a camera writes about a photo, by the number of its field in EXIF: first of the photo, then
# of the exposure. Of a maker's note, which is mostly secret, there is none.
_FACTS: Final[dict[int, Any]] = {
    0x010E: " " * 31, 0x010F: "Clearshot", 0x0110: "Drawn photo", 0x0112: 1, 0x011A: 350.0,
    0x011B: 350.0, 0x0128: 2, 0x0131: "1.00", 0x0132: "2026:05:09 14:30:00", 0x0213: 2,
}  # fmt: skip
_EXPOSURE: Final[dict[int, Any]] = {
    0x829A: 0.004, 0x829D: 2.8, 0x8822: 3, 0x8827: 800, 0x8830: 2, 0x8832: 800, 0x9000: b"0232",
    0x9003: "2026:05:09 14:30:00", 0x9004: "2026:05:09 14:30:00", 0x9010: "+02:00",
    0x9011: "+02:00", 0x9012: "+02:00", 0x9101: b"\1\2\3\0", 0x9102: 2.0, 0x9203: 5.5, 0x9204: 0.0,
    0x9205: 2.96875, 0x9207: 5, 0x9208: 0, 0x9209: 16, 0x920A: 85.0, 0xA000: b"0100", 0xA001: 1,
    0xA300: b"\3", 0xA301: b"\1", 0xA401: 0, 0xA402: 0, 0xA403: 0, 0xA404: 1.0, 0xA405: 85,
    0xA406: 0, 0xA408: 0, 0xA409: 0, 0xA40A: 0, 0xA432: (85.0, 85.0, 1.4, 1.4), 0xA434: "85mm F1.4",
}  # fmt: skip
_EXPOSURE_IFD: Final = 0x8769

# How the photos of one size are compressed: quality, and horizontal and vertical steps of colour.
_COMPRESSIONS: Final = ((88, "4:2:0"), (91, "4:2:2"), (93, "4:2:0"), (95, "4:2:2"))

# Types of the entries in a file's table of pictures: the photo, and a preview of about 2 MP.
_PRIMARY_TYPE, _PREVIEW_TYPE = 0x030000, 0x010002
# The end of one JPEG and the start of the next.
_NEXT_PICTURE: Final = b"\xff\xd9\xff\xd8"
_PREVIEW_PX: Final = (1620, 1080)

_SAMPLES: Final = ("astronaut.webp", "coffee.webp", "cat.webp", "rocket.jpg")
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
        Size of a photo, >= 1.
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
    InputError
        If they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(num_photos):
            target = folder / f"{number:04}.jpg"
            if not target.exists():
                # Under another name until it is whole: what is there is kept, a part never.
                part = target.with_suffix(".part")
                part.unlink(missing_ok=True)
                if number < num_distinct:
                    draw_photo(part, megapixels, seed=number, has_preview=has_previews)
                else:
                    _link(folder / f"{number % num_distinct:04}.jpg", part)
                part.replace(target)
            progress(number + 1, num_photos)
    except OSError as error:
        message = f"the drawn photos cannot be written: {describe_cause(error)}"
        raise InputError(message, path=folder) from error


def draw_photo(target: Path, megapixels: int, *, seed: int, has_preview: bool = False) -> None:
    """Draw one photo.

    Parameters
    ----------
    target : Path
        The JPEG file to write.
    megapixels : int
        Size of a photo, >= 1.
    seed : int
        Chooses content and compression, >= 0.
    has_preview : bool
        Whether it has a large preview behind it.
    """
    width, height = find_size(megapixels)
    rng = np.random.default_rng(seed)
    samples = _read_samples()
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, _TILE_PX[1]):
        for left in range(0, width, _TILE_PX[0]):
            sample = samples[int(rng.integers(len(samples)))]
            picture.paste(_cut_tile(sample, rng=rng), (left, top))
    grained = Image.fromarray(_add_grain(np.asarray(picture), rng=rng))
    quality, subsampling = _COMPRESSIONS[seed % len(_COMPRESSIONS)]
    options: dict[str, Any] = {"quality": quality, "subsampling": subsampling}
    options["exif"] = _write_facts()
    if has_preview:
        preview = grained.resize(_PREVIEW_PX, Image.Resampling.LANCZOS)
        write_with_preview(target, grained, preview, **options)
    else:
        grained.save(target, "JPEG", **options)


def find_size(megapixels: int) -> tuple[int, int]:
    """Tell how large a photo is.

    Parameters
    ----------
    megapixels : int
        As the camera's maker counts them, >= 1.

    Returns
    -------
    tuple of int
        Width and height [px]: those of a common camera where one is known, else 3 : 2.
    """
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    return SIZES_PX.get(megapixels, (round(1.5 * height), height))


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


def _write_facts() -> bytes:
    exif = Image.Exif()
    for fields, target in ((_FACTS, exif), (_EXPOSURE, exif.get_ifd(_EXPOSURE_IFD))):
        target.update({field: _to_fractions(value) for field, value in fields.items()})
    return exif.tobytes()


def _to_fractions(value: Any) -> Any:
    """Make fractions of the numbers that EXIF holds as such."""
    if isinstance(value, tuple):
        return tuple(_to_fractions(each) for each in value)
    return IFDRational(round(value * 1e6), 1_000_000) if isinstance(value, float) else value


def _read_samples() -> list[Image.Image]:
    folder = resources.files("clearshot") / "samples"
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
