"""Settings of Pillow and of warnings while photos are open: they are the whole program's."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

from PIL import Image as PillowImage

if TYPE_CHECKING:
    from collections.abc import Iterator


class Leniency:
    """Keeps Pillow's limit raised and warnings silent as long as any thread has a photo open.

    The first thread to come changes the settings and the last one to go changes them back, so that
    none finds those of another, or takes them for the program's own.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: list[int] = []
        self._before: int | None = None
        self._silence = warnings.catch_warnings()

    @contextmanager
    def granted(self, max_pixels: int) -> Iterator[None]:
        """Let Pillow open pictures of so many pixels without a word.

        Parameters
        ----------
        max_pixels : int
            Pillow may still refuse more; it never refuses fewer than by its own limit.
        """
        # Pillow warns from its number on, and refuses twice of it.
        limit = -(-max_pixels // 2)
        with self._lock:
            if not self._wanted:
                self._begin()
            self._wanted.append(limit)
            self._raise()
        try:
            yield
        finally:
            with self._lock:
                self._wanted.remove(limit)
                self._raise()
                if not self._wanted:
                    self._silence.__exit__(None, None, None)

    def _begin(self) -> None:
        self._before = PillowImage.MAX_IMAGE_PIXELS
        self._silence = warnings.catch_warnings()
        self._silence.__enter__()
        warnings.simplefilter("ignore")

    def _raise(self) -> None:
        if self._before is not None:
            PillowImage.MAX_IMAGE_PIXELS = max([self._before, *self._wanted])


# The one of this program.
LENIENCY: Final = Leniency()
