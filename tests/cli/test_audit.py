from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from click.testing import Result

from clearshot.terminal import to_command

Run = Callable[..., Result]


def test_sample_is_written_filled_in_and_read_back(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "audit.csv"
    drawn = run("audit", scanned_library, "--csv", out)
    assert drawn.exit_code == 0, drawn.output
    assert "good: 1 photo of 1 drawn" in drawn.stdout
    assert f"clearshot audit {scanned_library} --answers {out}" in drawn.stdout
    before = out.read_text()
    assert before.count("\n") == 5
    filled = before.replace(",,good", ",blurred,good").replace(",,bad", ",dark,bad")
    out.write_text(filled)

    told = run("audit", scanned_library, "--answers", out)
    assert told.exit_code == 0, told.output
    assert "good: 1 of 1 with an answer are wrong, so 100 % [100, 100]" in told.stdout
    assert "bad: 0 of 3 with an answer are wrong, so 0 % [0, 0]" in told.stdout
    assert "Photos whose verdict is unsure are in neither pile." in told.stdout
    again = run("audit", scanned_library, "--csv", out)
    assert again.exit_code == 3
    assert "exists already; name another file" in again.stderr
    assert out.read_text() == filled


def test_photos_that_no_sample_can_hold_are_told_with_the_way_on(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    path = scanned_library / ".clearshot" / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE photos SET recipe = '1-old' WHERE id > 2")
    words = ["audit", scanned_library, "--csv", tmp_path / "audit.csv"]
    drawn = run(*words, "--threshold", "dark=0.4")
    assert drawn.exit_code == 0
    assert "2 photos left out, scored with another network; scan again: " in drawn.stderr
    command = to_command("clearshot", "scan", scanned_library, "--threshold", "dark=0.4")
    assert command in " ".join(drawn.stderr.split())


def test_sample_of_the_whole_library_calibrates_whatever_its_name(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    try:
        library = scanned_library.rename(tmp_path / os.fsdecode(b"caf\xe9"))
    except OSError:  # this disk takes Unicode names only
        library = scanned_library
    out = tmp_path / "whole.csv"
    drawn = run("audit", library, "--csv", out, "--whole")
    assert to_command("clearshot", "calibrate", out, "--library", library) in drawn.stdout
    out.write_bytes(out.read_bytes().replace(b",,", b",clear,"))
    assert "0 of 4 with an answer are bad" in run("audit", library, "--answers", out).stdout
    result = run("calibrate", out, "--library", library)
    assert result.exit_code == 0, result.output
    assert "4 good, 0 bad" in result.stdout


def test_a_sample_of_two_piles_is_named_no_sample_of_the_library(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    for words, is_named in (([], True), (["--whole"], False)):
        out = tmp_path / f"sample{len(words)}.csv"
        run("audit", scanned_library, "--csv", out, *words)
        out.write_text(out.read_text().replace(",,", ",clear,"))
        result = run("calibrate", out, "--library", scanned_library)
        assert result.exit_code == 0, result.output
        told = "drawn from the good and the bad pile, not from all alike" in result.stderr
        assert told is is_named


def test_a_sample_is_of_its_library_by_whichever_link_that_is_named(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    link, out = tmp_path / "link", tmp_path / "audit.csv"
    link.symlink_to(scanned_library, target_is_directory=True)
    run("audit", link, "--csv", out)
    out.write_text(out.read_text().replace(",,", ",clear,"))
    for folder in (link, scanned_library):
        assert run("audit", folder, "--answers", out).exit_code == 0


def test_a_count_and_its_share_agree_where_an_answer_is_missing(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "audit.csv"
    run("audit", scanned_library, "--csv", out)
    header, *rows = out.read_text().splitlines(keepends=True)
    bad = [row for row in rows if ",bad," in row]
    words = ["unsure", "clear", "dark"]
    filled = [row.replace(",,", f",{word},") for row, word in zip(bad, words, strict=True)]
    out.write_text("".join([header, *filled]))
    told = run("audit", scanned_library, "--answers", out)
    assert "bad: 1 of 2 with an answer are wrong (1 without), so 50 % [" in told.stdout
    assert "1 photo without an answer: the intervals are wider" in told.stderr


def test_what_cannot_be_done_is_said(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    assert run("audit", scanned_library).exit_code == 2
    assert run("audit", scanned_library, "--answers", tmp_path / "none.csv").exit_code == 3
    out = tmp_path / "audit.csv"
    run("audit", scanned_library, "--csv", out)
    out.write_text(out.read_text().replace(",,", ",clear,"))
    (tmp_path / "elsewhere").mkdir()
    other = run("audit", tmp_path / "elsewhere", "--answers", out)
    assert other.exit_code == 2
    assert "not in" in other.stderr


def test_a_seed_below_zero_is_refused(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    words = ("--csv", tmp_path / "audit.csv", "--seed", "-1")
    assert run("audit", scanned_library, *words).exit_code == 2


def test_no_cell_of_a_sample_is_a_formula(run: Run, library: Path) -> None:
    (library / "clear.jpg").rename(library / "=cmd.jpg")
    assert run("scan", library, "--workers", "1").exit_code == 0
    text = run("audit", library, "--csv", "-").stdout
    files = [row["file"] for row in csv.DictReader(text.splitlines())]
    assert str(library / "=cmd.jpg") in files
    assert all(Path(file).is_absolute() for file in files)
