from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearshot.catalog.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty library."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(library: Path) -> Iterator[Catalog]:
    """The open, empty catalog of `library`."""
    with Catalog.open(library) as catalog:
        yield catalog
