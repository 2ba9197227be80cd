"""Profiles: grey decides for luma, every colour for RGB."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

from clearshot.decode.color import correct_luma, to_rgb
from clearshot.decode.image import decode, read_rgb

if TYPE_CHECKING:
    from pathlib import Path

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

# D50-adapted primaries, from the definitions of Display P3 and ProPhoto RGB.
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))


def make_profile(primaries: tuple[tuple[float, ...], ...], gamma: float | None) -> bytes:
    """Write a matrix profile; without a gamma the curve is that of sRGB."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    if gamma is None:
        numbers = b"".join(map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + numbers
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    points = {
        name: b"XYZ " + bytes(4) + b"".join(map(fixed, values))
        for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    }
    points[b"wtpt"] = b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    tags = {**points, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def ramp() -> Image.Image:
    return Image.fromarray(np.arange(256, dtype=np.uint8).repeat(4).reshape(16, 64).repeat(8, 0))


@pytest.mark.parametrize("profile", [None, SRGB, make_profile(P3, None), b"no profile at all"])
def test_luma_is_left_alone_where_grey_stays_grey(profile: bytes | None) -> None:
    luma = ramp()
    assert correct_luma(luma, profile) is luma


def test_luma_follows_the_curve_of_the_profile() -> None:
    luma = correct_luma(ramp(), make_profile(PROPHOTO, 1.8))
    level = 100 / 255
    linear = level**1.8
    expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    at = np.asarray(ramp()) == 100
    assert np.asarray(luma)[at].mean() == pytest.approx(expected, abs=1.5)


def test_a_jpeg_with_the_profile_of_a_phone_has_the_same_luma(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (128, 192, 3), dtype=np.uint8))
    picture.save(tmp_path / "plain.jpg", quality=95)
    picture.save(tmp_path / "wide.jpg", quality=95, icc_profile=make_profile(P3, None))
    plain, wide = decode(tmp_path / "plain.jpg"), decode(tmp_path / "wide.jpg")
    assert np.array_equal(plain.luma_hw, wide.luma_hw)


def test_colours_are_those_of_a_screen(tmp_path: Path) -> None:
    # The green of sRGB, written in Display P3: (117, 251, 76).
    Image.new("RGB", (128, 128), (117, 251, 76)).save(
        tmp_path / "wide.png", icc_profile=make_profile(P3, None)
    )
    pixel = read_rgb(tmp_path / "wide.png", long_side_px=128)[64, 64]
    assert pixel.tolist() == pytest.approx([0, 255, 0], abs=6)


def test_every_mode_becomes_rgb() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"):
        picture = Image.new(mode, (8, 8)) if mode == "LAB" else ramp().convert(mode)
        assert to_rgb(picture, None).mode == "RGB"
        assert to_rgb(picture, SRGB).mode == "RGB"


def test_a_profile_for_another_kind_of_picture_changes_nothing() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    picture = ramp().convert("RGB")
    assert np.array_equal(np.asarray(to_rgb(picture, lab)), np.asarray(picture))


def test_broken_profiles_never_fail_a_photo(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    whole = make_profile(PROPHOTO, 1.8)
    stream = io.BytesIO()
    for _ in range(60):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(damaged), 4):
            damaged[place] = rng.integers(256)
        stream.seek(0)
        Image.new("RGB", (128, 128), "gray").save(stream, "PNG", icc_profile=bytes(damaged))
        (tmp_path / "photo.png").write_bytes(stream.getvalue())
        decode(tmp_path / "photo.png")
        read_rgb(tmp_path / "photo.png", long_side_px=128)
