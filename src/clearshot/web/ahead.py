"""Reads ahead while the page rests: thumbnails, those of the worst photos first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from clearshot.errors import PhotoError

if TYPE_CHECKING:
    from clearshot.photo import Photo
    from clearshot.web.desk import Desk
    from clearshot.web.thumbnails import Thumbnails

# How long to wait before looking again whether the page is being served [s].
_YIELD_S: Final = 0.05
# How long to wait before looking again whether there are new photos [s].
_REST_S: Final = 0.5
# How long a page has to open before anything is read ahead [s].
_HEAD_START_S: Final = 2.0
# How long to wait for the photo that is being read when the page ends [s].
_PATIENCE_S: Final = 3.0


class ReadAhead:
    """A thread that reads ahead.

    Parameters
    ----------
    desk : Desk
        The photos.
    thumbnails : Thumbnails
        Drawn until there is no more room.
    """

    def __init__(self, desk: Desk, thumbnails: Thumbnails) -> None:
        self._desk = desk
        self._thumbnails = thumbnails
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Stop at the next photo, and wait a moment for that."""
        self._is_ending.set()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        # The first picture matters most: nothing else runs while a page opens.
        self._is_ending.wait(_HEAD_START_S)
        while not self._is_ending.is_set():
            revision = self._desk.revision
            self._draw_thumbnails(revision)
            while revision == self._desk.revision and not self._is_ending.wait(_REST_S):
                pass

    def _draw_thumbnails(self, revision: int) -> None:
        worst = {number: max(ps) for number, ps in self._desk.probabilities.items() if ps}
        for number in sorted(worst, key=lambda number: -worst[number]):
            if not self._may_go_on(revision) or self._thumbnails.is_full():
                return
            try:
                self._draw(self._desk.find(number))
            except PhotoError:
                # The page says so when the photo is looked at.
                continue

    def _draw(self, photo: Photo) -> None:
        if not self._thumbnails.has(photo):
            self._thumbnails.read(photo)

    def _may_go_on(self, revision: int) -> bool:
        """Wait until the page rests; tell whether the photos are still the same."""
        while self._desk.is_serving:
            if self._is_ending.wait(_YIELD_S):
                return False
        return not self._is_ending.is_set() and revision == self._desk.revision
