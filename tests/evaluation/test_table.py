from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearshot.evaluation.evaluate import evaluate
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.results import Evaluation, Measures
from clearshot.evaluation.table import note_strictest, tabulate, to_json, write_markdown
from clearshot.photo import Failure, Label


@pytest.fixture
def evaluation() -> Evaluation:
    """Give two sources, one with clear photos only and a bar in its name, and a failure."""
    photos = [LabelledPhoto(Path(f"/c{i}"), None, "phone", f"s{i}") for i in range(4)]
    photos += [LabelledPhoto(Path(f"/b{i}"), Label.BLURRY, "phone", f"s{i}") for i in range(4)]
    photos += [LabelledPhoto(Path(f"/k{i}"), None, "bo|keh") for i in range(2)]
    scores: dict[Path, Measures | Failure] = {
        p.path: {Label.BLURRY: i + (10.0 if p.label else 0.0)} for i, p in enumerate(photos)
    }
    scores[Path("/b3")] = Failure("damaged", "cut short")
    return evaluate(photos, scores, shipped={Label.BLURRY: 9.0}, num_resamples=30)


def test_table_has_a_row_for_each_source_and_one_for_all(evaluation: Evaluation) -> None:
    table = tabulate(evaluation.results[0])
    assert table.title == "blurry against clear"
    assert table.columns[:6] == (
        "source", "clear", "blurry", "AUC", "found at 2 %", "lost at 2 %",
    )  # fmt: skip
    assert table.columns[-2:] == ("found as shipped", "lost as shipped")
    assert [row[:3] for row in table.rows] == [
        ("bo|keh", "2", "0"), ("phone", "4", "3"), ("all", "6", "3"),
    ]  # fmt: skip
    assert {len(row) for row in table.rows} == {len(table.columns)}
    bokeh, phone, _ = table.rows
    assert bokeh[3:] == (
        "-",
        "-",
        "100.0 [100.0, 100.0]",
        "-",
        "100.0 [100.0, 100.0]",
        "-",
        bokeh[9],
    )
    assert bokeh[9].startswith("50.0 [")
    assert phone[3:6] == ("1.0000", "100.0 [100.0, 100.0]", "0.0 [0.0, 0.0]")


@pytest.mark.parametrize(("num", "is_told"), [(199, True), (200, False)])
def test_a_threshold_that_may_lose_no_photo_is_named(num: int, is_told: bool) -> None:
    photos = [LabelledPhoto(Path(f"/{i}"), None, "a") for i in range(num)]
    photos.append(LabelledPhoto(Path("/b"), Label.BLURRY, "a"))
    scores: dict[Path, Measures | Failure] = {p.path: {Label.BLURRY: 1.0} for p in photos}
    (result,) = evaluate(photos, scores, num_resamples=5).results
    notes = " ".join(tabulate(result).notes)
    assert (f"Of these {num} clear photos none may be lost at 0.5 %:" in notes) is is_told
    assert "2 %:" not in notes
    assert note_strictest(result, [0.02]) == []


def test_notes_name_thresholds_sources_and_what_is_kept(evaluation: Evaluation) -> None:
    notes = " ".join(tabulate(evaluation.results[0]).notes)
    assert "3 at 2 %, 3 at 0.5 %, 9 as shipped" in notes
    assert "about 3 / n more for n scenes" in notes
    assert "share of the clear photos of: phone." in notes
    assert "Of these 4 clear photos none may be lost at 2 % or 0.5 %" in notes
    assert "bo|keh has clear photos only; called clear: 0.0 % at 2 %" in notes
    assert "50.0 % as shipped" in notes


def test_markdown_is_a_table_and_names_failed_photos(evaluation: Evaluation) -> None:
    lines = write_markdown(evaluation).splitlines()
    assert lines[0] == "## Blurry against clear"
    rows = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    assert len(rows) == 5
    assert len({row.count("|") for row in rows}) == 1
    assert lines[-3:] == ["## 1 photo could not be measured", "", f"- `{Path('/b3')}`: cut short"]


def test_json_is_strict_and_complete(evaluation: Evaluation) -> None:
    plain = to_json(evaluation)
    content = json.loads(json.dumps(plain, allow_nan=False))
    assert content == plain
    (result,) = content["results"]
    assert result["label"] == "blurry"
    assert result["threshold_sources"] == ["phone"]
    assert [t["rate"] for t in result["thresholds"]] == [0.02, 0.005, None]
    assert result["thresholds"][-1]["value"] == 9.0
    assert [s["source"] for s in result["sources"]] == ["bo|keh", "phone"]
    phone = result["sources"][1]
    assert phone["outcomes"][0]["rate"] == 0.02
    assert set(phone["outcomes"][0]["found"]) == {"value", "low", "high"}
    assert phone["num_scenes"] == 4
    assert result["all"]["num_clear"] == 6
    assert content["failures"] == [
        {"path": str(Path("/b3")), "kind": "damaged", "message": "cut short"}
    ]
