"""CUHK blur detection set: photos that are blurred in part, with masks of the blurred region.

Photos are `image/out_of_focus0001.jpg` and `image/motion0001.jpg`, masks `gt/out_of_focus0001.png`
with white where the photo is blurred.

References
----------
.. [1] J. Shi, L. Xu, J. Jia, "Discriminative Blur Detection Features", CVPR 2014.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.decode.image import read_luma
from clearshot.errors import PhotoError
from clearshot.evaluation.labels import (
    LabelledPhoto,
    LabelledSet,
    find_label_words,
    keep_label_words,
    name_some,
)
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EXPECTED: Final = (
    "expected the CUHK set: photos image/out_of_focus0001.jpg and image/motion0001.jpg, and masks "
    "in gt"
)

_NAME: Final = re.compile(r"(?P<kind>out_of_focus|motion)\d{4}\.jpe?g", re.IGNORECASE)

# Folders of photos below the given one, and of masks from that of the photos.
_PHOTO_FOLDERS: Final = (".", "image", "BlurDatasetImage/image")
_MASK_FOLDERS: Final = ("gt", "../gt", "../../BlurDatasetGT/gt")

# From this share of its mask on a photo is blurred everywhere: masks are drawn by hand and may
# leave a rim.
BLURRED_SHARE: Final = 0.98

# Masks are black and white; this is in between.
_GREY: Final = 128

_NUM_PUBLISHED: Final = {"out_of_focus": 704, "motion": 296}

# Clear photos have a source of their own, so that no threshold is set on them by default: that
# their backgrounds are blurred makes them a test.
_CLEAR_SOURCE: Final = "cuhk"
_BLURRED_SOURCES: Final = {"out_of_focus": "cuhk-defocus", "motion": "cuhk-motion"}


def is_cuhk(root: Path, paths: Sequence[Path]) -> bool:
    """Tell whether a folder is the CUHK set, by the names of its photos.

    Parameters
    ----------
    root : Path
        A folder, absolute.
    paths : sequence of Path
        All photos below it.

    Returns
    -------
    bool
        False where the folder, or one of its subfolders with photos, is named like a label: that is
        a plain labelled set.
    """
    if keep_label_words([root.name]) or any(find_label_words(path, root) for path in paths):
        return False
    return bool(_find_photos(root, paths))


def read_cuhk(root: Path, paths: Sequence[Path]) -> LabelledSet:
    """Label the photos of the CUHK set, by name and mask.

    All photos of the set are blurred in part, so that the question is what a photographer would do
    with them:

    - A photo whose mask is white nearly everywhere, 98 % or more, is blurred.
    - Other `out_of_focus` photos are clear: a sharp subject before a blurred background is meant.
      Without a mask they are clear too, because few of them are out of focus everywhere.
    - Other `motion` photos have no usable label and are left out: no mask can tell whether what
      moved is the subject.

    Clear photos have the source `cuhk`, blurred ones `cuhk-defocus` or `cuhk-motion`. Scenes are
    not known.

    Parameters
    ----------
    root : Path
        The folder with `image` and `gt`, or one with the photos themselves, absolute.
    paths : sequence of Path
        All photos below the root.

    Returns
    -------
    LabelledSet
        A photo whose mask cannot be read is left out.
    """
    kinds = _find_photos(root, paths)
    masks = _find_masks(kinds)
    photos: list[LabelledPhoto] = []
    left_out: list[Skip] = []
    for path, kind in kinds.items():
        try:
            share = _measure_share(masks[path]) if path in masks else None
        except PhotoError as error:
            reason = f"mask {masks[path].name}: {error.message}"
            left_out.append(Skip(path, reason, is_unreadable=True))
            continue
        if share is not None and share >= BLURRED_SHARE:
            photos.append(LabelledPhoto(path, Label.BLURRY, _BLURRED_SOURCES[kind]))
        elif kind == "out_of_focus":
            photos.append(LabelledPhoto(path, None, _CLEAR_SOURCE))
        else:
            left_out.append(Skip(path, _describe_motion(share)))
    photo_folders = {path.parent for path in kinds}
    mask_folders = {(each / folder).resolve() for each in photo_folders for folder in _MASK_FOLDERS}
    rest = [path for path in paths if path not in kinds and path.parent not in mask_folders]
    left_out += [Skip(path, "not named like a photo of the CUHK set") for path in rest]
    return LabelledSet(tuple(photos), tuple(left_out), tuple(_note(kinds, masks)))


def _find_photos(root: Path, paths: Sequence[Path]) -> dict[Path, str]:
    """Find the photos of the set, each with the first word of its name."""
    folders = {root / folder for folder in _PHOTO_FOLDERS}
    matches = {path: _NAME.fullmatch(path.name) for path in paths if path.parent in folders}
    return {path: match["kind"].casefold() for path, match in matches.items() if match}


def _find_masks(photos: Mapping[Path, str]) -> dict[Path, Path]:
    masks = {}
    for photo in photos:
        places = [photo.parent / folder / f"{photo.stem}.png" for folder in _MASK_FOLDERS]
        if mask := next((place for place in places if place.is_file()), None):
            masks[photo] = mask
    return masks


def _measure_share(mask: Path) -> float:
    """Measure the white share of a mask, in [0, 1]."""
    return float(np.mean(np.asarray(read_luma(mask)) >= _GREY))


def _describe_motion(share: float | None) -> str:
    if share is None:
        return "motion in part of the photo, and no mask in gt"
    return f"motion in part of the photo: {100 * share:.0f} % of its mask"


def _note(kinds: Mapping[Path, str], masks: Mapping[Path, Path]) -> list[str]:
    notes = []
    found = list(kinds.values())
    for kind, num_published in _NUM_PUBLISHED.items():
        if (num := found.count(kind)) != num_published:
            notes.append(f"CUHK has {num:,} {kind} photos; published: {num_published:,}")
    bare = [path.name for path in kinds if path not in masks]
    if masks and bare:
        notes.append(f"CUHK photos without a mask: {len(bare):,} ({name_some(bare)})")
    elif not masks:
        notes.append("CUHK has no masks in gt: photos are labelled by name alone")
    return notes
