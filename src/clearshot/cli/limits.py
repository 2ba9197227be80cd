"""Options of commands that read photos: how many at a time, how large, how long."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clearshot.config import MAX_PIXELS, PHOTO_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_LIMIT_KEY = "clearshot.limit"


class PositiveNumber(click.FloatRange):
    """A number above 0 that has an end: `nan` and `inf` are words that Python takes for numbers."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it.

        Parameters
        ----------
        value, param, ctx
            As click gives them.

        Returns
        -------
        float
            Above 0, finite.
        """
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number above 0", param, ctx)
        return number


def workers_option(function: _Function) -> _Function:
    """Give a command the option --workers; its function gets `workers`, an int or None.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Photos to score at the same time (one per processor core).",
    )(function)


def pixels_option(function: _Function) -> _Function:
    """Give a command the option --max-megapixels; it reads it by `read_max_pixels`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--max-megapixels",
        metavar="MP",
        type=PositiveNumber(),
        default=MAX_PIXELS / 1e6,
        show_default=f"{MAX_PIXELS / 1e6:.0f}",
        expose_value=False,
        callback=_note_limit,
        help="Refuse larger photos before they are decoded.",
    )(function)


def timeout_option(function: _Function) -> _Function:
    """Give a command the option --timeout; it reads it by `read_timeout`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--timeout",
        metavar="S",
        type=PositiveNumber(),
        default=PHOTO_TIMEOUT_S,
        show_default=True,
        expose_value=False,
        callback=_note_limit,
        help="Seconds after which a photo is given up.",
    )(function)


def read_max_pixels() -> int:
    """Tell how many pixels a photo may have, in a command with `pixels_option`."""
    megapixels = float(click.get_current_context().meta[f"{_LIMIT_KEY}.max_megapixels"])
    return round(min(megapixels * 1e6, sys.maxsize))


def read_timeout() -> float:
    """Tell how long a photo may take, in a command with `timeout_option` [s]."""
    return float(click.get_current_context().meta[f"{_LIMIT_KEY}.timeout"])


def _note_limit(context: click.Context, parameter: click.Parameter, value: float) -> None:
    context.meta[f"{_LIMIT_KEY}.{parameter.name}"] = value
