"""SQLite as the catalog needs it: how it is opened, how it commits, what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from clearshot.discover import PHOTO_SUFFIXES
from clearshot.errors import CatalogError
from clearshot.photo import COMPANION_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# "CLRS" in ASCII; the first migration writes it into the file's header.
APPLICATION_ID = int.from_bytes(b"CLRS", "big")

# How long a write waits for another program that is writing [s].
BUSY_TIMEOUT_S = 5.0

_ELSEWHERE = "`--catalog PATH` keeps the catalog elsewhere"
_IN_USE = "another program is using the catalog; try again when it has finished"
_CAUSES = {
    sqlite3.SQLITE_BUSY: _IN_USE,
    sqlite3.SQLITE_LOCKED: _IN_USE,
    sqlite3.SQLITE_PROTOCOL: _IN_USE,
    sqlite3.SQLITE_READONLY: f"the catalog or its folder is read-only; {_ELSEWHERE}",
    sqlite3.SQLITE_CANTOPEN: f"the catalog can be neither opened nor created; {_ELSEWHERE}",
    sqlite3.SQLITE_PERM: f"access to the catalog is denied; {_ELSEWHERE}",
    sqlite3.SQLITE_FULL: f"the disk is full; {_ELSEWHERE}",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "the catalog is damaged; move it away and scan again",
    sqlite3.SQLITE_NOTADB: "the file is not a catalog: no SQLite database",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the database file of a catalog.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode (see `transaction`), with foreign keys enforced and rows by name. With a
        write-ahead log where the disk allows one, so that readers never wait for a scan.

    Raises
    ------
    CatalogError
        If that cannot be done, the file is the database of another program, or it is new or empty
        and has the name of a photo.
    """
    # SQLite takes any empty file for a database.
    is_empty = not path.exists() or path.stat().st_size == 0
    if is_empty and path.suffix.lower() in PHOTO_SUFFIXES | COMPANION_SUFFIXES:
        raise CatalogError("a catalog cannot have the name of a photo or its companion", path=path)
    with explained(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the database file of a catalog so that nothing is written, also on a read-only disk.

    Raises CatalogError if it is not there, cannot be read or is the database of another program.

    Parameters
    ----------
    path : Path
        The file, absolute.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode, with rows by name.
    """
    # SQLite makes the files of a write-ahead log even to read, and cannot on a read-only disk, but
    # where it is told that nobody writes. That is so where there is no log yet; who begins to write
    # now begins with the log.
    mode = "mode=ro" if _has_log(path) else "mode=ro&immutable=1"
    name = quote(os.fsencode(path.as_posix()))
    uri = f"file://{'' if name.startswith('/') else '/'}{name}?{mode}"
    with explained(path):
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _has_log(path: Path) -> bool:
    logs = (path.with_name(f"{path.name}-{kind}") for kind in ("wal", "journal"))
    try:
        return any(log.stat().st_size for log in logs if log.exists())
    except OSError:
        return True


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _check(connection, path)
    connection.execute("PRAGMA foreign_keys = ON")
    # A read-only or a network disk may refuse; the catalog then works with a rollback journal.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


def _check(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    # In this order: another program may be making the catalog at this moment.
    [[num_tables]] = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    [[application_id]] = connection.execute("PRAGMA application_id").fetchall()
    if num_tables and application_id != APPLICATION_ID:
        raise CatalogError("the file is not a catalog: a database of another program", path=path)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the world does to a database file into errors that name it and say what to do.

    Parameters
    ----------
    path : Path
        The catalog that the body works on.

    Raises
    ------
    CatalogError
        In place of an SQLite error that has its cause in the world.
    DatabaseError
        If the program is at fault, for example with wrong SQL.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise CatalogError(f"{_CAUSES[sqlite3.SQLITE_CORRUPT]} ({error})", path=path) from error
    except sqlite3.DatabaseError as error:
        # The low byte is the kind; the others only refine it.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if "Could not decode" in str(error):
            # Python's own complaint about text that clearshot did not write.
            code = sqlite3.SQLITE_CORRUPT
        if code not in _CAUSES:
            raise
        raise CatalogError(f"{_CAUSES[code]} ({error})", path=path) from error


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Turn what makes no sense in the rows of a catalog into the error of a damaged one.

    Parameters
    ----------
    path : Path
        The catalog whose rows the body turns into records, and does nothing else.

    Raises
    ------
    CatalogError
        In place of the error of a conversion: of a date, a word or a path.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise CatalogError(f"{_CAUSES[sqlite3.SQLITE_CORRUPT]} ({error})", path=path) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit everything that the body writes, or nothing when it raises.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode, with no transaction open.
    """
    # Taking the write lock at once: two scans cannot both read first and then fail to write.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
