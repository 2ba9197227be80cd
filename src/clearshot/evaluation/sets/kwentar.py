"""Kwentar's blur dataset: each scene sharp, out of focus and in motion, by many cameras.

File names are `ID_DEVICE_S|F|M`, e.g. `12_HUAWEI-NOVA-LITE_F.jpg`: the scene, the camera, and S for
sharp, F for out of focus or M for motion. Photos lie in the folders `sharp`, `defocused_blurred`
and `motion_blurred`, or all in one.

References
----------
.. [1] Kwentar, "Blur dataset", https://github.com/Kwentar/blur_dataset
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clearshot.errors import InputError
from clearshot.evaluation.labels import (
    LabelledPhoto,
    LabelledSet,
    find_label_words,
    keep_label_words,
)
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXPECTED: Final = (
    "expected Kwentar's set: the folders sharp, defocused_blurred and motion_blurred with photos "
    "named ID_DEVICE_S, _F or _M"
)

_NAME: Final = re.compile(r"(?P<scene>\d+)_.+_(?P<kind>[SFM])")
_LABELS: Final[dict[str, Label | None]] = {"S": None, "F": Label.BLURRY, "M": Label.BLURRY}
_FOLDERS: Final = {"sharp": "S", "defocused_blurred": "F", "motion_blurred": "M"}
_SOURCE: Final = "kwentar"
# Before the number of a scene, as manifests of this set have it: the name decides in which half a
# scene is. Those at full size stand there by their number alone.
_SCENE: Final = "kw_"
_BARE_SCENES: Final = frozenset(
    {"0", "2", "4", "6", "8", "10", "20", "30", "40", "106", "176", "180"}
)
_NUM_SCENES: Final = 350  # published, one photo of each kind


def is_kwentar(root: Path, paths: Sequence[Path]) -> bool:
    """Tell whether a folder is Kwentar's set, by the names of most of its photos.

    Parameters
    ----------
    root : Path
        A folder, absolute.
    paths : sequence of Path
        All photos below it.

    Returns
    -------
    bool
        False where a folder is named like a label that the set has not: that is a plain labelled
        set.
    """
    words = {word for path in paths for word in find_label_words(path, root)}
    if not words.union(keep_label_words([root.name])) <= _FOLDERS.keys():
        return False
    return 2 * sum(_NAME.fullmatch(path.stem) is not None for path in paths) > len(paths)


def read_kwentar(root: Path, paths: Sequence[Path]) -> LabelledSet:
    """Label the photos of Kwentar's set by the letter at the end of their names.

    Parameters
    ----------
    root : Path
        The set or one of its folders, absolute.
    paths : sequence of Path
        All photos below the root.

    Returns
    -------
    LabelledSet
        The scene is `kw_` and the number at the beginning of the name, e.g. `kw_12`, or the number
        alone where the photos that calibrate the shipped networks have that name.

    Raises
    ------
    InputError
        If the folder of a photo and the letter in its name contradict each other.
    """
    photos = []
    left_out = []
    kinds = []
    for path in paths:
        match = _NAME.fullmatch(path.stem)
        if match is None:
            left_out.append(Skip(path, "not named ID_DEVICE_S, _F or _M"))
            continue
        kind = match["kind"]
        _check(path, root, kind)
        kinds.append(kind)
        number = match["scene"]
        scene = number if number in _BARE_SCENES else _SCENE + number
        photos.append(LabelledPhoto(path, _LABELS[kind], _SOURCE, scene))
    counts = [kinds.count(kind) for kind in _LABELS]
    notes = []
    if counts != [_NUM_SCENES] * len(counts):
        found = " and ".join(f"{n:,} {k}" for n, k in zip(counts, _LABELS, strict=True))
        notes = [f"Kwentar's set has {found} photos; published: {_NUM_SCENES} of each"]
    return LabelledSet(tuple(photos), tuple(left_out), tuple(notes))


def _check(path: Path, root: Path, kind: str) -> None:
    """Check that the folder of a photo says the same as its name.

    Raises
    ------
    InputError
        If it does not.
    """
    folders = find_label_words(path, root) or keep_label_words([root.name])
    if folders and _FOLDERS[folders[-1]] != kind:
        msg = f"lies in the folder {folders[-1]}, but its name ends with _{kind}"
        raise InputError(f"{msg}; expected _{_FOLDERS[folders[-1]]}", path=path)
