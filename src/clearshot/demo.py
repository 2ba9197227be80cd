"""A small library of good and spoilt photos to try clearshot on.

Five free photographs in the folder `samples` are spoilt the way a camera does it: blur and
exposure in linear light, then sensor noise, then JPEG. Letters in shapes: H rows, W columns.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from clearshot import optics
from clearshot.errors import InputError, describe_cause

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ORIGIN_NAME: Final = "ORIGIN.txt"

# Electrons that a pixel holds at white, and the sensor's own noise [electrons]: a small camera at
# ISO 100, and one at ISO 3200 where the light is four stops short.
_FULL_WELL, _READ_NOISE = 20_000.0, 4.0
_DIM_FULL_WELL, _DIM_READ_NOISE = 4_000.0, 8.0

_DARK_STOPS: Final = -4.0
_OVEREXPOSED_STOPS: Final = 3.5
_DEFOCUS_SIGMA_PX: Final = 3.2
_SHAKE_SIGMA_PX: Final = 4.5
# Least ratio of a shake's longest axis to its shortest.
_SHAKE_RATIO: Final = 3.0
_BACKGROUND_SIGMA_PX: Final = 4.5

# Lamps that the photo shows as white are many times brighter; a shaken camera draws their trails.
_LAMP_GAIN: Final = 12.0

_QUALITY: Final = 92

_Polygon = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """A photograph of the package and what the documentation of scikit-image says of its rights."""

    file: str
    title: str
    rights: str
    variants: tuple[str, ...]
    # Outlines of the subject [px], for a blurred background.
    subject: tuple[_Polygon, ...] = ()
    has_lamps: bool = False


# fmt: off
_SOURCES: Final = {
    "astronaut": _Source(
        "astronaut.webp", "Eileen Collins, NASA Great Images database",
        "no known copyright restrictions, released into the public domain",
        ("clear", "shaken", "dark", "blurred-background"),
        subject=((
            (153, 75), (165, 45), (190, 33), (215, 18), (245, 17), (275, 30), (297, 60), (301, 90),
            (290, 120), (275, 135), (262, 137), (256, 172), (280, 190), (300, 222), (305, 236),
            (325, 248), (345, 275), (358, 310), (363, 350), (400, 343), (440, 352), (475, 385),
            (495, 450), (508, 470), (508, 513), (14, 513), (25, 480), (19, 400), (27, 310),
            (42, 275), (63, 245), (90, 225), (113, 207), (114, 188), (128, 168), (150, 152),
            (182, 148), (177, 131), (160, 115), (153, 95),
        ),),
    ),
    "cat": _Source(
        "cat.webp", "Chelsea, by Stefan van der Walt",
        "CC0 by the photographer",
        ("clear", "out-of-focus", "shaken", "overexposed"),
    ),
    "coffee": _Source(
        "coffee.webp", "Coffee cup, by Rachel Michetti, courtesy of Pikolo Espresso Bar",
        "CC0 by the photographer",
        ("clear", "out-of-focus", "dark", "overexposed"),
    ),
    "photographer": _Source(
        "photographer.webp", "Photographer, by Lav Varshney",
        "CC0 by the photographer",
        ("clear", "out-of-focus", "shaken", "dark", "overexposed", "blurred-background"),
        subject=(
            (
                (-1, 252), (28, 224), (52, 186), (74, 147), (100, 130), (130, 123), (150, 106),
                (161, 104), (168, 85), (188, 68), (204, 63), (226, 68), (256, 89), (270, 110),
                (270, 130), (258, 134), (256, 141), (262, 142), (310, 138), (325, 139), (325, 150),
                (320, 158), (320, 168), (326, 168), (331, 178), (330, 196), (318, 218),
                (308, 226), (308, 246), (299, 248), (304, 274), (287, 285), (247, 312),
                (205, 294), (170, 345), (142, 380), (149, 513), (137, 513), (99, 447), (90, 513),
                (-1, 513),
            ),
            (
                (289, 200), (298, 200), (298, 312), (310, 316), (328, 302), (337, 301), (337, 308),
                (325, 309), (312, 322), (309, 330), (386, 474), (396, 480), (398, 492), (407, 513),
                (398, 513), (390, 493), (382, 485), (307, 338), (300, 346), (300, 486), (287, 486),
                (287, 334), (240, 485), (243, 500), (236, 513), (230, 513), (231, 486), (282, 331),
                (277, 329), (281, 314), (289, 312),
            ),
        ),
    ),
    "rocket": _Source(
        "rocket.jpg", "DSCOVR on Falcon 9 before its launch, by SpaceX",
        "released into the public domain by SpaceX",
        ("clear", "shaken"),
        has_lamps=True,
    ),
}
# fmt: on


def write_demo(folder: Path) -> tuple[Path, ...]:
    """Write the demo library.

    The same photos come out every time. Their names tell what was done to them, and `ORIGIN.txt`
    beside them tells where they come from.

    Parameters
    ----------
    folder : Path
        Where to; made if it is missing.

    Returns
    -------
    tuple of Path
        The photos, in order of name.

    Raises
    ------
    InputError
        If the folder has something in it, is a file, or cannot be written.
    """
    photographs = _read_photographs()
    try:
        _make_empty(folder)
        (folder / ORIGIN_NAME).write_text(_describe_origin(), encoding="utf-8")
        return tuple(sorted(_write_photos(folder, photographs)))
    except OSError as error:
        message = f"the demo library cannot be written: {describe_cause(error)}"
        raise InputError(message, path=folder) from error


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InputError("the folder is not empty; name a new one for the demo", path=folder)


def _read_photographs() -> dict[str, bytes]:
    place = resources.files("clearshot") / "samples"
    return {name: (place / source.file).read_bytes() for name, source in _SOURCES.items()}


def _write_photos(folder: Path, photographs: dict[str, bytes]) -> list[Path]:
    photos = []
    for name, source in _SOURCES.items():
        linear_hwc = _read_linear(photographs[name])
        for variant in source.variants:
            path = folder / f"{name}-{variant}.jpg"
            rng = np.random.default_rng(zlib.crc32(path.stem.encode("ascii")))
            spoilt = _spoil(linear_hwc, source, variant, rng)
            encoded = (optics.to_encoded(spoilt) * 255 + 0.5).astype(np.uint8)
            Image.fromarray(encoded).save(path, quality=_QUALITY)
            photos.append(path)
    return photos


def _read_linear(content: bytes) -> NDArray[np.float32]:
    """Decode a picture to linear light, shape (H, W, 3)."""
    with Image.open(BytesIO(content)) as picture:
        encoded = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return optics.to_linear(encoded)


def _spoil(
    linear_hwc: NDArray[np.float32], source: _Source, variant: str, rng: np.random.Generator
) -> NDArray[np.float32]:
    match variant:
        case "clear":
            return linear_hwc
        case "out-of-focus":
            kernel = optics.draw_disc(_DEFOCUS_SIGMA_PX, num_blades=7, angle_rad=0.3)
            return _add_noise(_blur(linear_hwc, kernel), rng)
        case "shaken":
            light = _light_lamps(linear_hwc) if source.has_lamps else linear_hwc
            return _add_noise(_blur(light, _draw_shake(rng)), rng)
        case "blurred-background":
            return _add_noise(_blur_background(linear_hwc, source.subject), rng)
        case "dark":
            light = linear_hwc * np.float32(2**_DARK_STOPS)
            return _add_noise(light, rng, full_well=_DIM_FULL_WELL, read_noise=_DIM_READ_NOISE)
        case "overexposed":
            return _add_noise(linear_hwc * np.float32(2**_OVEREXPOSED_STOPS), rng)
    raise ValueError(f"unknown variant {variant!r}")


def _draw_shake(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a shake that goes to and fro: one that scribbles looks like a lens out of focus."""
    while True:
        kernel = optics.draw_shake(_SHAKE_SIGMA_PX, rng=rng)
        shortest, longest = np.linalg.eigvalsh(optics.measure_covariance(kernel))
        if longest > _SHAKE_RATIO**2 * shortest:
            return kernel


def _blur(linear_hwc: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    planes = [optics.blur(linear_hwc[..., c], kernel) for c in range(3)]
    return np.asarray(np.stack(planes, axis=-1), dtype=np.float32)


def _light_lamps(linear_hwc: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give back to clipped lamps the light that they have."""
    glow = np.clip((linear_hwc.min(axis=-1, keepdims=True) - 0.7) / 0.3, 0.0, 1.0)
    return np.asarray(linear_hwc * (1 + (_LAMP_GAIN - 1) * glow), dtype=np.float32)


def _blur_background(
    linear_hwc: NDArray[np.float32], subject: tuple[_Polygon, ...]
) -> NDArray[np.float32]:
    """Blur what is behind the subject, without the subject's own light in the blur."""
    mask = _draw_mask(linear_hwc.shape[:2], subject)
    kernel = optics.draw_disc(_BACKGROUND_SIGMA_PX)
    behind = _blur(linear_hwc * (1 - mask[..., None]), kernel)
    share = np.maximum(optics.blur(1 - mask, kernel), 1e-3)
    blended = linear_hwc * mask[..., None] + behind / share[..., None] * (1 - mask[..., None])
    return blended.astype(np.float32)


def _draw_mask(shape: tuple[int, ...], subject: tuple[_Polygon, ...]) -> NDArray[np.float32]:
    """Draw the subject as 1 on 0 with a soft edge, shape (H, W)."""
    height, width = shape
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    for polygon in subject:
        draw.polygon(polygon, fill=255)
    soft = picture.filter(ImageFilter.GaussianBlur(0.8))
    return np.asarray(soft, dtype=np.float32) / np.float32(255)


def _add_noise(
    linear_hwc: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    full_well: float = _FULL_WELL,
    read_noise: float = _READ_NOISE,
) -> NDArray[np.float32]:
    """Add the noise of the light and of the sensor."""
    electrons = rng.poisson(np.clip(linear_hwc, 0.0, 1.0) * full_well)
    noisy = (electrons + rng.normal(0.0, read_noise, linear_hwc.shape)) / full_well
    return noisy.astype(np.float32)


def _describe_origin() -> str:
    lines = [
        "The photos in this folder were made by `clearshot demo`.",
        "",
        "They come from photographs that ship with scikit-image (https://scikit-image.org), which",
        "says this about their rights (documentation of `skimage.data`):",
        "",
    ]
    for name, source in _SOURCES.items():
        lines.append(f"{name}-*.jpg: {source.title}")
        lines.append(f"    {source.rights}")
    lines += [
        "",
        "What clearshot did to them, named at the end of each file name, is free as well: CC0 1.0,",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "",
    ]
    return "\n".join(lines)
