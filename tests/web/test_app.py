"""What the server tells and does, asked as the page asks."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from clearshot.actions.atomic import read_stamp
from clearshot.catalog.catalog import Catalog
from clearshot.errors import UsageError
from clearshot.photo import Failure, Photo
from clearshot.scoring.scorer import Scorer
from clearshot.web import desk, pictures
from clearshot.web.desk import Desktop
from clearshot.web.jobs import JobKind, JobRunner, JobStatus, Report
from clearshot.web.server import ReviewServer
from web.conftest import NUM_PHOTOS, draw_photo


@pytest.fixture
def small_library(tmp_path: Path) -> Path:
    """Two scanned photos, a failed one, and one whose name is no text."""
    folder = tmp_path / "small"
    folder.mkdir()
    for number, name in enumerate((b"a.jpg", b"b.jpg", b"na\xefve.jpg")):
        path = folder / os.fsdecode(name)
        draw_photo(number).save(path)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xffbroken")
    scorer = Scorer()
    with Catalog.open(folder) as catalog:
        for path in sorted(folder.glob("*.jpg")):
            photo = Photo(path, read_stamp(path))
            broken = Failure("damaged", "broken data stream")
            result = broken if path.name == "broken.jpg" else scorer.score(path)
            catalog.record([(photo, result)], recipe=scorer.recipe)
    return folder


@pytest.fixture
def small_client(small_library: Path) -> Iterator[TestClient]:
    """A client of `small_library`, with the server's own start and end."""
    server = ReviewServer(Desktop(small_library, None, small_library.with_name("bad")))
    gate = server.gate
    with TestClient(server.app, base_url=gate.base) as client:
        origin = f"http://127.0.0.1:{gate.port}"
        client.headers.update({"Origin": origin, "Sec-Fetch-Site": "same-origin"})
        client.cookies.set(gate.cookie, gate.secret)
        yield client
    server.close()


def find_number(client: TestClient, name: str) -> int:
    photos = client.get("/api/library").json()["photos"]
    return int(photos["id"][photos["name"].index(name)])


def wait_for_job(client: TestClient) -> dict[str, Any]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        job = client.get("/api/state").json()["job"]
        if job["status"] != "running":
            return dict(job)
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def wait_for_end(jobs: JobRunner) -> None:
    """Wait, in a job, until the program is about to end."""
    while not jobs._is_ending:
        time.sleep(0.001)


def test_the_library_comes_as_columns_of_one_length(client: TestClient) -> None:
    document = client.get("/api/library").json()
    assert {len(column) for column in document["photos"].values()} == {NUM_PHOTOS}
    assert document["folders"] == ["", "friday", "saturday"]
    for limits in document["limits"].values():
        assert limits["at"] == sorted(limits["at"])
        assert len(limits["at"]) == len(limits["lost"]) == len(limits["found"])
    for ps in document["photos"]["p"]:
        assert all(0 <= p <= 1 for p in ps)


def test_failures_and_strange_names_are_told(small_client: TestClient) -> None:
    photos = small_client.get("/api/library").json()["photos"]
    by_name = dict(
        zip(photos["name"], zip(photos["id"], photos["failure"], strict=True), strict=True)
    )
    assert by_name["broken.jpg"][1] == "broken data stream"
    number, failure = by_name["na\\xefve.jpg"]
    assert failure is None
    assert small_client.get(f"/photo/{number}/thumbnail").status_code == 200
    assert small_client.get(f"/photo/{by_name['broken.jpg'][0]}/large").status_code == 422
    details = small_client.post(f"/api/photo/{by_name['broken.jpg'][0]}", json={}).json()
    assert details["error"]["kind"] == "damaged"


def test_a_photo_is_told_in_words_at_the_thresholds_that_are_sent(client: TestClient) -> None:
    photos = client.get("/api/library").json()["photos"]
    number, ps = next(
        (number, ps) for number, ps in zip(photos["id"], photos["p"], strict=True) if max(ps) > 0.6
    )
    assert client.post(f"/api/photo/{number}", json={}).json()["verdict"] == "bad"
    high = dict.fromkeys(("blurry", "dark", "overexposed"), 1.0)
    details = client.post(f"/api/photo/{number}", json=high).json()
    assert details["verdict"] == ("bad" if max(ps) == 1.0 else "unsure")
    assert details["reasons"]
    assert client.post(f"/api/photo/{number}", json={"blurry": 0}).status_code == 400
    assert client.post("/api/photo/999999", json={}).status_code == 404


def test_pictures_are_pictures(client: TestClient) -> None:
    for picture, media_type in (
        ("thumbnail", "image/jpeg"), ("large", "image/jpeg"), ("original", "image/jpeg"),
        ("focus", "image/png"),
    ):  # fmt: skip
        answer = client.get(f"/photo/1/{picture}")
        assert answer.headers["content-type"] == media_type
        assert "immutable" in answer.headers["cache-control"]


def test_files_of_the_page_have_their_types_whatever_the_system_says() -> None:
    program = """
import mimetypes
for suffix in (".js", ".css", ".svg"):
    mimetypes.add_type("text/plain", suffix)
from starlette.responses import FileResponse
from clearshot.web.app import STATIC
print(*(FileResponse(STATIC / name).media_type for name in ("app.js", "style.css", "icon.svg")))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["text/javascript", "text/css", "image/svg+xml"]


def ask_for_all(client: TestClient, number: int) -> list[httpx.Response]:
    """Ask for everything that is told of a photo."""
    pictures = ("thumbnail", "large", "original", "focus", "histogram")
    answers = [client.get(f"/photo/{number}/{picture}") for picture in pictures]
    return [*answers, client.post(f"/api/photo/{number}", json={})]


def test_nothing_is_told_of_a_photo_that_is_gone(
    small_client: TestClient, small_library: Path
) -> None:
    number = find_number(small_client, "b.jpg")
    assert {answer.status_code for answer in ask_for_all(small_client, number)} == {200}
    (small_library / "b.jpg").unlink()
    for answer in ask_for_all(small_client, number):
        assert answer.status_code == 404
        assert answer.json() == {"error": "is not there any more"}


def test_a_photo_that_was_replaced_is_not_shown_under_the_old_verdict(
    small_client: TestClient, small_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_RELOAD_S", 0.0)
    number = find_number(small_client, "a.jpg")
    draw_photo(3).rotate(90, expand=True).save(small_library / "a.jpg")
    for answer in ask_for_all(small_client, number):
        assert answer.status_code == 409
        assert answer.json() == {"error": "changed since the scan; scan again"}
        assert "immutable" not in answer.headers["cache-control"]
    small_client.post("/api/scan", json={})
    wait_for_job(small_client)
    small_client.get("/api/state")
    assert {answer.status_code for answer in ask_for_all(small_client, number)} == {200}


def test_a_photo_that_is_replaced_while_it_is_drawn_is_not_shown(
    small_client: TestClient, small_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = find_number(small_client, "a.jpg")

    def replace_first(path: Path, *, max_pixels: int) -> bytes:
        draw_photo(3).save(path)
        return pictures.draw_thumbnail(path, max_pixels=max_pixels)

    monkeypatch.setattr(pictures, "draw_large", replace_first)
    assert small_client.get(f"/photo/{number}/large").status_code == 409


def test_only_the_plan_that_was_shown_last_is_carried_out(
    small_client: TestClient, small_library: Path
) -> None:
    target = small_library.with_name("bad")
    number = small_client.get("/api/library").json()["photos"]["id"][0]
    small_client.post("/api/decide", json={"photos": [number], "choice": "reject"})
    ask = {"kind": "sort", "target": str(target), "thresholds": {"blurry": 1.0}}
    first = small_client.post("/api/plan", json=ask).json()
    second = small_client.post("/api/plan", json=ask).json()
    assert first["photos"] == second["photos"] >= 1
    assert small_client.post("/api/apply", json={"key": first["key"]}).status_code == 400
    assert not target.exists()
    assert small_client.post("/api/apply", json={"key": second["key"]}).status_code == 200
    assert wait_for_job(small_client)["result"]["photos"] == second["photos"]
    assert small_client.post("/api/apply", json={"key": second["key"]}).status_code == 400
    assert (target / "rejected" / "a.jpg").exists()
    names = small_client.get("/api/library").json()["photos"]["name"]
    assert "a.jpg" not in names


@pytest.mark.parametrize(
    "message",
    [
        {}, {"kind": "delete"}, {"kind": "sort"}, {"kind": "sort", "thresholds": {}},
        {"kind": "sort", "thresholds": {}, "target": ""},
        {"kind": "sort", "thresholds": {}, "target": "bad"},
        {"kind": "sort", "thresholds": {}, "target": ["/tmp"]},
        {"kind": "sort", "thresholds": {}, "target": "/tmp/a\u0000b"},
        {"kind": "sort", "thresholds": {}, "target": "/tmp/a\nb"},
        {"kind": "sort", "thresholds": {}, "target": "/tmp/a\ud800b"},
        {"kind": "sort", "thresholds": {"sharp": 0.5}, "target": "/tmp/bad"},
        {"kind": "sort", "thresholds": {"blurry": True}, "target": "/tmp/bad"},
        {"kind": "sort", "thresholds": {"blurry": 1.5}, "target": "/tmp/bad"},
        {"kind": "sort", "thresholds": {"blurry": 0}, "target": "/tmp/bad"},
        {"kind": "sort", "thresholds": {"blurry": "0.5"}, "target": "/tmp/bad"},
    ],
)  # fmt: skip
def test_wrong_plans_are_refused(client: TestClient, message: dict[str, object]) -> None:
    # As a browser does it: half of a letter is no text of UTF-8.
    content = json.dumps(message)
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/plan", content=content, headers=headers).status_code == 400


@pytest.mark.parametrize("name", ["写真\u3000選別", "family 👨\u200d👩\u200d👧", "a\u00a0b"])
def test_photos_may_go_to_any_folder_that_the_command_takes(
    client: TestClient, tmp_path: Path, name: str
) -> None:
    ask = {"kind": "sort", "thresholds": {}, "target": str(tmp_path / name)}
    plan = client.post("/api/plan", json=ask).json()
    assert plan["target"] == str(tmp_path / name)


def test_nothing_to_take_back_is_told(client: TestClient) -> None:
    answer = client.post("/api/plan", json={"kind": "undo"})
    assert answer.status_code == 409
    assert answer.json()["error"] == "nothing to undo"
    assert client.post("/api/redo", json={}).status_code == 400


def test_a_scan_from_the_page_finds_new_photos(
    small_client: TestClient, small_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not put off until the catalog may be looked at again.
    monkeypatch.setattr(desk, "_RELOAD_S", 60.0)
    before = small_client.get("/api/state").json()["revision"]
    shutil.copy(small_library / "a.jpg", small_library / "new.jpg")
    assert small_client.post("/api/scan", json={}).status_code == 200
    job = wait_for_job(small_client)
    assert job["kind"] == "scan"
    assert job["result"]["new"] == 1
    assert small_client.get("/api/state").json()["revision"] > before
    assert "new.jpg" in small_client.get("/api/library").json()["photos"]["name"]


def test_one_job_at_a_time_and_errors_are_told() -> None:
    jobs = JobRunner()
    may_end = threading.Event()

    def fail(report: Report) -> dict[str, Any]:
        report(1, 2)
        may_end.wait(60)
        raise UsageError("wrong", path=Path("/x"))

    jobs.start(JobKind.SORT, fail)
    with pytest.raises(UsageError, match="still going on"):
        jobs.start(JobKind.SCAN, fail)
    may_end.set()
    jobs.end()
    assert jobs.job
    assert jobs.job.status is JobStatus.FAILED
    assert jobs.job.message == "/x: wrong"
    assert (jobs.job.num_done, jobs.job.num_total) == (1, 2)


def test_a_disk_that_fails_is_told(
    small_client: TestClient, small_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_dir = Path.is_dir

    def fail(path: Path) -> bool:
        if path == small_library:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", fail)
    told = f"{small_library}: Input/output error"
    ask = {"kind": "sort", "thresholds": {}, "target": str(small_library.with_name("bad"))}
    answer = small_client.post("/api/plan", json=ask)
    assert (answer.status_code, answer.json()) == (409, {"error": told})
    small_client.post("/api/scan", json={})
    assert wait_for_job(small_client)["message"] == told


def test_what_came_of_a_job_is_told_when_others_came_after_it() -> None:
    jobs = JobRunner()
    for number in (1, 2):

        def work(_: Report, number: int = number) -> dict[str, Any]:
            return {"files": number}

        jobs.start(JobKind.SORT, work)
        jobs.end()
    assert [jobs.find(number).result for number in (1, 2)] == [{"files": 1}, {"files": 2}]
    with pytest.raises(UsageError, match="no such job"):
        jobs.find(3)


def test_the_end_stops_a_scan_but_not_a_move() -> None:
    for kind, stops in ((JobKind.SCAN, True), (JobKind.SORT, False)):
        jobs = JobRunner()
        steps: list[int] = []

        def work(
            report: Report, jobs: JobRunner = jobs, steps: list[int] = steps
        ) -> dict[str, Any]:
            wait_for_end(jobs)
            for step in range(20):
                report(step, 20)
                steps.append(step)
            return {}

        jobs.start(kind, work)
        jobs.end()
        assert jobs.job
        assert len(steps) == (0 if stops else 20)
        assert (jobs.job.status is JobStatus.FAILED) == stops


def test_a_move_is_waited_for_longer_than_a_scan() -> None:
    for kind, is_waited_for in ((JobKind.SCAN, False), (JobKind.SORT, True), (JobKind.UNDO, True)):
        jobs = JobRunner()
        is_told = threading.Event()

        def work(
            _: Report,
            jobs: JobRunner = jobs,
            is_told: threading.Event = is_told,
            is_move: bool = is_waited_for,
        ) -> dict[str, Any]:
            wait_for_end(jobs)
            # Longer than a scan is waited for.
            is_told.wait(0.5 if is_move else 60)
            return {}

        jobs.start(kind, work)
        assert jobs.is_moving == is_waited_for
        jobs.end(patience_s=0.05)
        assert jobs.job
        assert (jobs.job.status is JobStatus.DONE) == is_waited_for
        assert not jobs.is_moving
        is_told.set()


def test_a_picture_that_is_no_photo_of_the_format_list_is_refused(
    small_client: TestClient, small_library: Path
) -> None:
    # A file that became something else since the scan is not sent as it is, whatever its stamp.
    path = small_library / "a.jpg"
    status = path.stat()
    path.write_bytes(b"<script>alert(1)</script>".ljust(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    number = find_number(small_client, "a.jpg")
    answer = small_client.get(f"/photo/{number}/original")
    assert answer.status_code == 422
    assert b"<script>" not in answer.content


def test_pictures_that_nobody_waits_for_any_more_are_not_drawn(
    server: ReviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []
    are_drawing, may_end = threading.Barrier(3, timeout=60), threading.Event()

    def draw_slowly(path: Path, *, max_pixels: int) -> bytes:
        drawn.append(path)
        if not may_end.is_set():
            are_drawing.wait()
        may_end.wait(60)
        return b""

    monkeypatch.setattr("clearshot.web.pictures.draw_large", draw_slowly)
    gate = server.gate
    cookies = {gate.cookie: gate.secret}
    with (
        httpx.Client(base_url=gate.base, cookies=cookies, timeout=60) as client,
        ExitStack() as connections,
    ):
        for number in range(1, 31):
            connection = socket.create_connection(("127.0.0.1", gate.port))
            connections.enter_context(connection)
            lines = (
                f"GET {gate.root}/photo/{number}/large HTTP/1.1",
                f"Host: 127.0.0.1:{gate.port}",
                f"Cookie: {gate.cookie}={gate.secret}",
            )
            connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        # As many as are drawn at the same time.
        are_drawing.wait()
        connections.close()
        # The server has heard of that when it answers what is asked afterwards.
        for _ in range(9):
            client.get("api/state").raise_for_status()
        may_end.set()
        # The last one in the queue.
        client.get("photo/31/large").raise_for_status()
    assert len(drawn) == 3
