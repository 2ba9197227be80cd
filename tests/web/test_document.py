"""What the page is told of each photo."""

from __future__ import annotations

from clearshot.catalog.glimpses import Glimpse
from clearshot.web.document import describe_photos

GLIMPSE = Glimpse(
    number=1,
    path=b"friday/a.jpg",
    size_bytes=1000,
    mtime_ns=1_767_225_600_000_000_000,
    width_px=300,
    height_px=200,
    camera=None,
    taken_at=None,
    failure=None,
    blurry=0.0,
    blurry_full=0.0,
    dark=0.0,
    overexposed=0.0,
)


def read_version(glimpse: Glimpse) -> str:
    (version,) = describe_photos([glimpse], {1: (0.5, 0.5, 0.5)})["photos"]["version"]
    return str(version)


def test_no_other_photo_and_no_other_state_has_the_version_of_a_photo() -> None:
    others = [
        GLIMPSE._replace(path=b"friday/b.jpg"),
        GLIMPSE._replace(size_bytes=1001),
        GLIMPSE._replace(mtime_ns=GLIMPSE.mtime_ns + 1),
        GLIMPSE._replace(mtime_ns=-1),
        # What ends the time of one must not begin the name of the other.
        GLIMPSE._replace(mtime_ns=1, path=b"2 a"),
        GLIMPSE._replace(mtime_ns=12, path=b" a"),
    ]
    versions = {read_version(glimpse) for glimpse in (GLIMPSE, *others)}
    assert len(versions) == len(others) + 1
    # Judged anew, it is the same picture.
    assert read_version(GLIMPSE._replace(blurry=3.0, width_px=None)) == read_version(GLIMPSE)
