"""Where a catalog is kept, and whose it is."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from clearshot.catalog import migrations
from clearshot.catalog.connection import connect_to_read, explained, transaction
from clearshot.config import OWN_FOLDER
from clearshot.errors import CatalogError
from clearshot.paths import anchor
from clearshot.terminal import to_command

if TYPE_CHECKING:
    import sqlite3


def default_path(library: Path) -> Path:
    """Tell where the catalog of a library is kept unless the user says otherwise.

    Parameters
    ----------
    library : Path
        The library's folder.

    Returns
    -------
    Path
        A file in a hidden folder of the library.
    """
    return library / OWN_FOLDER / "catalog.sqlite"


def choose_path(library: Path, path: Path | None) -> Path:
    """Choose where the catalog of a library is kept.

    Parameters
    ----------
    library : Path
        The library's folder.
    path : Path or None
        What the user says, if anything.

    Returns
    -------
    Path
        The catalog's file, absolute.
    """
    return anchor(default_path(library) if path is None else path)


def find_library(photo: Path, *, path: Path | None = None) -> Path | None:
    """Find the scanned library that a photo lies in. Writes nothing.

    Parameters
    ----------
    photo : Path
        A photo.
    path : Path or None
        A catalog that is kept outside of its library.

    Returns
    -------
    Path or None
        The library's folder, absolute: the nearest one with a catalog, or the one that the catalog
        at `path` remembers; None where the photo lies in none.

    Raises
    ------
    CatalogError
        If `path` is no catalog, cannot be read or has the schema of another version of clearshot.
    """
    folders = anchor(photo).parents
    if path is None:
        return next((folder for folder in folders if _has_catalog(folder)), None)
    if not path.is_file():
        raise CatalogError("there is no such catalog", path=path)
    path = anchor(path)
    with closing(connect_to_read(path)) as connection, explained(path):
        migrations.check(connection, migrations.known(), path=path)
        # One in a library is that library's, also if it was kept elsewhere before.
        owner = _find_home(path) or _find_owner(connection)
    return next((each for each in folders if owner is not None and _is_same(owner, each)), None)


def _has_catalog(folder: Path) -> bool:
    try:
        return default_path(folder).is_file()
    except PermissionError:
        return True


def discard(path: Path) -> None:
    """Remove a new catalog that holds nothing, and clearshot's folder if nothing else is in it.

    Parameters
    ----------
    path : Path
        The catalog's file, closed.
    """
    with suppress(OSError):
        path.unlink()
        if path == default_path(path.parent.parent):
            path.parent.rmdir()


def make_room(path: Path, library: Path, *, create: bool) -> None:
    """Make the folder of a catalog that does not exist yet.

    Parameters
    ----------
    path : Path
        The catalog's file.
    library : Path
        Its library.
    create : bool
        Whether there may be a new one.

    Raises
    ------
    CatalogError
        If there may not, the place is another library's, or the folder cannot be created.
    """
    check_home(path, library)
    if not create:
        refuse_new(path, library)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"the folder of the catalog cannot be created ({error.strerror}); "
            "`--catalog PATH` keeps the catalog elsewhere"
        )
        raise CatalogError(message, path=path) from error


def refuse_new(path: Path, library: Path) -> NoReturn:
    """Say that there is no catalog, and what makes one.

    Parameters
    ----------
    path : Path
        Where it would be.
    library : Path
        Its library.

    Raises
    ------
    CatalogError
        Always.
    """
    options: list[str | Path] = [] if path == default_path(library) else ["--catalog", path]
    command = to_command("clearshot", "scan", library, *options)
    raise CatalogError(f"there is no catalog yet; `{command}` makes one", path=path)


def claim(connection: sqlite3.Connection, path: Path, library: Path) -> None:
    """Note whose catalog it is, where it is kept outside of its library.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the catalog.
    path : Path
        Its file.
    library : Path
        The library that wants it.

    Raises
    ------
    CatalogError
        If it belongs to another.
    """
    # A catalog outside of its library does not show whose photos its relative paths mean.
    owner = _find_owner(connection) or _find_home(path)
    if owner is None:
        with transaction(connection):
            # Another program may have been first.
            owner = _find_owner(connection)
            if owner is None:
                row = (os.fsencode(library),)
                connection.execute("INSERT INTO library (id, folder) VALUES (1, ?)", row)
                return
    _check_owner(anchor(owner), library, path)


def check_home(path: Path, library: Path) -> None:
    """Refuse a place for a catalog that is another library's own.

    Parameters
    ----------
    path : Path
        The catalog's file, which need not exist.
    library : Path
        The library that wants it.

    Raises
    ------
    CatalogError
        If it lies where another library keeps its catalog.
    """
    if home := _find_home(path):
        _check_owner(home, library, path)


def _check_owner(owner: Path, library: Path, path: Path) -> None:
    if not _is_same(owner, library):
        message = f"the catalog belongs to the library {owner}, not to {library}"
        own = default_path(library)
        if path.exists() and not os.path.lexists(owner) and not os.path.lexists(own):
            message += f"; if that is where it was before, copy the catalog to {own}"
        raise CatalogError(message, path=path)


def _find_owner(connection: sqlite3.Connection) -> Path | None:
    """Read whose catalog it is, where it says so."""
    found = connection.execute("SELECT folder FROM library").fetchall()
    return Path(os.fsdecode(found[0]["folder"])) if found else None


def _find_home(path: Path) -> Path | None:
    """Give the library in whose own place a catalog lies; None where it lies in none."""
    folder = path.parent.parent
    return folder if path == default_path(folder) else None


def _is_same(folder: Path, other: Path) -> bool:
    try:
        return folder == other or folder.samefile(other)
    except OSError:
        return False
