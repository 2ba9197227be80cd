from __future__ import annotations

import numpy as np
import pytest

from clearshot.intervals import (
    bound_pile,
    bound_share,
    clopper_pearson,
    count_allowed,
    count_needed,
    predict_kept,
    sum_binomial,
)

stats = pytest.importorskip("scipy.stats")

COUNTS = [(0, 1), (0, 30), (1, 30), (7, 30), (30, 30), (3, 400), (200, 400), (399, 400), (40, 9999)]


@pytest.mark.parametrize(("num_hits", "num_draws"), COUNTS)
def test_interval_is_that_of_scipy(num_hits: int, num_draws: int) -> None:
    for coverage in (0.8, 0.95):
        expected = stats.binomtest(num_hits, num_draws).proportion_ci(coverage, method="exact")
        assert clopper_pearson(num_hits, num_draws, coverage) == pytest.approx(
            (expected.low, expected.high), abs=1e-9
        )


@pytest.mark.parametrize(("num_hits", "num_draws"), COUNTS)
def test_bound_on_one_side_is_a_quantile_of_beta(num_hits: int, num_draws: int) -> None:
    quantile = stats.beta.ppf(0.9, num_hits + 1, num_draws - num_hits)
    expected = 1.0 if num_hits == num_draws else quantile
    assert bound_share(num_hits, num_draws, 0.9) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.003, 0.3, 0.999, 1.0])
def test_binomial_sum_is_that_of_scipy(share: float) -> None:
    for num_hits in (-1, 0, 3, 60, 61):
        expected = stats.binom.cdf(num_hits, 60, share)
        assert sum_binomial(num_hits, 60, share) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("num_photos", "num_draws"), [(40, 12), (300, 100), (12, 12)])
def test_interval_of_a_pile_covers_every_truth_at_its_level(
    num_photos: int, num_draws: int
) -> None:
    intervals = [bound_pile(k, num_draws, num_photos, 0.9) for k in range(num_draws + 1)]
    for num_marked in range(num_photos + 1):
        p = stats.hypergeom(num_photos, num_marked, num_draws).pmf(np.arange(num_draws + 1))
        is_held = [low <= num_marked <= high for low, high in intervals]
        assert p[is_held].sum() >= 0.9 - 1e-9


def test_a_pile_seen_as_a_whole_leaves_no_doubt() -> None:
    assert bound_pile(3, 50, 50) == (3, 3)
    assert bound_pile(0, 0, 50) == (0, 50)


def test_interval_of_a_large_pile_is_the_binomial_one() -> None:
    low, high = (end / 1_000_000 for end in bound_pile(4, 200, 1_000_000))
    assert (low, high) == pytest.approx(clopper_pearson(4, 200), abs=1e-4)


@pytest.mark.parametrize("share", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_needed_photos_are_the_fewest_that_allow_a_limit(share: float, confidence: float) -> None:
    num = count_needed(share, confidence)
    assert count_allowed(num, share, confidence) == 0
    assert count_allowed(num - 1, share, confidence) == -1


def test_allowed_hits_keep_the_bound_and_one_more_would_not() -> None:
    for num_draws in (0, 100, 230, 388, 1000):
        num = count_allowed(num_draws, 0.01, 0.9)
        assert num < 0 or bound_share(num, num_draws, 0.9) <= 0.01 + 1e-9
        assert bound_share(min(num + 1, num_draws), num_draws, 0.9) > 0.01


def test_prediction_for_other_photos_is_what_happens() -> None:
    rng = np.random.default_rng(0)
    for num_beyond, num_draws, num_others, num_allowed in ((0, 40, 60, 2), (3, 80, 50, 4)):
        scores = rng.random((4000, num_draws + num_others))
        limits = np.sort(scores[:, :num_draws], axis=1)[:, num_draws - 1 - num_beyond]
        is_kept = (scores[:, num_draws:] > limits[:, None]).sum(axis=1) <= num_allowed
        told = predict_kept(num_beyond, num_draws, num_others, num_allowed)
        assert is_kept.mean() == pytest.approx(told, abs=0.025)
    assert predict_kept(5, 10, 3, 3) == 1.0


def test_prediction_for_very_many_photos_is_the_bound_on_all_of_them() -> None:
    num = count_allowed(300, 0.02, 0.9)
    assert predict_kept(num, 300, 10**6, 20_000) == pytest.approx(
        1 - sum_binomial(num, 300, 0.02), abs=1e-3
    )


@pytest.mark.parametrize("counts", [(2, 1), (-1, 1)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        clopper_pearson(*counts)
    with pytest.raises(ValueError, match="drawn"):
        bound_pile(0, 5, 4)
