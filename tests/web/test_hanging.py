"""Looks at files that hang, as on a network drive that is gone, hold up nothing else."""

from __future__ import annotations

import threading
import time
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
    with httpx.Client(base_url=gate.base, cookies=cookies, headers=headers) as client:
        yield client


def test_a_plan_that_was_left_does_not_come_before_the_next_one(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back, plan_sort = threading.Event(), sorting.plan_sort

    def wait_and_plan(folder: Path, bad: Any, target: Path) -> Plan:
        if target.name == "asleep":
            is_back.wait(60)
        return plan_sort(folder, bad, target)

    monkeypatch.setattr(plans, "plan_sort", wait_and_plan)

    def ask(client: httpx.Client, name: str) -> httpx.Response:
        message = {"kind": "sort", "thresholds": {}, "target": str(tmp_path / name)}
        return client.post("/api/plan", json=message)

    with serving(library) as server, asking(server) as client, asking(server) as other:
        left = threading.Thread(target=ask, args=(other, "asleep"))
        left.start()
        time.sleep(0.5)
        plan = ask(client, "awake").json()
        is_back.set()
        left.join()
        assert client.post("/api/apply", json={"key": plan["key"]}).status_code == 200
        server.page.jobs.end()


@pytest.mark.parametrize("picture", ["thumbnail", "large", ""])
def test_a_look_that_hangs_holds_up_nothing_else(
    library: Path, monkeypatch: pytest.MonkeyPatch, picture: str
) -> None:
    is_back = threading.Event()

    def hang(photo: Photo) -> None:
        # As a network drive does that is gone.
        if photo.path.name == "DSC_0000-clear.jpg":
            is_back.wait(60)
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
        time.sleep(0.5)
        assert client.get("/api/state").status_code == 200
        decision = {"photos": [number], "stars": 3}
        assert client.post("/api/decide", json=decision).status_code == 200
        other = numbers["DSC_0001-clear.jpg"]
        assert client.get(f"/photo/{other}/large").status_code == 200
        assert client.post(f"/api/photo/{other}", json={}).status_code == 200
        begin = time.monotonic()
    assert time.monotonic() - begin < 15
    is_back.set()
    hanging.join()


def test_a_catalog_that_hangs_does_not_hold_up_the_end(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back = threading.Event()
    monkeypatch.setattr(desk, "_PATIENCE_S", 0.2)
    with serving(library) as server:
        reading = server.page.desk._thread.submit(is_back.wait, 60)
        begin = time.monotonic()
    assert time.monotonic() - begin < 15
    is_back.set()
    assert reading.result()
