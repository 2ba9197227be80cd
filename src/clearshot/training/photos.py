"""The photos of a folder that train, and what they are called in records.

Needs nothing but the base install: `clearshot evaluate` knows training photos again by it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearshot.decode.image import read_luma
from clearshot.discover import find_photos
from clearshot.errors import InputError, PhotoError
from clearshot.evaluation.split import digest_files, digest_set, split_training
from clearshot.photo import Skip
from clearshot.terminal import to_printable
from clearshot.training.patches import MIN_PHOTO_PX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearshot.training.classifier_config import ClassifierConfig
    from clearshot.training.config import ExposureConfig, FocusConfig

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingPhotos:
    """Photos that train or validate.

    Attributes
    ----------
    digests : mapping of Path to str
        The photos in sorted order, with the SHA-256 of their files.
    left_out : tuple of Skip
        Photos that cannot be read or are too small.
    unreadable : tuple of Skip
        What the system did not let be looked at: folders, mostly.
    """

    digests: Mapping[Path, str]
    left_out: tuple[Skip, ...] = ()
    unreadable: tuple[Skip, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many photos were used, and how many of those found were not, for a manifest."""
        return {"num_photos": len(self.digests), "num_left_out": len(self.left_out)}

    @property
    def num_failed(self) -> int:
        """Number of photos and folders that could not be read."""
        return sum(skip.is_unreadable for skip in (*self.left_out, *self.unreadable))


@dataclass(frozen=True, slots=True)
class Parts:
    """Photos that train and photos that validate; no photo is in both, nor a copy of it.

    Attributes
    ----------
    training, validation : list of Path
        At least one of each.
    facts : dict of str to str
        For records: `photos_sha256`, a digest of all of them, and `validation_sha256`, one of those
        that validate. The second one changes when photos get names that split them otherwise.
    """

    training: list[Path]
    validation: list[Path]
    facts: dict[str, str]


def find_training_photos(folder: Path) -> TrainingPhotos:
    """Find the photos of a folder that are large enough to train on.

    What is left out is named in the log.

    Parameters
    ----------
    folder : Path
        Clear photos, in any subfolders.

    Returns
    -------
    TrainingPhotos
        At least one photo.

    Raises
    ------
    InputError
        If there is no folder or no photo in it that is large enough.
    """
    if not folder.is_dir():
        raise InputError("no such folder", path=folder)
    photos = sift_photos(folder)
    for skip in (*photos.unreadable, *photos.left_out):
        _log.warning("left out: %s: %s", to_printable(skip.path), to_printable(skip.reason))
    if not photos.digests:
        raise InputError(f"no photos of at least {MIN_PHOTO_PX} px in it", path=folder)
    return photos


def sift_photos(folder: Path) -> TrainingPhotos:
    """Tell the photos of a folder that are large enough to train on from the others.

    Parameters
    ----------
    folder : Path
        Photos, in any subfolders.

    Returns
    -------
    TrainingPhotos
        Perhaps none.
    """
    found = find_photos([folder])
    unreadable = tuple(skip for skip in found.skipped if skip.is_unreadable)
    paths, left_out = [], []
    for photo in found.photos:
        try:
            side_px = min(read_luma(photo.path).size)
        except PhotoError as error:
            left_out.append(Skip(photo.path, error.message, is_unreadable=True))
            continue
        if side_px >= MIN_PHOTO_PX:
            paths.append(photo.path)
        else:
            left_out.append(Skip(photo.path, f"smaller than {MIN_PHOTO_PX} px"))
    return TrainingPhotos(digest_files(paths), tuple(left_out), unreadable)


def split_photos(
    photos: TrainingPhotos, config: FocusConfig | ExposureConfig | ClassifierConfig
) -> Parts:
    """Split clear photos into those for training and those for validation.

    Parameters
    ----------
    photos : TrainingPhotos
        Clear photos.
    config : FocusConfig, ExposureConfig or ClassifierConfig
        Seed and share.

    Returns
    -------
    Parts
        The photos.

    Raises
    ------
    InputError
        If fewer than 4 photos differ.
    """
    if (num_different := len(set(photos.digests.values()))) < 4:
        raise InputError(f"training needs at least 4 different clear photos, found {num_different}")
    training, validation = split_training(
        photos.digests, seed=config.seed, validation_share=config.validation_share
    )
    facts = {
        "photos_sha256": digest_set(photos.digests.values()),
        "validation_sha256": digest_set(photos.digests[path] for path in validation),
    }
    return Parts(training, validation, facts)
