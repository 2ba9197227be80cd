from __future__ import annotations

import errno
import io
import os
import struct
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image, ImageOps, TiffTags

from clearshot.actions.atomic import read_stamp
from clearshot.catalog.place import default_path
from clearshot.decode.image import read_rgb
from clearshot.errors import ChangedPhotoError, MissingPhotoError, OversizedPhotoError
from clearshot.photo import FileStamp, Photo, Region
from clearshot.scoring.scorer import Scorer
from clearshot.web.pictures import (
    THUMBNAIL_PX,
    draw_large,
    draw_thumbnail,
    measure_histogram,
    read_original,
)
from clearshot.web.thumbnails import Thumbnails, choose_folder
from luma_scorer import make_scores


class Counter:
    """Draws a hundred bytes that end as a JPEG does, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, path: Path) -> bytes:
        self.count += 1
        return path.name.encode().ljust(98, b".") + b"\xff\xd9"


def make_photo(folder: Path, number: int) -> Photo:
    path = folder / f"{number}.jpg"
    path.write_bytes(b".")
    os.utime(path, ns=(number, number))
    return Photo(path, FileStamp(1, number))


def test_a_thumbnail_is_drawn_once_for_each_state(tmp_path: Path) -> None:
    draw = Counter()
    photo = make_photo(tmp_path, 1)
    for _ in range(3):
        thumbnails = Thumbnails(tmp_path / "kept", draw=draw)
        assert thumbnails.read(photo).startswith(b"1.jpg")
        assert thumbnails.has(photo)
    assert draw.count == 1
    photo.path.write_bytes(b"..")
    changed = replace(photo, stamp=read_stamp(photo.path))
    assert not thumbnails.has(changed)
    thumbnails.read(changed)
    assert draw.count == 2


def test_the_folder_stays_within_its_bound(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "kept", max_bytes=1000, draw=Counter())
    for number in range(50):
        thumbnails.read(make_photo(tmp_path, number))
        size = sum(path.stat().st_size for path in (tmp_path / "kept").rglob("*.*"))
        assert size <= 1000
    assert thumbnails.has(make_photo(tmp_path, 49))
    assert not thumbnails.has(make_photo(tmp_path, 0))


def test_what_lay_there_before_counts(tmp_path: Path) -> None:
    first = Thumbnails(tmp_path / "kept", max_bytes=10_000, draw=Counter())
    for number in range(9):
        first.read(make_photo(tmp_path, number))
    assert not first.is_full()
    assert Thumbnails(tmp_path / "kept", max_bytes=1000, draw=Counter()).is_full()


def test_threads_share_it(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "kept", max_bytes=2000, draw=Counter())
    photos = [make_photo(tmp_path, number) for number in range(40)]

    def read() -> None:
        for photo in photos:
            assert thumbnails.read(photo).startswith(photo.path.name.encode())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not list((tmp_path / "kept").rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    draw = Counter()
    thumbnails = Thumbnails(tmp_path / "kept", draw=draw)
    for _ in range(2):
        assert thumbnails.read(make_photo(tmp_path, 1))
    assert draw.count == 2


@pytest.mark.parametrize("left", [b"", b"1.jpg...", bytes(100)])
def test_a_thumbnail_that_was_cut_off_is_drawn_again(tmp_path: Path, left: bytes) -> None:
    draw = Counter()
    thumbnails = Thumbnails(tmp_path / "kept", draw=draw)
    whole = thumbnails.read(make_photo(tmp_path, 1))
    [place] = (tmp_path / "kept").rglob("*.jpg")
    place.write_bytes(left)
    for _ in range(2):
        assert thumbnails.read(make_photo(tmp_path, 1)) == whole
    assert place.read_bytes() == whole
    assert draw.count == 2


def test_a_folder_that_cannot_be_looked_at_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Thumbnails(tmp_path / "kept", draw=Counter()).read(make_photo(tmp_path, 1))

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "glob", refuse)
    monkeypatch.setattr(Path, "exists", refuse)
    thumbnails = Thumbnails(tmp_path / "kept", draw=Counter())
    assert thumbnails.is_full()
    assert not thumbnails.has(Photo(tmp_path / "1.jpg", FileStamp(1, 1)))


def test_a_photo_that_is_gone_is_an_error(tmp_path: Path) -> None:
    photo = make_photo(tmp_path, 1)
    photo.path.unlink()
    with pytest.raises(MissingPhotoError):
        Thumbnails(tmp_path / "kept").read(photo)


def test_no_other_picture_is_kept_as_the_thumbnail_of_a_photo(tmp_path: Path) -> None:
    photo = make_photo(tmp_path, 1)

    def draw_replaced(path: Path) -> bytes:
        path.write_bytes(b"another picture")
        return b"thumbnail of another picture"

    thumbnails = Thumbnails(tmp_path / "kept", draw=draw_replaced)
    with pytest.raises(ChangedPhotoError):
        thumbnails.read(photo)
    assert not thumbnails.has(photo)


def test_thumbnails_are_upright_and_small(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (900, 600), "red").save(path, exif=exif)
    content = Thumbnails(tmp_path / "kept").read(Photo(path, read_stamp(path)))
    assert Image.open(io.BytesIO(content)).size == (THUMBNAIL_PX * 2 // 3, THUMBNAIL_PX)
    assert Image.open(io.BytesIO(draw_large(path))).size == (600, 900)


@pytest.mark.parametrize(
    ("suffix", "media_type"), [("jpg", "image/jpeg"), ("png", "image/png"), ("tif", "image/jpeg")]
)
def test_the_original_has_every_pixel(tmp_path: Path, suffix: str, media_type: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    Image.linear_gradient("L").convert("RGB").resize((300, 200)).save(path)
    content, told = read_original(path)
    assert told == media_type
    assert Image.open(io.BytesIO(content)).size == (300, 200)
    assert (content == path.read_bytes()) == (suffix != "tif")


def make_exif(field_type: int) -> bytes:
    """An orientation of 6, a quarter turn, as a number of the given type of TIFF 6.0."""
    return b"Exif\x00\x00II*\x00" + struct.pack("<IHHHIII", 8, 1, 0x0112, field_type, 1, 6, 0)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize(
    ("name", "options", "is_as_stored"),
    [
        ("photo.jpg", {"exif": make_exif(TiffTags.SHORT)}, True),
        ("photo.jpg", {"exif": make_exif(TiffTags.SHORT), "xmp": XMP}, True),
        ("photo.jpg", {"exif": make_exif(TiffTags.LONG)}, False),
        ("photo.jpg", {"xmp": XMP}, False),
        ("photo.png", {"exif": make_exif(TiffTags.SHORT)}, False),
    ],
)
def test_the_original_is_upright_whatever_the_browser_believes(
    tmp_path: Path, name: str, options: dict[str, Any], *, is_as_stored: bool
) -> None:
    path = tmp_path / name
    Image.new("RGB", (300, 200), "red").save(path, **options)
    assert read_rgb(path, long_side_px=300).shape == (300, 200, 3)
    content, _ = read_original(path)
    assert (content == path.read_bytes()) == is_as_stored
    if not is_as_stored:
        picture = Image.open(io.BytesIO(content))
        assert picture.size == (200, 300)
        assert not picture.getexif()


def test_the_orientation_of_a_png_counts_behind_its_pixels_too(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    exif = make_exif(TiffTags.SHORT)[6:]
    chunk = b"eXIf" + exif
    Image.new("RGB", (300, 200), "red").save(path)
    pixels, end = path.read_bytes()[:-12], path.read_bytes()[-12:]
    path.write_bytes(
        pixels + struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end
    )
    content, media_type = read_original(path)
    assert media_type == "image/jpeg"
    assert Image.open(io.BytesIO(content)).size == (200, 300)


def test_the_histogram_tells_what_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    picture = Image.new("RGB", (200, 100), "black")
    picture.paste((255, 255, 255), (100, 0, 150, 100))
    # One colour is black, but not the pixel.
    picture.paste((200, 0, 0), (150, 0, 200, 100))
    picture.save(path)
    histogram = measure_histogram(path)
    assert histogram["black"] == pytest.approx(0.5, abs=0.02)
    assert histogram["white"] == pytest.approx(0.25, abs=0.02)
    assert max(histogram["red"][2:-2]) == 1.0
    assert len(histogram["red"]) == len(histogram["green"]) == len(histogram["blue"])


@pytest.mark.parametrize("grey", [0, 255])
def test_the_histogram_leaves_a_frame_out(tmp_path: Path, grey: int) -> None:
    path = tmp_path / "framed.png"
    shades = np.random.default_rng(1).integers(60, 200, (160, 240, 3), dtype=np.uint8)
    ImageOps.expand(Image.fromarray(shades), 40, (grey, grey, grey)).save(path)
    histogram = measure_histogram(path, Scorer().score(path))
    assert (histogram["black"], histogram["white"]) == (0, 0)


def test_the_histogram_is_of_what_was_scored(tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    picture = Image.new("RGB", (3000, 2000))
    picture.paste((120, 120, 120), (1500, 0, 3000, 2000))
    picture.save(path)
    scores = make_scores(size_px=picture.size)
    assert measure_histogram(path, scores)["black"] == pytest.approx(0.5, abs=0.01)
    right = replace(scores, inside=Region(1520, 0, 1480, 2000))
    assert measure_histogram(path, right)["black"] == 0


def test_thumbnails_lie_beside_the_catalog_or_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    catalog = default_path(library)
    catalog.parent.mkdir(parents=True)
    assert choose_folder(library, catalog) == catalog.parent / "thumbnails"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    elsewhere = choose_folder(library, tmp_path / "other.sqlite")
    assert elsewhere.is_relative_to(tmp_path / "cache")
    assert elsewhere != choose_folder(tmp_path / "second", tmp_path / "other.sqlite")


def test_what_is_no_thumbnail_is_never_dropped(tmp_path: Path) -> None:
    objects = tmp_path / "repository" / "objects" / "ab"
    objects.mkdir(parents=True)
    for name in ("0" * 38, "notes.txt"):
        (objects / name).write_bytes(b"." * 5000)
    foreign = tmp_path / "elsewhere"
    foreign.mkdir()
    (foreign / f"{'0' * 40}.jpg").write_bytes(b"." * 5000)
    for number in range(256):
        if number != 0xAB:
            (objects.parent / f"{number:02x}").symlink_to(foreign)
    thumbnails = Thumbnails(objects.parent, max_bytes=150, draw=Counter())
    for number in range(5):
        assert thumbnails.read(make_photo(tmp_path, number))
    assert {path.name for path in objects.iterdir()} >= {"0" * 38, "notes.txt"}
    assert [path.name for path in foreign.iterdir()] == [f"{'0' * 40}.jpg"]


@pytest.mark.parametrize("linked", [".clearshot", ".clearshot/thumbnails"])
def test_thumbnails_do_not_follow_a_link_out_of_the_library(tmp_path: Path, linked: str) -> None:
    library = tmp_path / "library"
    (library / linked).parent.mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (library / linked).symlink_to(tmp_path / "other")
    assert not choose_folder(library, default_path(library)).is_relative_to(library)


@pytest.mark.parametrize(
    "read",
    [draw_thumbnail, draw_large, read_original, measure_histogram],
    ids=lambda read: read.__name__,
)
def test_the_limit_of_pixels_holds_for_pictures_too(
    tmp_path: Path, read: Callable[..., object]
) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (300, 200)).save(path)
    read(path, max_pixels=60_000)
    with pytest.raises(OversizedPhotoError):
        read(path, max_pixels=59_999)
