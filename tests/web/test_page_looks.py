"""What is seen where few look: before the photos are there, in high contrast, with long names."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Browser, Page, expect

from clearshot.catalog.catalog import Catalog
from clearshot.discover import find_photos
from clearshot.scoring.scorer import Scorer
from clearshot.web.desk import Desk
from clearshot.web.plans import Offer, Shelf
from clearshot.web.server import ReviewServer
from web.conftest import draw_photo, opened, serving, wait_for_storing

# Whether an element is on top in its own middle.
_IS_REACHED = """element => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


def read_style(page: Page, selector: str, name: str, pseudo: str | None = None) -> str:
    """Tell how the first element of a selector is drawn."""
    script = "(element, [name, pseudo]) => getComputedStyle(element, pseudo)[name]"
    return str(page.eval_on_selector(selector, script, [name, pseudo]))


def test_nothing_can_be_done_before_the_photos_are_there(
    browser: Browser, server: ReviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_come = threading.Event()
    write = Desk.write_document

    def write_late(desk: Desk) -> bytes:
        assert may_come.wait(60)
        return write(desk)

    monkeypatch.setattr(Desk, "write_document", write_late)
    # An error of a script fails this test.
    with opened(browser, server, is_waiting=False) as page:
        expect(page.locator("#news")).to_have_text("Reading the catalog")
        for name in ("#show-plan", "#threshold-dark", "#filter-label", "[data-rating=bad]"):
            page.eval_on_selector(name, "element => element.focus()")
            assert not page.eval_on_selector(name, "element => element.matches(':focus')"), name
        expect(page.get_by_text("Reset")).to_be_hidden()
        for key in ("x", "c", "Enter", "Control+a", "Control+z", "End"):
            page.keyboard.press(key)
        may_come.set()
        page.wait_for_selector(".cell")
        expect(page.locator("#news")).to_have_text("")
        page.click("#show-plan")
        expect(page.locator("#plan tfoot")).to_be_visible()


def test_a_plan_that_takes_long_need_not_be_waited_for(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    offer_sort = Shelf.offer_sort

    def take_long(shelf: Shelf, *words: Any) -> Offer:
        assert may_end.wait(60)
        return offer_sort(shelf, *words)

    monkeypatch.setattr(Shelf, "offer_sort", take_long)
    page.click("#show-plan")
    expect(page.locator("#plan")).to_contain_text("Making the plan")
    try:
        page.locator("#plan").get_by_text("Cancel").click()
        expect(page.locator("#plan")).to_be_hidden()
    finally:
        may_end.set()


def test_a_message_stays_until_it_can_have_been_read(page: Page) -> None:
    reason = {"error": "the disk is full " * 10}
    page.route("**/api/scan", lambda route: route.fulfill(status=409, json=reason))
    page.clock.install()
    toast = page.locator(".toast.shown")
    page.get_by_text("Scan for new photos").click()
    expect(toast).to_contain_text("the disk is full")
    page.clock.run_for(5000)
    expect(toast).to_be_visible()
    page.clock.run_for(6000)
    expect(toast).to_be_hidden()

    # Who works in another tab while a scan goes on sees it on the way back.
    see = """isHidden => {
        Object.defineProperty(document, "hidden", {value: isHidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(see, True)
    page.get_by_text("Scan for new photos").click()
    page.clock.run_for(60000)
    expect(toast).to_be_visible()
    page.evaluate(see, False)
    page.clock.run_for(11000)
    expect(toast).to_be_hidden()


def test_a_banner_covers_no_button_of_the_loupe(page: Page, server: ReviewServer) -> None:
    page.keyboard.press("Enter")
    expect(page.locator(".verdict-title")).to_be_visible()
    server.stop()
    expect(page.locator("#offline")).to_be_visible()
    for name in (".loupe-bar button:first-child", ".verdict-title", ".decide .keep"):
        assert page.eval_on_selector(name, _IS_REACHED), name
    page.set_viewport_size({"width": 375, "height": 700})
    page.click(".loupe-bar button:first-child")
    expect(page.locator("#loupe")).to_be_hidden()
    assert page.eval_on_selector("#show-panel", _IS_REACHED)


def test_a_high_contrast_theme_hides_no_decision(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    for key in ("3", "6"):
        wait_for_storing(page, "decide", key)
    edges = {
        read_style(page, f"#grid .cell{which}", "borderTopColor", "::after")
        for which in (".cursor", ":not(.cursor):not([hidden])")
    }
    assert len(edges) == 2
    assert read_style(page, ".cell.cursor .caption", "boxShadow") != "none"
    page.keyboard.press("Enter")
    fills = [
        read_style(page, f".star:nth-child({number})", "-webkit-text-fill-color")
        for number in range(1, 6)
    ]
    assert len(set(fills[:3])) == len(set(fills[3:])) == 1
    assert fills[0] != fills[-1]
    swatches = [
        read_style(page, f"[data-color={color}].swatch", "backgroundColor", "::before")
        for color in ("red", "yellow", "green", "blue")
    ]
    assert len(set(swatches)) == 4
    grounds = {read_style(page, f".choice.{name}", "backgroundColor") for name in ("none", "keep")}
    assert len(grounds) == 2
    expect(page.locator(".track i").first).to_be_attached()
    assert read_style(page, ".track i", "backgroundColor") != read_style(
        page, ".track", "backgroundColor"
    )


def test_long_names_and_what_was_decided_can_be_read_side_by_side(
    browser: Browser, tmp_path: Path
) -> None:
    library = tmp_path / "long"
    library.mkdir()
    for number in range(4):
        draw_photo(number).save(library / f"{'IMG_' * 20}{number}.jpg")
    scan(library)
    with serving(library) as server, opened(browser, server) as page:
        page.set_viewport_size({"width": 375, "height": 800})
        page.keyboard.press("Control+a")
        page.keyboard.press("p")
        page.keyboard.press("c")
        captions = page.locator(".pane-name")
        expect(captions).to_have_count(4)
        boxes: Any = page.evaluate(
            """() => [...document.querySelectorAll(".pane-name")].map(caption => {
                const [pane, name] = [caption.parentElement, caption]
                    .map(each => each.getBoundingClientRect());
                return [caption.scrollWidth <= caption.clientWidth, pane.right - name.right];
            })"""
        )
        assert all(is_whole and room >= 8 for is_whole, room in boxes)
        assert all(text.endswith("· Kept") for text in captions.all_inner_texts())


def test_long_paths_in_messages_stay_in_the_window(page: Page) -> None:
    reason = f"/{'photographs_of_' * 12}/catalog.sqlite: database is locked"
    page.set_viewport_size({"width": 375, "height": 700})
    for route in ("decide", "photo/*"):
        page.route(
            f"**/api/{route}", lambda route: route.fulfill(status=409, json={"error": reason})
        )
    is_whole = "element => element.scrollWidth <= element.clientWidth"
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    for name in ("#toast", ".reasons"):
        expect(page.locator(name)).to_contain_text("locked")
        assert page.eval_on_selector(name, is_whole), name
    page.route("**/api/library*", lambda route: route.fulfill(status=409, json={"error": reason}))
    page.reload()
    expect(page.locator("#empty")).to_contain_text("locked")
    assert page.eval_on_selector("#empty", is_whole)


def test_cameras_are_listed_by_name(browser: Browser, tmp_path: Path) -> None:
    library = tmp_path / "cameras"
    library.mkdir()
    names = ["NIKON D3400", "NIKON D750", "iPhone 15", "iPhone 7", "Canon EOS 6D"]
    for number, name in enumerate(names):
        exif = Image.Exif()
        exif[ExifTags.Base.Model] = name
        draw_photo(number).save(library / f"{number}.jpg", exif=exif)
    scan(library)
    with serving(library) as server, opened(browser, server) as page:
        found = page.locator("#filter-camera option").all_inner_texts()
        assert found == ["All cameras", *(names[place] for place in (4, 3, 2, 1, 0))]
        page.select_option("#filter-camera", label="iPhone 15")
        expect(page.locator(".cell:visible .name")).to_have_text("2.jpg")


def scan(library: Path) -> None:
    scorer = Scorer()
    with Catalog.open(library) as catalog:
        results = [(photo, scorer.score(photo.path)) for photo in find_photos([library]).photos]
        catalog.record(results, recipe=scorer.recipe)
