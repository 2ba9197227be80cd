from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from clearshot.errors import InputError, UsageError
from clearshot.evaluation.bootstrap import bootstrap
from clearshot.evaluation.evaluate import check_sources, evaluate
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.metrics import compute_auc, share_above, threshold_at_false_alarms
from clearshot.evaluation.results import RATES, LabelResult
from clearshot.evaluation.table import tabulate
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from clearshot.evaluation.results import Measures

    Measure = Callable[[Iterable[LabelledPhoto]], dict[Path, Measures | Failure]]

Case = tuple[str, Label | None, float]


def run(
    cases: list[Case], *, shipped: float | None = None, threshold_sources: list[str] | None = None
) -> LabelResult:
    """Evaluate made-up blur scores, given as source, label and score."""
    photos = [LabelledPhoto(Path(f"/{i}"), c[1], c[0]) for i, c in enumerate(cases)]
    scores: dict[Path, Measures | Failure] = {
        p.path: {Label.BLURRY: c[2]} for p, c in zip(photos, cases, strict=True)
    }
    (result,) = evaluate(
        photos,
        scores,
        shipped=None if shipped is None else {Label.BLURRY: shipped},
        threshold_sources=threshold_sources,
        num_resamples=50,
    ).results
    return result


def make_source(name: str, shift: float, *, num: int = 100, blurred: bool = True) -> list[Case]:
    clear: list[Case] = [(name, None, shift + i / num) for i in range(num)]
    return clear + [(name, Label.BLURRY, shift + 0.5 + c[2] - shift) for c in clear if blurred]


def test_one_threshold_over_all_sources_that_have_both_kinds() -> None:
    cases = make_source("a", 0.0) + make_source("b", 1.0) + make_source("c", 9.0, blurred=False)
    result = run(cases)
    assert result.threshold_sources == ("a", "b")
    clear = [score for source, label, score in cases if label is None and source != "c"]
    for threshold, rate in zip(result.thresholds, (0.02, 0.005), strict=True):
        assert threshold.rate == rate
        assert np.mean(np.array(clear) > threshold.value) == pytest.approx(rate)
    a, b, c = result.sources
    assert (a.num_clear, a.num_bad, c.num_clear, c.num_bad) == (100, 100, 100, 0)
    lost = [s.outcomes[0].lost for s in (a, b, c)]
    assert [e and e.value for e in lost] == pytest.approx([0.0, 0.04, 1.0])
    assert a.outcomes[0].found is not None
    assert a.outcomes[0].found.value == 0.0
    assert c.auc is None
    assert c.outcomes[0].found is None
    assert (result.total.num_clear, result.total.num_bad) == (300, 200)


def test_thresholds_can_be_set_on_chosen_sources() -> None:
    cases = make_source("a", 0.0) + make_source("b", 1.0)
    result = run(cases, threshold_sources=["a"])
    assert result.threshold_sources == ("a",)
    assert result.thresholds[0].value == pytest.approx(0.97)
    with pytest.raises(UsageError, match=r"cannot be set on z: sources with clear photos are a, b"):
        run(cases, threshold_sources=["a", "z"])


def test_shipped_threshold_calls_a_photo_bad_from_this_score_on() -> None:
    cases: list[Case] = [("a", None, 1.0), ("a", None, 2.0), ("a", Label.BLURRY, 2.0)]
    outcome = run(cases, shipped=2.0).sources[0].outcomes[-1]
    assert outcome.found is not None
    assert outcome.lost is not None
    assert (outcome.found.value, outcome.lost.value) == (1.0, 0.5)


def test_clear_photos_alone_tell_what_the_shipped_threshold_keeps() -> None:
    cases: list[Case] = [("bokeh", None, float(i)) for i in range(10)]
    result = run(cases, shipped=8.0)
    assert [t.rate for t in result.thresholds] == [None]
    (source,) = result.sources
    assert source.outcomes[0].lost is not None
    assert source.outcomes[0].lost.value == pytest.approx(0.2)
    with pytest.raises(InputError, match="only clear photos"):
        run(cases)


def test_intervals_hold_the_value_and_repeat() -> None:
    rng = np.random.default_rng(5)
    cases: list[Case] = [("a", None, x) for x in rng.normal(0, 1, 80)]
    cases += [("a", Label.BLURRY, x) for x in rng.normal(2, 1, 80)]
    first, again = run(cases), run(cases)
    assert first == again
    auc = first.sources[0].auc
    assert auc is not None
    assert auc.low < auc.value < auc.high
    found = first.sources[0].outcomes[0].found
    assert found is not None
    assert found.low < found.value < found.high


@pytest.mark.parametrize("seed", range(5))
def test_numbers_and_intervals_are_those_of_the_plain_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 30
    scores = np.round(rng.normal(size=size), 1)  # some are tied
    is_bad, source, scene = rng.random(size) < 0.4, rng.integers(3, size=size), np.arange(size) // 3
    is_bad &= source > 0
    photos = [
        LabelledPhoto(Path(f"/{i}"), Label.BLURRY if b else None, f"s{k}", f"{c:02}")
        for i, (b, k, c) in enumerate(zip(is_bad, source, scene, strict=True))
    ]
    measures: dict[Path, Measures | Failure] = {
        photo.path: {Label.BLURRY: score} for photo, score in zip(photos, scores, strict=True)
    }
    (result,) = evaluate(photos, measures, num_resamples=40, seed=seed).results
    sets = ~is_bad & np.isin(source, [int(name[1]) for name in result.threshold_sources])

    def measure(at: NDArray[np.intp]) -> list[list[float]]:
        rows = []
        for here in (source[at] >= 0, *(source[at] == k for k in np.unique(source))):
            clear, bad = (scores[at][here & (is_bad[at] == kind)] for kind in (False, True))
            row = [compute_auc(clear, bad) if clear.size and bad.size else math.nan]
            for rate in RATES:
                limit = threshold_at_false_alarms(scores[at][sets[at]], rate)
                row += [
                    share_above(kind, limit) if kind.size else math.nan for kind in (bad, clear)
                ]
            rows.append(row)
        return rows

    groups = [f"{photo.source}/{photo.scene}" for photo in photos]
    ends = bootstrap(measure, groups, strata=source, num_resamples=40, seed=seed)
    expected = np.stack([measure(np.arange(size)), *ends], axis=-1)
    for row, each in zip(expected, (result.total, *result.sources), strict=True):
        found = [each.auc, *(share for o in each.outcomes for share in (o.found, o.lost))]
        for numbers, estimate in zip(row, found, strict=True):
            if estimate is None:
                assert np.isnan(numbers[0])
            else:
                assert numbers.tolist() == [estimate.value, estimate.low, estimate.high]


def test_a_resample_without_clear_photos_sets_no_threshold() -> None:
    # A scene is clear or blurred as a whole, so that some resamples have blurred ones only.
    kinds = [(None, "day"), (Label.BLURRY, "night")]
    photos = [
        LabelledPhoto(Path(f"/{scene}{i}"), label, "one", scene)
        for label, scene in kinds
        for i in range(4)
    ]
    scores: dict[Path, Measures | Failure] = {
        photo.path: {Label.BLURRY: float(photo.label is not None)} for photo in photos
    }
    (result,) = evaluate(photos, scores, num_resamples=50).results
    for outcome in result.total.outcomes:
        assert outcome.found is not None
        assert (outcome.found.low, outcome.found.high) == (1.0, 1.0)


def test_scenes_are_counted() -> None:
    scenes = ["x"] * 3 + ["y"]
    photos = [LabelledPhoto(Path(f"/{i}"), Label.BLURRY, "a", s) for i, s in enumerate(scenes)] + [
        LabelledPhoto(Path("/c"), None, "a", "y")
    ]
    scores: dict[Path, Measures | Failure] = {p.path: {Label.BLURRY: 1.0} for p in photos}
    (source,) = evaluate(photos, scores, num_resamples=20).results[0].sources
    assert source.num_scenes == 2


def test_one_scene_has_no_interval() -> None:
    rng = np.random.default_rng(1)
    cases = [(source, bad) for source in ("one", "two") for bad in (False, True) for _ in range(20)]
    photos = [
        LabelledPhoto(Path(f"/{i}"), Label.BLURRY if bad else None, source, f"scene{i % 2}")
        for i, (source, bad) in enumerate(cases)
    ]
    photos = [replace(p, scene="alone") if p.source == "one" else p for p in photos]
    scores: dict[Path, Measures | Failure] = {
        p.path: {Label.BLURRY: rng.normal() + bad}
        for p, (_, bad) in zip(photos, cases, strict=True)
    }
    result = evaluate(photos, scores, shipped={Label.BLURRY: 0.5}, num_resamples=50).results[0]
    one, two = result.sources
    for source, is_known in ((one, False), (two, True), (result.total, True)):
        assert source.auc is not None
        for outcome in source.outcomes:
            assert outcome.found is not None
            assert math.isfinite(outcome.found.low) is is_known
        assert math.isfinite(source.auc.high) is is_known
    table = tabulate(result)
    assert "[" not in "".join(table.rows[0])
    assert "[" in table.rows[1][-1]
    assert "one is one scene, from which no interval follows." in table.notes


@pytest.mark.parametrize("given", [0.0, 0.1, -7.25])
def test_the_shipped_threshold_is_told_as_it_was_given(given: float) -> None:
    threshold = run(make_source("a", 0.0), shipped=given).thresholds[-1]
    assert threshold.value < given
    assert threshold.given == given
    assert math.copysign(1.0, threshold.given) == math.copysign(1.0, given)


def test_sources_are_checked_without_any_score() -> None:
    photos = [LabelledPhoto(Path("/a"), None, "a"), LabelledPhoto(Path("/b"), Label.DARK, "b")]
    check_sources(photos)
    check_sources(photos, ["a"])
    with pytest.raises(UsageError, match=r"cannot be set on b: sources with clear photos are a"):
        check_sources(photos, ["a", "b"])
    with pytest.raises(InputError, match="none of the 1 photos is clear"):
        check_sources(photos[1:])


def test_failed_photos_are_named_and_count_nowhere() -> None:
    photos = [LabelledPhoto(Path(f"/{i}"), [None, Label.DARK][i % 2], "a") for i in range(6)]
    scores: dict[Path, Measures | Failure] = {p.path: {Label.DARK: 1.0} for p in photos}
    scores[Path("/3")] = Failure("damaged", "broken")
    evaluation = evaluate(photos, scores, num_resamples=10)
    assert evaluation.failures == ((Path("/3"), Failure("damaged", "broken")),)
    assert evaluation.results[0].total.num_bad == 2
    given: dict[Path, Measures | Failure] = {p.path: Failure("photo", "no") for p in photos}
    with pytest.raises(InputError, match=r"none of the 6 photos is clear .*; 6 failed, .*/0: no"):
        evaluate(photos, given)


def test_measures_without_a_score_are_refused() -> None:
    photos = [LabelledPhoto(Path("/0"), None, "a"), LabelledPhoto(Path("/1"), Label.DARK, "a")]
    no_score: list[Measures] = [{Label.BLURRY: 1.0}, {Label.DARK: math.nan}]
    for scores in no_score:
        given: dict[Path, Measures | Failure] = dict.fromkeys([p.path for p in photos], scores)
        with pytest.raises(ValueError, match="no dark score for /0"):
            evaluate(photos, given)


def test_drawn_photos_are_told_apart(drawn_set: Path, measure: Measure) -> None:
    photos = read_labelled(drawn_set).photos
    evaluation = evaluate(photos, measure(photos), num_resamples=50)
    assert [r.label for r in evaluation.results] == list(Label)
    assert evaluation.failures == ()
    for result in evaluation.results:
        assert [s.source for s in result.sources] == ["phone", "portraits", "reflex"]
        assert result.threshold_sources == ("phone", "reflex")
        for source in result.sources:
            assert (source.auc is None) == (source.source == "portraits")
            assert source.auc is None or source.auc.value > 0.9


@pytest.mark.realdata
def test_real_photos_are_read_and_told_apart(real_photos: Path, measure: Measure) -> None:
    blur = read_labelled(real_photos / "blur", real_photos / "bokeh")
    assert len(blur.photos) == 282 + 309 + 170
    assert blur.left_out == ()
    exposure = read_labelled(real_photos / "exposure")
    assert (len(exposure.photos), len(exposure.left_out)) == (55 + 105 + 34, 152)
    # Every eighth photo: the whole set would take long.
    some = blur.photos[::8]
    (result,) = evaluate(some, measure(some), num_resamples=50).results
    assert {s.source for s in result.sources} == {
        "cuhk",
        "gopro",
        "kwentar",
        "kwentar640",
        "realblur",
    }
    assert result.total.auc is not None
    assert result.total.auc.value > 0.8
