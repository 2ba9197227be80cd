"""Facts about a photo that its camera wrote into the file, read with exifread.

Reading them never fails a photo: what is missing, broken or absurd is None. A hostile file can ask
for as many reads and bytes as it likes; it gets what a hundred photos would not need.
"""

from __future__ import annotations

import io
import logging
import math
import re
import struct
import warnings
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from PIL import Image as PillowImage

from clearshot.decode.focus_point import (
    Directory,
    FocusPoint,
    find_common_point,
    find_maker_point,
    read_note,
)
from clearshot.decode.formats import Format, sniff
from clearshot.decode.orientation import turn_point, turn_size
from clearshot.decode.segments import APP1, walk_segments
from clearshot.photo import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from exifread.core.ifd_tag import IfdTag

# Real files need up to 2,000 reads.
_MAX_READS: Final = 20_000
_MAX_READ_BYTES: Final = 1_000_000
# In all; exifread reads a large file once or twice in part, Pillow one of PNG, WebP or AVIF whole.
_MAX_BYTES: Final = 16_000_000

_MAX_TEXT: Final = 100
_MAX_ISO: Final = 10_000_000
# Proportions of one picture differ by no more: a camera's JPEG lacks a rim of the sensor.
_SAME_PROPORTIONS: Final = 0.02

# ISO values that say "see another field".
_ISO_OVERFLOW: Final = 65535

# Words of makers' names that no photographer uses.
_COMPANY_WORDS: Final = re.compile(
    r"\b(corporation|corp\.?|company(?:,? ?ltd\.?)?|inc\.?|optical|imaging|electric|computer"
    r"|co\.?,? ?ltd\.?)(?=\W|$)",
    re.IGNORECASE,
)

_DAMAGE: Final = (
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


def read_facts(path: Path, size_px: tuple[int, int] | None = None) -> Facts:
    """Read the facts about a photo. Never raises for a photo, however broken it is.

    Parameters
    ----------
    path : Path
        A photo.
    size_px : tuple of int or None
        Width and height of the upright photo [px]. A focus point that was noted for a picture of
        other proportions is left out: the photo was cropped or turned since. None to believe each.

    Returns
    -------
    Facts
        What its EXIF holds; empty where there is none.
    """
    from exifread.core.exceptions import ExifError

    try:
        with path.open("rb") as stream:
            tags, point = _read(_Bounded(stream))
            return _collect(tags, point, size_px)
    except (*_DAMAGE, ExifError):
        return Facts()


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

    def cut_heif_block(self) -> Any:
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
        self._stream.seek(0)
        # Its reader for Pillow would have taken the orientation out.
        return _open_block(open_heif(self._stream).info.get("exif") or b"")

    def cut_block(self) -> Any:
        """Cut the EXIF block out of a format that Pillow knows better than exifread does."""
        self._stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Pillow reads such a file as a whole, as it does for the pixels.
            with PillowImage.open(self._stream, formats=("PNG", "WEBP", "AVIF")) as picture:
                # darktable and ImageMagick write it into a PNG as text: three lines, and digits.
                lines = picture.info.get("Raw profile type exif", "").split("\n")
                block = picture.info.get("exif") or bytes.fromhex("".join(lines[3:]))
                return _open_block(block)


def _open_block(block: bytes) -> Any:
    """Open an EXIF block that was cut out of a file as a file of its own."""
    return _Bounded(io.BytesIO(block.removeprefix(b"Exif\0\0")))


def _read(stream: Any) -> tuple[Mapping[str, IfdTag], FocusPoint | None]:
    head = stream.read(96)
    is_heif = False
    if head.startswith(b"FUJIFILMCCD-RAW"):
        # A RAF file holds a JPEG with the EXIF; where, is told in bytes 84 to 87.
        stream = stream.within(struct.unpack(">I", head[84:88])[0])
    elif head[4:8] == b"ftyp":
        kind = sniff(stream)
        if kind is Format.RAW:
            return _read_boxes(stream)
        is_heif = kind is Format.HEIF
    if head.startswith((b"\x89PNG", b"RIFF")) or (head[4:8] == b"ftyp" and not is_heif):
        stream = stream.cut_block()
    tags, stream = _read_tags(stream, is_heif=is_heif)
    return tags, _find_common_point(tags) or _find_maker_point(stream, tags)


def _read_tags(stream: Any, *, is_heif: bool) -> tuple[dict[str, IfdTag], Any]:
    """Read the tags of a file; give them, and the file in which they are."""
    from exifread import process_file
    from exifread.core.exceptions import ExifError

    with suppress(*_DAMAGE, ExifError):
        if tags := process_file(stream, details=False, extract_thumbnail=False):
            return tags, stream
    # exifread looks at the first 4 kB of a JPEG only; long XMP may stand before. Of HEIF it knows
    # what phones write, not the 10 bits of cameras.
    block = stream.cut_heif_block() if is_heif else _cut_jpeg_block(stream)
    return process_file(block, details=False, extract_thumbnail=False), block


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


def _find_common_point(tags: Mapping[str, IfdTag]) -> FocusPoint | None:
    with suppress(*_DAMAGE):
        return find_common_point(tags)
    return None


def _find_maker_point(stream: Any, tags: Mapping[str, IfdTag]) -> FocusPoint | None:
    from exifread.core.find_exif import determine_type

    with suppress(*_DAMAGE):
        stream.seek(0)
        base, endian, _ = determine_type(stream)
        order = "<" if endian in {b"I", "I"} else ">"
        stream.seek(base + 4)
        (offset,) = struct.unpack(order + "I", stream.read(4))
        return find_maker_point(Directory(stream, base, order, offset), _name(tags))
    return None


def _read_boxes(stream: Any) -> tuple[Mapping[str, IfdTag], FocusPoint | None]:
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
        with suppress(*_DAMAGE):
            note = boxes[b"CMT3"]
            order = "<" if note[:2] == b"II" else ">"
            (offset,) = struct.unpack(order + "I", note[4:8])
            point = read_note(Directory(io.BytesIO(note), 0, order, 0), offset, _name(tags))
    return tags, point


def _cut_box(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    if at < 4:
        return b""
    (size,) = struct.unpack(">I", head[at - 4 : at])
    return head[at + 4 : at - 4 + size]


def _collect(
    tags: Mapping[str, IfdTag], point: FocusPoint | None, size_px: tuple[int, int] | None
) -> Facts:
    orientation = int(_to_number(tags, "Image Orientation") or 1)
    if point is not None and size_px is not None:
        stored_px = turn_size(size_px, orientation)
        point = point if _is_noted_for(stored_px, point, tags) else None
    x, y = (None, None) if point is None else turn_point(point.x, point.y, orientation)
    return Facts(
        camera=_find_camera(tags),
        lens=_to_text(tags, "EXIF LensModel"),
        iso=_find_iso(tags),
        shutter_s=_to_number(tags, "EXIF ExposureTime"),
        aperture=_to_number(tags, "EXIF FNumber"),
        taken_at=_find_time(tags),
        focus_x=x,
        focus_y=y,
    )


def _is_noted_for(
    stored_px: tuple[int, int], point: FocusPoint, tags: Mapping[str, IfdTag]
) -> bool:
    """Tell whether EXIF and the maker's note speak of a picture with these proportions.

    Programs that crop or turn a photo keep notes, and some keep the size in EXIF.
    """
    width, height = (_to_number(tags, f"EXIF ExifImage{side}") for side in ("Width", "Length"))
    for told in ((width, height), point.size_px or (None, None)):
        if told[0] and told[1]:
            proportions = told[0] * stored_px[1] / (told[1] * stored_px[0])
            if abs(proportions - 1) > _SAME_PROPORTIONS:
                return False
    return True


def _find_camera(tags: Mapping[str, IfdTag]) -> str | None:
    make, model = _to_text(tags, "Image Make"), _to_text(tags, "Image Model")
    if make is not None:
        make = " ".join(_COMPANY_WORDS.sub(" ", make).split()).rstrip(" ,.")
    if not make or model is None:
        return model or make or None
    words = {word.lower() for word in model.split()}
    return model if words & {word.lower() for word in make.split()} else f"{make} {model}"


def _name(tags: Mapping[str, IfdTag]) -> str:
    """Give maker and model as they are written."""
    return " ".join(_to_text(tags, f"Image {part}") or "" for part in ("Make", "Model"))


def _find_iso(tags: Mapping[str, IfdTag]) -> int | None:
    for name in ("ISOSpeedRatings", "RecommendedExposureIndex", "StandardOutputSensitivity"):
        value = _to_number(tags, f"EXIF {name}")
        if value is not None and value != _ISO_OVERFLOW and 1 <= value <= _MAX_ISO:
            return round(value)
    return None


def _find_time(tags: Mapping[str, IfdTag]) -> datetime | None:
    """Find when the photo was taken, with its zone where the camera wrote it."""
    for kind in ("Original", "Digitized"):
        text = _to_text(tags, f"EXIF DateTime{kind}") or ""
        found = re.fullmatch(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d:\d\d:\d\d)", text)
        if found is None:
            continue
        part = re.fullmatch(r"\d{1,9}", _to_text(tags, f"EXIF SubSecTime{kind}") or "")
        # OffsetTime alone is of the last change, perhaps on a computer in another zone.
        zone = _to_text(tags, f"EXIF OffsetTime{kind}") or ""
        zone = zone if re.fullmatch(r"[+-]\d\d:\d\d|Z", zone) else ""
        year, month, day, clock = found.groups()
        digits = f".{part[0][:6].ljust(6, '0')}" if part else ""
        # A zone that no clock has costs the zone alone.
        for ending in (zone, ""):
            with suppress(ValueError):
                return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{digits}{ending}")
    return None


def _to_text(tags: Mapping[str, IfdTag], name: str) -> str | None:
    tag = tags.get(name)
    if tag is None or not isinstance(tag.values, str | bytes):
        return None
    value = tag.values
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:_MAX_TEXT] or None


def _to_number(tags: Mapping[str, IfdTag], name: str) -> float | None:
    """Read a number above zero."""
    tag = tags.get(name)
    if tag is None or isinstance(tag.values, str | bytes):
        return None
    with suppress(*_DAMAGE):
        number = float(tag.values[0])
        return number if number > 0 and math.isfinite(number) else None
    return None
