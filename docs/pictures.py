"""Make the pictures of the documentation: `python docs/pictures.py docs/images`.

A tour through the demo library, run as a person would run it; the terminal's text becomes SVG, and
the review page is photographed in Chromium. `--only review` makes the pictures of the page alone.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.text import Text

_WIDTH = 88

_TOUR = {"scan.svg": ["clearshot scan demo"]}
_EXPLAINED = {
    "explain-sharp-subject.png": "photographer-blurred-background.jpg",
}


# Sizes in which the page is photographed; a phone has two dots a point.
_SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 780},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}


# The keys that somebody has pressed on some photos.
_DECISIONS = {
    "cat-clear.jpg": "p5",
    "coffee-clear.jpg": "p4",
    "coffee-dark.jpg": "x",
    "dahlia.jpg": "p59",
    "photographer-blurred-background.jpg": "p38",
}


def main(folder: Path, *, is_review_only: bool = False) -> None:
    """Make all pictures.

    Parameters
    ----------
    folder : Path
        Where to; pictures of the same names are replaced.
    is_review_only : bool
        Whether only the review page is photographed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        run("clearshot demo demo", place)
        if not is_review_only:
            make_terminal_pictures(folder, place)
        run("clearshot scan demo -q", place)
        make_review_pictures(folder, place)


def make_terminal_pictures(folder: Path, place: Path) -> None:
    """Make the pictures of the terminal and of `clearshot explain`."""
    for picture, commands in _TOUR.items():
        console = Console(record=True, width=_WIDTH, file=(place / "log").open("w"))
        for command in commands:
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            console.print(Text.from_ansi(run(command, place)))
        drawn = console.export_svg(title="clearshot")
        # Fonts of the reader's own: Rich names some on a server.
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
        (folder / picture).write_text(drawn, encoding="utf-8")
    for picture, photo in _EXPLAINED.items():
        run(f"clearshot explain demo/{photo} -o {picture}", place)
        (folder / picture).write_bytes((place / picture).read_bytes())


def make_review_pictures(folder: Path, place: Path) -> None:
    """Photograph the review page on a desktop and on a phone."""
    # Beside the scan's own photos: two more that are free, from scikit-learn.
    from sklearn.datasets import load_sample_images

    library = place / "Pictures" / "May in town"
    shutil.copytree(place / "demo", library)
    for name, pixels in zip(("temple", "dahlia"), load_sample_images().images, strict=True):
        Image.fromarray(pixels).save(library / f"{name}.jpg", quality=92)
    run(f"clearshot scan {shlex.quote(str(library))} -q", place)
    command = [sys.executable, "-m", "clearshot", "review", str(library), "--no-browser", "-q"]
    command += ["--to", "/photos/May in town, bad"]
    for screen, options in _SCREENS.items():
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                    )
                    context = browser.new_context(color_scheme="dark", **options)
                    page = context.new_page()
                    page.goto(address)
                    photograph_review(page, folder, screen)
                    browser.close()
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(30)


def photograph_review(page: Page, folder: Path, screen: str) -> None:
    """Take the pictures of one screen: grid, loupe, threshold, apply."""
    is_phone = screen == "phone"

    def take(what: str) -> None:
        page.wait_for_function(
            "() => [...document.images].filter(i => i.checkVisibility()).every(i => i.complete)"
        )
        page.wait_for_timeout(700)
        shot = Image.open(io.BytesIO(page.screenshot()))
        name = f"review-{what}-{screen}.webp"
        shot.convert("RGB").save(folder / name, "WEBP", quality=86, method=6)

    page.wait_for_selector(".cell")
    if not is_phone:
        decide_some(page)
    choose_order(page, "name", is_phone=is_phone)
    take("grid")

    go_to(page, "astronaut-blurred-background.jpg")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    page.wait_for_selector(".overlay")
    take("loupe")
    page.keyboard.press("f")
    page.keyboard.press("Escape")

    choose_order(page, "worst", is_phone=is_phone)
    if is_phone:
        page.tap("#show-panel")
    else:
        page.click(".tab[data-rating=bad]")
        page.select_option("#filter-label", "blurry")
    slider = page.locator("#threshold-blurry")
    slider.focus()
    for _ in range(12):
        slider.press("ArrowLeft")
    page.evaluate("document.getElementById('panel').scrollTop = 0")
    take("threshold")
    page.click("text=Reset")
    if is_phone:
        page.tap(".close-panel")
    else:
        page.select_option("#filter-label", "")
        page.click(".tab[data-rating=all]")
    page.click("#show-plan")
    page.wait_for_selector("#plan tfoot")
    take("apply")


def choose_order(page: Page, order: str, *, is_phone: bool) -> None:
    """Put the grid in an order, and go to its beginning."""
    if is_phone:
        page.tap("#show-panel")
    page.select_option("#filter-order", order)
    page.evaluate("document.getElementById('panel').scrollTop = 0")
    if is_phone:
        page.tap(".close-panel")
    page.focus("#grid")
    page.keyboard.press("Home")


def decide_some(page: Page) -> None:
    """Make a few decisions, as somebody in the middle of the work has."""
    page.uncheck("#advance")
    choose_order(page, "name", is_phone=False)
    for photo, keys in _DECISIONS.items():
        go_to(page, photo)
        for key in keys:
            page.keyboard.press(key)


def go_to(page: Page, photo: str) -> None:
    """Go to a photo that lies behind the present one."""
    while page.locator(".cell.cursor .name").inner_text() != photo:
        page.keyboard.press("ArrowRight")


def run(command: str, place: Path) -> str:
    """Run a command of clearshot in a folder; give what it prints, with colours."""
    words = [sys.executable, "-m", *shlex.split(command)]
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(_WIDTH)}
    done = subprocess.run(  # noqa: S603 - the commands above
        words, cwd=place, env=environment, stdout=subprocess.PIPE, check=True
    )
    # The folder of this run is nobody's; show the place that a reader would have.
    return done.stdout.decode("utf-8").replace(str(place), "~/photos")


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_review_only=sys.argv[2:] == ["--only", "review"])
