"""Every kind of step does what it says, is taken back to the byte, and loses nothing on the way."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from actions.kinds import plan_kind, plan_writes, read_all, undo
from actions.trees import find_journal_folder, make_library, write_file
from clearshot.actions import deeds
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.deeds import carry_out, is_done_on_disk, settle
from clearshot.actions.duplicates import is_duplicate
from clearshot.actions.history import Effect, History
from clearshot.actions.plan import Kind, Plan, Step
from clearshot.actions.recovery import find_interruptions, recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError, InputError
from jpegs import draw_jpeg, make_step

if TYPE_CHECKING:
    from pathlib import Path

DUPLICATES = [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of five files."""
    folder = tmp_path / "library"
    make_library(folder)
    return folder


@pytest.fixture
def journals(library: Path) -> Path:
    return find_journal_folder(library)


@pytest.mark.parametrize("kind", [Kind.MOVE, *DUPLICATES, Kind.TRASH])
def test_undo_and_redo(library: Path, journals: Path, trash: Path, kind: Kind) -> None:
    plan = plan_kind(library, kind)
    before = read_all(library)
    outcome = apply_plan(plan, journals)
    assert outcome.done == plan.steps
    after = read_all(library)
    assert after != before
    for _ in range(2):
        name = undo(journals)
        assert read_all(library) == before
        undo(journals, name)
        assert read_all(library) == after
    undo(journals)
    assert read_all(library) == before


def test_writes_are_undone_and_redone_to_the_byte(library: Path, journals: Path) -> None:
    latin = "<é/>".encode("latin-1")
    write_file(library / "gone.xmp", b"\xff\xfe\0", mtime_ns=7)
    (library / "two.xmp").chmod(0o640)
    plan = plan_writes(
        library, ("two.xmp", latin), ("new.xmp", b"new"), ("gone.xmp", None), ("empty.xmp", b"")
    )
    assert Plan.from_document(json.loads(json.dumps(plan.as_document()))) == plan
    before = read_all(library)
    assert apply_plan(plan, journals).done == plan.steps
    assert (library / "two.xmp").read_bytes() == latin
    assert (library / "two.xmp").stat().st_mode & 0o777 == 0o640
    assert (library / "new.xmp").read_bytes() == b"new"
    assert not (library / "gone.xmp").exists()
    after = read_all(library)
    name = undo(journals)
    assert read_all(library) == before
    undo(journals, name)
    assert read_all(library) == after
    undo(journals)
    assert read_all(library) == before


def test_every_kind_survives_json() -> None:
    for kind in Kind:
        assert kind.inverse.inverse is kind


@pytest.mark.parametrize(
    "document",
    [{}, {"folder": "/l", "steps": [{"kind": "burn"}]}, {"folder": "/l", "steps": 3}],
)
def test_what_is_no_plan_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(InputError, match="this is not a plan"):
        Plan.from_document(document)


def test_a_plan_with_a_relative_path_is_refused(library: Path) -> None:
    document = make_library(library).as_document() | {"folder": "library"}
    with pytest.raises(InputError, match="a plan needs absolute paths"):
        Plan.from_document(document)


@pytest.mark.parametrize("kind", DUPLICATES)
def test_a_taken_target_is_never_overwritten(library: Path, journals: Path, kind: Kind) -> None:
    plan = plan_kind(library, kind)
    taken = write_file(library.parent / "bad" / "dark" / "two.xmp", b"mine")
    outcome = apply_plan(plan, journals)
    assert taken.read_bytes() == b"mine"
    assert {skip.path.name for skip in outcome.skipped} == {"two.jpg", "two.xmp"}
    assert not (taken.parent / "two.jpg").exists()


@pytest.mark.parametrize("kind", [*DUPLICATES, Kind.WRITE])
def test_a_target_that_is_taken_at_the_last_moment(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    plan = plan_kind(library, kind)
    if kind is Kind.WRITE:
        plan = plan_writes(library, ("new.xmp", b"ours"))
    monkeypatch.setattr("clearshot.actions.apply.find_obstacle", lambda step: "")
    step = plan.steps[-1]
    write_file(step.target, b"mine")
    outcome = apply_plan(Plan(library, (step,)), journals)
    assert [skip.reason for skip in outcome.skipped] == ["File exists"]
    assert step.target.read_bytes() == b"mine"
    assert not list(step.target.parent.glob(".clearshot-*"))


@pytest.mark.parametrize("kind", DUPLICATES)
def test_the_last_copy_is_never_removed(library: Path, journals: Path, kind: Kind) -> None:
    apply_plan(plan_kind(library, kind), journals)
    (library / "two.jpg").unlink()
    if kind is Kind.SYMLINK:
        # A dangling link holds nothing: it goes.
        undo(journals)
        return
    before = read_all(library)
    back = plan_undo(journals)
    assert {skip.path.name for skip in back.refused} == {"two.jpg", "two.xmp"}
    assert len(apply_undo(back, journals).skipped) == 2
    assert read_all(library)["bad/dark/two.jpg"] == before["bad/dark/two.jpg"]


def test_a_copy_whose_original_was_edited_is_kept(library: Path, journals: Path) -> None:
    apply_plan(plan_kind(library, Kind.COPY), journals)
    original = library / "two.jpg"
    # The same size, so that a look alone does not tell.
    write_file(original, b"owt" * 1000)
    outcome = apply_undo(plan_undo(journals), journals)
    reasons = {skip.path.name: skip.reason for skip in outcome.skipped}
    assert reasons == {
        "two.jpg": f"{original} is gone or differs; this copy is the last",
        "two.xmp": "stays with two.jpg",
    }
    assert (library.parent / "bad/dark/two.jpg").read_bytes() == b"two" * 1000
    assert (library.parent / "bad/dark/two.xmp").exists()
    write_file(original, b"longer" * 1000)
    assert plan_undo(journals).refused != ()


def test_an_edited_copy_is_kept(library: Path, journals: Path) -> None:
    apply_plan(plan_kind(library, Kind.COPY), journals)
    write_file(library.parent / "bad/dark/three.jpg", b"edited")
    (skip,) = plan_undo(journals).refused
    assert skip.reason == "changed since planning"


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.HARDLINK, Kind.SYMLINK])
def test_a_copy_or_link_whose_sidecar_was_edited_is_kept(
    library: Path, journals: Path, kind: Kind
) -> None:
    apply_plan(plan_kind(library, kind), journals)
    sidecar = library.parent / "bad/dark/two.xmp"
    sidecar.unlink()
    write_file(sidecar, b"<mine/>")
    back = plan_undo(journals)
    assert back.edited == frozenset()
    assert {skip.path.name for skip in back.refused} == {"two.jpg", "two.xmp"}
    apply_undo(back, journals)
    assert sidecar.read_bytes() == b"<mine/>"
    assert os.path.lexists(sidecar.with_suffix(".jpg"))
    assert (library / "two.xmp").read_bytes() == b"<two/>"


@pytest.mark.parametrize("kind", [Kind.HARDLINK, Kind.SYMLINK])
def test_what_took_the_place_of_a_link_is_kept(library: Path, journals: Path, kind: Kind) -> None:
    apply_plan(plan_kind(library, kind), journals)
    link = library.parent / "bad/dark/three.jpg"
    link.unlink()
    (skip,) = plan_undo(journals).refused
    assert skip.reason == "is not there any more"
    link.write_bytes(b"mine")
    (skip,) = plan_undo(journals).refused
    assert skip.reason == f"is not a link to {library / 'three.jpg'} any more"
    apply_undo(plan_undo(journals), journals)
    assert link.read_bytes() == b"mine"


def test_a_sidecar_that_changed_since_is_left_alone(library: Path, journals: Path) -> None:
    plan = plan_writes(library, ("two.xmp", b"ours"), ("new.xmp", b"new"))
    write_file(library / "two.xmp", b"edited")
    write_file(library / "new.xmp", b"made meanwhile")
    outcome = apply_plan(plan, journals)
    assert {skip.path.name: skip.reason for skip in outcome.skipped} == {
        "two.xmp": "changed since planning",
        "new.xmp": f"{library / 'new.xmp'} is occupied",
    }
    # The same size and time, another content.
    plan = plan_writes(library, ("two.xmp", b"ours"))
    write_file(library / "two.xmp", b"eDited")
    (skip,) = apply_plan(plan, journals).skipped
    assert skip.reason == "changed since planning"
    assert (library / "two.xmp").read_bytes() == b"eDited"


def test_a_sidecar_that_is_saved_while_ours_is_written_is_left_alone(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_writes(library, ("two.xmp", b"ours"))
    sync = os.fsync

    def save(descriptor: int) -> None:
        sync(descriptor)
        if b"ours" in b"".join(part.read_bytes() for part in library.glob("*.part")):
            write_file(library / "two.xmp", b"theirs")

    monkeypatch.setattr(os, "fsync", save)
    (skip,) = apply_plan(plan, journals).skipped
    assert skip.reason == "changed since planning"
    assert (library / "two.xmp").read_bytes() == b"theirs"
    assert not list(library.glob("*.part"))


def test_a_sidecar_behind_a_link_is_left_alone(library: Path, journals: Path) -> None:
    plan = plan_writes(library, ("two.xmp", b"ours"))
    (library / "two.xmp").rename(library / "real.xmp")
    (library / "two.xmp").symlink_to("real.xmp")
    (skip,) = apply_plan(plan, journals).skipped
    assert skip.reason == "not a regular file"
    with pytest.raises(OSError, match="not a regular file"):
        is_done_on_disk(plan.steps[0], is_reserved=False)


def test_a_folder_that_refuses_one_sidecar_does_not_end_the_run(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(step: Step, part: Path, reserve: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(deeds, "write_content", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    outcome = apply_plan(plan_writes(library, ("two.xmp", b"1"), ("a/one.xmp", b"2")), journals)
    assert [skip.reason for skip in outcome.skipped] == ["Permission denied"] * 2


def list_synced(events: list[tuple[str, Path]], journal: Path) -> list[Path]:
    """List what was synced between the two lines of the journal about its only step."""
    lines = [at for at, event in enumerate(events) if event == ("sync", journal)]
    intent, done, _end = lines[-3:]
    return [path for what, path in events[intent + 1 : done] if what == "sync"]


@pytest.mark.parametrize("kind", [*DUPLICATES, Kind.TRASH])
def test_what_is_done_is_on_the_disk_before_the_journal_says_so(
    library: Path, journals: Path, trash: Path, kind: Kind, events: list[tuple[str, Path]]
) -> None:
    step = plan_kind(library, kind).steps[-1]
    outcome = apply_plan(Plan(library, (step,)), journals)
    assert outcome.done == (step,)
    changed = step.source.parent if kind is Kind.TRASH else step.target.parent
    synced = list_synced(events, outcome.journal)
    assert changed in synced
    assert any(path.suffix == ".part" for path in synced) is (kind is Kind.COPY)
    outcome = apply_undo(plan_undo(journals), journals)
    assert changed in list_synced(events, outcome.journal)


@pytest.mark.parametrize("name", ["two.xmp", "new.xmp", "photo.jpg"])
def test_new_content_is_on_the_disk_before_it_has_its_name(
    library: Path, journals: Path, name: str, events: list[tuple[str, Path]]
) -> None:
    path = library / name
    if path.suffix == ".jpg":
        plan = Plan(library, (make_step(write_file(path, draw_jpeg()), b"<packet/>"),))
    else:
        plan = plan_writes(library, (name, b"ours"))
    outcome = apply_plan(plan, journals)
    assert outcome.done == plan.steps
    # By their names at the moment of the sync: what was renamed before is no part file any more.
    first, *others = list_synced(events, outcome.journal)
    assert (first.parent, first.suffix) == (library, ".part")
    assert set(others) == {library}


class TestSettle:
    """What a crash can leave that the crash tests do not meet."""

    @pytest.fixture
    def step(self, library: Path) -> Step:
        step = plan_kind(library, Kind.COPY).steps[2]
        step.target.parent.mkdir(parents=True)
        return step

    def test_a_copy_whose_card_was_taken_out(self, step: Step, tmp_path: Path) -> None:
        part = tmp_path / "part"
        part.write_bytes(b"half")
        step.source.rename(tmp_path / "away")
        with pytest.raises(OSError, match="this copy is left"):
            settle(step, part, is_reserved=False)
        part.unlink()
        assert not settle(step, part, is_reserved=False)
        step.target.write_bytes(b"two" * 1000)
        assert settle(step, part, is_reserved=False)

    def test_a_reserved_name(self, step: Step, tmp_path: Path) -> None:
        step.target.touch()
        assert not settle(step, tmp_path / "part", is_reserved=True)
        assert not step.target.exists()
        step.target.write_bytes(b"mine")
        assert not settle(step, tmp_path / "part", is_reserved=True)
        assert step.target.exists()
        step.target.unlink()
        assert not settle(step, tmp_path / "part", is_reserved=True)

    def test_a_reserved_sidecar(self, library: Path, tmp_path: Path) -> None:
        (step,) = plan_writes(library, ("new.xmp", b"new")).steps
        step.target.touch()
        assert not settle(step, tmp_path / "part", is_reserved=True)
        assert not step.target.exists()

    @pytest.mark.parametrize(("content", "is_reserved"), [(b"", False), (b"mine", True)])
    def test_a_sidecar_of_another_program(
        self, library: Path, tmp_path: Path, content: bytes, is_reserved: bool
    ) -> None:
        (step,) = plan_writes(library, ("new.xmp", b"new")).steps
        step.target.write_bytes(content)
        assert not settle(step, tmp_path / "part", is_reserved=is_reserved)
        assert step.target.read_bytes() == content

    def test_an_empty_copy_of_another_program(self, step: Step, tmp_path: Path) -> None:
        step.target.touch()
        assert not settle(step, tmp_path / "part", is_reserved=False)
        assert step.target.exists()

    def test_what_is_done_is_done(self, library: Path, step: Step, tmp_path: Path) -> None:
        step.target.write_bytes(step.source.read_bytes())
        assert settle(step, tmp_path / "part", is_reserved=False)
        (write,) = plan_writes(library, ("new.xmp", b"new")).steps
        assert not settle(write, tmp_path / "part", is_reserved=False)
        write.target.write_bytes(b"new")
        assert settle(write, tmp_path / "part", is_reserved=False)

    def test_a_folder_is_no_copy(self, step: Step) -> None:
        step.target.mkdir()
        assert not is_done_on_disk(step, is_reserved=False)

    def test_a_copy_is_not_removed_blindly(self, step: Step, tmp_path: Path) -> None:
        back = step.invert(0)
        step.target.write_bytes(b"mine")
        with pytest.raises(OSError, match="this copy is the last"):
            carry_out(back, tmp_path / "part", lambda: None)
        assert step.target.exists()


def test_the_list_tells_what_is_in_effect(library: Path, journals: Path) -> None:
    assert History(journals).summarize() == ()
    first = apply_plan(plan_kind(library, Kind.COPY), journals).journal.stem
    apply_plan(Plan(library, ()), journals)
    assert [plan.effect for plan in History(journals).summarize()] == [Effect.WHOLE, Effect.EMPTY]
    edited = write_file(library.parent / "bad/dark/three.jpg", b"edited")
    apply_undo(plan_undo(journals), journals)
    plans = History(journals).summarize()
    assert plans[0].effect is Effect.PARTLY
    assert plans[0].kinds == ((Kind.COPY, 5),)
    assert plans[2].undoes == first
    edited.unlink()
    second = apply_plan(plan_writes(library, ("n.xmp", b"n")), journals).journal.stem
    undo(journals, second)
    assert [plan.effect for plan in History(journals).summarize()][-2:] == [
        Effect.NONE,
        Effect.WHOLE,
    ]
    assert [plan.is_interrupted for plan in plans] == [False] * 3


def test_a_crash_of_any_kind_is_told_before_it_is_put_right(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_writes(library, ("two.xmp", b"ours"))
    monkeypatch.setattr("clearshot.actions.apply.end_run", lambda path: 1 / 0)
    monkeypatch.setattr(deeds, "settle_content", lambda *args: 1 / 0)

    def crash(step: Step, part: Path, reserve: object) -> None:
        step.target.write_bytes(b"ours")
        raise ActionError("crash")

    monkeypatch.setattr(deeds, "write_content", crash)
    with pytest.raises(ZeroDivisionError):
        apply_plan(plan, journals)
    monkeypatch.undo()
    (interruption,) = find_interruptions(journals)
    assert interruption.half_done == ((library / "two.xmp", "write: is done"),)
    (library / "two.xmp").rename(library / "elsewhere")
    (library / "two.xmp").symlink_to("elsewhere")
    (interruption,) = find_interruptions(journals)
    assert interruption.half_done == ((library / "two.xmp", "write: not done"),)
    (library / "elsewhere").rename(library / "two.xmp")
    (plan_after,) = History(journals).summarize()
    assert plan_after.is_interrupted
    recover(journals)
    undo(journals)
    assert (library / "two.xmp").read_bytes() == b"<two/>"


def test_one_file_under_two_names_of_its_folder_is_no_second_link(tmp_path: Path) -> None:
    photo = write_file(tmp_path / "photos" / "one.jpg", b"one")
    (tmp_path / "same").symlink_to(photo.parent)
    again = tmp_path / "same" / "one.jpg"
    step = Step(photo, again, read_stamp(photo), 0, "blurry", Kind.HARDLINK)
    assert not is_duplicate(step)
    other = tmp_path / "other.jpg"
    os.link(photo, other)
    assert is_duplicate(replace(step, target=other))
