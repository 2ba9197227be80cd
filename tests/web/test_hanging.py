"""Looks at files that hang, as on a network drive that is gone, hold up nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from clearshot import sorting
from clearshot.actions.plan import Plan
from clearshot.photo import Photo
from clearshot.web import desk, plans
from clearshot.web.server import ReviewServer
from clearshot.web.states import check_state
from web.conftest import serving


@contextmanager
def asking(server: ReviewServer) -> Iterator[httpx.Client]:
    gate = server.gate
    cookies, headers = {gate.cookie: gate.secret}, {"Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=gate.base, cookies=cookies, headers=headers, timeout=60) as client:
        yield client


class Sleep:
    """What hangs until it is told that all is back."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self._begun = threading.Semaphore(0)

    def hang(self) -> None:
        self._begun.release()
        self.is_over.wait(60)

    def wait_for(self, num_hanging: int) -> None:
        """Wait until so many hang."""
        for _ in range(num_hanging):
            assert self._begun.acquire(timeout=60)


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sleep]:
    """Over when plans to move to a folder of the name `asleep` are made at last."""
    sleep, plan_sort = Sleep(), sorting.plan_sort

    def wait_and_plan(folder: Path, bad: Any, target: Path) -> Plan:
        if target.name == "asleep":
            sleep.hang()
        return plan_sort(folder, bad, target)

    monkeypatch.setattr(plans, "plan_sort", wait_and_plan)
    yield sleep
    sleep.is_over.set()


@contextmanager
def leaving_plans(
    server: ReviewServer, target: Path, sleep: Sleep, *, num_plans: int
) -> Iterator[None]:
    def ask() -> None:
        with asking(server) as client, suppress(httpx.HTTPError):
            ask_for_plan(client, target)

    threads = [threading.Thread(target=ask) for _ in range(num_plans)]
    for thread in threads:
        thread.start()
    sleep.wait_for(num_plans)
    yield
    for thread in threads:
        thread.join()


def ask_for_plan(client: httpx.Client, target: Path) -> str:
    message = {"kind": "sort", "thresholds": {}, "target": str(target)}
    key: str = client.post("/api/plan", json=message).json()["key"]
    return key


def test_a_plan_that_was_left_does_not_come_before_the_next_one(
    library: Path, tmp_path: Path, sleep: Sleep
) -> None:
    with serving(library) as server, asking(server) as client:
        with leaving_plans(server, tmp_path / "asleep", sleep, num_plans=1):
            key = ask_for_plan(client, tmp_path / "awake")
            sleep.is_over.set()
        assert client.post("/api/apply", json={"key": key}).status_code == 200
        server.page.jobs.end()


def test_plans_that_are_asked_for_in_vain_hold_up_nothing_else(
    library: Path, tmp_path: Path, sleep: Sleep
) -> None:
    with serving(library) as server, asking(server) as client:
        number = client.get("/api/library").json()["photos"]["id"][0]
        with leaving_plans(server, tmp_path / "asleep", sleep, num_plans=6):
            assert client.post(f"/api/photo/{number}", json={}).status_code == 200
            assert ask_for_plan(client, tmp_path / "awake")
            sleep.is_over.set()


@pytest.mark.parametrize("picture", ["thumbnail", "large", ""])
def test_a_look_that_hangs_holds_up_nothing_else(
    library: Path, monkeypatch: pytest.MonkeyPatch, picture: str
) -> None:
    sleep = Sleep()

    def hang(photo: Photo) -> None:
        # As a network drive does that is gone.
        if photo.path.name == "DSC_0000-clear.jpg":
            sleep.hang()
        check_state(photo)

    monkeypatch.setattr(desk, "check_state", hang)
    with serving(library) as server, asking(server) as client:
        photos = client.get("/api/library").json()["photos"]
        numbers = dict(zip(photos["name"], photos["id"], strict=True))
        number = numbers["DSC_0000-clear.jpg"]

        def ask() -> None:
            with asking(server) as other, suppress(httpx.HTTPError):
                if picture:
                    other.get(f"/photo/{number}/{picture}")
                else:
                    other.post(f"/api/photo/{number}", json={})

        hanging = threading.Thread(target=ask)
        hanging.start()
        sleep.wait_for(1)
        assert client.get("/api/state").status_code == 200
        decision = {"photos": [number], "stars": 3}
        assert client.post("/api/decide", json=decision).status_code == 200
        other = numbers["DSC_0001-clear.jpg"]
        assert client.get(f"/photo/{other}/large").status_code == 200
        assert client.post(f"/api/photo/{other}", json={}).status_code == 200
    # The server has ended, and nothing is back yet.
    sleep.is_over.set()
    hanging.join()


def test_a_catalog_that_hangs_does_not_hold_up_the_end(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back = threading.Event()
    monkeypatch.setattr(desk, "_PATIENCE_S", 0.2)
    with serving(library) as server:
        reading = server.page.desk._thread.submit(is_back.wait, 60)
    is_back.set()
    assert reading.result()
