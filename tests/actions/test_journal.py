from __future__ import annotations

import errno
import json
import os
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Self

import pytest

from actions.trees import find_journal_folder, make_library
from clearshot.actions import journal as journal_module
from clearshot.actions.journal import Journal, Place, create_journal, has_ended, list_journals
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal of five steps: the first has moved, the second is open."""
    journal = create_journal(find_journal_folder(tmp_path), make_library(tmp_path))
    journal.record_folder(tmp_path / "bad")
    journal.record_intent(0, Place.TARGET)
    journal.record_done(0, Place.TARGET, 77)
    journal.record_intent(1, Place.TARGET, is_reserved=True)
    return journal


def test_a_journal_says_what_was_recorded(journal: Journal, tmp_path: Path) -> None:
    again = Journal(journal.path)
    assert again.plan == journal.plan
    assert again.states == journal.states
    assert again.folders == [tmp_path / "bad"]
    assert again.done_steps == [0]
    assert again.open_steps == [1]
    assert again.states[0].mtime_ns == 77
    assert again.states[1].is_reserved
    assert (again.undoes, again.leftovers, again.is_finished) == (None, (), False)


def test_an_undo_names_what_it_takes_back(tmp_path: Path) -> None:
    plan = make_library(tmp_path)
    folder = find_journal_folder(tmp_path)
    journal = create_journal(folder, plan, undoes="x", leftovers=(tmp_path / "bad",))
    assert (journal.undoes, journal.leftovers) == ("x", (tmp_path / "bad",))
    assert journal.gone == frozenset()


def test_an_undo_names_the_sidecars_that_were_gone(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.xmp")
    folder, plan = find_journal_folder(tmp_path), make_library(tmp_path)
    journal = create_journal(folder, plan, undoes="x", gone=(tmp_path / name,))
    assert Journal(journal.path).gone == {tmp_path / name}


def test_every_line_is_json_with_a_checksum(journal: Journal) -> None:
    rows = [json.loads(line) for line in journal.path.read_bytes().splitlines()]
    assert [row["event"] for row in rows] == ["plan", "folder", "intent", "done", "intent"]
    assert all(isinstance(row["crc32"], int) for row in rows)


def test_a_journal_ends_with_its_last_record(journal: Journal) -> None:
    assert not has_ended(journal.path)
    journal.record_end()
    assert has_ended(journal.path)
    assert Journal(journal.path).is_finished


def test_journals_are_listed_oldest_first(tmp_path: Path) -> None:
    plan = make_library(tmp_path)
    folder = find_journal_folder(tmp_path)
    assert list_journals(folder) == []
    made = [create_journal(folder, plan).path for _ in range(5)]
    assert list_journals(folder) == made


def test_journals_keep_their_order_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_library(tmp_path)
    folder = find_journal_folder(tmp_path)
    made = [create_journal(folder, plan).path]

    class LateClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) - timedelta(hours=2)

    monkeypatch.setattr(journal_module, "datetime", LateClock)
    made += [create_journal(folder, plan).path for _ in range(3)]
    assert list_journals(folder) == made
    assert Journal(made[-1]).plan == plan


def test_a_name_that_is_no_time_costs_no_journal(tmp_path: Path) -> None:
    plan = make_library(tmp_path)
    folder = find_journal_folder(tmp_path)
    folder.mkdir(parents=True)
    for name in ("99991231T235959.999999Z-0.jsonl", "zebra.jsonl"):
        (folder / name).write_bytes(b"")
        assert create_journal(folder, plan).path.name < name


def test_a_torn_last_line_is_ignored_and_cut_off(journal: Journal) -> None:
    whole = journal.path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for size in range(start, len(whole)):
        journal.path.write_bytes(whole[:size])
        torn = Journal(journal.path)
        assert torn.open_steps == []
        assert not has_ended(journal.path)
        torn.record_end()
        assert has_ended(journal.path)
        assert Journal(journal.path).is_finished


@pytest.mark.parametrize(
    "line",
    [b"\n", b"7\n", b"[]\n", b"{}\n", b'{"crc32":1,"event":"end"}\n', b"[" * 200_000 + b"\n"],
)
def test_damage_before_the_last_line_is_refused(journal: Journal, line: bytes) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    lines[1] = line
    journal.path.write_bytes(b"".join(lines))
    with pytest.raises(ActionError, match=r"damaged journal, line 2"):
        Journal(journal.path)


def test_an_empty_journal_is_refused(journal: Journal) -> None:
    journal.path.write_bytes(b"")
    assert not has_ended(journal.path)
    with pytest.raises(ActionError, match="line 1"):
        Journal(journal.path)


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_library(tmp_path)
    monkeypatch.setattr(journal_module, "FORMAT", 4)
    monkeypatch.setitem(journal_module._READABLE_FORMATS, 4, "steps")
    path = create_journal(find_journal_folder(tmp_path), plan).path
    monkeypatch.undo()
    with pytest.raises(ActionError, match="journal of format 4, this version reads 3"):
        Journal(path)


def test_an_unknown_record_is_refused(journal: Journal) -> None:
    with journal.path.open("ab") as stream:
        stream.write(journal_module._encode({"event": "rename"}))
    with pytest.raises(ActionError, match="unknown record 'rename'"):
        Journal(journal.path)


@pytest.mark.parametrize(
    "record",
    [
        {"event": "done", "step": 0, "place": "target", "mtime_ns": "z"},
        {"event": "done", "step": -1, "place": "target", "mtime_ns": 1},
        {"event": "intent", "step": 99, "heading": "target", "is_reserved": False},
        {"event": "intent", "step": 0, "heading": "nowhere", "is_reserved": False},
    ],
)
def test_a_record_that_makes_no_sense_is_damage(
    journal: Journal, record: dict[str, object]
) -> None:
    with journal.path.open("ab") as stream:
        stream.write(journal_module._encode(record))
    with pytest.raises(ActionError, match="damaged journal"):
        Journal(journal.path)


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    for read in (Journal, has_ended):
        with pytest.raises(ActionError, match=r"gone.jsonl: cannot read the journal: No such file"):
            read(tmp_path / "gone.jsonl")


def test_a_full_disk_leaves_a_journal_that_goes_on(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ActionError, match="cannot write the journal: No space left"):
        journal.record_folder(journal.path)
    monkeypatch.undo()
    journal.record_end()
    again = Journal(journal.path)
    assert again.is_finished
    assert journal.path not in again.folders


def test_a_journal_that_cannot_begin_is_never_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    plan = make_library(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ActionError, match="No space left"):
        create_journal(find_journal_folder(tmp_path), plan)
    assert list_journals(find_journal_folder(tmp_path)) == []


def test_a_journal_without_its_first_line_is_refused(journal: Journal) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(ActionError, match="damaged journal, line 1"):
        Journal(journal.path)


def test_a_journal_of_format_1_holds_moves(tmp_path: Path) -> None:
    plan = make_library(tmp_path)
    path = create_journal(find_journal_folder(tmp_path), plan).path
    record = json.loads(path.read_bytes())
    del record["crc32"]
    rows = record.pop("steps")
    for row in rows:
        del row["kind"]
    path.write_bytes(journal_module._encode(record | {"format": 1, "moves": rows}))
    assert Journal(path).plan == plan


def test_a_journal_has_its_name_on_the_disk_before_anything_is_done(
    tmp_path: Path, events: list[tuple[str, Path]]
) -> None:
    folder = find_journal_folder(tmp_path)
    journal = create_journal(folder, make_library(tmp_path))
    assert events.index(("rename", journal.path)) < events.index(("sync", folder))
    # A journal in a folder that is gone after a power cut would be lost with it.
    assert {("sync", folder.parent), ("sync", tmp_path)} <= set(events)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_journal(tmp_path: Path) -> None:
    pipe = tmp_path / "x.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(ActionError, match="not a regular file"):
        has_ended(pipe)
