from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearshot.catalog import connection as connections
from clearshot.catalog.catalog import Catalog, Entry, PhotoState
from clearshot.catalog.place import default_path
from clearshot.errors import CatalogError, InputError
from clearshot.photo import Facts, Failure, FileStamp, Photo, Region, Scores
from luma_scorer import make_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPE = "luma-1"


def make_photo(library: Path, name: str, *companions: str, mtime_ns: int = 7) -> Photo:
    path = library / name
    return Photo(path, FileStamp(11, mtime_ns), tuple(path.with_name(c) for c in companions))


def ids(catalog: Catalog) -> dict[bytes, int]:
    with sqlite3.connect(catalog.path) as other:
        rows = dict(other.execute("SELECT path, id FROM photos"))
    other.close()
    return rows


def test_what_is_recorded_comes_back(catalog: Catalog, library: Path) -> None:
    good = make_photo(library, "b/1.jpg", "1.xmp", "1.mov")
    bad = make_photo(library, "a.jpg")
    before = datetime.now(UTC) - timedelta(seconds=1)

    catalog.record([(good, make_scores()), (bad, Failure("damaged", "cut off"))], recipe=RECIPE)

    first, second = catalog.entries()
    assert first == Entry(bad, None, Failure("damaged", "cut off"), first.scored_at, False)
    assert second == Entry(good, make_scores(), None, second.scored_at, False)
    assert before <= first.scored_at <= datetime.now(UTC)
    assert catalog.states() == {
        good.path: PhotoState(good, RECIPE, failure_kind=None, is_missing=False),
        bad.path: PhotoState(bad, RECIPE, failure_kind="damaged", is_missing=False),
    }


def test_what_was_not_measured_at_full_size_comes_back_as_none(
    catalog: Catalog, library: Path
) -> None:
    scores = make_scores(native_blur=None, native_anisotropy=None)
    catalog.record([(make_photo(library, "1.jpg"), scores)], recipe=RECIPE)
    assert [entry.scores for entry in catalog.entries()] == [scores]


def test_where_a_photo_is_in_its_frame_comes_back(catalog: Catalog, library: Path) -> None:
    scores = replace(make_scores(), inside=Region(30, 40, 5000, 3000))
    catalog.record([(make_photo(library, "1.jpg"), scores)], recipe=RECIPE)
    assert [entry.scores for entry in catalog.entries()] == [scores]


FACTS = Facts(
    camera="Canon EOS 6D",
    lens="50 mm",
    iso=400,
    shutter_s=0.004,
    aperture=2.8,
    taken_at=datetime(2024, 5, 6, 7, 8, 9, 250_000, tzinfo=timezone(timedelta(hours=2))),
    focus_x=0.25,
    focus_y=0.75,
)


@pytest.mark.parametrize(
    "facts",
    [FACTS, replace(FACTS, taken_at=datetime(2024, 5, 6, 7, 8)), Facts()],  # noqa: DTZ001
)
def test_facts_come_back_and_go_with_the_scores(
    catalog: Catalog, library: Path, facts: Facts
) -> None:
    scores = replace(make_scores(), facts=facts, reader="RAW preview")
    photo = make_photo(library, "1.jpg")
    catalog.record([(photo, replace(scores, facts=FACTS))], recipe=RECIPE)
    catalog.record([(photo, scores)], recipe=RECIPE)
    (entry,) = catalog.entries()
    assert entry.scores == scores
    assert entry.scores.facts.taken_at == facts.taken_at

    catalog.record([(photo, Failure("damaged", "cut off"))], recipe=RECIPE)

    with sqlite3.connect(catalog.path) as other:
        assert other.execute("SELECT count(*) FROM facts").fetchone() == (0,)
    other.close()


def test_scores_of_before_have_no_facts(catalog: Catalog, library: Path) -> None:
    catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)
    with sqlite3.connect(catalog.path) as other:
        other.execute("DELETE FROM facts")
    other.close()
    assert [entry.scores for entry in catalog.entries()] == [make_scores()]


def test_scores_keep_their_own_recipe_and_failures_that_of_the_scan(
    catalog: Catalog, library: Path
) -> None:
    good, bad = make_photo(library, "1.jpg"), make_photo(library, "2.jpg")
    scores = make_scores(recipe=f"{RECIPE}+full1")
    catalog.record([(good, scores), (bad, Failure("damaged", "cut off"))], recipe=RECIPE)
    assert [entry.scores for entry in catalog.entries()] == [scores, None]
    assert [state.recipe for state in catalog.states().values()] == [scores.recipe, RECIPE]


def test_it_survives_closing(library: Path) -> None:
    with Catalog.open(library) as catalog:
        catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)
    with Catalog.open(library) as catalog:
        assert [entry.scores for entry in catalog.entries()] == [make_scores()]
    assert [file.name for file in default_path(library).parent.iterdir()] == ["catalog.sqlite"]


def test_a_library_may_be_moved_as_a_whole(library: Path) -> None:
    with Catalog.open(library) as catalog:
        catalog.record([(make_photo(library, "a/1.jpg", "1.xmp"), make_scores())], recipe=RECIPE)
    moved = library.rename(library.with_name("moved"))
    with Catalog.open(moved) as catalog:
        assert [entry.photo for entry in catalog.entries()] == [
            make_photo(moved, "a/1.jpg", "1.xmp")
        ]


name_bytes = st.binary(min_size=1, max_size=30).filter(
    lambda name: not set(name) & {0, ord("/")} and name not in {b".", b".."}
)


@settings(max_examples=30)
@given(names=st.lists(name_bytes, min_size=1, max_size=4, unique=True), companion=name_bytes)
def test_any_file_name_survives(names: list[bytes], companion: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, Catalog.open(Path(folder)) as catalog:
        photos = [
            make_photo(Path(folder), os.fsdecode(name), os.fsdecode(companion)) for name in names
        ]
        failure = Failure("damaged", f"cannot read {photos[0].path}")
        catalog.record(((photo, failure) for photo in photos), recipe=RECIPE)

        assert {entry.photo for entry in catalog.entries()} == set(photos)


def test_a_second_result_takes_the_place_of_the_first(catalog: Catalog, library: Path) -> None:
    photo = make_photo(library, "1.jpg")
    catalog.record([(photo, make_scores(blur=1.0))], recipe=RECIPE)
    number = ids(catalog)
    changed = replace(photo, stamp=FileStamp(12, 8))

    catalog.record([(changed, Failure("damaged", "cut off"))], recipe="luma-2")
    [entry] = catalog.entries()
    assert (entry.photo, entry.scores) == (changed, None)
    assert catalog.states()[photo.path].recipe == "luma-2"

    catalog.record([(photo, make_scores(blur=2.0))], recipe=RECIPE)
    [entry] = catalog.entries()
    assert (entry.photo, entry.scores, entry.failure) == (photo, make_scores(blur=2.0), None)
    assert ids(catalog) == number


def test_an_exception_in_a_transaction_leaves_no_row(catalog: Catalog, library: Path) -> None:
    def results() -> Iterator[tuple[Photo, Scores]]:
        yield make_photo(library, "1.jpg"), make_scores()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catalog.record(results(), recipe=RECIPE)

    assert catalog.entries() == []
    catalog.record([(make_photo(library, "2.jpg"), make_scores())], recipe=RECIPE)
    assert len(catalog.entries()) == 1


def test_missing_photos_are_kept_but_not_listed(catalog: Catalog, library: Path) -> None:
    photos = [make_photo(library, name) for name in ("1.jpg", "2.jpg")]
    catalog.record([(photo, make_scores()) for photo in photos], recipe=RECIPE)

    catalog.mark_missing([photos[0].path, library / "unknown.jpg"])

    assert [entry.photo for entry in catalog.entries()] == [photos[1]]
    assert [entry.is_missing for entry in catalog.entries(with_missing=True)] == [True, False]
    assert catalog.states()[photos[0].path].is_missing


def test_found_photos_come_back_with_their_companions(catalog: Catalog, library: Path) -> None:
    photo = make_photo(library, "1.jpg", "1.xmp")
    catalog.record([(photo, make_scores())], recipe=RECIPE)
    catalog.mark_missing([photo.path])
    found = make_photo(library, "1.jpg", "1.jpg.xmp", mtime_ns=99)

    catalog.update_found([found, make_photo(library, "unknown.jpg")])

    [entry] = catalog.entries()
    assert entry.photo == replace(found, stamp=photo.stamp)
    assert entry.scores == make_scores()


def test_a_photo_that_was_written_anew_keeps_its_scores(catalog: Catalog, library: Path) -> None:
    photos = [make_photo(library, f"{name}.jpg") for name in "ab"]
    catalog.record([(photo, make_scores()) for photo in photos], recipe="r")
    since = FileStamp(99, 8)
    other = FileStamp(1, 2)
    catalog.note_rewritten(
        [
            (photos[0].path, photos[0].stamp, since),
            (photos[1].path, other, since),
            (library / "unknown.jpg", other, since),
            (library.parent / "a.jpg", photos[0].stamp, other),
        ]
    )
    entries = catalog.entries()
    assert [entry.photo.stamp for entry in entries] == [since, photos[1].stamp]
    assert [entry.scores for entry in entries] == [make_scores()] * 2


def test_a_missing_photo_that_is_scored_again_is_there(catalog: Catalog, library: Path) -> None:
    photo = make_photo(library, "1.jpg")
    catalog.record([(photo, make_scores())], recipe=RECIPE)
    catalog.mark_missing([photo.path])
    catalog.record([(photo, make_scores())], recipe=RECIPE)
    assert not catalog.states()[photo.path].is_missing


def test_numpy_numbers_and_infinities_are_stored_as_numbers(
    catalog: Catalog, library: Path
) -> None:
    scores = make_scores()
    focus = replace(
        scores.focus,
        blur=np.float32(0.1),  # type: ignore[arg-type]
        sharpest=Region(np.int64(1), np.int32(2), np.int64(3), np.int64(4)),  # type: ignore[arg-type]
    )
    exposure = replace(scores.exposure, median_stops=-np.inf)
    photo = make_photo(library, "1.jpg")

    catalog.record([(photo, replace(scores, focus=focus, exposure=exposure))], recipe=RECIPE)

    [entry] = catalog.entries()
    assert entry.scores == replace(scores, focus=focus, exposure=exposure)
    assert type(entry.scores.focus.sharpest.x) is int


def test_a_time_beyond_the_column_is_no_error(catalog: Catalog, library: Path) -> None:
    photo = make_photo(library, "1.jpg", mtime_ns=2**64)
    catalog.record([(photo, make_scores())], recipe=RECIPE)
    assert catalog.states()[photo.path].photo.stamp.mtime_ns == 2**63 - 1


def test_a_missing_library_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        Catalog.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_missing_catalog_is_not_created_when_only_read(library: Path) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.sqlite: there is no catalog yet"):
        Catalog.open(library, create=False)
    assert list(library.iterdir()) == []


def test_a_library_that_cannot_be_written_is_explained(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CatalogError, match=r"Read-only file system.*`--catalog PATH`"):
        Catalog.open(library)


def test_a_catalog_may_be_kept_elsewhere(library: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "catalogs" / "mine.sqlite"
    photo = make_photo(library, "1.jpg")
    with Catalog.open(library, path=elsewhere) as catalog:
        catalog.record([(photo, make_scores())], recipe=RECIPE)
    with Catalog.open(library, path=elsewhere) as catalog:
        assert [entry.photo for entry in catalog.entries()] == [photo]
    assert list(library.iterdir()) == []


def test_a_catalog_kept_elsewhere_serves_one_library(library: Path, tmp_path: Path) -> None:
    Catalog.open(library, path=tmp_path / "mine.sqlite").close()
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(CatalogError, match=f"mine.sqlite: .*library {library}, not to {other}"):
        Catalog.open(other, path=tmp_path / "mine.sqlite")


def test_a_library_that_moved_is_told_how_it_keeps_its_catalog(
    library: Path, tmp_path: Path
) -> None:
    kept, moved = tmp_path / "kept.sqlite", tmp_path / "moved"
    with Catalog.open(library, path=kept) as catalog:
        catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)
    library.rename(moved)
    with pytest.raises(CatalogError) as refusal:
        Catalog.open(moved, path=kept)
    _, told = str(refusal.value).split("copy the catalog to ")
    place = Path(told)
    place.parent.mkdir()
    shutil.copy(kept, place)
    with Catalog.open(moved) as catalog:
        assert [entry.photo.path for entry in catalog.entries()] == [moved / "1.jpg"]
    # What is there now would be lost.
    with pytest.raises(CatalogError, match=f"not to {moved}$"):
        Catalog.open(moved, path=kept)


def test_the_catalog_in_a_library_serves_no_other(library: Path, tmp_path: Path) -> None:
    path = default_path(library)
    other = tmp_path / "other"
    other.mkdir()
    for _ in range(2):
        with pytest.raises(CatalogError, match=f"belongs to the library {library}, not to {other}"):
            Catalog.open(other, path=path)
        if not path.exists():
            assert not path.parent.exists(), "nothing is left of what was refused"
            Catalog.open(library).close()
    # The same folder by another way is the same library.
    link = tmp_path / "link"
    link.symlink_to(library)
    Catalog.open(library, path=link / path.relative_to(library)).close()
    Catalog.open(library).close()


def test_a_catalog_that_says_whose_it_is_is_believed_wherever_it_lies(
    library: Path, tmp_path: Path
) -> None:
    kept, place = tmp_path / "kept.sqlite", default_path(tmp_path)
    Catalog.open(library, path=kept).close()
    place.parent.mkdir()
    kept.rename(place)
    Catalog.open(library, path=place).close()


def test_text_that_nobody_can_decode_is_damage(library: Path) -> None:
    photo = make_photo(library, "1.jpg")
    with Catalog.open(library) as catalog:
        catalog.record([(photo, make_scores())], recipe=RECIPE)
        path = catalog.path
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE photos SET recipe = CAST(x'35ff' AS TEXT)")
    with Catalog.open(library) as catalog, pytest.raises(CatalogError, match="damaged"):
        catalog.states()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE photos SET companions = '{'",
        "UPDATE photos SET scored_at = 'yesterday'",
    ],
)
def test_rows_that_make_no_sense_are_damage(library: Path, damage: str) -> None:
    photo = make_photo(library, "1.jpg")
    with Catalog.open(library) as catalog:
        catalog.record([(photo, make_scores())], recipe=RECIPE)
        path = catalog.path
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(damage)
    with Catalog.open(library) as catalog, pytest.raises(CatalogError, match="damaged"):
        catalog.entries()


def test_programs_may_make_one_catalog_at_the_same_time(library: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from clearshot.catalog.catalog import Catalog\n"
        "for number in range(8):\n"
        "    Catalog.open(Path(sys.argv[1]), path=Path(sys.argv[2]) / str(number)).close()\n"
    )
    command = [sys.executable, "-c", code, str(library), str(tmp_path / "kept")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [program.communicate()[1] for program in running] == [""] * 3


def test_a_file_that_is_no_database_is_refused_and_kept(library: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 100)
    with pytest.raises(CatalogError, match=r"letter\.txt: .*no SQLite database"):
        Catalog.open(library, path=file)
    assert file.read_text() == "Dear reader, " * 100


def test_the_database_of_another_program_is_refused_and_kept(library: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE photos (name TEXT)")
    other.close()
    content = file.read_bytes()
    with pytest.raises(CatalogError, match=r"other\.sqlite: .*database of another program"):
        Catalog.open(library, path=file)
    assert file.read_bytes() == content


def test_a_folder_in_the_place_of_the_catalog_is_refused(library: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="can be neither opened nor created"):
        Catalog.open(library, path=tmp_path)


def test_a_damaged_catalog_is_refused(library: Path) -> None:
    with Catalog.open(library) as catalog:
        photos = [make_photo(library, f"{number}.jpg") for number in range(500)]
        catalog.record([(photo, make_scores()) for photo in photos], recipe=RECIPE)
    path = default_path(library)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"catalog\.sqlite: the catalog is damaged"):
        Catalog.open(library)


def test_a_locked_catalog_is_an_error_that_says_so(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.05)
    with Catalog.open(library) as catalog:
        other = sqlite3.connect(catalog.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogError, match=r"another program is using the catalog"):
            catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)
        other.close()
        catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)
        assert len(catalog.entries()) == 1


def test_readers_do_not_wait_for_a_writer(library: Path, catalog: Catalog) -> None:
    catalog.record([(make_photo(library, "1.jpg"), make_scores())], recipe=RECIPE)

    def results() -> Iterator[tuple[Photo, Scores]]:
        yield make_photo(library, "2.jpg"), make_scores()
        with Catalog.open(library) as reader:
            assert len(reader.entries()) == 1

    catalog.record(results(), recipe=RECIPE)
    assert len(catalog.entries()) == 2


def test_a_read_only_catalog_can_be_read(catalog: Catalog, library: Path) -> None:
    photo = make_photo(library, "1.jpg")
    catalog.record([(photo, make_scores())], recipe=RECIPE)
    catalog._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(CatalogError, match=r"read-only; `--catalog PATH`"):
        catalog.mark_missing([photo.path])
    assert len(catalog.entries()) == 1


def test_a_full_disk_loses_only_the_batch_that_did_not_fit(catalog: Catalog, library: Path) -> None:
    first = make_photo(library, "1.jpg")
    catalog.record([(first, make_scores())], recipe=RECIPE)
    [[num_pages]] = catalog._connection.execute("PRAGMA page_count").fetchall()
    catalog._connection.execute(f"PRAGMA max_page_count = {num_pages + 1}")

    with pytest.raises(CatalogError, match=r"catalog\.sqlite: the disk is full"):
        catalog.record(
            [(make_photo(library, f"new-{n}.jpg"), make_scores()) for n in range(500)],
            recipe=RECIPE,
        )

    assert [entry.photo for entry in catalog.entries()] == [first]
    assert catalog._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_fault_of_the_program_is_no_catalog_error(catalog: Catalog, library: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        catalog.record([(make_photo(library, "1.jpg"), make_scores(blur=np.nan))], recipe=RECIPE)
    catalog.close()
    with pytest.raises(sqlite3.ProgrammingError):
        catalog.entries()


@pytest.mark.parametrize("name", ["photo.jpg", "photo.NEF", "photo.xmp"])
def test_an_empty_photo_does_not_become_a_catalog(library: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    for _ in range(2):
        with pytest.raises(CatalogError, match="name of a photo"):
            Catalog.open(library, path=path)
        assert not path.exists() or path.stat().st_size == 0
        path.unlink(missing_ok=True)


def test_a_library_that_was_named_by_steps_up_is_the_same(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere.sqlite"
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    Catalog.open(Path("..") / library.name, path=path).close()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").rmdir()
    Catalog.open(library, path=path).close()
