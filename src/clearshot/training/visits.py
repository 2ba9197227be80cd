"""Visits to photos, each of which draws a part of the training data, on several cores."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from clearshot.orphans import end_with_parent
from clearshot.workers import interrupts_put_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_Part = TypeVar("_Part")

# Visits that a worker process is given at once.
_CHUNK: Final = 8

# Each Ctrl-C that this worker process has heard.
_heard: Final[list[int]] = []


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
    with ProcessPoolExecutor(
        num_workers, mp_context=context, initializer=_prepare, initargs=(visit,)
    ) as pool:
        # It starts its processes here, and one that is stopped before it is ready prints where.
        with interrupts_put_off():
            drawn = pool.map(partial(_go, visit), *arguments, chunksize=_CHUNK)
        yield from drawn


def _prepare(_visit: Callable[..., object]) -> None:
    """Let a worker process be stopped by Ctrl-C, and end when the one that started it was killed.

    By now it has imported what the visit needs.
    """
    # One that came while it started is heard here.
    signal.signal(signal.SIGINT, lambda number, _frame: _heard.append(number))
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end_with_parent()


def _go(visit: Callable[..., _Part], *arguments: object) -> _Part:
    """Make a visit; the program waits for all that were given out when it is stopped.

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C.
    """
    if _heard:
        raise KeyboardInterrupt
    return visit(*arguments)


def join_parts(parts: Sequence[_Part]) -> _Part:
    """Join what visits drew.

    Parameters
    ----------
    parts : sequence of record
        At least one; records of one kind whose fields are arrays.

    Returns
    -------
    record
        Of the same kind; its arrays hold those of the parts in their order.
    """
    kind = type(parts[0])
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
