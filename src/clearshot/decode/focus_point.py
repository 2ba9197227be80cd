"""Where a camera focused, as its maker's note tells it.

Only notes whose layout is known well are read: Canon (both records), Fujifilm, Nikon (four
versions), Panasonic and Sony; phones write the point into a common EXIF field. Layouts and units
are those that ExifTool documents (Image::ExifTool::Canon, FujiFilm, Nikon, Panasonic, Sony).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from clearshot.decode.ifd import Ifd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exifread.core.ifd_tag import IfdTag

_EXIF_IFD, _MAKER_NOTE = 0x8769, 0x927C

# Where a version of Nikon's AFInfo2 holds width, height, x and y [bytes], if the camera focused by
# contrast, which another byte tells. Else other things may be there.
_BY_CONTRAST: Final = 4
_NIKON_PLACES: Final = {b"0100": 0x10, b"0101": 0x46, b"0300": 0x2A, b"0301": 0x2A}

# How far behind the entries of a note of Panasonic its values begin [bytes].
_PANASONIC_GAPS: Final = frozenset({0, 4})


class FocusPoint(NamedTuple):
    """Where a camera focused.

    Attributes
    ----------
    x, y : float
        Shares of the stored picture's width and height, in [0, 1].
    size_px : tuple of int or None
        Width and height of the picture that the maker's note speaks of; None where it does not say.
    """

    x: float
    y: float
    size_px: tuple[int, int] | None = None


def find_common_point(tags: Mapping[str, IfdTag]) -> FocusPoint | None:
    """Find the focused point in the common field of EXIF.

    Parameters
    ----------
    tags : mapping
        What exifread read.

    Returns
    -------
    FocusPoint or None
        None where the field is missing or says nothing.
    """
    area = tags.get("EXIF SubjectArea") or tags.get("EXIF SubjectLocation")
    width, height = (tags.get(f"EXIF ExifImage{side}") for side in ("Width", "Length"))
    if area is None or width is None or height is None:
        return None
    x, y, *sides = area.values[:4]
    # Zeros fill the field where nothing was chosen.
    if not (x or y) or _reaches_out(x, y, sides, width.values[0], height.values[0]):
        return None
    return _to_share(x, y, width.values[0], height.values[0])


def _reaches_out(x: float, y: float, sides: list[float], width: float, height: float) -> bool:
    """Tell whether an area around a point reaches out of the picture.

    Then the picture was made smaller since, and EXIF's size with it. A point has no sides, a circle
    has its diameter, a rectangle has two.
    """
    if not sides:
        return False
    half_width, half_height = sides[0] / 2, sides[-1] / 2
    is_inside = half_width <= x <= width - half_width and half_height <= y <= height - half_height
    return not is_inside


def find_maker_point(tiff: Ifd, camera: str) -> FocusPoint | None:
    """Find the focused point in the maker's note.

    Parameters
    ----------
    tiff : Ifd
        The first directory of the EXIF block.
    camera : str
        Maker and model, as EXIF names them.

    Returns
    -------
    FocusPoint or None
        None where the note does not tell.

    Raises
    ------
    struct.error
        If the note ends too early.
    """
    exif_offset = tiff.read(_EXIF_IFD)
    if not exif_offset:
        return None
    exif = Ifd(tiff.stream, tiff.base, tiff.order, exif_offset[0])
    found = exif.find(_MAKER_NOTE)
    return None if found is None else read_note(exif, found[2], camera)


def read_note(exif: Ifd, place: int, camera: str) -> FocusPoint | None:
    """Read the focused point from a maker's note.

    Parameters
    ----------
    exif : Ifd
        The directory that holds the note, for its file and byte order.
    place : int
        Where the note begins in the file [bytes].
    camera : str
        Maker and model, as EXIF names them.

    Returns
    -------
    FocusPoint or None
        None where the note does not tell.

    Raises
    ------
    struct.error
        If the note ends too early.
    """
    reader = _READERS.get(camera.upper().partition(" ")[0])
    if reader is None:
        return None
    stream = exif.stream
    stream.seek(place)
    head = stream.read(12)
    if head.startswith(b"FUJIFILM"):
        (offset,) = struct.unpack("<I", head[8:12])
        note = Ifd(stream, place, "<", offset)
    elif head.startswith((b"SONY", b"Panasonic")):
        note = Ifd(stream, exif.base, exif.order, place + 12 - exif.base)
    elif head.startswith(b"Nikon\0\x02"):
        # A TIFF within the note, with a byte order of its own.
        stream.seek(place + 10)
        start = stream.read(8)
        order = "<" if start[:2] == b"II" else ">"
        note = Ifd(stream, place + 10, order, struct.unpack(order + "I", start[4:])[0])
    else:
        note = Ifd(stream, exif.base, exif.order, place - exif.base)
    return reader(note, exif, camera)


def _read_canon(note: Ifd, _exif: Ifd, camera: str) -> FocusPoint | None:
    # EOS cameras count upwards, PowerShots downwards.
    upwards = -1 if "EOS" in camera else 1
    values = note.read(0x0026)
    if len(values) > 8:
        return _find_canon_area(values[8 + 2 * values[2] :], values[2], values[4:8], upwards)
    values = note.read(0x0012)
    if len(values) > 8:
        return _find_canon_area(values[8:], values[0], values[2:6], upwards)
    return None


def _find_canon_area(
    values: tuple[int, ...], count: int, sizes: tuple[int, ...], upwards: int
) -> FocusPoint | None:
    """Average the areas that were in focus; coordinates count from the middle of the picture.

    Of the two sizes, that of the picture and the one in which areas are counted, PowerShots give
    the second one proportions of its own.
    """
    if len(values) < 2 * count + 1:
        return None
    bits = values[2 * count : 2 * count + (count + 15) // 16]
    chosen = [at for at in range(count) if at // 16 < len(bits) and bits[at // 16] >> at % 16 & 1]
    if not chosen:
        return None
    middles = [sum(_sign(values[at + start]) for at in chosen) for start in (0, count)]
    x, y = (total / len(chosen) for total in middles)
    picture_width, picture_height, width, height = sizes
    point = _to_share(x + width / 2, upwards * y + height / 2, width, height)
    return point and point._replace(size_px=(picture_width, picture_height))


def _read_fujifilm(note: Ifd, exif: Ifd, _camera: str) -> FocusPoint | None:
    point, width, height = note.read(0x1023), exif.read(0xA002), exif.read(0xA003)
    if len(point) != 2 or not width or not height:
        return None
    return _to_share(*point, width[0], height[0])


def _read_nikon(note: Ifd, _exif: Ifd, _camera: str) -> FocusPoint | None:
    content = bytes(note.read(0x00B7))
    place = _NIKON_PLACES.get(content[:4])
    if place is None or len(content) < place + 8 or not content[_BY_CONTRAST]:
        return None
    width, height, x, y = struct.unpack_from(note.order + "4H", content, place)
    point = _to_share(x, y, width, height) if x or y else None
    return point and point._replace(size_px=(width, height))


def _read_panasonic(note: Ifd, _exif: Ifd, _camera: str) -> FocusPoint | None:
    values = note.read(0x004D)
    if len(values) != 4 or not values[1] or not values[3]:
        return None
    # A program that moved the note left its offsets as they were: other bytes are there now.
    if note.measure_gap() not in _PANASONIC_GAPS:
        return None
    return _to_share(values[0] / values[1], values[2] / values[3], 1, 1)


def _read_sony(note: Ifd, _exif: Ifd, _camera: str) -> FocusPoint | None:
    values = note.read(0x2027)
    if len(values) != 4:
        return None
    width, height, x, y = values
    if (x, y) == (width // 2, height // 2) and _lacks_frame(note):
        return None  # the middle stands for a point that is not known
    point = _to_share(x, y, width, height)
    return point and point._replace(size_px=(width, height))


def _lacks_frame(note: Ifd) -> bool:
    """Tell whether a note of Sony says that there is no frame around the point."""
    frame = note.read(0x2037)  # width, height, and whether they count: as numbers or as their bytes
    return bool(frame) and not any(frame[2 * len(frame) // 3 :])


_READERS: Final[dict[str, Callable[[Ifd, Ifd, str], FocusPoint | None]]] = {
    "CANON": _read_canon,
    "FUJIFILM": _read_fujifilm,
    "NIKON": _read_nikon,
    "PANASONIC": _read_panasonic,
    "SONY": _read_sony,
}


def _to_share(x: float, y: float, width: float, height: float) -> FocusPoint | None:
    if width <= 0 or height <= 0 or not (0 <= x <= width and 0 <= y <= height):
        return None
    # EXIF holds fractions, too.
    return FocusPoint(float(x / width), float(y / height))


def _sign(value: int) -> int:
    """Read 16 bits as a signed number."""
    return value - 0x10000 if value >= 0x8000 else value
