from __future__ import annotations

import importlib.util
import io
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from click.testing import Result

from clearshot.catalog.catalog import Catalog
from clearshot.config import ScanSettings
from clearshot.photo import Choice, Label
from clearshot.review import Decider
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds
from clearshot.web.desk import Desktop
from clearshot.web.server import ReviewServer

Run = Callable[..., Result]


def test_help_and_start_need_no_web_library() -> None:
    code = (
        "import sys; from clearshot.cli.main import cli\n"
        "cli(['review', '--help'], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "clearshot review ~/Pictures" in done.stdout
    assert not {"starlette", "uvicorn", "anyio", "numpy", "PIL"} & set(done.stderr.split())


def test_a_missing_extra_is_named(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "clearshot.cli.review.find_spec", lambda name: None if name == "uvicorn" else find(name)
    )
    result = run("review", scanned_library)
    assert result.exit_code == 7
    assert "pip install 'clearshot[web]'" in result.stderr


def test_a_missing_folder_is_named(run: Run, tmp_path: Path) -> None:
    result = run("review", tmp_path / "nowhere")
    assert result.exit_code == 3
    assert "there is no such folder" in result.stderr


def test_a_port_that_is_taken_is_named(run: Run, scanned_library: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("review", scanned_library, "--port", str(port), "--no-browser")
    assert result.exit_code == 3
    assert f"port {port} cannot be used" in result.stderr


def test_a_tolerance_reaches_the_page(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Thresholds] = []

    def note(server: ReviewServer, **_: object) -> None:
        found.append(server.page.desk.thresholds)
        server.close()

    monkeypatch.setattr(ReviewServer, "run", note)
    words = ["--tolerance", "dark=2%", "--threshold", "blurry=0.7", "--no-browser"]
    assert run("review", scanned_library, *words).exit_code == 0
    wishes = Wishes({Label.BLURRY: 0.7}, {Label.DARK: Tolerance(0.02)})
    assert found == [set_thresholds(wishes)]


def test_a_page_leaves_the_log_of_its_program_alone(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    monkeypatch.setattr(handler, "close", log.close)  # as absl's does with pytest's stderr
    monkeypatch.setattr(ReviewServer, "run", lambda server, **_: server.close())
    assert run("review", scanned_library, "--no-browser").exit_code == 0
    assert not log.closed


def test_limits_of_a_scan_reach_the_page(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Desktop] = []

    def note(server: ReviewServer, **_: object) -> None:
        found.append(server.page.desk.desktop)
        server.close()

    monkeypatch.setattr(ReviewServer, "run", note)
    words = ["--workers", "3", "--timeout", "9", "--max-megapixels", "2", "--no-browser"]
    assert run("review", scanned_library, *words).exit_code == 0
    assert found[0].settings == ScanSettings(num_workers=3, timeout_s=9.0)
    assert found[0].max_pixels == 2_000_000


@contextmanager
def started(*words: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start Python with the words of a review, and give the page's address."""
    with subprocess.Popen(
        [sys.executable, *words, "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as program:  # fmt: skip
        try:
            assert program.stdout
            assert "Reviewing" in program.stdout.readline()
            yield program, program.stdout.readline().strip()
        finally:
            program.kill()


def test_it_serves_until_ctrl_c_and_scans_a_new_folder(clear_photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "one.jpg").write_bytes((clear_photos / "scene0.jpg").read_bytes())
    with started("-m", "clearshot", "review", folder) as (program, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/r-[\w-]{20,}/\?token=[\w-]{40,}", address)
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            assert client.get(address).status_code == 200
            base = address.split("?")[0]
            end = time.monotonic() + 60
            while (job := client.get(f"{base}api/state").json()["job"])["status"] == "running":
                assert time.monotonic() < end, job
                time.sleep(0.05)
            assert job["result"]["new"] == 1
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
        assert program.stderr
        assert program.stderr.read() == "Ctrl-C ends it; every decision is kept.\n"
    with Catalog.open(folder, create=False) as catalog:
        assert len(catalog.entries()) == 1


def test_ctrl_c_while_the_server_starts_ends_it_like_any_other(scanned_library: Path) -> None:
    code = (
        "import signal\n"
        "from uvicorn import Config\n"
        "from clearshot.cli.main import run\n"
        "find = Config.get_loop_factory\n"
        "def find_late(config):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    return find(config)\n"
        "Config.get_loop_factory = find_late\n"
        "run()"
    )
    with started("-c", code, "review", scanned_library) as (program, _):
        assert program.wait(20) == 0
        assert program.stderr
        assert program.stderr.read() == "Ctrl-C ends it; every decision is kept.\n"


def test_ctrl_c_waits_for_a_move_and_a_second_one_tells_what_it_leaves(
    scanned_library: Path, tmp_path: Path
) -> None:
    code = (
        "import time\n"
        "from clearshot.cli.main import run\n"
        "from clearshot.web.plans import Shelf\n"
        "Shelf.carry_out = lambda shelf, offer, report: (report(3, 50), time.sleep(60))\n"
        "run()"
    )
    ask = {"kind": "sort", "thresholds": {}, "target": str(tmp_path / "bad")}
    with started("-c", code, "review", scanned_library) as (program, address):
        base = address.split("?")[0]
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            client.headers["Sec-Fetch-Site"] = "same-origin"
            client.get(address).raise_for_status()
            plan = client.post(f"{base}api/plan", json=ask).json()
            client.post(f"{base}api/apply", json={"key": plan["key"]}).raise_for_status()
            assert program.stderr
            program.stderr.readline()
            program.send_signal(signal.SIGINT)
            assert program.stderr.readline().startswith("A move is under way (3 of 50 files)")
            # The page follows the move to its end, and begins nothing else.
            assert client.get(f"{base}api/state").json()["job"]["status"] == "running"
            refused = client.post(f"{base}api/scan", json={})
            assert "about to end" in refused.json()["error"]
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 130
        assert "puts in order what is half done" in program.stderr.read()


def test_sort_follows_decisions(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    with Catalog.open(scanned_library) as catalog:
        numbers = {path.stem: number for path, number in catalog.decisions.list_numbers().items()}
        Decider(catalog).choose([numbers["blurred"], numbers["black"]], Choice.KEEP)
        Decider(catalog).choose([numbers["clear"]], Choice.REJECT)
    target = tmp_path / "bad"
    assert run("sort", scanned_library, "--to", target, "--apply").exit_code == 0
    moved = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.*"))
    assert moved == ["overexposed/white.jpg", "rejected/clear.jpg"]
    # What is in the target already stays there when sorting goes on.
    again = run("sort", scanned_library, "--to", target)
    assert "Nothing to move" in again.stdout
