"""A scanned library of sixty small photos, the server over it, and a browser."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.testclient import TestClient

from clearshot import optics
from clearshot.catalog.catalog import Catalog
from clearshot.discover import find_photos
from clearshot.owner import calibrate
from clearshot.photo import Decision, Label
from clearshot.scoring.recalibration import Recalibration, write_recalibration
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds
from clearshot.web.desk import Desktop
from clearshot.web.server import ReviewServer
from conftest import draw_scene

NUM_PHOTOS = 60
# Drawing takes longer than everything else here.
_NUM_SCENES = 8
# The page asks every four seconds what is new; here it does so ten times as often.
_IMPATIENCE = """
const wait = window.setTimeout;
window.setTimeout = (call, delay, ...rest) => wait(call, delay === 4000 ? 400 : delay, ...rest);
"""
_KINDS = ("clear", "clear", "clear", "blurred", "black", "white")

# As long as everything else of Playwright: on a busy machine a server or a page may take its time.
expect.set_options(timeout=30_000)


@cache
def _draw_scene(number: int) -> NDArray[np.uint8]:
    return draw_scene(number, width=240, height=160)


def draw_photo(number: int) -> Image.Image:
    """Draw a small photo of the kind that its number stands for."""
    rgb_hwc = _draw_scene(number % _NUM_SCENES)
    kind = _KINDS[number % len(_KINDS)]
    linear: NDArray[Any] = optics.to_linear(rgb_hwc.astype(np.float32) / 255)
    if kind == "blurred":
        kernel = optics.draw_disc(1.2 + number / 12)
        linear = np.stack([optics.blur(linear[..., c], kernel) for c in range(3)], axis=-1)
    elif kind == "black":
        linear = linear / 400
    elif kind == "white":
        linear = np.clip(linear * 60, 0, 1)
    return Image.fromarray((optics.to_encoded(linear) * 255).astype(np.uint8))


@pytest.fixture(scope="session")
def sixty_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned folder of sixty photos of two cameras in three folders, one with a sidecar."""
    folder = tmp_path_factory.mktemp("sixty") / "wedding"
    for number in range(NUM_PHOTOS):
        day = folder / ("", "friday", "saturday")[number % 3]
        day.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "NIKON CORPORATION" if number % 2 else "FUJIFILM"
        exif[ExifTags.Base.Model] = "NIKON D3400" if number % 2 else "X-T5"
        taken_at = f"2026:05:01 12:{59 - number % 60:02d}:00"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken_at
        name = f"DSC_{number:04d}-{_KINDS[number % len(_KINDS)]}.jpg"
        draw_photo(number).save(day / name, quality=90, exif=exif)
    (folder / "DSC_0003-blurred.xmp").write_text("<x/>")
    scorer = Scorer()
    photos = find_photos([folder]).photos
    with Catalog.open(folder) as catalog:
        results = [(photo, scorer.score(photo.path)) for photo in photos]
        catalog.record(results, recipe=scorer.recipe)
    return folder


@pytest.fixture
def library(sixty_photos: Path, tmp_path: Path) -> Path:
    """A copy of the scanned library."""
    return Path(shutil.copytree(sixty_photos, tmp_path / "wedding"))


def calibrate_library(library: Path, tolerance: Tolerance) -> Recalibration:
    """Give the library a calibration on its own photos, each taken three times.

    The limits lie at scores of its photos, and both cameras have some of their own.
    """
    labels = {"blurred": Label.BLURRY, "black": Label.DARK, "white": Label.OVEREXPOSED}
    with Catalog.open(library) as catalog:
        known = {entry.photo.path: entry.scores for entry in catalog.entries() if entry.scores}
        decisions = [
            (path, scores, labels.get(path.stem.split("-")[1]))
            for path, scores in known.items()
            for _ in range(3)
        ]
        own = calibrate(decisions, dict.fromkeys(Label, tolerance), origin="test")
        catalog.calibrations.add(write_recalibration(own))
    assert len(own.cameras) == 2
    return own


@contextmanager
def serving(library: Path, thresholds: Thresholds | None = None) -> Iterator[ReviewServer]:
    """Serve a library in a thread of this process."""
    target = library.with_name(f"{library.name}-bad")
    server = ReviewServer(Desktop(library, None, target, thresholds or Thresholds()))
    ready = threading.Event()
    thread = threading.Thread(target=server.run, kwargs={"ready": lambda _: ready.set()})
    thread.start()
    try:
        assert ready.wait(60)
        yield server
    finally:
        server.stop()
        thread.join(45)
    assert not thread.is_alive()


@pytest.fixture
def server(library: Path) -> Iterator[ReviewServer]:
    """The running server of `library`."""
    with serving(library) as server:
        yield server


@pytest.fixture(scope="session")
def shared_server(
    sixty_photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReviewServer]:
    """The running server of a library that no test changes for good."""
    folder = tmp_path_factory.mktemp("shared") / "wedding"
    with serving(Path(shutil.copytree(sixty_photos, folder))) as server:
        yield server


@pytest.fixture
def client(shared_server: ReviewServer) -> Iterator[TestClient]:
    """What a browser on the page's own address may ask, without a network."""
    gate = shared_server.gate
    client = TestClient(shared_server.app, base_url=gate.base, follow_redirects=False)
    own = {"Origin": f"http://127.0.0.1:{gate.port}", "Sec-Fetch-Site": "same-origin"}
    client.headers.update(own)
    client.cookies.set(gate.cookie, gate.secret)
    yield client
    client.headers.update(own)
    client.cookies.set(gate.cookie, gate.secret)
    numbers = client.get("/api/library").json()["photos"]["id"]
    for field, value in (("choice", None), ("stars", 0), ("color", None)):
        client.post("/api/decide", json={"photos": numbers, field: value})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, server: ReviewServer, *, is_waiting: bool = True) -> Iterator[Page]:
    """Open the page, and wait for its photos; any error in its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 760})
    context.add_init_script(_IMPATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.gate.address)
    if is_waiting:
        page.wait_for_selector(".cell")
    yield page
    # What a test answers itself may be on its way still.
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser, server: ReviewServer) -> Iterator[Page]:
    """The open page of `library`."""
    with opened(browser, server) as page:
        yield page


@pytest.fixture
def shared_page(browser: Browser, shared_server: ReviewServer) -> Iterator[Page]:
    """The open page of a library that no test changes."""
    with opened(browser, shared_server) as page:
        yield page


def read_decisions(library: Path) -> dict[str, Decision]:
    with Catalog.open(library) as catalog:
        names = {number: path.name for path, number in catalog.decisions.list_numbers().items()}
        return {names[number]: each for number, each in catalog.decisions.read().items()}


def read_total(page: Page) -> int:
    """How many photos are in view, also those without an element."""
    cell = page.locator(".cell:visible").first
    return int(cell.get_attribute("aria-setsize") or 0)


def read_cursor(page: Page) -> str:
    return page.locator(".cell.cursor .name").inner_text()


def wait_for_storing(page: Page, path: str, key: str) -> None:
    with page.expect_response(re.compile(path)) as answer:
        page.keyboard.press(key)
    assert answer.value.ok


def set_slider(page: Page, label: str, step: int) -> None:
    page.eval_on_selector(
        f"#threshold-{label}",
        "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }",
        step,
    )
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
