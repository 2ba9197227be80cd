"""Which labelled photos may calibrate, and which measure: halves that share no scene.

The half depends on the name of the scene alone, so that it is the same on every machine, from
whichever folder the photos are read, and does not move when photos are added.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearshot.evaluation.labelled import LabelledPhoto


def is_for_calibration(photo: LabelledPhoto) -> bool:
    """Tell whether a photo belongs to the half that calibrates.

    Parameters
    ----------
    photo : LabelledPhoto
        A photo without a known scene is one of its own, by the name of its file.

    Returns
    -------
    bool
        True for about half of all scenes; the others measure.
    """
    scene = photo.scene or photo.path.name
    # A checksum would not do: names that are counted up may all have the same parity.
    digest = hashlib.sha256(scene.encode("utf-8", "surrogateescape")).digest()
    return digest[0] % 2 == 0
