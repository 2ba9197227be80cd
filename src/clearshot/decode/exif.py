"""The EXIF of a photo, found in whichever format holds it, and read with exifread.

A hostile file can ask for as many reads and bytes as it likes; it gets what a hundred photos would
not need.
"""

from __future__ import annotations

import io
import logging
import math
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from PIL import Image as PillowImage

from clearshot.decode.focus_point import FocusPoint, find_common_point, find_maker_point, read_note
from clearshot.decode.formats import Format, sniff
from clearshot.decode.ifd import Ifd
from clearshot.decode.pillow import LENIENCY
from clearshot.decode.segments import APP1, walk_segments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from exifread.core.ifd_tag import IfdTag

    Tags = Mapping[str, IfdTag]

# Real files need up to 2,000 reads.
_MAX_READS: Final = 20_000
_MAX_READ_BYTES: Final = 1_000_000
# In all; exifread reads a large file once or twice in part, Pillow one of PNG, WebP or AVIF whole.
_MAX_BYTES: Final = 16_000_000

_MAX_TEXT: Final = 100

# What readers raise on broken EXIF, beside exifread's own error.
DAMAGE: Final = (
    OSError,
    SyntaxError,  # of Pillow's readers
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
    AssertionError,
    struct.error,
    PillowImage.DecompressionBombError,
)

# exifread warns of what it passes over; without a handler Python would print that.
logging.getLogger("exifread").addHandler(logging.NullHandler())


def read_exif(file: BinaryIO) -> tuple[Tags, FocusPoint | None]:
    """Read the tags of a photo, and where its camera focused.

    Any of `DAMAGE`, or an `ExifError` of exifread, says that there are none that can be read.

    Parameters
    ----------
    file : binary file
        The photo; left anywhere.

    Returns
    -------
    tuple of (mapping of str to IfdTag, FocusPoint or None)
        Tags by the names that exifread gives them, such as `EXIF FNumber`; the focused point in the
        stored picture.
    """
    stream: Any = _Bounded(file)
    head = stream.read(96)
    is_heif = False
    if head.startswith(b"FUJIFILMCCD-RAW"):
        # A RAF file holds a JPEG with the EXIF; where, is told in bytes 84 to 87.
        stream = stream.within(struct.unpack(">I", head[84:88])[0])
    elif head[4:8] == b"ftyp":
        kind = sniff(stream)
        if kind is Format.RAW:
            return _read_cr3(stream)
        is_heif = kind is Format.HEIF
    if head.startswith((b"\x89PNG", b"RIFF")) or (head[4:8] == b"ftyp" and not is_heif):
        stream = _cut_pillow_block(file)
    tags, stream = _read_tags(stream, file if is_heif else None)
    return tags, _find_common_point(tags) or _find_maker_point(stream, tags)


def to_text(tags: Tags, name: str) -> str | None:
    """Read a text, without what cannot be printed and at most 100 characters of it.

    Parameters
    ----------
    tags : mapping of str to IfdTag
        As `read_exif` gives them.
    name : str
        Of the tag.

    Returns
    -------
    str or None
        None where the tag is missing, empty or no text.
    """
    tag = tags.get(name)
    if tag is None or not isinstance(tag.values, str | bytes):
        return None
    value = tag.values
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:_MAX_TEXT] or None


def to_number(tags: Tags, name: str) -> float | None:
    """Read a number above zero.

    Parameters
    ----------
    tags : mapping of str to IfdTag
        As `read_exif` gives them.
    name : str
        Of the tag; of several numbers the first one is read.

    Returns
    -------
    float or None
        None where the tag is missing, or is no finite number above zero.
    """
    tag = tags.get(name)
    if tag is None or isinstance(tag.values, str | bytes):
        return None
    with suppress(*DAMAGE):
        number = float(tag.values[0])
        return number if number > 0 and math.isfinite(number) else None
    return None


class _Bounded:
    """A file that serves no more reads than a photo needs, and may begin in another one."""

    def __init__(self, stream: BinaryIO, start: int = 0) -> None:
        self._stream = stream
        self._start = start
        self._num_reads = self._num_bytes = 0

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(_MAX_READ_BYTES if size < 0 else min(size, _MAX_READ_BYTES))
        self._num_reads += 1
        self._num_bytes += len(content)
        if self._num_reads > _MAX_READS or self._num_bytes > _MAX_BYTES:
            raise OSError("too much is read for a photo")
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset + (self._start if whence == io.SEEK_SET else 0), whence)

    def tell(self) -> int:
        return self._stream.tell() - self._start

    def within(self, start: int) -> _Bounded:
        """Give the file that begins in this one; reads count for both."""
        inner = _Bounded(self._stream, start)
        inner._num_reads, inner._num_bytes = self._num_reads, self._num_bytes
        return inner


def _open_block(block: bytes) -> Any:
    """Open an EXIF block that was cut out of a file as a file of its own."""
    return _Bounded(io.BytesIO(block.removeprefix(b"Exif\0\0")))


def _read_tags(stream: Any, heif: BinaryIO | None) -> tuple[dict[str, IfdTag], Any]:
    """Read the tags; give them, and the file or the block of it in which they are."""
    from exifread import process_file
    from exifread.core.exceptions import ExifError

    with suppress(*DAMAGE, ExifError):
        if tags := process_file(stream, details=False, extract_thumbnail=False):
            return tags, stream
    # exifread looks at the first 4 kB of a JPEG only; long XMP may stand before. Of HEIF it knows
    # what phones write, not the 10 bits of cameras.
    block = _cut_jpeg_block(stream) if heif is None else _cut_heif_block(heif)
    return process_file(block, details=False, extract_thumbnail=False), block


def _cut_heif_block(file: BinaryIO) -> Any:
    """Cut the EXIF block out of a HEIF picture.

    Raises
    ------
    OSError
        If no reader is installed.
    """
    try:
        from pillow_heif import open_heif
    except ImportError as error:
        raise OSError("no reader") from error
    file.seek(0)
    # Its reader for Pillow would have taken the orientation out.
    return _open_block(open_heif(file).info.get("exif") or b"")


def _cut_pillow_block(file: BinaryIO) -> Any:
    """Cut the EXIF block out of a format that Pillow knows better than exifread does."""
    file.seek(0)
    # Pillow reads such a file as a whole, as it does for the pixels.
    with (
        LENIENCY.granted(0),
        PillowImage.open(file, formats=("PNG", "WEBP", "AVIF")) as picture,
    ):
        # darktable and ImageMagick write it into a PNG as text: three lines, and digits.
        lines = picture.info.get("Raw profile type exif", "").split("\n")
        block = picture.info.get("exif") or bytes.fromhex("".join(lines[3:]))
        return _open_block(block)


def _cut_jpeg_block(stream: Any) -> Any:
    """Cut the EXIF block out of a JPEG, wherever it stands before the pixels.

    Raises
    ------
    OSError
        If there is none.
    """
    for marker, _, length in walk_segments(stream):
        if marker == APP1 and (content := stream.read(length)).startswith(b"Exif\0"):
            return _open_block(content)
    raise OSError("no EXIF block")


def _find_common_point(tags: Tags) -> FocusPoint | None:
    with suppress(*DAMAGE):
        return find_common_point(tags)
    return None


def _find_maker_point(stream: Any, tags: Tags) -> FocusPoint | None:
    from exifread.core.find_exif import determine_type

    with suppress(*DAMAGE):
        stream.seek(0)
        base, endian, _ = determine_type(stream)
        order = "<" if endian in {b"I", "I"} else ">"
        stream.seek(base + 4)
        (offset,) = struct.unpack(order + "I", stream.read(4))
        return find_maker_point(Ifd(stream, base, order, offset), _name_camera(tags))
    return None


def _read_cr3(stream: Any) -> tuple[Tags, FocusPoint | None]:
    """Read Canon's CR3: EXIF is divided among boxes, each a TIFF of its own."""
    from exifread import process_file

    stream.seek(0)
    head = stream.read(_MAX_READ_BYTES)
    boxes = {name: _cut_box(head, name) for name in (b"CMT1", b"CMT2", b"CMT3")}
    first, second = _open_block(boxes[b"CMT1"]), _open_block(boxes[b"CMT2"])
    tags = dict(process_file(first, details=False, extract_thumbnail=False))
    for name, tag in process_file(second, details=False, extract_thumbnail=False).items():
        tags[name.replace("Image ", "EXIF ", 1)] = tag
    point = _find_common_point(tags)
    if point is None:
        with suppress(*DAMAGE):
            note = boxes[b"CMT3"]
            order = "<" if note[:2] == b"II" else ">"
            (offset,) = struct.unpack(order + "I", note[4:8])
            point = read_note(Ifd(io.BytesIO(note), 0, order, 0), offset, _name_camera(tags))
    return tags, point


def _cut_box(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    if at < 4:
        return b""
    (size,) = struct.unpack(">I", head[at - 4 : at])
    return head[at + 4 : at - 4 + size]


def _name_camera(tags: Tags) -> str:
    """Give maker and model as they are written."""
    return " ".join(to_text(tags, f"Image {part}") or "" for part in ("Make", "Model"))
