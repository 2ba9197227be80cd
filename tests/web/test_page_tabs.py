"""Several open pages of one library."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from clearshot.photo import Choice
from clearshot.web.server import ReviewServer
from web.conftest import read_cursor, read_decisions, wait_for_storing


def open_another(page: Page, server: ReviewServer) -> Page:
    other = page.context.new_page()
    other.goto(server.gate.address)
    other.wait_for_selector(".cell")
    return other


def test_what_is_decided_on_one_page_shows_on_the_other(
    page: Page, server: ReviewServer, library: Path
) -> None:
    other = open_another(page, server)
    name = read_cursor(page)
    before = page.locator("#show-plan").inner_text()
    wait_for_storing(page, "decide", "p")
    expect(other.locator("#grid [data-choice=keep] .name")).to_have_text(name)
    assert other.locator("#show-plan").inner_text() == page.locator("#show-plan").inner_text()
    assert other.locator("#show-plan").inner_text() != before

    wait_for_storing(other, "undo", "Control+z")
    expect(page.locator("#grid [data-choice=keep]")).to_have_count(0)
    assert page.locator("#show-plan").inner_text() == before
    assert read_decisions(library) == {}


def test_decisions_that_meet_are_on_both_pages(
    page: Page, server: ReviewServer, library: Path
) -> None:
    other = open_another(page, server)
    for each, key in ((page, "ArrowRight"), (other, "ArrowDown")):
        each.keyboard.press(key)
    for each, key in ((page, "p"), (other, "x"), (other, "x"), (page, "p")):
        wait_for_storing(each, "decide", key)
    for each in (page, other):
        expect(each.locator("#grid [data-choice=keep]")).to_have_count(2)
        expect(each.locator("#grid [data-choice=reject]")).to_have_count(2)
    choices = [decision.choice for decision in read_decisions(library).values()]
    assert sorted(choices, key=str) == [Choice.KEEP] * 2 + [Choice.REJECT] * 2


def answer_late(route: Route) -> None:
    answer = route.fetch()
    # The page asks for news every 0.4 s here.
    time.sleep(1)
    route.fulfill(response=answer)


@pytest.mark.parametrize("late", [None, "decide", "undo"])
def test_a_page_does_not_read_all_photos_anew_for_its_own_decisions(
    page: Page, late: str | None
) -> None:
    if late is not None:
        page.route(f"**/api/{late}", answer_late)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wait_for_storing(page, "decide", "p")
    # A decision that changes nothing, and one taken back.
    page.keyboard.press("ArrowLeft")
    wait_for_storing(page, "decide", "p")
    wait_for_storing(page, "undo", "Control+z")
    for _ in range(2):
        page.wait_for_event("response", lambda response: response.url.endswith("/api/state"))
    assert not [url for url in asked if re.search("/api/library", url)]
