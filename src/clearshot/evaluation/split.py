"""Which labelled photos may calibrate, and which measure: halves that share no scene.

The half depends on the name of the scene alone, so that it is the same on every machine, wherever
the photos lie, and does not move when photos are added. A scene needs one name however its photos
are read, by a manifest or by the layout of a public set: two names may be in two halves. The half
that calibrates nothing is called unseen.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearshot.evaluation.labels import LabelledPhoto


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


def keep_unseen(photos: Iterable[LabelledPhoto]) -> tuple[LabelledPhoto, ...]:
    """Keep the photos of the unseen half.

    Parameters
    ----------
    photos : iterable of LabelledPhoto
        Photos of both halves.

    Returns
    -------
    tuple of LabelledPhoto
        Those that may not calibrate, in order.
    """
    return tuple(photo for photo in photos if not is_for_calibration(photo))
