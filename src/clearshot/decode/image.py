"""Upright luma of a photo: whole at the one size at which all photos are judged, or in parts as is.

JPEG is decoded at a reduced scale and without colour, which libjpeg-turbo does in the frequency
domain at little more than the cost of reading the bits; area averaging does the rest. Letters in
shapes: H rows, W columns.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage

from clearshot.decode.picture import open_picture, read_orientation, to_luma, turn
from clearshot.errors import UndersizedPhotoError
from clearshot.photo import Region

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# Long side at which photos are judged [px]; smaller photos are judged as they are.
JUDGED_PX: Final = 1024

# Sides of a judged photo are multiples of this [px]: the cell of the focus map.
CELL_PX: Final = 16

# Shorter sides than this leave too few cells to judge [px].
MIN_SIDE_PX: Final = 64


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels of a photo, upright.

    Attributes
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        BT.601 luma as in JPEG, 0-255; H and W are multiples of 16, the longer one at most 1024.
    width_px, height_px : int
        Size of the upright photo in the file [px].
    reader : str
        Format as Pillow names it, e.g. `JPEG`.
    """

    luma_hw: NDArray[np.uint8]
    width_px: int
    height_px: int
    reader: str


def decode(path: Path) -> Image:
    """Decode a photo to upright luma at the judged size.

    Parameters
    ----------
    path : Path
        A photo.

    Returns
    -------
    Image
        Its pixels.

    Raises
    ------
    MissingPhotoError, UnreadablePhotoError
        If the file cannot be opened.
    UnknownFormatError
        If the content is no picture that can be read here.
    DamagedPhotoError
        If the content is truncated or broken.
    OversizedPhotoError, UndersizedPhotoError
        If the photo has more than 178,956,970 pixels, or a side shorter than 64 px.
    """
    with _open(path) as picture:
        width, height = picture.size
        reader = picture.format or "unknown"
        size = choose_size(width, height)
        picture.draft("L", size)
        judged = _resize(to_luma(picture), size)
        # Only now: some of Pillow's readers turn the picture themselves when they load it.
        orientation = read_orientation(picture)
    luma_hw = np.asarray(turn(judged, orientation), dtype=np.uint8)
    width, height = _swap((width, height), orientation)
    return Image(np.ascontiguousarray(luma_hw), width, height, reader)


def read_rgb(path: Path, *, long_side_px: int) -> NDArray[np.uint8]:
    """Read a photo in colour, upright, at about a given size.

    Parameters
    ----------
    path : Path
        A photo.
    long_side_px : int
        The longer side is reduced to this [px]; smaller photos stay as they are.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB, 0-255.

    Raises
    ------
    PhotoError
        As `decode`.
    """
    with _open(path) as picture:
        picture.draft("RGB", (long_side_px, long_side_px))
        rgb = (to_luma(picture) if picture.mode.startswith(("I", "F")) else picture).convert("RGB")
        orientation = read_orientation(picture)
        rgb.thumbnail((long_side_px, long_side_px), PillowImage.Resampling.BICUBIC)
    return np.asarray(turn(rgb, orientation), dtype=np.uint8)


def read_luma(path: Path) -> PillowImage.Image:
    """Read the luma of a photo at full size, as it is stored.

    Parameters
    ----------
    path : Path
        A photo.

    Returns
    -------
    PIL.Image.Image
        Mode L; not turned upright.

    Raises
    ------
    PhotoError
        As `decode`.
    """
    with _open(path) as picture:
        picture.draft("L", None)
        return to_luma(picture)


def read_crops(path: Path, regions: Iterable[Region]) -> tuple[NDArray[np.uint8], ...]:
    """Read the luma of parts of a photo, pixel by pixel as in the file.

    The photo is decoded once; of a JPEG no colour is. At most one plane of it, 1 byte a pixel, is
    kept beside the crops; formats that hold no plain luma take what Pillow needs for them.

    Parameters
    ----------
    path : Path
        A photo.
    regions : iterable of Region
        Parts of the upright photo [px]; what does not fit is shortened to multiples of 16 and moved
        into the photo.

    Returns
    -------
    tuple of ndarray of uint8, shape (H, W)
        Upright luma of each region, 0-255; H and W are multiples of 16.

    Raises
    ------
    PhotoError
        As `decode`.
    """
    with _open(path) as picture:
        picture.draft("L", None)
        picture.load()
        orientation = read_orientation(picture)
        stored = picture
        if picture.mode in {"I", "F"}:
            # Only the whole picture tells which number is white.
            stored = to_luma(picture)
        size = _swap(stored.size, orientation)
        boxes = [_find_stored(fit_region(region, *size), size, orientation) for region in regions]
        crops = [to_luma(stored.crop(box)) for box in boxes]
    upright = (np.asarray(turn(crop, orientation), dtype=np.uint8) for crop in crops)
    return tuple(np.ascontiguousarray(crop) for crop in upright)


def choose_size(width: int, height: int) -> tuple[int, int]:
    """Choose the size at which a photo is judged.

    Parameters
    ----------
    width, height : int
        Size of the photo [px].

    Returns
    -------
    tuple of int
        Width and height [px], multiples of 16. A photo longer than 1024 px is scaled to it, which
        may change its proportions by up to 8 px; a smaller one is cropped by up to 15 px.
    """
    factor = min(1.0, JUDGED_PX / max(width, height))
    if factor == 1.0:
        return width // CELL_PX * CELL_PX, height // CELL_PX * CELL_PX
    return (
        max(CELL_PX, round(width * factor / CELL_PX) * CELL_PX),
        max(CELL_PX, round(height * factor / CELL_PX) * CELL_PX),
    )


def fit_region(region: Region, width: int, height: int) -> Region:
    """Give a region sides that are multiples of 16 px, and move it into its photo.

    Parameters
    ----------
    region : Region
        Any rectangle.
    width, height : int
        Size of the photo [px], at least 16 each.

    Returns
    -------
    Region
        Around the same middle where there is room; never larger, but at least 16 x 16 px.
    """
    x, w = _fit_side(region.x, region.width, width)
    y, h = _fit_side(region.y, region.height, height)
    return Region(x, y, w, h)


def find_judged_region(width: int, height: int) -> Region:
    """Tell which part of a photo its cells cover.

    Parameters
    ----------
    width, height : int
        Size of the photo [px].

    Returns
    -------
    Region
        The photo where it is scaled; where it is small and cropped, all but its rim. Each cell of
        the focus map covers an equal part of it, to a pixel where the photo is stored turned.
    """
    if max(width, height) > JUDGED_PX:
        return Region(0, 0, width, height)
    kept_width, kept_height = choose_size(width, height)
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return Region(left, top, kept_width, kept_height)


@contextmanager
def _open(path: Path) -> Iterator[PillowImage.Image]:
    """Open a picture that is large enough to be judged.

    Raises
    ------
    UndersizedPhotoError
        If a side is too short.
    """
    with open_picture(path) as picture:
        width, height = picture.size
        size = choose_size(width, height)
        if min(size) < MIN_SIDE_PX:
            msg = f"{width} x {height} px is too small to judge (shorter side at {max(size)} px: "
            msg += f"{min(size)} px, needed: {MIN_SIDE_PX})"
            raise UndersizedPhotoError(msg, path=path)
        yield picture


def _fit_side(start: int, length: int, limit: int) -> tuple[int, int]:
    fitting = max(CELL_PX, min(length, limit) // CELL_PX * CELL_PX)
    return max(0, min(start + (length - fitting) // 2, limit - fitting)), fitting


def _swap(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size[::-1] if orientation >= 5 else size


def _find_stored(
    region: Region, size: tuple[int, int], orientation: int
) -> tuple[int, int, int, int]:
    """Find where a region of the upright photo of a size is stored: left, top, right, bottom."""
    width, height = size
    x = width - region.x - region.width if orientation in {2, 3, 6, 7} else region.x
    y = height - region.y - region.height if orientation in {3, 4, 7, 8} else region.y
    left, top = _swap((x, y), orientation)
    cols, rows = _swap((region.width, region.height), orientation)
    return left, top, left + cols, top + rows


def _resize(luma: PillowImage.Image, size: tuple[int, int]) -> PillowImage.Image:
    """Average down to the judged size; a photo that is small already loses a rim instead."""
    if max(luma.size) > JUDGED_PX:
        return luma.resize(size, PillowImage.Resampling.BOX)
    judged = find_judged_region(*luma.size)
    right, bottom = judged.x + judged.width, judged.y + judged.height
    return luma.crop((judged.x, judged.y, right, bottom))
