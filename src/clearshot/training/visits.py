"""Visits to photos, each of which draws a part of the training data, on several cores."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_Part = TypeVar("_Part")

# Visits that a worker process is given at once.
_CHUNK: Final = 8


def visit_in_turn(
    visit: Callable[..., _Part], *arguments: Iterable[object], num_workers: int
) -> Iterator[_Part]:
    """Make visits, and give what they draw in their order.

    Parameters
    ----------
    visit : callable
        Draws one part; it can be pickled.
    *arguments : iterable
        Of each visit, as for `map`.
    num_workers : int
        Worker processes; with one, this process makes all visits itself.

    Yields
    ------
    any
        What each visit drew.
    """
    if num_workers == 1:
        yield from map(visit, *arguments)
        return
    # Not forked: a fork copies the locks of the threads that the backend has started.
    context = get_context("spawn")
    with ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        yield from pool.map(visit, *arguments, chunksize=_CHUNK)
