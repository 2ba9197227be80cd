"""CERTH Image Blur Dataset: clear photos, natural and artificial blur, in a tree of folders.

`TrainingSet` has a folder for each kind of photo; `EvaluationSet` has two folders and a label sheet
beside each. The whole set or any folder of it may be given.

References
----------
.. [1] E. Mavridaki, V. Mezaris, "No-Reference blur assessment in natural images using Fourier
   transform and spatial pyramids", ICIP 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearshot.discover import PHOTO_SUFFIXES
from clearshot.errors import InputError
from clearshot.evaluation.labels import LABEL_WORDS, LabelledPhoto, LabelledSet, name_some
from clearshot.evaluation.sets.certh_sheet import SheetLabels, read_sheet_labels
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

EXPECTED: Final = (
    "expected the CERTH set: TrainingSet with Undistorted, Naturally-Blurred and "
    "Artificially-Blurred, or EvaluationSet with NaturalBlurSet and DigitalBlurSet and an .xlsx "
    "of the same name beside each"
)

# Names of folders, in lower case.
_WHOLE: Final = "certh_imageblurdataset"
_TRAINING: Final = "trainingset"
_EVALUATION: Final = "evaluationset"


@dataclass(frozen=True, slots=True)
class _Part:
    """A folder of photos: one label for all of them, or a label sheet beside it."""

    group: str
    name: str
    source: str
    label: Label | None = None
    has_sheet: bool = False
    is_copied: bool = False  # whether some photos are copies of undistorted ones
    published: tuple[int, int] | None = None  # clear and blurred photos


# Artificial blur has sources of its own: it is much easier to find. The undistorted training photos
# share theirs with the naturally blurred ones, so that there is a source with both kinds.
_PARTS: Final = (
    _Part(_TRAINING, "Undistorted", "certh-training", published=(630, 0)),
    _Part(_TRAINING, "Naturally-Blurred", "certh-training", Label.BLURRY, published=(0, 220)),
    _Part(
        _TRAINING,
        "Artificially-Blurred",
        "certh-training-artificial",
        Label.BLURRY,
        is_copied=True,
        published=(0, 150),
    ),
    # Copies of the set have it; its description does not tell of it.
    _Part(_TRAINING, "NewDigitalBlur", "certh-training-digital", Label.BLURRY, is_copied=True),
    _Part(_EVALUATION, "NaturalBlurSet", "certh-natural", has_sheet=True, published=(589, 411)),
    _Part(
        _EVALUATION,
        "DigitalBlurSet",
        "certh-digital",
        has_sheet=True,
        is_copied=True,
        published=(30, 450),
    ),
)
_UNDISTORTED: Final = _PARTS[0]

# An undistorted photo of the digital set has this before the name that its copies end with.
_ORIGINAL: Final = "original"


def is_certh(root: Path) -> bool:
    """Tell whether a folder is the CERTH set or a part of it, by the names of its folders.

    Parameters
    ----------
    root : Path
        A folder, absolute.

    Returns
    -------
    bool
        False for a folder with subfolders that are named like other labels, a plain labelled set.
    """
    return bool(_find_parts(root))


def read_certh(root: Path, paths: Sequence[Path]) -> LabelledSet:
    """Label the photos of the CERTH set.

    A training photo is labelled by its folder, an evaluation photo by the label sheet. An
    artificially blurred photo has the scene of the undistorted one with whose name its own name
    ends; the scenes of other blurred photos are not known.

    Parameters
    ----------
    root : Path
        The set, or a folder of it, absolute.
    paths : sequence of Path
        All photos below the root.

    Returns
    -------
    LabelledSet
        Where a label sheet is missing or unusable, the photos of its folder are left out, told as
        one that could not be read.

    Raises
    ------
    MissingExtraError
        If there is a label sheet and openpyxl is not installed.
    """
    rest = set(paths)
    found = []
    for part, folder in _find_parts(root):
        inside = [path for path in paths if path.is_relative_to(folder)]
        rest.difference_update(inside)
        found.append(_read_part(part, folder, inside))
    stray = [Skip(path, "in no folder of the CERTH set") for path in paths if path in rest]
    return LabelledSet(
        tuple(photo for each in found for photo in each.photos),
        (*(skip for each in found for skip in each.left_out), *stray),
        tuple(note for each in found for note in each.notes),
    )


def _read_part(part: _Part, folder: Path, paths: Sequence[Path]) -> LabelledSet:
    if part.has_sheet and paths:
        sheet = _find(folder.parent, f"{part.name}.xlsx")
        if sheet is None:
            reason = _describe_missing_sheet(part, folder, paths)
            return LabelledSet((), (Skip(folder, reason, is_unreadable=True),))
        try:
            labelled = read_sheet_labels(sheet, paths)
        except InputError as error:
            reason = f"{error.message}; without it {len(paths):,} photos have no label"
            return LabelledSet((), (Skip(sheet, reason, is_unreadable=True),))
    else:
        labelled = SheetLabels(dict.fromkeys(paths, part.label), (), ())
    scenes = _name_scenes(part, folder, labelled.labels)
    photos = [
        LabelledPhoto(path, label, part.source, scenes.get(path, ""))
        for path, label in labelled.labels.items()
    ]
    notes = (*labelled.notes, *_compare(part, labelled.labels.values()))
    return LabelledSet(tuple(photos), labelled.left_out, notes)


def _describe_missing_sheet(part: _Part, folder: Path, paths: Sequence[Path]) -> str:
    files = [path for path in _list(folder.parent).values() if path.is_file()]
    found = name_some(path.name for path in files if path.suffix.lower() not in PHOTO_SUFFIXES)
    return (
        f"expected the label sheet {part.name}.xlsx beside this folder; found {found or 'none'}; "
        f"without it {len(paths):,} photos have no label"
    )


def _compare(part: _Part, labels: Iterable[Label | None]) -> list[str]:
    """Tell where there are more or fewer photos than in the published set."""
    is_bad = [label is not None for label in labels]
    counts = (is_bad.count(False), is_bad.count(True))
    if part.published in {None, counts}:
        return []
    clear, bad = part.published or counts
    found = f"{counts[0]:,} clear and {counts[1]:,} blurred photos"
    return [f"CERTH {part.name} has {found}; published: {clear:,} and {bad:,}"]


def _name_scenes(part: _Part, folder: Path, labels: Mapping[Path, Label | None]) -> dict[Path, str]:
    """Name the scenes of undistorted photos that may have copies, and of the copies."""
    if part is _UNDISTORTED:
        return {path: path.stem for path in labels}
    if not part.is_copied:
        return {}
    scenes: dict[Path, str] = {}
    known: Collection[str]
    if part.has_sheet:
        scenes = {path: _cut_original(path.stem) for path in labels if labels[path] is None}
        known = scenes.values()
    else:
        undistorted = _find(folder.parent, _UNDISTORTED.name)
        files = _list(undistorted).values() if undistorted else ()
        known = [path.stem for path in files if path.suffix.lower() in PHOTO_SUFFIXES]
    by_name = {scene.casefold(): scene for scene in known}
    copies = (path for path in labels if path not in scenes)
    return scenes | {path: _find_scene(path.stem, by_name) for path in copies}


def _cut_original(stem: str) -> str:
    is_cut = stem.casefold().startswith(_ORIGINAL)
    return (stem[len(_ORIGINAL) :].lstrip("_- ") if is_cut else "") or stem


def _find_scene(stem: str, by_name: Mapping[str, str]) -> str:
    """Find the longest name that a copy's name ends with, after the blur: DiskR10_DSC02106."""
    words = stem.casefold().split("_")
    ends = ("_".join(words[i:]) for i in range(1, len(words)))
    return next((by_name[end] for end in ends if end in by_name), "")


def _find_parts(root: Path) -> list[tuple[_Part, Path]]:
    """Find the parts of the set that a folder has, or should have; none in any other folder."""
    # Unpacking puts the set into a folder of its own name, inside another one.
    base = _find(root, _WHOLE) or root
    groups = {name: _find(base, name) for name in (_TRAINING, _EVALUATION)}
    if any(folder and _is_group(folder, name) for name, folder in groups.items()):
        return [
            pair
            for name, folder in groups.items()
            for pair in _list_parts(folder or base / name, name)
        ]
    for name in groups:
        if _is_group(root, name):
            return _list_parts(root, name)
    parts = [part for part in _PARTS if part.name.casefold() == root.name.casefold()]
    is_plain = bool(_list(root).keys() & LABEL_WORDS.keys())
    return [(part, root) for part in parts if not is_plain and _is_group(root.parent, part.group)]


def _is_group(folder: Path, group: str) -> bool:
    """Tell `TrainingSet` or `EvaluationSet` by what is in it."""
    names = _list(folder)
    parts = [p.name.casefold() for p in _PARTS if p.group == group and p.name.casefold() in names]
    if group == _EVALUATION:
        has_sheet = any(f"{part}.xlsx" in names for part in ("naturalblurset", "digitalblurset"))
        return has_sheet or any(not _has_label_words(_list(names[part])) for part in parts)
    num_needed = 1 if folder.name.casefold() == group else 2
    return len(parts) >= num_needed and not _has_label_words(names.keys() - set(parts))


def _has_label_words(names: Collection[str]) -> bool:
    return any(name in LABEL_WORDS for name in names)


def _list_parts(folder: Path, group: str) -> list[tuple[_Part, Path]]:
    parts = [part for part in _PARTS if part.group == group]
    return [(part, _find(folder, part.name) or folder / part.name) for part in parts]


def _find(folder: Path, name: str) -> Path | None:
    """Find a file or subfolder by its name in any case."""
    return _list(folder).get(name.casefold())


def _list(folder: Path) -> dict[str, Path]:
    """List a folder by names in lower case; one that cannot be listed is empty."""
    try:
        return {path.name.casefold(): path for path in sorted(folder.iterdir())}
    except OSError:
        return {}
