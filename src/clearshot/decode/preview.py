"""The large preview that many cameras keep behind a JPEG, in the multi-picture format.

It is the camera's own picture at about 1600 or 1900 px, and far cheaper to read than the photo:
hundreds of kilobytes instead of many megabytes [1]_.

References
----------
.. [1] CIPA DC-007-2021, "Multi-Picture Format", section 5.2.3.3: entries and their types.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from PIL import Image as PillowImage

if TYPE_CHECKING:
    from typing import BinaryIO

JPEG_PREVIEW_READER: Final = "JPEG preview"

# The least long side of a preview that stands for its photo [px]. Previews of 1440 to 1920 px were
# measured; smaller ones would have to be as good at 1024 px as what is judged there.
_LEAST_PREVIEW_PX: Final = 1440

# A preview with other proportions than this allows shows more or less than its photo, or has bars.
_SAME_PROPORTIONS: Final = 0.01

_MP_ENTRIES: Final = 0xB002
_END_OF_IMAGE: Final = b"\xff\xd9"

# What Pillow's reader lets through where the pictures behind the first one are broken.
_READER_ERRORS: Final = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AssertionError,
    AttributeError, struct.error,
)  # fmt: skip


def find_preview(
    picture: PillowImage.Image, stream: BinaryIO, least_px: int
) -> PillowImage.Image | None:
    """Find a preview that can stand for a photo.

    Programs that edit a photo and keep what lay behind it leave an old preview. They change the
    length of the photo itself, which the file's table of pictures then tells wrongly: such a table
    is not believed.

    Parameters
    ----------
    picture : PIL.Image.Image
        The photo, opened and not decoded.
    stream : binary file
        Its content; the preview reads from it.
    least_px : int
        The preview's long side is at least this [px], and at least 1440 px.

    Returns
    -------
    PIL.Image.Image or None
        Not decoded yet; None where the photo is no larger, or where there is no preview to trust.
    """
    if picture.format != "MPO":
        return None
    try:
        entries = picture.mpinfo[_MP_ENTRIES]  # type: ignore[attr-defined]
        if not _ends_where_told(stream, 0, entries[0]):
            return None
        for frame, entry in enumerate(entries[1:], start=1):
            if not entry["Attribute"]["MPType"].startswith("Large Thumbnail"):
                continue
            preview = PillowImage.open(stream, formats=("JPEG",))
            preview.seek(frame)
            is_alike = _stands_for(preview.size, picture.size, max(least_px, _LEAST_PREVIEW_PX))
            if is_alike and _ends_where_told(stream, preview.offset, entry):  # type: ignore[attr-defined]
                return preview
    except _READER_ERRORS:
        # The photo itself may be whole.
        return None
    return None


def _ends_where_told(stream: BinaryIO, start: int, entry: dict[str, Any]) -> bool:
    """Tell whether a picture of the file ends where the table of pictures says."""
    stream.seek(start + max(0, entry["Size"] - len(_END_OF_IMAGE)))
    return stream.read(len(_END_OF_IMAGE)) == _END_OF_IMAGE


def _stands_for(size: tuple[int, int], photo_size: tuple[int, int], least_px: int) -> bool:
    if not least_px <= max(size) < max(photo_size):
        return False
    proportions = (size[0] * photo_size[1]) / (size[1] * photo_size[0])
    return abs(proportions - 1) <= _SAME_PROPORTIONS
