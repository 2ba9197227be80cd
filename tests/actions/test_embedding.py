"""Metadata of a photo is exchanged as a whole or not at all, and nothing else ever is."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from actions.kinds import undo
from actions.trees import find_journal_folder, plan_moves, read_tree, write_file
from clearshot.actions import embedding
from clearshot.actions.apply import apply_plan
from clearshot.actions.deeds import carry_out, is_done_on_disk, settle
from clearshot.actions.history import list_rewritten_photos
from clearshot.actions.journal import Journal
from clearshot.actions.plan import Kind, Outcome, Plan, Rewriting, Step
from clearshot.actions.premises import find_trespass
from clearshot.actions.recovery import recover
from clearshot.actions.undo import apply_undo, plan_undo
from clearshot.errors import ActionError
from clearshot.photo import FileStamp
from clearshot.sidecars.jpeg import read_packet
from jpegs import FILM, XMP, draw_jpeg, insert, make_step, wrap

PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>\xc3\xa4</x:xmpmeta>"
NAMES = ["a.jpg", "-o.JPG", "new\nline.jpeg", "📷 .jpe", "trip/%41.jpg"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of JPEG photos, some with a film behind the pixels."""
    folder = tmp_path / "library"
    for number, name in enumerate(NAMES):
        content = draw_jpeg(tail=FILM * (number % 2))
        write_file(folder / name, content, mtime_ns=1_500_000_000_000_000_001 + number)
    (folder / "a.jpg").chmod(0o640)
    return folder


@pytest.fixture
def journals(library: Path) -> Path:
    return find_journal_folder(library)


def plan_all(library: Path) -> Plan:
    paths = [library / name for name in NAMES]
    return Plan(library, tuple(make_step(path, PACKET, group=n) for n, path in enumerate(paths)))


def take_one(library: Path) -> Step:
    return plan_all(library).steps[0]


def test_photos_are_written_undone_and_redone_to_the_byte(library: Path, journals: Path) -> None:
    plan = plan_all(library)
    assert Plan.from_document(json.loads(json.dumps(plan.as_document()))) == plan
    before = read_tree(library)
    outcome = apply_plan(plan, journals)
    assert outcome.done == plan.steps
    assert outcome.skipped == ()
    for step in plan.steps:
        content = step.target.read_bytes()
        assert read_packet(step.target) == PACKET
        assert len(content) == step.size_bytes
        assert hashlib.sha256(content).hexdigest() == step.sha256_after
        # From the first scan on, films included, every byte is what it was.
        old = before[str(step.target.relative_to(library))]
        assert old is not None
        assert content.endswith(old[0][step.offset :])
        assert content.startswith(old[0][: step.offset])
    assert (library / "a.jpg").stat().st_mode & 0o777 == 0o640
    after = read_tree(library)
    for _ in range(2):
        name = undo(journals)
        assert read_tree(library) == before
        undo(journals, name)
        assert read_tree(library) == after
    undo(journals)
    assert read_tree(library) == before
    assert (library / "a.jpg").stat().st_mode & 0o777 == 0o640


def test_the_journal_holds_what_differs_and_no_photo(library: Path, journals: Path) -> None:
    big = write_file(library / "big.jpg", draw_jpeg(tail=bytes(3_000_000)))
    outcome = apply_plan(Plan(library, (make_step(big, PACKET),)), journals)
    assert outcome.done != ()
    assert outcome.journal.stat().st_size < 3000


def test_the_outcome_tells_the_states_of_what_was_rewritten(library: Path, journals: Path) -> None:
    step = take_one(library)
    outcome = apply_plan(Plan(library, (step,)), journals)
    status = step.target.stat()
    stamp = FileStamp(status.st_size, status.st_mtime_ns)
    assert outcome.rewritten == (Rewriting(step.target, step.stamp, stamp),)
    assert stamp.mtime_ns > step.stamp.mtime_ns
    back = apply_undo(plan_undo(journals), journals)
    assert back.rewritten == (Rewriting(step.target, stamp, step.stamp),)


def test_the_journals_tell_all_that_was_rewritten(library: Path, journals: Path) -> None:
    assert list_rewritten_photos(journals) == []
    first = apply_plan(plan_all(library), journals)
    back = apply_undo(plan_undo(journals), journals)
    write_file(library / "b.png", b"")
    apply_plan(plan_moves(library, {"b.png": "c.png"}), journals)
    damaged = apply_plan(plan_all(library), journals).journal
    damaged.write_bytes(damaged.read_bytes().replace(b"embed", b"EMBED", 1))
    assert list_rewritten_photos(journals) == [*first.rewritten, *back.rewritten]


def test_two_plans_for_one_photo_go_back_one_by_one(library: Path, journals: Path) -> None:
    path = library / "a.jpg"
    states = [read_tree(library)]
    apply_plan(Plan(library, (make_step(path, PACKET),)), journals)
    states.append(read_tree(library))
    before = path.read_bytes()
    after = before.replace(wrap(XMP + PACKET), wrap(XMP + b"<other/>"))
    step = replace(
        make_step(path, PACKET),
        before=wrap(XMP + PACKET),
        after=wrap(XMP + b"<other/>"),
        sha256_after=hashlib.sha256(after).hexdigest(),
    )
    assert apply_plan(Plan(library, (step,)), journals).done == (step,)
    assert read_packet(path) == b"<other/>"
    for state in reversed(states):
        undo(journals)
        assert read_tree(library) == state


@pytest.mark.parametrize("is_undone", [False, True])
def test_a_photo_that_changed_is_left_alone(
    library: Path, journals: Path, *, is_undone: bool
) -> None:
    plan = Plan(library, (take_one(library),))
    if is_undone:
        apply_plan(plan, journals)
    path = write_file(library / "a.jpg", b"edited")
    outcome = apply_undo(plan_undo(journals), journals) if is_undone else apply_plan(plan, journals)
    assert [(skip.path, skip.reason) for skip in outcome.skipped] == [
        (path, "changed since planning")
    ]
    assert path.read_bytes() == b"edited"


@pytest.mark.parametrize("place", [1, 200, -1])
def test_another_byte_anywhere_is_a_change(library: Path, journals: Path, place: int) -> None:
    """The same size and time, so that a look alone does not tell."""
    step = take_one(library)
    content = bytearray(step.target.read_bytes())
    content[place] ^= 1
    write_file(step.target, bytes(content), mtime_ns=step.stamp.mtime_ns)
    (skip,) = apply_plan(Plan(library, (step,)), journals).skipped
    assert skip.reason == "changed since planning"
    assert step.target.read_bytes() == content
    assert not list(library.glob(".clearshot-*"))


def test_a_photo_that_is_saved_while_it_is_copied_is_left_alone(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = take_one(library)
    fill = embedding._write_part

    def interfere(*args: object) -> None:
        fill(*args)  # type: ignore[arg-type]
        write_file(step.target, b"edited")

    monkeypatch.setattr(embedding, "_write_part", interfere)
    (skip,) = apply_plan(Plan(library, (step,)), journals).skipped
    assert skip.reason == "changed since planning"
    assert step.target.read_bytes() == b"edited"
    assert not list(library.glob(".clearshot-*"))


def test_a_copy_that_differs_is_not_put_in_place(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = take_one(library)
    before = read_tree(library)
    monkeypatch.setattr(embedding, "hash_file", lambda path: bytes(32))
    (skip,) = apply_plan(Plan(library, (step,)), journals).skipped
    assert skip.reason == "the copy differs from the plan"
    assert read_tree(library) == before


def test_a_link_is_not_followed(library: Path, journals: Path) -> None:
    step = take_one(library)
    step.target.rename(library / "real")
    step.target.symlink_to("real")
    (skip,) = apply_plan(Plan(library, (step,)), journals).skipped
    assert skip.reason == "not a regular file"
    with pytest.raises(OSError, match="not a regular file"):
        is_done_on_disk(step, is_reserved=False)


def protect(path: Path) -> str:
    path.chmod(0o444)
    return "is write-protected"


def link(path: Path) -> str:
    os.link(path, path.parent / "other name")
    return "has other names by hard link, which would keep the old metadata"


@pytest.mark.parametrize("change", [protect, link])
def test_a_protected_photo_and_one_with_other_names_are_left_alone(
    library: Path, journals: Path, change: Callable[[Path], str]
) -> None:
    """When a plan is carried out, undone and redone."""
    path = library / "a.jpg"
    plan = Plan(library, (make_step(path, PACKET),))

    def refuse(act: Callable[[], Outcome]) -> None:
        reason = change(path)
        before = read_tree(library)
        assert [(skip.path, skip.reason) for skip in act().skipped] == [(path, reason)]
        assert read_tree(library) == before
        path.chmod(0o640)
        (library / "other name").unlink(missing_ok=True)

    refuse(lambda: apply_plan(plan, journals))
    apply_plan(plan, journals)
    refuse(lambda: apply_undo(plan_undo(journals), journals))
    name = undo(journals)
    refuse(lambda: apply_undo(plan_undo(journals, name), journals))
    undo(journals, name)
    assert read_packet(path) == PACKET


@pytest.mark.parametrize("change", [protect, link])
def test_a_photo_that_is_protected_while_it_is_copied_is_left_alone(
    library: Path,
    journals: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], str],
) -> None:
    step = take_one(library)
    fill = embedding._write_part
    content = step.target.read_bytes()
    reasons: list[str] = []

    def interfere(*args: object) -> None:
        fill(*args)  # type: ignore[arg-type]
        reasons.append(change(step.target))

    monkeypatch.setattr(embedding, "_write_part", interfere)
    (skip,) = apply_plan(Plan(library, (step,)), journals).skipped
    assert skip.reason == reasons[0]
    assert step.target.read_bytes() == content
    assert not list(library.glob(".clearshot-*"))


class TestForgery:
    """A journal may say anything; nothing but metadata before the pixels changes."""

    def refuse(self, step: Step, tmp_path: Path) -> None:
        before = step.target.read_bytes()
        with pytest.raises(OSError, match="changed since planning"):
            carry_out(step, tmp_path / "part", lambda: None)
        assert step.target.read_bytes() == before

    def forge(self, step: Step, offset: int, old: bytes, new: bytes) -> Step:
        """Exchange any bytes, with the right hashes."""
        content = step.target.read_bytes()
        assert content[offset : offset + len(old)] == old
        other = content[:offset] + new + content[offset + len(old) :]
        hashed = hashlib.sha256(other).hexdigest()
        return replace(step, offset=offset, before=old, after=new, sha256_after=hashed)

    def test_of_another_place(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        content = step.target.read_bytes()
        scan = content.index(b"\xff\xda")
        segment = wrap(XMP + b"<a/>")
        for offset in (0, 1, 3, scan + 1, scan + 20, len(content) - 2, len(content), -5):
            if offset >= 0:
                self.refuse(self.forge(step, offset, b"", segment), tmp_path)
            self.refuse(replace(step, offset=offset), tmp_path)

    def test_of_something_else_than_metadata(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        tables = wrap(b"\0" * 65, marker=0xDB)
        for new in (tables, b"junk", step.target.read_bytes()):
            forged = self.forge(step, step.offset, b"", new)
            self.refuse(forged, tmp_path)
            assert "step 0 (embed)" in find_trespass(Plan(library, (forged,)), library)

    def test_of_a_file_that_is_no_jpeg(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        write_file(step.target, b"no photo")
        self.refuse(self.forge(step, 2, b"", b""), tmp_path)

    def test_is_refused_with_its_journal(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        outside = tmp_path / "a.jpg"
        shutil.copy(step.target, outside)
        forged = [
            replace(step, source=outside, target=outside),
            replace(step, target=library / "b.jpg"),
            replace(step, source=library / "a.txt", target=library / "a.txt"),
            replace(step, before=None),
            replace(step, after=None),
            replace(step, sha256_after=""),
            Step.from_row(step.as_row() | {"sha256_before": 7}),
            Step.from_row(step.as_row() | {"offset": "2"}),
        ]
        assert find_trespass(Plan(library, (step,)), library) == ""
        for each in forged:
            plan = Plan(library, (step, each))
            assert "step 1 (embed) is not of this library" in find_trespass(plan, library)


class TestSettle:
    """What a crash can leave."""

    def test_before_and_after(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        part = write_file(tmp_path / "part", b"half")
        assert not settle(step, part, is_reserved=False)
        assert not part.exists()
        carry_out(step, part, lambda: None)
        assert settle(step, part, is_reserved=False)
        assert is_done_on_disk(step, is_reserved=False)

    def test_a_photo_of_another_program(self, library: Path, tmp_path: Path) -> None:
        step = take_one(library)
        write_file(step.target, bytes(step.size_bytes))
        assert not settle(step, tmp_path / "part", is_reserved=False)
        assert step.target.read_bytes() == bytes(step.size_bytes)
        step.target.unlink()
        assert not settle(step, tmp_path / "part", is_reserved=False)

    def test_a_crash_behind_the_rename_is_seen_as_done(
        self, library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        step = take_one(library)
        before = read_tree(library)
        monkeypatch.setattr("clearshot.actions.apply.end_run", lambda path: 1 / 0)
        monkeypatch.setattr(embedding, "sync_folder", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            apply_plan(Plan(library, (step,)), journals)
        monkeypatch.undo()
        (outcome,) = recover(journals)
        assert outcome.done == (step,)
        assert [photo.path for photo in outcome.rewritten] == [step.target]
        undo(journals)
        assert read_tree(library) == before


def test_a_folder_that_refuses_one_photo_does_not_end_the_run(
    library: Path, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = embedding._write_part

    def refuse(reader: object, step: Step, part: Path) -> None:
        if part.parent == library:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        fill(reader, step, part)  # type: ignore[arg-type]

    monkeypatch.setattr(embedding, "_write_part", refuse)
    outcome = apply_plan(plan_all(library), journals)
    assert {skip.reason for skip in outcome.skipped} == {"Permission denied"}
    assert [step.target.parent.name for step in outcome.done] == ["trip"]


def test_a_group_with_a_sidecar_that_fails_leaves_the_photo(library: Path, journals: Path) -> None:
    step = take_one(library)
    sidecar = library / "a.xmp"
    write = Step(sidecar, sidecar, FileStamp(0, 0), 0, "x", Kind.WRITE, after=b"new")
    before = read_tree(library)
    (library / ".clearshot").mkdir()
    plan = Plan(library, (step, write))

    def fail(*args: object) -> None:
        raise OSError(errno.EIO, "bad block")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clearshot.actions.deeds.write_content", fail)
        outcome = apply_plan(plan, journals)
    assert {skip.reason for skip in outcome.skipped} == {"bad block", "stays with a.xmp"}
    assert outcome.done == ()
    assert read_tree(library) == before


def test_a_disk_that_gets_full(tmp_path: Path, small_disk: Path) -> None:
    """The journal is elsewhere, as for a library that spans disks."""
    for number in range(3):
        write_file(small_disk / f"{number}.jpg", draw_jpeg(tail=bytes(100_000 * (number + 1) // 2)))
    steps = [make_step(small_disk / f"{n}.jpg", PACKET * 300, group=n) for n in range(3)]
    write_file(small_disk / "filler", bytes(50_000))
    before = read_tree(small_disk)
    journals = find_journal_folder(tmp_path)
    with pytest.raises(ActionError, match="No space left on device"):
        apply_plan(Plan(tmp_path, tuple(steps)), journals)
    done = [
        (small_disk / f"{n}.jpg").stat().st_size == step.size_bytes for n, step in enumerate(steps)
    ]
    assert done == [True, True, False]
    assert not list(small_disk.glob(".clearshot-*"))
    undo(journals)
    assert read_tree(small_disk) == before


def test_journals_of_the_format_before_are_read(library: Path, journals: Path) -> None:
    path = apply_plan(plan_all(library), journals).journal
    assert b'"format":3' in path.read_bytes()
    assert len(Journal(path).plan.steps) == len(NAMES)


def test_inserted_by_hand_is_inserted(library: Path) -> None:
    """The helper of these tests does what they rely on."""
    step = take_one(library)
    content = step.target.read_bytes()
    assert insert(content, step.after or b"") == (
        content[: step.offset] + (step.after or b"") + content[step.offset :]
    )
