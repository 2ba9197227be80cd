"""Facts about a photo that its camera wrote into the file.

Reading them never fails a photo: what is missing, broken or absurd is None.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from clearshot.decode.exif import DAMAGE, read_exif, to_number, to_text
from clearshot.decode.orientation import turn_point, turn_size
from clearshot.photo import Facts

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.decode.exif import Tags
    from clearshot.decode.focus_point import FocusPoint

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
            tags, point = read_exif(stream)
            return _collect(tags, point, size_px)
    except (*DAMAGE, ExifError):
        return Facts()


def _collect(tags: Tags, point: FocusPoint | None, size_px: tuple[int, int] | None) -> Facts:
    orientation = int(to_number(tags, "Image Orientation") or 1)
    if point is not None and size_px is not None:
        stored_px = turn_size(size_px, orientation)
        point = point if _is_noted_for(stored_px, point, tags) else None
    x, y = (None, None) if point is None else turn_point(point.x, point.y, orientation)
    return Facts(
        camera=_find_camera(tags),
        lens=to_text(tags, "EXIF LensModel"),
        iso=_find_iso(tags),
        shutter_s=to_number(tags, "EXIF ExposureTime"),
        aperture=to_number(tags, "EXIF FNumber"),
        taken_at=_find_time(tags),
        focus_x=x,
        focus_y=y,
    )


def _is_noted_for(stored_px: tuple[int, int], point: FocusPoint, tags: Tags) -> bool:
    """Tell whether EXIF and the maker's note speak of a picture with these proportions.

    Programs that crop or turn a photo keep notes, and some keep the size in EXIF.
    """
    width, height = (to_number(tags, f"EXIF ExifImage{side}") for side in ("Width", "Length"))
    for told in ((width, height), point.size_px or (None, None)):
        if told[0] and told[1]:
            proportions = told[0] * stored_px[1] / (told[1] * stored_px[0])
            if abs(proportions - 1) > _SAME_PROPORTIONS:
                return False
    return True


def _find_camera(tags: Tags) -> str | None:
    make, model = to_text(tags, "Image Make"), to_text(tags, "Image Model")
    if make is not None:
        make = " ".join(_COMPANY_WORDS.sub(" ", make).split()).rstrip(" ,.")
    if not make or model is None:
        return model or make or None
    words = {word.lower() for word in model.split()}
    return model if words & {word.lower() for word in make.split()} else f"{make} {model}"


def _find_iso(tags: Tags) -> int | None:
    for name in ("ISOSpeedRatings", "RecommendedExposureIndex", "StandardOutputSensitivity"):
        value = to_number(tags, f"EXIF {name}")
        if value is not None and value != _ISO_OVERFLOW and 1 <= value <= _MAX_ISO:
            return round(value)
    return None


def _find_time(tags: Tags) -> datetime | None:
    """Find when the photo was taken, with its zone where the camera wrote it."""
    for kind in ("Original", "Digitized"):
        text = to_text(tags, f"EXIF DateTime{kind}") or ""
        found = re.fullmatch(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d:\d\d:\d\d)", text)
        if found is None:
            continue
        part = re.fullmatch(r"\d{1,9}", to_text(tags, f"EXIF SubSecTime{kind}") or "")
        # OffsetTime alone is of the last change, perhaps on a computer in another zone.
        zone = to_text(tags, f"EXIF OffsetTime{kind}") or ""
        zone = zone if re.fullmatch(r"[+-]\d\d:\d\d|Z", zone) else ""
        year, month, day, clock = found.groups()
        digits = f".{part[0][:6].ljust(6, '0')}" if part else ""
        # A zone that no clock has costs the zone alone.
        for ending in (zone, ""):
            with suppress(ValueError):
                return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{digits}{ending}")
    return None
