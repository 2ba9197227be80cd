"""Serves the page to this machine alone, and opens the browser."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import webbrowser
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn

from clearshot.errors import InputError
from clearshot.web.app import Page
from clearshot.web.desk import Desk, Desktop
from clearshot.web.jobs import JobRunner
from clearshot.web.pictures import draw_thumbnail
from clearshot.web.security import Gate, GuardedApp
from clearshot.web.thumbnails import Thumbnails, choose_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from starlette.types import ASGIApp

    from clearshot.web.jobs import Job

_LOOPBACK: Final = "127.0.0.1"
# How long open requests may take after Ctrl-C [s].
_PATIENCE_S: Final = 3


class _Server(uvicorn.Server):
    """Ends at a signal, once no file moves any more, and until then serves on; at a second at once.

    Signals before the first was heard count as one: who presses Ctrl-C twice means one.
    """

    def __init__(self, config: uvicorn.Config, jobs: JobRunner) -> None:
        super().__init__(config)
        self.waiting: Callable[[Job], None] | None = None
        self._jobs = jobs
        self._is_asked = False
        self._is_heard = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        self._is_asked = True
        if self._is_heard:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        if self._is_asked and not self._is_heard:
            self._hear()
        if self._is_heard and not self._jobs.is_moving:
            self.should_exit = True
        return await super().on_tick(counter)

    def _hear(self) -> None:
        self._is_heard = True
        self._jobs.close()
        # uvicorn would tell of each request that is cut off from here on.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        job = self._jobs.job
        if self.waiting is not None and job is not None and self._jobs.is_moving:
            self.waiting(job)


class ReviewServer:
    """The server of one run: bound when it is built, so that its address is known.

    Parameters
    ----------
    desktop : Desktop
        The library and where the page starts.
    port : int
        0 for any free port.

    Raises
    ------
    InputError
        If the port is taken.
    """

    def __init__(self, desktop: Desktop, *, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if sys.platform != "win32":
            # A port of which closed connections linger can be taken at once, one in use cannot. On
            # Windows the option would take that one, too.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((_LOOPBACK, port))
        except OSError as error:
            self._socket.close()
            raise InputError(f"port {port} cannot be used: {error.strerror}") from error
        self.gate = Gate(self._socket.getsockname()[1])
        try:
            self.page = _build_page(desktop)
        except BaseException:
            self._socket.close()
            raise
        self.app: ASGIApp = GuardedApp(self.page.build(), self.gate)
        config = uvicorn.Config(
            self.app,
            # Setting up handlers of its own, it would close all others of the program.
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_PATIENCE_S,
        )
        self._server = _Server(config, self.page.jobs)

    def run(
        self,
        *,
        ready: Callable[[str], None] | None = None,
        waiting: Callable[[Job], None] | None = None,
    ) -> None:
        """Serve until Ctrl-C, or until `stop` is called, and until no file moves any more.

        Parameters
        ----------
        ready : callable or None
            Called with the page's address when a browser may ask for it.
        waiting : callable or None
            Called with the move that is waited for, if there is one.

        Raises
        ------
        KeyboardInterrupt
            If a second Ctrl-C ends it while files move.
        """
        self._socket.listen(128)
        if not self.page.desk.num_photos:
            # Nothing is known yet: looking for photos is what anybody would do next.
            self.page.start_scan()
        if ready is not None:
            ready(self.gate.address)
        self._server.waiting = waiting
        # Ctrl-C is how a user ends it, and no error.
        with (
            contextlib.closing(self._socket),
            contextlib.suppress(KeyboardInterrupt),
            # As uvicorn itself does, but only once its loop runs.
            self._server.capture_signals(),
        ):
            self._server.run(sockets=[self._socket])
        if self._server.force_exit and self.page.jobs.is_moving:
            raise KeyboardInterrupt
        self.page.jobs.end()

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back without having served."""
        self._socket.close()


def open_browser(address: str) -> bool:
    """Open an address in the user's browser.

    Parameters
    ----------
    address : str
        Of the page.

    Returns
    -------
    bool
        Whether there is a browser.
    """
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _build_page(desktop: Desktop) -> Page:
    from clearshot.catalog.place import choose_path

    library = desktop.library
    catalog = choose_path(library, desktop.catalog_path)
    draw = partial(draw_thumbnail, max_pixels=desktop.max_pixels)
    thumbnails = Thumbnails(choose_folder(library, catalog), draw=draw)
    return Page(Desk(desktop), thumbnails, JobRunner())
