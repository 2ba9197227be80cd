from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.place import default_path
from clearshot.catalog.reading import open_to_read
from clearshot.errors import CatalogError
from clearshot.photo import FileStamp, Photo
from luma_scorer import make_scores


def list_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["library", "a b?c#d%20e", "Ä ö"])
def test_a_catalog_is_read_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    library = tmp_path / name
    library.mkdir()
    with Catalog.open(library) as catalog:
        photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
        catalog.record([(photo, make_scores())], recipe="1")
        entries = catalog.entries()
    before = list_files(catalog.path.parent)
    with open_to_read(library) as read:
        assert read.entries() == entries
        with pytest.raises(CatalogError, match="read-only"):
            read.mark_missing([photo.path])
        assert list_files(catalog.path.parent) == before
    assert list_files(catalog.path.parent) == before


def test_what_is_still_in_the_log_is_read(library: Path, catalog: Catalog) -> None:
    catalog.calibrations.add("{}")
    with open_to_read(library) as read:
        assert read.calibrations.read_current() is not None
    catalog.calibrations.take_back()
    with open_to_read(library) as read:
        assert read.calibrations.read_current() is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("INSERT INTO migrations VALUES ('9999_future', 'now')", "newer clearshot"),
        ("DELETE FROM migrations WHERE name > '0006'", "older clearshot"),
        ("PRAGMA application_id = 1", "another program"),
    ],
)
def test_a_catalog_of_another_version_is_left_as_it_is(
    library: Path, statement: str, why: str
) -> None:
    Catalog.open(library).close()
    path = default_path(library)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    before = list_files(path.parent)
    with pytest.raises(CatalogError, match=why), open_to_read(library):
        pass
    assert list_files(path.parent) == before


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"no database" * 100, "not a catalog"), (b"", "is empty"), (None, "opened")],
)
def test_what_is_no_catalog_is_refused(library: Path, content: bytes | None, why: str) -> None:
    path = default_path(library)
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CatalogError, match=why), open_to_read(library):
        pass
    assert path.exists() is (content is not None)


def test_a_copy_without_its_log_is_told_what_it_lacks(library: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with Catalog.open(library) as catalog:
        shutil.copy(catalog.path, copy)
        with (
            pytest.raises(CatalogError, match=r"is empty; .*copy\.sqlite-wal"),
            open_to_read(library, path=copy),
        ):
            pass
        log = f"{catalog.path.name}-wal"
        shutil.copy(catalog.path.with_name(log), f"{copy}-wal")
    with open_to_read(library, path=copy) as read:
        assert read.entries() == []
