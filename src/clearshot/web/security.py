"""Who may talk to the page's server: nobody but the page that this run opened.

Four checks, each enough against one attack, in this order: the Host header (a foreign name that was
rebound to 127.0.0.1), Origin and Sec-Fetch-Site (a foreign page that sends requests), the token
(another program or user on this machine), and the size and type of what is sent. What
Sec-Fetch-Site means is from the W3C draft "Fetch Metadata Request Headers", section 2.

Browsers send a cookie to every port of a host (RFC 6265, section 8.5), and so to servers of other
users. Everything lies below a path that nobody can guess, and the cookie is for that path alone.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The largest body of a request: the numbers of 1,000,000 photos fit [bytes].
MAX_BODY_BYTES: Final = 10_000_000

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_SAFE_METHODS: Final = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Gate:
    """What lets requests of one run in.

    Attributes
    ----------
    port : int
        The port that the server listens on.
    token : str
        What the address of the page holds once.
    secret : str
        What the cookie holds from then on.
    root : str
        The path below which everything is served.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    root: str = field(default_factory=lambda: f"/r-{secrets.token_urlsafe(16)}")

    @property
    def base(self) -> str:
        """Below which address everything is served."""
        return f"http://127.0.0.1:{self.port}{self.root}"

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"{self.base}/?{urlencode({'token': self.token})}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that a browser on this machine may have used."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers share cookies between ports."""
        return f"clearshot-{self.port}"


class GuardedApp:
    """Lets requests through to an app that pass all checks, and seals what it answers.

    Parameters
    ----------
    app : ASGIApp
        The page's server.
    gate : Gate
        What lets requests in.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        sealed = _seal(send)
        if refusal := self._find_refusal(scope, headers):
            await refusal(scope, receive, sealed)
        elif self._is_start(scope) and self._has_token(scope):
            await self._let_in()(scope, receive, sealed)
        elif not self._is_inside(scope) or not self._has_cookie(headers):
            text = "Open the address that clearshot review printed in the terminal."
            await PlainTextResponse(text, 403)(scope, receive, sealed)
        else:
            body = await _read_body(headers, receive)
            if body is None:
                await PlainTextResponse("too large", 413)(scope, receive, sealed)
            else:
                inside = {**scope, "root_path": self._gate.root}
                await self._app(inside, _replay(body, receive), sealed)

    def _find_refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if headers.getlist("host") not in [[host] for host in self._gate.hosts]:
            return PlainTextResponse("unknown host", 403)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        origins = [f"http://{host}" for host in self._gate.hosts]
        if origin is not None and origin not in origins:
            return PlainTextResponse("request of another page", 403)
        if scope["method"] in _SAFE_METHODS:
            # Another page may lead here, as a link does, but not take anything from here.
            is_visit = headers.get("sec-fetch-mode") == "navigate"
            allowed = {None, "same-origin", "none"} | ({site} if is_visit else set())
            return None if site in allowed else PlainTextResponse("request of another page", 403)
        if scope["method"] != "POST":
            return PlainTextResponse("not allowed", 405)
        if site not in {None, "same-origin"} or (origin is None and site is None):
            return PlainTextResponse("request of another page", 403)
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return PlainTextResponse("JSON is expected", 415)
        return None

    def _is_start(self, scope: Scope) -> bool:
        return bool(scope["path"] == f"{self._gate.root}/" and scope["method"] == "GET")

    def _is_inside(self, scope: Scope) -> bool:
        return bool(scope["path"].startswith(f"{self._gate.root}/"))

    def _has_token(self, scope: Scope) -> bool:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return _is_same(query.get("token", [""])[0], self._gate.token)

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._gate.cookie)
        except CookieError:
            return False
        return morsel is not None and _is_same(morsel.value, self._gate.secret)

    def _let_in(self) -> Response:
        # The token leaves the address, and so the history.
        place = f"{self._gate.root}/"
        response = RedirectResponse(place, 303)
        response.set_cookie(
            self._gate.cookie, self._gate.secret, httponly=True, samesite="strict", path=place
        )
        return response


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


async def _read_body(headers: Headers, receive: Receive) -> bytes | None:
    """Read what is sent; None when it is too large, whatever its length was said to be."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the app the body that was read, and then what the server tells."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _seal(send: Send) -> Send:
    """Put the headers on every answer that keep the page to itself."""

    async def send_sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_sealed
