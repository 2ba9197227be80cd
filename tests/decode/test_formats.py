from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.formats import Format, sniff
from raw_files import write_dng

if TYPE_CHECKING:
    from pathlib import Path


def make_boxes(*brands: bytes) -> bytes:
    body = brands[0] + bytes(4) + b"".join(brands[1:])
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + bytes(100)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (make_boxes(b"heic", b"mif1", b"heic"), Format.HEIF),
        (make_boxes(b"mif1", b"mif1", b"heic"), Format.HEIF),
        (make_boxes(b"mif1", b"mif1", b"avif"), Format.PICTURE),
        (make_boxes(b"avif", b"mif1", b"miaf"), Format.PICTURE),
        (make_boxes(b"crx ", b"isom"), Format.RAW),
        (make_boxes(b"qt  "), Format.PICTURE),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(100), Format.RAW),
        (b"IIRO\x08\0\0\0" + bytes(100), Format.RAW),
        (b"IIU\0\x18\0\0\0" + bytes(100), Format.RAW),
        (b"FUJIFILMCCD-RAW 0201" + bytes(100), Format.RAW),
        (b"", Format.PICTURE),
        (b"II*\0", Format.PICTURE),
        (b"\xff\xd8\xff\xe0" + bytes(100), Format.PICTURE),
    ],
)
def test_first_bytes_tell_the_reader(content: bytes, expected: Format) -> None:
    assert sniff(io.BytesIO(content)) is expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [(0x0106, 32803, Format.RAW), (0x0103, 34713, Format.RAW), (0x0106, 2, Format.PICTURE)],
)
def test_a_tiff_is_raw_by_what_its_children_hold(
    order: str, tag: int, value: int, expected: Format
) -> None:
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entry = struct.pack(order + "HHII", 0x014A, 4, 1, 26)
    parent = struct.pack(order + "H", 1) + entry + struct.pack(order + "I", 0)
    child_entry = struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
    child = struct.pack(order + "H", 1) + child_entry + struct.pack(order + "I", 0)
    assert sniff(io.BytesIO(start + parent + child)) is expected


def test_directories_that_lead_in_a_circle_end() -> None:
    circle = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0106, 3, 1, 2, 0, 8)
    assert sniff(io.BytesIO(circle)) is Format.PICTURE


def test_a_dng_is_raw_and_a_tiff_is_not(tmp_path: Path) -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    with write_dng(tmp_path / "a.dng", rgb).open("rb") as stream:
        assert sniff(stream) is Format.RAW
    Image.fromarray(rgb).save(tmp_path / "a.tif", compression="jpeg")
    with (tmp_path / "a.tif").open("rb") as stream:
        assert sniff(stream) is Format.PICTURE
