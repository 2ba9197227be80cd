"""Whole files of every format, small enough to read thousands of damaged copies in minutes."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from conftest import draw_scene
from raw_files import write_dng

if TYPE_CHECKING:
    from pathlib import Path


def make_seeds(folder: Path) -> dict[str, bytes]:
    """Make a file of each kind; `folder` is used for the raw ones."""
    rgb = draw_scene(5, width=128, height=96)
    picture = Image.fromarray(rgb)
    exif = _make_exif()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words " * 200, zip=True)
    deep = Image.fromarray((rgb[..., 0].astype(np.uint16) << 8) + 7)
    seeds = {
        "baseline.jpg": _save(picture, "JPEG", exif=exif, icc_profile=profile),
        "progressive.jpg": _save(picture, "JPEG", progressive=True),
        "grey.jpg": _save(picture.convert("L"), "JPEG", exif=exif),
        "cmyk.jpg": _save(picture.convert("CMYK"), "JPEG"),
        "two.mpo": _save(picture, "MPO", save_all=True, append_images=[picture.resize((64, 64))]),
        "rgb.png": _save(picture, "PNG", exif=exif, icc_profile=profile, pnginfo=text),
        "palette.png": _save(picture.convert("P"), "PNG"),
        "deep.png": _save(deep, "PNG"),
        "plain.tif": _save(picture, "TIFF", exif=exif),
        "lzw.tif": _save(picture, "TIFF", compression="tiff_lzw"),
        "deflate.tif": _save(deep, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": _save(picture, "TIFF", compression="jpeg"),
        "float.tif": _save(picture.convert("F"), "TIFF"),
        "cmyk.tif": _save(picture.convert("CMYK"), "TIFF"),
        "lossy.webp": _save(picture, "WEBP", exif=exif),
        "lossless.webp": _save(picture, "WEBP", lossless=True),
        "colour.avif": _save(picture, "AVIF", exif=exif, speed=10),
        "plain.dng": write_dng(folder / "plain.dng", rgb).read_bytes(),
        "turned.dng": write_dng(folder / "turned.dng", rgb, orientation=6).read_bytes(),
        "preview.dng": write_dng(
            folder / "preview.dng", rgb, preview=Image.new("RGB", (1040, 780), "gray")
        ).read_bytes(),
    }
    jpeg = seeds["baseline.jpg"]
    seeds["camera.raf"] = (
        b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0")
        + struct.pack(">II", 160, len(jpeg)).ljust(76, b"\0")
        + jpeg
    )
    tiff = exif[6:]
    boxes = b"".join(
        struct.pack(">I", 8 + len(tiff)) + name + tiff for name in (b"CMT1", b"CMT2", b"CMT3")
    )
    seeds["camera.cr3"] = struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom" + boxes
    seeds["camera.orf"] = b"IIRO" + seeds["plain.tif"][4:]
    with suppress(ImportError):
        seeds |= _make_heif(picture, deep, exif)
    return seeds


def _make_heif(picture: Image.Image, deep: Image.Image, exif: bytes) -> dict[str, bytes]:
    import pillow_heif

    seeds = {}
    pictures = {"colour.heic": picture, "grey.heic": picture.convert("L"), "deep.heic": deep}
    for name, each in pictures.items():
        stream = io.BytesIO()
        pillow_heif.from_pillow(each).save(stream, quality=60, exif=exif)
        seeds[name] = stream.getvalue()
    return seeds


def _make_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon", "Canon EOS 6D", 6
    ifd = exif.get_ifd(0x8769)
    ifd[0x829A], ifd[0x8827], ifd[0x9003] = 0.01, 400, "2020:02:03 04:05:06"
    ifd[0xA002], ifd[0xA003], ifd[0x9214] = 128, 96, (64, 48)
    ifd[0x927C] = struct.pack("<HHHII", 1, 0x0026, 3, 14, 0) + bytes(40)
    return exif.tobytes()


def _save(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()
