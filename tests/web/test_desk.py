"""A large library: the worst photos come first, the others behind them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from clearshot.catalog.catalog import Catalog
from clearshot.errors import CatalogError
from clearshot.listing import build_rules, refresh
from clearshot.photo import Choice, Decision, Label, Rating, SharpAt, Verdict
from clearshot.report import judge_entry
from clearshot.scoring.verdict import Thresholds
from clearshot.web import desk as desks
from clearshot.web.desk import Desk, Desktop
from clearshot.web.document import describe_counts
from web.conftest import NUM_PHOTOS, opened, serving

NUM_FIRST = 7


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Sixty photos count as many; all of them are read when this is set."""
    event = threading.Event()
    read = Desk._reload

    def wait_and_read(desk: Desk) -> None:
        assert event.wait(60)
        read(desk)

    monkeypatch.setattr(desks, "MANY_PHOTOS", NUM_PHOTOS - 1)
    monkeypatch.setattr(desks, "_FIRST_PHOTOS", NUM_FIRST)
    monkeypatch.setattr(Desk, "_reload", wait_and_read)
    yield event
    event.set()


def read_whole(desk: Desk) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(desk._thread.submit(desk.write_document).result())
    return document


def find_probabilities(document: dict[str, Any]) -> dict[int, list[float]]:
    photos = document["photos"]
    return dict(zip(photos["id"], photos["p"], strict=True))


def test_the_worst_of_many_photos_come_first(library: Path, gate: threading.Event) -> None:
    with Catalog.open(library) as catalog:
        refresh(catalog)
        worst = next(iter(catalog.pages.find(build_rules(Thresholds()), num_photos=1))).number
        catalog.decisions.write({worst: Decision(choice=Choice.KEEP)})
    desk = Desk(Desktop(library, None, library))
    assert desk.first is not None
    assert desk.num_photos == NUM_PHOTOS
    first = json.loads(desk.first)
    assert desk.find(worst).path.exists()
    gate.set()
    whole = read_whole(desk)

    assert desk.first is None
    assert len(whole["photos"]["id"]) == NUM_PHOTOS
    assert first["photos"].keys() == whole["photos"].keys()
    told, known = find_probabilities(first), find_probabilities(whole)
    assert told.items() <= known.items()
    assert sorted(map(max, told.values())) == sorted(map(max, known.values()))[-NUM_FIRST:]
    for name in ("limits", "rules", "thresholds", "changed", "library", "target"):
        assert first[name] == whole[name]
    assert first["changed"] == {str(worst): {"choice": "keep", "stars": 0, "color": None}}
    assert first["revision"] < whole["revision"]
    desk.close()


def test_counts_of_the_first_photos_are_those_of_the_verdicts(library: Path) -> None:
    with Catalog.open(library) as catalog:
        refresh(catalog)
        verdicts = [judge_entry(entry, Thresholds()) for entry in catalog.entries()]
        counts = describe_counts(catalog.pages.count(build_rules(Thresholds())))
    judged = [each for each in verdicts if isinstance(each, Verdict)]
    assert counts == {
        "all": len(verdicts),
        "failed": len(verdicts) - len(judged),
        **{rating.value: sum(each.rating is rating for each in judged) for rating in Rating},
        "labels": [sum(label in each.labels for each in judged) for label in Label],
    }


def test_at_full_size_all_photos_are_read_first(library: Path, gate: threading.Event) -> None:
    gate.set()
    thresholds = Thresholds(sharp_at=SharpAt.FULL)
    desk = Desk(Desktop(library, None, library, thresholds))
    assert desk.first is None
    assert len(desk.glimpses) == NUM_PHOTOS
    desk.close()


def test_a_catalog_that_cannot_be_read_is_told(
    library: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise CatalogError("the disk reports an error", path=library)

    monkeypatch.setattr(Catalog, "glimpses", lambda self, numbers=None: [])
    desk = Desk(Desktop(library, None, library))
    monkeypatch.setattr(Catalog, "glimpses", fail)
    gate.set()
    with pytest.raises(CatalogError, match="disk reports"):
        read_whole(desk)
    desk.close()


def test_a_catalog_that_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.sqlite"
    catalog.write_text("no database")
    before = set(threading.enumerate())
    with pytest.raises(CatalogError, match="not a catalog") as told:
        Desk(Desktop(tmp_path, catalog, tmp_path))
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), told.value


def test_what_was_written_during_a_look_is_not_put_off(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "_RELOAD_S", 60.0)
    desk = Desk(Desktop(library, None, library))
    number, build = next(iter(desk.glimpses)), desk._build_document

    def decide(stars: int) -> None:
        with Catalog.open(library) as other:
            other.decisions.write({number: Decision(stars=stars)})
        desk.expect_news()

    def decide_and_build(*args: Any) -> dict[str, Any]:
        monkeypatch.setattr(desk, "_build_document", build)
        decide(2)
        return build(*args)

    monkeypatch.setattr(desk, "_build_document", decide_and_build)
    decide(1)
    for stars in (1, 2):
        desk._thread.submit(desk.refresh).result()
        assert desk.decisions == {number: Decision(stars=stars)}
    desk.close()


def test_the_page_begins_with_the_worst_photos(
    library: Path, gate: threading.Event, browser: Browser
) -> None:
    with serving(library) as server, opened(browser, server) as page:
        assert page.get_by_role("option").count() >= NUM_FIRST
        assert page.locator("#news").text_content() == (
            f"The worst photos first; reading all {NUM_PHOTOS}"
        )
        assert page.locator("[data-rating=all] .number").text_content() == str(NUM_PHOTOS)
        bad = page.locator("[data-rating=bad] .number").text_content()
        assert page.locator("#show-plan").is_disabled()
        worst = page.locator("#grid .cell:not([hidden]) .name").first.text_content()
        page.keyboard.press("p")
        gate.set()
        page.wait_for_function("() => document.getElementById('news').textContent === ''")
        assert page.locator("[data-rating=bad] .number").text_content() == bad
        assert page.locator("#panel").evaluate("panel => panel.inert") is False
        assert page.locator("#grid .cell:not([hidden]) .name").first.text_content() == worst
        page.locator("[data-choice=keep]").first.wait_for()


def test_a_decision_that_overtakes_the_photos_stays_in_view(
    library: Path, gate: threading.Event, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, decided = threading.Event(), threading.Event()
    write = Desk.write_document

    def write_and_wait(desk: Desk) -> bytes:
        content = write(desk)
        written.set()
        assert decided.wait(60)
        return content

    monkeypatch.setattr(Desk, "write_document", write_and_wait)
    with serving(library) as server, opened(browser, server) as page:
        gate.set()
        assert written.wait(60)
        # What is on its way to the page does not know of it.
        with page.expect_request("**/api/decide"):
            page.keyboard.press("p")
        decided.set()
        page.wait_for_function("() => document.getElementById('news').textContent === ''")
        page.locator("#grid [data-choice=keep]").wait_for()
