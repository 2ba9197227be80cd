"""Upright luma of a photo at the one size at which all photos are judged.

JPEG is decoded at a reduced scale and without colour, which libjpeg-turbo does in the frequency
domain at little more than the cost of reading the bits; area averaging does the rest. The format is
told by content, never by suffix. Letters in shapes: H rows, W columns.
"""

from __future__ import annotations

import struct
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from clearshot.errors import (
    DamagedPhotoError,
    MissingPhotoError,
    OversizedPhotoError,
    UndersizedPhotoError,
    UnknownFormatError,
    UnreadablePhotoError,
)
from clearshot.photo import Region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# Long side at which photos are judged [px]; smaller photos are judged as they are.
JUDGED_PX: Final = 1024

# Sides of a judged photo are multiples of this [px]: the cell of the focus map.
CELL_PX: Final = 16

# Shorter sides than this leave too few cells to judge [px].
MIN_SIDE_PX: Final = 64

# The readers that are used, and no other of Pillow's; MPO, a JPEG with more pictures behind the
# first, comes with JPEG.
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")
_OTHER_FORMAT: Final = "not a JPEG, PNG, TIFF, WebP or AVIF picture"

# Photos with more pixels than this are refused before they are decoded: twice Pillow's own limit,
# above the largest camera sensors (151 MP).
MAX_PIXELS: Final = 178_956_970

# Floats on a scale from 0 to 1 may go this far beyond white.
_HIGHEST_OF_UNIT: Final = 1.5

# What Pillow's readers let through on hostile input.
_READER_ERRORS: Final = (
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    RuntimeError,
    struct.error,
)

_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final = {
    2: PillowImage.Transpose.FLIP_LEFT_RIGHT,
    3: PillowImage.Transpose.ROTATE_180,
    4: PillowImage.Transpose.FLIP_TOP_BOTTOM,
    5: PillowImage.Transpose.TRANSPOSE,
    6: PillowImage.Transpose.ROTATE_270,
    7: PillowImage.Transpose.TRANSVERSE,
    8: PillowImage.Transpose.ROTATE_90,
}


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
        judged = _resize(_to_luma(picture), size)
        # Only now: some of Pillow's readers turn the picture themselves when they load it.
        orientation = _read_orientation(picture)
    luma_hw = np.asarray(_turn(judged, orientation), dtype=np.uint8)
    if orientation >= 5:
        width, height = height, width
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
        rgb = (_to_luma(picture) if picture.mode.startswith(("I", "F")) else picture).convert("RGB")
        orientation = _read_orientation(picture)
        rgb.thumbnail((long_side_px, long_side_px), PillowImage.Resampling.BICUBIC)
    return np.asarray(_turn(rgb, orientation), dtype=np.uint8)


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
        return _to_luma(picture)


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
    """Open a picture and turn everything that can go wrong until it closes into a `PhotoError`.

    Raises
    ------
    MissingPhotoError
        If there is no file.
    UnreadablePhotoError
        If the file cannot be opened or read.
    UnknownFormatError
        If no reader knows the content.
    DamagedPhotoError
        If a reader stumbles over the content.
    OversizedPhotoError
        If there are too many pixels.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 MP on; the limit here is checked below.
            warnings.simplefilter("ignore")
            with PillowImage.open(path, formats=_FORMATS) as picture:
                _check_size(picture, path)
                yield picture
    except FileNotFoundError as error:
        raise MissingPhotoError("no such file", path=path) from error
    except (PermissionError, IsADirectoryError) as error:
        raise UnreadablePhotoError(f"cannot be read: {error.strerror}", path=path) from error
    except UnidentifiedImageError as error:
        raise UnknownFormatError(_describe_unknown(path), path=path) from error
    except PillowImage.DecompressionBombError as error:
        raise OversizedPhotoError(f"more than {MAX_PIXELS:,} pixels", path=path) from error
    except MemoryError as error:
        raise OversizedPhotoError("too large for the memory", path=path) from error
    except OSError as error:
        if error.errno is not None:
            raise UnreadablePhotoError(f"cannot be read: {error.strerror}", path=path) from error
        raise DamagedPhotoError(str(error), path=path) from error
    except _READER_ERRORS as error:
        raise DamagedPhotoError(str(error) or type(error).__name__, path=path) from error


def _check_size(picture: PillowImage.Image, path: Path) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        msg = f"{width} x {height} px is more than {MAX_PIXELS:,} pixels"
        raise OversizedPhotoError(msg, path=path)
    size = choose_size(width, height)
    if min(size) < MIN_SIDE_PX:
        msg = f"{width} x {height} px is too small to judge (shorter side at {max(size)} px: "
        msg += f"{min(size)} px, needed: {MIN_SIDE_PX})"
        raise UndersizedPhotoError(msg, path=path)


def _describe_unknown(path: Path) -> str:
    try:
        size_bytes = path.stat().st_size
    except OSError:
        return _OTHER_FORMAT
    return "the file is empty (0 bytes)" if size_bytes == 0 else _OTHER_FORMAT


def _read_orientation(picture: PillowImage.Image) -> int:
    """Read the EXIF orientation; broken EXIF counts as upright."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error):
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def _to_luma(picture: PillowImage.Image) -> PillowImage.Image:
    """Convert any mode to 8-bit luma; Pillow itself would clip 16-bit values."""
    if picture.mode.startswith("I;16"):
        return PillowImage.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in {"I", "F"}:
        values = np.asarray(picture, dtype=np.float64)
        white = _find_white(values, is_float=picture.mode == "F")
        # Beyond white there may be infinity, and NaN where nothing was measured.
        luma_hw = np.nan_to_num(np.clip(values / white * 255, 0, 255), nan=0.0)
        return PillowImage.fromarray(luma_hw.astype(np.uint8))
    return picture.convert("L")


def _find_white(values: NDArray[np.float64], *, is_float: bool) -> float:
    """Tell which number is white: such files hold 0-1, 0-255 or 0-65535 and do not say which."""
    highest = float(values.max(initial=0.0, where=np.isfinite(values)))
    if highest > 255:
        return 65535.0
    return 1.0 if is_float and highest <= _HIGHEST_OF_UNIT else 255.0


def _resize(luma: PillowImage.Image, size: tuple[int, int]) -> PillowImage.Image:
    """Average down to the judged size; a photo that is small already loses a rim instead."""
    if max(luma.size) > JUDGED_PX:
        return luma.resize(size, PillowImage.Resampling.BOX)
    judged = find_judged_region(*luma.size)
    right, bottom = judged.x + judged.width, judged.y + judged.height
    return luma.crop((judged.x, judged.y, right, bottom))


def _turn(picture: PillowImage.Image, orientation: int) -> PillowImage.Image:
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture
