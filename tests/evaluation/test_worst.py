from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.evaluation.evaluate import evaluate
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.results import LabelResult
from clearshot.evaluation.table import to_json
from clearshot.evaluation.worst import find_worst
from clearshot.photo import Label


def run(shipped: float | None) -> LabelResult:
    """Evaluate clear photos with scores 0 to 9 and blurry ones with 5 to 14."""
    photos = [LabelledPhoto(Path(f"/c{i}.jpg"), None, "a") for i in range(10)]
    photos += [LabelledPhoto(Path(f"/b{i}.jpg"), Label.BLURRY, "a") for i in range(10)]
    scores = {p.path: {Label.BLURRY: i % 10 + 5.0 * (i > 9)} for i, p in enumerate(photos)}
    given = None if shipped is None else {Label.BLURRY: shipped}
    evaluation = evaluate(photos, scores, shipped=given, num_resamples=5)
    worst = to_json(evaluation)["results"][0]["worst"]
    assert all(set(each) == {"file", "source", "score"} for each in worst["missed"])
    return evaluation.results[0]


def test_worst_first_and_only_those_that_are_wrong() -> None:
    worst = find_worst(run(8.0), num=2)
    assert worst.threshold.name == "as shipped"
    assert [each.photo.path.stem for each in worst.missed] == ["b0", "b1"]
    assert [each.photo.path.stem for each in worst.lost] == ["c9", "c8"]
    assert (worst.num_missed, worst.num_lost) == (3, 2)


@pytest.mark.parametrize("num", [0, 100])
def test_without_a_shipped_threshold_the_first_judges(num: int) -> None:
    worst = find_worst(run(None), num=num)
    assert worst.threshold.rate == 0.02
    assert (worst.num_missed, worst.num_lost) == (5, 0)
    assert (len(worst.missed), len(worst.lost)) == (min(num, 5), 0)
