"""Visits are made in turn, by this process or by others."""

from __future__ import annotations

import pytest

from clearshot.training.visits import visit_in_turn


@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_is_drawn_comes_in_the_order_of_the_visits(num_workers: int) -> None:
    drawn = visit_in_turn(divmod, range(20), [7] * 20, num_workers=num_workers)
    assert list(drawn) == [divmod(number, 7) for number in range(20)]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_error_of_a_visit_is_the_callers(num_workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(visit_in_turn(divmod, [5, 6], [7, 0], num_workers=num_workers))
