"""Pictures as their files hold them: opened, their errors explained, turned upright, made to luma.

The format is told by content, never by suffix. Every error of a reader becomes a `PhotoError` that
names the path and the cause.
"""

from __future__ import annotations

import struct
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from clearshot.errors import (
    DamagedPhotoError,
    MissingPhotoError,
    OversizedPhotoError,
    UnknownFormatError,
    UnreadablePhotoError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

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


@contextmanager
def open_picture(path: Path) -> Iterator[PillowImage.Image]:
    """Open a picture and turn everything that can go wrong until it closes into a `PhotoError`.

    Parameters
    ----------
    path : Path
        A photo.

    Yields
    ------
    PIL.Image.Image
        Not decoded yet.

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
                _check_pixels(picture, path)
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


def _check_pixels(picture: PillowImage.Image, path: Path) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        msg = f"{width} x {height} px is more than {MAX_PIXELS:,} pixels"
        raise OversizedPhotoError(msg, path=path)


def _describe_unknown(path: Path) -> str:
    try:
        size_bytes = path.stat().st_size
    except OSError:
        return _OTHER_FORMAT
    return "the file is empty (0 bytes)" if size_bytes == 0 else _OTHER_FORMAT


def read_orientation(picture: PillowImage.Image) -> int:
    """Read the EXIF orientation of a picture that is loaded.

    Parameters
    ----------
    picture : PIL.Image.Image
        Loaded: some of Pillow's readers turn the picture themselves when they load it.

    Returns
    -------
    int
        1 to 8; 1, which is upright, where there is none or EXIF is broken.
    """
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error):
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def to_luma(picture: PillowImage.Image) -> PillowImage.Image:
    """Convert any mode to 8-bit luma; Pillow itself would clip 16-bit values.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode.

    Returns
    -------
    PIL.Image.Image
        Mode L, of the same size.
    """
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


def turn(picture: PillowImage.Image, orientation: int) -> PillowImage.Image:
    """Turn a picture upright.

    Parameters
    ----------
    picture : PIL.Image.Image
        As it is stored.
    orientation : int
        Its EXIF orientation, 1 to 8.

    Returns
    -------
    PIL.Image.Image
        As it is to be seen.
    """
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture
