"""What is known about the photos of one library, in one SQLite file.

Records go in, records come out; no row and no SQL leaves this package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from clearshot.catalog import migrations, rows
from clearshot.catalog.calibrations import Calibrations
from clearshot.catalog.connection import connect, explained, transaction, understood
from clearshot.catalog.decisions import DecisionTable
from clearshot.catalog.glimpses import Glimpse, read_glimpses
from clearshot.catalog.odds import OddsTable
from clearshot.catalog.pages import Pages
from clearshot.catalog.place import choose_path, claim, default_path, make_room, refuse_new
from clearshot.errors import check_folder
from clearshot.paths import anchor
from clearshot.photo import Failure, Photo, Scores

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from clearshot.catalog.odds import Gauge
    from clearshot.photo import FileStamp

# An upsert, not a replacement: the photo keeps its number, and so all that refers to it.
_UPSERT_PHOTO = """
INSERT INTO photos (path, size_bytes, mtime_ns, companions, recipe, scored_at)
VALUES (:path, :size_bytes, :mtime_ns, :companions, :recipe, :scored_at)
ON CONFLICT (path) DO UPDATE SET
    size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,
    companions = excluded.companions, recipe = excluded.recipe, scored_at = excluded.scored_at,
    is_missing = 0
"""
_DROP_SCORES = "DELETE FROM scores WHERE photo_id = (SELECT id FROM photos WHERE path = :path)"
_DROP_FACTS = "DELETE FROM facts WHERE photo_id = (SELECT id FROM photos WHERE path = :path)"
_DROP_FAILURE = "DELETE FROM failures WHERE photo_id = (SELECT id FROM photos WHERE path = :path)"
_INSERT_SCORES = """
INSERT INTO scores (
    photo_id, width_px, height_px, blur, anisotropy, sharpest_x, sharpest_y, sharpest_width,
    sharpest_height, native_blur, native_anisotropy, shadow_stops, median_stops, bright_stops,
    black_share, white_share, subject_stops, error_stops, dark_logit, overexposed_logit,
    sensor_white_share, inside_x, inside_y, inside_width, inside_height
) VALUES (
    (SELECT id FROM photos WHERE path = :path), :width_px, :height_px, :blur, :anisotropy,
    :sharpest_x, :sharpest_y, :sharpest_width, :sharpest_height, :native_blur,
    :native_anisotropy, :shadow_stops, :median_stops, :bright_stops, :black_share, :white_share,
    :subject_stops, :error_stops, :dark_logit, :overexposed_logit, :sensor_white_share,
    :inside_x, :inside_y, :inside_width, :inside_height
)
"""
_INSERT_FACTS = """
INSERT INTO facts (
    photo_id, reader, camera, lens, iso, shutter_s, aperture, taken_at, focus_x, focus_y
) VALUES (
    (SELECT id FROM photos WHERE path = :path), :reader, :camera, :lens, :iso, :shutter_s,
    :aperture, :taken_at, :focus_x, :focus_y
)
"""
_INSERT_FAILURE = """
INSERT INTO failures VALUES ((SELECT id FROM photos WHERE path = :path), :kind, :message)
"""
_SELECT_STATES = """
SELECT photos.*, failures.kind AS failure_kind
FROM photos LEFT JOIN failures ON failures.photo_id = photos.id
"""
_SELECT_ENTRIES = """
SELECT photos.*, scores.*, failures.kind, failures.message,
    facts.reader, facts.camera, facts.lens, facts.iso, facts.shutter_s, facts.aperture,
    facts.taken_at, facts.focus_x, facts.focus_y
FROM photos
    LEFT JOIN scores ON scores.photo_id = photos.id
    LEFT JOIN facts ON facts.photo_id = photos.id
    LEFT JOIN failures ON failures.photo_id = photos.id
"""
_ALL_ENTRIES = "WHERE photos.is_missing <= ? ORDER BY photos.path"
# The sign keeps SQLite from walking all paths to have them in order.
_SOME_ENTRIES = """
WHERE photos.is_missing <= ? AND photos.id IN (SELECT value FROM json_each(?))
ORDER BY +photos.path
"""


@dataclass(frozen=True, slots=True)
class PhotoState:
    """What decides whether a photo has to be scored again.

    Attributes
    ----------
    photo : Photo
        As it was when it was scored.
    recipe : str
        What it was scored with.
    failure_kind : str or None
        Kind of the failure that it has instead of scores; None where it has scores.
    is_missing : bool
        Whether the last scan did not find it.
    """

    photo: Photo
    recipe: str
    failure_kind: str | None
    is_missing: bool

    @property
    def is_failed(self) -> bool:
        """Whether it has a failure instead of scores."""
        return self.failure_kind is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything the catalog holds about one photo.

    Attributes
    ----------
    photo : Photo
        As it was when it was scored.
    scores : Scores or None
        What was measured; None when it failed.
    failure : Failure or None
        Why there are no scores; None when there are.
    scored_at : datetime
        When the result came in, in UTC.
    is_missing : bool
        Whether the last scan did not find the photo.
    number : int
        The photo's number in this catalog.
    """

    photo: Photo
    scores: Scores | None
    failure: Failure | None
    scored_at: datetime
    is_missing: bool
    number: int = field(default=0, compare=False)


class Catalog:
    """The open catalog of one library. Use `open`, and close it or use it in a `with` statement.

    Attributes
    ----------
    library : Path
        The library's folder, absolute.
    path : Path
        The catalog's file, absolute.
    decisions : DecisionTable
        What the owner decided about the photos.
    calibrations : Calibrations
        Those on the owner's photos.
    odds : OddsTable
        Log odds of each photo, made of the scores; see `clearshot.listing`.
    pages : Pages
        Filtered pages of photos by these odds, and counts.
    """

    def __init__(self, library: Path, path: Path, connection: sqlite3.Connection) -> None:
        self.library = library
        self.path = path
        self.decisions = DecisionTable(connection, path, library)
        self.calibrations = Calibrations(connection, path)
        self.odds = OddsTable(connection, path)
        self.pages = Pages(connection, path)
        self._connection = connection

    @classmethod
    def open(cls, library: Path, *, path: Path | None = None, create: bool = True) -> Self:
        """Open the catalog of a library and bring its schema up to date.

        Every method raises CatalogError when the file is read-only, in use, damaged or has no room
        left on its disk. This one does too when there is no catalog and none is to be created, when
        the file is no catalog, comes from a newer clearshot or belongs to another library; and it
        raises InputError if the library is no folder.

        Parameters
        ----------
        library : Path
            The library's folder.
        path : Path or None
            The catalog's file, where it is not kept in the library. It then remembers its library
            and refuses any other.
        create : bool
            Whether a missing catalog is created.

        Returns
        -------
        Catalog
            Ready to read and write.
        """
        library = anchor(library)
        check_folder(library)
        path = choose_path(library, path)
        if not path.exists():
            make_room(path, library, create=create)
        connection = connect(path)
        try:
            with explained(path):
                # SQLite takes an empty file for a database; a copy without its log is one, too.
                if not create and not migrations.applied(connection):
                    refuse_new(path, library)
                migrations.migrate(connection, migrations.known(), path=path)
                if path != default_path(library):
                    claim(connection, path, library)
        except BaseException:
            connection.close()
            raise
        return cls(library, path, connection)

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def states(self) -> dict[Path, PhotoState]:
        """Tell for each photo what decides whether it has to be scored again.

        Returns
        -------
        dict of Path to PhotoState
            By absolute path; missing photos included.
        """
        with explained(self.path):
            found = self._connection.execute(_SELECT_STATES).fetchall()
        with understood(self.path):
            states = [
                PhotoState(
                    photo=rows.read_photo(row, self.library),
                    recipe=row["recipe"],
                    failure_kind=row["failure_kind"],
                    is_missing=bool(row["is_missing"]),
                )
                for row in found
            ]
        return {state.photo.path: state for state in states}

    def entries(
        self, numbers: Iterable[int] | None = None, *, with_missing: bool = False
    ) -> list[Entry]:
        """List the photos with their scores or failures.

        Parameters
        ----------
        numbers : iterable of int or None
            Only photos with one of these numbers; all by default.
        with_missing : bool
            Whether photos that the last scan did not find are listed too.

        Returns
        -------
        list of Entry
            Ordered by the bytes of the path.
        """
        query, values = _SELECT_ENTRIES + _ALL_ENTRIES, list[int | str]([with_missing])
        if numbers is not None:
            query = _SELECT_ENTRIES + _SOME_ENTRIES
            values.append(json.dumps(list(numbers)))
        with explained(self.path):
            found = self._connection.execute(query, values).fetchall()
        with understood(self.path):
            return [
                Entry(
                    photo=rows.read_photo(row, self.library),
                    scores=None if row["photo_id"] is None else rows.read_scores(row),
                    failure=None if row["kind"] is None else Failure(row["kind"], row["message"]),
                    scored_at=datetime.fromisoformat(row["scored_at"]),
                    is_missing=bool(row["is_missing"]),
                    number=row["id"],
                )
                for row in found
            ]

    def glimpses(self, numbers: Iterable[int] | None = None) -> list[Glimpse]:
        """List photos with no more than what a list shows of them: fast, where there are many.

        Parameters
        ----------
        numbers : iterable of int or None
            Only photos with one of these numbers; all that the last scan found by default.

        Returns
        -------
        list of Glimpse
            Ordered by the bytes of the path.
        """
        return read_glimpses(self._connection, self.path, numbers)

    def record(
        self,
        results: Iterable[tuple[Photo, Scores | Failure]],
        *,
        recipe: str,
        gauge: Gauge | None = None,
    ) -> None:
        """Write what was measured, in one transaction, in place of what was known before.

        Parameters
        ----------
        results : iterable of (Photo, Scores or Failure)
            The photos lie in the library. When it raises, nothing is written.
        recipe : str
            What photos that failed were to be scored with; scores name their own.
        gauge : Gauge or None
            Makes the odds, where it is the one that was adopted; else they are made later.
        """
        with explained(self.path), transaction(self._connection):
            for photo, result in results:
                self._write(photo, result, recipe)
                if gauge is not None:
                    self._write_odds(photo, result, gauge)

    def update_found(self, photos: Iterable[Photo]) -> None:
        """Note that known photos are there, and the companions that they have now.

        Parameters
        ----------
        photos : iterable of Photo
            Unknown ones are passed over; stamps are left as they are.
        """
        statement = "UPDATE photos SET is_missing = 0, companions = :companions WHERE path = :path"
        values = (rows.photo_values(photo, self.library) for photo in photos)
        with explained(self.path), transaction(self._connection):
            self._connection.executemany(statement, values)

    def note_rewritten(self, photos: Iterable[tuple[Path, FileStamp, FileStamp]]) -> None:
        """Note that photos were written anew with the same picture in them: they keep their scores.

        Parameters
        ----------
        photos : iterable of (Path, FileStamp, FileStamp)
            Absolute, with the state before and since. Those that the catalog knows in another
            state, or not at all, are passed over.
        """
        statement = """
        UPDATE photos SET size_bytes = :size_bytes, mtime_ns = :mtime_ns
        WHERE path = :path AND size_bytes = :old_size_bytes AND mtime_ns = :old_mtime_ns
        """
        values = (
            {
                "path": rows.path_value(path, self.library),
                "size_bytes": after.size_bytes,
                "mtime_ns": after.mtime_ns,
                "old_size_bytes": before.size_bytes,
                "old_mtime_ns": before.mtime_ns,
            }
            for path, before, after in photos
            if path.is_relative_to(self.library)
        )
        with explained(self.path), transaction(self._connection):
            self._connection.executemany(statement, values)

    def mark_missing(self, paths: Iterable[Path]) -> None:
        """Note that photos were not found. Nothing that is known about them is lost.

        Parameters
        ----------
        paths : iterable of Path
            Absolute.
        """
        statement = "UPDATE photos SET is_missing = 1 WHERE path = :path"
        values = ({"path": rows.path_value(path, self.library)} for path in paths)
        with explained(self.path), transaction(self._connection):
            self._connection.executemany(statement, values)

    def _write(self, photo: Photo, result: Scores | Failure, recipe: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        recipe = result.recipe if isinstance(result, Scores) else recipe
        values = {**rows.photo_values(photo, self.library), "recipe": recipe, "scored_at": now}
        execute = self._connection.execute
        execute(_UPSERT_PHOTO, values)
        execute(_DROP_SCORES, values)
        execute(_DROP_FACTS, values)
        execute(_DROP_FAILURE, values)
        if isinstance(result, Scores):
            execute(_INSERT_SCORES, values | rows.score_values(result))
            execute(_INSERT_FACTS, values | rows.fact_values(result))
        else:
            execute(_INSERT_FAILURE, values | rows.failure_values(result))

    def _write_odds(self, photo: Photo, result: Scores | Failure, gauge: Gauge) -> None:
        query = "SELECT id FROM photos WHERE path = ?"
        path = rows.path_value(photo.path, self.library)
        [[number]] = self._connection.execute(query, (path,)).fetchall()
        odds = gauge.measure(result) if isinstance(result, Scores) else None
        self.odds.put([(number, odds)], gauge.digest)
