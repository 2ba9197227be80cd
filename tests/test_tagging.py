from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from actions.trees import find_journal_folder, read_tree, write_file
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import Kind, Plan
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.discover import find_photos
from clearshot.photo import Color, Photo, Rating, Skip
from clearshot.sidecars.names import Naming
from clearshot.sidecars.packet import Packet
from clearshot.tagging import Judgement, Program, TagPlan, TagStyle, choose_marks, plan_tags
from sidecars.programs import DARKTABLE, LIGHTROOM

pytest.importorskip("lxml", reason="needs the extra `tag`")

GOOD = Judgement(Rating.GOOD)
BLURRY = Judgement(Rating.BAD, ("blurry", "dark"))
UNSURE = Judgement(Rating.UNSURE)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def plan(library: Path, judgement: Judgement, style: TagStyle | None = None) -> TagPlan:
    """Plan tags for all photos of a library as they are on the disk."""
    photos = find_photos([library]).photos
    return plan_tags(library, [(photo, judgement) for photo in photos], style or TagStyle())


def apply(tags: TagPlan) -> None:
    assert apply_plan(tags.plan, find_journal_folder(tags.plan.folder)).skipped == ()


def list_targets(tags: TagPlan) -> list[str]:
    return [step.target.relative_to(tags.plan.folder).as_posix() for step in tags.plan.steps]


@pytest.mark.parametrize(
    ("program", "simple", "lists"),
    [
        (
            Program.LIGHTROOM,
            {"xmp:Rating": "-1", "xmp:Label": "Red"},
            {"dc:subject", "lr:hierarchicalSubject"},
        ),
        (
            Program.DARKTABLE,
            {"xmp:Rating": "-1", "xmp:Label": "Red"},
            {"dc:subject", "lr:hierarchicalSubject"},
        ),
        (
            Program.DIGIKAM,
            {"xmp:Label": "Red", "digiKam:PickLabel": "1", "digiKam:ColorLabel": "1"},
            {"dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList"},
        ),
        (
            Program.ALL,
            {
                "xmp:Rating": "-1",
                "xmp:Label": "Red",
                "digiKam:PickLabel": "1",
                "digiKam:ColorLabel": "1",
            },
            {"dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList"},
        ),
    ],
)
def test_each_program_gets_what_it_reads(
    program: Program, simple: dict[str, str], lists: set[str]
) -> None:
    marks = choose_marks(BLURRY, TagStyle(program))
    assert marks.simple == simple
    assert marks.keywords.keys() == lists
    assert marks.keywords["dc:subject"] == ("clearshot|blurry", "clearshot|dark")
    unsure = choose_marks(UNSURE, TagStyle(program))
    assert unsure.simple.get("xmp:Rating") is None
    assert unsure.simple["xmp:Label"] == "Yellow"
    assert unsure.keywords["dc:subject"] == ("clearshot|unsure",)
    assert choose_marks(GOOD, TagStyle(program)).keywords == {}


@pytest.mark.parametrize("program", [Program.DIGIKAM, Program.ALL])
def test_digikam_sees_an_unsure_photo_as_pending(program: Program) -> None:
    simple = choose_marks(UNSURE, TagStyle(program)).simple
    assert (simple["digiKam:PickLabel"], simple["digiKam:ColorLabel"]) == ("2", "3")


@pytest.mark.parametrize(
    ("color", "number"),
    [(Color.RED, "1"), (Color.YELLOW, "3"), (Color.GREEN, "4"), (Color.BLUE, "5")],
)
def test_digikam_sees_the_colour_that_the_others_see(color: Color, number: str) -> None:
    marks = choose_marks(Judgement(Rating.GOOD, color=color), TagStyle())
    assert marks.simple == {"xmp:Label": color.value.capitalize(), "digiKam:ColorLabel": number}


def test_stars_instead_of_rejected() -> None:
    for program in Program:
        assert choose_marks(BLURRY, TagStyle(program, rating=2)).simple["xmp:Rating"] == "2"
        assert "xmp:Rating" not in choose_marks(BLURRY, TagStyle(program, rating=None)).simple


@pytest.mark.parametrize("program", list(Program))
def test_stars_and_colours_of_the_owner_stand_in_place_of_clearshots(program: Program) -> None:
    is_for_digikam = program in {Program.DIGIKAM, Program.ALL}
    for judgement in (GOOD, UNSURE, BLURRY):
        starred = Judgement(judgement.rating, judgement.words, stars=4, color=Color.GREEN)
        marks = choose_marks(starred, TagStyle(program))
        assert marks.simple["xmp:Rating"] == "4"
        assert marks.simple["xmp:Label"] == "Green"
        assert marks.simple.get("digiKam:ColorLabel") == ("4" if is_for_digikam else None)
        # What is wrong with the photo is told as without them.
        plain = choose_marks(judgement, TagStyle(program))
        assert marks.keywords == plain.keywords
        assert marks.simple.get("digiKam:PickLabel") == plain.simple.get("digiKam:PickLabel")


def test_a_rejected_photo_stays_rejected_whatever_its_stars() -> None:
    rejected = Judgement(Rating.BAD, ("rejected",), stars=4, is_rejected=True)
    marks = choose_marks(rejected, TagStyle())
    assert marks.simple["xmp:Rating"] == "-1"
    assert marks.keywords["dc:subject"] == ("clearshot|rejected",)
    # digiKam says so beside the stars; stars given to bad photos are not those of the owner.
    digikam = choose_marks(rejected, TagStyle(Program.DIGIKAM)).simple
    assert (digikam["xmp:Rating"], digikam["digiKam:PickLabel"]) == ("4", "1")
    for rating in (1, None):
        assert choose_marks(rejected, TagStyle(rating=rating)).simple["xmp:Rating"] == "4"


def test_stars_of_a_good_photo_get_a_sidecar_and_go_with_it(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    before = read_tree(library)
    starred = Judgement(Rating.GOOD, stars=5)
    apply(plan(library, starred, TagStyle(Program.DARKTABLE)))
    sidecar = Packet((library / "a.jpg.xmp").read_bytes())
    assert sidecar.get("xmp:Rating") == "5"
    assert sidecar.get_items("dc:subject") == ()
    assert plan(library, starred, TagStyle(Program.DARKTABLE)).plan.steps == ()
    apply(plan(library, GOOD, TagStyle(Program.DARKTABLE)))
    assert read_tree(library).keys() == before.keys()


def test_stars_of_another_program_stay_beside_the_owners(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.jpg.xmp", DARKTABLE)
    starred = Judgement(Rating.GOOD, stars=5)
    (kept,) = plan(library, starred).kept
    assert kept.reason == "xmp:Rating 3"
    apply(plan(library, starred, TagStyle(overwrites=True)))
    assert Packet((library / "a.jpg.xmp").read_bytes()).get("xmp:Rating") == "5"


@pytest.mark.parametrize(
    ("program", "names"),
    [
        (Program.LIGHTROOM, ["IMG.xmp"]),
        (Program.DARKTABLE, ["IMG.jpg.xmp", "IMG.CR2.xmp"]),
        (Program.DIGIKAM, ["IMG.jpg.xmp", "IMG.CR2.xmp"]),
        (Program.ALL, ["IMG.xmp", "IMG.jpg.xmp", "IMG.CR2.xmp"]),
    ],
)
def test_new_sidecars_are_called_as_the_program_reads_them(
    library: Path, program: Program, names: list[str]
) -> None:
    write_file(library / "IMG.jpg", b"photo")
    write_file(library / "IMG.CR2", b"raw")
    tags = plan(library, BLURRY, TagStyle(program))
    assert list_targets(tags) == names
    assert {step.kind for step in tags.plan.steps} == {Kind.WRITE}
    assert {step.group for step in tags.plan.steps} == {0}
    assert {step.why for step in tags.plan.steps} == {"blurry"}
    assert tags.unread == ()


def test_what_is_there_is_updated(library: Path) -> None:
    write_file(library / "IMG.jpg", b"photo")
    write_file(library / "IMG.xmp", LIGHTROOM)
    assert list_targets(plan(library, BLURRY)) == ["IMG.xmp"]
    style = TagStyle(naming=Naming.FULL)
    assert list_targets(plan(library, BLURRY, style)) == ["IMG.jpg.xmp"]
    style = TagStyle(naming=Naming.STEM)
    assert list_targets(plan(library, BLURRY, style)) == ["IMG.xmp"]


def test_tagging_twice_writes_once_and_undo_brings_back_every_byte(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.jpg.xmp", DARKTABLE)
    write_file(library / "trip" / "b.jpg", b"photo")
    before = read_tree(library)
    apply(plan(library, BLURRY))
    assert plan(library, BLURRY).plan.steps == ()
    apply(plan(library, UNSURE))
    apply(plan(library, GOOD))
    assert plan(library, GOOD).plan.steps == ()
    assert read_tree(library).keys() == before.keys(), "clearshot's own sidecars are gone"
    assert Packet((library / "a.jpg.xmp").read_bytes()).read_all() == Packet(DARKTABLE).read_all()
    journals = find_journal_folder(library)
    for _ in range(3):
        assert apply_undo(plan_undo(journals), journals).skipped == ()
    assert read_tree(library) == before


def test_no_sidecar_keeps_what_another_naming_wrote_before(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    apply(plan(library, BLURRY, TagStyle(naming=Naming.FULL)))
    kept = Judgement(Rating.GOOD, stars=5)
    style = TagStyle(naming=Naming.STEM)
    apply(plan(library, kept, style))
    for name in ("a.jpg.xmp", "a.xmp"):
        assert Packet((library / name).read_bytes()).read_all()["xmp:Rating"] == ("5",), name
    assert plan(library, kept, style).plan.steps == ()


def test_a_write_protected_sidecar_is_left_alone_and_named(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    sidecar = write_file(library / "a.xmp", LIGHTROOM)
    sidecar.chmod(0o444)
    tags = plan(library, BLURRY)
    assert tags.plan.steps == ()
    assert [(skip.path, skip.reason) for skip in tags.skipped] == [(sidecar, "is write-protected")]


def test_undo_names_sidecars_that_were_edited_since(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "b.jpg", b"photo")
    apply(plan(library, BLURRY, TagStyle(Program.DARKTABLE)))
    edited = library / "a.jpg.xmp"
    write_file(edited, DARKTABLE)
    journals = find_journal_folder(library)
    back = plan_undo(journals)
    assert [(skip.path, skip.reason) for skip in back.refused] == [
        (edited, "changed since planning")
    ]
    apply_undo(back, journals)
    assert edited.read_bytes() == DARKTABLE
    assert not (library / "b.jpg.xmp").exists()


def test_good_photos_get_no_sidecar(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "b.jpg", b"photo")
    write_file(library / "b.xmp", LIGHTROOM)
    assert plan(library, GOOD).plan.steps == ()


def test_values_of_others_are_kept_and_named(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.jpg.xmp", DARKTABLE)
    tags = plan(library, BLURRY)
    assert [(skip.path.name, skip.reason) for skip in tags.kept] == [("a.jpg.xmp", "xmp:Rating 3")]
    tags = plan(library, BLURRY, TagStyle(overwrites=True))
    assert tags.kept == ()


def test_unreadable_sidecars_are_left_alone_and_named(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.xmp", b"not XMP")
    write_file(library / "a.jpg.xmp", DARKTABLE)
    write_file(library / "b.jpg", b"photo")
    tags = plan(library, BLURRY)
    assert [(skip.path.name, skip.reason[:20]) for skip in tags.skipped] == [
        ("a.xmp", "is not readable XMP:")
    ]
    assert list_targets(tags) == ["b.xmp", "b.jpg.xmp"], "all sidecars of a photo or none"


def test_a_sidecar_that_cannot_be_opened_is_left_alone(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.xmp", LIGHTROOM)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (skip,) = plan(library, BLURRY).skipped
    assert (skip.path.name, skip.reason) == ("a.xmp", "Permission denied")


def test_a_photo_that_changed_since_the_scan_is_left_alone(library: Path) -> None:
    path = write_file(library / "a.jpg", b"photo")
    photo = Photo(path, read_stamp(path))
    write_file(path, b"edited")
    tags = plan_tags(library, [(photo, BLURRY)], TagStyle())
    assert tags.plan.steps == ()
    assert [skip.reason for skip in tags.skipped] == ["changed since the scan; scan again"]


def test_a_photo_of_another_time_was_changed_since_the_scan(library: Path) -> None:
    path = write_file(library / "a.jpg", b"photo")
    photo = Photo(path, read_stamp(path))
    os.utime(path, ns=(0, photo.stamp.mtime_ns + 1))
    tags = plan_tags(library, [(photo, BLURRY)], TagStyle())
    assert tags.plan.steps == ()
    assert [skip.reason for skip in tags.skipped] == ["changed since the scan; scan again"]


def test_a_sidecar_of_several_photos_is_written_for_none(library: Path) -> None:
    for name in ("a.jpg", "a.png", "b.jpg"):
        write_file(library / name, b"photo")
    tags = plan(library, BLURRY)
    assert list_targets(tags) == ["a.jpg.xmp", "a.png.xmp", "b.xmp", "b.jpg.xmp"]
    assert {(skip.path.name, skip.reason) for skip in tags.skipped} == {
        ("a.xmp", "may belong to several photos; written for none")
    }
    # A foreign one that is there already is no companion of either.
    write_file(library / "a.xmp", LIGHTROOM)
    (library / "a.png").unlink()
    photo = Photo(library / "a.jpg", read_stamp(library / "a.jpg"))
    tags = plan_tags(library, [(photo, BLURRY)], TagStyle(Program.LIGHTROOM))
    assert tags.plan.steps == ()
    assert len(tags.skipped) == 1


def test_a_sidecar_that_is_a_link_is_left_alone(library: Path, tmp_path: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    elsewhere = write_file(tmp_path / "elsewhere.xmp", LIGHTROOM)
    (library / "a.xmp").symlink_to(elsewhere)
    tags = plan(library, BLURRY, TagStyle(Program.LIGHTROOM))
    assert tags.plan.steps == ()
    reason = "is there as a link or in another spelling; left as it is"
    assert tags.skipped == (Skip(library / "a.xmp", reason),)


def test_photos_that_lightroom_will_not_see_are_named(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "b.jpg", b"photo")
    write_file(library / "b.NEF", b"raw")
    assert [path.name for path in plan(library, BLURRY).unread] == ["a.jpg"]
    assert plan(library, BLURRY, TagStyle(Program.DARKTABLE)).unread == ()


@pytest.mark.parametrize("suffix", [".hif", ".heic", ".avif", ".mpo"])
def test_only_raw_files_have_sidecars_that_lightroom_reads(library: Path, suffix: str) -> None:
    write_file(library / f"a{suffix}", b"photo")
    assert [path.suffix for path in plan(library, BLURRY).unread] == [suffix]


def count_calls(library: Path, num_photos: int) -> int:
    """Count the calls of Python that the plan of some good photos takes."""
    for number in range(num_photos):
        write_file(library / f"{number:03}.jpg", b"jpeg")
    photos = find_photos([library]).photos
    events: list[str] = []
    sys.setprofile(lambda _frame, event, _argument: events.append(event))
    try:
        plan_tags(library, [(photo, GOOD) for photo in photos], TagStyle())
    finally:
        sys.setprofile(None)
    return events.count("call")


def test_a_photo_costs_no_more_where_there_are_many(library: Path) -> None:
    few = count_calls(library, 50)
    assert count_calls(library, 400) < 1.1 * 8 * few


def test_progress_and_json(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    photos = find_photos([library]).photos
    seen: list[tuple[int, int]] = []
    judged = [(photo, BLURRY) for photo in photos]
    tags = plan_tags(library, judged, TagStyle(), lambda done, total: seen.append((done, total)))
    assert seen == [(1, 1)]
    assert Plan.from_document(tags.plan.as_document()) == tags.plan


def test_names_that_are_no_unicode(library: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n.jpg")
    try:
        write_file(library / name, b"photo")
    except OSError:
        pytest.skip("this disk takes Unicode names only")
    before = read_tree(library)
    apply(plan(library, BLURRY))
    assert (library / f"{name}.xmp").exists()
    journals = find_journal_folder(library)
    apply_undo(plan_undo(journals), journals)
    assert read_tree(library) == before


@pytest.mark.parametrize("program", list(Program))
def test_the_sidecar_of_another_photo_is_not_made(library: Path, program: Program) -> None:
    for name in ("IMG.NEF", "IMG.NEF.jpg", "a.jpg", "a.jpg.png"):
        write_file(library / name, b"photo")
    photos = find_photos([library]).photos
    judged = [(p, BLURRY if p.path.suffix in {".jpg", ".png"} else GOOD) for p in photos]
    tags = plan_tags(library, judged, TagStyle(program))
    targets = list_targets(tags)
    assert len(set(targets)) == len(targets)
    assert "IMG.NEF.xmp" not in targets
    apply(tags)
    judged = [(p, j) for p, (_, j) in zip(find_photos([library]).photos, judged, strict=True)]
    assert plan_tags(library, judged, TagStyle(program)).plan.steps == ()


def test_a_photo_without_a_verdict_counts_where_a_sidecar_is_shared(library: Path) -> None:
    for name in ("a.jpg", "a.png"):
        write_file(library / name, b"photo")
    photo, _ = find_photos([library]).photos
    tags = plan_tags(library, [(photo, BLURRY)], TagStyle(Program.LIGHTROOM))
    assert tags.plan.steps == ()
    assert [skip.path.name for skip in tags.skipped] == ["a.xmp"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_sidecar_is_left_alone(library: Path) -> None:
    write_file(library / "a.jpg", b"photo")
    write_file(library / "b.jpg", b"photo")
    os.mkfifo(library / "a.xmp")
    tags = plan(library, BLURRY, TagStyle(Program.LIGHTROOM))
    assert list_targets(tags) == ["b.xmp"]
    assert [skip.path.name for skip in tags.skipped] == ["a.xmp"]


@pytest.mark.parametrize("encoding", ["MS-ANSI", "KOI8-RU"])
def test_a_sidecar_in_an_encoding_that_is_not_known_costs_no_other(
    library: Path, encoding: str
) -> None:
    text = LIGHTROOM.decode().split("?>", 1)[-1] if b"<?xml" in LIGHTROOM else LIGHTROOM.decode()
    write_file(library / "a.jpg", b"photo")
    write_file(library / "a.xmp", f"<?xml version='1.0' encoding='{encoding}'?>{text}".encode())
    write_file(library / "b.jpg", b"photo")
    tags = plan(library, BLURRY, TagStyle(Program.LIGHTROOM))
    assert list_targets(tags) == ["b.xmp"]
    assert [skip.path.name for skip in tags.skipped] == ["a.xmp"]
