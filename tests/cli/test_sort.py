from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from clearshot.actions.journal import Place, create_journal
from clearshot.actions.plan import Plan, Step
from clearshot.cli.plans import find_journals

Run = Callable[..., Result]


def list_tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".clearshot" not in path.parts
    }


def test_plan_moves_nothing(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    before = list_tree(scanned_library)
    result = run("sort", scanned_library, "--to", tmp_path / "bad")
    assert result.exit_code == 0
    assert "Nothing was moved. To move 4 files" in result.stdout
    assert list_tree(scanned_library) == before
    assert not (tmp_path / "bad").exists()


def test_apply_and_undo_bring_back_every_byte(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    before = list_tree(scanned_library)
    target = tmp_path / "bad"
    applied = run("sort", scanned_library, "--to", target, "--apply")
    assert applied.exit_code == 0
    assert "3 photos moved (4 files)" in applied.stdout
    assert sorted(list_tree(target)) == [
        "blurry/blurred.jpg", "blurry/blurred.xmp", "dark/black.jpg", "overexposed/white.jpg",
    ]  # fmt: skip
    assert list(list_tree(scanned_library)) == ["clear.jpg"]

    shown = run("undo", scanned_library)
    assert shown.exit_code == 0
    assert "Nothing was done." in shown.stdout
    assert list(list_tree(scanned_library)) == ["clear.jpg"]

    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 0
    assert "3 photos back as before (4 files)" in undone.stdout
    assert f"Do it again: clearshot undo {scanned_library} --plan " in undone.stdout
    assert list_tree(scanned_library) == before
    assert not target.exists()
    nothing = run("undo", scanned_library)
    assert (nothing.exit_code, nothing.stderr) == (5, "clearshot: nothing to undo\n")


def test_an_undo_that_takes_nothing_back_leads_to_the_older_plans(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    target = tmp_path / "bad"
    run("sort", scanned_library, "--to", target, "--apply")
    for name in list_tree(target):
        with (target / name).open("ab") as stream:
            stream.write(b"edited")
    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 1
    assert "0 photos back as before" in undone.stdout
    assert f"Older plans, for --plan: clearshot undo {scanned_library} --list" in undone.stdout


def test_catalog_follows_the_files(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    def list_names() -> list[str]:
        rows = json.loads(run("report", scanned_library, "--json", "-").stdout)
        return [row["relative_path"] for row in rows]

    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert list_names() == ["clear.jpg"]
    run("undo", scanned_library, "--apply")
    assert list_names() == ["black.jpg", "blurred.jpg", "clear.jpg", "white.jpg"]


def test_json_tells_plan_and_outcome(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    words = ["sort", scanned_library, "--to", tmp_path / "bad", "--format", "json"]
    plan = json.loads(run(*words).stdout)
    assert plan["applied"] is False
    assert plan["plan"] is None
    assert len(plan["steps"]) == 4
    outcome = json.loads(run(*words, "--apply").stdout)
    assert outcome["applied"] is True
    assert outcome["steps"] == plan["steps"]
    undo = json.loads(
        run("undo", scanned_library, "--format", "json", "--plan", outcome["plan"]).stdout
    )
    assert {move["target"] for move in undo["steps"]} == {m["source"] for m in plan["steps"]}
    shown = run("undo", scanned_library, "--plan", outcome["plan"]).stdout
    assert f"clearshot undo {scanned_library} --plan {outcome['plan']} --apply" in shown


def test_taken_names_are_shown_as_renamed(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    (tmp_path / "bad" / "dark").mkdir(parents=True)
    (tmp_path / "bad" / "dark" / "black.jpg").write_text("another")
    result = run("sort", scanned_library, "--to", tmp_path / "bad")
    assert "black (2).jpg" in result.stdout
    assert "1 file renamed because the name is taken" in result.stdout


def test_changed_photo_is_left_alone_and_exit_1(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    (scanned_library / "black.jpg").write_bytes(b"edited since the scan")
    result = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert result.exit_code == 1
    assert "black.jpg: changed since the scan; scan again" in result.stderr
    assert (scanned_library / "black.jpg").read_bytes() == b"edited since the scan"


def test_nothing_to_move(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    result = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert (result.exit_code, result.stdout) == (
        0,
        "Nothing to move: no bad photo is known here.\n",
    )


@pytest.mark.parametrize("way", ["copy", "hardlink", "symlink"])
def test_nothing_to_copy_again(run: Run, scanned_library: Path, tmp_path: Path, way: str) -> None:
    words = ("sort", scanned_library, "--to", tmp_path / "bad", "--by", way, "--apply")
    assert run(*words).exit_code == 0
    result = run(*words)
    assert result.exit_code == 0
    assert result.stdout.endswith(f": 3 bad photos known here are in {tmp_path / 'bad'} already.\n")


def test_the_plans_of_a_library_that_was_moved_are_named(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    moved = scanned_library.rename(tmp_path / "moved")
    undone = run("undo", moved, "--apply")
    assert undone.exit_code == 5
    assert f"it is of the library {scanned_library}, not of {moved}" in undone.stderr
    listed = run("undo", moved, "--list")
    assert (listed.exit_code, listed.stdout) == (0, "No other plan was applied here.\n")
    assert "1 journal passed over:" in listed.stderr
    moved.rename(scanned_library)
    assert run("undo", scanned_library, "--apply").exit_code == 0


def test_a_target_needs_a_name_outside_of_clearshots_own(run: Run, scanned_library: Path) -> None:
    result = run("sort", scanned_library, "--to", "")
    assert (result.exit_code, "the path is empty" in result.stderr) == (2, True)
    result = run("sort", scanned_library, "--to", scanned_library / ".clearshot" / "x", "--apply")
    assert (result.exit_code, "clearshot's own" in result.stderr) == (2, True)
    assert not (scanned_library / ".clearshot" / "x").exists()


def test_folder_that_was_not_scanned(run: Run, library: Path, tmp_path: Path) -> None:
    result = run("sort", library, "--to", tmp_path / "bad")
    assert result.exit_code == 4
    assert f"clearshot scan {library}" in result.stderr
    assert not (library / ".clearshot").exists()


def test_missing_folder(run: Run, tmp_path: Path) -> None:
    assert run("sort", tmp_path / "missing", "--to", tmp_path / "bad").exit_code == 3
    assert run("undo", tmp_path / "missing").exit_code == 3


def test_unknown_plan(run: Run, scanned_library: Path) -> None:
    result = run("undo", scanned_library, "--plan", "no-such-plan")
    assert result.exit_code == 5
    assert "no-such-plan" in result.stderr


def test_undo_needs_no_catalog(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    before = list_tree(scanned_library)
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    for path in (scanned_library / ".clearshot").glob("catalog.sqlite*"):
        path.unlink()
    assert run("undo", scanned_library, "--apply").exit_code == 0
    assert list_tree(scanned_library) == before


def test_undo_names_what_cannot_go_back(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    (scanned_library / "black.jpg").write_text("in the way")
    shown = run("undo", scanned_library)
    assert "1 file cannot go back as the disk is now:" in shown.stderr
    assert "black.jpg" in shown.stderr
    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 1
    assert (scanned_library / "black.jpg").read_text() == "in the way"
    assert (tmp_path / "bad" / "dark" / "black.jpg").exists()


def test_undo_says_which_sidecars_go_back_changed(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    sidecar = tmp_path / "bad" / "blurry" / "blurred.xmp"
    sidecar.write_text("<edited/>")
    shown = run("undo", scanned_library)
    assert shown.exit_code == 0
    (row,) = [line for line in shown.stdout.splitlines() if "blurred.xmp" in line]
    assert row.rstrip().endswith("changed since")
    assert "1 sidecar changed since, goes back as it is" in shown.stdout
    assert shown.stderr == ""
    assert run("undo", scanned_library, "--format", "json").exit_code == 0
    assert sidecar.read_text() == "<edited/>"
    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 0
    assert "3 photos back as before (4 files)" in undone.stdout
    assert (scanned_library / "blurred.xmp").read_text() == "<edited/>"
    assert not (tmp_path / "bad").exists()


def test_undo_says_how_many_sidecars_are_gone(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    sidecar = tmp_path / "bad" / "blurry" / "blurred.xmp"
    sidecar.unlink()
    shown = run("undo", scanned_library)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "1 sidecar is gone since and stays away" in shown.stdout
    assert str(sidecar) in "".join(run("undo", scanned_library, "-v").stdout.split())
    document = json.loads(run("undo", scanned_library, "--format", "json").stdout)
    assert document["skipped"] == [{"path": str(sidecar), "reason": "gone since, stays away"}]
    undone = run("undo", scanned_library, "--apply")
    assert (undone.exit_code, undone.stderr) == (0, "")
    assert "1 sidecar is gone since and stays away" in undone.stdout
    assert "3 photos back as before (3 files)" in undone.stdout
    assert (scanned_library / "blurred.jpg").exists()
    assert not (tmp_path / "bad").exists()
    again = run("undo", scanned_library)
    assert again.exit_code != 0
    assert "nothing to undo" in again.stderr
    assert "taken back" in run("undo", scanned_library, "--list").stdout


def test_sidecar_made_after_the_scan_goes_along(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    (scanned_library / "black.xmp").write_text("<new/>")
    before = list_tree(scanned_library)
    applied = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert "3 photos moved (5 files)" in applied.stdout
    assert (tmp_path / "bad" / "dark" / "black.xmp").read_text() == "<new/>"
    run("undo", scanned_library, "--apply")
    assert list_tree(scanned_library) == before


def test_apply_prints_the_plan_before_it_acts(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    words = ["sort", scanned_library, "--to", tmp_path / "bad"]
    plan = run(*words).stdout.split("Nothing was moved.")[0]
    assert "black.jpg" in plan
    assert run(*words, "--apply").stdout.startswith(plan)
    back = run("undo", scanned_library).stdout.split("Nothing was done.")[0]
    assert run("undo", scanned_library, "--apply", "-q").stdout.startswith("3 photos back")
    assert "black.jpg" in back


def test_photo_that_is_gone_is_named(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    (scanned_library / "black.jpg").unlink()
    result = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert result.exit_code == 1
    assert "black.jpg: is not there any more" in result.stderr
    assert "2 photos moved" in result.stdout


def test_scores_of_another_network_move_nothing(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    before = list_tree(scanned_library)
    path = scanned_library / ".clearshot" / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE photos SET recipe = '1-old'")
    words = ["sort", scanned_library, "--to", tmp_path / "bad"]
    shown = run(*words)
    assert shown.exit_code == 0
    assert "4 photos left out, scored with another network; scan again: " in shown.stderr
    assert f"clearshot scan {scanned_library}" in shown.stderr
    applied = run(*words, "--apply", "--format", "json")
    assert applied.exit_code == 1
    assert json.loads(applied.stdout)["steps"] == []
    assert {skip["reason"] for skip in json.loads(applied.stdout)["skipped"]} == {
        "scored with another network; scan again"
    }
    assert list_tree(scanned_library) == before


@pytest.fixture
def interrupted_library(run: Run, scanned_library: Path, tmp_path: Path) -> Path:
    """A scanned library whose sort ended after the blurred photo, before its sidecar."""
    planned = run("sort", scanned_library, "--to", tmp_path / "bad", "--format", "json").stdout
    moves = tuple(map(Step.from_row, json.loads(planned)["steps"]))
    journal = create_journal(find_journals(scanned_library), Plan(scanned_library, moves))
    for step, move in enumerate(moves):
        if move.source.suffix == ".xmp":
            break
        journal.record_intent(step, Place.TARGET)
        move.target.parent.mkdir(parents=True, exist_ok=True)
        move.source.rename(move.target)
        journal.record_done(step, Place.TARGET, move.stamp.mtime_ns)
    return scanned_library


def test_interrupted_run_is_left_as_it_is_without_apply(
    run: Run, interrupted_library: Path, tmp_path: Path
) -> None:
    before = list_tree(tmp_path)
    for result in (
        run("sort", interrupted_library, "--to", tmp_path / "bad"),
        run("undo", interrupted_library),
    ):
        assert "was interrupted; --apply first puts it in order (1 half-done file):" in (
            result.stderr
        )
        assert f"{interrupted_library / 'blurred.jpg'}: taken back from" in result.stderr
        assert list_tree(tmp_path) == before


def test_sort_puts_an_interrupted_run_in_order_first(
    run: Run, interrupted_library: Path, tmp_path: Path
) -> None:
    result = run("sort", interrupted_library, "--to", tmp_path / "bad", "--apply")
    assert result.exit_code == 0
    assert "was interrupted and has been put in order (1 file done)" in result.stderr
    assert sorted(list_tree(tmp_path / "bad")) == [
        "blurry/blurred.jpg", "blurry/blurred.xmp", "dark/black.jpg", "overexposed/white.jpg",
    ]  # fmt: skip
    assert list(list_tree(interrupted_library)) == ["clear.jpg"]


def test_undo_puts_an_interrupted_run_in_order_first(run: Run, interrupted_library: Path) -> None:
    result = run("undo", interrupted_library, "--apply")
    assert result.exit_code == 0
    assert "was interrupted and has been put in order (1 file done)" in result.stderr
    assert list(list_tree(interrupted_library)) == [
        "black.jpg", "blurred.jpg", "blurred.xmp", "clear.jpg", "white.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["sort", "undo"])
def test_file_that_cannot_be_put_right_is_named(
    run: Run, interrupted_library: Path, tmp_path: Path, command: str
) -> None:
    (interrupted_library / "blurred.jpg").write_text("in the way")
    words = ["--to", tmp_path / "bad"] if command == "sort" else []
    result = run(command, interrupted_library, *words, "--apply")
    assert result.exit_code == 1
    assert "1 file could not be put right:" in result.stderr
    assert "blurry/blurred.jpg: could not be taken back: " in result.stderr
    assert (interrupted_library / "blurred.jpg").read_text() == "in the way"


def test_damaged_journal_is_passed_over(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    words = ["sort", scanned_library, "--to", tmp_path / "bad", "--apply"]
    run(*words)
    run("undo", scanned_library, "--apply")
    old = sorted(find_journals(scanned_library).iterdir())[0]
    run(*words)
    lines = old.read_bytes().splitlines(keepends=True)
    old.write_bytes(b"".join([lines[0], b"?\n", *lines[2:]]))
    result = run("undo", scanned_library, "--apply")
    assert result.exit_code == 0
    assert "1 journal passed over:" in result.stderr
    assert f"{old.name}: damaged journal, line 2" in result.stderr
    assert (scanned_library / "black.jpg").exists()


@pytest.mark.parametrize(
    ("way", "heading", "done"),
    [
        ("copy", "is copied to", "3 photos copied (4 files)"),
        ("hardlink", "gets a hard link at", "3 photos linked (4 files)"),
        ("symlink", "gets a symbolic link at", "3 photos linked (4 files)"),
    ],
)
def test_ways_that_leave_the_photos_in_place(
    run: Run, scanned_library: Path, tmp_path: Path, way: str, heading: str, done: str
) -> None:
    before = list_tree(scanned_library)
    words = ["sort", scanned_library, "--to", tmp_path / "bad", "--by", way, "--flat"]
    shown = run(*words)
    assert heading in shown.stdout
    assert f"--by {way} --flat --apply" in shown.stdout
    applied = run(*words, "--apply")
    assert done in applied.stdout
    assert list_tree(scanned_library) == before
    assert sorted(path.name for path in (tmp_path / "bad").rglob("*.*")) == [
        "black.jpg", "blurred.jpg", "blurred.xmp", "white.jpg",
    ]  # fmt: skip
    assert "Nothing to" in run(*words, "--apply").stdout
    assert "file that stays" in run("undo", scanned_library).stdout
    assert run("undo", scanned_library, "--apply").exit_code == 0
    assert list_tree(scanned_library) == before
    assert not (tmp_path / "bad").exists()


def test_one_goal_at_a_time(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    result = run("sort", scanned_library, "--trash", "--to", tmp_path / "bad")
    assert result.exit_code == 2
    assert "--to and --trash exclude each other" in result.stderr


def test_trash_and_back(run: Run, scanned_library: Path, trash: Path) -> None:
    before = list_tree(scanned_library)
    shown = run("sort", scanned_library, "--trash")
    assert "to the system's trash" in shown.stdout
    assert "Nothing was sent to the trash. To trash 4 files" in shown.stdout
    assert list_tree(scanned_library) == before
    applied = run("sort", scanned_library, "--trash", "--apply")
    assert "3 photos sent to the trash (4 files)" in applied.stdout
    assert list(list_tree(scanned_library)) == ["clear.jpg"]
    rows = json.loads(run("report", scanned_library, "--json", "-").stdout)
    assert [row["relative_path"] for row in rows] == ["clear.jpg"]
    assert "From the system's trash" in run("undo", scanned_library).stdout
    assert run("undo", scanned_library, "--apply").exit_code == 0
    assert list_tree(scanned_library) == before
    assert list((trash / "files").iterdir()) == []
    assert len(json.loads(run("report", scanned_library, "--json", "-").stdout)) == 4


def test_what_the_trash_refuses_is_not_promised(
    run: Run, scanned_library: Path, trash: Path, ordinary_user: None
) -> None:
    photos = list(scanned_library.glob("*.jpg"))
    (scanned_library / "black.jpg").chmod(0o444)
    shown = run("sort", scanned_library, "--trash")
    assert "To trash 3 files" in shown.stdout
    assert "black.jpg: write-protected; the trash refuses it" in shown.stderr
    for photo in photos:
        photo.chmod(0o444)
    done = run("sort", scanned_library, "--trash", "--apply")
    assert done.exit_code == 1
    assert "Nothing to trash: no bad photo known here can go there." in done.stdout
    assert all(photo.exists() for photo in photos)


def test_a_trash_that_gives_nothing_back_is_said_so(
    run: Run, scanned_library: Path, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearshot.actions.trash.GIVES_BACK", False)
    result = run("sort", scanned_library, "--trash", "--apply")
    assert "no program can take files back from the trash" in result.stderr
    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 1
    assert "black.jpg: is not in a trash that gives files back" in undone.stderr


@pytest.mark.parametrize(
    "words", [[], ["--to", "x", "--trash"], ["--trash", "--flat"], ["--trash", "--by", "copy"]]
)
def test_goals_that_contradict(run: Run, scanned_library: Path, words: list[str]) -> None:
    assert run("sort", scanned_library, *words).exit_code == 2


def test_the_list_of_plans(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    assert run("undo", scanned_library, "--list").stdout == "No plan was applied here.\n"
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    run("undo", scanned_library, "--apply")
    table = run("undo", scanned_library, "--list").stdout
    assert "move 4" in table
    assert "undo: move 4" in table
    first, second = json.loads(run("undo", scanned_library, "--list", "--format", "json").stdout)
    assert (first["effect"], second["effect"]) == ("taken back", "in effect")
    assert second["undoes"] == first["plan"]
    assert first["kinds"] == {"move": 4}
    assert run("undo", scanned_library, "--plan", second["plan"], "--apply").exit_code == 0
    assert (tmp_path / "bad" / "dark" / "black.jpg").exists()


def test_a_run_that_did_nothing_offers_nothing_to_take_back(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    for path in scanned_library.glob("*.jpg"):
        path.touch()
    shown = run("sort", scanned_library, "--to", tmp_path / "bad")
    assert "To move" not in shown.stdout
    assert "changed since the scan; scan again" in shown.stdout + shown.stderr
    result = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert result.exit_code == 1
    assert "Take it back" not in result.stdout


def test_the_way_back_names_the_catalog(run: Run, library: Path, tmp_path: Path) -> None:
    catalog = ["--catalog", tmp_path / "elsewhere.sqlite"]
    run("scan", library, *catalog, "--workers", "1")
    done = run("sort", library, "--to", tmp_path / "bad", *catalog, "--apply")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Take it back: ")]
    words = shlex.split(line.removeprefix("Take it back: clearshot "))
    assert run(*words).exit_code == 0
    again = run("sort", library, "--to", tmp_path / "bad", *catalog)
    assert "no bad photo" not in again.stdout


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs bash")
def test_the_way_back_can_be_pasted_whatever_the_name(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    before = list_tree(scanned_library)
    library = scanned_library.rename(tmp_path / os.fsdecode(b"it's\ntwo lines\xff"))
    done = run("sort", library, "--to", tmp_path / "bad", "--apply")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Take it back: ")]
    script = line.removeprefix("Take it back: ").replace("clearshot", r"printf '%s\0'", 1)
    read = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert run(*map(os.fsdecode, read.split(b"\0")[:-1])).exit_code == 0
    assert list_tree(library) == before


def test_bad_photos_that_are_gone_are_not_unknown(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    for photo in scanned_library.glob("*.jpg"):
        photo.unlink()
    result = run("sort", scanned_library, "--to", tmp_path / "bad")
    assert "every bad photo known here has changed or gone since the scan" in result.stdout
