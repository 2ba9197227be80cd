from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import Plan, Rewriting
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.catalog.catalog import Catalog
from clearshot.errors import CatalogError
from clearshot.notary import Notary, catch_up, find_journals
from clearshot.photo import FileStamp, Photo
from jpegs import draw_jpeg, make_step
from luma_scorer import make_scores


def test_a_photo_from_a_backup_is_known_again_after_one_scan(
    catalog: Catalog, library: Path
) -> None:
    path = library / "sharp.jpg"
    path.write_bytes(draw_jpeg())
    before = Photo(path, read_stamp(path))
    catalog.record([(before, make_scores())], recipe="r")
    backup = shutil.copy2(path, library.parent / "backup.jpg")
    step = make_step(path, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    apply_plan(Plan(library, (step,)), find_journals(library))
    # Its program was ended before it told the catalog.
    catch_up(catalog)
    assert catalog.states()[path].photo.stamp == read_stamp(path) != before.stamp
    shutil.copy2(backup, path)
    catalog.record([(Photo(path, read_stamp(path)), make_scores())], recipe="r")
    catch_up(catalog)
    assert catalog.states()[path].photo.stamp == read_stamp(path) == before.stamp


def test_a_run_tells_the_catalog_what_it_writes_anew_while_it_goes_on(
    library: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearshot.notary._NOTING_S", 0.0)
    paths = [library / name for name in ("one.jpg", "two.jpg", "three.jpg")]
    for path in paths:
        path.write_bytes(draw_jpeg())
    catalog.record([(Photo(path, read_stamp(path)), make_scores()) for path in paths], recipe="r")
    steps = [make_step(path, b"<x/>", group=number) for number, path in enumerate(paths)]
    # A group that is taken back is not told of.
    steps.insert(2, replace(steps[2], target=library / "no.jpg", source=library / "no.jpg"))
    notary, told = Notary(library, None), list[str]()

    def watch(photos: tuple[Rewriting, ...]) -> None:
        notary.note(photos)
        told.extend(photo.path.name for photo in photos)
        known = catalog.states()
        assert all(known[photo.path].photo.stamp == read_stamp(photo.path) for photo in photos)

    journals = find_journals(library)
    apply_plan(Plan(library, tuple(steps)), journals, witness=watch)
    assert told == ["one.jpg", "two.jpg"]
    apply_undo(plan_undo(journals), journals, witness=watch)
    assert told[2:] == ["two.jpg", "one.jpg"]


def test_a_catalog_that_cannot_be_written_does_not_hold_up_a_run(
    library: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearshot.notary._NOTING_S", 0.0)
    asked: list[object] = []

    def refuse(_self: Catalog, photos: object) -> None:
        asked.append(photos)
        raise CatalogError("another program is using the catalog")

    monkeypatch.setattr(Catalog, "note_rewritten", refuse)
    stamp = FileStamp(1, 1)
    notary = Notary(library, None)
    for _ in range(3):
        notary.note([Rewriting(library / "a.jpg", stamp, stamp)])
    assert len(asked) == 1
