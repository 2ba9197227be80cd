"""Visits are made in turn, by this process or by others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from clearshot.training.visits import join_parts, visit_in_turn


@dataclass(frozen=True)
class _Part:
    odd: np.ndarray
    even: np.ndarray


@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_is_drawn_comes_in_the_order_of_the_visits(num_workers: int) -> None:
    drawn = visit_in_turn(divmod, range(20), [7] * 20, num_workers=num_workers)
    assert list(drawn) == [divmod(number, 7) for number in range(20)]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_an_error_of_a_visit_is_the_callers(num_workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(visit_in_turn(divmod, [5, 6], [7, 0], num_workers=num_workers))


def test_parts_are_joined_field_by_field_in_their_order() -> None:
    joined = join_parts([_Part(np.array([n]), np.array([[n + 1, 0]])) for n in (1, 3, 5)])
    assert joined.odd.tolist() == [1, 3, 5]
    assert joined.even.tolist() == [[2, 0], [4, 0], [6, 0]]
