from __future__ import annotations

import math
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from clearshot.errors import NetworkError
from clearshot.intervals import clopper_pearson, count_allowed, count_needed, sum_binomial
from clearshot.photo import Label
from clearshot.scoring.calibration import read_calibration
from clearshot.scoring.tolerance import (
    SHARES,
    Basis,
    Tail,
    Tolerance,
    build_tail,
    condense,
    parse_table,
    read_table,
)


def test_limit_keeps_its_share_with_its_confidence() -> None:
    rng = np.random.default_rng(0)
    for share in (0.02, 0.05):
        num_kept = 0
        for _ in range(1000):
            tail = build_tail(rng.normal(size=180), is_bad=False)
            limit, basis = tail.find_limit(share, 0.9)
            assert limit is not None
            assert basis is Basis.CONFIDENT
            lost = 0.5 * math.erfc(limit / math.sqrt(2))  # of all normal numbers
            num_kept += lost <= share
        # The limit is one of the photos, so that it is kept a little more often than asked.
        exact = 1 - sum_binomial(count_allowed(180, share, 0.9), 180, share)
        assert exact >= 0.9
        assert num_kept / 1000 == pytest.approx(exact, abs=0.03)


def test_limit_on_the_average_keeps_its_share_on_the_average() -> None:
    rng = np.random.default_rng(1)
    lost = []
    for _ in range(3000):
        limit, basis = build_tail(rng.normal(size=99), is_bad=False).find_limit(0.01, 0.9)
        assert limit is not None
        assert basis is Basis.AVERAGE
        lost.append(0.5 * math.erfc(limit / math.sqrt(2)))
    assert np.mean(lost) == pytest.approx(0.01, abs=0.0015)


def test_what_a_limit_rests_on_follows_from_the_number_of_photos() -> None:
    num = count_needed(0.01, 0.9)
    found = [
        build_tail(np.arange(n), is_bad=False).find_limit(0.01, 0.9)[1]
        for n in (0, 98, 99, num - 1, num)
    ]
    assert found == [Basis.NONE, Basis.NONE, Basis.AVERAGE, Basis.AVERAGE, Basis.CONFIDENT]


def test_bad_photos_are_the_mirror_of_good_ones() -> None:
    values = np.random.default_rng(2).normal(size=300)
    good, bad = build_tail(values, is_bad=False), build_tail(-values, is_bad=True)
    assert good.find_limit(0.05, 0.9)[0] == -(bad.find_limit(0.05, 0.9)[0] or math.nan)
    assert good.measure_share(1.0) == pytest.approx(bad.measure_share(-1.0))
    assert good.bound_share(1.0) == pytest.approx(bad.bound_share(-1.0))


def test_the_share_beyond_a_score_is_counted_on_the_misleading_side() -> None:
    tail = build_tail([3.0, 2.0, 1.0, 0.0], is_bad=False)
    assert tail.measure_share(3.0) == 0.0
    assert tail.measure_share(9.0) == 0.0
    assert tail.measure_share(1.0) == 0.5
    assert tail.measure_share(-1.0) == 1.0
    low, high = tail.bound_share(1.0)
    assert 0 < low < 0.5 < high < 1


@pytest.mark.parametrize("is_bad", [False, True])
def test_a_limit_that_was_a_probability_is_where_its_photo_is(is_bad: bool) -> None:
    values = np.random.default_rng(5).normal(size=60)
    tail = build_tail(values, is_bad=is_bad)
    for num, logit in enumerate(tail.logits[:-1]):
        # The nearest number on the side of the photos that mislead less, and that on the other.
        for side in (math.inf, -math.inf):
            beside = math.nextafter(logit, side)
            assert tail.measure_share(beside) == pytest.approx(num / 60)
            assert tail.bound_share(beside) == clopper_pearson(num, 60, 0.95)
            assert num > 0 or tail.measure_share(beside) == 0


def test_ties_are_never_cut_in_two() -> None:
    tail = build_tail([1.0] * 5 + [0.0] * 95, is_bad=False)
    limit, _ = tail.find_limit(0.05, 0.5)  # 4 of 100 may lie beyond it
    assert limit == 1.0
    assert tail.measure_share(1.0) == 0.0


def test_no_source_counts_for_more_than_a_third() -> None:
    sources = ["many"] * 900 + ["a"] * 50 + ["b"] * 50
    values = np.concatenate([np.full(900, 5.0), np.zeros(100)])
    tail = build_tail(values, is_bad=False, sources=sources)
    assert tail.shares == pytest.approx((0, 1 / 3), abs=1e-3)
    assert tail.num_scenes < 250


def test_a_condensed_tail_is_never_more_daring() -> None:
    tail = build_tail(np.random.default_rng(3).normal(size=700), is_bad=False)
    small = condense(tail)
    assert len(small.logits) == len(SHARES)
    for share in (0.005, 0.01, 0.02, 0.05):
        exact, condensed = tail.find_limit(share, 0.9)[0], small.find_limit(share, 0.9)[0]
        assert exact is not None
        assert condensed is not None
        assert condensed >= exact


def test_no_photos_bound_nothing() -> None:
    empty = Tail((), (), 0.0, is_bad=False)
    assert empty.find_limit(0.05, 0.9) == (None, Basis.NONE)
    assert empty.bound_share(0.0) == (0.0, 1.0)


@pytest.mark.parametrize("shares", [(1.0, 0.05), (-0.1, 0.05), (0.01, 1.0)])
def test_impossible_tolerances_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="shares must be"):
        Tolerance(*shares)


def test_the_shipped_table_fits_the_shipped_calibration() -> None:
    # It fails after a new calibration until `clearshot train tolerance` has been run again.
    table = read_table()
    for label in Label:
        good, bad = table.pairs[label].good, table.pairs[label].bad
        assert list(good.logits) == sorted(good.logits, reverse=True)
        assert list(bad.logits) == sorted(bad.logits)
        assert good.find_limit(0.01, 0.9)[1] is Basis.CONFIDENT
        assert table.sources[label]


def test_a_table_for_another_calibration_is_refused() -> None:
    content = (resources.files("clearshot") / "weights" / "tolerance.toml").read_text()
    other = replace(read_calibration(), blurry=(1.0, 2.0))
    with pytest.raises(NetworkError, match="another calibration"):
        parse_table(content, other)
    with pytest.raises(NetworkError, match="not understood"):
        parse_table("shares = 3", read_calibration())
    with pytest.raises(NetworkError, match="must hold"):
        parse_table(content.replace("good = [", "good = [1.0, "), read_calibration())
