"""HEIC and HEIF pictures, through pillow-heif (extra `heif`).

libheif turns the picture by the file's own rotation. The format's standard leaves EXIF's
orientation out of account, but some camera apps write only that. The picture is decoded whole:
HEVC has no smaller scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.decode.boxes import read_meta
from clearshot.errors import MissingHeifReaderError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from PIL import Image as PillowImage


def open_heif(stream: BinaryIO, path: Path) -> tuple[PillowImage.Image, int]:
    """Open a HEIF picture; it is decoded when it is loaded.

    Parameters
    ----------
    stream : binary file
        The photo's content.
    path : Path
        Its path, for the error.

    Returns
    -------
    tuple of (PIL.Image.Image, int)
        The picture, not decoded yet, and the EXIF orientation that it has when it is. 10 and 12
        bits of grey are 16 (mode I;16), those of colour are 8.

    Raises
    ------
    MissingHeifReaderError
        If pillow-heif is not installed.
    """
    try:
        from pillow_heif import HeifImageFile, options
    except ImportError as error:
        message = "a HEIC picture: pip install 'clearshot[heif]' adds what reads it"
        raise MissingHeifReaderError(message, path=path) from error
    before = options.DECODE_THREADS, options.THUMBNAILS
    # Each worker process keeps one core busy; a thumbnail may be sharper than the photo.
    options.DECODE_THREADS, options.THUMBNAILS = 1, False
    try:
        stream.seek(0)
        picture: PillowImage.Image = HeifImageFile(stream)
    finally:
        options.DECODE_THREADS, options.THUMBNAILS = before
    orientation = picture.info.get("original_orientation")
    if not isinstance(orientation, int) or is_turned_by_file(stream):
        return picture, 1
    return picture, orientation


def is_turned_by_file(stream: BinaryIO) -> bool:
    """Tell whether a file rotates or mirrors its picture by itself.

    Parameters
    ----------
    stream : binary file
        Seekable; left anywhere.

    Returns
    -------
    bool
        Whether its box of properties names `irot` or `imir`.
    """
    properties = read_meta(stream)
    return b"irot" in properties or b"imir" in properties
