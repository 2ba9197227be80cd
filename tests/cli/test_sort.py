from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

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
    assert "Nothing was moved." in shown.stdout
    assert list(list_tree(scanned_library)) == ["clear.jpg"]

    undone = run("undo", scanned_library, "--apply")
    assert undone.exit_code == 0
    assert "3 photos back in place (4 files)" in undone.stdout
    assert list_tree(scanned_library) == before
    assert not target.exists()
    assert run("undo", scanned_library).exit_code == 5


def test_catalog_follows_the_files(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    def list_names() -> list[str]:
        rows = json.loads(run("report", scanned_library, "--json", "-").stdout)
        return [row["relative_path"] for row in rows]

    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert list_names() == ["clear.jpg"]
    run("undo", scanned_library, "--apply")
    assert list_names() == ["black.jpg", "blurred.jpg", "clear.jpg", "white.jpg"]


def test_json_tells_plan_and_outcome(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    words = ["sort", scanned_library, "--to", tmp_path / "bad", "--json"]
    plan = json.loads(run(*words).stdout)
    assert plan["applied"] is False
    assert plan["plan"] is None
    assert len(plan["moves"]) == 4
    outcome = json.loads(run(*words, "--apply").stdout)
    assert outcome["applied"] is True
    assert outcome["moves"] == plan["moves"]
    undo = json.loads(run("undo", scanned_library, "--json", "--plan", outcome["plan"]).stdout)
    assert {move["target"] for move in undo["moves"]} == {m["source"] for m in plan["moves"]}


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
    assert "black.jpg: changed since planning" in result.stderr
    assert (scanned_library / "black.jpg").read_bytes() == b"edited since the scan"


def test_nothing_to_move(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    result = run("sort", scanned_library, "--to", tmp_path / "bad", "--apply")
    assert (result.exit_code, result.stdout) == (
        0,
        "Nothing to move: no bad photo is known here.\n",
    )


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
