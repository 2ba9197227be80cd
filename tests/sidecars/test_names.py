from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.photo import FileStamp, Photo
from clearshot.sidecars.names import Naming, list_sidecars


def name_sidecars(companions: list[str], *namings: Naming, photo: str = "IMG.JPG") -> list[str]:
    folder = Path("/photos")
    record = Photo(folder / photo, FileStamp(1, 1), tuple(folder / name for name in companions))
    return [path.name for path in list_sidecars(record, namings)]


@pytest.mark.parametrize(
    ("companions", "stem", "full"),
    [
        ([], ["IMG.xmp"], ["IMG.JPG.xmp"]),
        (["IMG.CR2", "IMG.MOV"], ["IMG.xmp"], ["IMG.JPG.xmp", "IMG.CR2.xmp"]),
        (["IMG.XMP"], ["IMG.XMP"], ["IMG.JPG.xmp"]),
        (["IMG.CR2", "IMG.CR2.XMP"], ["IMG.xmp"], ["IMG.JPG.xmp", "IMG.CR2.XMP"]),
    ],
)
def test_each_program_finds_its_name(
    companions: list[str], stem: list[str], full: list[str]
) -> None:
    assert name_sidecars(companions, Naming.STEM) == stem
    assert name_sidecars(companions, Naming.FULL) == full
    assert name_sidecars(companions, Naming.STEM, Naming.FULL) == stem + full
    existing = [name for name in companions if name.lower().endswith(".xmp")]
    assert name_sidecars(companions, Naming.AUTO) == existing


def test_a_raw_photo_alone() -> None:
    assert name_sidecars([], Naming.FULL, photo="IMG.NEF") == ["IMG.NEF.xmp"]
