from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.place import default_path, find_library
from clearshot.errors import CatalogError
from clearshot.terminal import to_command


def test_the_nearest_library_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    photo = inner / "1.jpg"
    assert find_library(photo) is None
    Catalog.open(tmp_path).close()
    assert find_library(photo) == tmp_path
    Catalog.open(inner).close()
    assert find_library(photo) == inner
    assert find_library(tmp_path / "a" / "2.jpg") == tmp_path


def test_a_catalog_elsewhere_tells_whose_it_is(tmp_path: Path) -> None:
    library, kept = tmp_path / "library", tmp_path / "kept.sqlite"
    library.mkdir()
    Catalog.open(library, path=kept).close()
    assert find_library(library / "x" / "1.jpg", path=kept) == library
    assert find_library(tmp_path / "1.jpg", path=kept) is None
    with pytest.raises(CatalogError, match="no such catalog"):
        find_library(library / "1.jpg", path=default_path(library))
    Catalog.open(library).close()
    assert find_library(library / "1.jpg", path=default_path(library)) == library
    other = tmp_path / "other.sqlite"
    other.write_text("no database")
    with pytest.raises(CatalogError, match="not a catalog"):
        find_library(library / "1.jpg", path=other)


def test_the_command_that_makes_a_catalog_can_be_pasted(tmp_path: Path) -> None:
    library = tmp_path / "two\nlines"
    library.mkdir()
    with pytest.raises(CatalogError) as caught:
        Catalog.open(library, create=False)
    assert f"`{to_command('clearshot', 'scan', library)}` makes one" in str(caught.value)
