"""Where the steps of a journal may reach: a library's journals are trusted for that library alone.

A library can come from anyone, in an archive or on a drive, and its journals with it. What they
say is carried out after a crash and by undo, so it is checked before.
"""

from __future__ import annotations

import errno
from functools import cache
from typing import TYPE_CHECKING

from clearshot.actions.plan import TRASH_PLACE, Kind
from clearshot.discover import PHOTO_SUFFIXES
from clearshot.photo import COMPANION_SUFFIXES
from clearshot.sidecars.jpeg import JPEG_SUFFIXES, is_xmp_exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearshot.actions.plan import Plan, Step

_FROM_HOME = {Kind.COPY, Kind.HARDLINK, Kind.SYMLINK, Kind.TRASH}

# Where the trash of freedesktop.org keeps its files.
_TRASHED = "files"

# SHA-256 in hexadecimal digits.
_HASH_DIGITS = 64


def find_trespass(plan: Plan, library: Path) -> str:
    """Say why a plan may not be carried out or taken back in a library. Looks only.

    The plan must be about this library. Each step must have the end that is the library's own
    inside it, after links of parent folders are followed: what is copied, linked or trashed, what
    stays or comes back when that is taken back, one of both ends of a move, and what is written,
    which must be an XMP sidecar, or XMP in a JPEG. An end outside must be named like a photo
    or a companion.

    Parameters
    ----------
    plan : Plan
        The plan, as a journal has it.
    library : Path
        The folder whose journals these are, absolute.

    Returns
    -------
    str
        Empty when it may.
    """
    if not _is_same_folder(plan.folder, library):
        return f"it is of the library {plan.folder}, not of {library}"
    roots = (plan.folder.resolve(), library.resolve())
    resolve = cache(_follow_links)

    def is_inside(place: Path) -> bool:
        if not place.is_absolute() or place.name in {"", ".."}:
            return False
        return any(map(resolve(place.parent).is_relative_to, roots))

    for number, step in enumerate(plan.steps):
        if not _stays_on_premises(step, is_inside):
            return f"step {number} ({step.kind}) is not of this library: {step.source}"
    return ""


def _follow_links(folder: Path) -> Path:
    """Follow the links of a folder, which need not exist.

    Raises
    ------
    OSError
        If they are a loop, which leads nowhere.
    """
    try:
        folder.stat()
    except OSError as error:
        # From Python 3.13 on, `Path.resolve` gives back a loop as if it were a folder.
        if error.errno == errno.ELOOP:
            raise
    return folder.resolve()


def _is_same_folder(named: Path, library: Path) -> bool:
    if not named.is_absolute():
        return False
    try:
        return named.resolve() == library.resolve() or named.samefile(library)
    except OSError:
        return False


def _stays_on_premises(step: Step, is_inside: Callable[[Path], bool]) -> bool:
    source, target = step.source, step.target
    match step.kind:
        case Kind.WRITE:
            return source == target and source.suffix.lower() == ".xmp" and is_inside(source)
        case Kind.EMBED:
            is_jpeg = source.suffix.lower() in JPEG_SUFFIXES
            return source == target and is_jpeg and is_inside(source) and _is_of_xmp(step)
        case Kind.TRASH:
            return target == TRASH_PLACE and is_inside(source)
        case Kind.RESTORE:
            is_trash = source == TRASH_PLACE or source.parent.name == _TRASHED
            return is_trash and is_inside(target)
        case Kind.MOVE:
            home, other = (source, target) if is_inside(source) else (target, source)
        case kind:
            home, other = (source, target) if kind in _FROM_HOME else (target, source)
    return is_inside(home) and (is_inside(other) or _is_like(other, home))


def _is_of_xmp(step: Step) -> bool:
    """Tell whether what is exchanged in a photo is XMP. Where, is looked at before it is."""
    if step.before is None or step.after is None or not isinstance(step.offset, int):
        return False
    hashes = (step.sha256_before, step.sha256_after)
    is_hashed = all(isinstance(each, str) and len(each) == _HASH_DIGITS for each in hashes)
    return is_hashed and is_xmp_exchange(step.before, step.after)


def _is_like(other: Path, home: Path) -> bool:
    """Tell whether a place outside has a name that a sorted photo or companion can have."""
    suffix = other.suffix.lower()
    is_known = suffix in PHOTO_SUFFIXES | COMPANION_SUFFIXES
    return other.is_absolute() and is_known and suffix == home.suffix.lower()
