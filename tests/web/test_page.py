"""The page in a real browser: what a photographer does, and what is true afterwards."""

from __future__ import annotations

import json
import math
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, Route, expect

from clearshot.actions.journal import Place, create_journal
from clearshot.catalog.catalog import Catalog
from clearshot.cli.main import cli
from clearshot.notary import find_journals
from clearshot.owner import settle
from clearshot.photo import Choice, Color, Decision, Label
from clearshot.report import judge_entry
from clearshot.review import list_bad
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.tolerance import Tolerance, read_table
from clearshot.scoring.verdict import Thresholds
from clearshot.sorting import plan_sort
from clearshot.web.server import ReviewServer
from web.conftest import (
    calibrate_library,
    draw_photo,
    opened,
    read_cursor,
    read_decisions,
    read_total,
    serving,
    set_slider,
    wait_for_storing,
)

NUM_PHOTOS = 60


def count_ratings(library: Path, thresholds: Thresholds) -> dict[str, int]:
    with Catalog.open(library) as catalog:
        results = [judge_entry(entry, thresholds) for entry in catalog.entries()]
    ratings = [str(getattr(result, "rating", "failed")) for result in results]
    return {rating: ratings.count(rating) for rating in ("bad", "unsure", "good")}


def read_counts(page: Page) -> dict[str, int]:
    return {
        rating: int(page.locator(f".tab[data-rating={rating}] .number").inner_text())
        for rating in ("bad", "unsure", "good")
    }


def test_the_grid_shows_the_worst_first_with_counts_of_the_library(
    shared_page: Page, shared_server: ReviewServer
) -> None:
    page = shared_page
    library = shared_server.page.desk.desktop.library
    assert page.title().startswith("wedding")
    assert read_total(page) == NUM_PHOTOS
    assert read_counts(page) == count_ratings(library, Thresholds())
    expect(page.locator(".tab[data-rating=failed]")).to_be_hidden()
    first = page.locator(".cell").first
    expect(first).to_have_attribute("data-rating", "bad")
    page.wait_for_function("() => document.querySelector('.cell img').naturalWidth > 0")
    # Only what is in view has elements.
    assert page.locator(".cell").count() < NUM_PHOTOS


def test_filters_and_orders_choose_what_is_shown(shared_page: Page) -> None:
    page = shared_page
    page.click(".tab[data-rating=unsure]")
    assert all(
        page.locator(".cell:visible").evaluate_all("c => c.map(x => x.dataset.rating === 'unsure')")
    )
    page.click(".tab[data-rating=all]")
    page.select_option("#filter-label", "dark")
    assert read_total(page) >= 10
    verdicts = page.locator(".cell:visible .verdict").all_inner_texts()
    assert all("dark" in verdict for verdict in verdicts)
    page.click("text=Clear filters")
    page.select_option("#filter-folder", label="friday")
    assert read_total(page) == 20
    page.select_option("#filter-folder", "")
    page.wait_for_selector("#filter-camera option:nth-child(3)", state="attached")
    page.select_option("#filter-camera", label="FUJIFILM X-T5")
    assert read_total(page) == 30
    page.click("text=Clear filters")
    page.select_option("#filter-order", "time")
    # The highest number was taken first.
    page.focus("#grid")
    page.keyboard.press("Home")
    assert read_cursor(page).startswith("DSC_0059")
    page.select_option("#filter-order", "name")
    page.focus("#grid")
    page.keyboard.press("Home")
    assert read_cursor(page) == "DSC_0000-clear.jpg"


def test_a_filter_that_matches_nothing_says_so(shared_page: Page) -> None:
    page = shared_page
    page.select_option("#filter-decided", "starred")
    expect(page.locator("#empty")).to_contain_text("Nothing matches")
    expect(page.locator("#grid")).to_be_hidden()


@pytest.mark.parametrize("step", [0, 30, 61, 75, 120])
def test_the_slider_judges_as_the_library_does(
    shared_page: Page, shared_server: ReviewServer, step: int
) -> None:
    page = shared_page
    library = shared_server.page.desk.desktop.library
    set_slider(page, "blurry", step)
    limit = page.evaluate(
        "async step => (await (await fetch('api/library')).json()).limits.blurry.at[step]", step
    )
    assert read_counts(page) == count_ratings(library, Thresholds(blurry=limit))


@pytest.mark.parametrize("tolerance", [Tolerance(0.3, 0.3), Tolerance(0.1, 0.4), Tolerance(0.01)])
def test_the_page_judges_as_a_library_with_a_calibration_does(
    browser: Browser, library: Path, tolerance: Tolerance
) -> None:
    own = calibrate_library(library, tolerance)
    settled = settle(Thresholds(), own)
    with serving(library) as server, opened(browser, server) as page:
        assert read_counts(page) == count_ratings(library, settled)
        expect(page.locator("#thresholds .note")).to_contain_text("By the calibration of")
        expect(page.locator("#thresholds .note")).to_contain_text("Measured on your own decisions")
        expect(page.get_by_text("Reset")).to_be_hidden()
        for step in (20, 70, 110):
            set_slider(page, "blurry", step)
            limits = server.page.desk.write_document()
            limit = json.loads(limits)["limits"]["blurry"]["at"][step]
            by_hand = settle(set_thresholds(Wishes({Label.BLURRY: limit})), own)
            assert read_counts(page) == count_ratings(library, by_hand)
        page.click("#show-plan")
        command = page.locator("#plan code")
        expect(command).to_contain_text(f"--threshold blurry={limit!r}")
        # The same in a terminal: it looks for the calibration by itself.
        words = shlex.split(command.text_content() or "")
        with Catalog.open(library) as catalog:
            num_bad = len(list_bad(catalog, by_hand)[0])
        result = CliRunner().invoke(cli, [*words[1:-1], "--format", "json"])
        steps = json.loads(result.stdout)["steps"]
        assert len({step["group"] for step in steps}) == num_bad
        page.keyboard.press("Escape")
        page.click("text=Reset")
        usual = count_ratings(library, settled)
        number = page.locator(".tab[data-rating=bad] .number")
        expect(number).to_have_text(str(usual["bad"]))
        assert read_counts(page) == usual


def test_the_page_starts_with_the_tolerance_of_the_command(browser: Browser, library: Path) -> None:
    # Nothing keeps a share of 0: no photo is called bad.
    strict = dict.fromkeys(Label, Tolerance(0.0, 0.05))
    thresholds = set_thresholds(Wishes(tolerances=strict))
    with serving(library, thresholds) as server, opened(browser, server) as page:
        assert read_counts(page) == count_ratings(library, thresholds)
        assert read_counts(page)["bad"] == 0
        row = page.locator(".threshold").first
        expect(row).to_contain_text("never")
        expect(row.locator(".lost")).to_have_text(re.compile(r"none lost of 4\d\d measured"))
        num_good = math.floor(read_table().pairs[Label.BLURRY].good.num_scenes)
        expect(page.locator("#thresholds .note")).to_contain_text(f"{num_good} not blurry")
        page.focus("#grid")
        wait_for_storing(page, "decide", "x")
        page.click("#show-plan")
        expect(page.locator("#plan code")).to_contain_text("--tolerance 0% --apply")


def test_the_slider_moves_counts_grid_and_tolerance_at_once(
    shared_page: Page, shared_server: ReviewServer
) -> None:
    page = shared_page
    page.click(".tab[data-rating=bad]")
    page.select_option("#filter-label", "blurry")
    lost = page.locator(".threshold").first.locator(".lost")
    few = read_total(page)
    assert re.search(r"^Tolerance: .+ % of good photos lost$", lost.inner_text())
    before = lost.inner_text()
    set_slider(page, "blurry", 119)
    assert read_total(page) < few
    assert lost.inner_text() != before
    slider = page.locator("#threshold-blurry")
    assert re.search(r"%, \d+ photos?$", slider.get_attribute("aria-valuetext") or "")
    page.reload()
    page.wait_for_selector(".cell")
    assert slider.input_value() == "119"
    # For this run alone: the next one at this port may show another library.
    keys = page.evaluate("Object.keys(sessionStorage)")
    assert keys
    assert all(key.endswith(f"{shared_server.gate.root}/") for key in keys)
    page.click(".tab[data-rating=bad]")
    page.select_option("#filter-label", "blurry")
    page.click("text=Reset")
    page.wait_for_function(
        "n => document.querySelector('.cell:not([hidden])').ariaSetSize === String(n)",
        arg=few,
    )


def test_keys_decide_advance_and_are_stored_at_once(page: Page, library: Path) -> None:
    page.focus("#grid")
    first = read_cursor(page)
    wait_for_storing(page, "decide", "p")
    second = read_cursor(page)
    assert second != first
    wait_for_storing(page, "decide", "4")
    wait_for_storing(page, "decide", "9")
    assert read_cursor(page) == second
    wait_for_storing(page, "decide", "x")
    assert read_decisions(library) == {
        first: Decision(Choice.KEEP),
        second: Decision(Choice.REJECT, 4, Color.BLUE),
    }
    for _ in range(4):
        wait_for_storing(page, "undo", "Control+z")
    assert read_decisions(library) == {}
    expect(page.locator(".cell[data-choice=keep]")).to_have_count(0)
    wait_for_storing(page, "redo", "Control+Shift+Z")
    assert read_decisions(library) == {first: Decision(Choice.KEEP)}
    assert read_cursor(page) == first
    wait_for_storing(page, "decide", "u")
    assert read_decisions(library) == {}


def test_shift_and_control_select_several(page: Page, library: Path) -> None:
    page.focus("#grid")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".cell.selected")).to_have_count(3)
    page.locator(".cell").nth(5).click(modifiers=["Control"])
    # One less is not selected, although the cursor is there.
    for selected in ("false", "true"):
        page.locator(".cell").nth(5).click(modifiers=["Control"])
        expect(page.locator(".cell").nth(5)).to_have_attribute("aria-selected", selected)
    expect(page.locator("#selection")).to_contain_text("4 photos selected")
    wait_for_storing(page, "decide", "x")
    assert len(read_decisions(library)) == 4
    wait_for_storing(page, "undo", "Control+z")
    assert read_decisions(library) == {}
    page.keyboard.press("Control+a")
    expect(page.locator("#selection")).to_contain_text(f"{NUM_PHOTOS} photos selected")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()


def test_the_loupe_shows_why_and_zooms_to_the_sharpest_region(page: Page) -> None:
    page.focus("#grid")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict-title")).not_to_be_empty()
    expect(page.locator(".reasons li").first).to_be_visible()
    expect(page.locator(".light path")).to_have_count(3)
    # Unsure from half the threshold on.
    for name, left in (("doubt", "25%"), ("limit", "50%")):
        marks = page.locator(f".chance .{name}")
        assert [mark.evaluate("e => e.style.left") for mark in marks.all()] == [left] * 3
    page.wait_for_function("() => document.querySelector('.holder .photo').naturalWidth > 0")
    narrow = page.locator(".holder").bounding_box()
    page.keyboard.press("z")
    page.wait_for_selector(".photo.full")
    wide = page.locator(".holder").bounding_box()
    assert narrow
    assert wide
    assert wide["width"] > narrow["width"]
    page.keyboard.press("z")
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('.overlay')?.naturalWidth > 0")
    expect(page.locator(".sharpest")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator(".overlay")).to_be_hidden()
    position = page.locator(".position")
    page.keyboard.press("Space")
    expect(position).to_have_text(f"2 of {NUM_PHOTOS}")
    page.keyboard.press("ArrowLeft")
    expect(position).to_have_text(f"1 of {NUM_PHOTOS}")
    wait_for_storing(page, "decide", "p")
    expect(position).to_have_text(f"2 of {NUM_PHOTOS}")
    # Space goes on after a click on a button too, and Tab stays in the loupe.
    page.click(".swatch[data-color=green]")
    page.keyboard.press("Space")
    expect(position).to_have_text(f"3 of {NUM_PHOTOS}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#loupe').contains(document.activeElement)")
    page.keyboard.press("g")
    expect(page.locator("#loupe")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "grid"


def test_the_facts_of_the_camera_are_shown(shared_page: Page) -> None:
    page = shared_page
    page.select_option("#filter-order", "name")
    page.focus("#grid")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("FUJIFILM X-T5")
    expect(page.locator(".facts")).to_contain_text("2026-05-01 12:59:00")


def test_compare_zooms_together_and_decides_about_the_active_one(page: Page, library: Path) -> None:
    page.focus("#grid")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("c")
    expect(page.locator(".pane")).to_have_count(3)
    page.wait_for_selector(".reasons li")
    page.keyboard.press("z")
    page.wait_for_function("() => document.querySelectorAll('.photo.full').length === 3")
    boxes = page.locator(".holder").evaluate_all("h => h.map(e => e.style.width + e.style.left)")
    assert len(set(boxes)) == 1
    page.keyboard.press("ArrowRight")
    name = page.locator(".pane.active .pane-name").inner_text()
    wait_for_storing(page, "decide", "x")
    assert read_decisions(library) == {name: Decision(Choice.REJECT)}
    page.keyboard.press("Escape")
    expect(page.locator("#loupe")).to_be_hidden()


def test_apply_shows_the_plan_moves_and_takes_back(page: Page, library: Path) -> None:
    # What clearshot keeps in its own folder changes while the page is open.
    files = [p for p in library.rglob("*.*") if p.is_file() and ".clearshot" not in p.parts]
    photos = {path: path.read_bytes() for path in files}
    page.focus("#grid")
    kept = read_cursor(page)
    wait_for_storing(page, "decide", "p")
    page.keyboard.press("End")
    rejected = read_cursor(page)
    wait_for_storing(page, "decide", "x")
    with Catalog.open(library) as catalog:
        bad, _ = list_bad(catalog, Thresholds())
    names = {photo.path.name for photo, _ in bad}
    assert rejected in names
    assert kept not in names
    expect(page.locator("#show-plan")).to_have_text(f"Move {len(bad)} photos")
    # What a filter hides goes, too, and the page says so.
    page.select_option("#filter-folder", label="friday")
    assert read_total(page) < len(bad)
    expect(page.locator("#show-plan")).to_have_text(f"Move all {len(bad)} photos")
    page.click("text=Clear filters")

    page.click("#show-plan")
    dialog = page.locator("#plan")
    expect(dialog).to_contain_text("Nothing has moved yet")
    expect(dialog).to_contain_text("the whole library")
    expect(dialog.locator("tfoot")).to_contain_text(str(len(bad)))
    expect(dialog.locator("tbody")).to_contain_text("Rejected")
    expect(dialog.locator("code")).to_contain_text("clearshot sort")
    assert all(path.exists() for path in photos)
    dialog.locator(".buttons .main").click()
    expect(dialog.locator("h2")).to_contain_text(f"{len(bad)} photos moved")
    target = library.with_name("wedding-bad")
    assert {path.name for path in target.rglob("*.jpg")} == names
    assert (target / "blurry" / "DSC_0003-blurred.xmp").exists() == (
        "DSC_0003-blurred.jpg" in names
    )

    dialog.locator("text=Take back").click()
    expect(dialog).to_contain_text("Take back the last plan")
    dialog.locator(".buttons .main").click()
    expect(dialog.locator("h2")).to_contain_text(f"{len(bad)} photos back as before")
    assert {path: path.read_bytes() for path in photos} == photos
    assert not target.exists()
    dialog.locator("text=Done").click()
    expect(page.locator("#show-plan")).to_have_text(f"Move {len(bad)} photos")
    assert read_total(page) == NUM_PHOTOS


def test_a_target_that_cannot_be_is_named_and_nothing_moves(
    shared_page: Page, shared_server: ReviewServer
) -> None:
    page = shared_page
    library = shared_server.page.desk.desktop.library
    page.click("#show-plan")
    page.fill("#target", str(library))
    page.press("#target", "Tab")
    expect(page.locator("#plan .error")).to_contain_text("the library folder itself")
    page.fill("#target", "relative/folder")
    page.press("#target", "Tab")
    expect(page.locator("#plan .error")).to_contain_text("whole path")
    assert len(list(library.rglob("*.jpg"))) >= NUM_PHOTOS


def test_photos_that_changed_are_left_alone_and_named(page: Page, library: Path) -> None:
    page.click("#show-plan")
    page.wait_for_selector("#plan tfoot")
    with Catalog.open(library) as catalog:
        changed = list_bad(catalog, Thresholds())[0][0][0].path
    changed.write_bytes(changed.read_bytes() + b"x")
    page.click("#plan .buttons .main")
    expect(page.locator("#plan .left-out")).to_contain_text("changed since planning")
    expect(page.locator("#plan .left-out")).to_contain_text(changed.name)
    assert changed.exists()


def test_a_plan_of_no_file_does_not_say_that_no_photo_is_bad(page: Page, library: Path) -> None:
    with Catalog.open(library) as catalog:
        bad, _ = list_bad(catalog, Thresholds())
    for photo, _ in bad:
        photo.path.write_bytes(photo.path.read_bytes() + b"x")
    expect(page.locator("#show-plan")).to_have_text(f"Move {len(bad)} photos")
    page.click("#show-plan")
    expect(page.locator("#plan .nothing")).to_have_text("Nothing can be moved now.")
    expect(page.locator("#plan .left-out summary")).to_have_text(
        f"{len(bad)} photos or files left alone"
    )


def test_help_opens_with_a_key_and_lists_all(shared_page: Page) -> None:
    page = shared_page
    page.focus("#grid")
    page.keyboard.press("?")
    help_ = page.locator("#help")
    expect(help_).to_be_visible()
    assert help_.evaluate("e => e.scrollTop") == 0
    for text in ("Keep", "Reject", "Stars", "Focus map", "Compare"):
        expect(help_).to_contain_text(text)
    # Keys do nothing behind a dialog.
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    expect(page.locator(".cell[data-choice=reject]")).to_have_count(0)


def test_a_server_that_is_gone_is_told_and_nothing_seems_stored(
    page: Page, server: ReviewServer
) -> None:
    page.focus("#grid")
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.press("x")
    expect(page.locator("#offline")).to_contain_text("not running any more")
    expect(page.locator(".toast")).to_have_text("Not saved: clearshot is not running any more.")
    expect(page.locator(".cell[data-choice=reject]")).to_have_count(0)
    page.unroute("**/api/**")
    wait_for_storing(page, "decide", "p")
    expect(page.locator("#offline")).to_be_hidden()


def test_a_decision_that_failed_takes_back_no_other(page: Page) -> None:
    page.focus("#grid")
    cell = page.locator(".cell[aria-posinset='1']")
    failing = iter([True])

    def answer(route: Route) -> None:
        if next(failing, False):
            route.fulfill(status=409, json={"error": "the catalog is busy"})
        else:
            route.continue_()

    page.route("**/api/decide", answer)
    page.uncheck("#advance")
    page.focus("#grid")
    with page.expect_response(lambda answer: "stars" in (answer.request.post_data or "")):
        for key in "xp4":
            page.keyboard.press(key)
    expect(page.locator(".toast")).to_contain_text("busy")
    expect(cell).to_have_attribute("data-choice", "keep")


def test_what_another_program_writes_shows_up(page: Page, library: Path) -> None:
    with Catalog.open(library) as catalog:
        paths = [entry.photo.path for entry in catalog.entries()]
        catalog.mark_missing(paths[:10])
    page.wait_for_function(
        "n => document.querySelector('.cell:not([hidden])').ariaSetSize === String(n)",
        arg=NUM_PHOTOS - 10,
    )


def test_a_new_folder_is_scanned_and_photos_appear(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    for number in range(3):
        draw_photo(number).save(folder / f"{number}.jpg")
    with serving(folder) as server, opened(browser, server, is_waiting=False) as page:
        expect(page.locator("#empty, .cell:visible").first).to_be_visible()
        expect(page.locator(".cell:visible")).to_have_count(3)
        expect(page.locator("#news")).to_be_empty()
        expect(page.locator("#empty")).to_be_hidden()


def test_an_interrupted_move_is_told_in_the_plan(page: Page, library: Path) -> None:
    with Catalog.open(library) as catalog:
        plan = plan_sort(library, list_bad(catalog, Thresholds())[0], library.with_name("else"))
    create_journal(find_journals(library), plan).record_intent(0, Place.TARGET)
    page.click("#show-plan")
    expect(page.locator("#plan")).to_contain_text("An earlier move was interrupted")
    page.click("#plan .buttons .main")
    expect(page.locator("#plan h2")).to_contain_text("photos moved")
    assert not library.with_name("else").exists()


def test_a_phone_shows_grid_filters_and_loupe(browser: Browser, server: ReviewServer) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(server.gate.address)
    page.wait_for_selector(".cell")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    expect(page.locator("#panel")).to_be_hidden()
    page.tap("#show-panel")
    expect(page.locator("#threshold-blurry")).to_be_visible()
    page.tap(".close-panel")
    page.locator(".cell").first.tap()
    expect(page.locator("#loupe")).to_be_hidden()
    page.locator(".cell").first.tap()
    expect(page.locator(".verdict-title")).not_to_be_empty()
    page.tap(".choice.reject")
    expect(page.locator(".position")).to_have_text(f"2 of {NUM_PHOTOS}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_page_asks_nobody_else_and_has_no_unnamed_control(
    browser: Browser, server: ReviewServer
) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(server.gate.address)
    page.wait_for_selector(".cell")
    page.focus("#grid")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    assert page.url == f"{server.gate.base}/"
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{server.gate.port}"}
    # The policy refused nothing, and no script complained.
    assert problems == []
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select')].filter(e =>
            !e.textContent.trim() && !e.ariaLabel && !(e.labels && e.labels.length))
            .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    context.close()
