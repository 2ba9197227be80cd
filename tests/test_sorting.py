from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.trees import find_journal_folder, list_contents, read_tree, write_file
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import TRASH_PLACE, Kind
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.discover import find_photos
from clearshot.errors import InputError, UsageError
from clearshot.photo import REJECTED, Label, Photo, Skip
from clearshot.sorting import find_companions, plan_sort, plan_trash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from clearshot.actions.plan import Plan


def make_photo(path: Path, *companions: str) -> Photo:
    write_file(path, path.name.encode())
    paths = [write_file(path.with_name(name), name.encode()) for name in companions]
    return Photo(path, read_stamp(path), tuple(paths))


def list_targets(plan: Plan, target: Path) -> list[str]:
    return [move.target.relative_to(target).as_posix() for move in plan.steps]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "bad"


@pytest.fixture
def other_spelling(library: Path, tmp_path: Path) -> Iterator[Path]:
    """Another path of the library that is no link, as a disk has that does not tell cases apart."""
    folder = tmp_path / "LIBRARY"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("needs mount and umount")
    command = [mount, "--bind", str(library), str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a folder")
    yield folder
    subprocess.run([umount, str(folder)], check=True)


def test_photos_in_the_target_are_left_out_however_it_is_spelled(
    library: Path, other_spelling: Path
) -> None:
    sorted_out = make_photo(library / "bad" / "blurry" / "one.jpg")
    new = make_photo(library / "two.jpg")
    bad = [(sorted_out, Label.BLURRY), (new, Label.BLURRY)]
    plan = plan_sort(library, bad, other_spelling / "bad")
    assert [step.source for step in plan.steps] == [new.path]
    with pytest.raises(UsageError, match="the library folder itself"):
        plan_sort(library, bad, other_spelling)


def test_the_structure_is_kept_below_the_label(library: Path, target: Path) -> None:
    one = make_photo(library / "trip" / "one.jpg", "one.CR2", "one.xmp", "one.jpg.xmp")
    two = make_photo(library / "two.jpg")
    plan = plan_sort(library, [(one, Label.BLURRY), (two, Label.DARK)], target)
    assert plan.folder == library
    assert [move.source for move in plan.steps] == [one.path, *one.companions, two.path]
    assert list_targets(plan, target) == [
        "blurry/trip/one.jpg",
        "blurry/trip/one.CR2",
        "blurry/trip/one.xmp",
        "blurry/trip/one.jpg.xmp",
        "dark/two.jpg",
    ]
    assert [move.group for move in plan.steps] == [0, 0, 0, 0, 1]
    assert [move.why for move in plan.steps] == ["blurry"] * 4 + ["dark"]
    assert not any(move.renamed for move in plan.steps)
    assert [move.stamp for move in plan.steps] == [read_stamp(m.source) for m in plan.steps]
    assert not target.exists()


@pytest.mark.parametrize("taken", ["IMG.jpg", "img.JPG", "IMG.jpg.xmp", "Img.Cr2"])
def test_a_clash_numbers_the_photo_and_its_companions(
    library: Path, target: Path, taken: str
) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.CR2", "IMG.jpg.xmp")
    write_file(target / "dark" / taken, b"taken")
    plan = plan_sort(library, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == [
        "dark/IMG (2).jpg",
        "dark/IMG (2).CR2",
        "dark/IMG (2).jpg.xmp",
    ]
    assert all(move.renamed for move in plan.steps)


def test_the_next_free_number_is_taken(library: Path, target: Path) -> None:
    photo = make_photo(library / "IMG.jpg")
    for name in ("IMG.jpg", "img (2).jpg", "IMG (4).jpg"):
        write_file(target / "dark" / name, b"taken")
    plan = plan_sort(library, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == ["dark/IMG (3).jpg"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("img.jpg", "IMG.JPG"),
        ("Straße.jpg", "STRASSE.jpg"),
        (unicodedata.normalize("NFC", "é.jpg"), unicodedata.normalize("NFD", "É.jpg")),
    ],
)
def test_names_that_some_disk_holds_to_be_the_same(
    library: Path, target: Path, first: str, second: str
) -> None:
    photos = [make_photo(library / name) for name in (first, second)]
    if len(list(library.iterdir())) == 1:
        pytest.skip("this disk holds the names to be the same")
    plan = plan_sort(library, [(photo, Label.DARK) for photo in photos], target)
    numbered = Path(second).stem + " (2)" + Path(second).suffix
    assert list_targets(plan, target) == [f"dark/{first}", f"dark/{numbered}"]


def test_folders_that_some_disk_holds_to_be_the_same(library: Path, target: Path) -> None:
    photos = [make_photo(library / name / "a.jpg") for name in ("trip", "Trip")]
    if len(list(library.iterdir())) == 1:
        pytest.skip("this disk holds the names to be the same")
    plan = plan_sort(library, [(photo, Label.DARK) for photo in photos], target)
    assert list_targets(plan, target) == ["dark/trip/a.jpg", "dark/Trip/a (2).jpg"]


def test_companions_that_differ_in_case_alone(library: Path, target: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.XMP", "IMG.xmp")
    if len(list(library.iterdir())) == 2:
        pytest.skip("this disk holds the names to be the same")
    plan = plan_sort(library, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == ["dark/IMG.jpg", "dark/IMG.XMP", "dark/IMG (2).xmp"]


def test_a_companion_with_another_name(library: Path, target: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "note.txt")
    write_file(target / "dark" / "IMG.jpg", b"taken")
    plan = plan_sort(library, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == ["dark/IMG (2).jpg", "dark/note (2).txt"]


def test_a_file_is_planned_once(library: Path, target: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.xmp")
    twin = replace(make_photo(library / "IMG.png"), companions=photo.companions)
    bad = [(photo, Label.DARK), (photo, Label.BLURRY), (twin, Label.DARK)]
    plan = plan_sort(library, bad, target)
    assert list_targets(plan, target) == ["dark/IMG.jpg", "dark/IMG.xmp", "dark/IMG.png"]


def test_a_companion_that_is_gone_is_left_out(library: Path, target: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.xmp")
    photo.companions[0].unlink()
    plan = plan_sort(library, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == ["dark/IMG.jpg"]


def test_a_target_inside_the_library(library: Path) -> None:
    target = library / "rejected"
    fresh = make_photo(library / "a.jpg")
    moved = make_photo(target / "blurry" / "b.jpg")
    other = make_photo(target / "c.jpg")
    bad = [(photo, Label.BLURRY) for photo in (fresh, moved, other)]
    plan = plan_sort(library, bad, target)
    assert [(move.source, move.target) for move in plan.steps] == [
        (fresh.path, target / "blurry" / "a.jpg")
    ]


def test_a_target_around_the_library(tmp_path: Path) -> None:
    library = tmp_path / "blurry"
    photo = make_photo(library / "a.jpg")
    for label in Label:
        assert plan_sort(library, [(photo, label)], tmp_path).steps == ()
    elsewhere = make_photo(tmp_path / "trip" / "a.jpg")
    plan = plan_sort(tmp_path / "trip", [(elsewhere, Label.DARK)], tmp_path)
    assert list_targets(plan, tmp_path) == ["dark/a.jpg"]


def test_what_the_owner_rejected_before_is_not_sorted_again(tmp_path: Path) -> None:
    photo = make_photo(tmp_path / REJECTED / "a.jpg")
    assert plan_sort(photo.path.parent, [(photo, REJECTED)], tmp_path).steps == ()


def test_the_library_itself_is_no_target(library: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(library)
    for target in (library, library / ".." / library.name, link):
        with pytest.raises(UsageError, match="the library folder itself"):
            plan_sort(library, [], target)


def test_two_names_of_the_library(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = library.with_name("LIBRARY")
    other.mkdir()
    monkeypatch.setattr(Path, "samefile", lambda path, other: True)
    with pytest.raises(UsageError, match="the library folder itself"):
        plan_sort(library, [], other)


def test_a_library_behind_a_link(library: Path, target: Path, tmp_path: Path) -> None:
    photo = make_photo(library / "a.jpg")
    link = tmp_path / "link"
    link.symlink_to(library)
    plan = plan_sort(link, [(photo, Label.DARK)], target)
    assert list_targets(plan, target) == ["dark/a.jpg"]


def test_a_file_is_no_target(library: Path, tmp_path: Path) -> None:
    file = write_file(tmp_path / "file", b"")
    for target in (file, file / "below"):
        with pytest.raises(InputError, match="file: the target needs a folder here"):
            plan_sort(library, [], target)


def test_a_target_that_cannot_be_written(
    library: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="bad: the target cannot be written"):
        plan_sort(library, [], target)


def test_a_target_that_cannot_be_listed(
    library: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    photo = make_photo(library / "a.jpg")
    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(InputError, match="dark: cannot be listed: Permission denied"):
        plan_sort(library, [(photo, Label.DARK)], target)


def test_a_photo_from_elsewhere_is_refused(library: Path, target: Path, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "other" / "a.jpg")
    with pytest.raises(UsageError, match=r"a\.jpg: not inside the library folder"):
        plan_sort(library, [(photo, Label.DARK)], target)


letters = st.characters(exclude_categories=["Cs"], exclude_characters="/\0")
stems = st.sampled_from(
    ["IMG", "img", "Straße", "STRASSE", "é", "e\u0301", "📷", "two\nlines", "-n", "a b", "IMG (2)"]
) | st.text(letters, min_size=1, max_size=12).filter(lambda stem: not stem.startswith("."))
folders = st.sampled_from(["", "trip", "Trip", "näh/🏔", "line\nbreak"])
companions = st.sets(st.sampled_from([".xmp", ".jpg.xmp", ".cr2", ".mov"]))
times_ns = st.integers(0, 2**61)
photos = st.tuples(folders, stems, companions, st.binary(max_size=8), times_ns)


@settings(max_examples=40)
@given(
    shots=st.lists(photos, max_size=8),
    taken=st.lists(st.tuples(st.sampled_from(Label), photos), max_size=4),
    is_inside=st.booleans(),
    label_of=st.randoms(use_true_random=False),
)
def test_undo_after_apply_restores_any_tree(
    shots: list[tuple[str, str, set[str], bytes, int]],
    taken: list[tuple[Label, tuple[str, str, set[str], bytes, int]]],
    is_inside: bool,
    label_of: Random,
) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch("os.fsync"),
    ):
        root = Path(name).resolve()
        library = root / "library"
        library.mkdir()
        target = library / "bad" if is_inside else root / "bad"
        placed = [(library, shot) for shot in shots]
        placed += [(target / label, shot) for label, shot in taken]
        for base, (folder, stem, suffixes, content, mtime_ns) in placed:
            for number, suffix in enumerate([".jpg", *sorted(suffixes)]):
                path = base / folder / f"{stem}{suffix}"
                write_file(path, content + bytes([number]), mtime_ns=mtime_ns + number)
        before = read_tree(root)
        bad = [(photo, label_of.choice(list(Label))) for photo in find_photos([library]).photos]
        journals = find_journal_folder(root)

        plan = plan_sort(library, bad, target)
        outcome = apply_plan(replace(plan, folder=root), journals)
        after = read_tree(root)
        assert outcome.skipped == ()
        assert outcome.done == plan.steps
        assert list_contents(after) == list_contents(before)
        for photo, _ in bad:
            if not photo.path.is_relative_to(target):
                assert_moved_together(plan, photo)
        if plan.steps:
            apply_undo(plan_undo(journals), journals)
        assert read_tree(root) == before


def assert_moved_together(plan: Plan, photo: Photo) -> None:
    """Check that all files of a photo left, to one folder, with the same change of name."""
    goals = {move.source: move.target for move in plan.steps}
    goal = goals[photo.path]
    assert not photo.path.exists()
    assert goal.exists()
    for companion in photo.companions:
        rest = companion.name.removeprefix(photo.path.stem)
        assert goals[companion] == goal.with_name(goal.stem + rest)


@pytest.mark.parametrize("first", ["DSC_0001", "IMG_20230101"])
def test_names_that_cameras_count_up_stay(library: Path, target: Path, first: str) -> None:
    names = [first, f"{first[:-1]}2", f"{first[:-1]}3"]
    photos = [make_photo(library / f"{name}.jpg", f"{name}.jpg.xmp") for name in names]
    for moved in (photos[:1], photos[1:]):
        plan = plan_sort(library, [(photo, Label.DARK) for photo in moved], target)
        assert not any(step.renamed for step in plan.steps)
        apply_plan(plan, find_journal_folder(library))
    found = {p.path.stem: len(p.companions) for p in find_photos([target]).photos}
    assert found == dict.fromkeys(names, 1)


def test_no_sidecar_comes_to_lie_beside_another_photo_of_its_name(
    library: Path, target: Path
) -> None:
    duplicated = make_photo(library / "a" / "DSC_1.jpg", "DSC_1.jpg.xmp", "DSC_1_01.jpg.xmp")
    other = make_photo(library / "b" / "DSC_1_01.jpg")
    for photos in ([duplicated, other], [other, duplicated]):
        plan = plan_sort(library, [(p, Label.DARK) for p in photos], target, is_flat=True)
        apply_plan(plan, find_journal_folder(library))
        found = {p.path.name: len(p.companions) for p in find_photos([target]).photos}
        assert sorted(found.values()) == [0, 2], found
        apply_undo(plan_undo(find_journal_folder(library)), find_journal_folder(library))


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_a_sidecar_that_changed_makes_no_second_copy_of_a_photo(
    library: Path, target: Path, kind: Kind
) -> None:
    photo = make_photo(library / "a.jpg", "a.jpg.xmp")
    apply_plan(
        plan_sort(library, [(photo, Label.DARK)], target, kind=kind), find_journal_folder(library)
    )
    sidecar = library / "a.jpg.xmp"
    sidecar.unlink()
    sidecar.write_bytes(b"new marks")
    assert plan_sort(library, [(photo, Label.DARK)], target, kind=kind).steps == ()


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_what_was_copied_or_linked_before_is_left_out(
    library: Path, target: Path, kind: Kind
) -> None:
    photos = [make_photo(library / name, f"{name}.xmp") for name in ("a.jpg", "b.jpg")]
    bad = [(photo, Label.DARK) for photo in photos]
    first = plan_sort(library, bad[:1], target, kind=kind)
    assert {step.kind for step in first.steps} == {kind}
    apply_plan(first, find_journal_folder(library))
    again = plan_sort(library, bad, target, kind=kind)
    assert list_targets(again, target) == ["dark/b.jpg", "dark/b.jpg.xmp"]
    (target / "dark" / "a.jpg").unlink()
    assert len(plan_sort(library, bad, target, kind=kind).steps) == 4


def test_flat_leaves_the_folders_out(library: Path, target: Path) -> None:
    photos = [make_photo(library / folder / "a.jpg", "a.xmp") for folder in ("", "one", "two/x")]
    plan = plan_sort(library, [(photo, Label.DARK) for photo in photos], target, is_flat=True)
    assert list_targets(plan, target) == [
        "dark/a.jpg", "dark/a.xmp", "dark/a (2).jpg", "dark/a (2).xmp", "dark/a (3).jpg",
        "dark/a (3).xmp",
    ]  # fmt: skip
    assert [step.renamed for step in plan.steps] == [False] * 2 + [True] * 4


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_what_was_copied_under_a_number_is_left_out_too(
    library: Path, target: Path, kind: Kind
) -> None:
    photos = [make_photo(library / folder / "a.jpg", "a.xmp") for folder in ("", "one", "two")]
    for number, photo in enumerate(photos):
        # Equal copies would be told apart by their times.
        write_file(photo.path, b"photo", mtime_ns=number)
    bad = [(replace(each, stamp=read_stamp(each.path)), Label.DARK) for each in photos]
    plan = plan_sort(library, bad, target, kind=kind, is_flat=True)
    apply_plan(plan, find_journal_folder(library))
    assert plan_sort(library, bad, target, kind=kind, is_flat=True).steps == ()


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_what_was_copied_under_a_name_in_another_case_is_left_out_too(
    library: Path, target: Path, kind: Kind
) -> None:
    places = [library / place for place in ("a/cat.jpg", "b/cat.jpg", "c/CAT.JPG", "d/Cat.jpg")]
    bad = [(make_photo(place), Label.DARK) for place in places]
    for number, (photo, _) in enumerate(bad):
        write_file(photo.path, b"photo", mtime_ns=number)
    bad = [(replace(each, stamp=read_stamp(each.path)), label) for each, label in bad]
    plan = plan_sort(library, bad, target, kind=kind, is_flat=True)
    apply_plan(plan, find_journal_folder(library))
    assert list_targets(plan, target)[2] == "dark/CAT (3).JPG"
    assert plan_sort(library, bad, target, kind=kind, is_flat=True).steps == ()


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_what_was_copied_from_folders_that_differ_in_case_alone_is_left_out_too(
    library: Path, target: Path, kind: Kind
) -> None:
    places = [library / folder / "IMG.jpg" for folder in ("Day", "day", "DAY")]
    for number, place in enumerate(places):
        write_file(place, b"photo", mtime_ns=number)
    if len(list(library.iterdir())) == 1:
        pytest.skip("this disk holds the names to be the same")
    bad = [(Photo(place, read_stamp(place)), Label.DARK) for place in places]
    plan = plan_sort(library, bad, target, kind=kind)
    assert list_targets(plan, target)[1:] == ["dark/day/IMG (2).jpg", "dark/DAY/IMG (3).jpg"]
    apply_plan(plan, find_journal_folder(library))
    assert plan_sort(library, bad, target, kind=kind).steps == ()


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
@pytest.mark.parametrize("is_flat", [True, False])
def test_only_the_copy_that_is_gone_is_made_again(
    library: Path, target: Path, kind: Kind, is_flat: bool
) -> None:
    places = [library / folder / "IMG.jpg" for folder in ("Day", "day")]
    for number, place in enumerate(places):
        write_file(place, b"photo", mtime_ns=number)
    if len(list(library.iterdir())) == 1:
        pytest.skip("this disk holds the names to be the same")
    bad = [(Photo(place, read_stamp(place)), Label.DARK) for place in places]
    plan = plan_sort(library, bad, target, kind=kind, is_flat=is_flat)
    apply_plan(plan, find_journal_folder(library))
    plan.steps[0].target.unlink()
    assert plan_sort(library, bad, target, kind=kind, is_flat=is_flat).steps == plan.steps[:1]


@pytest.mark.parametrize("place", [".clearshot", ".clearshot/x", ".Clearshot/x/y"])
def test_clearshots_own_folder_is_no_target(library: Path, place: str) -> None:
    with pytest.raises(UsageError, match="is clearshot's own; choose another target"):
        plan_sort(library, [], library / place)


def test_hard_links_need_one_disk(
    library: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def lie(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        status = stat(path, follow_symlinks=follow_symlinks)
        fields = list(status[:10])
        fields[2] += path == library
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "stat", lie)
    with pytest.raises(UsageError, match="hard links need the disk that the library is on"):
        plan_sort(library, [], target, kind=Kind.HARDLINK)


def test_trash_takes_a_photo_with_its_companions_once(library: Path) -> None:
    photo = make_photo(library / "a.jpg", "a.xmp")
    plan, refused = plan_trash(library, [(photo, Label.DARK), (photo, Label.BLURRY)])
    assert refused == ()
    assert [step.source.name for step in plan.steps] == ["a.jpg", "a.xmp"]
    assert {(step.kind, step.target, step.group) for step in plan.steps} == {
        (Kind.TRASH, TRASH_PLACE, 0)
    }


def test_a_photo_that_the_trash_refuses_is_named_with_its_companions(
    library: Path, ordinary_user: None
) -> None:
    photo, other = make_photo(library / "a.jpg", "a.xmp"), make_photo(library / "b.jpg")
    (library / "a.xmp").chmod(0o444)
    plan, refused = plan_trash(library, [(photo, Label.DARK), (other, Label.DARK)])
    assert [step.source for step in plan.steps] == [other.path]
    assert refused == (
        Skip(photo.path, "stays with a.xmp"),
        Skip(library / "a.xmp", "write-protected; the trash refuses it"),
    )


def test_companions_are_those_on_the_disk(library: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.xmp")
    write_file(library / "IMG.CR2", b"made after the scan")
    photo.companions[0].unlink()
    ((found, label),), absent = find_companions(library, [(photo, Label.DARK)])
    assert found == replace(photo, companions=(library / "IMG.CR2",))
    assert (label, absent) == (Label.DARK, ())


def test_photos_that_have_changed_are_named(library: Path) -> None:
    photo = make_photo(library / "IMG.jpg", "IMG.xmp")
    write_file(photo.path, b"changed after the scan")
    found, absent = find_companions(library, [(photo, Label.DARK)])
    assert (found, [skip.path for skip in absent]) == ([], [photo.path])
    assert absent[0].reason == "changed since the scan; scan again"


def test_photos_that_are_not_there_are_named(library: Path) -> None:
    gone, linked = make_photo(library / "gone.jpg", "gone.xmp"), make_photo(library / "linked.jpg")
    gone.path.unlink()
    linked.path.rename(library / "elsewhere")
    linked.path.symlink_to("elsewhere")
    found, absent = find_companions(library, [(gone, Label.DARK), (linked, Label.DARK)])
    assert found == []
    assert {skip.path.name: skip.reason for skip in absent} == {
        "gone.jpg": "is not there any more",
        "linked.jpg": "symbolic link, not followed",
    }


def test_a_raw_photo_beside_which_a_jpeg_was_saved_since_is_named(library: Path) -> None:
    raw = make_photo(library / "IMG.CR2", "IMG.CR2.xmp")
    write_file(library / "IMG.jpg", b"developed from it")
    found, absent = find_companions(library, [(raw, Label.DARK)])
    assert (found, absent) == ([], (Skip(raw.path, "belongs to IMG.jpg now; scan again"),))


@pytest.mark.parametrize("inner", ["", "inner"])
def test_a_target_that_is_a_link_to_itself(library: Path, target: Path, inner: str) -> None:
    target.symlink_to(target)
    with pytest.raises(InputError, match="needs a folder here") as info:
        plan_sort(library, [], target / inner)
    assert info.value.path == target


def test_a_target_on_a_drive_that_is_not_there(
    library: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    with pytest.raises(InputError, match="there is no such drive") as info:
        plan_sort(library, [], target)
    assert info.value.path == Path(target.anchor)


def test_steps_up_do_not_get_into_a_plan(
    library: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photo(library / "one.jpg")
    monkeypatch.chdir(make_photo(library / "sub" / "two.jpg").path.parent)
    named = Path("..", "..", library.name)
    (photo, *_) = find_photos([named]).photos
    assert photo.path == library / "one.jpg"
    for plan in (
        plan_sort(named, [(photo, Label.DARK)], target),
        plan_trash(named, [(photo, Label.DARK)])[0],
    ):
        assert (plan.folder, plan.steps[0].source) == (library, photo.path)


@pytest.mark.parametrize("is_flat", [True, False])
def test_two_shots_of_one_name_do_not_become_one(
    library: Path, target: Path, is_flat: bool
) -> None:
    jpeg, raw = (
        make_photo(library / "a" / "IMG.jpg"),
        make_photo(library / "b" / "IMG.NEF", "IMG.xmp"),
    )
    plan = plan_sort(library, [(jpeg, Label.DARK), (raw, Label.DARK)], target, is_flat=is_flat)
    apply_plan(plan, find_journal_folder(library))
    found = find_photos([target])
    assert len(found.photos) == 2
    assert found.skipped == ()
    assert sorted(len(photo.companions) for photo in found.photos) == [0, 1]
    assert any(step.renamed for step in plan.steps) is is_flat


def test_a_shot_keeps_clear_of_another_that_is_there_already(library: Path, target: Path) -> None:
    write_file(target / "dark" / "img.cr2", b"of another card")
    photo = make_photo(library / "IMG.jpg", "IMG.xmp")
    plan = plan_sort(library, [(photo, Label.DARK)], target, kind=Kind.COPY)
    assert list_targets(plan, target) == ["dark/IMG (2).jpg", "dark/IMG (2).xmp"]
    apply_plan(plan, find_journal_folder(library))
    assert plan_sort(library, [(photo, Label.DARK)], target, kind=Kind.COPY).steps == ()


def test_two_pictures_of_one_shot_stay_beside_each_other(library: Path, target: Path) -> None:
    photos = [make_photo(library / name) for name in ("IMG.jpg", "IMG.png")]
    plan = plan_sort(library, [(photo, Label.DARK) for photo in photos], target)
    assert list_targets(plan, target) == ["dark/IMG.jpg", "dark/IMG.png"]


def test_a_copy_whose_time_the_disk_rounded_is_there(library: Path, target: Path) -> None:
    photo = make_photo(library / "one.jpg")
    plan = plan_sort(library, [(photo, Label.DARK)], target, kind=Kind.COPY)
    apply_plan(plan, find_journal_folder(library))
    copy = target / "dark" / "one.jpg"
    os.utime(copy, ns=(0, copy.stat().st_mtime_ns // 10**9 * 10**9))
    assert plan_sort(library, [(photo, Label.DARK)], target, kind=Kind.COPY).steps == ()
    write_file(copy, b"ONE.jpg", mtime_ns=7)
    assert len(plan_sort(library, [(photo, Label.DARK)], target, kind=Kind.COPY).steps) == 1


def test_a_path_that_is_too_long_keeps_no_other_photo(library: Path, tmp_path: Path) -> None:
    deep = library.joinpath(*["d" * 200] * 10)
    photos = [make_photo(deep / "one.jpg"), make_photo(library / "two.jpg")]
    target = tmp_path.joinpath(*["t" * 200] * 11)
    plan = plan_sort(library, [(photo, Label.DARK) for photo in photos], target)
    outcome = apply_plan(plan, find_journal_folder(library))
    assert [step.source for step in outcome.done] == [photos[1].path]
    assert [skip.path for skip in outcome.skipped] == [photos[0].path]
