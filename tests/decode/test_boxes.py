"""Boxes tell where the pictures of a file lie, in every way of writing them down."""

from __future__ import annotations

import io
import time

import pytest

from clearshot.decode.boxes import find_coded_pictures, read_meta, walk_boxes
from heif_files import make_heif

ITEMS = [(b"hvc1", b"a" * 700), (b"hvc1", b"b" * 90), (b"Exif", b"c" * 40), (b"av01", b"d" * 5)]


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("is_wide", [False, True])
def test_pictures_are_found_where_they_lie(version: int, is_wide: bool) -> None:
    content = make_heif(ITEMS, version=version, is_wide=is_wide)
    parts = find_coded_pictures(io.BytesIO(content))
    found = [content[start:end] for start, end in parts]
    assert found == [data for kind, data in ITEMS if kind != b"Exif"]


def test_a_box_may_last_as_long_as_the_file() -> None:
    content = make_heif(ITEMS, is_open=True)
    *_, last = walk_boxes(io.BytesIO(content), 0, len(content))
    assert (last.kind, last.end) == (b"mdat", len(content))


@pytest.mark.parametrize("length", [0, 4, 8, 30, 60, 100, 150])
def test_what_is_cut_in_its_description_names_no_more_than_is_there(length: int) -> None:
    content = make_heif(ITEMS)
    whole = find_coded_pictures(io.BytesIO(content))
    assert set(find_coded_pictures(io.BytesIO(content[:length]))) <= set(whole)


@pytest.mark.parametrize("content", [b"", bytes(64), b"\0\0\0\7meta" + bytes(20), b"no boxes" * 9])
def test_what_is_no_box_describes_nothing(content: bytes) -> None:
    assert read_meta(io.BytesIO(content)) == b""
    assert find_coded_pictures(io.BytesIO(content)) == []


@pytest.mark.parametrize("claimed_size", [None, 0x7FFFFFFF])
def test_a_table_that_promises_millions_costs_no_time(claimed_size: int | None) -> None:
    content = make_heif(ITEMS, version=2)
    at = content.index(b"iloc")
    content = content[: at + 10] + b"\x00\x7f\xff\xff" + content[at + 14 :]
    if claimed_size is not None:
        content = content[: at - 4] + claimed_size.to_bytes(4, "big") + content[at:]
    started = time.process_time()
    assert len(find_coded_pictures(io.BytesIO(content))) == 3
    assert time.process_time() - started < 1
