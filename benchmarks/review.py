"""How fast the review page is with a large catalog: `python benchmarks/review.py`.

The catalog's rows are made from one scan of the demo library, with a little noise on the scores;
the pictures are hard links. Measured in Chromium: the time from asking for the page to its first
picture and to all photos, with and without thumbnails on the disk, frames while scrolling, how long
a move of the threshold takes, and the page's memory. A table, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import sync_playwright

from clearshot.actions.atomic import read_stamp
from clearshot.catalog.catalog import Catalog
from clearshot.demo import write_demo
from clearshot.listing import build_gauge
from clearshot.photo import Photo
from clearshot.scoring.scorer import Scorer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from clearshot.photo import Scores

_SCROLL = """
(speed) => new Promise((done) => {
  const grid = document.getElementById("grid");
  const frames = [];
  let last = performance.now();
  const end = last + 4000;
  function step(now) {
    frames.push(now - last);
    last = now;
    grid.scrollTop += speed;
    if (now < end) requestAnimationFrame(step);
    else done(frames.slice(1));
  }
  requestAnimationFrame(step);
})
"""

_SLIDE = """
async () => {
  const slider = document.getElementById("threshold-blurry");
  const times = [];
  for (let step = 20; step < 100; step += 4) {
    const start = performance.now();
    slider.value = step;
    slider.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    times.push(performance.now() - start);
  }
  return times;
}
"""

_ALL_READ = """
() => document.getElementById("news").textContent === "" && !document.getElementById("panel").inert
"""

_FIRST_PICTURE = """
() => {
  const shown = [...document.querySelectorAll(".cell:not([hidden]) img")];
  return shown.some((image) => image.complete && image.naturalWidth > 0);
}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clearshot-") as name:
        library = build_library(Path(name) / "library", arguments.photos)
        results = {"photos": arguments.photos} | measure(library)
    for key, value in results.items():
        print(f"{key:32} {value}")
    print(json.dumps(results))


def build_library(folder: Path, num_photos: int) -> Path:
    """Make a library of many hard links, and its catalog."""
    demo = folder.with_name("demo")
    scorer = Scorer()
    sources = [(path, scorer.score(path)) for path in write_demo(demo)]
    rng = np.random.default_rng(0)
    results = []
    for number in range(num_photos):
        source, scores = sources[number % len(sources)]
        day = folder / f"day-{number // 1000:02d}"
        day.mkdir(parents=True, exist_ok=True)
        path = day / f"DSC_{number:05d}.jpg"
        os.link(source, path)
        results.append((Photo(path, read_stamp(path)), vary(scores, rng)))
    gauge = build_gauge()
    with Catalog.open(folder) as catalog:
        # As a scan does.
        catalog.odds.adopt(gauge.digest)
        catalog.record(results, recipe=scorer.recipe, gauge=gauge)
    return folder


def vary(scores: Scores, rng: np.random.Generator) -> Scores:
    """Move the scores of a photo a little."""
    focus = replace(scores.focus, blur=scores.focus.blur + float(rng.normal(0, 0.4)))
    exposure = scores.exposure
    median = min(0.0, exposure.median_stops + float(rng.normal(0, 0.3)))
    return replace(scores, focus=focus, exposure=replace(exposure, median_stops=median))


def measure(library: Path) -> dict[str, Any]:
    """Serve the library as a user does, and measure the page."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "clearshot", "review", str(library), "--no-browser", "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        ready_s = time.perf_counter() - started
        try:
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox", "--enable-precise-memory-info"]
                program = shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=program, args=arguments)
                found = measure_page(browser, address)
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    return {"server_ready_s": round(ready_s, 2)} | found


def measure_page(browser: Browser, address: str) -> dict[str, Any]:
    """Measure the page in a fresh context, twice."""
    results: dict[str, Any] = {}
    for name in ("first_picture_s", "first_picture_again_s"):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        # From the token's address on: with the redirect.
        started = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_function(_FIRST_PICTURE, polling=20)
        results[name] = round(time.perf_counter() - started, 2)
        page.wait_for_function(_ALL_READ, polling=20)
        results[name.replace("first_picture", "all_photos")] = round(
            time.perf_counter() - started, 2
        )
        if name == "first_picture_again_s":
            results |= measure_frames(page)
            results["page_process_mb"] = measure_process(browser)
        context.close()
    return results


def measure_frames(page: Page) -> dict[str, Any]:
    """Measure frames while scrolling, moves of the slider, and memory."""
    page.wait_for_timeout(1000)
    results: dict[str, Any] = {}
    for name, speed in (("scroll", 60), ("fast_scroll", 900)):
        frames = page.evaluate(_SCROLL, speed)
        results[f"{name}_frame_mean_ms"] = round(statistics.mean(frames), 1)
        results[f"{name}_frame_p95_ms"] = round(float(np.percentile(frames, 95)), 1)
        results[f"{name}_frame_max_ms"] = round(max(frames), 1)
    moves = page.evaluate(_SLIDE)
    results["slider_mean_ms"] = round(statistics.mean(moves), 1)
    results["slider_max_ms"] = round(max(moves), 1)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.enable") or session.send("Performance.getMetrics")
    by_name = {each["name"]: each["value"] for each in metrics["metrics"]}
    results["page_heap_mb"] = round(by_name["JSHeapUsedSize"] / 1e6, 1)
    results["page_elements"] = int(by_name["Nodes"])
    # Relative: each run serves everything below a path of its own.
    library = page.evaluate("async () => (await fetch('./api/library')).text()")
    results["library_kb"] = round(len(library.encode()) / 1000)
    assert json.loads(library)["photos"]
    return results


def measure_process(browser: Browser) -> int:
    """Give the memory of the process that draws the page [MB], code of the browser included."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = [0]
    for process in processes:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text(encoding="ascii")
            sizes.append(int(status.split("VmRSS:")[1].split()[0]))
    return round(max(sizes) / 1000)


if __name__ == "__main__":
    main()
