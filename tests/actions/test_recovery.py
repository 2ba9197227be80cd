from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from actions.trees import (
    find_journal_folder,
    list_contents,
    make_library,
    read_tree,
)
from clearshot.actions.apply import apply_plan
from clearshot.actions.journal import Journal, Place, create_journal, has_ended
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Plan
from clearshot.actions.recovery import find_interruptions, recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A run that has made its first folders and is about to move its first photo."""
    plan = make_library(tmp_path)
    journal = create_journal(find_journal_folder(tmp_path), plan)
    folder = tmp_path / "bad"
    for name in ("", "blurry", "a"):
        folder /= name
        journal.record_folder(folder)
        folder.mkdir()
    journal.record_intent(0, Place.TARGET)
    return journal


def test_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(find_journal_folder(tmp_path)) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_moved_nothing_leaves_no_folders(journal: Journal, tmp_path: Path) -> None:
    (outcome,) = recover(journal.path.parent)
    assert (outcome.journal, outcome.done, outcome.skipped) == (journal.path, (), ())
    assert not (tmp_path / "bad").exists()
    assert has_ended(journal.path)


def test_a_group_that_moved_in_part_is_taken_back(journal: Journal, tmp_path: Path) -> None:
    before = {k: v for k, v in read_tree(tmp_path).items() if not k.startswith("bad")}
    move = journal.plan.steps[0]
    move.source.rename(move.target)
    (outcome,) = recover(journal.path.parent)
    assert outcome.done == ()
    assert read_tree(tmp_path) == before


def test_a_group_that_moved_stays(journal: Journal) -> None:
    for step in (0, 1):
        move = journal.plan.steps[step]
        journal.record_intent(step, Place.TARGET)
        move.source.rename(move.target)
    (outcome,) = recover(journal.path.parent)
    assert outcome.done == journal.plan.steps[:2]


def test_a_torn_record_is_no_record(journal: Journal, tmp_path: Path) -> None:
    before = list_contents(read_tree(tmp_path))
    with journal.path.open("ab") as stream:
        stream.write(b'{"crc32":1,"event":"do')
    (outcome,) = recover(journal.path.parent)
    assert outcome.skipped == ()
    assert has_ended(journal.path)
    assert list_contents(read_tree(tmp_path)) == before


def test_a_journal_that_was_never_begun_is_removed(journal: Journal) -> None:
    part = journal.path.with_suffix(".part")
    part.write_bytes(b"{")
    recover(journal.path.parent)
    assert not part.exists()


def test_a_file_that_was_edited_after_the_crash_is_not_taken_for_the_moved_one(
    journal: Journal, tmp_path: Path
) -> None:
    for step in (0, 1):
        move = journal.plan.steps[step]
        journal.record_intent(step, Place.TARGET)
        move.source.rename(move.target)
    edited = journal.plan.steps[0].target
    os.utime(edited, ns=(0, 9))
    recover(journal.path.parent)
    assert edited.stat().st_mtime_ns == 9
    undo = plan_undo(journal.path.parent)
    assert {skip.path.name: skip.reason for skip in undo.refused} == {
        "one.jpg": "changed since planning",
        "one.xmp": "stays with one.jpg",
    }
    assert apply_undo(undo, journal.path.parent).done == ()
    assert edited.exists()


def test_a_card_that_was_taken_out_is_waited_for(journal: Journal) -> None:
    move = journal.plan.steps[0]
    part = move.target.with_name(f".clearshot-{journal.name}-0.part")
    part.write_bytes(move.source.read_bytes()[:100])
    away = move.source.rename(move.source.with_name("away"))
    (outcome,) = recover(journal.path.parent)
    assert [skip.path for skip in outcome.skipped] == [move.source]
    assert part.exists()
    assert not has_ended(journal.path)

    away.rename(move.source)
    (outcome,) = recover(journal.path.parent)
    assert outcome.skipped == ()
    assert not part.exists()
    assert move.source.exists()
    assert has_ended(journal.path)


def test_the_next_run_ends_the_interrupted_one_first(journal: Journal, tmp_path: Path) -> None:
    outcome = apply_plan(Plan(tmp_path, ()), journal.path.parent)
    assert outcome.journal != journal.path
    assert has_ended(journal.path)


def test_a_run_that_goes_on_is_not_recovered(journal: Journal) -> None:
    with (
        hold_lock(journal.path.parent.parent),
        pytest.raises(ActionError, match="another clearshot"),
    ):
        recover(journal.path.parent)
    assert not has_ended(journal.path)


def read_everything(root: Path) -> dict[str, bytes]:
    """Read all files of a library, journals included, but the lock."""
    paths = (path for path in root.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path): path.read_bytes() for path in paths}


def move_open_step(journal: Journal, step: int) -> None:
    """Do a step up to the moment before it is recorded as done."""
    move = journal.plan.steps[step]
    journal.record_intent(step, Place.TARGET)
    move.source.rename(move.target)


def test_interruptions_are_found_by_a_look(journal: Journal, tmp_path: Path) -> None:
    moves = journal.plan.steps
    move_open_step(journal, 0)
    journal.record_intent(1, Place.TARGET)
    before = read_everything(tmp_path)
    (interruption,) = find_interruptions(journal.path.parent)
    assert read_everything(tmp_path) == before
    assert interruption.name == journal.name
    assert interruption.half_done == (
        (moves[0].source, f"taken back from {moves[0].target}"),
        (moves[1].source, "stays"),
    )
    recover(journal.path.parent)
    assert all(path.exists() for path, _ in interruption.half_done)
    assert find_interruptions(journal.path.parent) == ()


def test_a_group_that_moved_is_foreseen(journal: Journal) -> None:
    for step in (0, 1):
        move_open_step(journal, step)
    (interruption,) = find_interruptions(journal.path.parent)
    assert interruption.half_done == tuple(
        (move.target, "has moved") for move in journal.plan.steps[:2]
    )


def test_a_run_that_goes_on_is_no_interruption(journal: Journal) -> None:
    with (
        hold_lock(journal.path.parent.parent),
        pytest.raises(ActionError, match="another clearshot"),
    ):
        find_interruptions(journal.path.parent)


@pytest.mark.parametrize("steps_moved", [(0,), (0, 1)])
def test_planning_an_undo_leaves_an_interrupted_run_as_it_is(
    journal: Journal, tmp_path: Path, steps_moved: tuple[int, ...]
) -> None:
    original = make_library(tmp_path / "copy")
    for step in steps_moved:
        move_open_step(journal, step)
    before = read_everything(tmp_path)
    journals = journal.path.parent
    if len(steps_moved) == 1:
        with pytest.raises(ActionError, match="nothing to undo"):
            plan_undo(journals)
    else:
        back = plan_undo(journals)
    assert read_everything(tmp_path) == before
    assert not has_ended(journal.path)
    recover(journals)
    if len(steps_moved) == 2:
        assert plan_undo(journals) == back
        outcome = apply_undo(back, journals)
        assert (len(outcome.done), outcome.skipped) == (2, ())
    assert list_contents(read_tree(tmp_path / "a")) == list_contents(
        read_tree(original.folder / "a")
    )


def test_files_of_others_beside_the_journals_are_left_alone(journal: Journal) -> None:
    others = [journal.path.with_name(name) for name in ("notes.part", "2026.part", "a.jsonl.part")]
    for path in others:
        path.write_text("not a journal")
    apply_plan(Plan(journal.plan.folder, ()), journal.path.parent)
    assert [path.read_text() for path in others] == ["not a journal"] * 3


def test_a_file_on_a_drive_that_is_gone_is_looked_for_again(
    journal: Journal, tmp_path: Path
) -> None:
    move = journal.plan.steps[0]
    move.source.rename(move.target)
    (tmp_path / "bad").rename(tmp_path / "unplugged")
    (outcome,) = recover(journal.path.parent)
    assert [skip.path for skip in outcome.skipped] == [move.source]
    assert not has_ended(journal.path)
    (tmp_path / "unplugged").rename(tmp_path / "bad")
    (outcome,) = recover(journal.path.parent)
    assert outcome.skipped == ()
    # Its sidecar had not moved, so that it went back.
    assert move.source.is_file()
    assert has_ended(journal.path)


def test_a_file_that_someone_took_away_stops_nothing(journal: Journal) -> None:
    journal.plan.steps[0].source.unlink()
    (outcome,) = recover(journal.path.parent)
    assert outcome.skipped == ()
    assert has_ended(journal.path)
