from __future__ import annotations

import csv
import json
import os
from pathlib import Path

from clearshot.photo import BlurKind, Failure, Label, Rating, Region, Verdict
from clearshot.report import (
    FIELDS,
    build_row,
    format_csv,
    format_json,
    format_jsonl,
)

VERDICT = Verdict(
    rating=Rating.BAD,
    labels=(Label.BLURRY, Label.DARK),
    p_blurry=0.98765432,
    p_dark=0.5,
    p_overexposed=0.0,
    blur_kind=BlurKind.MOTION,
    effective_mp=0.25,
    sharpest_region=Region(1, 2, 30, 40),
    reasons=("Shaken.", "Dark, and more."),
)
FAILURE = Failure("damaged", "truncated, at byte 5")


def test_row_of_a_verdict_has_json_values() -> None:
    assert build_row(Path("a.jpg"), VERDICT) == {
        "path": "a.jpg",
        "verdict": "bad",
        "labels": ["blurry", "dark"],
        "p_blurry": 0.987654,
        "p_dark": 0.5,
        "p_overexposed": 0.0,
        "blur_kind": "motion",
        "effective_mp": 0.25,
        "sharpest_region": [1, 2, 30, 40],
        "reasons": ["Shaken.", "Dark, and more."],
        "error": None,
    }


def test_row_of_a_failure_is_empty_but_for_its_cause() -> None:
    row = build_row(Path("a.jpg"), FAILURE)
    assert tuple(row) == FIELDS
    assert row["error"] == {"kind": "damaged", "message": "truncated, at byte 5"}
    assert row["labels"] == row["reasons"] == []
    assert all(row[field] is None for field in FIELDS if field.startswith(("p_", "verdict")))


def test_csv_reads_back() -> None:
    rows = [build_row(Path('a, "b".jpg'), VERDICT), build_row(Path("c.jpg"), FAILURE)]
    first, second = csv.DictReader(format_csv(rows).splitlines())
    assert first["path"] == 'a, "b".jpg'
    assert first["labels"] == "blurry;dark"
    assert first["sharpest_region"] == "1;2;30;40"
    assert first["error"] == second["verdict"] == ""
    assert second["error"] == "damaged: truncated, at byte 5"


def test_names_that_are_no_text_survive_json() -> None:
    path = Path(os.fsdecode(b"\xff\n.jpg"))
    line = format_jsonl(build_row(path, VERDICT))
    assert line.isascii()
    assert line.count("\n") == 1
    assert Path(json.loads(line)["path"]) == path


def test_json_is_an_array() -> None:
    row = build_row(Path("a.jpg"), VERDICT)
    assert json.loads(format_json([row, row])) == [row, row]
    assert json.loads(format_json([])) == []
