"""The page under hurried hands, and while the library changes behind it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from clearshot.catalog.catalog import Catalog
from clearshot.discover import find_photos
from clearshot.photo import Choice, Decision, Failure
from clearshot.web.jobs import JobKind, JobStatus, Report
from clearshot.web.plans import Offer, Shelf
from clearshot.web.server import ReviewServer
from web.conftest import (
    NUM_PHOTOS,
    draw_photo,
    opened,
    read_cursor,
    read_decisions,
    read_total,
    serving,
    set_slider,
    wait_for_storing,
)

# Where 100 % lies, and where it would lie around the middle of the sharpest region.
_AIM = """() => {
  const find = name => document.querySelector(name);
  const [stage, holder, frame] = [".stage", ".holder", ".sharpest"].map(find);
  const aim = (at, length, side, room) => {
    const middle = (parseFloat(frame.style[at]) + parseFloat(frame.style[length]) / 2) / 100;
    return Math.min(0, Math.max(room - side, room / 2 - middle * side));
  };
  const [w, h] = ["width", "height"].map(name => parseFloat(holder.style[name]));
  return [
    [parseFloat(holder.style.left), parseFloat(holder.style.top)],
    [aim("left", "width", w, stage.clientWidth), aim("top", "height", h, stage.clientHeight)],
  ];
}"""

# Whether the picture that stays is there.
_IS_LARGE = """() => {
  const { complete, naturalWidth, src } = document.querySelector(".holder .photo");
  return src.includes("/large?") && complete && naturalWidth > 0;
}"""


def hold(page: Page, key: str, times: int) -> None:
    """Press a key for so long that it repeats."""
    for _ in range(times):
        page.keyboard.down(key)
    page.keyboard.up(key)


def answer_with(status: int) -> Callable[[Route], None]:
    """Make the answer of a server that gives no picture."""
    return lambda route: route.fulfill(status=status, json={"error": f"refused with {status}"})


def lose_photos(library: Path, is_lost: Callable[[Path], bool]) -> None:
    """Let another program find those photos gone of whose path `is_lost` is true."""
    with Catalog.open(library) as catalog:
        catalog.mark_missing([e.photo.path for e in catalog.entries() if is_lost(e.photo.path)])


def wait_for_total(page: Page, total: int) -> None:
    script = "n => document.querySelector('.cell:not([hidden])').ariaSetSize === String(n)"
    page.wait_for_function(script, arg=total)


def test_a_key_that_is_held_decides_once(page: Page, library: Path) -> None:
    page.focus("#grid")
    first = read_cursor(page)
    with page.expect_response(re.compile("decide")):
        hold(page, "x", 6)
    wait_for_storing(page, "decide", "4")
    assert len(read_decisions(library)) == 2
    assert read_decisions(library)[first] == Decision(Choice.REJECT)
    hold(page, "ArrowRight", 5)
    expect(page.locator(".cell.cursor")).to_have_attribute("aria-posinset", "7")


def test_enter_that_is_held_moves_nothing(page: Page, library: Path) -> None:
    before = sorted(library.rglob("DSC*.jpg"))
    page.focus("#show-plan")
    page.keyboard.down("Enter")
    page.wait_for_selector("#plan tfoot")
    assert page.evaluate("document.activeElement.id") == "plan-title"
    page.focus("#plan .buttons .main")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.evaluate("() => new Promise(done => setTimeout(done, 300))")
    expect(page.locator("#plan")).to_contain_text("Nothing has moved yet")
    assert sorted(library.rglob("DSC*.jpg")) == before
    page.keyboard.press("Enter")
    expect(page.locator("#plan h2")).to_contain_text("photos moved")


def test_a_plan_that_is_refused_says_that_nothing_has_moved(page: Page) -> None:
    page.click("#show-plan")
    page.wait_for_selector("#plan tfoot")
    # Another page makes a plan, and this one is out of date.
    page.evaluate(
        """() => fetch("api/plan", {method: "POST", headers: {"Content-Type": "application/json"},
            body: JSON.stringify({kind: "sort", thresholds: {},
                target: document.querySelector("#target").value + "-else"})})"""
    )
    page.click("#plan .buttons .main")
    expect(page.locator("#plan h2")).to_have_text("Nothing has moved")
    page.click("#plan .buttons .main")
    expect(page.locator("#plan")).to_contain_text("Nothing has moved yet")
    expect(page.locator("#plan tfoot")).to_be_visible()


def test_a_move_stays_in_view_until_it_is_told_what_came_of_it(
    page: Page, server: ReviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    carry_out = Shelf.carry_out

    def take_long(shelf: Shelf, offer: Offer, report: Report) -> dict[str, Any]:
        report(1, 20)
        assert may_end.wait(60)
        return carry_out(shelf, offer, report)

    monkeypatch.setattr(Shelf, "carry_out", take_long)
    page.click("#show-plan")
    page.wait_for_selector("#plan tfoot")
    page.click("#plan .buttons .main")
    expect(page.locator("#plan")).to_contain_text("1 of ")
    for _ in range(4):
        page.keyboard.press("Escape")
    expect(page.locator("#plan")).to_be_visible()
    other = page.context.new_page()
    other.goto(server.gate.address)
    expect(other.locator("#news")).to_have_text("Moving: 1 of 20 files")
    may_end.set()
    # Something else begins before the page has asked again, whose end takes the place of this news.
    while server.page.jobs.find(1).status is JobStatus.RUNNING:
        time.sleep(0.005)
    is_told = threading.Event()
    server.page.jobs.start(JobKind.SCAN, lambda _report: {"new": is_told.wait(60)})
    expect(page.locator("#plan h2")).to_contain_text("photos moved")
    expect(other.locator("#toast")).to_contain_text("photos moved")
    is_told.set()


def test_a_move_that_the_page_has_lost_sight_of_is_not_said_to_have_stopped(page: Page) -> None:
    page.click("#show-plan")
    page.wait_for_selector("#plan tfoot")
    # After Ctrl-C nothing answers, and the move goes on.
    with page.expect_response(re.compile("apply")):
        page.route(re.compile("/api/(job|state|library)"), lambda route: route.abort())
        page.click("#plan .buttons .main")
    expect(page.locator("#plan h2")).to_have_text("Connection lost")
    expect(page.locator("#plan [role=alert]")).to_contain_text("goes on in the terminal")
    expect(page.locator("#plan")).not_to_contain_text("not running any more")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#plan")).to_be_hidden()


def test_cancel_is_heard_after_another_target_was_typed(page: Page) -> None:
    page.click("#show-plan")
    page.fill("#target", page.input_value("#target") + "-else")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#plan")).to_be_hidden()
    # Leaving the field for anything else makes the plan anew.
    page.click("#show-plan")
    assert not page.input_value("#target").endswith("-else")
    page.fill("#target", page.input_value("#target") + "-else")
    with page.expect_response(re.compile("plan")) as answer:
        page.click("#plan-title")
    assert answer.value.json()["target"].endswith("-else")


def test_keys_are_found_on_other_layouts(page: Page) -> None:
    # The letter, the place on the keyboard, whether with Shift, and what is decided.
    cases = [
        ("з", "KeyP", False, "kept"),  # Russian
        ("χ", "KeyX", False, "rejected"),  # Greek
        ("ं", "KeyX", False, "rejected"),  # Hindi
        ("p", "KeyR", False, "kept"),  # Dvorak
        ("l", "KeyP", False, ""),  # Dvorak
        (";", "KeyP", False, ""),  # Colemak
        ("é", "Digit2", False, "2 stars"),  # French
        ("2", "Digit2", True, "2 stars"),  # French
        ("@", "Digit2", True, ""),  # English
    ]
    page.uncheck("#advance")
    said = page.evaluate(
        """cases => cases.map(([key, code, shiftKey]) => {
            const said = document.querySelector("#said");
            said.textContent = "";
            const how = {key, code, shiftKey, bubbles: true};
            document.querySelector("#grid").dispatchEvent(new KeyboardEvent("keydown", how));
            return said.textContent.split(": ")[1] ?? "";
        })""",
        cases,
    )
    assert said == [decision for *_, decision in cases]


def test_what_was_decided_in_a_hurry_is_stored_when_the_page_goes(
    page: Page, library: Path
) -> None:
    page.focus("#grid")
    for _ in range(12):
        page.keyboard.press("p")
    page.reload()
    page.wait_for_selector(".cell")
    deadline = time.monotonic() + 30
    while len(read_decisions(library)) < 12 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(read_decisions(library)) == 12


@pytest.mark.parametrize(("num_photos", "asks"), [(60, False), (4000, True)])
def test_a_page_asks_before_it_goes_with_more_than_can_be_sent(
    shared_page: Page, num_photos: int, asks: bool
) -> None:
    is_asking = shared_page.evaluate(
        """async num_photos => {
            const { Decisions } = await import(new URL("static/decisions.js", location).href);
            // Nothing that is sent arrives.
            globalThis.fetch = () => new Promise(() => {});
            const decisions = new Decisions({ onChange: () => {} });
            const photos = Array.from({ length: num_photos }, (_, at) => ({ id: 10_000 + at }));
            const library = { decide: () => {} };
            decisions.make(library, photos, "stars", 1);
            decisions.make(library, photos, "choice", "reject");
            decisions.make(library, photos, "color", "red");
            const event = new Event("beforeunload", { cancelable: true });
            dispatchEvent(event);
            return event.defaultPrevented;
        }""",
        num_photos,
    )
    assert is_asking == asks


def test_decisions_show_in_a_loupe_that_was_open_while_the_library_changed(
    page: Page, library: Path
) -> None:
    page.uncheck("#advance")
    page.focus("#grid")
    name = read_cursor(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    lose_photos(library, lambda path: path.name != name and path.name < "DSC_0006")
    wait_for_total(page, NUM_PHOTOS - sum(n < 6 and f"DSC_000{n}" not in name for n in range(6)))
    for key in ("4", "x"):
        wait_for_storing(page, "decide", key)
    expect(page.locator(".star[aria-pressed=true]")).to_have_count(4)
    expect(page.locator(".choice.reject")).to_have_attribute("aria-pressed", "true")
    assert read_decisions(library) == {name: Decision(Choice.REJECT, 4)}
    page.keyboard.press("Escape")
    expect(page.locator(".cell[data-choice=reject]")).to_have_count(1)


def test_a_filter_keeps_its_camera_when_another_one_is_gone(page: Page, library: Path) -> None:
    cameras = page.locator("#filter-camera option").all_inner_texts()[1:]
    assert len(cameras) == 2
    page.select_option("#filter-camera", label=cameras[1])
    total = read_total(page)
    assert 0 < total < NUM_PHOTOS
    with Catalog.open(library) as catalog:
        known = {e.photo.path: e.scores for e in catalog.entries() if e.scores is not None}
        catalog.mark_missing([p for p, s in known.items() if s.facts.camera == cameras[0]])
    expect(page.locator(".tab[data-rating=all] .number")).to_have_text(str(total))
    assert page.locator("#filter-camera option:checked").inner_text() == cameras[1]
    assert read_total(page) == total
    page.select_option("#filter-folder", index=1)
    folder = page.locator("#filter-folder option:checked").inner_text()
    lose_photos(library, lambda path: str(path.parent).endswith(folder) or folder == "(top folder)")
    expect(page.locator("#filter-folder")).not_to_have_value(re.compile(re.escape(folder)))


def test_the_photo_at_hand_stays_where_it_is_when_others_go(page: Page, library: Path) -> None:
    page.select_option("#filter-order", "name")
    page.focus("#grid")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    name = read_cursor(page)
    before = page.locator(".cell.cursor").bounding_box()
    lose_photos(library, lambda path: path.name < "DSC_0008")
    expect(page.locator(".tab[data-rating=all] .number")).not_to_have_text(str(NUM_PHOTOS))
    assert read_cursor(page) == name
    after = page.locator(".cell.cursor").bounding_box()
    assert before
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=1)


def test_what_was_decided_stays_at_hand_when_the_library_changes(page: Page, library: Path) -> None:
    page.select_option("#filter-order", "name")
    page.select_option("#filter-decided", "none")
    page.focus("#grid")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    wait_for_storing(page, "decide", "x")
    chosen = read_decisions(library)
    assert len(chosen) == 3
    lose_photos(library, lambda path: path.name.startswith("DSC_0000"))
    wait_for_total(page, NUM_PHOTOS - 1)
    wait_for_storing(page, "decide", "5")
    assert read_decisions(library) == dict.fromkeys(chosen, Decision(Choice.REJECT, 5))
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#selection")).to_contain_text("4 photos selected")
    # Chosen again, the filter holds for all.
    page.select_option("#filter-decided", "keep")
    page.select_option("#filter-decided", "none")
    assert read_total(page) == NUM_PHOTOS - 4


def test_the_loupe_skips_no_photo_when_others_and_its_own_go(page: Page, library: Path) -> None:
    page.focus("#grid")
    names = [read_cursor(page)]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        names.append(read_cursor(page))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    lose_photos(library, lambda path: path.name in (names[0], names[3]))
    wait_for_total(page, NUM_PHOTOS - 2)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".file-name")).to_have_text(names[4])
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".file-name")).to_have_text(names[2])
    # Nothing comes after the last one.
    shown = page.locator(".file-name")
    page.keyboard.press("End")
    last = shown.inner_text()
    page.keyboard.press("ArrowLeft")
    before = shown.inner_text()
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_text(last)
    lose_photos(library, lambda path: path.name in (last, names[4]))
    wait_for_total(page, NUM_PHOTOS - 4)
    expect(shown).to_have_text(last)
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_text(before)


def test_the_keys_are_for_the_photos_after_a_hand_was_on_a_slider(page: Page) -> None:
    page.focus("#grid")
    first = read_cursor(page)
    page.click("#threshold-blurry")
    counted = page.locator(".threshold .count").first
    count = counted.inner_text()
    wait_for_storing(page, "decide", "p")
    page.keyboard.press("ArrowRight")
    expect(counted).to_have_text(count)
    assert read_cursor(page) != first
    # By keys alone the slider stays at hand, and letters are for the photos.
    page.focus("#threshold-blurry")
    page.keyboard.press("Home")
    expect(counted).not_to_have_text(count)
    wait_for_storing(page, "decide", "x")
    set_slider(page, "blurry", 20)
    page.focus("#advance")
    page.keyboard.press("Space")
    expect(page.locator("#advance")).not_to_be_checked()
    expect(page.locator("#loupe")).to_be_hidden()


def test_100_percent_stays_and_goes_to_the_sharpest_region_of_each_photo(page: Page) -> None:
    def be_late(route: Route) -> None:
        time.sleep(0.3)
        route.continue_()

    page.focus("#grid")
    page.keyboard.press("Enter")
    # Faster than the server tells where the region is.
    page.route("**/api/photo/*", be_late)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("z")
    names = []
    for key in ("f", "ArrowRight", "End"):
        page.keyboard.press(key)
        page.wait_for_selector(".reasons li")
        page.wait_for_selector(".photo.full")
        names.append(page.locator(".file-name").inner_text())
        is_at, aim = page.evaluate(_AIM)
        assert is_at == pytest.approx(aim, abs=1)
    assert len(set(names)) == 3
    expect(page.locator(".position")).to_have_text(f"{NUM_PHOTOS} of {NUM_PHOTOS}")


def test_the_panel_never_tells_of_another_photo(page: Page) -> None:
    page.focus("#grid")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    # All of it: what is answered takes the banner away.
    page.route("**/api/**", lambda route: route.abort())
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        alt = page.locator(".holder .photo").first.get_attribute("alt")
        assert page.locator(".file-name").inner_text() == alt
        expect(page.locator(".verdict-title")).not_to_have_text("Failed")
    # The banner is in view above the loupe.
    banner = page.locator("#offline")
    expect(banner).to_contain_text("not running any more")
    assert banner.evaluate(
        """e => { const { x, y } = e.getBoundingClientRect();
            return e.contains(document.elementFromPoint(x + 5, y + 5)); }"""
    )


@pytest.mark.parametrize("corner", [(0, 0), (208, 0), (0, 128), (208, 128)])
def test_the_name_of_the_sharpest_region_stays_in_the_photo(
    shared_page: Page, corner: tuple[int, int]
) -> None:
    def put(route: Route) -> None:
        details = route.fetch().json()
        route.fulfill(json={**details, "sharpest_region": [*corner, 32, 32]})

    page = shared_page
    page.route("**/api/photo/*", put)
    page.focus("#grid")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    expect(page.locator(".sharpest span")).to_be_visible()
    name = page.locator(".sharpest span").bounding_box()
    photo = page.locator(".holder").bounding_box()
    assert name is not None
    assert photo is not None
    assert name["x"] >= photo["x"] - 2
    assert name["y"] >= photo["y"] - 2
    assert name["x"] + name["width"] <= photo["x"] + photo["width"] + 2
    assert name["y"] + name["height"] <= photo["y"] + photo["height"] + 2


def test_a_photo_that_could_not_be_read_is_not_magnified(browser: Browser, library: Path) -> None:
    (library / "broken.jpg").write_bytes(b"broken")
    (photo,) = (each for each in find_photos([library]).photos if each.path.name == "broken.jpg")
    with Catalog.open(library) as catalog:
        catalog.record([(photo, Failure("damaged", "is broken"))], recipe="test")
    with serving(library) as server, opened(browser, server) as page:
        page.click(".tab[data-rating=failed]")
        page.focus("#grid")
        page.keyboard.press("Enter")
        expect(page.locator(".pane .broken")).to_have_text("is broken")
        expect(page.locator(".tool").first).to_have_text("100 %")


def test_the_loupe_says_why_a_photo_cannot_be_shown_any_more(page: Page, library: Path) -> None:
    page.select_option("#filter-order", "name")
    (library / "DSC_0000-clear.jpg").write_bytes((library / "DSC_0003-blurred.jpg").read_bytes())
    (library / "DSC_0003-blurred.jpg").unlink()
    page.focus("#grid")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    for reason in ("changed since the scan; scan again", "is not there any more"):
        for place in (".pane .broken", ".reasons"):
            expect(page.locator(place)).to_be_visible()
            expect(page.locator(place)).to_have_text(reason)
        page.keyboard.press("ArrowRight")
    expect(page.locator(".pane .broken")).to_be_hidden()


def test_photos_that_are_replaced_and_scanned_while_they_are_compared_are_shown_anew(
    page: Page, library: Path, server: ReviewServer
) -> None:
    white = draw_photo(5).rotate(90, expand=True)
    page.select_option("#filter-order", "name")
    white.save(library / "DSC_0000-clear.jpg")
    page.focus("#grid")
    page.keyboard.press("Home")
    page.keyboard.press("c")
    panes = page.locator(".pane")
    # One was replaced before, one is while it is in view.
    expect(panes.nth(0).locator(".broken")).to_have_text("changed since the scan; scan again")
    expect(panes.nth(1).locator(".photo")).to_have_attribute("src", re.compile("large"))
    white.save(library / "DSC_0003-blurred.jpg")
    server.page.start_scan()
    for pane in (panes.nth(0), panes.nth(1)):
        expect(pane.locator(".broken")).to_be_hidden()
        pane.click(position={"x": 2, "y": 2}, button="right")
        expect(page.locator(".verdict-title")).to_have_text("Overexposed")
        expect(page.locator(".facts")).to_contain_text(re.compile("160 . 240 px"))
        expect(pane.locator(".photo")).to_have_js_property("naturalHeight", 240)
        box = pane.locator(".holder").bounding_box()
        assert box
        assert box["height"] / box["width"] == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize(
    ("key", "what", "element"), [("f", "focus", ".overlay"), ("z", "original", ".photo.full")]
)
def test_a_photo_stays_in_view_when_what_lies_over_it_does_not_come(
    shared_page: Page, key: str, what: str, element: str
) -> None:
    page = shared_page
    photo, over = page.locator(".holder .photo").first, page.locator(element)
    statuses: list[int] = [422]

    def answer(route: Route) -> None:
        answer_with(statuses[0])(route) if statuses else route.continue_()

    # From the start: the browser may not heed yet what is routed a moment before.
    page.route(f"**/{what}?*", answer)
    page.focus("#grid")
    page.keyboard.press("Enter")
    page.wait_for_function(_IS_LARGE)
    page.keyboard.press(key)
    expect(page.locator("#toast")).to_have_text("refused with 422")
    expect(over).to_have_count(0)
    expect(photo).to_be_visible()
    statuses.clear()
    page.keyboard.press(key)
    page.keyboard.press(key)
    expect(over).to_be_visible()
    # Of a photo that is another one by now nothing is shown.
    page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(_IS_LARGE)
    statuses.append(409)
    page.keyboard.press(key)
    expect(page.locator(".pane .broken")).to_have_text("refused with 409")
    expect(photo).to_be_hidden()


def test_a_photo_is_shown_although_its_thumbnail_did_not_come(shared_page: Page) -> None:
    page = shared_page
    page.route("**/thumbnail?*", answer_with(422))
    page.focus("#grid")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    expect(page.locator(".holder .photo")).to_be_visible()
    expect(page.locator(".pane .broken")).to_be_hidden()


def test_a_decision_is_told_to_those_who_listen(page: Page) -> None:
    page.focus("#grid")
    name = read_cursor(page)
    page.keyboard.press("3")
    expect(page.locator("#said")).to_have_text(f"{name}: 3 stars")
    page.keyboard.press("x")
    expect(page.locator("#said")).to_have_text(f"{name}: rejected")


@pytest.mark.parametrize(
    ("width", "height"),
    [(720, 450), (820, 1180), (844, 390), (390, 844), (640, 360), (426, 320), (320, 256)],
)
def test_a_window_of_any_size_shows_the_photo_and_all_buttons_of_the_loupe(
    shared_page: Page, width: int, height: int
) -> None:
    page = shared_page
    page.set_viewport_size({"width": width, "height": height})
    page.focus("#grid")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reasons li")
    covered = page.evaluate(
        """() => [...document.querySelectorAll('.loupe-bar button, .decide button')]
            .filter(e => e.offsetParent).filter(e => {
              const { x, y, width, height } = e.getBoundingClientRect();
              return !e.contains(document.elementFromPoint(x + width / 2, y + height / 2));
            }).map(e => e.outerHTML)"""
    )
    assert covered == []
    assert page.locator(".stage").evaluate("e => e.clientHeight") >= 0.45 * height
    # What is known about the photo can be reached too; what comes late may move it.
    page.wait_for_function(
        """() => {
          const facts = document.querySelector('.facts');
          facts.scrollIntoView();
          const { top, bottom } = facts.getBoundingClientRect();
          return top < innerHeight && bottom > 0;
        }"""
    )
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage")).to_be_in_viewport(ratio=0.99)
