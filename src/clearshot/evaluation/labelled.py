"""Labelled sets: folders with one subfolder per label, CSV files, and public sets by their names.

A CSV has the columns file and label. Each public set is read by a module of its own in `sets`.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearshot.discover import find_photos
from clearshot.errors import InputError, UsageError
from clearshot.evaluation.labels import (
    LABEL_WORDS,
    LabelledPhoto,
    LabelledSet,
    drop_empty,
    find_label_words,
    keep_label_words,
    name_some,
    open_table,
)
from clearshot.evaluation.sets import certh, cuhk, kwentar
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Words that say that a photo has no label on purpose.
_NO_LABEL: Final = frozenset({"", "between", "unsure", "unknown", "unlabelled"})

_EXPECTED: Final = (
    "expected subfolders named clear, blurred, dark or overexposed, "
    "or a CSV with the columns file and label, or a public set (CERTH, CUHK, Kwentar)"
)
# What `clearshot audit` writes into the column pile, unless it drew from the whole library.
_PILES: Final = frozenset({"good", "bad"})
_FROM_PILES: Final = (
    "these photos were drawn from the good and the bad pile, not from all alike: their shares are "
    "not those of the library; `clearshot audit --whole` draws from all"
)
_MANIFEST_NAMES: Final = frozenset({"manifest.csv", "labels.csv"})
# How far above a folder its manifest may lie [folders].
_MANIFEST_HEIGHT: Final = 3


class NoLabelledPhotoError(InputError):
    """A set in which nothing says what any photo is."""


class _OtherTableError(InputError):
    """A CSV without the columns of a labelled set."""


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    word: str
    source: str
    scene: str
    place: str  # for messages
    pile: str = ""


def read_labelled(*paths: Path) -> LabelledSet:
    """Read one or more labelled sets as one.

    A set is a folder or a CSV. In a folder, a photo's label is the name of a folder above it, else
    that of the set itself (`bokeh/`). A `manifest.csv` or `labels.csv` in the folder, or in one of
    the three folders above, that lists photos of the set comes first. A CSV has the columns `file`
    (relative to the CSV) and `label`, and may have `source` and `scene`. The source is that of the
    CSV, else the names of the subfolders that are no labels, else the name of the set's folder.

    The public sets CERTH, CUHK and Kwentar are known by the names of their folders and files, and
    bring sources and scenes of their own; see `clearshot.evaluation.sets`.

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
        If a path is missing or unreadable, a CSV is malformed, a set has no labelled photo, a name
        contradicts its folder, or two sets label a photo differently.
    MissingExtraError
        If a set has Excel sheets and openpyxl is not installed.
    """
    if not paths:
        raise UsageError("no labelled set is given: name a folder or a CSV")
    photos: dict[Path, LabelledPhoto] = {}
    left_out: dict[Path, Skip] = {}
    notes: dict[str, None] = {}
    for path in paths:
        found = _read_set(path)
        notes.update(dict.fromkeys(found.notes))
        for photo in found.photos:
            known = photos.setdefault(photo.path, photo)
            if known.label is not photo.label:
                msg = f"is labelled both {_spell(known.label)} and {_spell(photo.label)}"
                raise InputError(msg, path=photo.path)
        left_out.update({skip.path: skip for skip in found.left_out})
    rest = tuple(skip for path, skip in left_out.items() if path not in photos)
    return LabelledSet(tuple(photos.values()), rest, tuple(notes))


def _read_set(path: Path) -> LabelledSet:
    root = path.resolve()
    expected = _EXPECTED
    if root.is_dir():
        found, expected = _read_folder(root)
    elif not root.exists():
        raise InputError("no such folder or CSV", path=path)
    elif root.suffix.lower() == ".csv":
        found = _label_rows(_read_rows(root), root.parent)
    else:
        raise UsageError(f"is neither a folder nor a .csv: {_EXPECTED}", path=path)
    if not found.photos:
        msg = f"no labelled photo: {expected}; found {_describe(root, found)}"
        raise NoLabelledPhotoError(msg, path=path)
    return found


def _read_folder(root: Path) -> tuple[LabelledSet, str]:
    """Read a folder of any layout, and say what was expected to be in it."""
    listed, notes = _read_manifest(root)
    discovery = find_photos([root])
    paths = [photo.path for photo in discovery.photos]
    # A label of a raw file is that of the photo that is judged in its place.
    judged = {file: photo.path for photo in discovery.photos for file in photo.companions}
    rows: defaultdict[Path, list[_Row]] = defaultdict(list)
    for row in listed:
        path = judged.get(row.path, row.path)
        rows[path].append(replace(row, path=path))
    # The owner's own table comes before what names tell.
    known = None if rows else _read_known(root, paths)
    found, expected = known or (_read_plain(root, paths, rows), _EXPECTED)
    left_out = (*discovery.skipped, *found.left_out)
    return LabelledSet(found.photos, left_out, (*notes, *found.notes)), expected


def _read_known(root: Path, paths: Sequence[Path]) -> tuple[LabelledSet, str] | None:
    """Read a public set; None if the folder is none of them."""
    if certh.is_certh(root):
        return certh.read_certh(root, paths), certh.EXPECTED
    if cuhk.is_cuhk(root, paths):
        return cuhk.read_cuhk(root, paths), cuhk.EXPECTED
    if kwentar.is_kwentar(root, paths):
        return kwentar.read_kwentar(root, paths), kwentar.EXPECTED
    return None


def _read_plain(root: Path, paths: Sequence[Path], rows: Mapping[Path, list[_Row]]) -> LabelledSet:
    # The set's own name is a label only where its subfolders are not.
    own = [] if any(find_label_words(p, root) for p in paths) else keep_label_words([root.name])
    listed, left_out = [], []
    for path in paths:
        words = find_label_words(path, root) or own
        if path in rows:
            listed.extend(rows[path])
        elif words:
            listed.append(_Row(path, words[-1], "", "", str(path)))
        else:
            left_out.append(Skip(path, "no label"))
    # What is listed and was not found fails like any other photo that is missing.
    known = set(paths)
    listed += [row for path, each in rows.items() if path not in known for row in each]
    found = _label_rows(listed, root)
    return LabelledSet(found.photos, (*left_out, *found.left_out), found.notes)


def _label_rows(rows: Iterable[_Row], root: Path) -> LabelledSet:
    photos: dict[Path, LabelledPhoto] = {}
    left_out = []
    is_of_piles = False
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
        is_of_piles |= row.pile in _PILES
    notes = (_FROM_PILES,) if is_of_piles else ()
    return LabelledSet(tuple(photos.values()), tuple(left_out), notes)


def _name_source(path: Path, root: Path) -> str:
    """Name the source by the subfolders that are no labels, else by the set's folder."""
    if not path.is_relative_to(root):
        return path.parent.name
    parts = path.relative_to(root).parent.parts
    return "/".join(p for p in parts if p.casefold() not in LABEL_WORDS) or root.name


def _read_manifest(root: Path) -> tuple[list[_Row], list[str]]:
    """Read the rows about photos below the root from the nearest manifest that has any.

    Give also what was passed over: a table above the set that cannot be read may be of others.

    Raises
    ------
    InputError
        If one in the set itself cannot be read.
    """
    notes: list[str] = []
    for folder in (root, *root.parents[:_MANIFEST_HEIGHT]):
        for path in sorted(_list(folder)):
            if path.name.casefold() not in _MANIFEST_NAMES:
                continue
            try:
                rows = [row for row in _read_rows(path) if row.path.is_relative_to(root)]
            except _OtherTableError:
                continue  # a table about something else
            except InputError as error:
                if folder == root:
                    raise
                notes.append(f"passed over a table that cannot be read: {error}")
                continue
            if rows:
                return rows, notes
    return [], notes


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder above the set that may not be listed holds no manifest for it
        return []


def _read_rows(path: Path) -> list[_Row]:
    try:
        return list(_parse(open_table(path), path))
    except csv.Error as error:
        raise InputError(f"is not a CSV file: {error}", path=path) from error


def _parse(reader: csv.DictReader[str], path: Path) -> Iterator[_Row]:
    reader.fieldnames = columns = [name.strip().casefold() for name in reader.fieldnames or ()]
    if not {"file", "label"} <= set(columns):
        found = ", ".join(columns) or "an empty file"
        raise _OtherTableError(f"needs the columns file and label; found {found}", path=path)
    for fields in drop_empty(reader):
        place = f"{path}, line {reader.line_num}"
        if None in fields:
            raise InputError(f"{place}: more fields than the {len(columns)} columns")
        cells = {name: cell.strip() for name, cell in fields.items()}
        if not cells["file"]:
            raise InputError(f"{place}: the column file is empty")
        photo = _locate(path.parent / cells["file"])
        if not _is_text(cell for name, cell in cells.items() if name != "file"):
            raise InputError(f"{place}: is not in UTF-8")
        # A name may be no text, but then a file has it.
        if not _is_text([cells["file"]]) and not os.path.lexists(photo):
            raise InputError(f"{place}: is not in UTF-8, and no file has that name")
        yield _Row(
            path=photo,
            word=cells["label"].casefold(),
            source=cells.get("source", ""),
            scene=cells.get("scene", ""),
            place=place,
            pile=cells.get("pile", ""),
        )


def _locate(path: Path) -> Path:
    """Give the one path of a photo, whichever links lead to its folder."""
    return Path(os.path.realpath(path.parent), path.name)


def _is_text(cells: Iterable[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True


def _describe(root: Path, found: LabelledSet) -> str:
    """Say what a set that has no labelled photo holds."""
    if root.is_file():
        return "no row with a label"
    names = sorted(p.name for p in _list(root) if p.is_dir())
    num_photos = len(find_photos([root]).photos)
    folders = f"the subfolders {name_some(names, num_shown=8)}" if names else "no subfolder"
    reasons = [f"{s.path.name}: {s.reason}" for s in found.left_out if s.reason != "no label"]
    told = f" ({name_some([*reasons, *found.notes])})" if reasons or found.notes else ""
    return f"{num_photos} photos and {folders}{told}"


def _spell(label: Label | None) -> str:
    return "clear" if label is None else label.value
