"""Pictures of photos for the page: small, large, the focus map, the histogram; and the original."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, TiffTags
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from clearshot.config import MAX_PIXELS
from clearshot.decode.image import read_rgb
from clearshot.decode.picture import open_picture
from clearshot.errors import UnreadablePhotoError
from clearshot.scoring.exposure import BLACK_LEVEL, WHITE_LEVEL

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.photo import Region, Scores
    from clearshot.scoring.scorer import Scorer

# Long sides [px]: a thumbnail on a screen of two pixels a point, and a screen.
THUMBNAIL_PX: Final = 384
LARGE_PX: Final = 2048
_HISTOGRAM_PX: Final = 1024
# Larger than any photo that is read.
_FULL_PX: Final = 1 << 20

_THUMBNAIL_QUALITY: Final = 80
_LARGE_QUALITY: Final = 88
_FULL_QUALITY: Final = 94

_NUM_BINS: Final = 64

# Formats that browsers show, by their first bytes; all others are sent as JPEG.
_SHOWN: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def draw_thumbnail(path: Path, *, max_pixels: int = MAX_PIXELS) -> bytes:
    """Draw a photo small, from a reduced decode.

    Raises PhotoError if it cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    max_pixels : int
        A photo with more pixels is refused.

    Returns
    -------
    bytes
        JPEG, upright, long side at most 384 px.
    """
    rgb_hwc = read_rgb(path, long_side_px=THUMBNAIL_PX, max_pixels=max_pixels)
    return _encode(rgb_hwc, _THUMBNAIL_QUALITY)


def draw_large(path: Path, *, max_pixels: int = MAX_PIXELS) -> bytes:
    """Draw a photo as large as a screen, from a reduced decode.

    Raises PhotoError if it cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    max_pixels : int
        A photo with more pixels is refused.

    Returns
    -------
    bytes
        JPEG, upright, long side at most 2048 px.
    """
    rgb_hwc = read_rgb(path, long_side_px=LARGE_PX, max_pixels=max_pixels)
    return _encode(rgb_hwc, _LARGE_QUALITY)


def read_original(path: Path, *, max_pixels: int = MAX_PIXELS) -> tuple[bytes, str]:
    """Give a photo pixel by pixel, for 100 %.

    Raises PhotoError if the photo cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    max_pixels : int
        A photo with more pixels is refused.

    Returns
    -------
    tuple of (bytes, str)
        The file as it is where browsers show its format, and show it upright; else a JPEG of all
        its pixels. And the media type.

    Raises
    ------
    UnreadablePhotoError
        If the file cannot be opened.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadablePhotoError(f"cannot be read: {error.strerror}", path=path) from error
    for start, media_type in _SHOWN.items():
        if content.startswith(start) and _is_shown_upright(path, max_pixels):
            return content, media_type
    rgb_hwc = read_rgb(path, long_side_px=_FULL_PX, max_pixels=max_pixels)
    return _encode(rgb_hwc, _FULL_QUALITY), "image/jpeg"


def _is_shown_upright(path: Path, max_pixels: int) -> bool:
    """Tell whether any browser shows a JPEG or PNG as upright as it is measured.

    Pillow believes XMP and numbers of any type too, and a PNG also behind its pixels.
    """
    with open_picture(path, max_pixels=max_pixels) as picture:
        is_png = picture.pixels.format == "PNG"
        if is_png:
            picture.pixels.load()
        if picture.read_orientation() == 1:
            return True
        return not is_png and _is_turned_by_exif(picture.pixels.info.get("exif", b""))


def _is_turned_by_exif(exif: bytes) -> bool:
    """Tell whether the orientation is where EXIF has it, as the SHORT that it has to be."""
    stream = io.BytesIO(exif.removeprefix(b"Exif\x00\x00"))
    try:
        directory = ImageFileDirectory_v2(stream.read(8))
    except SyntaxError:
        return False
    stream.seek(directory.next)
    directory.load(stream)
    return directory.tagtype.get(Base.Orientation) == TiffTags.SHORT


def draw_focus(path: Path, scorer: Scorer) -> bytes:
    """Draw the focus map of a photo, to be laid over it.

    Raises PhotoError if it cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    scorer : Scorer
        Measures it.

    Returns
    -------
    bytes
        PNG with opacity, in the proportions of the photo.
    """
    # Imported here: it brings what draws text.
    from clearshot.explain import draw_overlay

    stream = io.BytesIO()
    draw_overlay(scorer.measure(path)).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def measure_histogram(
    path: Path, scores: Scores | None = None, *, max_pixels: int = MAX_PIXELS
) -> dict[str, Any]:
    """Measure how many pixels of a photo are how bright, in each colour; a frame does not count.

    Raises PhotoError if it cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    scores : Scores or None
        Tell where the photo is in its frame; None where it could not be measured.
    max_pixels : int
        A photo with more pixels is refused.

    Returns
    -------
    dict
        `red`, `green`, `blue`: 64 heights each in [0, 1], of the tallest bin between the clipped
        ends; `black`: share of pixels that are black in all colours; `white`: with a colour that is
        clipped.
    """
    rgb_hwc = read_rgb(path, long_side_px=_HISTOGRAM_PX, max_pixels=max_pixels)
    if scores is not None and scores.inside is not None:
        rgb_hwc = _cut_out(rgb_hwc, scores.inside, scores.width_px)
    counts = [
        np.bincount(rgb_hwc[..., channel].ravel() // (256 // _NUM_BINS), minlength=_NUM_BINS)
        for channel in range(3)
    ]
    # The clipped ends would dwarf the rest; their shares are told as numbers.
    tallest = max(1, *(int(count[2:-2].max()) for count in counts))
    heights = [np.minimum(count / tallest, 1.0).round(3).tolist() for count in counts]
    return {
        "red": heights[0],
        "green": heights[1],
        "blue": heights[2],
        "black": float((rgb_hwc <= BLACK_LEVEL).all(axis=-1).mean()),
        "white": float((rgb_hwc >= WHITE_LEVEL).any(axis=-1).mean()),
    }


def _cut_out(rgb_hwc: NDArray[np.uint8], region: Region, width_px: int) -> NDArray[np.uint8]:
    """Cut a region of a photo of a width out of its smaller copy."""
    scale = rgb_hwc.shape[1] / width_px
    x0, x1 = (round(edge * scale) for edge in (region.x, region.x + region.width))
    y0, y1 = (round(edge * scale) for edge in (region.y, region.y + region.height))
    return rgb_hwc[y0:y1, x0:x1]


def _encode(rgb_hwc: NDArray[np.uint8], quality: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(rgb_hwc).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
