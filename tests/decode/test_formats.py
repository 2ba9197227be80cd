from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.decode.formats import Format, sniff
from clearshot.decode.image import decode, read_crops
from clearshot.photo import Region
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


def write_grey(path: Path, values: np.ndarray, bits: int, *, white_is_zero: bool) -> Path:
    """Write a grey TIFF without compression; 12 bits are packed, two values in three bytes."""
    if bits == 12:
        first, second = values[:, ::2].astype(int), values[:, 1::2].astype(int)
        parts = (first >> 4, (first & 15) << 4 | second >> 8, second & 255)
        content = np.stack(parts, axis=-1).astype(np.uint8).tobytes()
    else:
        content = values.astype("<u2" if bits == 16 else "u1").tobytes()
    height, width = values.shape
    fields = {
        256: width, 257: height, 258: bits, 259: 1, 262: 0 if white_is_zero else 1,
        273: 8, 277: 1, 278: height, 279: len(content),
    }  # fmt: skip
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    head = b"II*\0" + struct.pack("<I", 8 + len(content))
    path.write_bytes(head + content + struct.pack("<H", len(fields)) + table + bytes(4))
    return path


@pytest.mark.parametrize(("bits", "white_is_zero"), [(12, False), (16, False), (16, True)])
def test_deep_grey_is_as_bright_as_it_looks(tmp_path: Path, bits: int, white_is_zero: bool) -> None:
    levels = np.tile(np.arange(0, 256, dtype=np.uint16), (256, 1))
    values = levels << (bits - 8)
    path = write_grey(
        tmp_path / "grey.tif",
        (1 << bits) - 1 - values if white_is_zero else values,
        bits,
        white_is_zero=white_is_zero,
    )
    assert np.array_equal(decode(path).luma_hw, levels)
    (crop,) = read_crops(path, [Region(64, 32, 128, 96)])
    assert np.array_equal(crop, levels[32:128, 64:192])


def test_separate_planes_of_16_bits_are_one_picture(tmp_path: Path) -> None:
    path, width, height = tmp_path / "planes.tif", 96, 80
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    planes = (rgb.astype("<u2") * 257).transpose(2, 0, 1).tobytes()
    size = width * height * 2
    at = 8 + len(planes)
    offsets = struct.pack("<3I", 8, 8 + size, 8 + 2 * size)
    extra = struct.pack("<3H", 16, 16, 16) + bytes(2) + offsets + struct.pack("<3I", *[size] * 3)
    fields = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, at), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 3, at + 8), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 3, at + 20),
        (284, 3, 1, 2),
    ]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *field) for field in fields)
    head = b"II*\0" + struct.pack("<I", at + len(extra))
    path.write_bytes(head + planes + extra + struct.pack("<H", len(fields)) + table + bytes(4))
    assert np.array_equal(decode(path).luma_hw, np.asarray(Image.fromarray(rgb).convert("L")))
