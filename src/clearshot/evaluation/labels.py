"""Labelled photos as records, the words that name labels, and the tables that hold them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clearshot.errors import InputError
from clearshot.photo import Label, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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
        Photos without a usable label, and what could not be read.
    notes : tuple of str
        What is worth knowing about the set as a whole, one sentence each, e.g. that it has fewer
        photos than the published one.
    """

    photos: tuple[LabelledPhoto, ...]
    left_out: tuple[Skip, ...]
    notes: tuple[str, ...] = ()


def keep_label_words(names: Iterable[str]) -> list[str]:
    """Keep the names that are words for a label.

    Parameters
    ----------
    names : iterable of str
        Names of folders, in any case.

    Returns
    -------
    list of str
        Those in `LABEL_WORDS`, in lower case, in the same order.
    """
    return [name.casefold() for name in names if name.casefold() in LABEL_WORDS]


def find_label_words(path: Path, root: Path) -> list[str]:
    """Find the folders between a root and a photo that are named like labels.

    Parameters
    ----------
    path : Path
        A photo below the root.
    root : Path
        A folder; its own name does not count.

    Returns
    -------
    list of str
        Their names in lower case, outermost first.
    """
    return keep_label_words(path.relative_to(root).parent.parts)


def name_some(names: Iterable[str], *, num_shown: int = 3) -> str:
    """Name the first few of many.

    Parameters
    ----------
    names : iterable of str
        What to name.
    num_shown : int
        How many are named, >= 1.

    Returns
    -------
    str
        The names with commas; dots stand for the rest.
    """
    listed = list(names)
    return ", ".join(listed[:num_shown]) + (", ..." if len(listed) > num_shown else "")


def open_table(path: Path) -> csv.DictReader[str]:
    """Open a table of labels, as clearshot writes it or as a spreadsheet saves it.

    Parameters
    ----------
    path : Path
        A CSV in UTF-8 with a header; with semicolons in place of commas where that line holds one.

    Returns
    -------
    csv.DictReader
        The rows by column; a cell that is missing is empty. Bytes that are no text come as those of
        file names do, so that any name that clearshot wrote is found again.

    Raises
    ------
    InputError
        If the file cannot be read, or is in UTF-16 or UTF-32.
    """
    try:
        # As it is: a file name may hold a line break of any system.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            stream = io.StringIO(file.read(), newline="")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error
    # No name holds it, and these encodings are full of it.
    if "\0" in stream.getvalue():
        raise InputError("is not in UTF-8; save it as CSV in UTF-8", path=path)
    delimiter = ";" if ";" in stream.readline() else ","
    stream.seek(0)
    return csv.DictReader(stream, restval="", delimiter=delimiter)


def drop_empty(reader: csv.DictReader[str]) -> Iterator[dict[str | Any, str | Any]]:
    """Drop the rows without any text, which spreadsheets leave where a cell was once filled in.

    Parameters
    ----------
    reader : csv.DictReader
        As `open_table` gave it.

    Yields
    ------
    dict
        The other rows, as they come.
    """
    return (row for row in reader if any("".join(cell).strip() for cell in row.values()))
