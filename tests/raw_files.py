"""Raw files written by hand: uncompressed DNG, with a colour filter array and perhaps a preview.

The tags are those of TIFF 6.0 and of the DNG specification 1.4.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WHITE = 16383  # 14 bits

_SHORT, _LONG, _BYTE, _ASCII, _RATIONAL, _SRATIONAL = 3, 4, 1, 2, 5, 10
_LETTERS = {_SHORT: "H", _LONG: "I", _BYTE: "B"}
# XYZ (D65) to linear sRGB: a camera that sees as a screen shows.
_MATRIX = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)

_Entry = tuple[int, int, bytes, int]  # tag, type, content, count


def write_dng(
    path: Path,
    rgb: NDArray[np.uint8],
    *,
    preview: Image.Image | bytes | None = None,
    orientation: int = 1,
    exposure: float = 1.0,
    scale: tuple[float, float] = (1, 1),
) -> Path:
    """Write a picture as a sensor would see it.

    `exposure` multiplies its light, `scale` tells how wide and how high its pixels are.
    """
    content = [b"II*\0", struct.pack("<I", 8)]
    mosaic = _to_mosaic(rgb, exposure).tobytes()
    jpeg = _to_jpeg(preview) if isinstance(preview, Image.Image) else preview
    height, width = rgb.shape[:2]
    sensor = [
        _entry(0x00FE, _LONG, [0]),
        _entry(0x0100, _LONG, [width]),
        _entry(0x0101, _LONG, [height]),
        _entry(0x0102, _SHORT, [16]),
        _entry(0x0103, _SHORT, [1]),
        _entry(0x0106, _SHORT, [32803]),
        _entry(0x0115, _SHORT, [1]),
        _entry(0x0116, _LONG, [height]),
        _entry(0x828D, _SHORT, [2, 2]),
        _entry(0x828E, _BYTE, [0, 1, 1, 2]),
        _entry(0xC61A, _SHORT, [0]),
        _entry(0xC61D, _SHORT, [WHITE]),
        (0xC61E, _RATIONAL, _pack_ratios(scale), 2),
    ]
    camera = [
        _entry(0x010F, _ASCII, b"Maker\0"),
        _entry(0x0110, _ASCII, b"Model\0"),
        _entry(0x0112, _SHORT, [orientation]),
        _entry(0xC612, _BYTE, [1, 4, 0, 0]),
        _entry(0xC614, _ASCII, b"Maker Model\0"),
        (0xC621, _SRATIONAL, _pack_ratios(_MATRIX), 9),
        (0xC628, _RATIONAL, _pack_ratios((1, 1, 1)), 3),
        _entry(0xC65A, _SHORT, [21]),
    ]
    parts: list[tuple[list[_Entry], bytes, list[tuple[list[_Entry], bytes]]]]
    if jpeg is None:
        parts = [(sensor + camera, mosaic, [])]
    else:
        with Image.open(io.BytesIO(jpeg)) as shown:
            size = shown.size
        small = [
            _entry(0x00FE, _LONG, [1]),
            _entry(0x0100, _LONG, [size[0]]),
            _entry(0x0101, _LONG, [size[1]]),
            _entry(0x0102, _SHORT, [8, 8, 8]),
            _entry(0x0103, _SHORT, [7]),
            _entry(0x0106, _SHORT, [6]),
            _entry(0x0115, _SHORT, [3]),
            _entry(0x0116, _LONG, [size[1]]),
        ]
        parts = [(small + camera, jpeg, [(sensor, mosaic)])]
    body = b"".join(content)
    for entries, data, children in parts:
        body = _append(body, entries, data, children)
    path.write_bytes(body)
    return path


def _append(
    body: bytes,
    entries: list[_Entry],
    data: bytes,
    children: Sequence[tuple[list[_Entry], bytes]],
) -> bytes:
    """Append a directory, what it points at, its picture, and its children."""
    offset = len(body)
    entries = [*entries, _entry(0x0111, _LONG, [0]), _entry(0x0117, _LONG, [len(data)])]
    if children:
        entries.append(_entry(0x014A, _LONG, [0]))
    entries.sort()
    place = offset + 2 + 12 * len(entries) + 4
    long_values = b""
    fields = {}
    for tag, _, content, _ in entries:
        if len(content) > 4:
            fields[tag] = struct.pack("<I", place + len(long_values))
            long_values += content + b"\0" * (len(content) % 2)
        else:
            fields[tag] = content.ljust(4, b"\0")
    data_at = place + len(long_values)
    child_at = data_at + len(data) + len(data) % 2
    fields[0x0111] = struct.pack("<I", data_at)
    if children:
        fields[0x014A] = struct.pack("<I", child_at)
    table = b"".join(
        struct.pack("<HHI", tag, kind, count) + fields[tag] for tag, kind, _, count in entries
    )
    ifd = struct.pack("<H", len(entries)) + table + struct.pack("<I", 0)
    body += ifd + long_values + data + b"\0" * (len(data) % 2)
    for child_entries, child_data in children:
        body = _append(body, child_entries, child_data, ())
    return body


def _entry(tag: int, kind: int, values: Sequence[int] | bytes) -> _Entry:
    if isinstance(values, bytes):
        return tag, kind, values, len(values)
    letters = _LETTERS[kind] * len(values)
    return tag, kind, struct.pack("<" + letters, *values), len(values)


def _pack_ratios(values: Sequence[float]) -> bytes:
    return b"".join(struct.pack("<ii", round(10_000 * value), 10_000) for value in values)


def _to_mosaic(rgb: NDArray[np.uint8], exposure: float) -> NDArray[np.uint16]:
    """Undo the curve of sRGB and keep one colour of each pixel: RG over GB."""
    unit = np.arange(256) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    values = np.clip(linear * exposure * WHITE, 0, WHITE).astype("<u2")
    mosaic = values[rgb[..., 1]]
    mosaic[0::2, 0::2] = values[rgb[0::2, 0::2, 0]]
    mosaic[1::2, 1::2] = values[rgb[1::2, 1::2, 2]]
    return mosaic


def _to_jpeg(preview: Image.Image) -> bytes:
    stream = io.BytesIO()
    preview.save(stream, "JPEG", quality=92)
    return stream.getvalue()
