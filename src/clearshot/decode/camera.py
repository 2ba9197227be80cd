"""Which camera took a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

# EXIF 2.32, tag Model.
_MODEL: Final = 0x0110


def read_camera(path: Path) -> str | None:
    """Read the camera's model from the EXIF header; no pixel is decoded.

    Parameters
    ----------
    path : Path
        A photo.

    Returns
    -------
    str or None
        The model without spaces around it; None where none is named or the file cannot be read.
    """
    try:
        with Image.open(path) as picture:
            model = picture.getexif().get(_MODEL)
    # Pillow's readers raise these for broken headers; a camera is nothing to fail for.
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
        return None
    name = model.replace("\0", "").strip() if isinstance(model, str) else ""
    return name or None
