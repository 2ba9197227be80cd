from __future__ import annotations

import math
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearshot import listing
from clearshot.catalog.catalog import Catalog, Entry
from clearshot.catalog.odds import MOST, Gauge, Odds
from clearshot.catalog.pages import Filter, Found, Order
from clearshot.errors import CatalogError
from clearshot.listing import (
    build_gauge,
    build_rules,
    find_all_but_good,
    find_entries,
    find_least_logit,
    find_scores,
    list_probabilities,
    refresh,
)
from clearshot.photo import (
    Facts,
    Failure,
    FileStamp,
    Label,
    Photo,
    Rating,
    Scores,
    SharpAt,
    Verdict,
)
from clearshot.report import build_report, filter_rows, judge_entry
from clearshot.scoring.calibration import compute_logits, read_calibration, to_probability
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds, compute_probabilities
from scoring.records import make_scores
from scoring.strategies import CAMERAS, FULL_RECIPE, RECIPE, curves, drawn_scores, drawn_thresholds


def record(catalog: Catalog, results: list[Scores | Failure]) -> list[Photo]:
    photos = [
        Photo(catalog.library / f"{at % 3}" / f"{(7 * at) % 1000:04}.jpg", FileStamp(1, 2))
        for at in range(len(results))
    ]
    catalog.record(zip(photos, results, strict=True), recipe=RECIPE)
    refresh(catalog)
    return photos


def judge_all(catalog: Catalog, thresholds: Thresholds) -> dict[int, Verdict | Failure]:
    return {entry.number: judge_entry(entry, thresholds) for entry in catalog.entries()}


def find(catalog: Catalog, thresholds: Thresholds, wanted: Filter, **more: Any) -> list[int]:
    return [found.number for found in catalog.pages.find(build_rules(thresholds), wanted, **more)]


def assert_same_probabilities(catalog: Catalog, thresholds: Thresholds) -> None:
    """Probabilities are those of the verdicts, to the last bit."""
    verdicts = judge_all(catalog, thresholds)
    glimpses = catalog.glimpses()
    assert [each.number for each in glimpses] == list(verdicts)
    for each, p in zip(glimpses, list_probabilities(glimpses, thresholds), strict=True):
        verdict = verdicts[each.number]
        if isinstance(verdict, Failure):
            assert p is None
        else:
            assert p == (verdict.p_blurry, verdict.p_dark, verdict.p_overexposed)


def assert_same(catalog: Catalog, thresholds: Thresholds) -> None:
    """Filters and counts say of every photo what `judge` says."""
    verdicts = judge_all(catalog, thresholds)
    judged = {number: each for number, each in verdicts.items() if isinstance(each, Verdict)}
    for rating in Rating:
        expected = {number for number, each in judged.items() if each.rating is rating}
        assert set(find(catalog, thresholds, Filter(ratings=[rating]))) == expected
        others = set(judged) - expected
        wanted = Filter(ratings=[each for each in Rating if each is not rating])
        assert set(find(catalog, thresholds, wanted)) == others
    for label in Label:
        expected = {number for number, each in judged.items() if label in each.labels}
        assert set(find(catalog, thresholds, Filter(labels=[label]))) == expected
        found = find(catalog, thresholds, Filter([Rating.BAD], [label]), order=(Order.PATH, None))
        assert found == [number for number in judged if number in expected]
    listed, num_good = find_all_but_good(catalog, thresholds)
    bad = [n for n, each in verdicts.items() if getattr(each, "rating", None) is not Rating.GOOD]
    assert [entry.number for entry in listed] == bad
    assert num_good == len(verdicts) - len(bad)
    assert set(find(catalog, thresholds, Filter(is_failed=True))) == set(verdicts) - set(judged)
    assert set(find(catalog, thresholds, Filter())) == set(verdicts)
    assert set(find(catalog, thresholds, Filter(ratings=list(Rating)))) == set(judged)
    assert_same_probabilities(catalog, thresholds)
    counts = catalog.pages.count(build_rules(thresholds))
    assert counts.num_photos == len(verdicts)
    assert counts.num_failed == len(verdicts) - len(judged)
    for rating in Rating:
        assert counts.ratings[rating] == sum(each.rating is rating for each in judged.values())
    for label in Label:
        assert counts.labels[label] == sum(label in each.labels for each in judged.values())


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_page_says_of_every_photo_what_its_verdict_says(data: st.DataObject) -> None:
    failures = st.just(Failure("damaged", "cut off"))
    scores = data.draw(st.lists(st.one_of(drawn_scores(), drawn_scores(), failures), max_size=12))
    with tempfile.TemporaryDirectory() as name, Catalog.open(Path(name)) as catalog:
        record(catalog, list(scores))
        for _ in range(3):
            assert_same(catalog, data.draw(drawn_thresholds(list(scores))))


@given(st.floats(-0.1, 1.2), curves)
def test_a_limit_is_exact(p: float, curve: Curve) -> None:
    limit = find_least_logit(p, curve)
    if math.isinf(limit):
        assert to_probability(curve.apply(MOST)) < p
        return
    assert to_probability(curve.apply(limit)) >= p
    below = math.nextafter(limit, -math.inf)
    assert below < -MOST or to_probability(curve.apply(below)) < p


@pytest.mark.parametrize("share", [0.001, 0.01, 0.02, 0.05])
def test_the_limits_of_a_tolerance_are_those_of_the_page(catalog: Catalog, share: float) -> None:
    thresholds = set_thresholds(Wishes(tolerances=dict.fromkeys(Label, Tolerance(share))))
    scores = [
        replace(make_scores(blur=-2 + at / 20, dark_logit=at / 5 - 8), recipe=RECIPE)
        for at in range(80)
    ]
    record(catalog, list(scores))
    assert_same(catalog, thresholds)


@pytest.mark.parametrize("label", [None, *Label])
@pytest.mark.parametrize("order", [Order.WORST, Order.BEST])
@pytest.mark.parametrize("has_cameras", [False, True])
def test_photos_come_in_the_order_of_their_probabilities(
    catalog: Catalog, order: Order, label: Label | None, has_cameras: bool
) -> None:
    own = Thresholds(curves=dict.fromkeys(Label, Curve(0.5, 2.0)))
    library = Thresholds(curves={label: Curve(1 + at) for at, label in enumerate(Label)})
    thresholds = replace(library, cameras={"EOS": own}) if has_cameras else library
    scores = [
        replace(
            make_scores(
                blur=math.sin(at) - 0.5,
                dark_logit=5 * math.sin(3 * at),
                overexposed_logit=5 * math.sin(7 * at),
            ),
            recipe=RECIPE,
            facts=Facts(camera=CAMERAS[at % len(CAMERAS)]),
        )
        for at in range(60)
    ]
    record(catalog, list(scores))

    found = find(catalog, thresholds, Filter(), order=(order, label))

    told = {}
    for entry in catalog.entries():
        assert entry.scores is not None
        part = thresholds.for_camera(entry.scores.facts.camera)
        p = compute_probabilities(entry.scores, part)
        told[entry.number] = max(p.values()) if label is None else p[label]
    values = [told[number] for number in found]
    assert values == sorted(values, reverse=order is Order.WORST)
    assert sorted(found) == sorted(told)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("sharp_at", SharpAt)
def test_pages_hold_every_photo_once(catalog: Catalog, order: Order, sharp_at: SharpAt) -> None:
    results: list[Scores | Failure] = [
        replace(
            make_scores(blur=round(math.sin(at), 1), native_blur=math.sin(at), native_anisotropy=0),
            recipe=FULL_RECIPE if at % 3 else RECIPE,
        )
        for at in range(40)
    ]
    results += [Failure("damaged", "cut off")] * 9
    record(catalog, results)
    rules = build_rules(Thresholds(sharp_at=sharp_at))
    whole = catalog.pages.find(rules, order=(order, None))
    assert len(whole) == len(results)

    by_place = [
        found
        for start in range(0, 60, 7)
        for found in catalog.pages.find(rules, order=(order, None), num_photos=7, start=start)
    ]
    assert tuple(by_place) == whole
    by_key: list[Found] = []
    while part := catalog.pages.find(
        rules, order=(order, None), num_photos=7, start=by_key[-1] if by_key else 0
    ):
        by_key += part
    assert tuple(by_key) == whole


def test_odds_follow_what_happens_to_a_photo(catalog: Catalog) -> None:
    thresholds = Thresholds()
    bad = replace(make_scores(blur=2), recipe=RECIPE)
    [photo] = record(catalog, [bad])
    assert catalog.odds.find_stale() == []
    assert catalog.pages.count(build_rules(thresholds)).ratings[Rating.BAD] == 1

    catalog.mark_missing([photo.path])
    assert catalog.pages.count(build_rules(thresholds)).num_photos == 0

    catalog.update_found([photo])
    assert len(catalog.odds.find_stale()) == 1
    assert refresh(catalog) == 1
    assert catalog.pages.count(build_rules(thresholds)).ratings[Rating.BAD] == 1

    catalog.record([(photo, replace(make_scores(), recipe=RECIPE))], recipe=RECIPE)
    assert len(catalog.odds.find_stale()) == 1
    refresh(catalog)
    assert catalog.pages.count(build_rules(thresholds)).ratings[Rating.GOOD] == 1

    catalog.record([(photo, Failure("damaged", "cut off"))], recipe=RECIPE)
    refresh(catalog)
    assert catalog.pages.count(build_rules(thresholds)).num_failed == 1


def test_a_scan_leaves_nothing_to_do(catalog: Catalog) -> None:
    gauge = build_gauge()
    catalog.odds.adopt(gauge.digest)
    photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
    scores = replace(make_scores(blur=2), recipe=RECIPE)
    catalog.record([(photo, scores)], recipe=RECIPE, gauge=gauge)
    assert refresh(catalog) == 0
    assert_same(catalog, Thresholds())


def test_odds_of_another_calibration_are_not_used(catalog: Catalog) -> None:
    record(catalog, [replace(make_scores(blur=2), recipe=RECIPE)])
    catalog.odds.adopt("another")
    gauge = build_gauge()
    photo = Photo(catalog.library / "2.jpg", FileStamp(1, 2))
    catalog.record([(photo, replace(make_scores(), recipe=RECIPE))], recipe=RECIPE, gauge=gauge)
    assert len(catalog.odds.find_stale()) == 2
    done: list[tuple[int, int]] = []
    assert refresh(catalog, progress=lambda *at: done.append(at)) == 2
    assert done == [(2, 2)]
    assert_same(catalog, Thresholds())


def test_odds_are_the_log_odds_of_the_verdict(catalog: Catalog) -> None:
    scores = replace(make_scores(blur=0.3, native_blur=0.9, native_anisotropy=0.2), recipe=RECIPE)
    gauge = build_gauge()
    odds, full = gauge.measure(scores), gauge.measure(replace(scores, recipe=FULL_RECIPE))
    assert odds is not None
    assert full is not None
    logits = compute_logits(scores, read_calibration())
    assert (odds.blurry, odds.dark, odds.overexposed) == tuple(logits[label] for label in Label)
    assert odds.blurry_full is None
    native = compute_logits(scores, read_calibration(), SharpAt.FULL)
    assert full.blurry_full == native[Label.BLURRY]
    assert gauge.measure(replace(scores, recipe="1-another")) is None


def test_a_damaged_score_counts_as_failed(catalog: Catalog) -> None:
    scores = make_scores(dark_logit=math.inf, error_stops=math.inf)
    record(catalog, [replace(scores, recipe=RECIPE)])
    assert catalog.pages.count(build_rules(Thresholds())).num_photos == 1


def test_scores_of_another_network_are_outdated(catalog: Catalog) -> None:
    record(catalog, [make_scores(), replace(make_scores(), recipe=RECIPE)])
    old, new = (find_scores(entry, SharpAt.SCREEN) for entry in catalog.entries())
    assert isinstance(old, Failure)
    assert old.kind == "outdated"
    assert isinstance(new, Scores)
    [entry] = [each for each in catalog.entries() if each.scores and each.scores.recipe == RECIPE]
    at_full = find_scores(entry, SharpAt.FULL)
    assert isinstance(at_full, Failure)
    assert "100 %" in at_full.message


@pytest.mark.parametrize(
    "wanted",
    [
        [("verdict", "bad")],
        [("verdict", "un")],
        [("verdict", "OO")],
        [("verdict", "")],
        [("verdict", "no such")],
        [("labels", "dark")],
        [("labels", "dark"), ("labels", "blurry")],
        [("labels", "")],
        [("verdict", "good"), ("labels", "dark")],
        [("verdict", "bad"), ("camera", "eos")],
    ],
)
def test_filters_find_what_they_keep(catalog: Catalog, wanted: list[tuple[str, str]]) -> None:
    results: list[Scores | Failure] = [
        replace(
            make_scores(blur=3 * math.sin(at), dark_logit=5 * math.sin(3 * at)),
            recipe=RECIPE,
            facts=Facts(camera=CAMERAS[at % len(CAMERAS)]),
        )
        for at in range(50)
    ]
    record(catalog, [*results, Failure("damaged", "cut off")])

    def build(entries: list[Entry]) -> list[dict[str, Any]]:
        return build_report(entries, Thresholds(), library=catalog.library, choices={})

    found = find_entries(catalog, Thresholds(), wanted)
    assert filter_rows(build(found), wanted) == filter_rows(build(catalog.entries()), wanted)
    if wanted == [("verdict", "bad")]:
        assert 0 < len(found) < len(results)


def test_a_catalog_that_cannot_be_written_is_filtered_row_by_row(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(catalog, [replace(make_scores(blur=2), recipe=RECIPE), make_scores()])

    def refuse(_catalog: Catalog) -> int:
        raise CatalogError("read-only", path=catalog.path)

    monkeypatch.setattr(listing, "refresh", refuse)
    assert find_entries(catalog, Thresholds(), [("verdict", "bad")]) == catalog.entries()


def test_scores_recorded_during_a_refresh_keep_their_own_odds(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
    catalog.record([(photo, replace(make_scores(blur=3.0), recipe=RECIPE))], recipe=RECIPE)
    gauge = build_gauge()
    catalog.odds.adopt(gauge.digest)

    def scan_again() -> None:
        sharp = replace(make_scores(blur=-6.0), recipe=RECIPE)
        with Catalog.open(catalog.library) as other:
            other.record([(photo, sharp)], recipe=RECIPE, gauge=gauge)

    thread = threading.Thread(target=scan_again)

    def measure(scores: Scores) -> Odds | None:
        thread.start()
        thread.join(0.3)  # as long as it is kept waiting
        return gauge.measure(scores)

    monkeypatch.setattr(listing, "build_gauge", lambda: Gauge(gauge.digest, measure))
    refresh(catalog)
    thread.join()
    monkeypatch.undo()
    assert catalog.odds.find_stale() == []
    assert_same(catalog, Thresholds())
