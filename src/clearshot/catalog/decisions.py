"""What the owner decided about the photos of a catalog."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clearshot.catalog.connection import explained, transaction, understood
from clearshot.photo import Choice, Color, Decision

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_UPSERT = """
INSERT INTO decisions (photo_id, choice, stars, color, decided_at)
SELECT id, :choice, :stars, :color, :decided_at FROM photos WHERE id = :number
ON CONFLICT (photo_id) DO UPDATE SET
    choice = excluded.choice, stars = excluded.stars, color = excluded.color,
    decided_at = excluded.decided_at
"""


class DecisionTable:
    """The decisions of an open catalog; see `Catalog.decisions`.

    Every method raises CatalogError as those of `Catalog` do. Photos go by their number, which
    stays the same for as long as the photo is known.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, library: Path) -> None:
        self._connection = connection
        self._path = path
        self._library = library

    def list_numbers(self) -> dict[Path, int]:
        """Tell the number of each photo.

        Returns
        -------
        dict of Path to int
            By absolute path; missing photos included.
        """
        with explained(self._path):
            found = self._connection.execute("SELECT id, path FROM photos").fetchall()
        return {self._library / os.fsdecode(row["path"]): row["id"] for row in found}

    def find_known(self, numbers: Iterable[int]) -> frozenset[int]:
        """Tell which numbers are those of photos.

        Parameters
        ----------
        numbers : iterable of int
            Any numbers.

        Returns
        -------
        frozenset of int
            Those that a photo has.
        """
        # As JSON, because SQLite takes a limited number of parameters.
        query = "SELECT id FROM photos WHERE id IN (SELECT value FROM json_each(?))"
        with explained(self._path):
            found = self._connection.execute(query, [json.dumps(list(numbers))]).fetchall()
        return frozenset(row["id"] for row in found)

    def read(self, numbers: Iterable[int] | None = None) -> dict[int, Decision]:
        """Read decisions.

        Parameters
        ----------
        numbers : iterable of int or None
            Of these photos; of all by default.

        Returns
        -------
        dict of int to Decision
            By the photo's number; photos without a decision are not in it.
        """
        query, values = "SELECT * FROM decisions", []
        if numbers is not None:
            query += " WHERE photo_id IN (SELECT value FROM json_each(?))"
            values = [json.dumps(list(numbers))]
        with explained(self._path):
            found = self._connection.execute(query, values).fetchall()
        with understood(self._path):
            return {
                row["photo_id"]: Decision(
                    choice=None if row["choice"] is None else Choice(row["choice"]),
                    stars=row["stars"],
                    color=None if row["color"] is None else Color(row["color"]),
                )
                for row in found
            }

    def write(self, decisions: Mapping[int, Decision]) -> None:
        """Write decisions in one transaction; when it returns they are on the disk.

        Parameters
        ----------
        decisions : mapping of int to Decision
            By the photo's number. An empty decision removes the row; numbers that no photo has are
            passed over.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with explained(self._path), transaction(self._connection):
            for number, decision in decisions.items():
                values = {
                    "number": number,
                    "choice": decision.choice,
                    "stars": decision.stars,
                    "color": decision.color,
                    "decided_at": now,
                }
                self._connection.execute(
                    "DELETE FROM decisions WHERE photo_id = :number"
                    if decision == Decision()
                    else _UPSERT,
                    values,
                )

    def read_version(self) -> int:
        """Tell whether another program has written the catalog: then the number is another one.

        Returns
        -------
        int
            Does not change by what this program writes through this connection.
        """
        with explained(self._path):
            [[version]] = self._connection.execute("PRAGMA data_version").fetchall()
        return int(version)
