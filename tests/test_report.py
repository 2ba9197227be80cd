from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from clearshot import report
from clearshot.catalog.catalog import Entry
from clearshot.photo import (
    BlurKind,
    Choice,
    Failure,
    FileStamp,
    Label,
    Photo,
    Rating,
    Region,
    SharpAt,
    Verdict,
)
from clearshot.report import (
    FIELDS,
    REPORT_FIELDS,
    build_report,
    build_row,
    format_csv,
    format_json,
    format_jsonl,
    judge_entry,
    measure_entry_doubt,
    round_probability,
)
from clearshot.scoring.calibration import to_probability
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, judge
from luma_scorer import make_scores

VERDICT = Verdict(
    rating=Rating.BAD,
    labels=(Label.BLURRY, Label.DARK),
    p_blurry=0.98765432,
    p_dark=0.5,
    p_overexposed=0.0,
    blur_kind=BlurKind.MOTION,
    effective_mp=0.25,
    sharpest_region=Region(1, 2, 30, 40),
    reasons=("Shaken; a bit.", "Dark, and more."),
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
        "reasons": ["Shaken; a bit.", "Dark, and more."],
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
    assert first["reasons"].split(" | ") == list(VERDICT.reasons)
    assert first["error"] == second["verdict"] == ""
    assert second["error"] == "damaged: truncated, at byte 5"


@pytest.mark.parametrize("start", [*"=+-@\t", "\uff1d"])
def test_no_cell_is_a_formula(start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0.jpg"
    row = build_row(Path(name), VERDICT) | {
        "relative_path": name,
        "companions": ["a.xmp", f"{start}b.xmp"],
        "camera": f"{start}HYPERLINK(1)",
    }
    text = format_csv([row], fields=[*FIELDS, "relative_path", "companions", "camera"])
    [cells] = csv.DictReader(io.StringIO(text, newline=""))
    assert not [cell for cell in cells.values() if cell.startswith(start)]
    # A name is still that of the same file, and a number still a number.
    assert Path(cells["path"]) == Path(cells["relative_path"]) == Path(name)
    assert [Path(part) for part in cells["companions"].split(";")] == [
        Path("a.xmp"),
        Path(f"{start}b.xmp"),
    ]
    assert cells["camera"] == f"'{start}HYPERLINK(1)"
    assert json.loads(format_json([row])) == [row]


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n", "a\rb\n\rc"])
@pytest.mark.parametrize("newline", ["", None])
def test_a_line_break_in_a_name_splits_no_row(line_break: str, newline: str | None) -> None:
    names = [f"a{line_break}b.jpg", f"{line_break}.jpg", "plain.jpg"]
    text = format_csv([build_row(Path(name), VERDICT) for name in names])
    # None reads as Python does unless told otherwise, and pandas: any line break is a line feed.
    rows = list(csv.DictReader(io.StringIO(text, newline=newline)))
    assert [row["verdict"] for row in rows] == ["bad"] * len(names)
    assert all(None not in row for row in rows)
    if newline == "":
        assert [Path(row["path"]) for row in rows] == [Path(name) for name in names]


def test_names_that_need_no_care_stay_as_they_are() -> None:
    for name in ("a=b.jpg", "a-b.jpg", "2-1.jpg", "a@b.jpg", ".a.jpg", "'=a.jpg"):
        [cells] = csv.DictReader(io.StringIO(format_csv([build_row(Path(name), VERDICT)])))
        assert cells["path"] == name


def test_decisions_are_beside_the_verdicts() -> None:
    library = Path("/library")
    paths = [library / "a.jpg", library / "b.jpg", library / "../c.jpg", Path("/elsewhere/d.jpg")]
    now = datetime.now(UTC)
    entries = [
        Entry(Photo(path, FileStamp(1, 1)), None, FAILURE, now, is_missing=False) for path in paths
    ]
    choices = {paths[0]: Choice.KEEP, paths[2]: Choice.REJECT}
    rows = build_report(entries, Thresholds(), library=library, choices=choices)
    assert [row["decision"] for row in rows] == ["keep", None, "reject", None]
    assert [row["relative_path"] for row in rows][2:] == ["../c.jpg", "/elsewhere/d.jpg"]
    assert all(tuple(row) == REPORT_FIELDS for row in rows)
    assert "decision" not in FIELDS


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


def test_scores_of_another_network_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = Photo(Path("a.jpg"), FileStamp(1, 2))
    entry = Entry(photo, make_scores(), None, datetime.now(UTC), is_missing=False)
    monkeypatch.setattr(Scorer, "recipe", "1-another")
    assert judge_entry(entry, Thresholds()) == Failure(
        "outdated", "scored with another network; scan again"
    )
    monkeypatch.setattr(report, "judge", lambda scores, thresholds: VERDICT)
    monkeypatch.setattr(Scorer, "recipe", make_scores().recipe)
    assert judge_entry(entry, Thresholds()) == VERDICT


def test_photos_are_judged_only_at_a_size_at_which_they_were_measured() -> None:
    photo, full = Photo(Path("a.jpg"), FileStamp(1, 2)), Thresholds(sharp_at=SharpAt.FULL)
    screen_recipe, full_recipe = Scorer().recipe, Scorer(sharp_at=SharpAt.FULL).recipe
    for recipe, thresholds, is_judged in (
        (screen_recipe, Thresholds(), True),
        (full_recipe, Thresholds(), True),
        (full_recipe, full, True),
        (screen_recipe, full, False),
    ):
        scores = make_scores(recipe=recipe)
        result = judge_entry(Entry(photo, scores, None, datetime.now(UTC), False), thresholds)
        assert isinstance(result, Verdict) is is_judged
        if isinstance(result, Failure):
            assert result.kind == "outdated"
            assert "100 %" in result.message


def test_doubt_is_measured_by_the_thresholds_of_the_camera() -> None:
    scores = make_scores(blur=-0.6, recipe=Scorer().recipe)
    scores = replace(scores, facts=replace(scores.facts, camera="E5"))
    entry = Entry(Photo(Path("a.jpg"), FileStamp(1, 1)), scores, None, datetime.now(UTC), False)
    p = judge(scores).p_blurry
    own = Thresholds(blurry=min(0.99, p + 0.1), unsure_from={Label.BLURRY: p * 0.9})
    thresholds = Thresholds(blurry=0.999, unsure_from={Label.BLURRY: 0.99}, cameras={"E5": own})
    verdict = judge_entry(entry, thresholds)
    assert isinstance(verdict, Verdict)
    assert verdict.rating is Rating.UNSURE
    assert measure_entry_doubt(entry, verdict, thresholds) > 0
    assert measure_entry_doubt(entry, FAILURE, thresholds) == 0


def test_without_scores_the_failure_counts_whatever_the_network() -> None:
    photo = Photo(Path("a.jpg"), FileStamp(1, 2))
    entry = Entry(photo, None, FAILURE, datetime.now(UTC), is_missing=False)
    assert judge_entry(entry, Thresholds()) == FAILURE


def test_rounding_keeps_the_order_of_probabilities() -> None:
    series = [to_probability(logit / 2) for logit in range(-60, 61)]
    rounded = [round_probability(p) for p in series]
    assert all(a < b for a, b in pairwise(rounded))
    assert all(0 < p < 1 for p in rounded)
    assert all(abs(a - b) < 1e-6 for a, b in zip(series, rounded, strict=True))
    assert round_probability(0.123456789) == 0.123457
    assert (round_probability(0.0), round_probability(1.0)) == (0.0, 1.0)
