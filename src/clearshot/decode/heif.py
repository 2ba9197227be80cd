"""HEIC and HEIF pictures, through pillow-heif (extra `heif`).

libheif turns the picture by the file's own rotation. The format's standard leaves EXIF's
orientation out of account, but some camera apps write only that. The picture is decoded whole:
HEVC has no smaller scale.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from clearshot.errors import MissingHeifReaderError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from PIL import Image as PillowImage


# No file is longer: 1 TB.
_MAX_BOX_BYTES: Final = 1 << 40
_MAX_BOXES: Final = 64
_MAX_META_BYTES: Final = 4_000_000


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
    stream.seek(0)
    for _ in range(_MAX_BOXES):
        head = stream.read(8)
        if len(head) < 8:
            return False
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            # The size follows in 64 bits.
            size = int.from_bytes(stream.read(8), "big") - 8
        if head[4:] == b"meta":
            # 0 stands for the rest of the file.
            properties = stream.read(min(size or _MAX_META_BYTES, _MAX_META_BYTES))
            return b"irot" in properties or b"imir" in properties
        if not 8 <= size <= _MAX_BOX_BYTES:
            return False  # the last box, or none
        stream.seek(size - 8, os.SEEK_CUR)
    return False
