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


def test_a_catalog_that_may_not_be_looked_at_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path == default_path(tmp_path / "trip"):
            raise PermissionError
        return is_file(path)

    default_path(tmp_path).parent.mkdir()
    default_path(tmp_path).touch()
    monkeypatch.setattr(Path, "is_file", refuse)
    # Else the photo would be judged by the thresholds of another library, or by those that ship.
    assert find_library(tmp_path / "trip" / "1.jpg") == tmp_path / "trip"
    assert find_library(tmp_path / "1.jpg") == tmp_path


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


def test_a_library_is_the_same_by_a_link_to_it(tmp_path: Path) -> None:
    library, link, kept = tmp_path / "library", tmp_path / "link", tmp_path / "kept.sqlite"
    library.mkdir()
    link.symlink_to(library, target_is_directory=True)
    Catalog.open(library, path=kept).close()
    Catalog.open(library).close()

    for path in (kept, default_path(library)):
        Catalog.open(link, path=path).close()
        assert find_library(link / "1.jpg", path=path) == link


def test_a_catalog_that_was_put_into_its_library_is_known_there(tmp_path: Path) -> None:
    (old := tmp_path / "old").mkdir()
    Catalog.open(old, path=tmp_path / "kept.sqlite").close()
    library = old.rename(tmp_path / "new")
    path = default_path(library)
    path.parent.mkdir()
    (tmp_path / "kept.sqlite").rename(path)

    Catalog.open(library).close()

    assert find_library(library / "1.jpg", path=path) == library


def test_an_empty_file_is_no_catalog_of_no_photos(tmp_path: Path) -> None:
    (path := tmp_path / "empty.sqlite").touch()
    with pytest.raises(CatalogError, match="there is no catalog yet"):
        Catalog.open(tmp_path, path=path, create=False)
    assert path.stat().st_size <= 4096  # SQLite's own header, no table
    Catalog.open(tmp_path, path=path).close()
    Catalog.open(tmp_path, path=path, create=False).close()


def test_the_command_that_makes_a_catalog_can_be_pasted(tmp_path: Path) -> None:
    library = tmp_path / "two\nlines"
    library.mkdir()
    with pytest.raises(CatalogError) as caught:
        Catalog.open(library, create=False)
    assert f"`{to_command('clearshot', 'scan', library)}` makes one" in str(caught.value)
