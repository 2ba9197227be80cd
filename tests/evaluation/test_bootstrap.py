"""Intervals are as wide as statistics says, and scenes are drawn whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from clearshot.evaluation.bootstrap import bootstrap

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_the_interval_of_a_mean_has_the_known_width() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap(lambda at: values[at].mean(), np.arange(400))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_intervals_over_scenes_are_wider_where_photos_of_a_scene_are_alike() -> None:
    scenes = np.repeat(np.arange(20), 10)
    values = np.random.default_rng(2).normal(size=20)[scenes]
    by_photo = np.ptp(bootstrap(lambda at: values[at].mean(), np.arange(200)))
    by_scene = np.ptp(bootstrap(lambda at: values[at].mean(), scenes))
    assert by_scene > 2 * by_photo


def test_scenes_stay_whole_and_strata_full() -> None:
    groups = np.array(["a", "b", "a", "c", "d"])
    strata = np.array([0, 0, 0, 1, 1])

    def check(at: NDArray[np.intp]) -> float:
        assert np.sum(at == 0) == np.sum(at == 2)
        assert np.sum(strata[at] == 1) == 2
        return 0.0

    bootstrap(check, groups, strata=strata, num_resamples=50)


def test_equal_seeds_repeat_and_undefined_resamples_do_not_count() -> None:
    values = np.random.default_rng(6).normal(size=10)

    def measure(at: NDArray[np.intp]) -> list[float]:
        return [values[at].mean(), np.nan, np.nan if at[0] else 1.0]

    first, again, other = (bootstrap(measure, np.arange(10), seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert first[0, 0] != other[0, 0]
    assert np.isnan(first[:, 1]).all()
    assert (first[:, 2] == 1.0).all()


def test_groups_strata_and_coverage_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one stratum"):
        bootstrap(lambda _: 0.0, [1, 1], strata=[0, 1])
    with pytest.raises(ValueError, match="strata"):
        bootstrap(lambda _: 0.0, [1, 1], strata=[0])
    with pytest.raises(ValueError, match="coverage"):
        bootstrap(lambda _: 0.0, [1], coverage=1.0)
