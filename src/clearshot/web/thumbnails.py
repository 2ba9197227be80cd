"""Thumbnails on disk: drawn once, found again, and never more of them than fit."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearshot.catalog.place import default_path
from clearshot.web.pictures import draw_thumbnail
from clearshot.web.states import check_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearshot.photo import Photo

# 512 MB hold about 25,000 thumbnails.
MAX_BYTES: Final = 512 * 1024 * 1024

# How much goes at once when it is full, so that the folder is not listed for each new one.
_KEPT_SHARE: Final = 0.8

# Raise when thumbnails are drawn in another way.
_VERSION: Final = 1

# A power cut, or a drive that is taken out, can leave a file without the end of its content.
_JPEG_END: Final = b"\xff\xd9"

# Names that thumbnails have, and what a crash leaves of one. Others are not dropped.
_THUMBNAIL: Final = re.compile(r"[0-9a-f]{40}(\.jpg|\.[0-9a-f]{8}\.part)")


def choose_folder(library: Path, catalog: Path) -> Path:
    """Choose where the thumbnails of a library are kept.

    Parameters
    ----------
    library, catalog : Path
        The library's folder and its catalog's file, absolute.

    Returns
    -------
    Path
        Beside a catalog that is in its library; else a folder of the user's cache. That, too, where
        a link leads out of the library.
    """
    folder = catalog.parent / "thumbnails"
    is_linked = catalog.parent.is_symlink() or folder.is_symlink()
    if catalog == default_path(library) and os.access(catalog.parent, os.W_OK) and not is_linked:
        return folder
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(os.fsencode(library)).hexdigest()[:16]
    return cache / "clearshot" / "thumbnails" / name


class Thumbnails:
    """The thumbnails of one library. Threads may share it.

    Parameters
    ----------
    folder : Path
        Where they are kept; made when the first one is. It may be removed at any time.
    max_bytes : int
        How large the folder may become [bytes]; the ones that were drawn longest ago go first.
    draw : callable
        Draws a photo; by default `draw_thumbnail`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        draw: Callable[[Path], bytes] = draw_thumbnail,
    ) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._draw = draw
        self._lock = threading.Lock()
        self._size_bytes: int | None = None

    def read(self, photo: Photo) -> bytes:
        """Give the thumbnail of a photo; draw it if there is none of its present state.

        Raises PhotoError if the photo cannot be read, or changes before it is drawn. A folder that
        cannot be written is no error: the thumbnail is drawn each time then.

        Parameters
        ----------
        photo : Photo
            With its present stamp.

        Returns
        -------
        bytes
            JPEG.
        """
        place = self._find_place(photo)
        with contextlib.suppress(OSError):
            content = place.read_bytes()
            if content.endswith(_JPEG_END):
                return content
        content = self._draw(photo.path)
        check_state(photo)
        with contextlib.suppress(OSError):
            self._keep(place, content)
        return content

    def has(self, photo: Photo) -> bool:
        """Tell whether the thumbnail of a photo is there already."""
        try:
            return self._find_place(photo).exists()
        except OSError:
            return False

    def is_full(self) -> bool:
        """Tell whether drawing more would drop others, or the folder cannot be looked at."""
        with self._lock:
            try:
                return self._measure() >= self._max_bytes * _KEPT_SHARE
            except OSError:
                return True

    def _find_place(self, photo: Photo) -> Path:
        stamp = photo.stamp
        words = f"{_VERSION} {stamp.size_bytes} {stamp.mtime_ns} ".encode()
        name = hashlib.sha256(words + os.fsencode(photo.path)).hexdigest()[:40]
        return self.folder / name[:2] / f"{name}.jpg"

    def _keep(self, place: Path, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        # What lies behind a link is not listed, so it would never be dropped.
        if place.parent.is_symlink():
            return
        part = place.with_name(f"{place.stem}.{secrets.token_hex(4)}.part")
        try:
            part.write_bytes(content)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._size_bytes = self._measure() + len(content)
            if self._size_bytes > self._max_bytes:
                self._size_bytes = self._drop()

    def _measure(self) -> int:
        if self._size_bytes is None:
            self._size_bytes = sum(size for _, size, _ in self._list())
        return self._size_bytes

    def _drop(self) -> int:
        """Drop the oldest until there is room again; give the size of the others."""
        left = 0
        for _, size, path in sorted(self._list(), reverse=True):
            if left + size > self._max_bytes * _KEPT_SHARE:
                with contextlib.suppress(OSError):
                    path.unlink()
            else:
                left += size
        return left

    def _list(self) -> list[tuple[int, int, Path]]:
        """List time, size and place of each; what is no thumbnail is passed over."""
        found = []
        for path in self.folder.glob("??/*"):
            if not _THUMBNAIL.fullmatch(path.name) or path.parent.is_symlink():
                continue
            with contextlib.suppress(OSError):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime_ns, status.st_size, path))
        return found
