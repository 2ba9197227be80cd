"""Labelled sets: folders with one subfolder per label, or CSV files with columns file and label."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearshot.discover import find_photos
from clearshot.errors import InputError, UsageError
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Names of folders and words in a label column; None is a clear photo. The longer ones are those of
# the public sets CERTH and Kwentar.
LABEL_WORDS: Final[dict[str, Label | None]] = {
    **dict.fromkeys(("clear", "sharp", "good", "normal", "bokeh", "undistorted")),
    **dict.fromkeys(
        ("blurred", "blurry", "naturally-blurred", "artificially-blurred"), Label.BLURRY
    ),
    **dict.fromkeys(("defocused_blurred", "motion_blurred"), Label.BLURRY),
    **dict.fromkeys(("dark", "underexposed", "under"), Label.DARK),
    **dict.fromkeys(("overexposed", "over"), Label.OVEREXPOSED),
}
# Words that say that a photo has no label on purpose.
_NO_LABEL: Final = frozenset({"", "between", "unsure", "unknown", "unlabelled"})

_EXPECTED: Final = (
    "expected subfolders named clear, blurred, dark or overexposed, "
    "or a CSV with the columns file and label"
)
_MANIFEST_NAMES: Final = frozenset({"manifest.csv", "labels.csv"})
# How far above a folder its manifest may lie [folders].
_MANIFEST_HEIGHT: Final = 3


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo whose label is known.

    Attributes
    ----------
    path : Path
        The photo, absolute.
    label : Label or None
        What is wrong with it; None for a clear, well-exposed photo.
    source : str
        Where it comes from, e.g. a camera or a public set; accuracy is told source by source.
    scene : str
        What was photographed; photos of one scene of a source are not independent. May be empty.
    """

    path: Path
    label: Label | None
    source: str
    scene: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled photos, and what was left out.

    Attributes
    ----------
    photos : tuple of LabelledPhoto
        The labelled photos, each path once.
    left_out : tuple of Skip
        Photos without a usable label, and files that could not be listed.
    """

    photos: tuple[LabelledPhoto, ...]
    left_out: tuple[Skip, ...]


class _OtherTableError(InputError):
    """A CSV without the columns of a labelled set."""


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    word: str
    source: str
    scene: str
    place: str  # for messages


def read_labelled(*paths: Path) -> LabelledSet:
    """Read one or more labelled sets as one.

    A set is a folder or a CSV. In a folder, a photo's label is the name of a folder above it, else
    that of the set itself (`bokeh/`). A `manifest.csv` or `labels.csv` in the folder, or in one of
    the three folders above, that lists photos of the set comes first. A CSV has the columns `file`
    (relative to the CSV) and `label`, and may have `source` and `scene`. The source is that of the
    CSV, else the names of the subfolders that are no labels, else the name of the set's folder.

    Parameters
    ----------
    *paths : Path
        Folders and CSV files.

    Returns
    -------
    LabelledSet
        All labelled photos.

    Raises
    ------
    UsageError
        If no path is given, or one is neither a folder nor a CSV.
    InputError
        If a path is missing or unreadable, a CSV is malformed, a set has no labelled photo, or two
        sets label a photo differently.
    """
    if not paths:
        raise UsageError("no labelled set is given: name a folder or a CSV")
    photos: dict[Path, LabelledPhoto] = {}
    left_out: dict[Path, Skip] = {}
    for path in paths:
        found = _read_set(path)
        for photo in found.photos:
            known = photos.setdefault(photo.path, photo)
            if known.label is not photo.label:
                msg = f"is labelled both {_spell(known.label)} and {_spell(photo.label)}"
                raise InputError(msg, path=photo.path)
        left_out.update({skip.path: skip for skip in found.left_out})
    return LabelledSet(
        tuple(photos.values()), tuple(s for p, s in left_out.items() if p not in photos)
    )


def _read_set(path: Path) -> LabelledSet:
    root = path.resolve()
    if root.is_dir():
        found = _read_folder(root)
    elif not root.exists():
        raise InputError("no such folder or CSV", path=path)
    elif root.suffix.lower() == ".csv":
        found = _label_rows(_read_rows(root), root.parent)
    else:
        raise UsageError(f"is neither a folder nor a .csv: {_EXPECTED}", path=path)
    if not found.photos:
        raise InputError(f"no labelled photo: {_EXPECTED}; found {_describe(root)}", path=path)
    return found


def _read_folder(root: Path) -> LabelledSet:
    rows: defaultdict[Path, list[_Row]] = defaultdict(list)
    for row in _read_manifest(root):
        rows[row.path].append(row)
    discovery = find_photos([root])
    paths = [photo.path for photo in discovery.photos]
    # The set's own name is a label only where its subfolders are not.
    own = [] if any(_find_words(p, root) for p in paths) else _keep_words([root.name])
    listed, left_out = [], list(discovery.skipped)
    for path in paths:
        words = _find_words(path, root) or own
        if path in rows:
            listed.extend(rows[path])
        elif words:
            listed.append(_Row(path, words[-1], "", "", str(path)))
        else:
            left_out.append(Skip(path, "no label"))
    found = _label_rows(listed, root)
    return LabelledSet(found.photos, (*left_out, *found.left_out))


def _label_rows(rows: Iterable[_Row], root: Path) -> LabelledSet:
    photos: dict[Path, LabelledPhoto] = {}
    left_out = []
    for row in rows:
        if row.word in _NO_LABEL:
            left_out.append(Skip(row.path, f"label {row.word!r}" if row.word else "no label"))
            continue
        if row.word not in LABEL_WORDS:
            msg = f"unknown label {row.word!r}; expected one of {', '.join(LABEL_WORDS)}"
            raise InputError(f"{row.place}: {msg}")
        label = LABEL_WORDS[row.word]
        photo = LabelledPhoto(
            row.path, label, row.source or _name_source(row.path, root), row.scene
        )
        if photos.setdefault(row.path, photo).label is not label:
            raise InputError(f"{row.place}: {row.path.name} has two different labels")
    return LabelledSet(tuple(photos.values()), tuple(left_out))


def _keep_words(names: Iterable[str]) -> list[str]:
    return [name.casefold() for name in names if name.casefold() in LABEL_WORDS]


def _find_words(path: Path, root: Path) -> list[str]:
    """Find the folders below the root that are named like labels, outermost first."""
    return _keep_words(path.relative_to(root).parent.parts)


def _name_source(path: Path, root: Path) -> str:
    """Name the source by the subfolders that are no labels, else by the set's folder."""
    if not path.is_relative_to(root):
        return path.parent.name
    parts = path.relative_to(root).parent.parts
    return "/".join(p for p in parts if p.casefold() not in LABEL_WORDS) or root.name


def _read_manifest(root: Path) -> list[_Row]:
    """Read the rows about photos below the root from the nearest manifest that has any."""
    for folder in (root, *root.parents[:_MANIFEST_HEIGHT]):
        for path in sorted(_list(folder)):
            if path.name.casefold() not in _MANIFEST_NAMES:
                continue
            try:
                rows = [row for row in _read_rows(path) if row.path.is_relative_to(root)]
            except _OtherTableError:
                continue  # a table about something else
            if rows:
                return rows
    return []


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder above the set that may not be listed holds no manifest for it
        return []


def _read_rows(path: Path) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(_parse(stream, path))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no CSV in UTF-8: {error}", path=path) from error


def _parse(stream: Iterable[str], path: Path) -> Iterator[_Row]:
    reader = csv.DictReader(stream, restval="")
    reader.fieldnames = columns = [name.strip().casefold() for name in reader.fieldnames or ()]
    if not {"file", "label"} <= set(columns):
        found = ", ".join(columns) or "an empty file"
        raise _OtherTableError(f"needs the columns file and label; found {found}", path=path)
    for fields in reader:
        place = f"{path}, line {reader.line_num}"
        if None in fields:
            raise InputError(f"{place}: more fields than the {len(columns)} columns")
        cells = {name: cell.strip() for name, cell in fields.items()}
        if not cells["file"]:
            raise InputError(f"{place}: the column file is empty")
        yield _Row(
            path=Path(os.path.normpath(path.parent / cells["file"])),
            word=cells["label"].casefold(),
            source=cells.get("source", ""),
            scene=cells.get("scene", ""),
            place=place,
        )


def _describe(root: Path) -> str:
    """Say what a set that has no labelled photo holds."""
    if root.is_file():
        return "no row with a label"
    names = sorted(p.name for p in _list(root) if p.is_dir())
    num_photos = len(find_photos([root]).photos)
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{num_photos} photos and {f'the subfolders {shown}' if names else 'no subfolder'}"


def _spell(label: Label | None) -> str:
    return "clear" if label is None else label.value
