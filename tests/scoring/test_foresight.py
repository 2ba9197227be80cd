from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.scoring.foresight import foresee

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=50)


@given(PROBABILITIES, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_foreseen_shares_are_expected_counts(ps: list[float], limits: list[float]) -> None:
    for limit, expected in zip(limits, foresee(ps, limits), strict=True):
        good, bad = sum(1 - p for p in ps), sum(ps)
        lost = sum(1 - p for p in ps if p >= limit)
        found = sum(p for p in ps if p >= limit)
        assert expected.lost_share == pytest.approx(lost / good if good else 0, abs=1e-9)
        assert expected.found_share == pytest.approx(found / bad if bad else 0, abs=1e-9)


@given(PROBABILITIES)
def test_a_higher_threshold_loses_less_and_finds_less(ps: list[float]) -> None:
    shares = foresee(ps, list(np.linspace(0, 1, 21)))
    for low, high in pairwise(shares):
        assert high.lost_share <= low.lost_share + 1e-12
        assert high.found_share <= low.found_share + 1e-12
