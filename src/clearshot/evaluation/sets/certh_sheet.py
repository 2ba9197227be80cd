"""Label sheets of the CERTH set: which photo is blurred, by name.

The sheet of the natural set names photos without, that of the digital set with their suffix; both
have blanks behind some names.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from clearshot.errors import InputError
from clearshot.evaluation.labels import name_some
from clearshot.evaluation.sets.sheet import read_sheet
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Headings of the columns with names and labels, in lower case. The digital set has none above its
# labels; pandas writes `Unnamed: 1` there.
_COLUMNS: Final = {
    "image name": ("blur label",),
    "mydigital blur": ("", "unnamed: 1", "blur label"),
}
_EXPECTED: Final = (
    "needs the columns Image Name and Blur Label, or MyDigital Blur and one without a heading"
)
_LABELS: Final[dict[str, Label | None]] = {"1": Label.BLURRY, "-1": None}


@dataclass(frozen=True, slots=True)
class SheetLabels:
    """What a label sheet says about the photos of its folder.

    Attributes
    ----------
    labels : dict of Path to Label or None
        The photos that have a label; None for a clear one.
    left_out : tuple of Skip
        Photos without a row, or with one that has no usable label.
    notes : tuple of str
        How many rows have no photo.
    """

    labels: dict[Path, Label | None]
    left_out: tuple[Skip, ...]
    notes: tuple[str, ...]


def read_sheet_labels(sheet: Path, paths: Iterable[Path]) -> SheetLabels:
    """Look up photos in a label sheet.

    Parameters
    ----------
    sheet : Path
        The `.xlsx` file: 1 is blurred, -1 undistorted.
    paths : iterable of Path
        Photos; they are found by name with or without suffix, in any case.

    Returns
    -------
    SheetLabels
        The labels, and what does not fit.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    InputError
        If the sheet cannot be read or has other columns.
    """
    rows = _parse(sheet)
    words: defaultdict[str, set[str]] = defaultdict(set)
    for name, word in rows:
        words[_fold(name)].add(word)
    labels: dict[Path, Label | None] = {}
    left_out: list[Skip] = []
    used: set[str] = set()
    for path in paths:
        keys = [key for key in (_fold(path.name), _fold(path.stem)) if key in words]
        used.update(keys)
        reason = _refuse(words[keys[0]]) if keys else "no row"
        if reason:
            left_out.append(Skip(path, f"{reason} in {sheet.name}"))
        else:
            labels[path] = _LABELS[next(iter(words[keys[0]]))]
    unused = [name or "(no name)" for name, _ in rows if _fold(name) not in used]
    notes = [f"{sheet.name}: rows without a photo: {len(unused):,} ({name_some(unused)})"]
    return SheetLabels(labels, tuple(left_out), tuple(notes if unused else ()))


def _parse(sheet: Path) -> list[tuple[str, str]]:
    """Read names and labels as they are written.

    Raises
    ------
    InputError
        If the sheet has other columns.
    """
    rows = [row for row in read_sheet(sheet) if any(row)]
    width = max((len(row) for row in rows), default=0) + 1
    rows = [row + [""] * (width - len(row)) for row in rows]
    columns = _find_columns(rows[0]) if rows else None
    if columns is None:
        found = ", ".join(cell for cell in rows[0] if cell) if rows else "an empty sheet"
        raise InputError(f"{_EXPECTED}; found {found}", path=sheet)
    name_at, label_at = columns
    return [(row[name_at], row[label_at]) for row in rows[1:] if row[name_at] or row[label_at]]


def _find_columns(headings: list[str]) -> tuple[int, int] | None:
    """Find the columns with names and labels; the label's is right of the name's."""
    words = [heading.casefold() for heading in headings]
    for i, (name, label) in enumerate(pairwise(words)):
        if label in _COLUMNS.get(name, ()):
            return i, i + 1
    return None


def _refuse(words: set[str]) -> str:
    """Say why the labels of a name cannot be used; empty when they can."""
    shown = " and ".join(repr(word) for word in sorted(words))
    if len(words) > 1:
        return f"labels {shown}"
    return "" if words <= _LABELS.keys() else f"label {shown}, expected 1 or -1,"


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
