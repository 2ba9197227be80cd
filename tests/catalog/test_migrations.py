from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clearshot.catalog import migrations
from clearshot.catalog.catalog import Catalog
from clearshot.catalog.connection import connect, transaction
from clearshot.catalog.migrations import Migration, applied, known, migrate
from clearshot.catalog.place import default_path
from clearshot.errors import CatalogError
from clearshot.photo import FileStamp, Photo, Scores
from luma_scorer import make_scores

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

NEXT = Migration(
    "9001_stars",
    "-- A later schema.\nALTER TABLE photos ADD COLUMN stars INTEGER NOT NULL DEFAULT 3;\n"
    "CREATE TRIGGER no_stars BEFORE UPDATE OF stars ON photos WHEN new.stars < 0\n"
    "BEGIN\n    SELECT raise(ABORT, 'stars');\nEND;\n",
)
BROKEN = Migration("9002_broken", "CREATE TABLE half (x);\nCREATE TABLE half (x);\n")


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}


def forget_network(scores: Scores) -> Scores:
    """Take away what was not measured before there was an exposure network."""
    exposure = replace(
        scores.exposure,
        subject_stops=0.0,
        error_stops=0.0,
        dark_logit=0.0,
        overexposed_logit=0.0,
        sensor_white_share=None,
    )
    return replace(scores, exposure=exposure)


def test_migrations_are_named_in_order() -> None:
    names = [migration.name for migration in known()]
    numbers = [int(name[:4]) for name in names]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_catalog_has_every_migration(library: Path) -> None:
    Catalog.open(library).close()
    connection = connect(default_path(library))
    assert applied(connection) == tuple(migration.name for migration in known())
    connection.close()


def test_an_older_catalog_keeps_its_rows(library: Path) -> None:
    photo = Photo(library / "1.jpg", FileStamp(1, 2))
    with Catalog.open(library) as catalog:
        catalog.record([(photo, make_scores())], recipe="luma-1")
    connection = connect(default_path(library))

    migrate(connection, [*known(), NEXT], path=default_path(library))

    assert connection.execute("SELECT stars FROM photos").fetchone()["stars"] == 3
    assert applied(connection)[-1] == NEXT.name
    with pytest.raises(sqlite3.IntegrityError, match="stars"):
        connection.execute("UPDATE photos SET stars = -1")
    connection.close()


def test_scores_of_the_first_schema_stay(library: Path) -> None:
    path = default_path(library)
    path.parent.mkdir()
    connection = connect(path)
    migrate(connection, known()[:1], path=path)
    photos = [Photo(library / f"{name}.jpg", FileStamp(1, 2)) for name in ("large", "small")]
    for number, (photo, width) in enumerate(zip(photos, (6000, 1024), strict=True), start=1):
        connection.execute(
            "INSERT INTO photos (id, path, size_bytes, mtime_ns, companions, recipe, scored_at) "
            "VALUES (?, ?, 1, 2, '[]', 'luma-1', '2026-01-01T00:00:00+00:00')",
            (number, photo.path.name.encode()),
        )
        connection.execute(
            "INSERT INTO scores VALUES (?, ?, 700, 1.5, 2.8284, 0.125, 10, 20, 300, 400, "
            "-7.5, -2.5, -0.5, 0.01, 0.02)",
            (number, width),
        )
    connection.close()

    with Catalog.open(library) as catalog:
        entries = catalog.entries()
        catalog.record([(photos[0], make_scores())], recipe="luma-1")
        [again, _] = catalog.entries()

    assert [entry.photo for entry in entries] == photos
    assert [entry.scores for entry in entries] == [
        forget_network(make_scores(size_px=(6000, 700), native_blur=None, native_anisotropy=None)),
        forget_network(make_scores(size_px=(1024, 700), native_blur=1.5, native_anisotropy=0.125)),
    ]
    assert again.scores == make_scores()
    connection = connect(path)
    assert "sigma_px" not in columns(connection, "scores")
    connection.execute("DELETE FROM photos WHERE id = 1")
    [[left]] = connection.execute("SELECT count(*) FROM scores").fetchall()
    assert left == 1  # scores still go with their photo
    connection.close()


def test_a_migration_is_applied_once(library: Path) -> None:
    path = library / "catalog.sqlite"
    connection = connect(path)
    for _ in range(2):
        migrate(connection, [*known(), NEXT], path=path)
    assert len(applied(connection)) == len(known()) + 1
    connection.close()


def test_a_migration_that_another_program_applies_first_is_left_out(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library / "catalog.sqlite"
    connection, other = connect(path), connect(path)

    def overtake(_: sqlite3.Connection) -> AbstractContextManager[None]:
        monkeypatch.undo()
        migrate(other, known(), path=path)
        return transaction(connection)

    monkeypatch.setattr(migrations, "transaction", overtake)
    migrate(connection, known(), path=path)

    assert applied(connection) == tuple(migration.name for migration in known())
    connection.close()
    other.close()


def test_a_migration_that_fails_leaves_the_older_schema(library: Path) -> None:
    path = library / "catalog.sqlite"
    connection = connect(path)

    with pytest.raises(sqlite3.OperationalError, match="half"):
        migrate(connection, [*known(), NEXT, BROKEN], path=path)

    assert applied(connection)[-1] == NEXT.name
    assert columns(connection, "half") == set()
    assert "stars" in columns(connection, "photos")
    connection.close()


def test_a_newer_catalog_is_refused_and_kept(library: Path) -> None:
    path = default_path(library)
    Catalog.open(library).close()
    connection = connect(path)
    migrate(connection, [*known(), NEXT], path=path)
    connection.close()
    content = path.read_bytes()

    with pytest.raises(CatalogError, match=r"catalog\.sqlite: .*newer clearshot \(.*9001_stars\)"):
        Catalog.open(library)

    assert path.read_bytes() == content


def test_asking_writes_nothing(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "empty.sqlite")
    assert applied(connection) == ()
    connection.close()
    assert (tmp_path / "empty.sqlite").stat().st_size == 0
