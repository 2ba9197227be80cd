"""The calibrations of a library, each with its number, none ever lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clearshot.catalog.connection import explained, transaction, understood

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class KeptCalibration:
    """One calibration as it is kept.

    Attributes
    ----------
    version : int
        Its number in this catalog, from 1.
    content : str
        JSON; what it means is no concern of the catalog.
    made_at : datetime
        When it was added, in UTC.
    taken_back_at : datetime or None
        When it was taken back, in UTC; None if it was not.
    """

    version: int
    content: str
    made_at: datetime
    taken_back_at: datetime | None


class Calibrations:
    """The calibrations in a catalog. Each method raises CatalogError as those of `Catalog`.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of an open catalog.
    path : Path
        The catalog's file, for errors.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def list_all(self) -> list[KeptCalibration]:
        """List all calibrations.

        Returns
        -------
        list of KeptCalibration
            The oldest first, those that were taken back too.
        """
        with explained(self._path):
            found = self._connection.execute(
                "SELECT * FROM calibrations ORDER BY version"
            ).fetchall()
        with understood(self._path):
            return [
                KeptCalibration(
                    version=row["version"],
                    content=row["content"],
                    made_at=datetime.fromisoformat(row["made_at"]),
                    taken_back_at=_read_time(row["taken_back_at"]),
                )
                for row in found
            ]

    def read_current(self) -> KeptCalibration | None:
        """Read the calibration in use.

        Returns
        -------
        KeptCalibration or None
            The newest that was not taken back; None where the shipped one is in use.
        """
        kept = [each for each in self.list_all() if each.taken_back_at is None]
        return kept[-1] if kept else None

    def add(self, content: str) -> int:
        """Add a calibration; it is in use from now on.

        Parameters
        ----------
        content : str
            JSON.

        Returns
        -------
        int
            Its number.
        """
        statement = "INSERT INTO calibrations (content, made_at) VALUES (?, ?)"
        with explained(self._path), transaction(self._connection):
            added = self._connection.execute(statement, (content, _now()))
        return int(added.lastrowid or 0)

    def take_back(self) -> KeptCalibration | None:
        """Take the calibration in use back, so that the one before it is in use again.

        Returns
        -------
        KeptCalibration or None
            The one that was taken back; None if none was in use.
        """
        current = self.read_current()
        if current is not None:
            statement = "UPDATE calibrations SET taken_back_at = ? WHERE version = ?"
            with explained(self._path), transaction(self._connection):
                self._connection.execute(statement, (_now(), current.version))
        return current


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
