"""What a list of photos shows of each, read in one narrow query: of many photos at once."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from clearshot.catalog.connection import explained
from clearshot.photo import FileStamp, Photo

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

_SELECT = """
SELECT photos.id, photos.path, size_bytes, mtime_ns, width_px, height_px, facts.camera, taken_at,
    failures.message, blurry, blurry_full, dark, overexposed
FROM photos
    JOIN odds ON odds.photo_id = photos.id
    LEFT JOIN scores ON scores.photo_id = photos.id
    LEFT JOIN facts ON facts.photo_id = photos.id
    LEFT JOIN failures ON failures.photo_id = photos.id
"""
_ALL = f"{_SELECT} ORDER BY photos.path"
_WANTED = "photos.id IN (SELECT value FROM json_each(?))"
# The sign keeps SQLite from walking all paths to have them in order.
_SOME = f"{_SELECT} WHERE {_WANTED} ORDER BY +photos.path"


class Glimpse(NamedTuple):
    """A photo of a list.

    Attributes
    ----------
    number : int
        The photo's number.
    path : bytes
        Relative to the library, with '/' between names.
    size_bytes, mtime_ns : int
        The file's stamp.
    width_px, height_px : int or None
        Size of the upright photo [px]; None for a photo that failed.
    camera, taken_at : str or None
        What the camera wrote; the time in ISO 8601.
    failure : str or None
        Why it could not be measured.
    blurry, blurry_full, dark, overexposed : float
        Its odds, see `clearshot.catalog.odds`.
    """

    number: int
    path: bytes
    size_bytes: int
    mtime_ns: int
    width_px: int | None
    height_px: int | None
    camera: str | None
    taken_at: str | None
    failure: str | None
    blurry: float
    blurry_full: float
    dark: float
    overexposed: float

    def find_photo(self, library: Path) -> Photo:
        """Give the photo, without its companions.

        Parameters
        ----------
        library : Path
            The library's folder, absolute.

        Returns
        -------
        Photo
            With an absolute path.
        """
        stamp = FileStamp(self.size_bytes, self.mtime_ns)
        return Photo(library / os.fsdecode(self.path), stamp)


def read_glimpses(
    connection: sqlite3.Connection, path: Path, numbers: Iterable[int] | None = None
) -> list[Glimpse]:
    """Read what a list of photos shows; see `Catalog.glimpses`.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the catalog.
    path : Path
        The catalog's file, for errors.
    numbers : iterable of int or None
        Only these photos; all that the last scan found by default.

    Returns
    -------
    list of Glimpse
        Ordered by the bytes of the path.
    """
    query, values = _ALL, list[str]()
    if numbers is not None:
        query, values = _SOME, [json.dumps(list(numbers))]
    with explained(path):
        cursor = connection.cursor()
        # Rows by name cost more than the query.
        cursor.row_factory = None
        return list(map(Glimpse._make, cursor.execute(query, values)))
