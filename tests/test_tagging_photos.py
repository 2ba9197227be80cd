"""Tags that are written into JPEG photos themselves."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from actions.trees import find_journal_folder, read_tree, write_file
from clearshot import tagging
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import Kind, Plan
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.discover import find_photos
from clearshot.errors import MissingExtraError
from clearshot.photo import Photo, Rating
from clearshot.sidecars.jpeg import read_packet, read_segments
from clearshot.sidecars.names import Naming
from clearshot.sidecars.packet import NAMESPACES, Packet
from clearshot.tagging import Judgement, Program, TagPlan, TagStyle, plan_tags
from jpegs import EXTENDED_XMP, FILM, MOTION, XMP, draw_jpeg, insert, wrap
from sidecars.programs import DARKTABLE, LIGHTROOM

pytest.importorskip("lxml", reason="needs the extra `tag`")

GOOD = Judgement(Rating.GOOD)
BLURRY = Judgement(Rating.BAD, ("blurry", "dark"))
UNSURE = Judgement(Rating.UNSURE)
EMBED = TagStyle(naming=Naming.EMBED)

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def plan(library: Path, judgement: Judgement, style: TagStyle = EMBED) -> TagPlan:
    """Plan tags for all photos of a library as they are on the disk."""
    photos = find_photos([library]).photos
    return plan_tags(library, [(photo, judgement) for photo in photos], style)


def apply(tags: TagPlan) -> None:
    assert apply_plan(tags.plan, find_journal_folder(tags.plan.folder)).skipped == ()


def list_targets(tags: TagPlan) -> list[tuple[str, str]]:
    return [(step.kind.value, step.target.name) for step in tags.plan.steps]


@needs_exiftool
@pytest.mark.parametrize("program", list(Program))
def test_each_jpeg_is_written_and_other_formats_get_sidecars(
    library: Path, program: Program
) -> None:
    for name, content in (
        ("a.jpg", draw_jpeg()),
        ("b.jpg", draw_jpeg()),
        ("b.NEF", b"raw"),
        ("c.CR2", b"raw"),
        ("d.jpg", b"no JPEG"),
        ("e.png", draw_jpeg()),
        ("f.JPE", draw_jpeg()),
    ):
        write_file(library / name, content)
    tags = plan(library, BLURRY, TagStyle(program, naming=Naming.EMBED))
    found = list_targets(tags)
    assert [name for kind, name in found if kind == "embed"] == ["a.jpg", "f.JPE"]
    written = {name for kind, name in found if kind == "write"}
    assert {name[0] for name in written} == set("bcde"), "a pair and a raw file have sidecars"
    # Without them, the same photos get sidecars of the same names.
    plain = {step.target.name for step in plan(library, BLURRY, TagStyle(program)).plan.steps}
    assert written == {name for name in plain if name[0] not in "af"}
    is_for_lightroom = program in {Program.LIGHTROOM, Program.ALL}
    assert [path.name for path in tags.unread] == (["d.jpg", "e.png"] if is_for_lightroom else [])
    assert tags.skipped == ()


@needs_exiftool
def test_tagging_twice_writes_once_and_undo_brings_back_every_byte(library: Path) -> None:
    contents = {
        "plain.jpg": draw_jpeg(),
        "lightroom.jpg": draw_jpeg(xmp=LIGHTROOM),
        "motion.jpg": draw_jpeg(xmp=MOTION, tail=FILM),
        "-new\nline 📷.jpg": draw_jpeg(),
    }
    for name, content in contents.items():
        write_file(library / name, content)
    before = read_tree(library)
    tags = plan(library, BLURRY)
    assert Plan.from_document(tags.plan.as_document()) == tags.plan
    assert read_tree(library) == before, "a plan writes nothing"
    assert len(tags.plan.steps) == len(contents)
    apply(tags)
    for name, content in contents.items():
        packet = read_packet(library / name)
        assert packet is not None
        found, old = Packet(packet), content
        assert found.get_items("dc:subject")[-2:] == ("clearshot|blurry", "clearshot|dark")
        assert found.get("xmp:Rating") == "-1"
        rest = io.BytesIO(old)
        read_segments(rest)
        assert (library / name).read_bytes().endswith(rest.read())
    assert plan(library, BLURRY).plan.steps == ()
    apply(plan(library, UNSURE))
    apply(plan(library, GOOD))
    assert plan(library, GOOD).plan.steps == ()
    assert (library / "plain.jpg").read_bytes() == contents["plain.jpg"]
    packets = [read_packet(library / name) for name in ("lightroom.jpg", "motion.jpg")]
    for packet, old in zip(packets, (LIGHTROOM, MOTION), strict=True):
        assert packet is not None
        assert Packet(packet).read_all() == Packet(old).read_all(), "only clearshot's marks went"
    journals = find_journal_folder(library)
    for _ in range(3):
        assert apply_undo(plan_undo(journals), journals).skipped == ()
    assert read_tree(library) == before


@needs_exiftool
def test_sidecars_that_are_there_are_kept_up_to_date(library: Path) -> None:
    write_file(library / "a.jpg", draw_jpeg())
    write_file(library / "a.jpg.xmp", DARKTABLE)
    tags = plan(library, BLURRY)
    assert list_targets(tags) == [("embed", "a.jpg"), ("write", "a.jpg.xmp")]
    assert {step.group for step in tags.plan.steps} == {0}
    assert [(skip.path.name, skip.reason) for skip in tags.kept] == [("a.jpg.xmp", "xmp:Rating 3")]


@needs_exiftool
def test_values_of_others_are_kept_and_named(library: Path) -> None:
    path = write_file(library / "a.jpg", draw_jpeg(xmp=LIGHTROOM))
    tags = plan(library, BLURRY)
    assert [(skip.path, skip.reason) for skip in tags.kept] == [(path, "xmp:Label Green")]
    assert plan(library, BLURRY, TagStyle(naming=Naming.EMBED, overwrites=True)).kept == ()


@needs_exiftool
def test_what_cannot_be_written_safely_is_left_alone_and_named(library: Path) -> None:
    contents = {
        "a.jpg": draw_jpeg(),
        "cut.jpg": draw_jpeg()[:40],
        "extended.jpg": insert(draw_jpeg(), wrap(EXTENDED_XMP + bytes(40))),
        "form.jpg": insert(draw_jpeg(), wrap(XMP + b"<no")),
        "linked.jpg": draw_jpeg(),
        "locked.jpg": draw_jpeg(),
        "two.jpg": draw_jpeg(),
    }
    for name, content in contents.items():
        write_file(library / name, content)
    (library / "locked.jpg").chmod(0o444)
    os.link(library / "linked.jpg", library / "linked")
    write_file(library / "two.xmp", b"not XMP")
    tags = plan(library, BLURRY)
    assert list_targets(tags) == [("embed", "a.jpg")]
    reasons = {skip.path.name: skip.reason for skip in tags.skipped}
    assert reasons.keys() == contents.keys() - {"a.jpg", "two.jpg"} | {"two.xmp"}
    assert reasons["cut.jpg"] == "is damaged before its pixels"
    assert reasons["extended.jpg"].startswith("has extended XMP")
    assert reasons["form.jpg"].startswith("is not readable XMP")
    assert reasons["linked.jpg"].startswith("has other names by hard link")
    assert reasons["locked.jpg"] == "is write-protected"
    # Where nothing has to be written, none of this matters.
    assert [skip.path.name for skip in plan(library, GOOD).skipped] == ["cut.jpg"]


@needs_exiftool
def test_a_jpeg_beside_a_dng_keeps_its_sidecar(library: Path) -> None:
    write_file(library / "a.jpg", draw_jpeg())
    write_file(library / "a.DNG", b"raw")
    tags = plan(library, BLURRY)
    assert {kind for kind, _ in list_targets(tags)} == {"write"}
    assert [path.stem for path in tags.unread] == ["a"], "of DNG, Lightroom reads what is inside"


@needs_exiftool
@pytest.mark.parametrize("place", ["none", "first", "second", "both parts", "wide"])
def test_a_packet_that_cannot_be_read_matters_where_it_may_hold_marks(
    library: Path, place: str
) -> None:
    note = NAMESPACES["clearshot"].encode()
    start = wrap(XMP + (note if place == "first" else b"<x/>"))
    head = EXTENDED_XMP + bytes(40)
    parts = {
        "none": [wrap(head + note[:9]), wrap(head)],
        "second": [wrap(XMP + note)],
        "both parts": [wrap(head + b"<" + note[:9]), wrap(head + note[9:])],
        "wide": [wrap(XMP + note.decode().encode("utf-16"))],
    }
    write_file(library / "a.jpg", insert(draw_jpeg(), start, *parts.get(place, [start])))
    assert [skip.path.name for skip in plan(library, BLURRY).skipped] == ["a.jpg"]
    tags = plan(library, GOOD)
    assert tags.plan.steps == ()
    assert [skip.path.name for skip in tags.skipped] == ["a.jpg"] * (place != "none")


@needs_exiftool
def test_a_photo_that_exiftool_refuses_keeps_its_sidecars(library: Path) -> None:
    write_file(library / "a.jpg", draw_jpeg()[:-20])
    content = draw_jpeg()
    scan = content.index(b"\xff\xda")
    write_file(library / "b.jpg", content[:scan] + b"\xff\xda")
    write_file(library / "b.xmp", LIGHTROOM)
    tags = plan(library, BLURRY)
    assert [skip.path.name for skip in tags.skipped] == ["b.jpg"]
    assert tags.skipped[0].reason.startswith("exiftool ")
    assert list_targets(tags) == [("embed", "a.jpg")]


@needs_exiftool
def test_many_photos_are_planned_in_their_order(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "_MAX_WISHES", 2)
    for name in "abcde":
        suffix = "png" if name == "b" else "jpg"
        write_file(library / f"{name}.{suffix}", draw_jpeg())
    style = TagStyle(Program.DARKTABLE, naming=Naming.EMBED)
    names = [name for _, name in list_targets(plan(library, BLURRY, style))]
    assert names == ["a.jpg", "b.png.xmp", "c.jpg", "d.jpg", "e.jpg"]


def test_a_photo_that_changed_since_the_scan_is_left_alone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "find_exiftool", lambda: Path("exiftool"))
    path = write_file(library / "a.jpg", draw_jpeg())
    photo = Photo(path, read_stamp(path))
    write_file(path, b"edited")
    tags = plan_tags(library, [(photo, BLURRY)], EMBED)
    assert tags.plan.steps == ()
    assert [skip.reason for skip in tags.skipped] == ["changed since the scan; scan again"]


def test_no_photo_is_written_unasked(library: Path) -> None:
    write_file(library / "a.jpg", draw_jpeg())
    for naming in (Naming.AUTO, Naming.STEM, Naming.FULL):
        for program in Program:
            tags = plan(library, BLURRY, TagStyle(program, naming=naming))
            assert {step.kind for step in tags.plan.steps} == {Kind.WRITE}


def test_without_exiftool_it_is_said_what_to_install(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match="writing into photos needs exiftool"):
        plan(library, BLURRY)
    assert plan(library, BLURRY, TagStyle()).plan.steps == ()
