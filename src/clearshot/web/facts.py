"""What the camera noted about a photo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from PIL import ExifTags

from clearshot.decode.picture import open_picture
from clearshot.errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_LETTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Facts:
    """What the camera noted; None where it did not.

    Attributes
    ----------
    camera, lens : str or None
        Model names.
    taken_at : str or None
        Time on the camera's clock, ISO 8601 without a zone.
    exposure_s : float or None
        Shutter time [s].
    f_number : float or None
        Aperture.
    iso : int or None
        Sensitivity.
    focal_mm : float or None
        Focal length [mm].
    """

    camera: str | None = None
    lens: str | None = None
    taken_at: str | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_mm: float | None = None


def read_facts(path: Path) -> Facts:
    """Read what the camera noted in the EXIF block of a photo.

    Parameters
    ----------
    path : Path
        A photo.

    Returns
    -------
    Facts
        Empty where the photo cannot be read or holds none.
    """
    try:
        with open_picture(path) as picture:
            exif = picture.getexif()
            base, detail = dict(exif), dict(exif.get_ifd(ExifTags.IFD.Exif))
    except PhotoError:
        return Facts()
    return Facts(
        camera=_name_camera(base),
        lens=_read_text(detail, ExifTags.Base.LensModel),
        taken_at=_read_time(detail) or _read_time(base),
        exposure_s=_read_number(detail, ExifTags.Base.ExposureTime),
        f_number=_read_number(detail, ExifTags.Base.FNumber),
        iso=_read_iso(detail),
        focal_mm=_read_number(detail, ExifTags.Base.FocalLength),
    )


def _name_camera(base: Mapping[int, Any]) -> str | None:
    make = _read_text(base, ExifTags.Base.Make) or ""
    model = _read_text(base, ExifTags.Base.Model)
    if model is None:
        return make or None
    brand = make.split(" ")[0]
    return model if brand.casefold() in model.casefold() else f"{brand} {model}"


def _read_text(tags: Mapping[int, Any], tag: int) -> str | None:
    value = tags.get(tag)
    if not isinstance(value, str):
        return None
    text = "".join(letter for letter in value if letter.isprintable()).strip()
    return text[:_MAX_LETTERS] or None


def _read_number(tags: Mapping[int, Any], tag: int) -> float | None:
    try:
        number = float(tags[tag])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _read_iso(detail: Mapping[int, Any]) -> int | None:
    value = detail.get(ExifTags.Base.ISOSpeedRatings)
    if isinstance(value, tuple) and value:
        value = value[0]
    return value if isinstance(value, int) and value > 0 else None


def _read_time(tags: Mapping[int, Any]) -> str | None:
    for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTime):
        text = _read_text(tags, tag)
        if text is not None:
            try:
                # Cameras note no zone; UTC is only there to have one, and is not shown.
                time = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
            except ValueError:
                continue
            return time.replace(tzinfo=None).isoformat()
    return None
