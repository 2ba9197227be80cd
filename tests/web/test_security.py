"""Attacks that a server on a loopback port meets, tried on the whole app."""

from __future__ import annotations

import errno
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from clearshot.web import desk
from clearshot.web.security import HEADERS, MAX_BODY_BYTES, Gate
from clearshot.web.server import ReviewServer

PHOTO = "/photo/1/thumbnail"
DECISION = {"photos": [1], "choice": "keep"}


def count_decisions(client: TestClient) -> int:
    return len(client.get("/api/library").json()["changed"])


def test_the_page_itself_is_let_through(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get(PHOTO).status_code == 200
    assert client.post("/api/decide", json=DECISION).status_code == 200
    assert count_decisions(client) == 1


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example"],
)
@pytest.mark.parametrize("path", ["/", "/api/library", PHOTO, "/static/app.js"])
def test_a_name_that_was_rebound_to_this_machine_is_refused(
    client: TestClient, host: str, path: str
) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 403


def test_a_second_host_is_refused(client: TestClient, shared_server: ReviewServer) -> None:
    own = f"127.0.0.1:{shared_server.gate.port}"
    assert client.get("/api/library", headers=[("Host", own)]).status_code == 200
    for hosts in ((own, "evil.example"), ("evil.example", own), (own, own)):
        headers = [("Host", host) for host in hosts]
        assert client.get("/api/library", headers=headers).status_code == 403


def test_rebinding_does_not_get_the_cookie_either(
    client: TestClient, shared_server: ReviewServer
) -> None:
    token = shared_server.gate.token
    answer = client.get(f"/?token={token}", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_page_cannot_send(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/decide", json=DECISION, headers=headers)
    assert answer.status_code == 403
    assert count_decisions(client) == 0


def test_a_post_without_origin_and_site_is_refused(client: TestClient) -> None:
    del client.headers["Origin"]
    del client.headers["Sec-Fetch-Site"]
    assert client.post("/api/decide", json=DECISION).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_embed_photos(client: TestClient, site: str) -> None:
    del client.headers["Origin"]
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.get(PHOTO, headers=headers).status_code == 403


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_is_refused(client: TestClient, media_type: str) -> None:
    content = b'{"photos": [1], "choice": "keep"}'
    headers = {"Content-Type": media_type}
    assert client.post("/api/decide", content=content, headers=headers).status_code == 415
    assert count_decisions(client) == 0


@pytest.mark.parametrize("path", ["/", "/api/library", PHOTO, "/static/app.js", "/nothing"])
def test_without_the_cookie_nothing_is_told(client: TestClient, path: str) -> None:
    client.cookies.clear()
    answer = client.get(path)
    assert answer.status_code == 403
    assert b"DSC" not in answer.content


@pytest.mark.parametrize("secret", ["", "x", "\u00e9".encode().decode("latin-1"), "a" * 10_000])
def test_a_guessed_cookie_or_token_is_refused(client: TestClient, secret: str) -> None:
    (name,) = client.cookies.keys()
    client.cookies.clear()
    headers = {b"Cookie": f"{name}={secret}".encode("latin-1")}
    assert client.get("/api/library", headers=headers).status_code == 403
    assert client.get("/", params={"token": secret}).status_code == 403
    assert client.post("/api/decide", json=DECISION, headers=headers).status_code == 403


def test_the_token_becomes_a_strict_cookie_and_leaves_the_address(
    client: TestClient, shared_server: ReviewServer
) -> None:
    token = shared_server.gate.token
    client.cookies.clear()
    answer = client.get(f"/?token={token}", headers={"Sec-Fetch-Site": "none"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{shared_server.gate.root}/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert token.lower() not in cookie
    # The token opens the page alone.
    client.cookies.clear()
    assert client.get(f"/api/library?token={token}").status_code == 403


def test_a_server_on_another_port_is_sent_no_cookie(shared_server: ReviewServer) -> None:
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(shared_server.gate.address).status_code == 200
        for address, is_sent in (
            (f"{shared_server.gate.base}/api/library", True),
            ("http://127.0.0.1:9/", False),
            ("http://127.0.0.1:9/api/library", False),
        ):
            request = browser.build_request("GET", address)
            assert ("cookie" in request.headers) == is_sent


@pytest.mark.parametrize("place", ["", "/", "/api/library", PHOTO, "{root}", "{root}x/api/library"])
def test_nothing_is_served_outside_the_path_of_the_run(
    client: TestClient, shared_server: ReviewServer, place: str
) -> None:
    gate = shared_server.gate
    address = f"http://127.0.0.1:{gate.port}{place.format(root=gate.root)}"
    for params in ({}, {"token": gate.token}):
        answer = client.get(address, params=params)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_every_run_has_its_own_secrets() -> None:
    one, two = Gate(1), Gate(1)
    secrets = {secret for gate in (one, two) for secret in (gate.token, gate.secret, gate.root)}
    assert len(secrets) == 6


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
        "/photo/../../etc/passwd/large", "/photo/%2e%2e/large", "/photo/-1/large",
        "/photo/999999/large", "/photo/1e3/large", f"/photo/{2**70}/original",
        "/photo/1/large/../../../etc/passwd",
    ],
)  # fmt: skip
def test_paths_lead_nowhere(client: TestClient, path: str) -> None:
    answer = client.get(path)
    # Some lead out of the path of the run before they are sent.
    assert answer.status_code in {403, 404}
    assert b"import" not in answer.content
    assert b"root:" not in answer.content


def test_a_hostile_catalog_leads_to_no_file_outside(
    server: ReviewServer, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_RELOAD_S", 0.0)
    secret = tmp_path / "secret.jpg"
    secret.write_bytes((next(library.glob("*.jpg"))).read_bytes())
    with closing(sqlite3.connect(library / ".clearshot" / "catalog.sqlite")) as connection:
        connection.execute("UPDATE photos SET path = ? WHERE id = 1", (b"../secret.jpg",))
        connection.commit()
    gate = server.gate
    with httpx.Client(base_url=gate.base, cookies={gate.cookie: gate.secret}, timeout=20) as client:
        client.get("/api/state")
        for picture in ("thumbnail", "large", "original", "focus", "histogram"):
            assert client.get(f"/photo/1/{picture}").status_code == 404


def test_a_decision_about_a_million_photos_is_stored(client: TestClient) -> None:
    message = {"photos": list(range(1, 1_000_001)), "choice": "keep"}
    assert client.post("/api/decide", json=message).status_code == 200
    assert count_decisions(client) == len(client.get("/api/library").json()["photos"]["id"])


def test_a_huge_body_is_refused(client: TestClient) -> None:
    content = b'{"photos": [' + b"1," * MAX_BODY_BYTES + b"1]}"
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/decide", content=content, headers=headers).status_code == 413


def test_a_huge_body_of_unsaid_length_is_refused(client: TestClient) -> None:
    def pour() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1000 + 1):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/decide", content=pour(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "message",
    [
        b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000,
        b"{}", b'{"photos": 1, "choice": "keep"}', b'{"photos": [], "choice": "keep"}',
        b'{"photos": ["1"], "choice": "keep"}', b'{"photos": [true], "choice": "keep"}',
        b'{"photos": [1.5], "choice": "keep"}', b'{"photos": [-1], "choice": "keep"}',
        b'{"photos": [18446744073709551616], "choice": "keep"}',
        b'{"photos": [1]}', b'{"photos": [1], "choice": "maybe"}', b'{"photos": [1], "choice": 1}',
        b'{"photos": [1], "choice": {}}', b'{"photos": [1], "stars": 6}',
        b'{"photos": [1], "stars": true}', b'{"photos": [1], "stars": null}',
        b'{"photos": [1], "color": "pink"}', b'{"photos": [1], "choice": "keep", "stars": 1}',
        b'{"photos": [1], "path": "/etc/passwd"}',
    ],
)  # fmt: skip
def test_wrong_types_are_refused_and_change_nothing(client: TestClient, message: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/decide", content=message, headers=headers)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert count_decisions(client) == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/decide").status_code == 405


@pytest.mark.parametrize("path", ["/", PHOTO, "/api/library", "/nothing", "/static/style.css"])
def test_every_answer_is_sealed(client: TestClient, path: str) -> None:
    for answer in (client.get(path), client.get(path, headers={"Host": "evil.example"})):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_the_page_holds_no_inline_script_or_style_and_no_foreign_address() -> None:
    from clearshot.web.app import STATIC

    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "innerHTML" not in text
        assert "https://" not in text
        foreign = text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in foreign
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page)
    assert scripts
    assert set(scripts) == {""}
    assert "style=" not in page
    assert " on" not in page.split("<noscript>")[0]


def test_only_this_machine_is_served(shared_server: ReviewServer) -> None:
    assert shared_server.gate.address.startswith("http://127.0.0.1:")
    bound = shared_server._socket.getsockname()
    assert bound[0] == "127.0.0.1"
    assert httpx.get(f"{shared_server.gate.base}/api/library").status_code == 403


@contextmanager
def hung_up_at_most() -> Iterator[None]:
    """Pass over the error of a connection that the other end has closed, and over no other."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.ENOTCONN, errno.ECONNRESET}:
            raise


def test_malformed_requests_do_not_stop_the_server(shared_server: ReviewServer) -> None:
    port = shared_server.gate.port
    num_threads = threading.active_count()
    for raw in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /api/decide HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x00\xff" * 100,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answer = b""
            # The server may have refused and hung up by now; what it said is read all the same.
            with hung_up_at_most():
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
            with hung_up_at_most():
                answer = connection.recv(100)
        assert not answer.startswith(b"HTTP/1.1 2")
    assert httpx.get(shared_server.gate.address).status_code == 303
    assert threading.active_count() < num_threads + 5
