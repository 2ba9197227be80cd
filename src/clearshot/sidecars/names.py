"""Which files are the sidecars of a photo.

Adobe programs, Capture One and IMatch read `IMG.xmp`, one for all files of that base name;
darktable and digiKam read `IMG.CR2.xmp`, one for each file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from clearshot.photo import COMPANION_SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.photo import Photo


class Naming(StrEnum):
    """How sidecars are called, or that JPEG photos hold what is to be said in themselves."""

    AUTO = "auto"
    STEM = "stem"
    FULL = "full"
    EMBED = "embed"


def list_sidecars(photo: Photo, namings: tuple[Naming, ...]) -> tuple[Path, ...]:
    """List the sidecars that a photo has or shall have under some namings.

    Parameters
    ----------
    photo : Photo
        With the companions of the moment.
    namings : tuple of Naming
        `auto` stands for those that are there, and so does `embed`.

    Returns
    -------
    tuple of Path
        Those that exist are given as they are spelled on the disk.
    """
    wanted: dict[Path, None] = {}
    for naming in namings:
        wanted |= dict.fromkeys(_list_by(photo, naming))
    return tuple(wanted)


def _list_by(photo: Photo, naming: Naming) -> list[Path]:
    existing = [path for path in photo.companions if path.suffix.lower() == ".xmp"]
    if naming in {Naming.AUTO, Naming.EMBED}:
        return existing
    pictures = [photo.path]
    pictures += [p for p in photo.companions if p.suffix.lower() not in COMPANION_SUFFIXES]
    bases = [photo.path.stem] if naming is Naming.STEM else [path.name for path in pictures]
    by_base = {path.stem: path for path in existing}
    return [by_base.get(base) or photo.path.with_name(f"{base}.xmp") for base in bases]
