"""Which labelled photos may calibrate, and which measure: halves that share no scene.

The half depends on the name of the scene alone, so that it is the same on every machine, wherever
the photos lie, and does not move when photos are added. A scene needs one name however its photos
are read, by a manifest or by the layout of a public set: two names may be in two halves. The half
that calibrates nothing is called unseen.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

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


def split_training(
    photos: Mapping[Path, str], *, seed: int, validation_share: float
) -> tuple[list[Path], list[Path]]:
    """Split photos into those that train a network and those that validate it.

    Copies stay together: what trains under one name does not validate under another.

    Parameters
    ----------
    photos : mapping of Path to str
        Photos with the digests of their files; their order does not matter, their names do.
    seed : int
        Seed of the network's recipe.
    validation_share : float
        Share of the different ones that validate, in (0, 1).

    Returns
    -------
    tuple of list of Path
        Training photos, validation photos; never the same photo in both.
    """
    copies: dict[str, list[Path]] = {}
    for path in sorted(photos, key=lambda path: (path.name, path)):
        copies.setdefault(photos[path], []).append(path)
    groups = list(copies.values())
    np.random.default_rng(seed).shuffle(groups)
    num_validation = max(1, round(len(groups) * validation_share))
    training, validation = groups[num_validation:], groups[:num_validation]
    return list(chain.from_iterable(training)), list(chain.from_iterable(validation))


def digest_files(paths: Iterable[Path]) -> dict[Path, str]:
    """Name files by their content.

    Parameters
    ----------
    paths : iterable of Path
        Files that can be read.

    Returns
    -------
    dict of Path to str
        SHA-256 of each, hexadecimal.
    """
    digests = {}
    for path in paths:
        with path.open("rb") as stream:
            digests[path] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def digest_set(digests: Iterable[str]) -> str:
    """Name a set of photos by their content.

    Parameters
    ----------
    digests : iterable of str
        SHA-256 of the files, hexadecimal, in any order.

    Returns
    -------
    str
        SHA-256 over the sorted ones, hexadecimal.
    """
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def name_training(
    photos: Iterable[LabelledPhoto], training: Iterable[Path], validation: Iterable[Path]
) -> tuple[LabelledPhoto, ...]:
    """Name the photos from which a network was made as sources of their own.

    Parameters
    ----------
    photos : iterable of LabelledPhoto
        Any photos.
    training, validation : iterable of Path
        Those that trained it, and those that validated it.

    Returns
    -------
    tuple of LabelledPhoto
        The same in order; the source of these is `trained on` or `validation`.
    """
    names = dict.fromkeys(training, "trained on") | dict.fromkeys(validation, "validation")
    return tuple(
        replace(photo, source=names[photo.path]) if photo.path in names else photo
        for photo in photos
    )
