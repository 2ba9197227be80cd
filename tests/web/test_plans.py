"""Plans of the page are those of the commands; what was done is told whatever the catalog does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("starlette", reason="needs the extra `web`")

from clearshot.actions.apply import apply_plan
from clearshot.actions.plan import Plan
from clearshot.catalog.catalog import Catalog
from clearshot.discover import find_photos
from clearshot.errors import CatalogError
from clearshot.notary import find_journals
from clearshot.photo import Choice
from clearshot.review import Decider
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds
from clearshot.terminal import to_command
from clearshot.web.plans import Shelf
from jpegs import draw_jpeg, make_step
from scoring.records import make_scores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A scanned library of one photo, a blurry one."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(draw_jpeg())
    scores = replace(make_scores(blur=3.0), recipe=Scorer().recipe)
    with Catalog.open(folder) as catalog:
        (photo,) = find_photos([folder]).photos
        catalog.record([(photo, scores)], recipe=scores.recipe)
    return folder


def ignore(num_done: int, num_total: int) -> None:
    pass


def test_the_commands_that_do_the_same_can_be_pasted(library: Path, tmp_path: Path) -> None:
    target = tmp_path / "two\nlines"
    shelf = Shelf(library)
    offer = shelf.offer_sort(Thresholds(), target)
    assert offer.command == to_command("clearshot", "sort", library, "--to", target, "--apply")
    shelf.carry_out(offer, ignore)
    back = Shelf(library, target).offer_undo()
    command = to_command("clearshot", "undo", library, "--catalog", target, "--apply")
    assert back.command == command


def test_what_moved_is_told_even_if_the_catalog_cannot_be_written(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(library)
    offer = shelf.offer_sort(Thresholds(), tmp_path / "bad")

    def fail(self: Catalog, paths: object) -> None:
        raise CatalogError("database is locked")

    monkeypatch.setattr(Catalog, "mark_missing", fail)
    result = shelf.carry_out(offer, ignore)
    assert (result["photos"], result["skipped"]) == (1, [])
    assert (tmp_path / "bad" / "blurry" / "a.jpg").exists()


def test_photos_that_an_interrupted_run_wrote_anew_can_be_sorted(
    library: Path, tmp_path: Path
) -> None:
    step = make_step(library / "a.jpg", b"<x/>")
    outcome = apply_plan(Plan(library, (step,)), find_journals(library))
    assert outcome.rewritten, "the catalog has not been told of it"
    shelf = Shelf(library)
    (row,) = shelf.describe(shelf.offer_undo())["moves"]
    assert (row["from"], row["deed"]) == ("a.jpg", "embed")
    offer = shelf.offer_sort(Thresholds(), tmp_path / "bad")
    assert [row["deed"] for row in shelf.describe(offer)["moves"]] == ["move"]
    result = shelf.carry_out(offer, ignore)
    assert (result["photos"], result["skipped"]) == (1, [])


def test_a_photo_that_was_kept_after_the_plan_was_shown_stays(
    library: Path, tmp_path: Path
) -> None:
    shelf = Shelf(library)
    offer = shelf.offer_sort(Thresholds(), tmp_path / "bad")
    assert len(offer.plan.steps) == 1
    with Catalog.open(library) as catalog:
        Decider(catalog).choose(catalog.decisions.list_numbers().values(), Choice.KEEP)
    result = shelf.carry_out(offer, ignore)
    assert result["photos"] == 0
    assert [row["path"] for row in result["skipped"]] == ["a.jpg"]
    assert (library / "a.jpg").exists()
