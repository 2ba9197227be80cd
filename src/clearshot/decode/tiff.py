"""What Pillow passes over in a TIFF: thumbnails before the photo, and how its values are kept."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    IMAGEWIDTH,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    STRIPBYTECOUNTS,
    STRIPOFFSETS,
    SUBIFD,
    TILEBYTECOUNTS,
    TILEOFFSETS,
)

from clearshot.decode.directories import walk_directories
from clearshot.decode.orientation import ORIENTATION_TAG
from clearshot.errors import UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from PIL.ImageFile import _Tile
    from PIL.TiffImagePlugin import TiffImageFile

    from clearshot.decode.directories import Directory

# Where a grey TIFF says how many bits its values have, and whether 0 is white; copies keep it. 32
# bits stand for unsigned ones, which Pillow gives as signed ones.
DEEP_GREY: Final = "clearshot-deep-grey"

_SEPARATE_PLANES: Final = 2
_WHITE_IS_ZERO, _YCBCR = 0, 6
_UNSIGNED: Final = 1

# Pillow's names for numbers of the other byte order, and for those of this machine.
_NATIVE: Final = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}

# What a directory's picture is, as a sum: 1 a smaller copy, 2 a page; others are masks and maps.
_SUBFILE_TYPE: Final = 0x00FE
_REDUCED: Final = 1
_PHOTOS: Final = frozenset({(), (0,), (2,)})

# JPEG and two names of Deflate: zeros in the midst of them are taken for pixels, but none is at
# their end. The other ways of compressing complain.
_UNCOMPRESSED, _JPEG, _DEFLATE, _OLD_DEFLATE = 1, 7, 8, 32946
_ENDING: Final = frozenset({_JPEG, _DEFLATE, _OLD_DEFLATE})

# How many pictures are looked at for the photo: far more than programs put before it.
_MAX_PICTURES: Final = 256

# What Pillow lets through where it cannot read a directory.
_READER_ERRORS: Final = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    ArithmeticError, struct.error,
)  # fmt: skip


def find_photo(picture: TiffImageFile, stream: BinaryIO, path: Path) -> int | None:
    """Go to the photo of a TIFF, which need not be its first picture, and look at its tags.

    Parameters
    ----------
    picture : PIL.TiffImagePlugin.TiffImageFile
        Opened, at its first picture; left at the photo.
    stream : binary file
        Its content.
    path : Path
        Its path, for errors.

    Returns
    -------
    int or None
        The EXIF orientation, 1 to 8, where the thumbnail tells that of the photo; None to ask the
        photo itself when it is loaded.

    Raises
    ------
    UnknownFormatError
        If Pillow cannot read the photo.
    """
    orientation = None
    if _is_reduced(picture):
        # Of tags and of XMP, both of which Pillow heeds when it loads the photo.
        told: int = picture.getexif().get(ORIENTATION_TAG, 0)
        _leave_thumbnail(picture, stream, path)
        if ORIENTATION_TAG not in picture.getexif() and told in range(1, 9):
            orientation = told
    _look_at_tags(picture)
    return orientation


def find_ending(picture: TiffImageFile) -> tuple[int, int] | None:
    """Find the last strip or tile of a photo where zeros at its end tell that it was cut off.

    A strip that is nothing but zeros makes libtiff complain.

    Parameters
    ----------
    picture : PIL.TiffImagePlugin.TiffImageFile
        Opened, at the photo.

    Returns
    -------
    tuple of int or None
        Where it begins and ends [bytes]; None where it may well end in zeros.
    """
    tags = picture.tag_v2
    if tags.get(COMPRESSION) not in _ENDING:
        return None
    starts = tags.get(STRIPOFFSETS) or tags.get(TILEOFFSETS, ())
    sizes = tags.get(STRIPBYTECOUNTS) or tags.get(TILEBYTECOUNTS, ())
    parts = [(start, start + size) for start, size in zip(starts, sizes, strict=False)]
    return max(parts, default=None)


def _is_reduced(picture: TiffImageFile) -> bool:
    kind = picture.tag_v2.get(_SUBFILE_TYPE, 0)
    return isinstance(kind, int) and kind & _REDUCED != 0


def _leave_thumbnail(picture: TiffImageFile, stream: BinaryIO, path: Path) -> None:
    """Go to the first picture that is no smaller copy; where all are, the first one is the photo.

    Raises
    ------
    UnknownFormatError
        If Pillow cannot read it, or if there may be one that is not found.
    """
    message = "its first picture is a thumbnail, and the photo is damaged or of a kind not read"
    tags = frozenset({_SUBFILE_TYPE, IMAGEWIDTH})
    directories = list(walk_directories(stream, tags, max_num=_MAX_PICTURES))
    # What has no width is no picture: a link may point at anything.
    photos = [
        each
        for each in directories
        if each.values.get(IMAGEWIDTH) and each.values.get(_SUBFILE_TYPE, ()) in _PHOTOS
    ]
    if not photos:
        if _may_hold_more(picture, stream, directories):
            raise UnknownFormatError(message, path=path)
        return
    try:
        # Pillow itself goes to the children of a directory in this way (`get_child_images`).
        picture._frame_pos = [photos[0].offset]
        picture._seek(0)
    except _READER_ERRORS as error:
        raise UnknownFormatError(message, path=path) from error


def _may_hold_more(
    picture: TiffImageFile, stream: BinaryIO, directories: Sequence[Directory]
) -> bool:
    """Tell whether there may be pictures that were not walked."""
    if not directories:  # a BigTIFF
        return picture.is_animated or SUBIFD in picture.tag_v2
    if len(directories) == _MAX_PICTURES:
        return True
    # Only the first that is no picture has its place from one that is.
    others = (each.offset for each in directories if not each.values.get(IMAGEWIDTH))
    first = next(others, None)
    return first is not None and _is_missing(stream, first)


def _is_missing(stream: BinaryIO, offset: int) -> bool:
    """Tell whether zeros or nothing are in the place of a directory: the file was cut off."""
    stream.seek(offset)
    return not stream.read(2).strip(b"\0")


def _look_at_tags(picture: TiffImageFile) -> None:
    """Look at what Pillow passes over in a picture's tags."""
    tags = picture.tag_v2
    is_ycbcr = tags.get(PHOTOMETRIC_INTERPRETATION) == _YCBCR
    is_mistaken = is_ycbcr or tags.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES
    if is_mistaken and tags.get(COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED:
        _leave_to_libtiff(picture)
    picture.tile = [_read_as_given(tile) for tile in picture.tile]
    # Pillow takes 16 in any form of number.
    bits = int(tags.get(BITSPERSAMPLE, (1,))[0])
    is_inverted = tags.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO
    is_signed = tags.get(SAMPLEFORMAT, (_UNSIGNED,))[0] != _UNSIGNED
    picture.info[DEEP_GREY] = 0 if bits == 32 and is_signed else bits, is_inverted


def _leave_to_libtiff(picture: TiffImageFile) -> None:
    """Have a picture that is not compressed read by libtiff, as Pillow does with compressed ones.

    It would take planes of 16 bits for such of 8, forget whether 0 is white in a single plane, and
    expect as many values of colour as pixels. Its own switch for that holds for all threads.
    """
    picture.tag_v2[COMPRESSION] = _DEFLATE
    try:
        picture._setup()
    finally:
        picture.tag_v2[COMPRESSION] = _UNCOMPRESSED


def _read_as_given(tile: _Tile) -> _Tile:
    """Have numbers read in the order in which libtiff gives them, that of this machine."""
    if tile.codec_name != "libtiff" or not isinstance(tile.args, tuple):
        return tile
    mode, *others = tile.args
    return tile._replace(args=(_NATIVE.get(mode, mode), *others))
