"""Bring a catalog's schema up to date.

A migration is a numbered SQL file in `migrations/`. Its order is its name; once released it never
changes. Each runs in one transaction together with the row that records it, so that a catalog is
never between two schemas.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from clearshot.catalog.connection import transaction
from clearshot.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next.

    Attributes
    ----------
    name : str
        Four digits and a word, as `0001_photos`.
    script : str
        SQL statements, each of which begins on a line of its own.
    """

    name: str
    script: str


def known() -> tuple[Migration, ...]:
    """List the migrations of this program.

    Returns
    -------
    tuple of Migration
        In the order in which they are applied.
    """
    folder = resources.files(__package__).joinpath("migrations")
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    return tuple(
        Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    )


def applied(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Tell which migrations a database has had. Writes nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
        An open catalog, or an empty database.

    Returns
    -------
    tuple of str
        Their names, in order; empty for an empty database.
    """
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
    if not connection.execute(table).fetchall():
        return ()
    rows = connection.execute("SELECT name FROM migrations ORDER BY name")
    return tuple(name for (name,) in rows)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], *, path: Path) -> None:
    """Apply what a database has not had yet. An up-to-date one is only read.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode.
    migrations : sequence of Migration
        All steps, in order; the first creates the table `migrations`.
    path : Path
        The catalog's file, for the error.

    Raises
    ------
    CatalogError
        If the database has had a migration that is none of these; nothing is changed then.
    """
    _refuse_newer(connection, migrations, path)
    for migration in migrations:
        if migration.name not in applied(connection):
            _apply(connection, migration)


def check(connection: sqlite3.Connection, migrations: Sequence[Migration], *, path: Path) -> None:
    """Make sure that a database can be read as it is. Writes nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
        An open catalog.
    migrations : sequence of Migration
        All steps.
    path : Path
        The catalog's file, for the error.

    Raises
    ------
    CatalogError
        If the database has not had just these.
    """
    _refuse_newer(connection, migrations, path)
    done = applied(connection)
    if not done:
        # While a catalog is open, all that is in it may be in the log.
        message = f"the catalog is empty; a copy needs the file {path.name}-wal beside it, too"
        raise CatalogError(message, path=path)
    if {migration.name for migration in migrations} - set(done):
        message = "the catalog was written by an older clearshot; scan again to bring it up to date"
        raise CatalogError(message, path=path)


def _refuse_newer(
    connection: sqlite3.Connection, migrations: Sequence[Migration], path: Path
) -> None:
    if unknown := set(applied(connection)) - {migration.name for migration in migrations}:
        names = ", ".join(sorted(unknown))
        message = f"the catalog was written by a newer clearshot (it has {names}); update clearshot"
        raise CatalogError(message, path=path)


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    with transaction(connection):
        # Another program may have been faster while this one waited for the write lock.
        if migration.name in applied(connection):
            return
        for statement in _split(migration.script):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migrations (name, applied_at) VALUES (?, ?)",
            (migration.name, datetime.now(UTC).isoformat(timespec="seconds")),
        )


def _split(script: str) -> Iterator[str]:
    # executescript() would commit the open transaction.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
