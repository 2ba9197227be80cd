"""Raw files of cameras, through LibRaw (rawpy, extra `raw`).

Nearly every raw file holds the JPEG that the camera's screen shows: it is what the photographer
saw, and far cheaper than developing. Where it is too small, the sensor's values are developed, at
half the size unless more is asked for.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PIL import Image as PillowImage

from clearshot.decode.completeness import is_preview_cut_off
from clearshot.decode.orientation import ORIENTATION_TAG, is_sideways
from clearshot.errors import (
    DamagedPhotoError,
    MissingRawReaderError,
    OversizedPhotoError,
    UnknownFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray
    from rawpy import ImageSizes, RawPy

PREVIEW_READER: Final = "RAW preview"
RAW_READER: Final = "RAW"

# The least long side of an embedded picture that is used [px]: the size at which photos are judged.
_LEAST_PREVIEW_PX: Final = 1024

# An embedded picture of at least this share of the sensor's long side is the photo in full: cameras
# cut off a rim of some pixels.
_FULL_SHARE: Final = 0.9

# Proportions may differ by this much; beyond, the embedded picture shows another part of the scene.
_SAME_PROPORTIONS: Final = 0.04

# EXIF orientation of LibRaw's `flip`, a sum: 1 exchanges left and right, 2 top and bottom, 4 rows
# and columns.
_ORIENTATIONS: Final = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}

# Sensor values from this share of the white level on are saturated: the level itself is noisy.
_SATURATED: Final = 0.98


class RawPicture(NamedTuple):
    """What is read of a raw file.

    Attributes
    ----------
    pixels : PIL.Image.Image
        Perhaps not decoded yet.
    reader : str
        `RAW preview` or `RAW`.
    size : tuple of int
        Width and height of the whole photo, as the pixels lie [px].
    orientation : int
        Their EXIF orientation, 1 to 8.
    """

    pixels: PillowImage.Image
    reader: str
    size: tuple[int, int]
    orientation: int


class RawPhoto:
    """An open raw file. Use `open_raw`."""

    def __init__(self, raw: RawPy) -> None:
        self._raw = raw
        self._sensor_size = _measure_sensor(raw.sizes)
        self._orientation = _ORIENTATIONS.get(raw.sizes.flip, 1)

    def read(self, least_px: int | None, *, with_preview: bool = True) -> RawPicture:
        """Give the cheapest picture that is large enough.

        Parameters
        ----------
        least_px : int or None
            Its long side is at least this, or that of the whole photo [px]; None for the whole.
        with_preview : bool
            Whether the embedded picture may be it.

        Returns
        -------
        RawPicture
            The embedded picture, whose size is the photo's where it is the photo in full, or the
            sensor's values, developed.
        """
        preview = self._find_preview() if with_preview else None
        is_full = preview is not None and self._is_full(preview)
        full_px = max(preview.size if preview is not None and is_full else self._sensor_size)
        wanted_px = full_px if least_px is None else min(least_px, full_px)
        if preview is not None and max(preview.size) >= wanted_px:
            return self._show(preview, is_full=is_full)
        # Half the size, because two by two sensor values make a pixel without any guess.
        is_half = max(self._sensor_size) // 2 >= wanted_px
        developed = self._develop(is_half=is_half)
        return RawPicture(developed, RAW_READER, self._sensor_size, self._orientation)

    def measure_white(self) -> float | None:
        """Measure how much of the sensor was saturated. It decodes the sensor's values.

        Returns
        -------
        float or None
            Share of values at the white level, in [0, 1]; None where the values are damaged, which
            the embedded picture need not be.
        """
        import rawpy

        try:
            values = self._raw.raw_image_visible
        except rawpy.LibRawError:
            return None
        if values.ndim == 3:
            values = values[..., :3].max(axis=2)
        levels = [self._raw.white_level, *(self._raw.camera_white_level_per_channel or ())]
        white = min((level for level in levels if level > 0), default=65535)
        return float(np.mean(values >= white * _SATURATED))

    def _develop(self, *, is_half: bool) -> PillowImage.Image:
        """Develop without any brightening, which would hide that a photo is dark."""
        developed: NDArray[np.uint8] = self._raw.postprocess(
            half_size=is_half,
            use_camera_wb=True,
            no_auto_bright=True,
            adjust_maximum_thr=0.0,  # no brightening up to the brightest value either
            gamma=(2.4, 12.92),  # sRGB
            output_bps=8,
            user_flip=0,
        )
        # A sensor without colours gives one channel.
        return PillowImage.fromarray(developed[..., 0] if developed.shape[2] == 1 else developed)

    def _find_preview(self) -> PillowImage.Image | None:
        import rawpy

        try:
            found = self._raw.extract_thumb()
            if found.format == rawpy.ThumbFormat.BITMAP:
                preview = PillowImage.fromarray(np.asarray(found.data))
            elif found.format == rawpy.ThumbFormat.JPEG and isinstance(found.data, bytes):
                if is_preview_cut_off(found.data):
                    return None
                preview = PillowImage.open(io.BytesIO(found.data), formats=("JPEG",))
            else:
                return None
        except (
            rawpy.LibRawError,
            rawpy.NotSupportedError,
            PillowImage.DecompressionBombError,
            OSError,
            SyntaxError,
            TypeError,
            ValueError,
        ):
            return None
        width, height = self._sensor_size
        wanted = max(width, height) / max(1, min(width, height))
        proportions = max(preview.size) / min(preview.size)
        is_same = abs(proportions / wanted - 1) <= _SAME_PROPORTIONS
        # No camera embeds more pixels than it has, beyond a rim.
        is_honest = _LEAST_PREVIEW_PX <= max(preview.size) <= max(width, height) / _FULL_SHARE
        return preview if is_same and is_honest else None

    def _is_full(self, preview: PillowImage.Image) -> bool:
        return max(preview.size) >= _FULL_SHARE * max(self._sensor_size)

    def _show(self, preview: PillowImage.Image, *, is_full: bool) -> RawPicture:
        is_turned = is_sideways(self._orientation) and _lie_across(preview.size, self._sensor_size)
        orientation = 1 if is_turned else self._find_preview_orientation(preview)
        size = self._sensor_size[::-1] if is_turned else self._sensor_size
        size = preview.size if is_full else size
        return RawPicture(preview, PREVIEW_READER, size, orientation)

    def _find_preview_orientation(self, preview: PillowImage.Image) -> int:
        """Tell how to turn an embedded picture that lies as the sensor does."""
        if is_sideways(self._orientation):
            return self._orientation
        try:
            # Where the camera wrote none, LibRaw writes that of the raw file.
            own = preview.getexif().get(ORIENTATION_TAG)
        except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError):
            own = None
        return own if own in {1, 2, 3, 4} else self._orientation


def _measure_sensor(sizes: ImageSizes) -> tuple[int, int]:
    """Give the size of the developed picture [px]; LibRaw stretches pixels that are not square."""
    if sizes.pixel_aspect < 1:
        return sizes.width, int(sizes.height / sizes.pixel_aspect + 0.5)
    return int(sizes.width * sizes.pixel_aspect + 0.5), sizes.height


def _lie_across(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether one of two pictures is upright and the other is not; a square is neither."""
    return (size[0] - size[1]) * (other[0] - other[1]) < 0


@contextmanager
def open_raw(stream: BinaryIO, path: Path, *, max_pixels: int) -> Iterator[RawPhoto]:
    """Open a raw file and turn LibRaw's errors into those of photos.

    Parameters
    ----------
    stream : binary file
        The photo's content.
    path : Path
        Its path.
    max_pixels : int
        More are refused.

    Yields
    ------
    RawPhoto
        Its picture and its sensor's values, until the context ends.

    Raises
    ------
    MissingRawReaderError
        If rawpy is not installed.
    UnknownFormatError
        If LibRaw does not know the camera's format.
    DamagedPhotoError
        If LibRaw stumbles over the content.
    OversizedPhotoError
        If the sensor has too many pixels.
    """
    try:
        import rawpy
    except ImportError as error:
        message = "a raw photo: pip install 'clearshot[raw]' adds what reads it"
        raise MissingRawReaderError(message, path=path) from error
    try:
        with rawpy.RawPy() as raw:
            _open(raw, stream, path)
            _check_sizes(raw.sizes, path, max_pixels)
            yield RawPhoto(raw)
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        raise UnknownFormatError("a raw format that LibRaw cannot read", path=path) from error
    except (
        rawpy.LibRawUnsufficientMemoryError,
        rawpy.LibRawTooBigError,
        rawpy.LibRawMemPoolOverflowError,
    ) as error:
        raise OversizedPhotoError(f"LibRaw: {_describe(error)}", path=path) from error
    except rawpy.LibRawError as error:
        raise DamagedPhotoError(f"LibRaw: {_describe(error)}", path=path) from error


def _open(raw: RawPy, stream: BinaryIO, path: Path) -> None:
    """Open by name, so that only what is needed is read; by content where the name is no text."""
    try:
        name = str(path)
        name.encode()
    except UnicodeEncodeError:
        stream.seek(0)
        raw.open_buffer(stream)
    else:
        raw.open_file(name)


def _check_sizes(sizes: ImageSizes, path: Path, max_pixels: int) -> None:
    if min(sizes.width, sizes.height) < 1:
        raise DamagedPhotoError("the raw file holds no picture", path=path)
    for width, height in ((sizes.raw_width, sizes.raw_height), _measure_sensor(sizes)):
        if width * height > max_pixels:
            message = f"{width} x {height} px is more than {max_pixels:,} pixels"
            raise OversizedPhotoError(message, path=path)


def _describe(error: Exception) -> str:
    text = error.args[0] if error.args else type(error).__name__
    return text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)
