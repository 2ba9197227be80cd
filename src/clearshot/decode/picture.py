"""Pictures as their files hold them: opened, their errors explained, turned upright, made to luma.

The reader is chosen by content, never by suffix. Every error of a reader becomes a `PhotoError`
that names the path and the cause.
"""

from __future__ import annotations

import os
import stat
import struct
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from clearshot.config import MAX_PIXELS
from clearshot.decode.color import correct_luma, divide_by_alpha, to_rgb
from clearshot.decode.completeness import is_cut_off
from clearshot.decode.formats import Format, name_start, sniff
from clearshot.decode.heif import open_heif
from clearshot.decode.preview import JPEG_PREVIEW_READER, find_preview
from clearshot.decode.raw import open_raw
from clearshot.decode.tiff import DEEP_GREY, find_ending, find_photo
from clearshot.errors import (
    ChangedPhotoError,
    DamagedPhotoError,
    MissingPhotoError,
    OversizedPhotoError,
    PhotoError,
    UnknownFormatError,
    UnreadablePhotoError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from numpy.typing import NDArray

# The readers that are used, and no other of Pillow's; MPO, a JPEG with more pictures behind the
# first, comes with JPEG.
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")
_OTHER_FORMAT: Final = "not a JPEG, PNG, TIFF, WebP, AVIF, HEIC or raw picture"

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
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
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
class OpenPicture:
    """A photo whose file is open.

    Attributes
    ----------
    pixels : PIL.Image.Image
        As stored, perhaps not decoded yet, a TIFF as Pillow turned it; perhaps a smaller picture
        that the file holds.
    reader : str
        What reads it: the format as Pillow names it, `JPEG preview`, `RAW preview` or `RAW`.
    size : tuple of int
        Width and height of the whole photo, as the pixels lie [px].
    orientation : int or None
        EXIF orientation, 1 to 8; None to ask the pixels when they are loaded.
    measure_white : callable or None
        Measures the share of saturated sensor values, in [0, 1], or None where they are damaged;
        None where the photo is not raw.
    """

    pixels: PillowImage.Image
    reader: str
    size: tuple[int, int]
    orientation: int | None = None
    measure_white: Callable[[], float | None] | None = None

    def read_orientation(self) -> int:
        """Give the EXIF orientation; asked when the pixels are loaded, see `read_orientation`."""
        return read_orientation(self.pixels) if self.orientation is None else self.orientation


@contextmanager
def open_picture(
    path: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    least_px: int | None = None,
    with_preview: bool = True,
) -> Iterator[OpenPicture]:
    """Open a picture and turn everything that can go wrong until it closes into a `PhotoError`.

    Parameters
    ----------
    path : Path
        A photo.
    max_pixels : int
        More are refused before anything is decoded.
    least_px : int or None
        A raw file or a JPEG may give a smaller picture of itself whose long side is at least this
        [px]; None for every pixel.
    with_preview : bool
        Whether that may be a picture that a camera put beside the photo.

    Yields
    ------
    OpenPicture
        Not decoded yet, but for a TIFF: of that, nothing less than all of it can be decoded.

    Raises
    ------
    MissingPhotoError
        If there is no file.
    UnreadablePhotoError
        If the file cannot be opened or read.
    UnknownFormatError
        If no reader knows the content.
    MissingReaderError
        If its reader is not installed.
    DamagedPhotoError
        If a reader stumbles over the content.
    OversizedPhotoError
        If there are too many pixels.
    ChangedPhotoError
        If the file changed while it was open.
    """
    with _explained(path, max_pixels), ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        # Pillow warns from 89 MP on; the limit here is checked below.
        warnings.simplefilter("ignore")
        stack.enter_context(_pillow_limit(max_pixels))
        _check_kind(path)
        stream = stack.enter_context(path.open("rb"))
        stack.enter_context(_Unchanged(stream, path))
        kind = sniff(stream)
        if kind is Format.RAW:
            raw = stack.enter_context(open_raw(stream, path, max_pixels=max_pixels))
            shown = raw.read(least_px, with_preview=with_preview)
            yield OpenPicture(*shown, measure_white=raw.measure_white)
        else:
            picture, turn_by = _open_pixels(stream, path, kind)
            pixels = stack.enter_context(picture)
            _check_pixels(pixels, path, max_pixels)
            if isinstance(pixels, TiffImageFile):
                # Pillow may exchange the sides of a TIFF when it loads it.
                pixels.load()
            is_wanted = with_preview and least_px is not None
            preview = find_preview(pixels, stream, least_px or 0) if is_wanted else None
            if preview is None:
                yield OpenPicture(pixels, pixels.format or "unknown", pixels.size, turn_by)
            else:
                orientation = read_orientation(pixels)
                yield OpenPicture(preview, JPEG_PREVIEW_READER, pixels.size, orientation)


def _check_kind(path: Path) -> None:
    """Refuse what would be waited for, as a pipe is; that a folder is none, opening it tells.

    Raises
    ------
    UnreadablePhotoError
        If it is neither a file nor a folder.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UnreadablePhotoError("not a regular file", path=path)


def _open_pixels(
    stream: BinaryIO, path: Path, kind: Format
) -> tuple[PillowImage.Image, int | None]:
    picture: PillowImage.Image
    if kind is Format.HEIF:
        picture, turn_by = open_heif(stream, path)
    else:
        stream.seek(0)
        picture, turn_by = PillowImage.open(stream, formats=_FORMATS), None
    ending = None
    if isinstance(picture, TiffImageFile):
        turn_by = find_photo(picture, stream, path)
        ending = find_ending(picture)
    if is_cut_off(stream, ending):
        message = "its end is missing or zeros: it was not copied or recovered whole"
        raise DamagedPhotoError(message, path=path)
    return picture, turn_by


@contextmanager
def _explained(path: Path, max_pixels: int) -> Iterator[None]:
    # Turns what readers and the system raise into a `PhotoError`.
    try:
        yield
    except FileNotFoundError as error:
        raise MissingPhotoError("no such file", path=path) from error
    except (PermissionError, IsADirectoryError) as error:
        raise UnreadablePhotoError(f"cannot be read: {error.strerror}", path=path) from error
    except UnidentifiedImageError as error:
        raise _explain_unknown(path) from error
    except PillowImage.DecompressionBombError as error:
        raise OversizedPhotoError(f"more than {max_pixels:,} pixels", path=path) from error
    except MemoryError as error:
        raise OversizedPhotoError("too large for the memory", path=path) from error
    except OSError as error:
        if error.errno is not None:
            raise UnreadablePhotoError(f"cannot be read: {error.strerror}", path=path) from error
        raise DamagedPhotoError(_describe(error), path=path) from error
    except _READER_ERRORS as error:
        raise DamagedPhotoError(_describe(error), path=path) from error


def _describe(error: Exception) -> str:
    """Say in one line what a reader complains about."""
    return " ".join(str(error).split()) or type(error).__name__


class _Unchanged:
    """A context in which a file must not change; what was read of it is of no use then."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._path = path
        self._before = _stamp(os.fstat(stream.fileno()))

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        # A change also explains the error of a reader that met it.
        if kind is not None and not issubclass(kind, Exception):
            return
        if _stamp(self._path.stat()) != self._before:
            message = "the file changed while it was read; scan again"
            raise ChangedPhotoError(message, path=self._path) from error


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


@contextmanager
def _pillow_limit(max_pixels: int) -> Iterator[None]:
    """Raise Pillow's own limit where ours is higher; it refuses twice its number."""
    before = PillowImage.MAX_IMAGE_PIXELS
    if before is not None and 2 * before < max_pixels:
        PillowImage.MAX_IMAGE_PIXELS = -(-max_pixels // 2)
    try:
        yield
    finally:
        PillowImage.MAX_IMAGE_PIXELS = before


def _check_pixels(picture: PillowImage.Image, path: Path, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        msg = f"{width} x {height} px is more than {max_pixels:,} pixels"
        raise OversizedPhotoError(msg, path=path)


def _explain_unknown(path: Path) -> PhotoError:
    try:
        with path.open("rb") as stream:
            name = name_start(stream)
            is_empty = stream.seek(0, os.SEEK_END) == 0
    except OSError:
        return UnknownFormatError(_OTHER_FORMAT, path=path)
    if is_empty:
        return UnknownFormatError("the file is empty (0 bytes)", path=path)
    if name is None:
        return UnknownFormatError(_OTHER_FORMAT, path=path)
    message = f"begins like a {name} picture, but its header is damaged or of a kind not read here"
    return DamagedPhotoError(message, path=path)


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
    """Convert any mode to 8-bit luma of sRGB; Pillow itself would clip 16-bit values.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode.

    Returns
    -------
    PIL.Image.Image
        Mode L, of the same size.
    """
    picture = divide_by_alpha(picture)
    profile = picture.info.get("icc_profile")
    if picture.mode in {"CMYK", "LAB"}:
        return to_rgb(picture, profile).convert("L")
    bits, is_inverted = picture.info.get(DEEP_GREY, (16, False))
    if picture.mode.startswith("I;16"):
        luma_hw = (np.asarray(picture) >> (bits - 8)).astype(np.uint8)
        return correct_luma(PillowImage.fromarray(~luma_hw if is_inverted else luma_hw), profile)
    if picture.mode in {"I", "F"}:
        numbers = np.asarray(picture)
        is_unsigned = picture.mode == "I" and bits == 32
        values = (numbers.view(np.uint32) if is_unsigned else numbers).astype(np.float64)
        white = _find_white(values, is_float=picture.mode == "F", is_unsigned=is_unsigned)
        shares = 1.0 - values / white if is_inverted else values / white
        # Beyond white there may be infinity, and NaN where nothing was measured.
        luma_hw = np.nan_to_num(np.clip(shares * 255, 0, 255), nan=0.0)
        return PillowImage.fromarray(luma_hw.astype(np.uint8))
    return correct_luma(picture.convert("L"), profile)


def _find_white(values: NDArray[np.float64], *, is_float: bool, is_unsigned: bool) -> float:
    """Tell which number is white; files that hold 0-1, 0-255, 0-65535 or more do not say which."""
    highest = float(values.max(initial=0.0, where=np.isfinite(values)))
    if highest > 65535 and not is_float:
        return 2.0 ** (32 if is_unsigned else 31) - 1
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
