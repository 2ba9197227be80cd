from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from actions.kinds import plan_kind, plan_writes
from actions.trees import find_journal_folder, make_library, read_tree, write_file
from clearshot.actions import journal as journal_module
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.history import History
from clearshot.actions.journal import Journal, create_journal, list_journals
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.premises import find_trespass
from clearshot.actions.recovery import find_interruptions, recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError
from clearshot.photo import FileStamp

STAMP = FileStamp(5, 7)
ONE_WAY = [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    make_library(tmp_path / "library")
    return tmp_path / "library"


def forge(library: Path, plan: Plan, *events: dict[str, object]) -> Path:
    """Put a journal into a library that clearshot itself would not write."""
    folder = find_journal_folder(library)
    header = {
        "event": "plan",
        "format": 2,
        "time": "2026-01-01T00:00:00+00:00",
        "folder": str(plan.folder),
        "undoes": None,
        "leftovers": [],
        "steps": plan.as_rows(),
    }
    folder.mkdir(parents=True)
    path = folder / "20260101T000000.000000Z-00000000.jsonl"
    path.write_bytes(b"".join(map(journal_module._encode, (header, *events))))
    return path


def make_step(source: Path, target: Path, kind: Kind = Kind.MOVE) -> Step:
    return Step(source, target, STAMP, 0, "dark", kind)


def test_an_unfinished_forged_journal_changes_nothing_anywhere(
    library: Path, tmp_path: Path
) -> None:
    """A group of two, of which the write outside counts as done: it would be taken back."""
    victim = write_file(tmp_path / "home" / ".profile", b"mine")
    write = Step(
        victim, victim, read_stamp(victim), 0, "x", Kind.WRITE, before=b"evil", after=b"mine"
    )
    other = make_step(library / "two.jpg", library / "bad" / "two.jpg")
    state = {"event": "done", "step": 0, "place": "target", "mtime_ns": write.stamp.mtime_ns}
    path = forge(library, Plan(library, (write, other)), state)
    before = read_tree(tmp_path)
    journals = path.parent
    for run in (recover, find_interruptions, plan_undo, History):
        with pytest.raises(ActionError, match=r"journal refused: step 0 \(write\)"):
            run(journals)
    with pytest.raises(ActionError, match="journal refused"):
        apply_plan(Plan(library, ()), journals)
    after = {name: entry for name, entry in read_tree(tmp_path).items() if "lock" not in name}
    assert after == before


def test_a_finished_forged_journal_is_passed_over_and_named(library: Path, tmp_path: Path) -> None:
    target = write_file(tmp_path / "home" / "id_rsa", b"secret")
    step = replace(make_step(library / "id_rsa", target), stamp=read_stamp(target))
    done = {"event": "done", "step": 0, "place": "target", "mtime_ns": step.stamp.mtime_ns}
    path = forge(library, Plan(library, (step,)), done, {"event": "end"})
    with pytest.raises(ActionError, match=r"nothing to undo; passed over .*: journal refused"):
        plan_undo(path.parent)
    with pytest.raises(ActionError, match="journal refused"):
        plan_undo(path.parent, path.stem)
    assert History(path.parent).summarize() == ()
    assert target.read_bytes() == b"secret"


@pytest.mark.parametrize("name", ["nul\0.jpg", "\ud800.jpg", "loop/a.jpg"])
def test_names_that_no_disk_has_do_not_end_a_run(library: Path, name: str) -> None:
    (library / "loop").symlink_to("loop")
    step = make_step(library / name, library / name / "x.jpg")
    path = forge(library, Plan(library, (step,)), {"event": "end"})
    with pytest.raises(ActionError, match="journal"):
        Journal(path)
    with pytest.raises(ActionError, match=r"nothing to undo; passed over .*journal"):
        plan_undo(path.parent)


def test_each_kind_has_an_end_in_the_library(library: Path, tmp_path: Path) -> None:
    home, away = library / "two.jpg", tmp_path / "bad" / "two.jpg"
    inward = [kind.inverse for kind in ONE_WAY]
    trashed = tmp_path / "Trash" / "files" / "two.jpg"
    fair = [
        make_step(home, away),
        make_step(away, home),
        *(make_step(home, away, kind) for kind in ONE_WAY),
        *(make_step(away, home, kind) for kind in inward),
        make_step(home, TRASH_PLACE, Kind.TRASH),
        make_step(TRASH_PLACE, home, Kind.RESTORE),
        make_step(trashed, home, Kind.RESTORE),
        make_step(library / "two.xmp", library / "two.xmp", Kind.WRITE),
    ]
    foul = [
        make_step(away, away.with_name("three.jpg")),
        *(make_step(away, home, kind) for kind in ONE_WAY),
        *(make_step(home, away, kind) for kind in inward),
        make_step(away, TRASH_PLACE, Kind.TRASH),
        make_step(home, away, Kind.TRASH),
        make_step(away, home, Kind.RESTORE),
        make_step(trashed, away, Kind.RESTORE),
        make_step(away.with_suffix(".xmp"), away.with_suffix(".xmp"), Kind.WRITE),
        make_step(library / "two.xmp", library / "one.xmp", Kind.WRITE),
        make_step(home, home, Kind.WRITE),
    ]
    for step in fair:
        assert find_trespass(Plan(library, (step,)), library) == "", step
    for number, step in enumerate(foul):
        plan = Plan(library, (*fair, step))
        assert f"step {len(fair)} ({step.kind}) is not" in find_trespass(plan, library), number


@pytest.mark.parametrize("name", [".bashrc", "run.desktop", "id_rsa", "two.png"])
def test_an_end_outside_is_named_like_the_photo(library: Path, tmp_path: Path, name: str) -> None:
    for home in (library / "two.jpg", library / name):
        step = make_step(home, tmp_path / "home" / name)
        is_photo = home.suffix == ".png"
        assert (find_trespass(Plan(library, (step,)), library) == "") is is_photo


def test_links_and_dots_lead_out_of_the_library(library: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (library / "link").symlink_to(tmp_path / "home")
    for path in (library / "link" / "a.xmp", library / ".." / "a.xmp", library / "b" / ".." / ".."):
        plan = Plan(library, (make_step(path, path, Kind.WRITE),))
        assert "is not of this library" in find_trespass(plan, library)


def test_a_library_behind_a_link_is_the_same(library: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(library)
    for folder, other in ((tmp_path / "link", library), (library, tmp_path / "link")):
        step = make_step(folder / "two.jpg", folder / "bad" / "two.jpg")
        assert find_trespass(Plan(folder, (step,)), other) == ""


def test_a_target_outside_is_undone_and_redone(library: Path) -> None:
    for kind in (Kind.MOVE, *ONE_WAY):
        plan = plan_kind(library, kind)
        journals = find_journal_folder(library)
        before = read_tree(library.parent)
        assert apply_plan(plan, journals).done == plan.steps
        undone = apply_undo(plan_undo(journals), journals)
        assert undone.skipped == ()
        apply_undo(plan_undo(journals, undone.journal.stem), journals)
        apply_undo(plan_undo(journals), journals)
        after = {k: v for k, v in read_tree(library.parent).items() if ".clearshot" not in k}
        assert after == {k: v for k, v in before.items() if ".clearshot" not in k}


def test_a_library_that_was_moved_is_named(library: Path, tmp_path: Path) -> None:
    apply_plan(plan_writes(library, ("two.xmp", b"ours")), find_journal_folder(library))
    moved = library.rename(tmp_path / "moved")
    journals = find_journal_folder(moved)
    with pytest.raises(ActionError, match=r"passed over .*it is of the library .*library, not of"):
        plan_undo(journals)
    apply_plan(plan_writes(moved, ("two.xmp", b"again")), journals)
    apply_undo(plan_undo(journals), journals)
    assert (moved / "two.xmp").read_bytes() == b"ours"


def test_the_unfinished_journal_of_a_library_that_was_moved_says_how_to_go_on(
    library: Path, tmp_path: Path
) -> None:
    plan = plan_writes(library, ("two.xmp", b"ours"))
    name = create_journal(find_journal_folder(library), plan).path.name
    moved = library.rename(tmp_path / "moved")
    journals = find_journal_folder(moved)
    again = plan_writes(moved, ("two.xmp", b"again"))
    before = read_tree(moved)
    for call in (find_interruptions, recover, lambda journals: apply_plan(again, journals)):
        with pytest.raises(ActionError) as caught:
            call(journals)
        assert f"it is of the library {library}, not of {moved}" in caught.value.message
        assert "Move it back" in caught.value.message
        assert f"rename it to {name}.aside" in caught.value.message
    assert read_tree(moved) == before

    moved.rename(library)
    assert len(recover(find_journal_folder(library))) == 1
    create_journal(find_journal_folder(library), plan)
    library.rename(moved)
    for unfinished in list_journals(journals):
        unfinished.rename(unfinished.with_name(f"{unfinished.name}.aside"))
    assert find_interruptions(journals) == ()
    apply_plan(again, journals)
    assert (moved / "two.xmp").read_bytes() == b"again"
    assert len(list(journals.glob("*.aside"))) == 2


def test_a_plan_that_could_not_be_taken_back_is_not_begun(library: Path) -> None:
    journals = find_journal_folder(library)
    with pytest.raises(ActionError, match="plan refused: step 0"):
        create_journal(journals, plan_writes(library, ("two.jpg", b"")))
    assert list_journals(journals) == []


def test_only_own_parts_are_cleaned_up(library: Path, tmp_path: Path) -> None:
    """The folder of journals may be a link to one that holds the files of others."""
    download = write_file(tmp_path / "downloads" / "film.part", b"half")
    (library / ".clearshot").mkdir()
    find_journal_folder(library).symlink_to(download.parent)
    apply_plan(Plan(library, ()), find_journal_folder(library))
    assert download.read_bytes() == b"half"


@pytest.mark.parametrize(
    "change", [{"steps": 7}, {"folder": None}, {"steps": [{}]}, {"time": "x"}, {"format": []}]
)
def test_a_journal_that_makes_no_sense_is_damaged(library: Path, change: dict[str, object]) -> None:
    path = create_journal(find_journal_folder(library), Plan(library, ())).path
    record = json.loads(path.read_bytes())
    del record["crc32"]
    path.write_bytes(journal_module._encode(record | change))
    with pytest.raises(ActionError, match="damaged journal"):
        Journal(path)


@pytest.mark.parametrize("name", ["library", "."])
def test_a_plan_of_a_relative_folder_is_of_no_library(library: Path, name: str) -> None:
    assert "it is of the library" in find_trespass(Plan(Path(name), ()), library)


@pytest.mark.parametrize("place", ["two.jpg", "/", "/photos/..", "{library}/bad/.."])
def test_a_place_that_names_no_file_is_not_in_the_library(
    library: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A relative place would be in the library of whoever works there.
    monkeypatch.chdir(library)
    named = Path(place.format(library=library))
    step = make_step(named, library / "two.jpg", Kind.COPY)
    assert "step 0" in find_trespass(Plan(library, (step,)), library)


def test_a_library_that_is_not_there_is_still_the_one_that_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "unplugged"
    step = make_step(gone / "two.jpg", gone / "bad" / "two.jpg")
    assert find_trespass(Plan(gone, (step,)), gone) == ""
