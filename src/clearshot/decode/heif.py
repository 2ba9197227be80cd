"""HEIC and HEIF pictures, through pillow-heif (extra `heif`).

libheif turns the picture upright by the file's own rotation, and pillow-heif then reports the
orientation 1. The picture is decoded whole: HEVC has no smaller scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.errors import MissingHeifReaderError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from PIL import Image as PillowImage


def open_heif(stream: BinaryIO, path: Path) -> PillowImage.Image:
    """Open a HEIF picture; it is decoded when it is loaded.

    Parameters
    ----------
    stream : binary file
        The photo's content.
    path : Path
        Its path, for the error.

    Returns
    -------
    PIL.Image.Image
        Not decoded yet. 10 and 12 bits of grey are 16 (mode I;16), those of colour are 8.

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
    return picture
