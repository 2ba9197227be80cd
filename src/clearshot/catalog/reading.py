"""Looking into a catalog without changing it: no schema is brought up to date, no file is made."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from clearshot.catalog import migrations
from clearshot.catalog.catalog import Catalog
from clearshot.catalog.connection import connect_to_read, explained
from clearshot.catalog.place import choose_path
from clearshot.paths import anchor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def open_to_read(library: Path, *, path: Path | None = None) -> Iterator[Catalog]:
    """Open the catalog of a library as it is, also on a disk that cannot be written.

    Parameters
    ----------
    library : Path
        The library's folder.
    path : Path or None
        The catalog's file, where it is not kept in the library.

    Yields
    ------
    Catalog
        Open until the body ends; whatever would write raises CatalogError.

    Raises
    ------
    CatalogError
        If it is not there, cannot be read, is damaged, or has the schema of another version of
        clearshot.
    """
    library = anchor(library)
    path = choose_path(library, path)
    with closing(connect_to_read(path)) as connection:
        with explained(path):
            migrations.check(connection, migrations.known(), path=path)
        yield Catalog(library, path, connection)
