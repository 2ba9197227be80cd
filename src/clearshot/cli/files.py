"""Files that a command writes because the user named them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from clearshot.config import OWN_FOLDER
from clearshot.errors import InputError, UsageError
from clearshot.paths import anchor
from clearshot.photo import COMPANION_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The text in a picture that tells it from a photo.
MAKER_KEY, MAKER = "Software", "clearshot"


def is_stdout(path: Path | None) -> bool:
    """Tell whether a file that the user named is the standard output.

    Parameters
    ----------
    path : Path or None
        What was named, if anything.

    Returns
    -------
    bool
        True for `-`.
    """
    return str(path) == "-"


def check_free(path: Path, *, force: bool | None) -> None:
    """Refuse to write where something is, before any work is done.

    Parameters
    ----------
    path : Path
        The file to write; `-` is stdout.
    force : bool or None
        Whether a file may be replaced; None in a command that never does and has no --force.

    Raises
    ------
    InputError
        If there is a file and it may not be replaced, if it is a photo, which never may, if it is a
        folder, a pipe or a device, if it belongs to a photo or to a library, as sidecars and
        catalogs do, or if the folder that is to hold it is missing or cannot be written.
    """
    if is_stdout(path):
        return
    if path.is_dir():
        raise InputError("is a folder; name a file", path=path)
    if path.exists() and not path.is_file():
        raise InputError("is a pipe or a device; name a file", path=path)
    if not path.parent.is_dir():
        raise InputError("the folder for this file is not there", path=path)
    # A file that is there may be one that can be written all the same.
    if not os.path.lexists(path) and not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError("the folder for this file cannot be written", path=path)
    if os.path.lexists(path) and not force:
        hint = "name another file" if force is None else "--force replaces it"
        raise InputError(f"exists already; {hint}", path=path)
    if force and _is_of_library(path):
        raise InputError("belongs to photos and is never replaced; name another file", path=path)
    if force and _is_photo(path):
        raise InputError("is a photo, which is never replaced; name another file", path=path)


def check_distinct(paths: Iterable[Path]) -> None:
    """Refuse two outputs to one place.

    Parameters
    ----------
    paths : iterable of Path
        The files to write; `-` is stdout.

    Raises
    ------
    UsageError
        If two of them are one.
    """
    places = [path.resolve() for path in paths]
    if len(set(places)) < len(places):
        raise UsageError("two outputs would be written to the same place")


def _is_of_library(path: Path) -> bool:
    """Tell whether something is a companion of a photo, or clearshot's own memory of a library."""
    is_companion = path.is_file() and path.suffix.lower() in COMPANION_SUFFIXES
    return is_companion or OWN_FOLDER in anchor(path).parts


def _is_photo(path: Path) -> bool:
    """Tell whether something is a picture that clearshot did not draw itself."""
    # Imported here: they take longer than most commands that write no file.
    from PIL import Image

    from clearshot.discover import PHOTO_SUFFIXES

    if not path.is_file():
        return False
    try:
        with Image.open(path) as picture:
            return picture.info.get(MAKER_KEY) != MAKER
    except Exception:  # noqa: BLE001 - Pillow's readers raise whatever comes; the name tells then
        return path.suffix.lower() in PHOTO_SUFFIXES and path.stat().st_size > 0


def write_file(path: Path, content: bytes, *, force: bool | None) -> None:
    """Write a file as a whole: never a part of it, and never onto another without `force`.

    Parameters
    ----------
    path : Path
        The file to write; `-` is stdout.
    content : bytes
        What to write.
    force : bool or None
        As for `check_free`.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    if is_stdout(path):
        write_stdout(content)
        return
    check_free(path, force=force)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"cannot be written: {error.strerror}", path=path) from error


def write_stdout(content: bytes) -> None:
    """Write bytes to stdout at once, so that a reader sees each photo when it is judged.

    Parameters
    ----------
    content : bytes
        What to write.
    """
    click.echo(content, nl=False)


def encode(text: str) -> bytes:
    """Encode a result as UTF-8; file names that are no text keep their bytes.

    Parameters
    ----------
    text : str
        The result.

    Returns
    -------
    bytes
        UTF-8.
    """
    return text.encode("utf-8", "surrogateescape")
