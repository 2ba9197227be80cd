"""Colours as a screen shows them: ICC profiles to sRGB, where that changes what is measured.

Luma is taken from the stored numbers, as JPEG does, and then corrected by one curve: what the
profile makes of neutral grey. sRGB and Display P3 share that curve, so their luma is left as it is;
with Adobe RGB it differs by at most two levels, ProPhoto RGB and linear profiles need it. See
`docs/decisions/0009-icc-profiles.md` for what is lost by asking grey only.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms

# Larger profiles hold no curve that a photo needs; real ones take up to 2 MB (CMYK).
_MAX_PROFILE_BYTES: Final = 8_000_000

# A profile that moves no grey, or no colour of the probe, by more than this is left out [levels].
_SAME_LEVELS: Final = 2


def correct_luma(luma: PillowImage.Image, profile: bytes | None) -> PillowImage.Image:
    """Correct luma by the curve that a profile has for grey.

    Parameters
    ----------
    luma : PIL.Image.Image
        Mode L, from the numbers as they are stored.
    profile : bytes or None
        ICC profile of those numbers; None and what is broken or no profile for RGB or grey change
        nothing.

    Returns
    -------
    PIL.Image.Image
        The same picture where the curve is that of sRGB, to two levels of 255.
    """
    curve = _find_grey_curve(profile) if profile else None
    return luma if curve is None else luma.point(curve)


def divide_by_alpha(picture: PillowImage.Image) -> PillowImage.Image:
    """Undo the multiplication of grey by its transparency (mode La), which Pillow cannot convert.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any mode.

    Returns
    -------
    PIL.Image.Image
        The same picture but for mode La, which becomes LA.
    """
    return picture.convert("LA") if picture.mode == "La" else picture


def to_rgb(picture: PillowImage.Image, profile: bytes | None) -> PillowImage.Image:
    """Convert a picture to RGB, by its profile where that is another than sRGB.

    Parameters
    ----------
    picture : PIL.Image.Image
        Loaded, of any mode but those with more than 8 bits.
    profile : bytes or None
        Its ICC profile; None and what is broken or of another colour space count as none.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    picture = divide_by_alpha(picture)
    if picture.mode in {"CMYK", "LAB"}:
        transform = _build_transform(profile, picture.mode)
        if transform is not None:
            converted = ImageCms.applyTransform(picture, transform)
            if converted is not None:
                return converted
    if picture.mode == "LAB":
        # Pillow converts it by a profile only.
        return _convert_lab(picture)
    rgb = picture.convert("RGB")
    if picture.mode in {"RGB", "RGBA", "RGBX", "P"} and not _is_like_srgb(profile):
        transform = _build_transform(profile, "RGB")
        if transform is not None:
            return ImageCms.applyTransform(rgb, transform) or rgb
    return rgb


@lru_cache(maxsize=64)
def _find_grey_curve(profile: bytes) -> tuple[int, ...] | None:
    """Give the sRGB luma of each grey level, or None where it is the level itself."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    for mode, greys in (("RGB", np.repeat(ramp[..., None], 3, axis=2)), ("L", ramp)):
        transform = _build_transform(profile, mode)
        if transform is None:
            continue
        shown = ImageCms.applyTransform(PillowImage.fromarray(greys), transform)
        if shown is None:
            return None
        curve = np.asarray(shown.convert("L"))[0].astype(int)
        is_same = np.abs(curve - np.arange(256)).max() <= _SAME_LEVELS
        return None if is_same else tuple(int(level) for level in curve)
    return None


@lru_cache(maxsize=64)
def _is_like_srgb(profile: bytes | None) -> bool:
    """Tell whether a profile moves no colour of a cube of 6 x 6 x 6 by more than two levels."""
    transform = _build_transform(profile, "RGB")
    if transform is None:
        return True
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    shown = ImageCms.applyTransform(PillowImage.fromarray(cube), transform)
    difference = np.asarray(shown).astype(int) - cube
    return bool(np.abs(difference).max() <= _SAME_LEVELS)


@lru_cache(maxsize=16)
def _build_transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a profile to sRGB; None where it is broken or not for this mode."""
    if not profile or len(profile) > _MAX_PROFILE_BYTES:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(source, target, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _convert_lab(picture: PillowImage.Image) -> PillowImage.Image:
    source = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted = ImageCms.applyTransform(picture, transform)
    return picture.getchannel(0).convert("RGB") if converted is None else converted
