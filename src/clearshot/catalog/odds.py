"""Log odds of each photo, kept beside its scores so that photos can be filtered without them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearshot.catalog.connection import explained, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from clearshot.photo import Scores

# What the columns hold where there is nothing to tell, and the greatest number that they hold else;
# both are whole, so that SQLite reads them as Python does. No photo has such odds.
NOTHING: Final = -1e15
MOST: Final = 9e14

_WRITE: Final = """
UPDATE odds SET
    is_stale = 0, camera = :camera, blurry = :blurry, blurry_full = :blurry_full, dark = :dark,
    overexposed = :overexposed, worst = :worst, worst_full = :worst_full
WHERE photo_id = :number AND :digest = (SELECT digest FROM odds_source)
"""


@dataclass(frozen=True, slots=True)
class Odds:
    """Natural log odds of each label by the shipped calibration.

    Attributes
    ----------
    camera : str or None
        Who took the photo: its thresholds may be others than those of the library.
    blurry, dark, overexposed : float
        On a screen.
    blurry_full : float or None
        Blurry at 100 %; None where it was not measured.
    """

    camera: str | None
    blurry: float
    dark: float
    overexposed: float
    blurry_full: float | None = None


@dataclass(frozen=True, slots=True)
class Gauge:
    """How odds are made of scores.

    Attributes
    ----------
    digest : str
        Names it: odds of another digest are not used.
    measure : callable
        Gives the odds of scores, or None where they cannot be judged.
    """

    digest: str
    measure: Callable[[Scores], Odds | None]


class OddsTable:
    """The odds of an open catalog; see `Catalog.odds`.

    Whatever changes a photo marks its odds as stale, in the database itself. Every method raises
    CatalogError as those of `Catalog` do.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def adopt(self, digest: str) -> None:
        """Mark all odds as stale unless they were made by this gauge.

        Parameters
        ----------
        digest : str
            The gauge's.
        """
        with explained(self._path):
            found = self._connection.execute("SELECT digest FROM odds_source").fetchall()
            if [row["digest"] for row in found] == [digest]:
                return
            with transaction(self._connection):
                self._connection.execute("REPLACE INTO odds_source VALUES (1, ?)", (digest,))
                self._connection.execute("UPDATE odds SET is_stale = 1")

    def find_stale(self) -> list[int]:
        """Tell of which photos the odds have to be made.

        Returns
        -------
        list of int
            Numbers of photos; empty, at once, where nothing has changed.
        """
        with explained(self._path):
            query = "SELECT photo_id FROM odds WHERE is_stale = 1 ORDER BY photo_id"
            return [row["photo_id"] for row in self._connection.execute(query)]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let no other program write while the body reads what odds are made of, and puts them.

        What it puts is written in one transaction, or not at all when it raises.
        """
        with explained(self._path), transaction(self._connection):
            yield

    def put(self, odds: Iterable[tuple[int, Odds | None]], digest: str) -> None:
        """Write odds as a part of the transaction in which the scores were read or written.

        Parameters
        ----------
        odds : iterable of (int, Odds or None)
            By the photo's number; None for a photo that cannot be judged.
        digest : str
            Of the gauge that made them; nothing is written if it is not the one that was adopted.
        """
        rows = ({"number": number, "digest": digest} | _write_row(each) for number, each in odds)
        self._connection.executemany(_WRITE, rows)


def _write_row(odds: Odds | None) -> dict[str, float | str | None]:
    names = ("blurry", "blurry_full", "dark", "overexposed", "worst", "worst_full")
    row: dict[str, float | str | None] = {"camera": None, **dict.fromkeys(names, NOTHING)}
    if odds is None:
        return row
    blurry, dark, overexposed = map(_bound, (odds.blurry, odds.dark, odds.overexposed))
    row |= {"camera": odds.camera, "blurry": blurry, "dark": dark, "overexposed": overexposed}
    row["worst"] = max(blurry, dark, overexposed)
    if odds.blurry_full is not None:
        full = _bound(odds.blurry_full)
        row |= {"blurry_full": full, "worst_full": max(full, dark, overexposed)}
    return row


def _bound(value: float) -> float:
    return max(-MOST, min(float(value), MOST))
