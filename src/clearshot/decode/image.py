"""Upright luma of a photo: whole at the one size at which all photos are judged, or in parts as is.

JPEG is decoded at a reduced scale and without colour, which libjpeg-turbo does in the frequency
domain at little more than the cost of reading the bits; area averaging does the rest. Letters in
shapes: H rows, W columns.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from PIL import Image as PillowImage

from clearshot.config import MAX_PIXELS
from clearshot.decode.color import to_rgb
from clearshot.decode.frame import find_inside
from clearshot.decode.luma import to_luma
from clearshot.decode.orientation import find_stored, turn_luma, turn_picture, turn_size
from clearshot.decode.picture import open_picture
from clearshot.decode.raw import RAW_READER
from clearshot.decode.reduction import average_down, load_luma
from clearshot.errors import DamagedPhotoError, UndersizedPhotoError
from clearshot.photo import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.decode.picture import OpenPicture

_Read = TypeVar("_Read")

# Long side at which photos are judged [px]; smaller photos are judged as they are.
JUDGED_PX: Final = 1024

# Sides of a judged photo are multiples of this [px]: the cell of the focus map.
CELL_PX: Final = 16

# Shorter sides than this leave too few cells to judge [px].
MIN_SIDE_PX: Final = 64

# Of a raw file the embedded picture is judged. Where this share of it is as bright as this or
# brighter, the sensor is asked whether it lost the light, too: that takes as long as many previews.
_BRIGHT_LEVEL: Final = 250
_BRIGHT_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels of a photo, upright.

    Attributes
    ----------
    luma_hw : ndarray of uint8, shape (H, W)
        BT.601 luma as in JPEG, 0-255, without a frame around the photo; H and W are multiples of
        16, the longer one at most 1024.
    width_px, height_px : int
        Size of the upright photo in the file [px].
    judged : Region
        The part that the luma shows [px of the upright photo].
    reader : str
        What read it: the format as Pillow names it, e.g. `JPEG` or `HEIF`; `JPEG preview` for the
        preview of a JPEG; of a raw file `RAW preview` for the embedded picture, `RAW` for developed
        sensor values.
    sensor_white_share : float or None
        Share of the sensor's values that are saturated, in [0, 1]. None unless the values of a raw
        file were decoded: when they are developed, or when 1 % of the embedded picture is white.
    """

    luma_hw: NDArray[np.uint8]
    width_px: int
    height_px: int
    judged: Region
    reader: str
    sensor_white_share: float | None = None


def decode(path: Path, *, max_pixels: int = MAX_PIXELS, with_preview: bool = True) -> Image:
    """Decode a photo to upright luma at the judged size.

    Parameters
    ----------
    path : Path
        A photo.
    max_pixels : int
        A photo with more pixels is refused before it is decoded.
    with_preview : bool
        Whether a large preview of the camera may stand for the photo; without, the pixels of the
        photo itself are decoded, and a raw file is developed.

    Returns
    -------
    Image
        Its pixels.

    Raises
    ------
    MissingPhotoError, UnreadablePhotoError
        If the file cannot be opened.
    UnknownFormatError, MissingReaderError
        If the content is no picture that can be read here, or not without an extra.
    DamagedPhotoError, ChangedPhotoError
        If the content is truncated or broken, or changed while it was read.
    OversizedPhotoError, UndersizedPhotoError
        If the photo has more than `max_pixels` pixels, or a side shorter than 64 px.
    """
    with _open(path, max_pixels, JUDGED_PX, with_preview=with_preview) as picture:
        pixels = picture.pixels
        size = choose_size(*picture.size)
        pixels.draft("L", size)
        stored_hw = load_luma(pixels)
        # A decoder may have reduced the photo to just 1024 px: it is scaled like any larger one.
        is_scaled = max(picture.size) > JUDGED_PX
        # Only now: some of Pillow's readers turn the picture themselves when they load it.
        orientation = picture.read_orientation()
        if is_scaled:
            luma_hw = turn_luma(average_down(stored_hw, size), orientation)
        else:
            # The rim of an odd number of pixels is not the same on both sides: turned first.
            luma_hw = np.ascontiguousarray(_cut_rim(turn_luma(stored_hw, orientation)))
        sensor_white_share = _measure_white(picture, luma_hw)
    width, height = turn_size(picture.size, orientation)
    luma_hw, judged = _cut_frame(luma_hw, find_judged_region(width, height))
    return Image(luma_hw, width, height, judged, picture.reader, sensor_white_share)


def read_despite_preview(read: Callable[[bool], _Read]) -> _Read:
    """Read a photo by its preview where it has one, and by itself where the preview is damaged.

    Parameters
    ----------
    read : callable
        Reads the photo; is told whether a preview may stand for it.

    Returns
    -------
    any
        What it gives.

    Raises
    ------
    PhotoError
        As the second reading does.
    """
    try:
        return read(True)
    except DamagedPhotoError:
        # Only the preview may be damaged; a photo that is, fails once more.
        return read(False)


def read_rgb(path: Path, *, long_side_px: int, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read a photo in colour, upright, at about a given size.

    Parameters
    ----------
    path : Path
        A photo.
    long_side_px : int
        The longer side is reduced to this [px]; smaller photos stay as they are.
    max_pixels : int
        A photo with more pixels is refused before it is decoded.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        sRGB, 0-255.

    Raises
    ------
    PhotoError
        As `decode`.
    """
    return read_despite_preview(
        lambda with_preview: _read_rgb(path, long_side_px, max_pixels, with_preview=with_preview)
    )


def _read_rgb(
    path: Path, long_side_px: int, max_pixels: int, *, with_preview: bool
) -> NDArray[np.uint8]:
    with _open(path, max_pixels, long_side_px, with_preview=with_preview) as picture:
        pixels = picture.pixels
        pixels.draft("RGB", (long_side_px, long_side_px))
        if pixels.mode.startswith(("I", "F")):
            rgb = to_luma(pixels).convert("RGB")
        else:
            pixels.load()
            rgb = to_rgb(pixels, pixels.info.get("icc_profile"))
        orientation = picture.read_orientation()
        rgb.thumbnail((long_side_px, long_side_px), PillowImage.Resampling.BICUBIC)
    return np.asarray(turn_picture(rgb, orientation), dtype=np.uint8)


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
    with _open(path, MAX_PIXELS, None) as picture:
        picture.pixels.draft("L", None)
        return to_luma(picture.pixels)


def read_crops(
    path: Path,
    regions: Iterable[Region],
    *,
    max_pixels: int = MAX_PIXELS,
    with_preview: bool = True,
) -> tuple[NDArray[np.uint8], ...]:
    """Read the luma of parts of a photo, pixel by pixel as in the file.

    The photo is decoded once; of a JPEG no colour is. At most one plane of it, 1 byte a pixel, is
    kept beside the crops; formats that hold no plain luma take what Pillow needs for them. A raw
    file without an embedded picture in full size is developed.

    Parameters
    ----------
    path : Path
        A photo.
    regions : iterable of Region
        Parts of the upright photo [px]; what does not fit is shortened to multiples of 16 and moved
        into the photo.
    max_pixels : int
        A photo with more pixels is refused before it is decoded.
    with_preview : bool
        Whether the embedded picture of a raw file may stand for it, where it is the photo in full.

    Returns
    -------
    tuple of ndarray of uint8, shape (H, W)
        Upright luma of each region, 0-255; H and W are multiples of 16.

    Raises
    ------
    PhotoError
        As `decode`.
    """
    with _open(path, max_pixels, None, with_preview=with_preview) as picture:
        stored = picture.pixels
        stored.draft("L", None)
        stored.load()
        orientation = picture.read_orientation()
        if stored.mode in {"I", "F"}:
            # Only the whole picture tells which number is white.
            stored = to_luma(stored)
        size = turn_size(stored.size, orientation)
        boxes = [find_stored(fit_region(region, *size), size, orientation) for region in regions]
        crops = [to_luma(stored.crop(box)) for box in boxes]
    upright = (np.asarray(turn_picture(crop, orientation), dtype=np.uint8) for crop in crops)
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
    """Tell which part of a photo without a frame its cells cover.

    Parameters
    ----------
    width, height : int
        Size of the photo [px].

    Returns
    -------
    Region
        The photo where it is scaled; where it is small and cropped, all but its rim. Each cell of
        the focus map covers an equal part of it.
    """
    if max(width, height) > JUDGED_PX:
        return Region(0, 0, width, height)
    kept_width, kept_height = choose_size(width, height)
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return Region(left, top, kept_width, kept_height)


@contextmanager
def _open(
    path: Path, max_pixels: int, least_px: int | None, *, with_preview: bool = True
) -> Iterator[OpenPicture]:
    """Open a picture that is large enough to be judged.

    Raises
    ------
    UndersizedPhotoError
        If a side is too short.
    """
    with open_picture(
        path, max_pixels=max_pixels, least_px=least_px, with_preview=with_preview
    ) as picture:
        width, height = picture.size
        size = choose_size(width, height)
        if min(size) < MIN_SIDE_PX:
            raise UndersizedPhotoError(_describe_need(width, height, size), path=path)
        yield picture


def _describe_need(width: int, height: int, size: tuple[int, int]) -> str:
    """Say why a photo of a width and height is too small at the size at which it is judged [px]."""
    is_small = min(width, height) < MIN_SIDE_PX
    # A long strip is wide enough as it is, but not once its longer side is brought down.
    where = "" if is_small else f" once the longer one is {max(size)} px; it is {min(size)} px then"
    need = f"{MIN_SIDE_PX} px on the shorter side{where}"
    return f"{width} x {height} px is too small to judge (needed: {need})"


def _measure_white(picture: OpenPicture, luma_hw: NDArray[np.uint8]) -> float | None:
    """Ask the sensor where it was decoded anyway, and where much of the picture is white."""
    if picture.measure_white is None:
        return None
    is_bright = np.mean(luma_hw >= _BRIGHT_LEVEL) >= _BRIGHT_SHARE
    return picture.measure_white() if picture.reader == RAW_READER or is_bright else None


def _fit_side(start: int, length: int, limit: int) -> tuple[int, int]:
    fitting = max(CELL_PX, min(length, limit) // CELL_PX * CELL_PX)
    return max(0, min(start + (length - fitting) // 2, limit - fitting)), fitting


def _cut_rim(luma_hw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut the judged region out of a photo that is judged as large as it is."""
    height, width = luma_hw.shape
    judged = find_judged_region(width, height)
    return luma_hw[judged.y : judged.y + judged.height, judged.x : judged.x + judged.width]


def _cut_frame(luma_hw: NDArray[np.uint8], judged: Region) -> tuple[NDArray[np.uint8], Region]:
    """Cut the photo out of its frame, unless too little is left; give what part of it is shown."""
    height, width = luma_hw.shape
    rows, cols = find_inside(luma_hw)
    if (rows.start, rows.stop, cols.start, cols.stop) == (0, height, 0, width):
        return luma_hw, judged
    top, num_rows = _fit_side(rows.start, rows.stop - rows.start, height)
    left, num_cols = _fit_side(cols.start, cols.stop - cols.start, width)
    if min(num_rows, num_cols) < MIN_SIDE_PX:
        return luma_hw, judged
    x0, x1 = (round(edge * judged.width / width) for edge in (left, left + num_cols))
    y0, y1 = (round(edge * judged.height / height) for edge in (top, top + num_rows))
    inside = Region(judged.x + x0, judged.y + y0, x1 - x0, y1 - y0)
    return np.ascontiguousarray(luma_hw[top : top + num_rows, left : left + num_cols]), inside
