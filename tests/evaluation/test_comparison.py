from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clearshot.errors import UsageError
from clearshot.evaluation.comparison import (
    NetworkEvaluation,
    collect_failures,
    evaluate_networks,
    networks_to_json,
    tabulate_networks,
    write_networks_markdown,
)
from clearshot.evaluation.detectors import Detector
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.results import Measures
from clearshot.photo import Failure, Label

Scores = dict[Path, Measures | Failure]


@dataclass
class FakeDetector:
    name: str
    labels: frozenset[Label] = frozenset(Label)
    shipped: Mapping[Label, float] = field(default_factory=lambda: dict.fromkeys(Label, 0.0))
    has_log_odds: bool = True

    @property
    def recipe(self) -> str:
        return f"{self.name}-1"

    def score(self, path: Path) -> Measures:
        raise AssertionError(path)


METRIC = FakeDetector("metric", frozenset({Label.BLURRY}), {}, has_log_odds=False)


@pytest.fixture
def photos() -> list[LabelledPhoto]:
    """Clear and blurry photos of a phone, clear ones before a blurred background, a dark one."""
    found = [LabelledPhoto(Path(f"/c{i}"), None, "phone") for i in range(10)]
    found += [LabelledPhoto(Path(f"/b{i}"), Label.BLURRY, "phone") for i in range(4)]
    found += [LabelledPhoto(Path(f"/k{i}"), None, "bokeh") for i in range(2)]
    return [*found, LabelledPhoto(Path("/d"), Label.DARK, "phone")]


def score(photos: list[LabelledPhoto], *, bokeh: float) -> Scores:
    """Score blurry photos 1, the others -1, those of bokeh as given."""
    return {
        p.path: dict.fromkeys(Label, bokeh if p.source == "bokeh" else 1.0 if p.label else -1.0)
        for p in photos
    }


def compare(photos: list[LabelledPhoto]) -> list[NetworkEvaluation]:
    measured: list[tuple[Detector, Scores]] = [
        (FakeDetector("net"), score(photos, bokeh=2.0)),
        (METRIC, {path: {Label.BLURRY: s[Label.BLURRY]} for path, s in drop(photos).items()}),
    ]
    return evaluate_networks(photos, measured, num_resamples=10)


def drop(photos: list[LabelledPhoto]) -> dict[Path, Measures]:
    scores = score(photos, bokeh=-2.0)
    return {path: s for path, s in scores.items() if not isinstance(s, Failure)}


def test_a_row_for_each_network_and_a_table_for_each_label(photos: list[LabelledPhoto]) -> None:
    blurry, dark = tabulate_networks(compare(photos))
    assert blurry.columns == (
        "network", "AUC",
        "phone found at 2 %", "bokeh lost at 2 %", "phone found at 0.5 %", "bokeh lost at 0.5 %",
        "found as shipped", "lost as shipped",
    )  # fmt: skip
    assert blurry.rows == (
        ("net", "0.8333", "100.0", "100.0", "100.0", "100.0", "100.0", "16.7"),
        ("metric", "1.0000", "100.0", "0.0", "100.0", "0.0", "-", "-"),
    )
    # The metric cannot tell dark photos.
    assert [row[0] for row in dark.rows] == ["net"]
    assert "12 clear and 4 blurry photos" in blurry.notes[0]
    assert "share of the clear photos of: phone" in blurry.notes[1]


def test_each_network_has_thresholds_of_its_own(photos: list[LabelledPhoto]) -> None:
    better, worse = score(photos, bokeh=-1.0), score(photos, bokeh=-1.0)
    shifted: Scores = {
        path: {label: 100 * value for label, value in s.items()}
        for path, s in worse.items()
        if not isinstance(s, Failure)
    }
    rows = tabulate_networks(
        evaluate_networks(
            photos,
            [(FakeDetector("a"), better), (FakeDetector("b"), shifted)],
            num_resamples=5,
        )
    )[0].rows
    assert rows[0][1:] == rows[1][1:]


def test_a_photo_that_one_cannot_measure_counts_for_none(photos: list[LabelledPhoto]) -> None:
    first, second = score(photos, bokeh=0.0), score(photos, bokeh=0.0)
    second[Path("/b0")] = Failure("damaged", "broken")
    networks = evaluate_networks(
        photos, [(FakeDetector("a"), first), (FakeDetector("b"), second)], num_resamples=5
    )
    assert {n.evaluation.results[0].total.num_bad for n in networks} == {3}
    assert {n.evaluation.failures[0][0] for n in networks} == {Path("/b0")}
    # What another could not measure still counts for its own accuracy.
    assert [n.own.results[0].total.num_bad for n in networks] == [4, 3]
    assert [n.own.failures for n in networks] == [(), networks[1].evaluation.failures]
    assert networks[1].own is networks[1].evaluation


def test_failures_of_all_networks_are_told_once(photos: list[LabelledPhoto]) -> None:
    first, second = score(photos, bokeh=0.0), score(photos, bokeh=0.0)
    both, peer, dark = Path("/b0"), Path("/c0"), Path("/d")
    first[both], second[both] = Failure("damaged", "first"), Failure("damaged", "second")
    second[peer] = first[dark] = Failure("damaged", "broken")
    networks = evaluate_networks(
        photos, [(METRIC, second), (FakeDetector("net"), first)], num_resamples=5
    )
    # The metric cannot tell dark photos, and the network can.
    assert {path: each.message for path, each in collect_failures(networks)} == {
        both: "second", peer: "broken", dark: "broken",
    }  # fmt: skip
    lines = write_networks_markdown(networks).splitlines()
    section = lines[lines.index("## 3 photos could not be measured") :]
    assert sorted(section[2:]) == [
        f"- `{both}`: second", f"- `{peer}`: broken", f"- `{dark}`: broken",
    ]  # fmt: skip


def test_a_table_may_have_fewer_columns_and_intervals(photos: list[LabelledPhoto]) -> None:
    (blurry, dark) = tabulate_networks(compare(photos), rates=(0.02, None), has_intervals=True)
    assert (blurry.label, dark.label) == (Label.BLURRY, Label.DARK)
    assert blurry.columns == (
        "network", "AUC", "phone found at 2 %", "bokeh lost at 2 %",
        "found as shipped", "lost as shipped",
    )  # fmt: skip
    assert blurry.rows[0][2:4] == ("100.0 [100.0, 100.0]", "100.0 [100.0, 100.0]")
    assert "with 95 % bootstrap intervals" in blurry.notes[0]


def test_networks_that_can_tell_nothing_are_left_out(photos: list[LabelledPhoto]) -> None:
    dark = [photo for photo in photos if photo.label is not Label.BLURRY]
    measured = [(FakeDetector("net"), score(dark, bokeh=0.0)), (METRIC, score(dark, bokeh=0.0))]
    assert [n.name for n in evaluate_networks(dark, measured, num_resamples=5)] == ["net"]
    with pytest.raises(UsageError, match="told by metric"):
        evaluate_networks(dark, measured[1:], num_resamples=5)


def test_json_and_markdown_hold_every_network(photos: list[LabelledPhoto]) -> None:
    networks = compare(photos)
    content = networks_to_json(networks)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert [(n["network"], n["recipe"]) for n in content["networks"]] == [
        ("net", "net-1"),
        ("metric", "metric-1"),
    ]
    assert [r["label"] for r in content["networks"][0]["results"]] == ["blurry", "dark"]
    lines = write_networks_markdown(networks).splitlines()
    assert lines[0] == "## Blurry against clear"
    assert any(line.startswith("| metric | 1.0000 |") for line in lines)
