"""What stands before the pixels of a JPEG photo, and the XMP packet in it.

A JPEG is a run of segments up to its first scan. A segment is kept here as its bytes, marker and
length included, so that segments put together again are the file. XMP has one of its own [1]_. A
photo of several pictures has an index of them, MPF [2]_: where each is, counted from the index.

References
----------
.. [1] XMP specification, part 3 (Adobe, 2020), 1.1.3.
.. [2] CIPA DC-007, Multi-Picture Format, 5.2.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from clearshot.errors import SidecarError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe"})
"""Names of JPEG photos that programs look into for XMP."""

HEAD_START = b"\xff\xd8"
"""What every JPEG begins with; its first segment follows."""

_START_OF_SCAN, _APP1, _APP2 = 0xDA, 0xE1, 0xE2
# RSTn, SOI, EOI and TEM have no length (ITU-T T.81, table B.1), and no place before the pixels. 0
# and 255 are no markers.
_NO_SEGMENTS = {0x00, 0x01, *range(0xD0, 0xDA), 0xFF}

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
# A digest, the length of all parts, and the place of this one among them.
_EXTENSION_HEAD_BYTES = 32 + 4 + 4
_EXTENSION_NOTE = b"HasExtendedXMP"
_MPF = b"MPF\0"
_EXIF = b"Exif\0"

# What exiftool takes for XMP, whatever header it has; old ImageMagick wrote `XMP` into the header.
_XMP_SIGNS = (b"<?xpacket", b"<x:xmpmeta", b"<exif:")

# A length of two bytes counts itself.
MAX_PACKET_BYTES = 0xFFFF - 2 - len(_XMP)
"""The longest packet that one segment holds [bytes]."""

# Cameras write less than a megabyte before the pixels.
_MAX_HEAD_BYTES = 64 << 20


def read_segments(stream: BinaryIO) -> tuple[bytes, ...]:
    """Read the segments of a JPEG up to its first scan.

    Parameters
    ----------
    stream : BinaryIO
        At the file's start; at its first scan afterwards.

    Returns
    -------
    tuple of bytes
        Put together behind `HEAD_START` they are the file up to there.

    Raises
    ------
    SidecarError
        If it is no JPEG, or damaged before its pixels.
    """
    if stream.read(2) != HEAD_START:
        raise SidecarError("is not a JPEG")
    segments, size_bytes = [], 0
    while (segment := _read_segment(stream)) is not None:
        segments.append(segment)
        size_bytes += len(segment)
        if size_bytes > _MAX_HEAD_BYTES:
            raise SidecarError("has too much before its pixels")
    return tuple(segments)


def holds_own_metadata(path: Path) -> bool:
    """Tell whether programs look for the metadata of a photo in the file itself: a JPEG.

    Raises OSError if it cannot be read.

    Parameters
    ----------
    path : Path
        A photo.

    Returns
    -------
    bool
        By its name and by its content.
    """
    if path.suffix.lower() not in JPEG_SUFFIXES:
        return False
    with path.open("rb") as stream:
        return stream.read(len(HEAD_START)) == HEAD_START


def read_packet(path: Path) -> bytes | None:
    """Read the XMP packet of a JPEG photo.

    Raises OSError if it cannot be read, and SidecarError as `read_segments` and `find_packet` do.

    Parameters
    ----------
    path : Path
        The photo.

    Returns
    -------
    bytes or None
        As `find_packet` gives it.
    """
    with path.open("rb") as stream:
        return find_packet(read_segments(stream))


def split_segments(content: bytes) -> tuple[bytes, ...]:
    """Split a run of segments.

    Parameters
    ----------
    content : bytes
        Some of what `read_segments` gave, put together.

    Returns
    -------
    tuple of bytes
        Each of them.

    Raises
    ------
    SidecarError
        If these are no whole segments, or they reach into the pixels.
    """
    stream, segments = io.BytesIO(content), []
    while stream.tell() < len(content):
        segment = _read_segment(stream)
        if segment is None:
            raise SidecarError("reaches into the pixels")
        segments.append(segment)
    return tuple(segments)


def find_packet(segments: tuple[bytes, ...]) -> bytes | None:
    """Find the XMP packet of a photo.

    Parameters
    ----------
    segments : tuple of bytes
        As `read_segments` gave them.

    Returns
    -------
    bytes or None
        The packet; None where there is none.

    Raises
    ------
    SidecarError
        If there are several, it goes on in extended XMP, or it has not the header that programs
        look for: such cannot be changed without loss.
    """
    payloads = [payload for marker, payload in map(_open, segments) if marker == _APP1]
    packets = [each.removeprefix(_XMP) for each in payloads if each.startswith(_XMP)]
    if any(each.startswith(_EXTENDED_XMP) for each in payloads):
        raise SidecarError("has extended XMP, which is not changed")
    if any(map(_is_stray_xmp, payloads)):
        raise SidecarError("has XMP behind a header of another form")
    if len(packets) > 1:
        raise SidecarError("has several XMP packets")
    if packets and _EXTENSION_NOTE in packets[0]:
        raise SidecarError("has extended XMP, which is not changed")
    return packets[0] if packets else None


def gather_xmp(path: Path) -> bytes:
    """Put together all that may be XMP in a JPEG photo, where it is no packet that can be read.

    Raises OSError if it cannot be read, and SidecarError as `read_segments` does.

    Parameters
    ----------
    path : Path
        The photo.

    Returns
    -------
    bytes
        To be searched only. Parts of extended XMP follow each other without their headers.
    """
    with path.open("rb") as stream:
        segments = map(_open, read_segments(stream))
    payloads = [payload for marker, payload in segments if marker == _APP1]
    start = len(_EXTENDED_XMP) + _EXTENSION_HEAD_BYTES
    return b"".join(
        payload[start:] if payload.startswith(_EXTENDED_XMP) else payload
        for payload in payloads
        if not payload.startswith(_EXIF)
    )


def has_index(segments: tuple[bytes, ...]) -> bool:
    """Tell whether there is an index of pictures among segments.

    Parameters
    ----------
    segments : tuple of bytes
        As `read_segments` gave them.

    Returns
    -------
    bool
        What grows behind it makes it wrong.
    """
    opened = map(_open, segments)
    return any(marker == _APP2 and payload.startswith(_MPF) for marker, payload in opened)


def is_xmp_exchange(before: bytes, after: bytes) -> bool:
    """Tell whether two runs of segments differ in XMP alone.

    Parameters
    ----------
    before, after : bytes
        Segments, put together.

    Returns
    -------
    bool
        False also where one is no run of whole segments.
    """
    try:
        olds, news = split_segments(before), split_segments(after)
    except SidecarError:
        return False
    return list(filter(_is_other, olds)) == list(filter(_is_other, news))


def _is_stray_xmp(payload: bytes) -> bool:
    """Tell whether a segment holds XMP that some programs find and others do not."""
    if payload.startswith((_XMP, _EXIF)):
        return False
    return payload.startswith((b"http", b"XMP\0")) or any(map(payload.__contains__, _XMP_SIGNS))


def _is_other(segment: bytes) -> bool:
    marker, payload = _open(segment)
    return not (marker == _APP1 and payload.startswith(_XMP))


def _read_segment(stream: BinaryIO) -> bytes | None:
    """Read one segment; None, with the stream before it, where the pixels begin.

    Raises
    ------
    SidecarError
        If there is none.
    """
    lead = stream.read(2)
    while lead.endswith(b"\xff\xff") and (byte := stream.read(1)):
        lead += byte  # behind fill bytes
    if len(lead) < 2 or lead[0] != 0xFF or lead[-1] in _NO_SEGMENTS:
        raise SidecarError("is damaged before its pixels")
    if lead[-1] == _START_OF_SCAN:
        stream.seek(-len(lead), io.SEEK_CUR)
        return None
    length = stream.read(2)
    rest = stream.read(max(0, int.from_bytes(length, "big") - 2))
    if len(length) < 2 or len(rest) != int.from_bytes(length, "big") - 2:
        raise SidecarError("is damaged before its pixels")
    return lead + length + rest


def _open(segment: bytes) -> tuple[int, bytes]:
    """Give the marker of a segment and what is in it."""
    rest = segment.lstrip(b"\xff")
    return rest[0], rest[3:]
