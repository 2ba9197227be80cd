from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clearshot.errors import SidecarError
from clearshot.sidecars import jpeg
from clearshot.sidecars.jpeg import (
    HEAD_START,
    find_packet,
    has_index,
    holds_own_metadata,
    is_xmp_exchange,
    read_packet,
    read_segments,
    split_segments,
)
from jpegs import EXTENDED_XMP, MOTION, XMP, draw_jpeg, draw_mpo, insert, wrap
from sidecars.programs import ALL

JPEG = draw_jpeg()


def read(content: bytes) -> tuple[bytes, ...]:
    return read_segments(io.BytesIO(content))


@pytest.mark.parametrize(
    "content", [JPEG, draw_jpeg(xmp=MOTION, is_progressive=True), draw_mpo(), draw_jpeg(tail=JPEG)]
)
def test_segments_put_together_are_the_file_up_to_its_pixels(content: bytes) -> None:
    stream = io.BytesIO(content)
    segments = read_segments(stream)
    head = HEAD_START + b"".join(segments)
    assert content.startswith(head)
    assert stream.read(2) == b"\xff\xda"
    assert content.index(b"\xff\xda", len(head)) == len(head)
    assert split_segments(b"".join(segments)) == segments


@pytest.mark.parametrize("packet", [*ALL.values(), MOTION, b""])
def test_the_packet_is_found_as_it_was_written(packet: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(insert(JPEG, wrap(XMP + packet), behind=2))
    assert read_packet(path) == packet


def test_other_segments_of_the_same_marker_are_no_packet() -> None:
    assert find_packet(read(JPEG)) is None
    assert find_packet(read(insert(JPEG, wrap(XMP + b"<x/>", marker=0xE2)))) is None


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ([wrap(XMP + b"<a/>"), wrap(XMP + b"<b/>")], "has several XMP packets"),
        ([wrap(XMP + b"<a/>"), wrap(EXTENDED_XMP + b"0" * 40)], "has extended XMP"),
        ([wrap(XMP + b"<a xmpNote:HasExtendedXMP='0'/>")], "has extended XMP"),
        ([wrap(b"XMP\0" + XMP[4:] + b"<a/>")], "has XMP behind a header of another form"),
        ([wrap(b"meta<?xpacket ?><a/>")], "has XMP behind a header of another form"),
    ],
)
def test_what_cannot_be_changed_without_loss_is_refused(segments: list[bytes], reason: str) -> None:
    with pytest.raises(SidecarError, match=reason):
        find_packet(read(insert(JPEG, *segments)))


def test_an_index_of_pictures_is_seen() -> None:
    assert has_index(read(draw_mpo()))
    assert not has_index(read(JPEG))
    assert not has_index(read(insert(JPEG, wrap(b"MPF\0"))))


def test_fill_bytes_stay_with_their_segment() -> None:
    content = insert(JPEG, b"\xff\xff\xff" + wrap(XMP + b"<a/>"))
    assert HEAD_START + b"".join(read(content)) == content[: content.index(b"\xff\xda")]
    assert find_packet(read(content)) == b"<a/>"


def test_a_file_cut_off_anywhere_before_its_pixels_is_refused() -> None:
    end = len(HEAD_START) + sum(map(len, read(JPEG)))
    for size in range(end + 1):
        with pytest.raises(SidecarError, match=r"is not a JPEG|is damaged before its pixels"):
            read(JPEG[:size])


@settings(max_examples=100)
@given(tail=st.binary(max_size=40))
@example(tail=b"\xff\xd9")
@example(tail=b"\xff\xe1\x00\x01")
@example(tail=b"\xff" * 40)
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    try:
        segments = read(HEAD_START + tail)
    except SidecarError:
        return
    assert (HEAD_START + tail).startswith(HEAD_START + b"".join(segments))


def test_a_head_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg, "_MAX_HEAD_BYTES", 100)
    with pytest.raises(SidecarError, match="has too much before its pixels"):
        read(JPEG)


def test_only_xmp_may_be_exchanged() -> None:
    packets = wrap(XMP + b"<a/>"), wrap(XMP + b"<b/>")
    index = wrap(b"MPF\0II", marker=0xE2)
    tables = wrap(b"\0" * 65, marker=0xDB)
    assert is_xmp_exchange(b"", b"")
    assert is_xmp_exchange(*packets)
    assert is_xmp_exchange(b"", packets[0])
    assert is_xmp_exchange(packets[0] + tables + index, tables + index + packets[1])
    for other in (tables, index, wrap(b"Exif\0\0"), wrap(EXTENDED_XMP), wrap(XMP, marker=0xFE)):
        assert is_xmp_exchange(other, other)
        assert not is_xmp_exchange(b"", other)
        assert not is_xmp_exchange(packets[0], packets[1] + other)
    assert not is_xmp_exchange(tables + index + tables, tables)


@pytest.mark.parametrize("content", [b"\xff", b"<a/>", wrap(XMP)[:-1], b"\xff\xda\0\x02"])
def test_what_is_no_run_of_whole_segments_is_not_exchanged(content: bytes) -> None:
    assert not is_xmp_exchange(content, content)
    assert not is_xmp_exchange(wrap(XMP), content)
    with pytest.raises(SidecarError):
        split_segments(content)


def test_name_and_content_say_what_a_jpeg_is(tmp_path: Path) -> None:
    for name, content, expected in (
        ("a.JPG", JPEG, True),
        ("a.jpeg", JPEG, True),
        ("a.png", JPEG, False),
        ("heic.jpg", b"\0\0\0\x18ftypheic", False),
        ("empty.jpg", b"", False),
    ):
        (tmp_path / name).write_bytes(content)
        assert holds_own_metadata(tmp_path / name) is expected
