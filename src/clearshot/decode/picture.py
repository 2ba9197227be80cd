"""Pictures as their files hold them: opened, and what goes wrong explained.

The reader is chosen by content, never by suffix. Every error of a reader becomes a `PhotoError`
that names the path and the cause.
"""

from __future__ import annotations

import os
import stat
import struct
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from clearshot.config import MAX_PIXELS
from clearshot.decode.completeness import is_cut_off
from clearshot.decode.formats import Format, name_start, sniff
from clearshot.decode.heif import open_heif
from clearshot.decode.orientation import read_orientation
from clearshot.decode.pillow import LENIENCY
from clearshot.decode.preview import JPEG_PREVIEW_READER, find_preview
from clearshot.decode.raw import open_raw
from clearshot.decode.tiff import find_ending, find_photo
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

# The readers that are used, and no other of Pillow's; MPO, a JPEG with more pictures behind the
# first, comes with JPEG.
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")
_OTHER_FORMAT: Final = "not a JPEG, PNG, TIFF, WebP, AVIF, HEIC or raw picture"
_NOT_WHOLE: Final = "it was not copied or recovered whole"

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
        # The limit here is checked below.
        stack.enter_context(LENIENCY.granted(max_pixels))
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
        message = f"its end is missing or zeros: {_NOT_WHOLE}"
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
    if "truncated" in str(error).casefold():
        return f"its data ends before the picture does: {_NOT_WHOLE}"
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
